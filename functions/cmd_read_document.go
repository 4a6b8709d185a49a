//go:build linux

package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/language"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/task"
)

// starvedTries is how often a page is tried that got no processor time: the machine may be less busy then.
const starvedTries = 5

// document reads one document, all pages at once as far as there are workers, and writes its results. The error says how many
// pages are missing if only some are.
func (v *readVerb) document(ctx context.Context, d localDocument) error {
	f, err := v.open(ctx, d)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // opened for reading
	src := ocr.Source{File: f, ID: d.path, Password: v.settings.Password}
	info, err := v.engine.Inspect(ctx, src)
	if err != nil {
		return err
	}
	if err := v.pdf.Pages.Within(info.Pages); err != nil {
		return err
	}
	kinds := render.Kinds(v.wanted)
	if err := info.Refused(v.pdf, kinds); err != nil {
		return err
	}
	v.report.notes(d, 0, info.Notes)
	numbers := v.pdf.Pages.Of(info.Pages)
	opt := v.options
	if opt.Languages, err = v.languages(ctx, d, src, numbers); err != nil {
		return err
	}
	pages, err := v.pages(ctx, src, numbers, opt)
	if err != nil {
		return err
	}
	missing, err := v.tellPages(d, pages)
	if err != nil {
		return err
	}
	doc := render.Document{
		Languages: opt.Languages, Chosen: language.IsAuto(v.options.Languages), Created: time.Now().UTC(), Software: version, Pages: pages.len(),
		Notes:    info.Told(v.pdf, kinds),
		Original: render.Original{Engine: v.engine, Source: src, Options: v.pdf, Noted: func(notes []ocr.Note) { v.report.notes(d, 0, notes) }},
	}
	if v.out == "" {
		err = v.print(ctx, d, doc, pages)
	} else {
		err = v.save(ctx, d, doc, pages)
	}
	if err == nil && missing > 0 {
		err = &missingPagesError{missing, pages.len()}
	}
	return err
}

// open opens a document. What can be read only once is copied into a sealed memory file, so that nothing of it touches a disk.
func (v *readVerb) open(ctx context.Context, d localDocument) (*os.File, error) {
	if !d.stream {
		return os.Open(d.path)
	}
	type opened struct {
		*os.File
		error
	}
	done := make(chan opened, 1)
	go func() { // opening and reading wait for whoever writes, whatever becomes of ctx
		in := io.NopCloser(v.stdin)
		if d.path != stdinName {
			f, err := os.Open(d.path)
			if err != nil {
				done <- opened{nil, err}
				return
			}
			in = f
		}
		f, err := storage.Seal(in, v.limits.Bytes)
		_ = in.Close() // it was read
		done <- opened{f, err}
	}()
	select {
	case o := <-done:
		return o.File, o.error
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// pages reads pages of a document. One that cannot be read says so in its place, unless the document is to fail then.
func (v *readVerb) pages(ctx context.Context, src ocr.Source, numbers []int, opt ocr.Options) (*packedPages, error) {
	turn, err := v.engine.Places().Enter(ctx, src.Owner, false)
	if err != nil {
		return nil, err
	}
	defer turn.Leave()
	v.report.pages(0, len(numbers))
	var done atomic.Int64
	pages := newPackedPages(len(numbers))
	group, groupCtx := errgroup.WithContext(ctx)
	for i, n := range numbers {
		place, err := turn.Take(groupCtx)
		if err != nil {
			break // the group tells why, or ctx
		}
		group.Go(func() error {
			defer place.Give()
			src := src
			src.Place = place
			page, err := v.page(groupCtx, src, n, opt)
			if fault.KindOf(err) == fault.Document && task.OnPageError(v.settings.OnPageError) != task.FailOnPageError {
				page, err = missingPage(n, err), nil
			}
			if err == nil {
				err = pages.put(i, &page)
			}
			if err == nil {
				done.Add(1)
				v.report.pages(1, 0)
			}
			return err
		})
	}
	err = errors.Join(group.Wait(), context.Cause(ctx))
	if left := len(numbers) - int(done.Load()); left > 0 {
		v.report.pages(0, -left) // of a document that is given up
	}
	return pages, err
}

// page reads one page, several times if the machine is too busy.
func (v *readVerb) page(ctx context.Context, src ocr.Source, n int, opt ocr.Options) (page ocr.Page, err error) {
	for range starvedTries {
		page, err = v.engine.Recognise(ctx, src, n, opt)
		if !errors.Is(err, fault.EngineStarved) {
			break
		}
	}
	return page, err
}

// missingPage stands for a page that could not be read.
func missingPage(n int, err error) ocr.Page {
	page := ocr.Page{Number: n, Width: 1, Height: 1, DPI: 72, Origin: ocr.Failed}
	if f, ok := errors.AsType[*fault.Error](err); ok {
		page.Failure = &ocr.Failure{Code: string(f.Code), Detail: f.Detail}
	}
	return page
}

// missingPagesError says that a document was read without some of its pages.
type missingPagesError struct{ missing, pages int }

// Error implements error.
func (m *missingPagesError) Error() string {
	return fmt.Sprintf("%d of %d pages could not be read", m.missing, m.pages)
}

// tellPages tells what there is to know of each page, and returns how many are missing. A document that misses all has failed.
func (v *readVerb) tellPages(d localDocument, pages *packedPages) (missing int, err error) {
	if missing = int(pages.missing.Load()); missing == pages.len() {
		for p, err := range pages.all {
			if err != nil {
				return 0, err
			}
			return missing, fault.New(fault.Code(p.Failure.Code), "%s", p.Failure.Detail)
		}
	}
	told := ocr.Account{ReviewBelow: float64(v.settings.ReviewBelow)}
	for p, err := range pages.all {
		if err != nil {
			return 0, err
		}
		told.Page(&p)
		if p.Failure != nil {
			v.report.line("%s: page %d: %s", d, p.Number, explain(fault.New(fault.Code(p.Failure.Code), "%s", p.Failure.Detail)))
		}
		v.report.notes(d, p.Number, p.Notes)
		if v.explain {
			v.tellDecisions(d, p)
		}
		if p.HiddenWords > 0 {
			v.report.line("%s: page %d: words that do not show are left out: %d (hidden_words)", d, p.Number, p.HiddenWords)
		}
	}
	c := told.Confidence()
	var line bytes.Buffer
	verbs.Confidence(&line, d.String(), c.Mean, slices.Collect(c.Doubtful.Numbers), c.NeedsReview)
	if line.Len() > 0 {
		v.report.line("%s", bytes.TrimSpace(line.Bytes()))
	}
	return missing, nil
}

// tellDecisions tells where the text of each region of a page was taken from.
func (v *readVerb) tellDecisions(d localDocument, p ocr.Page) {
	if len(p.Decisions) == 0 {
		v.report.line("%s: page %d: %s", d, p.Number, p.Origin)
	}
	for _, c := range p.Decisions {
		v.report.line("%s: page %d: %d,%d to %d,%d: %s: %s", d, p.Number, c.Box.X0, c.Box.Y0, c.Box.X1, c.Box.Y1,
			cmp.Or(c.From, "left out"), c.Why.Sentence())
	}
}

// print writes the result of a document to standard output, once all its pages were read. What is written from the pages alone
// goes there page by page; of what is made of the original too, nothing is printed unless it is whole.
func (v *readVerb) print(ctx context.Context, d localDocument, doc render.Document, pages *packedPages) error {
	out := &standardOutput{w: v.stdout}
	if textual(v.wanted[0]) {
		return v.report.aside(func() error {
			if v.named {
				_, _ = fmt.Fprintf(out, "==> %s <==\n", d) // out keeps the error
			}
			err := render.Write(ctx, doc, pages.all, render.Output{Format: v.wanted[0], W: out})
			if v.named {
				_, _ = fmt.Fprintln(out)
			}
			return cmp.Or(out.failed, err)
		})
	}
	var whole bytes.Buffer
	if err := render.Write(ctx, doc, pages.all, render.Output{Format: v.wanted[0], W: &whole}); err != nil {
		return err
	}
	return v.report.aside(func() error {
		_, _ = whole.WriteTo(out) // out keeps the error
		return out.failed
	})
}

// textual reports whether a format is one of text, which is written from the pages alone.
func textual(f render.Format) bool {
	kind := f.MediaType()
	return strings.HasPrefix(kind, "text/") || kind == "application/json" || kind == "application/xml"
}

// standardOutput keeps the first error of what is printed.
type standardOutput struct {
	w      io.Writer
	failed error
}

// Write implements io.Writer.
func (s *standardOutput) Write(p []byte) (int, error) {
	if s.failed != nil {
		return 0, s.failed
	}
	n, err := s.w.Write(p)
	if err != nil {
		s.failed = &unwrittenError{err}
	}
	return n, s.failed
}

// save writes the results of a document to files. They get their names when all are whole: half of one would look like
// another, and replace an earlier one.
func (v *readVerb) save(ctx context.Context, d localDocument, doc render.Document, pages *packedPages) (err error) {
	folder := filepath.Dir(filepath.Join(v.out, d.name))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return &unwrittenError{err}
	}
	var files []*resultFile
	var outputs []render.Output
	defer func() {
		for _, f := range files {
			err = errors.Join(err, f.discard())
		}
	}()
	for _, format := range v.wanted {
		f, err := newResultFile(folder)
		if err != nil {
			return err
		}
		files = append(files, f)
		outputs = append(outputs, render.Output{Format: format, W: f})
	}
	if err := render.Write(ctx, doc, pages.all, outputs...); err != nil {
		for _, f := range files {
			if f.failed != nil {
				return f.failed // the cause, whatever became of it on its way
			}
		}
		return err
	}
	for _, f := range files {
		if err := f.complete(); err != nil {
			return err
		}
	}
	for i, f := range files {
		if err := f.publish(resultPath(v.out, d, outputs[i].Format)); err != nil {
			return err
		}
	}
	return nil
}
