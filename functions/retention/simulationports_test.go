package retention_test

import (
	"bytes"
	"context"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/task"
)

// links signs nothing.
type links struct{}

func (links) UploadLink(_ context.Context, name string, _ int64, ends time.Time) (storage.Link, error) {
	return storage.Link{URL: name, Expires: ends}, nil
}

func (links) DownloadLink(_ context.Context, name string, ends time.Time) (storage.Link, error) {
	return storage.Link{URL: name, Expires: ends}, nil
}

// queue holds messages in the simulation.
type queue struct{ s *simulation }

func (q queue) Push(_ context.Context, job task.Job, delay time.Duration) error {
	q.s.waiting = append(q.s.waiting, push{job, time.Now().Add(delay)})
	return nil
}

// engine reads one page of any document; one in ten is damaged.
type engine struct{ s *simulation }

func (e engine) Inspect(_ context.Context, src ocr.Source) (ocr.Info, error) {
	if e.s.random.IntN(10) == 0 {
		return ocr.Info{}, fault.New(fault.DocumentDamaged, "the document is damaged")
	}
	return ocr.Info{Type: "application/pdf", Pages: 1 + int(src.ID[10])%3}, nil // the same for the same document
}

func (engine) Recognise(_ context.Context, _ ocr.Source, n int, _ ocr.Options) (ocr.Page, error) {
	return ocr.Page{Number: n, Width: 10, Height: 10, DPI: 300, Origin: ocr.Recognised}, nil
}

func (engine) WritePDF(
	context.Context, ocr.Source, ocr.PDFOptions, iter.Seq2[ocr.Page, error], io.Writer,
) ([]ocr.Note, error) {
	return nil, nil
}

func (engine) Languages() []string { return []string{"eng"} }

// ReadFile implements ledger.Source.
func (s *simulation) ReadFile(ctx context.Context, path string) ([]byte, error) {
	r, _, err := s.blobs.Get(ctx, storage.Ledger+"/"+path)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	_, err = b.ReadFrom(r)
	return b.Bytes(), err
}

func container(name string) string {
	c, _, _ := strings.Cut(name, "/")
	return c
}

// owner returns the id of the task that a blob belongs to, empty for none.
func owner(name string) string {
	if _, ref, _, err := task.ParseName(name); err == nil {
		return ref.ID
	}
	return ""
}
