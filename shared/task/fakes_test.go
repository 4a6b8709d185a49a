package task_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/task"
)

// engine reads pages from a script.
type engine struct {
	mu       sync.Mutex
	pages    int             // guarded by mu once a document is inspected
	errs     map[int][]error // guarded by mu; by page, 0 for Inspect; each is returned once
	always   map[int]error   // guarded by mu; by page, returned every time
	read     map[int]int     // guarded by mu; how often each page was read with success
	password string          // guarded by mu; of the document inspected last
	pdfErr   error
	pdf      ocr.PDFOptions // guarded by mu; of the searchable PDF written last
	told     []ocr.Note     // of the searchable PDF
	parts    []int          // guarded by mu; pages of the files that the searchable PDF written last was made of

	passwords []string           // guarded by mu; of documents inspected, in order
	fields    []ocr.FieldRequest // guarded by mu; that were asked for
	layer     ocr.Page           // what is told of each page
	info      ocr.Info           // what is told of the document
	starting  bool               // no language is known yet
	slow      time.Duration      // each page takes so long
	gate      *gate              // guarded by mu; when set, pages stop there
	busy      map[string]int     // guarded by mu; pages being read, by document
	calls     int                // guarded by mu; of Recognise
	owners    map[string]bool    // guarded by mu; on whose behalf the engine was asked
	shows     map[int]string     // languages that a look at a page finds, joined by a space
	looked    []string           // guarded by mu; the page and the languages of each look
	readIn    map[string]int     // guarded by mu; pages read, by their languages
	beside    map[string]bool    // guarded by mu; documents of which a page was read while another document's was
	wanted    ocr.Options        // guarded by mu; for the last page that was read
	code      string             // value of a bar code that pages show where one is looked for; empty for none
}

// begin notes that a page of a document is read, and beside what.
func (e *engine) begin(id string) (end func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.busy == nil {
		e.busy, e.beside = map[string]int{}, map[string]bool{}
	}
	e.busy[id]++
	for other := range e.busy {
		if other != id {
			e.beside[id], e.beside[other] = true, true
		}
	}
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.busy[id]--; e.busy[id] == 0 {
			delete(e.busy, id)
		}
	}
}

// reading returns how many pages of a document are being read.
func (e *engine) reading(id string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.busy[id]
}

// note counts a call on behalf of an owner.
func (e *engine) note(owner string, pages int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.owners == nil {
		e.owners = map[string]bool{}
	}
	e.owners[owner] = true
	e.calls += pages
}

func (e *engine) asked() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.calls
}

func (e *engine) of() map[string]bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.owners
}

// company tells of which documents pages were read beside another's, and forgets it.
func (e *engine) company() map[string]bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	seen := e.beside
	e.beside = map[string]bool{}
	return seen
}

// gate is where pages stop while a test looks around.
type gate struct {
	reached chan int      // each page announces itself here
	open    chan struct{} // lets pages go on: one for each value, all once it is closed
	stuck   bool          // a page that waits does not heed its context
}

func (g *gate) wait(ctx context.Context, n int) error {
	g.reached <- n
	done := ctx.Done()
	if g.stuck {
		done = nil
	}
	select {
	case <-g.open:
		return nil
	case <-done:
		return ctx.Err()
	}
}

// block makes pages stop at a gate until unblock is called.
func (e *engine) block() *gate {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.gate = &gate{reached: make(chan int, 100), open: make(chan struct{})}
	return e.gate
}

// unblock takes the gate away for pages that have not reached it.
func (e *engine) unblock() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.gate = nil
}

func (e *engine) closed() *gate {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.gate
}

func (e *engine) next(n int) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if list := e.errs[n]; len(list) > 0 {
		e.errs[n] = list[1:]
		return list[0]
	}
	return e.always[n]
}

func (e *engine) reads() map[int]int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return maps.Clone(e.read)
}

// setPages changes how many pages documents have that are inspected from now on.
func (e *engine) setPages(n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.pages = n
}

func (e *engine) Inspect(ctx context.Context, src ocr.Source) (ocr.Info, error) {
	e.note(src.Owner, 0)
	if err := errors.Join(ctx.Err(), e.next(0)); err != nil {
		return ocr.Info{}, err
	}
	e.mu.Lock()
	e.password = src.Password
	e.passwords = append(e.passwords, src.Password)
	pages := e.pages
	e.mu.Unlock()
	b, err := io.ReadAll(io.NewSectionReader(src.File, 0, 1<<20))
	if err != nil || string(b) != content {
		return ocr.Info{}, fault.New(fault.DocumentDamaged, "the document is not what was uploaded")
	}
	info := e.info
	info.Type, info.Pages = "application/pdf", pages
	return info, nil
}

func (e *engine) Recognise(ctx context.Context, src ocr.Source, n int, opt ocr.Options) (ocr.Page, error) {
	e.note(src.Owner, 1)
	id, _, _ := strings.Cut(src.ID, " ")
	defer e.begin(id)()
	if g := e.closed(); g != nil {
		if err := g.wait(ctx, n); err != nil {
			return ocr.Page{}, err
		}
	}
	if e.slow > 0 {
		select {
		case <-time.After(e.slow):
		case <-ctx.Done():
			return ocr.Page{}, ctx.Err()
		}
	}
	if err := e.next(n); err != nil {
		return ocr.Page{}, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if opt.Choose {
		e.looked = append(e.looked, fmt.Sprint(n, " of ", strings.Join(opt.Languages, " ")))
		return ocr.Page{Number: n, Width: 100, Height: 100, DPI: 300, Origin: ocr.Recognised, Languages: strings.Fields(e.shows[n])}, nil
	}
	if e.read == nil {
		e.read, e.readIn = map[int]int{}, map[string]int{}
	}
	e.wanted = opt
	e.read[n]++
	e.fields = append(e.fields, opt.Fields...)
	e.readIn[strings.Join(opt.Languages, " ")]++
	box := ocr.Box{X1: 10, Y1: 10}
	line := ocr.Line{Box: box, Words: []ocr.Word{{Text: word, Box: box, Confidence: 90}}}
	page := ocr.Page{
		Number: n, Width: 100, Height: 100, DPI: 300, Origin: ocr.Recognised, Confidence: 90,
		HiddenWords: e.layer.HiddenWords, Notes: e.layer.Notes,
		Blocks: []ocr.Block{{Box: box, Paragraphs: []ocr.Paragraph{{Box: box, Lines: []ocr.Line{line}}}}},
	}
	if opt.Barcodes && e.code != "" {
		page.Blocks = append(page.Blocks, ocr.Block{Box: box, Kind: ocr.BarcodeBlock, Value: e.code, Symbology: "QR-Code"})
	}
	return page, nil
}

func (e *engine) WritePDF(
	_ context.Context, src ocr.Source, opt ocr.PDFOptions, pages iter.Seq2[ocr.Page, error], w io.Writer,
) ([]ocr.Note, error) {
	e.note(src.Owner, 0)
	e.mu.Lock()
	e.pdf, e.parts = opt, nil
	for _, p := range src.Parts {
		e.parts = append(e.parts, p.Pages)
	}
	e.mu.Unlock()
	if e.pdfErr != nil {
		return nil, e.pdfErr
	}
	for _, err := range pages {
		if err != nil {
			return nil, err
		}
	}
	_, err := io.WriteString(w, "%PDF "+word)
	return e.told, err
}

func (e *engine) Languages() []string {
	if e.starting {
		return nil
	}
	return []string{"eng", "lat"}
}

// queue remembers what was pushed.
type queue struct {
	mu     sync.Mutex
	pushed []push // guarded by mu
	err    error
}

type push struct {
	job   task.Job
	delay time.Duration
}

func (q *queue) Push(_ context.Context, job task.Job, delay time.Duration) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.err != nil {
		return q.err
	}
	q.pushed = append(q.pushed, push{job, delay})
	return nil
}

// pop takes the oldest push.
func (q *queue) pop() (push, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.pushed) == 0 {
		return push{}, false
	}
	one := q.pushed[0]
	q.pushed = q.pushed[1:]
	return one, true
}

func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.pushed)
}

// take empties the queue.
func (q *queue) take() []push {
	q.mu.Lock()
	defer q.mu.Unlock()
	all := q.pushed
	q.pushed = nil
	return all
}

// applications knows who was revoked.
type applications struct {
	mu      sync.Mutex
	revoked []string // guarded by mu
}

func (a *applications) revoke(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.revoked = append(a.revoked, id)
}

func (a *applications) Revoked(_ context.Context, id string) (bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Contains(a.revoked, id), nil
}

// linker signs nothing.
type linker struct{ err error }

func (l *linker) UploadLink(_ context.Context, name string, size int64, expires time.Time) (storage.Link, error) {
	return storage.Link{URL: fmt.Sprintf("https://store.invalid/%s?size=%d", name, size), Method: "PUT", Expires: expires}, l.err
}

func (l *linker) DownloadLink(_ context.Context, name string, expires time.Time) (storage.Link, error) {
	return storage.Link{URL: "https://store.invalid/" + name, Method: "GET", Expires: expires}, l.err
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer // guarded by mu
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
