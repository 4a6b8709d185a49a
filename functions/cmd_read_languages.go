//go:build linux

package main

import (
	"context"
	"strings"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/language"
)

// languages returns the languages that a document is read in: those that were asked for, or what a look at some of its pages says,
// which it tells.
func (v *readVerb) languages(ctx context.Context, d localDocument, src ocr.Source, numbers []int) ([]string, error) {
	if !language.IsAuto(v.options.Languages) {
		return v.options.Languages, nil
	}
	turn, err := v.engine.Places().Enter(ctx, src.Owner, false)
	if err != nil {
		return nil, err
	}
	defer turn.Leave()
	opt := v.options
	opt.Languages, opt.Choose = v.engine.Languages(), true
	chosen, err := language.Choose(ctx, numbers, opt.Languages, func(ctx context.Context, n int) ([]string, error) {
		place, err := turn.Take(ctx)
		if err != nil {
			return nil, err
		}
		defer place.Give()
		src := src
		src.Place = place
		page, err := v.page(ctx, src, n, opt)
		if fault.KindOf(err) == fault.Document {
			return nil, nil // it says so when it is read
		}
		return page.Languages, err
	})
	if err == nil {
		v.report.line("%s: languages: %s (chosen)", d, strings.Join(chosen, "+"))
	}
	return chosen, err
}
