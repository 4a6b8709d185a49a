//go:build linux

package worker_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/derivative"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
	"github.com/lethe-ocr/lethe/shared/ocr/worker"
)

func (e *fakeEngine) Survey(_ context.Context, src ocr.Source, n int) (derivative.Page, error) {
	page := derivative.Page{Boxes: &derivative.Boxes{Media: derivative.Rect{0, 0, 595, 842}}, Ink: derivative.Ink{Lines: n}}
	switch e.command(src) {
	case "crash survey":
		crash()
	case "hang survey":
		select {}
	case "damaged second":
		if n == 2 {
			return derivative.Page{}, refusal.New(refusal.PageDamaged)
		}
	case "overstated":
		page.Ink.Density = 8
	case "unrounded":
		page.Boxes.Media[2] = 595.123456789
	}
	return page, nil
}

func (e *fakeEngine) Derive(_ context.Context, plan derivative.Plan, w io.Writer) error {
	for _, page := range plan.Pages {
		if _, err := fmt.Fprintf(w, "%d lines\n", page.Ink.Lines); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "%s by a process that saw %d documents in %d calls\n", plan.Type, e.opens, e.calls)
	return err
}

func TestDerivativeIsWrittenByAProcessThatSawNoDocument(t *testing.T) {
	for _, c := range []struct {
		name     string
		children int
	}{{"one child", 1}, {"two children", 2}} {
		t.Run(c.name, func(t *testing.T) {
			p := newPool(t, "serve", func(cfg *worker.Config) { cfg.Children = c.children })
			want := "1 lines\n2 lines\n3 lines\napplication/pdf by a process that saw 0 documents in 0 calls\n"
			for _, id := range []string{"a", "b", ""} {
				var b bytes.Buffer
				if err := p.Derive(t.Context(), document(t, id, "echo"), &b); err != nil {
					t.Fatal(err)
				}
				if b.String() != want {
					t.Errorf("document %q: %s", id, b.String())
				}
			}
		})
	}
}

func TestDeriveFailuresLeaveTheWriterAloneAndThePoolUsable(t *testing.T) {
	for _, c := range []struct {
		command string
		want    error
	}{
		{command: "damaged second", want: fault.PageDamaged},
		{command: "crash survey", want: fault.PageFailed},
		{command: "hang survey", want: fault.EngineStarved},
		{command: "damaged", want: fault.DocumentDamaged},
		{command: "overstated", want: fault.PageFailed},
		{command: "unrounded", want: fault.PageFailed},
	} {
		t.Run(c.command, func(t *testing.T) {
			p := newPool(t, "serve", func(cfg *worker.Config) { cfg.Limits.Wall = time.Second })
			var b bytes.Buffer
			if err := p.Derive(t.Context(), document(t, "a", c.command), &b); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if b.Len() > 0 {
				t.Errorf("%q was written", b.String())
			}
			if err := p.Derive(t.Context(), document(t, "b", "echo"), io.Discard); err != nil {
				t.Errorf("the document after it: %v", err)
			}
		})
	}
}

func TestDeriveReturnsTheErrorOfItsWriter(t *testing.T) {
	p := newPool(t, "serve", nil)
	if err := p.Derive(t.Context(), document(t, "a", "echo"), brokenWriter{}); !errors.Is(err, errStorage) {
		t.Errorf("got %v", err)
	}
	if err := p.Derive(t.Context(), document(t, "b", "echo"), io.Discard); err != nil {
		t.Errorf("the document after it: %v", err)
	}
}
