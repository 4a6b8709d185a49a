//go:build cgo

package reading

import (
	"slices"
	"strings"

	"github.com/lethe-ocr/lethe/shared/ocr/field"
)

const (
	mostPatternLetters = 200 // of what is held against a pattern; no field has longer words
	mostCandidates     = 12  // of a character
)

// rules are what the words of a field must hold to.
type rules struct {
	letters string         // that may occur; empty: all
	pattern *field.Pattern // nil: none
}

func (r rules) none() bool { return r.letters == "" && r.pattern == nil }

func (r rules) allows(text string) bool {
	return r.letters == "" || !strings.ContainsFunc(text, func(c rune) bool { return !strings.ContainsRune(r.letters, c) })
}

// conform makes words hold to rules, where alternatives of their characters allow that, and reports whether all do. Words that no
// alternatives let do so stay as they were read, with doubt. A pattern with a space is one of lines.
func conform(words []Word, r rules) ([]Word, bool) {
	words = slices.Clone(words)
	all := true
	for from := 0; from < len(words); {
		to := from + 1
		for r.pattern != nil && r.pattern.Spaces() && to < len(words) && sameLine(words[from], words[to]) {
			to++
		}
		if part := words[from:to]; !choose(part, r) {
			all = false
			for i := range part {
				part[i].Confidence = min(part[i].Confidence, doubtedField)
			}
		}
		from = to
	}
	return words, all
}

// place is where a character stands.
type place struct{ word, character int }

// choose takes those alternatives that let words, with spaces between them, hold to rules. It reports false, and changes nothing, if
// there are none.
func choose(words []Word, r rules) bool {
	var candidates [][]field.Candidate
	var places []place
	for i := range words {
		words[i].Characters = spelling(words[i])
		if i > 0 {
			candidates, places = append(candidates, []field.Candidate{{Text: " ", Confidence: 100}}), append(places, place{-1, 0})
		}
		for j, c := range words[i].Characters {
			candidates, places = append(candidates, r.candidates(c)), append(places, place{i, j})
		}
	}
	if len(candidates) > mostPatternLetters {
		return false
	}
	chosen, ok := make([]int, len(candidates)), true
	if r.pattern != nil {
		chosen, ok = r.pattern.Best(candidates)
	}
	if !ok || slices.ContainsFunc(candidates, func(one []field.Candidate) bool { return len(one) == 0 }) {
		return false
	}
	for k, c := range chosen {
		if places[k].word >= 0 {
			words[places[k].word].take(places[k].character, candidates[k][c].Text)
		}
	}
	return true
}

// candidates returns how a character may be read, the likeliest first. The engine's confidence in what it did not choose is nearly
// nothing; the order that it gives them says more.
func (r rules) candidates(c Character) []field.Candidate {
	const first = 10.0
	all := []field.Candidate{{Text: c.Text, Confidence: c.Confidence}}
	for i, a := range c.Alternatives[:min(len(c.Alternatives), mostCandidates)] {
		all = append(all, field.Candidate{Text: a.Text, Confidence: max(min(a.Confidence, c.Confidence), first/float64(i+1))})
	}
	return slices.DeleteFunc(all, func(c field.Candidate) bool { return !r.allows(c.Text) })
}

// spelling returns the characters of a word, which may be changed. An engine that gives none, or others, has no alternatives.
func spelling(w Word) []Character {
	var text strings.Builder
	for _, c := range w.Characters {
		text.WriteString(c.Text)
	}
	if text.String() == w.Text {
		return slices.Clone(w.Characters)
	}
	var characters []Character
	for _, r := range w.Text {
		characters = append(characters, Character{Text: string(r), Box: w.Box, Confidence: w.Confidence})
	}
	return characters
}

// take makes the alternative that reads so the character, and the character an alternative.
func (w *Word) take(character int, reads string) {
	c := &w.Characters[character]
	i := slices.IndexFunc(c.Alternatives, func(a Alternative) bool { return a.Text == reads })
	if c.Text == reads || i < 0 {
		return
	}
	others := slices.Clone(c.Alternatives)
	others[i] = Alternative{c.Text, c.Confidence}
	c.Text, c.Confidence, c.Alternatives = reads, min(max(c.Alternatives[i].Confidence, doubtedField), c.Confidence), others
	w.Confidence = min(w.Confidence, c.Confidence)
	var text strings.Builder
	for _, c := range w.Characters {
		text.WriteString(c.Text)
	}
	w.Text = text.String()
}
