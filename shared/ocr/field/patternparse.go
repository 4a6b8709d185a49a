package field

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// node is a part of a pattern: a set of characters, parts one after the other, one of several parts, or a part some times.
type node struct {
	set      *set
	sequence []node
	either   []node
	repeated *node
	least    int
	most     int // of repeated; unbounded if it is math.MaxInt
}

// patternParser reads the text of a pattern.
type patternParser struct {
	text string
	at   int
}

func (p *patternParser) wrong(problem string) error { return &PatternError{p.at, problem} }

func (p *patternParser) next() (rune, int) { return utf8.DecodeRuneInString(p.text[p.at:]) }

func (p *patternParser) more() bool { return p.at < len(p.text) }

// alternatives reads up to the end or a closing bracket.
func (p *patternParser) alternatives(depth int) (node, error) {
	if depth > mostDepth {
		return node{}, p.wrong("it has too many brackets in brackets")
	}
	var n node
	for {
		one, err := p.sequence(depth)
		if err != nil {
			return node{}, err
		}
		n.either = append(n.either, one)
		if !p.more() || p.text[p.at] != '|' {
			return n, nil
		}
		p.at++
	}
}

func (p *patternParser) sequence(depth int) (node, error) {
	n := node{sequence: []node{}}
	for p.more() && p.text[p.at] != '|' && p.text[p.at] != ')' {
		part, err := p.part(depth)
		if err != nil {
			return node{}, err
		}
		for {
			least, most, ok, err := p.times()
			if err != nil {
				return node{}, err
			}
			if !ok {
				break
			}
			of := part
			part = node{repeated: &of, least: least, most: most}
		}
		n.sequence = append(n.sequence, part)
	}
	return n, nil
}

// part reads a character, a set of them, or a group.
func (p *patternParser) part(depth int) (node, error) {
	r, size := p.next()
	switch r {
	case '(':
		p.at += size
		group, err := p.alternatives(depth + 1)
		if err != nil {
			return node{}, err
		}
		if !p.more() {
			return node{}, p.wrong("a round bracket is not closed")
		}
		p.at++
		return group, nil
	case '[':
		p.at += size
		s, err := p.class()
		return node{set: &s}, err
	case '.':
		p.at += size
		return node{set: &set{others: true}}, nil
	case '*', '+', '?':
		return node{}, p.wrong("there is nothing to be repeated")
	case ']':
		return node{}, p.wrong("a square bracket is closed that is not open")
	case '@':
		if strings.HasPrefix(p.text[p.at:], "@(") {
			return node{}, p.wrong("dictionaries are not supported")
		}
	}
	c, err := p.character()
	return node{set: &set{ranges: []span{{c, c}}}}, err
}

// character reads a character that stands for itself.
func (p *patternParser) character() (rune, error) {
	r, size := p.next()
	p.at += size
	if r != '\\' {
		return r, nil
	}
	if !p.more() {
		return 0, p.wrong("it ends with a backslash")
	}
	r, size = p.next()
	p.at += size
	if r == 's' {
		return ' ', nil
	}
	return r, nil
}

// class reads a set of characters after its opening bracket.
func (p *patternParser) class() (set, error) {
	var s set
	if p.more() && p.text[p.at] == '^' {
		s.others = true
		p.at++
	}
	for p.more() && p.text[p.at] != ']' {
		from, err := p.character()
		if err != nil {
			return set{}, err
		}
		to := from
		if rest := p.text[p.at:]; strings.HasPrefix(rest, "-") && !strings.HasPrefix(rest, "-]") && len(rest) > 1 {
			p.at++
			if to, err = p.character(); err != nil {
				return set{}, err
			}
		}
		if to < from {
			return set{}, p.wrong("a range of characters ends before it begins")
		}
		s.ranges = append(s.ranges, span{from, to})
	}
	if !p.more() {
		return set{}, p.wrong("a square bracket is not closed")
	}
	p.at++
	if len(s.ranges) == 0 {
		return set{}, p.wrong("there is nothing in square brackets")
	}
	return s, nil
}

// times reads how often what stands before may come, if that is said.
func (p *patternParser) times() (least, most int, ok bool, err error) {
	if !p.more() {
		return 0, 0, false, nil
	}
	switch p.text[p.at] {
	case '*':
		p.at++
		return 0, math.MaxInt, true, nil
	case '+':
		p.at++
		return 1, math.MaxInt, true, nil
	case '?':
		p.at++
		return 0, 1, true, nil
	case '{':
	default:
		return 0, 0, false, nil
	}
	inside, _, closed := strings.Cut(p.text[p.at+1:], "}")
	if !closed || inside == "" || strings.Trim(inside, "0123456789-,") != "" {
		return 0, 0, false, nil // a character
	}
	from, to, ranged := strings.Cut(strings.ReplaceAll(inside, ",", "-"), "-")
	if !ranged {
		to = from
	}
	most = math.MaxInt
	if from != "" {
		least, err = strconv.Atoi(from)
	}
	if to != "" && err == nil {
		most, err = strconv.Atoi(to)
	}
	if err != nil || most < least || most == 0 || least > mostPositions || most > mostPositions && most < math.MaxInt {
		return 0, 0, false, p.wrong("braces hold no number of times that is possible")
	}
	p.at += len(inside) + len("{}")
	return least, most, true, nil
}

// fragment is a part of a pattern that has positions (V. M. Glushkov, The abstract theory of automata, 1961).
type fragment struct {
	first, last positions
	empty       bool
}

// patternBuilder gives positions to a pattern.
type patternBuilder struct {
	pattern *Pattern
	steps   int
	full    bool // there are too many
}

func (b *patternBuilder) build(n node) fragment {
	if b.steps++; b.steps > mostNodes {
		b.full = true
	}
	if b.full {
		return fragment{}
	}
	switch {
	case n.set != nil:
		return b.character(*n.set)
	case n.repeated != nil:
		return b.repeated(*n.repeated, n.least, n.most)
	case n.either != nil:
		var f fragment
		for _, one := range n.either {
			g := b.build(one)
			f.first.join(g.first)
			f.last.join(g.last)
			f.empty = f.empty || g.empty
		}
		return f
	}
	f := fragment{empty: true}
	for _, part := range n.sequence {
		f = b.after(f, b.build(part))
	}
	return f
}

func (b *patternBuilder) character(s set) fragment {
	i := len(b.pattern.sets)
	if i == mostPositions {
		b.full = true
		return fragment{}
	}
	b.pattern.sets, b.pattern.follow = append(b.pattern.sets, s), append(b.pattern.follow, positions{})
	var f fragment
	f.first.add(i)
	f.last.add(i)
	return f
}

// after joins two fragments of which one comes after the other.
func (b *patternBuilder) after(f, g fragment) fragment {
	b.link(f.last, g.first)
	joined := fragment{first: f.first, last: g.last, empty: f.empty && g.empty}
	if f.empty {
		joined.first.join(g.first)
	}
	if g.empty {
		joined.last.join(f.last)
	}
	return joined
}

// link lets each of some positions be followed by each of others.
func (b *patternBuilder) link(from, to positions) {
	for i := range b.pattern.follow {
		if from.has(i) {
			b.pattern.follow[i].join(to)
		}
	}
}

func (b *patternBuilder) repeated(n node, least, most int) fragment {
	f := fragment{empty: true}
	copies := most
	if most == math.MaxInt {
		copies = max(least, 1)
	}
	for i := range copies {
		g := b.build(n)
		if b.full {
			return fragment{}
		}
		if most == math.MaxInt && i == copies-1 {
			b.link(g.last, g.first)
		}
		g.empty = g.empty || i >= least
		f = b.after(f, g)
	}
	return f
}
