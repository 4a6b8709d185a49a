//go:build linux

package worker

import (
	"errors"
	"regexp"
	"slices"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/derivative"
)

const (
	maxSide      = 1 << 22 // pixels of one side of a page, and its resolution
	maxLanguages = 500
	maxNotes     = 10        // of a document, beside those of its pages
	maxCount     = 1_000_000 // of what a note counts, such as words of a page
)

var errLied = errors.New("child sent an answer that cannot be true")

// checker holds answers of children against what is possible.
type checker struct {
	limits    ocr.Limits
	language  *regexp.Regexp
	mediaType *regexp.Regexp
}

func newChecker(limits ocr.Limits) checker {
	return checker{
		limits:    limits,
		language:  regexp.MustCompile(`^[A-Za-z0-9_/-]{1,64}$`),
		mediaType: regexp.MustCompile(`^[a-z]{1,20}/[a-z0-9.+-]{1,80}$`),
	}
}

func (c checker) languages(names []string) error {
	if len(names) > maxLanguages {
		return errLied
	}
	for _, n := range names {
		if !c.language.MatchString(n) {
			return errLied
		}
	}
	return nil
}

func (c checker) info(i *ocr.Info) error {
	if i == nil || i.Pages < 1 || i.Pages > c.limits.Pages || !c.mediaType.MatchString(i.Type) ||
		i.Signatures < 0 || i.Signatures > maxCount {
		return errLied
	}
	return c.notes(i.Notes)
}

// notes are few, of known codes, and count no more than a document can hold.
func (c checker) notes(notes []ocr.Note) error {
	if len(notes) > maxNotes+c.limits.Pages*len(ocr.NoteCodes()) {
		return errLied
	}
	for _, n := range notes {
		if n.Sentence() == "" || n.Page < 0 || n.Page > c.limits.Pages || n.Count < 0 || n.Count > maxCount {
			return errLied
		}
	}
	return nil
}

// survey holds what a derivative will be made of against its ranges.
func (c checker) survey(p *derivative.Page, mediaType string) error {
	if p == nil || p.Check(mediaType, c.limits) != nil {
		return errLied
	}
	return nil
}

func (c checker) page(p *ocr.Page, number int, opt ocr.Options) error {
	if p == nil || p.Number != number || p.Failure != nil {
		return errLied
	}
	if p.Width < 1 || p.Width > maxSide || p.Height < 1 || p.Height > maxSide || p.DPI < 1 || p.DPI > maxSide ||
		p.DPIY < 0 || p.DPIY > maxSide {
		return errLied
	}
	switch p.Angle {
	case 0, 90, 180, 270:
	default:
		return errLied
	}
	switch p.Origin {
	case ocr.Recognised, ocr.TextLayer, ocr.Blank:
	default:
		return errLied
	}
	for _, l := range p.Languages {
		if !slices.Contains(opt.Languages, l) {
			return errLied
		}
	}
	if !percent(p.Confidence) || p.HiddenWords < 0 || p.HiddenWords > maxCount || c.notes(p.Notes) != nil {
		return errLied
	}
	if slices.ContainsFunc(p.Fonts, func(f ocr.Font) bool { return !font(f) }) {
		return errLied
	}
	if len(p.Decisions) > 0 && !opt.Explain || opt.Choose && len(p.Blocks) > 0 {
		return errLied
	}
	content := pageCheck{width: p.Width, height: p.Height, fonts: len(p.Fonts), asked: opt.Features}
	if !content.fields(p, opt) {
		return errLied
	}
	for i := range p.Blocks {
		if !content.block(&p.Blocks[i]) {
			return errLied
		}
	}
	if slices.ContainsFunc(p.Decisions, func(d ocr.Decision) bool { return !content.decision(d) }) {
		return errLied
	}
	return nil
}
