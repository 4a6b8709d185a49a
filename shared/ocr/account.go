package ocr

import "cmp"

// NoteSum is what was noted under one code, over all of a document.
type NoteSum struct {
	Code  NoteCode `json:"code"`
	Pages int      `json:"pages,omitempty"` // that it is about; 0 if it is about the document
	Count int      `json:"count,omitempty"` // how many, where the code counts
}

// Account sums up what is told of a document. The zero value is empty.
type Account struct {
	HiddenWords int     // of text layers that do not show
	ReviewBelow float64 // pages under this confidence are doubtful and call for a review; 0 for DoubtBelow and no review

	doubts doubts
	sums   map[NoteCode]NoteSum
}

// Add takes notes of the document, or of those of its pages that they name.
func (a *Account) Add(notes ...Note) {
	if a.sums == nil {
		a.sums = map[NoteCode]NoteSum{}
	}
	for _, n := range notes {
		sum := a.sums[n.Code]
		if sum.Code, sum.Count = n.Code, sum.Count+n.Count; n.Page > 0 {
			sum.Pages++
		}
		a.sums[n.Code] = sum
	}
}

// Page takes what is told of a page.
func (a *Account) Page(p *Page) {
	a.HiddenWords += p.HiddenWords
	a.doubts.page(p, cmp.Or(a.ReviewBelow, DoubtBelow))
	for _, n := range p.Notes {
		n.Page = p.Number
		a.Add(n)
	}
}

// Confidence sums up how surely the pages were read.
func (a *Account) Confidence() Confidence { return a.doubts.confidence(a.ReviewBelow) }

// Notes lists the sums in the order of NoteCodes, one for each code at most.
func (a *Account) Notes() []NoteSum {
	var sums []NoteSum
	for _, code := range NoteCodes() {
		if sum, ok := a.sums[code]; ok {
			sums = append(sums, sum)
		}
	}
	return sums
}
