//go:build cgo

package reading

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// reading is one way of reading a page.
type reading struct {
	words []Word
	angle int     // the picture was turned clockwise by so many degrees
	score float64 // higher is better; comparable between readings of one page
	mean  float64 // mean confidence, weighed by letters
}

func rate(words []Word, angle int) reading {
	r := reading{words: words, angle: angle}
	var letters, sum float64
	for _, b := range words {
		n := float64(utf8.RuneCountInString(strings.TrimSpace(b.Text)))
		letters += n
		sum += n * b.Confidence
		r.score += n * (b.Confidence - fairConfidence)
	}
	if letters > 0 {
		r.mean = sum / letters
	}
	return r
}

// alphabetic reports whether words are in scripts of separate letters and words, whose readings can be joined word by word:
// Latin, Cyrillic and Greek.
func alphabetic(words []Word) bool {
	var letters, other int
	for _, w := range words {
		for _, c := range w.Text {
			if unicode.IsLetter(c) {
				letters++
				if !unicode.In(c, unicode.Latin, unicode.Cyrillic, unicode.Greek) {
					other++
				}
			}
		}
	}
	return 2*other <= letters
}
