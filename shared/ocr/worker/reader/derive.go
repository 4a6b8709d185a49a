//go:build linux

package reader

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/derivative"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
	"github.com/lethe-ocr/lethe/shared/pdf"
	"github.com/lethe-ocr/lethe/shared/picture"
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
	if page.Check(doc.info().Type, e.cfg.Limits) != nil {
		return derivative.Page{}, refusal.New(refusal.Dimensions)
	}
	return page, nil
}

// Derive writes a derivative. It reads no document: all there is to know is in the plan.
func (e *Engine) Derive(_ context.Context, plan derivative.Plan, w io.Writer) error {
	switch plan.Type {
	case ocr.PDF:
		return pdf.WriteSheets(w, plan.Pages, e.cfg.Limits)
	case ocr.WebP, ocr.JP2:
		if len(plan.Pages) != 1 {
			return errors.New("write derivative: only TIFF and PDF have several pages")
		}
		encoded, err := picture.EncodeSheet(plan.Type, plan.Pages[0])
		if err != nil {
			return fmt.Errorf("write derivative: %w", err)
		}
		if _, err := w.Write(encoded); err != nil {
			return fmt.Errorf("write derivative: %w", err)
		}
		return nil
	default:
		return derivative.Write(w, plan)
	}
}

func (d *imageDocument) survey(n int) (derivative.Page, error) {
	return picture.Survey(d.data, d.mediaType, n-1, d.limits)
}

func (d *pdfDocument) survey(n int) (derivative.Page, error) { return d.pdf.Survey(n, d.limits) }
