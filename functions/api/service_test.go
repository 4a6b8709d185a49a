package api_test

import (
	"context"
	"io"
	"iter"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/functions/api/apitest"
	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/task"
)

// word is what the engine reads on every page.
const word = canary + "word"

// engine reads one word. While it is held, pages announce themselves and wait.
type engine struct {
	reached chan struct{} // nil unless held
	open    chan struct{}
}

func (e *engine) Inspect(context.Context, ocr.Source) (ocr.Info, error) {
	return ocr.Info{Type: "application/pdf", Pages: 1}, nil
}

func (e *engine) Recognise(_ context.Context, _ ocr.Source, n int, _ ocr.Options) (ocr.Page, error) {
	if e.reached != nil {
		e.reached <- struct{}{}
		<-e.open
	}
	box := ocr.Box{X1: 10, Y1: 10}
	line := ocr.Line{Box: box, Words: []ocr.Word{{Text: word, Box: box, Confidence: 90}}}
	return ocr.Page{
		Number: n, Width: 100, Height: 100, DPI: 300, Origin: ocr.Recognised, Confidence: 90,
		Blocks: []ocr.Block{{Box: box, Paragraphs: []ocr.Paragraph{{Box: box, Lines: []ocr.Line{line}}}}},
	}, nil
}

func (e *engine) WritePDF(
	_ context.Context, _ ocr.Source, _ ocr.PDFOptions, pages iter.Seq2[ocr.Page, error], w io.Writer,
) ([]ocr.Note, error) {
	for _, err := range pages {
		if err != nil {
			return nil, err
		}
	}
	_, err := io.WriteString(w, "%PDF-"+word)
	return nil, err
}

func (e *engine) Languages() []string { return []string{"deu", "eng"} }

// queue remembers what waits.
type queue struct {
	mu    sync.Mutex
	waits []task.Ref // guarded by mu
}

func (q *queue) Push(_ context.Context, job task.Job, _ time.Duration) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waits = append(q.waits, job.Task)
	return nil
}

// linker signs nothing.
type linker struct{}

func (linker) UploadLink(_ context.Context, name string, _ int64, expires time.Time) (storage.Link, error) {
	return storage.Link{URL: "https://store.example/" + name + "?sig=signature", Method: "PUT", Expires: expires}, nil
}

func (linker) DownloadLink(_ context.Context, name string, expires time.Time) (storage.Link, error) {
	return storage.Link{URL: "https://store.example/" + name + "?sig=signature", Method: "GET", Expires: expires}, nil
}

// service is the interface over the task service, with a store in memory.
type service struct {
	world
	*apitest.Service
	engine *engine
	queue  *queue
}

func newService(t *testing.T) *service {
	s := &service{engine: &engine{}, queue: &queue{}}
	s.log = &journal{}
	s.Service = apitest.New(t, apitest.Config{
		Engine: s.engine, Links: linker{}, Queue: s.queue, Rates: access.Rates{PerSecond: 50, Burst: 200}, Inline: inlineLimit,
		Now: time.Now, Log: slog.New(slog.NewJSONHandler(s.log, nil)),
	})
	s.apps, s.handler = s.Apps, s.Handler
	return s
}

// create makes a task over the interface.
func (s *service) create(t *testing.T, c client, settings string) task.Ref {
	t.Helper()
	got := read[shown](t, s.call(t, c, "POST", "/v1/tasks", settings), 201)
	return task.Ref{Application: c.id, ID: got.ID}
}

// upload stores a document as a client does with its link, and lets its event follow.
func (s *service) upload(t *testing.T, ref task.Ref) {
	t.Helper()
	if _, err := s.Blobs.Put(t.Context(), ref.UploadName(), "application/pdf", strings.NewReader("%PDF "+canary)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Tasks.Landed(t.Context(), ref.UploadName()); err != nil {
		t.Fatal(err)
	}
}

func (s *service) process(t *testing.T, ref task.Ref) {
	t.Helper()
	if _, err := s.Tasks.Process(t.Context(), ref.Job()); err != nil {
		t.Error(err)
	}
}

func (s *service) completed(t *testing.T, c client, settings string) task.Ref {
	t.Helper()
	ref := s.create(t, c, settings)
	s.upload(t, ref)
	s.process(t, ref)
	return ref
}

// copies lists every blob of the store.
func (s *service) copies(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, container := range []string{storage.Uploads, storage.Work, storage.Results} {
		blobs, err := s.Blobs.List(t.Context(), container+"/", "", 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range blobs {
			names = append(names, b.Name)
		}
	}
	return names
}

// checkSilence asserts that the log holds nothing of what went through.
func (s *service) checkSilence(t *testing.T) {
	t.Helper()
	for _, secret := range []string{canary, "signature", "store.example"} {
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
}
