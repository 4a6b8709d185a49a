package pdftest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// Variant is a page of a few lines of text, made in one of the ways in which programs make pages: one choice of each trait,
// such as its colour space, its font or what hides beside the text.
type Variant struct {
	choices []int  // by trait
	seed    uint64 // of the words
}

// trait is one respect in which pages differ.
type trait struct {
	name    string
	choices []choice
}

// choice is one way. It changes the page that is being made; nil changes nothing.
type choice struct {
	name  string
	apply func(*sheet)
}

// Variants returns n variants, the same for the same seed. They begin with a set that holds each pair of choices of two traits
// at least once, so that its first ones hold most pairs.
func Variants(seed uint64, n int) []Variant {
	random := rand.New(rand.NewPCG(seed, 1))
	all := pairwise(random, traits(), n)
	for len(all) < n {
		all = append(all, drawn(random, traits()))
	}
	variants := make([]Variant, n)
	for i := range variants {
		variants[i] = Variant{all[i], random.Uint64()}
	}
	return variants
}

func drawn(random *rand.Rand, of []trait) []int {
	row := make([]int, len(of))
	for t := range of {
		row[t] = random.IntN(len(of[t].choices))
	}
	return row
}

// pairwise returns rows that hold all pairs, at most n. Each is the best of some that were drawn and then improved, trait by
// trait in random order; one of the pairs that are missing is fixed beforehand, so that every row adds at least one.
func pairwise(random *rand.Rand, of []trait, n int) [][]int {
	type pair struct{ t, c, u, d int } // choice c of trait t with choice d of trait u, t < u
	var order []pair
	missing := map[pair]bool{}
	for u := range of {
		for t := range u {
			for c := range of[t].choices {
				for d := range of[u].choices {
					order = append(order, pair{t, c, u, d})
					missing[pair{t, c, u, d}] = true
				}
			}
		}
	}
	random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	gain := func(row []int, t int) (sum int) {
		for u := range row {
			if p := (pair{min(t, u), row[min(t, u)], max(t, u), row[max(t, u)]}); u != t && missing[p] {
				sum++
			}
		}
		return sum
	}
	var rows [][]int
	for _, p := range order {
		if !missing[p] || len(rows) == n {
			continue
		}
		row := drawn(random, of)
		row[p.t], row[p.u] = p.c, p.d
		for _, t := range random.Perm(len(of)) {
			if t == p.t || t == p.u {
				continue
			}
			best, most := row[t], -1
			for c := range of[t].choices {
				row[t] = c
				if g := gain(row, t); g > most {
					best, most = c, g
				}
			}
			row[t] = best
		}
		for u := range row {
			for t := range u {
				delete(missing, pair{t, row[t], u, row[u]})
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// Choice returns the name of the variant's choice of a trait.
func (v Variant) Choice(of string) string {
	all := traits()
	t := slices.IndexFunc(all, func(t trait) bool { return t.name == of })
	return all[t].choices[v.choices[t]].name
}

// String lists the choices.
func (v Variant) String() string {
	var names []string
	for t, of := range traits() {
		names = append(names, of.choices[v.choices[t]].name)
	}
	return strings.Join(names, ", ")
}

func (v Variant) sheet() *sheet {
	s := newSheet(v.lines())
	for t, of := range traits() {
		if apply := of.choices[v.choices[t]].apply; apply != nil {
			apply(s)
		}
	}
	return s
}

// Bytes is the page as its own writer has it. The choice of the trait "producer" names the program that is to rewrite it.
func (v Variant) Bytes() []byte { return v.sheet().bytes() }

// Bare is the page without the lines of its text, all else being the same: what it lacks is their ink.
func (v Variant) Bare() []byte {
	s := v.sheet()
	s.lines = nil
	return s.bytes()
}

// Scan is a page of the same place and size that shows a picture instead: all of the page as it is before it is turned.
func (v Variant) Scan(width, height int, gray []byte) []byte {
	s := v.sheet()
	picture := s.add(Stream(fmt.Sprintf("/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8/ColorSpace/DeviceGray",
		width, height), gray))
	return s.scan(picture)
}

// Unturned is the variant with its page neither turned nor scaled.
func (v Variant) Unturned() Variant {
	v.choices = slices.Clone(v.choices)
	for t, of := range traits() {
		if of.name == "turn" || of.name == "unit" {
			v.choices[t] = 0
		}
	}
	return v
}

// Lines are the lines of text that the page shows, those of annotations not counted.
func (v Variant) Lines() []string { return v.lines() }

// Annotated is what its annotations print.
func (v Variant) Annotated() string { return v.sheet().printed }

// Hidden is text that the file holds and nobody sees; empty if there is none.
func (v Variant) Hidden() string { return v.sheet().hidden }

// lines draws words that have no letters which look alike.
func (v Variant) lines() []string {
	words := strings.Fields("harbour gravel meeting budget northern reservoir survey window branch carpet " +
		"marble lantern timber garden copper velvet summer market bridge orchard pepper dragon hammer ribbon")
	random := rand.New(rand.NewPCG(v.seed, 2))
	lines := make([]string, 7)
	for i := range lines {
		line := make([]string, 4)
		for j := range line {
			line[j] = words[random.IntN(len(words))]
		}
		lines[i] = fmt.Sprintf("%s %d", strings.Join(line, " "), 1000+random.IntN(9000))
	}
	return lines
}
