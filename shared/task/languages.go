package task

import (
	"context"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/fairqueue"
	"github.com/lethe-ocr/lethe/shared/ocr/language"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
)

// ReadIn returns the languages that the document is read in: those asked for, or those that were chosen.
func (t *Task) ReadIn() []string {
	if language.IsAuto(t.Settings.Languages) {
		return t.Chosen
	}
	return t.Settings.Languages
}

// reading returns how the pages of the document are read.
func (t *Task) reading() ocr.Options {
	return ocr.Options{Languages: t.ReadIn(), Profile: t.Settings.Profile, Features: t.Settings.features(), Letters: t.Settings.Letters}
}

// chooseLanguages chooses the languages of a document that is to be read in those that it shows, once, and stores them with the
// task before any page is read: every worker, and every call that goes on later, reads in the same.
func (s *Service) chooseLanguages(ctx context.Context, h *hold, t *Task, doc *document, pages []int, turn *fairqueue.Document) error {
	if !language.IsAuto(t.Settings.Languages) || len(t.Chosen) > 0 {
		return nil
	}
	allowed := allowed(t.Settings.Among, s.Engine.Languages())
	opt := t.reading()
	opt.Languages, opt.Choose = allowed, true
	chosen, err := language.Choose(ctx, pages, allowed, func(ctx context.Context, n int) ([]string, error) {
		place, err := turn.Take(ctx)
		if err != nil {
			return nil, err
		}
		defer place.Give()
		page, err := retry(ctx, func() (ocr.Page, error) {
			return s.recognisePage(ctx, doc, place, n, opt)
		})
		if fault.KindOf(err) == fault.Document {
			return nil, nil // the page says so when it is read
		}
		return page.Languages, err
	})
	if err != nil {
		return err
	}
	if len(chosen) == 0 {
		return refusal.New(refusal.LanguageMissing)
	}
	if _, err := h.update(ctx, func(t *Task) { t.Chosen = chosen }); err != nil {
		return err
	}
	t.Chosen = chosen
	return nil
}
