//go:build linux && cgo

package main_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/trigger"
)

// operation is one call of the domain, of the present program or of an earlier one: testdata/upgrade/*/source/sidebyside.
type operation struct {
	Do    string
	Ahead time.Duration // of the time that the operation sees
	App   string
	ID    string
	Key   string // idempotency key
	Stop  int    // page at which the process dies
	Text  string // message
}

// outcome is what an operation answers.
type outcome struct {
	ID, Name, State, Text, Error string
	Messages                     []string // that were put on the queue
}

// instance is a process of a stamp.
type instance interface{ do(op operation) outcome }

// earlierInstance is a process of an earlier program.
type earlierInstance struct {
	t   *testing.T
	in  *json.Encoder
	out *json.Decoder
}

func (e earlierInstance) do(op operation) (o outcome) {
	e.t.Helper()
	if err := errors.Join(e.in.Encode(op), e.out.Decode(&o)); err != nil {
		e.t.Fatal(err)
	}
	return o
}

// presentInstance is a process of the present program.
type presentInstance struct {
	*task.Service
	t        *testing.T
	ledger   *ledger.Log
	ahead    atomic.Int64
	stop     int
	die      context.CancelFunc
	mu       sync.Mutex
	messages []string // guarded by mu: a sweep puts several on the queue at once
}

func (p *presentInstance) now() time.Time { return time.Now().Add(time.Duration(p.ahead.Load())) }

// Send implements trigger.Sender.
func (p *presentInstance) Send(_ context.Context, text []byte, _ time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.messages = append(p.messages, string(text))
	return nil
}

// Inspect implements ocr.Engine.
func (p *presentInstance) Inspect(_ context.Context, src ocr.Source) (ocr.Info, error) {
	stat, err := src.File.Stat()
	if err != nil {
		return ocr.Info{}, err
	}
	if stat.Size() > 200_000 {
		return ocr.Info{Type: "image/tiff", Pages: 6}, nil
	}
	return ocr.Info{Type: "image/tiff", Pages: 3}, nil
}

// Recognise implements ocr.Engine.
func (p *presentInstance) Recognise(ctx context.Context, _ ocr.Source, n int, _ ocr.Options) (ocr.Page, error) {
	if n == p.stop {
		p.die()
		<-ctx.Done()
		return ocr.Page{}, ctx.Err()
	}
	box := ocr.Box{X0: 10, Y0: 10, X1: 90, Y1: 30}
	word := ocr.Word{Text: fmt.Sprintf("page%d", n), Box: box, Confidence: 90}
	return ocr.Page{
		Number: n, Width: 100, Height: 100, DPI: 72, Origin: ocr.Recognised,
		Blocks: []ocr.Block{{Box: box, Paragraphs: []ocr.Paragraph{{Box: box, Lines: []ocr.Line{{Box: box, Words: []ocr.Word{word}}}}}}},
	}, nil
}

// WritePDF implements ocr.Engine.
func (*presentInstance) WritePDF(
	_ context.Context, _ ocr.Source, _ ocr.PDFOptions, pages iter.Seq2[ocr.Page, error], w io.Writer,
) ([]ocr.Note, error) {
	for _, err := range pages {
		if err != nil {
			return nil, err
		}
	}
	_, err := io.WriteString(w, "%PDF-")
	return nil, err
}

// Languages implements ocr.Engine.
func (*presentInstance) Languages() []string { return []string{"eng"} }

func (p *presentInstance) do(op operation) (o outcome) {
	p.t.Helper()
	ctx, die := context.WithCancel(p.t.Context())
	defer die()
	p.ahead.Store(int64(op.Ahead))
	p.stop, p.die, p.messages = op.Stop, die, nil
	if err := p.call(ctx, op, &o); err != nil {
		o.Error = err.Error()
	}
	o.Messages = p.messages
	return o
}

func (p *presentInstance) call(ctx context.Context, op operation, o *outcome) error {
	ref := task.Ref{Application: op.App, ID: op.ID}
	show := func(t *task.Task, err error) error {
		if err == nil {
			o.ID, o.Name, o.State = t.Ref.ID, t.Ref.UploadName(), string(t.State)
		}
		return err
	}
	var err error
	switch op.Do {
	case "create":
		made, err := p.Create(ctx, task.Order{
			Application: op.App, IdempotencyKey: op.Key, Settings: task.Settings{Languages: []string{"eng"}, Formats: []render.Format{render.TXT, render.PDF}},
		})
		return show(made.Task, err)
	case "get":
		return show(p.Get(ctx, ref))
	case "landed":
		return show(p.Landed(ctx, ref.UploadName()))
	case "process":
		_, err = p.Process(ctx, ref.Job())
	case "message":
		m, malformed := trigger.ParseJob(op.Text)
		if malformed != nil {
			return malformed
		}
		_, err = p.Process(ctx, m.Job)
	case "text":
		result, opened := p.OpenResult(ctx, ref, render.TXT)
		if opened != nil {
			return opened
		}
		text, read := io.ReadAll(result)
		o.Text = string(text)
		err = errors.Join(read, result.Close())
	case "delete":
		return show(p.Delete(ctx, ref))
	case "sweep":
		_, err = p.Sweep(ctx)
	case "pass":
		_, err = p.FullPass(ctx)
	case "sequence":
		_, err = p.ledger.Sequence(ctx)
	}
	return err
}
