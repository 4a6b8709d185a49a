// Command sidebyside runs the domain of this revision on a storage account, one operation for each line of JSON on its standard
// input, at the time that the line says.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"os"
	"time"

	"github.com/lethe-ocr/lethe/functions/requeue"
	"github.com/lethe-ocr/lethe/shared/erasure"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage/azure"
	"github.com/lethe-ocr/lethe/shared/task"
)

type request struct {
	Do    string
	Ahead time.Duration // of the time that the operation sees
	App   string
	ID    string
	Key   string // idempotency key
	Stop  int    // page at which the process dies
	Text  string // message
}

type answer struct {
	ID, Name, State, Text, Error string
	Messages                     []string
}

type program struct {
	*task.Service
	ledger   *ledger.Log
	ahead    time.Duration
	stop     int
	die      context.CancelFunc
	messages []string
}

func (p *program) now() time.Time { return time.Now().Add(p.ahead) }

// Send keeps what is put on the queue for the answer.
func (p *program) Send(_ context.Context, text []byte, _ time.Duration) error {
	p.messages = append(p.messages, string(text))
	return nil
}

func (p *program) Inspect(_ context.Context, src ocr.Source) (ocr.Info, error) {
	stat, err := src.File.Stat()
	if err != nil {
		return ocr.Info{}, err
	}
	return ocr.Info{Type: "image/tiff", Pages: pages(stat.Size())}, nil
}

// pages is how many pages a document of so many bytes has.
func pages(size int64) int {
	if size > 200_000 {
		return 6
	}
	return 3
}

func (p *program) Recognise(ctx context.Context, _ ocr.Source, n int, _ ocr.Options) (ocr.Page, error) {
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

func (p *program) WritePDF(_ context.Context, _ ocr.Source, pages iter.Seq2[ocr.Page, error], w io.Writer) error {
	for _, err := range pages {
		if err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, "%PDF-")
	return err
}

func (p *program) Languages() []string { return []string{"eng"} }

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	p := &program{}
	quiet := slog.New(slog.DiscardHandler)
	store, err := azure.Open(azure.Config{ConnectionString: os.Getenv("Documents"), Now: p.now})
	if err != nil {
		return err
	}
	signer, err := ledger.ParseSigner(os.Getenv("SIGNING_KEY"))
	if err != nil {
		return err
	}
	p.ledger = ledger.New(ledger.Config{
		Blobs: store.Blobs, Records: store.Records, Signer: signer, Region: "local", Program: "lethe before", Keep: retention.TombstoneLife, Now: p.now, Log: quiet,
	})
	p.Service = task.New(task.Config{
		Store:  task.Store{Blobs: store.Blobs, Records: store.Records, Agenda: store.Records},
		Ledger: p.ledger, Links: store.Links, Engine: p, Queue: requeue.Pushed{To: p}, Turns: task.NewTurns(2), Policy: retention.Default(),
		Inventory: erasure.Inventory(), Limits: task.DefaultLimits(), Sweepers: 4, Owner: "before", Software: "lethe before", Now: p.now, Log: quiet,
	})
	lines := bufio.NewScanner(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var r request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return err
		}
		if err := out.Encode(p.answer(r)); err != nil {
			return err
		}
	}
	return lines.Err()
}

func (p *program) answer(r request) (a answer) {
	ctx, die := context.WithCancel(context.Background())
	defer die()
	p.ahead, p.stop, p.die, p.messages = r.Ahead, r.Stop, die, nil
	if err := p.do(ctx, r, &a); err != nil {
		a.Error = err.Error()
	}
	a.Messages = p.messages
	return a
}

func (p *program) do(ctx context.Context, r request, a *answer) error {
	ref := task.Ref{Application: r.App, ID: r.ID}
	show := func(t *task.Task, err error) error {
		if err == nil {
			a.ID, a.Name, a.State = t.Ref.ID, t.Ref.UploadName(), string(t.State)
		}
		return err
	}
	switch r.Do {
	case "create":
		made, err := p.Create(ctx, task.Order{
			Application: r.App, IdempotencyKey: r.Key, Settings: task.Settings{Languages: []string{"eng"}, Formats: []render.Format{render.TXT, render.PDF}},
		})
		return show(made.Task, err)
	case "get":
		return show(p.Get(ctx, ref))
	case "landed":
		return show(p.Landed(ctx, ref.UploadName()))
	case "process":
		_, err := p.Process(ctx, ref)
		return err
	case "message":
		if err := json.Unmarshal([]byte(r.Text), &ref); err != nil {
			return err
		}
		_, err := p.Process(ctx, ref)
		return err
	case "text":
		body, _, err := p.OpenResult(ctx, ref, render.TXT)
		if err != nil {
			return err
		}
		text, err := io.ReadAll(body)
		a.Text = string(text)
		return errors.Join(err, body.Close())
	case "delete":
		return show(p.Delete(ctx, ref))
	case "sweep":
		_, err := p.Sweep(ctx)
		return err
	case "pass":
		_, err := p.FullPass(ctx)
		return err
	case "sequence":
		_, err := p.ledger.Sequence(ctx)
		return err
	}
	return fmt.Errorf("unknown operation %q", r.Do)
}
