package pdf

import (
	"slices"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// maxDecisions bounds the account of a page. Hidden words come last, since there can be any number of them.
const maxDecisions = 2_000

// explain writes down where the text of each block of a page was taken from, what was left out, and what is missing, after how
// it was recognised.
func (r *Reading) explain(page *ocr.Page, why ocr.Reason, dropped []ocr.Box) {
	decisions := slices.Clip(page.Decisions)
	for _, b := range page.Blocks {
		d := ocr.Decision{Box: b.Box, From: page.Origin, Why: why}
		if b.Origin != "" {
			d.From, d.Why = b.Origin, ocr.Unexplained
		}
		decisions = append(decisions, d)
	}
	for _, box := range dropped {
		decisions = append(decisions, ocr.Decision{Box: box, Why: ocr.Illegible})
	}
	width, height := max(page.Width, 1), max(page.Height, 1)
	x, y := page.Resolution()
	pixels := matrix{a: float64(x) / 72, d: float64(y) / 72}
	counts := map[hiddenWord]bool{}
	for _, h := range countable(r.hidden, page) {
		counts[h] = true
	}
	for _, h := range r.hidden {
		why := ocr.Replaced
		if counts[h] {
			why = ocr.Hidden
		}
		decisions = append(decisions, ocr.Decision{Box: whole(h.box.through(pixels), width, height), Why: why})
	}
	page.HiddenWords = len(counts)
	if r.lost > 0 {
		page.Notes = append(page.Notes, ocr.Note{Code: ocr.PictureUnread, Count: r.lost})
	}
	page.Decisions = decisions[:min(len(decisions), maxDecisions)]
}
