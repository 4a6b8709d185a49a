package task

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/fairqueue"
	"github.com/lethe-ocr/lethe/shared/ocr/language"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// pageVersion is the version of the format of kept pages.
const pageVersion = 1

// slowPages is how many pages may take too much processor time before their document is given up.
const slowPages = 3

const (
	// aloneSlice is how long a suspect begins pages before the others have their turn. The pages that were in hand when the
	// process died are the first that it reads: after a slice it is a suspect no more.
	aloneSlice = time.Minute
	// pagesAlone is how many pages of a suspect are read at once: it gets through few, so that a slice ends soon.
	pagesAlone = 2
	// pagesUnderWay is how many pages of a document are read and stored at once: it bounds what slow storage keeps in memory.
	pagesUnderWay = 16
)

// errSlice ends the reading of a suspect for the sake of others.
var errSlice = errors.New("the time of a document that is read alone is over")

// recognise reads every page that is not finished yet and keeps each under work/, so that another call can go on.
func (s *Service) recognise(ctx context.Context, h *hold, t *Task, doc *document, wanted []int, input Input, turn *fairqueue.Document) error {
	finished, err := s.finishedPages(ctx, t)
	if err != nil {
		return err
	}
	var seen outcomes
	kept := func(n int) bool { return finished[t.pageName(n)] }
	left, done, err := s.resume(ctx, t, wanted, kept, &seen)
	if err != nil {
		return err
	}
	// Only now, so that nobody sees the count of an earlier call go back.
	h.progress(input, done)
	if _, err := h.renew(ctx); err != nil {
		return err
	}
	if err := s.chooseLanguages(ctx, h, t, doc, wanted, turn); err != nil {
		return err
	}
	return s.readPages(ctx, h, t, doc, left, &seen, turn)
}

// counter takes down that a page was read and kept.
type counter interface {
	page(failed bool)
}

// readPages reads pages and keeps each. One page of a document at a time waits for its place, so that pages of others come
// between.
func (s *Service) readPages(ctx context.Context, h counter, t *Task, doc *document, numbers []int, seen *outcomes, turn *fairqueue.Document) error {
	group, ctx := errgroup.WithContext(ctx)
	underWay := make(chan struct{}, pagesUnderWay)
	if turn.Alone() {
		underWay = make(chan struct{}, pagesAlone)
	}
	var err error
	began := s.Now()
	for _, n := range numbers {
		if turn.Alone() && s.Now().Sub(began) >= aloneSlice {
			seen.stop(errSlice)
		}
		asked := s.Now()
		place, waitErr := takePlace(ctx, turn, underWay)
		if err = waitErr; err != nil {
			break // the context of the group: the cause is that of a page, or of the call
		}
		if seen.stopped() != nil {
			place.Give()
			break
		}
		waited := s.Now().Sub(asked)
		group.Go(func() error {
			defer func() { <-underWay }()
			defer place.Give()
			fails, err := s.page(ctx, t, doc, place, n, waited)
			switch {
			case errors.Is(err, fault.EngineStarved):
				seen.stop(err)
				return nil // the pages that are being read may still end
			case err != nil:
				return err
			}
			h.page(fails != nil)
			return seen.page(fails)
		})
	}
	if err := errors.Join(group.Wait(), err); err != nil {
		return err
	}
	return seen.stopped()
}

// takePlace waits until few enough pages are under way, and then for a place: not the other way round, since a page that is
// under way may need a place again.
func takePlace(ctx context.Context, turn *fairqueue.Document, underWay chan struct{}) (*fairqueue.Place, error) {
	select {
	case underWay <- struct{}{}:
		return turn.Take(ctx)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// readBack is how many kept pages are looked at at once.
const readBack = 16

// resume takes the pages into account that were finished before: of those that may be kept, those that are. It returns the
// numbers of those that are left to be read, and the count of all.
func (s *Service) resume(ctx context.Context, t *Task, wanted []int, kept func(n int) bool, seen *outcomes) ([]int, Progress, error) {
	var mu sync.Mutex
	var left []int                       // guarded by mu
	done := Progress{Total: len(wanted)} // guarded by mu
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readBack)
	for _, n := range wanted {
		if !kept(n) {
			mu.Lock()
			left = append(left, n)
			mu.Unlock()
			continue
		}
		group.Go(func() error {
			page, err := s.readPage(ctx, t, n)
			if errors.Is(err, errDamagedPage) || errors.Is(err, fault.NotFound) {
				mu.Lock()
				defer mu.Unlock()
				left = append(left, n)
				return nil
			}
			if err != nil {
				return err
			}
			fails := pageFault(page.Failure)
			mu.Lock()
			done.count(fails != nil)
			mu.Unlock()
			return seen.page(fails)
		})
	}
	err := group.Wait()
	slices.Sort(left)
	return left, done, err
}

// outcomes is what became of the pages of one call.
type outcomes struct {
	mu    sync.Mutex
	slow  int   // pages that took too much processor time; guarded by mu
	later error // why no more pages are begun; guarded by mu
}

// page notes what became of a page. The error is why its document is given up.
func (o *outcomes) page(fails error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if errors.Is(fails, fault.PageTime) {
		o.slow++
	}
	if o.slow >= slowPages {
		// Said before the page makes room for another one: a call ends its pages only once one of them has returned.
		o.later = tooSlow(o.slow)
		return o.later
	}
	return nil
}

// tooSlow is why a document is given up of which so many pages took too much processor time.
func tooSlow(pages int) *fault.Error {
	return fault.New(fault.PageTime, "%d pages took more processor time than the limit, so processing stopped; submit the other pages separately", pages)
}

// slowSoFar returns how many pages took too much processor time.
func (o *outcomes) slowSoFar() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.slow
}

// stop leaves the pages that are not begun yet to another call.
func (o *outcomes) stop(why error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.later = why
}

func (o *outcomes) stopped() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.later
}

// page reads one page, whose place was waited for. The first result is the fault of a page that could not be read although the document
// goes on.
func (s *Service) page(ctx context.Context, t *Task, doc *document, place *fairqueue.Place, n int, waited time.Duration) (fails, err error) {
	began := s.Now()
	page, err := retry(ctx, func() (ocr.Page, error) { return s.readOrSkip(ctx, t, doc, place, n) })
	place.Give() // others read while this page is stored
	if err == nil || fault.KindOf(err) == fault.Document {
		s.Observer.Page(ctx, waited, s.Now().Sub(began), err != nil)
	}
	if err != nil {
		if fault.KindOf(err) != fault.Document || errors.Is(err, fault.DocumentChanged) || t.Settings.OnPageError == FailOnPageError {
			return nil, err
		}
		fails = err
		page = failedPage(n, err)
	}
	if t.Settings.Barcodes == OnlyBarcodes {
		page.Blocks = slices.DeleteFunc(page.Blocks, func(b ocr.Block) bool { return b.Kind != ocr.BarcodeBlock })
	}
	value, err := storage.Encode(pageVersion, page)
	if err != nil {
		return nil, fmt.Errorf("encode page: %w", err)
	}
	_, err = retry(ctx, func() (storage.Blob, error) {
		return s.Store.Blobs.Put(ctx, t.pageName(n), "application/json", bytes.NewReader(value))
	})
	return fails, err
}

// readOrSkip reads page n: the fields that were asked for on it, or all of it. One of a form without any is not read.
func (s *Service) readOrSkip(ctx context.Context, t *Task, doc *document, place *fairqueue.Place, n int) (ocr.Page, error) {
	opt := t.reading()
	opt.Fields = t.Client.fieldsOf(n)
	if len(t.Client.Fields) > 0 && len(opt.Fields) == 0 {
		return ocr.Page{Number: n, Width: 1, Height: 1, DPI: 72, Origin: ocr.Blank}, nil
	}
	return s.recognisePage(ctx, doc, place, n, opt)
}

// failedPage stands in the result for a page that could not be read.
func failedPage(n int, err error) ocr.Page {
	page := ocr.Page{Number: n, Width: 1, Height: 1, DPI: 72, Origin: ocr.Failed}
	if f, ok := errors.AsType[*fault.Error](err); ok {
		page.Failure = &ocr.Failure{Code: string(f.Code), Detail: f.Detail}
	}
	return page
}

func pageFault(f *ocr.Failure) error {
	if f == nil {
		return nil
	}
	return fault.New(fault.Code(f.Code), "%s", f.Detail)
}

// errDamagedPage is a kept page that cannot be decoded, or is of a newer format; it is read anew.
var errDamagedPage = errors.New("kept page cannot be decoded")

func (s *Service) readPage(ctx context.Context, t *Task, n int) (ocr.Page, error) {
	r, _, err := s.Store.Blobs.Get(ctx, t.pageName(n))
	if err != nil {
		return ocr.Page{}, fmt.Errorf("read page %d: %w", n, err)
	}
	value, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		return ocr.Page{}, fmt.Errorf("read page %d: %w", n, err)
	}
	var page ocr.Page
	if err := storage.Decode(value, pageVersion, &page); err != nil || page.Number != n {
		return ocr.Page{}, errDamagedPage
	}
	return page, nil
}

// keptPage is a page on its way from where it is kept.
type keptPage struct {
	page ocr.Page
	err  error
}

// kept yields the pages of a task one by one from where they are kept, and sums up what is told of them, once, however often it is
// gone through. A few are read ahead: one after the other they would take longer than reading them did.
func (s *Service) kept(ctx context.Context, t *Task, numbers []int, told *ocr.Account) iter.Seq2[ocr.Page, error] {
	last := 0 // page that was told of
	return func(yield func(ocr.Page, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		ahead := make(chan chan keptPage, readBack-2) // beside these, one page is being yielded, and one waits to be begun
		go func() {
			defer close(ahead)
			for _, n := range numbers {
				one := make(chan keptPage, 1)
				select {
				case ahead <- one:
				case <-ctx.Done():
					return
				}
				go func() {
					page, err := s.readPage(ctx, t, n)
					one <- keptPage{page, err}
				}()
			}
		}()
		i := 0
		for one := range ahead {
			kept := <-one
			n := numbers[i]
			i++
			if n > last {
				told.Page(&kept.page)
				last = n
			}
			if !yield(kept.page, kept.err) || kept.err != nil {
				return
			}
		}
		if i < len(numbers) {
			yield(ocr.Page{}, context.Cause(ctx))
		}
	}
}

// finished is what the work on a document came to.
type finished struct {
	results []Result
	told    ocr.Account
}

// render writes every result that was asked for in one pass over the kept pages. Results are streamed: neither a page list
// nor a result is held in memory.
func (s *Service) render(ctx context.Context, t *Task, doc *document) (finished, error) {
	return retry(ctx, func() (finished, error) { return s.pass(ctx, t, doc) })
}

// pass writes all results once.
func (s *Service) pass(ctx context.Context, t *Task, doc *document) (finished, error) {
	results := make([]Result, len(t.Settings.Formats))
	outputs := make([]render.Output, len(results))
	pipes := make([]*io.PipeWriter, len(results))
	var group errgroup.Group
	for i, f := range t.Settings.Formats {
		r, w := io.Pipe()
		outputs[i], pipes[i] = render.Output{Format: f, W: w}, w
		group.Go(func() error {
			blob, err := s.Store.Blobs.Put(ctx, t.resultName(f), f.MediaType(), r)
			results[i] = Result{Format: f, Size: blob.Size}
			_ = r.CloseWithError(err) // never fails; whoever writes on learns why nobody reads
			return err
		})
	}
	done := finished{results: results, told: ocr.Account{ReviewBelow: t.Settings.ReviewBelow}}
	done.told.Add(doc.info.Notes...)
	result := s.document(t, doc)
	var written []ocr.Note
	result.Original.Noted = func(notes []ocr.Note) { written = append(written, notes...) }
	err := render.Write(ctx, result, s.kept(ctx, t, t.Settings.Pages.Of(doc.info.Pages), &done.told), outputs...)
	for _, w := range pipes {
		_ = w.CloseWithError(err) // never fails; nil lets Put end well
	}
	if putErr := group.Wait(); err == nil {
		err = putErr // else it is an echo
	}
	done.told.Add(written...)
	return done, err
}

// document is what results say of the task's document.
func (s *Service) document(t *Task, doc *document) render.Document {
	return render.Document{
		ID:        t.Ref.ID,
		Languages: t.ReadIn(),
		Chosen:    language.IsAuto(t.Settings.Languages),
		Created:   t.Created,
		Software:  s.Software,
		Pages:     len(t.Settings.Pages.Of(doc.info.Pages)),
		Options:   t.Settings.Render,
		Notes:     doc.info.Told(t.Settings.pdf(), render.Kinds(t.Settings.Formats)),
		Original:  render.Original{Engine: s.Engine, Source: doc.source(), Options: t.Settings.pdf()},
	}
}
