//go:build linux

package reader

import (
	"context"
	"io"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/derivative"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
	"github.com/lethe-ocr/lethe/shared/pdf"
)

// Survey finds what a derivative takes over from page n, counted from 1.
func (e *Engine) Survey(ctx context.Context, src ocr.Source, n int) (derivative.Page, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	doc, err := e.page(ctx, src, n)
	if err != nil {
		return derivative.Page{}, err
	}
	page, err := doc.survey(n)
	if err != nil {
		return derivative.Page{}, err
	}
	if page.Check(doc.mediaType(), e.cfg.Limits) != nil {
		return derivative.Page{}, refusal.New(refusal.Dimensions)
	}
	return page, nil
}

// Derive writes a derivative. It reads no document: all there is to know is in the plan.
func (e *Engine) Derive(_ context.Context, plan derivative.Plan, w io.Writer) error {
	return derivative.Write(w, plan, func(w io.Writer) error { return pdf.WriteSheets(w, plan.Pages, e.cfg.Limits) })
}

func (d *imageDocument) survey(n int) (derivative.Page, error) {
	return d.file.Survey(n-1, d.limits)
}

func (d *pdfDocument) survey(n int) (derivative.Page, error) { return d.pdf.Survey(n, d.limits) }
