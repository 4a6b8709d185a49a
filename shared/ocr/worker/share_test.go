//go:build linux

package worker_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/worker"
)

// of returns a document that an owner wants read.
func of(t *testing.T, owner, text string) ocr.Source {
	t.Helper()
	src := document(t, owner+" "+text, text)
	src.Owner = owner
	return src
}

// eager makes pages give way after a moment of processor time.
func eager(cfg *worker.Config) { cfg.Limits.Slice = 30 * time.Millisecond }

// inPlace reads a page in a place that the caller waited for.
func inPlace(ctx context.Context, p *worker.Pool, src ocr.Source, n int) (ocr.Page, error) {
	place, err := p.Places().Take(ctx, src.Owner, time.Hour)
	if err != nil {
		return ocr.Page{}, err
	}
	defer place.Give()
	src.Place = place
	return p.Recognise(ctx, src, n, options())
}

func TestPlaceOfTheCallerStaysTheCallers(t *testing.T) {
	p := newPool(t, "serve", eager)
	src := of(t, "one", "echo")
	place, err := p.Places().Take(t.Context(), src.Owner, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	src.Place = place
	for n := range 3 { // more places are not needed, nor is one given away between two pages
		if _, err := p.Recognise(t.Context(), src, n+1, options()); err != nil {
			t.Fatal(err)
		}
		if !place.Held() {
			t.Fatal("the place was given back")
		}
	}
	other := make(chan error, 1)
	go func() {
		_, err := p.Recognise(t.Context(), of(t, "two", "echo"), 1, options())
		other <- err
	}()
	eventually(t, func() bool { return p.Places().Waiting() == 1 })
	place.Give()
	if err := <-other; err != nil {
		t.Error(err)
	}
}

// begun waits until so many children work on a page.
func begun(t *testing.T, p *worker.Pool, children int) {
	t.Helper()
	eventually(t, func() bool {
		n := 0
		for _, c := range p.Stats().Children {
			if c.Pages > 0 {
				n++
			}
		}
		return n >= children
	})
}

// With every child at a page that would take for ever, another owner's pages are read; the pages that were stopped go on.
func TestPageThatTakesLongMakesWayForAnotherOwner(t *testing.T) {
	for _, children := range []int{1, 2} {
		t.Run(fmt.Sprint(children), func(t *testing.T) {
			p := newPool(t, "serve", func(cfg *worker.Config) { eager(cfg); cfg.Children, cfg.Limits.CPU = children, 5*time.Second })
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var hostile sync.WaitGroup
			for range children + 2 {
				src := of(t, "flood", "spin")
				hostile.Go(func() {
					if _, err := p.Recognise(ctx, src, 1, options()); !errors.Is(err, context.Canceled) {
						t.Errorf("a page without end: %v", err)
					}
				})
			}
			begun(t, p, children)
			modest := of(t, "modest", "echo")
			for n := range 3 {
				if _, err := p.Inspect(t.Context(), modest); err != nil {
					t.Fatal(err)
				}
				if _, err := p.Recognise(t.Context(), modest, n+1, options()); err != nil {
					t.Fatal(err)
				}
			}
			var b strings.Builder
			if _, err := p.WritePDF(t.Context(), modest, ocr.PDFOptions{}, pages(2), &b); err != nil {
				t.Fatal(err)
			}
			if ends := p.Stats().Ends; ends[worker.OverCPU]+ends[worker.OverTime]+ends[worker.PutBack] != 0 {
				t.Errorf("pages were ended: %v", ends)
			}
			cancel()
			hostile.Wait()
		})
	}
}

func TestPageThatWasStoppedEndsAsIfItHadNotBeen(t *testing.T) {
	p := newPool(t, "serve", eager)
	long := of(t, "long", "work 1500")
	result := make(chan ocr.Page, 1)
	go func() {
		page, err := p.Recognise(t.Context(), long, 1, options())
		if err != nil {
			t.Error(err)
		}
		result <- page
	}()
	begun(t, p, 1)
	for n := range 5 {
		if _, err := p.Recognise(t.Context(), of(t, "short", fmt.Sprint("echo ", n)), 1, options()); err != nil {
			t.Error(err)
		}
	}
	select {
	case <-result:
		t.Error("the long page ended first: nothing made way")
	default:
		if page := <-result; !slices.Contains(texts(page), "command=work") {
			t.Errorf("got %v", texts(page))
		}
	}
	if s := p.Stats(); s.Retries != 0 || s.Ends[worker.PutBack] != 0 {
		t.Errorf("it was begun anew: %+v", s)
	}
}

// However many owners have pages that take long, each page ends, and children do not become more and more.
func TestManyOwnersOfLongPagesShareOneChild(t *testing.T) {
	const owners = 8
	p := newPool(t, "serve", eager)
	var all sync.WaitGroup
	for i := range owners {
		src := of(t, fmt.Sprint("owner", i), "work 200")
		all.Go(func() {
			if _, err := inPlace(t.Context(), p, src, 1); err != nil {
				t.Error(err)
			}
		})
	}
	ended := make(chan struct{})
	go func() { defer close(ended); all.Wait() }()
	most := 0
	for done := false; !done; {
		select {
		case <-ended:
			done = true
		case <-time.After(time.Millisecond):
			most = max(most, len(p.Stats().Children))
		}
	}
	if most < 2 || most > 7 {
		t.Errorf("there were up to %d children", most)
	}
	eventually(t, func() bool { return len(p.Stats().Children) == 1 })
}

// Two pages that have most of the memory do not fit beside each other: the one that was stopped is begun anew.
func TestStoppedPageGivesItsMemoryToTheOneThatRuns(t *testing.T) {
	p := newPool(t, "serve", func(cfg *worker.Config) { eager(cfg); cfg.Limits.Memory = 600 << 20 })
	var all sync.WaitGroup
	read := func(owner, command string) {
		src := of(t, owner, command)
		all.Go(func() {
			if _, err := inPlace(t.Context(), p, src, 1); err != nil {
				t.Errorf("%s: %v", owner, err)
			}
		})
	}
	read("first", "fat 400 500")
	begun(t, p, 1)
	read("second", "fat 400 500")
	all.Wait()
	if ends := p.Stats().Ends; ends[worker.OverMemory] != 0 || ends[worker.PutBack] == 0 {
		t.Errorf("children ended as %v", ends)
	}
}

func TestDrawingAPageHasALimitOfItsOwn(t *testing.T) {
	p := newPool(t, "serve", func(cfg *worker.Config) { cfg.Limits.Draw, cfg.Limits.CPU = 100*time.Millisecond, 20*time.Second })
	used := usedByChildren(t)
	_, err := p.Recognise(t.Context(), document(t, "a", "spin-drawing"), 1, options())
	if !errors.Is(err, fault.PageTime) || !strings.Contains(err.Error(), "Drawing") || !strings.Contains(err.Error(), "100ms") {
		t.Errorf("got %v", err)
	}
	eventually(t, func() bool { return p.Stats().Ends[worker.OverCPU] == 1 })
	if used = usedByChildren(t) - used; used > 10*time.Second {
		t.Errorf("the child was ended after %v of processor time", used)
	}
	if _, err := p.Recognise(t.Context(), document(t, "b", "damaged-drawing"), 1, options()); !errors.Is(err, fault.PageDamaged) {
		t.Errorf("got %v", err)
	}
	if _, err := p.Recognise(t.Context(), document(t, "c", "work 300"), 1, options()); err != nil {
		t.Errorf("reading for longer than drawing may take: %v", err)
	}
}

// usedByChildren is the processor time of all children that have ended.
func usedByChildren(t *testing.T) time.Duration {
	t.Helper()
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_CHILDREN, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
