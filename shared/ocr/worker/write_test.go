//go:build linux

package worker_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/worker"
)

func pages(n int) iter.Seq2[ocr.Page, error] {
	return func(yield func(ocr.Page, error) bool) {
		for i := range n {
			if !yield(words(i+1, options(), "word"), nil) {
				return
			}
		}
	}
}

func TestWritePDFStreamsPagesInAndBytesOut(t *testing.T) {
	p := newPool(t, "serve", nil)
	src := document(t, "a", "echo")
	for _, command := range []string{"echo", "early"} {
		var b strings.Builder
		if _, err := p.WritePDF(t.Context(), document(t, command, command), ocr.PDFOptions{}, pages(3), &b); err != nil {
			t.Fatal(err)
		}
		want := "page 1\npage 2\npage 3\nend\n"
		if command == "early" {
			want = "page 1\npage 2\n"
		}
		if b.String() != want {
			t.Errorf("%s: got %q", command, b.String())
		}
	}
	if _, err := p.Recognise(t.Context(), src, 1, options()); err != nil {
		t.Errorf("the page after it: %v", err)
	}
	if s := p.Stats(); s.Starts != 1 {
		t.Errorf("%d starts, want the same child for all", s.Starts)
	}
}

func TestWritePDFTellsWhatTheEngineNoted(t *testing.T) {
	p := newPool(t, "serve", nil)
	notes, err := p.WritePDF(t.Context(), document(t, "a", "echo"), ocr.PDFOptions{KeepHidden: true}, pages(3), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]ocr.Note{{Code: ocr.HiddenTextKept, Page: 2, Count: 7}}, notes); diff != "" {
		t.Error(diff)
	}
	notes, err = p.WritePDF(t.Context(), document(t, "b", "made-up note"), ocr.PDFOptions{}, pages(3), io.Discard)
	if !errors.Is(err, fault.EngineUnavailable) || notes != nil {
		t.Errorf("a note that nobody knows: %v, %v", notes, err)
	}
	eventually(t, func() bool { return p.Stats().Ends[worker.Lied] == 1 })
}

func TestWritePDFHoldsOnePageAtATime(t *testing.T) {
	p := newPool(t, "serve", nil)
	big := make([]string, 20_000)
	for i := range big {
		big[i] = "word"
	}
	var third, last uint64 // bytes in use after so many pages, of which each takes more than 2 MiB
	many := func(yield func(ocr.Page, error) bool) {
		for i := range 10 {
			if !yield(words(i+1, options(), big...), nil) {
				return
			}
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			if last = m.HeapAlloc; i == 2 {
				third = last
			}
		}
	}
	if _, err := p.WritePDF(t.Context(), document(t, "a", "echo"), ocr.PDFOptions{}, many, io.Discard); err != nil {
		t.Fatal(err)
	}
	if last > third+4<<20 {
		t.Errorf("%d MiB in use after the third page, %d MiB after the last", third>>20, last>>20)
	}
}

var errStorage = errors.New("storage is away")

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errStorage }

func TestWritePDFFailures(t *testing.T) {
	failing := func(yield func(ocr.Page, error) bool) {
		if yield(words(1, options(), "word"), nil) {
			yield(ocr.Page{}, errStorage)
		}
	}
	for _, c := range []struct {
		name    string
		command string
		limits  worker.Limits
		pages   iter.Seq2[ocr.Page, error]
		w       io.Writer
		want    error
	}{
		{name: "pages fail", command: "echo", pages: failing, want: errStorage},
		{name: "writer fails", command: "echo", pages: pages(1000), w: brokenWriter{}, want: errStorage},
		{name: "child crashes", command: "crash", pages: pages(5), want: fault.EngineUnavailable},
		{name: "child crashes while many pages wait", command: "crash", pages: pages(20_000), want: fault.EngineUnavailable},
		{name: "child hangs", command: "hang", limits: worker.Limits{Wall: 100 * time.Millisecond}, pages: pages(5), want: fault.EngineStarved},
		{name: "document is damaged", command: "damaged", pages: pages(20_000), want: fault.DocumentDamaged},
		{name: "output without end", command: "flood", limits: worker.Limits{Output: 1 << 20}, pages: pages(5), want: fault.PageFailed},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPool(t, "serve", func(cfg *worker.Config) {
				c.limits.Poll, c.limits.Start = cfg.Limits.Poll, cfg.Limits.Start
				cfg.Limits = c.limits
			})
			w := c.w
			if w == nil {
				w = io.Discard
			}
			if _, err := p.WritePDF(t.Context(), document(t, "a", c.command), ocr.PDFOptions{}, c.pages, w); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if _, err := p.WritePDF(t.Context(), document(t, "b", "echo"), ocr.PDFOptions{}, pages(3), io.Discard); err != nil {
				t.Errorf("the document after it: %v", err)
			}
		})
	}
}

func TestWritePDFDoesNotCountTimeOfTheCaller(t *testing.T) {
	began := time.Now()
	var hours atomic.Int64 // that the caller took
	var measured atomic.Int64
	p := newPool(t, "serve", func(c *worker.Config) {
		c.Limits.Wall, c.Limits.Stall = time.Minute, time.Minute
		c.Now = func() time.Time {
			measured.Add(1)
			return began.Add(time.Duration(hours.Load()) * time.Hour)
		}
	})
	slow := func(yield func(ocr.Page, error) bool) {
		eventually(t, func() bool { return measured.Load() > 0 }) // by the watch alone, from its start
		hours.Add(1)
		// The watch reads the clock twice each time it looks: after four it has seen the hour and gone on.
		seen := measured.Load()
		eventually(t, func() bool { return measured.Load() > seen+3 || p.Stats().Ends[worker.OverTime] > 0 })
		yield(words(1, options(), "word"), nil)
	}
	if _, err := p.WritePDF(t.Context(), document(t, "a", "echo"), ocr.PDFOptions{}, slow, io.Discard); err != nil {
		t.Error(err)
	}
}

func TestWritePDFEndsWhenCancelled(t *testing.T) {
	p := newPool(t, "serve", nil)
	ctx, cancel := context.WithCancel(t.Context())
	endless := func(yield func(ocr.Page, error) bool) {
		for i := 1; yield(words(i, options(), "word"), nil); i++ {
			if i == 10 {
				cancel()
			}
		}
	}
	if _, err := p.WritePDF(ctx, document(t, "a", "echo"), ocr.PDFOptions{}, endless, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
