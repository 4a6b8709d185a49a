package ocr

import (
	"math"
	"unicode/utf8"
)

// DoubtBelow is the confidence under which a page is doubtful where nobody asked for another bound. With less the reading plan
// reads a page again: it is what remains after that.
const DoubtBelow = 85.0

// Confidence is how surely the pages of a document were read.
type Confidence struct {
	Mean        float64    `json:"mean,omitempty"`         // 0 to 100, of all letters, rounded down to a tenth; 0 if none were read
	Doubtful    PageRanges `json:"doubtful,omitempty"`     // pages under the bound, and those that could not be read
	NeedsReview bool       `json:"needs_review,omitempty"` // the mean or a page is under a bound that was asked for
}

// doubts sums up how surely pages were read.
type doubts struct {
	sum      float64 // of the confidence of each letter
	letters  float64
	doubtful []int
}

// page takes a page. One without a word is as sure as it can be, unless it could not be read.
func (d *doubts) page(p *Page, bound float64) {
	letters := 0
	for w := range p.Words {
		letters += utf8.RuneCountInString(w.Text)
	}
	d.letters += float64(letters)
	d.sum += float64(letters) * p.Confidence
	if p.Origin == Failed || letters > 0 && tenth(p.Confidence) < bound {
		d.doubtful = append(d.doubtful, p.Number)
	}
}

// confidence sums up. review is the bound that was asked for, 0 for none.
func (d *doubts) confidence(review float64) Confidence {
	c := Confidence{Doubtful: RangesOf(d.doubtful)}
	if d.letters > 0 {
		c.Mean = tenth(d.sum / d.letters)
	}
	c.NeedsReview = review > 0 && (len(d.doubtful) > 0 || d.letters > 0 && c.Mean < review)
	return c
}

// tenth rounds down to a tenth, so that what is shown is under a bound exactly when it is told to be. What is a hair below a
// tenth because of how numbers are stored is that tenth.
func tenth(v float64) float64 { return math.Floor(v*10+1e-6) / 10 }
