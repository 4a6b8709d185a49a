//go:build linux

package worker_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/worker"
)

func TestChildrenAreRecycled(t *testing.T) {
	for _, c := range []struct {
		name   string
		limits worker.Limits
		want   int64 // starts for six pages of three documents
	}{
		{name: "after pages", limits: worker.Limits{Pages: 2}, want: 3},
		{name: "after documents", limits: worker.Limits{Documents: 1}, want: 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPool(t, "serve", func(cfg *worker.Config) {
				c.limits.Poll, c.limits.Start = cfg.Limits.Poll, cfg.Limits.Start
				cfg.Limits = c.limits
			})
			for i := range 6 {
				src := document(t, fmt.Sprint("doc", i/2), "echo")
				if _, err := p.Recognise(t.Context(), src, 1, options()); err != nil {
					t.Fatal(err)
				}
			}
			if n := p.Stats().Starts; n != c.want {
				t.Errorf("%d starts, want %d", n, c.want)
			}
		})
	}
}

func TestChildWhoseMemoryCreptUpIsReplaced(t *testing.T) {
	p := newPool(t, "serve", func(c *worker.Config) { c.Limits.Memory = 512 << 20 })
	src := document(t, "a", "hold 300")
	for range 2 {
		if _, err := p.Recognise(t.Context(), src, 1, options()); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, func() bool { return p.Stats().Ends[worker.Recycled] == 1 })
}

func TestPoolSurvivesStormOfKills(t *testing.T) {
	const jobs = 200
	p := newPool(t, "serve", func(c *worker.Config) { c.Children = 4 })
	random := rand.New(rand.NewPCG(1, 2))
	sources := make([]ocr.Source, 8)
	for i := range sources {
		sources[i] = document(t, fmt.Sprint("doc", i), "hold 16")
	}
	results := make(chan error)
	var ended [jobs]atomic.Int32
	for i := range jobs {
		go func() {
			_, err := p.Recognise(t.Context(), sources[i%len(sources)], 1, options())
			ended[i].Add(1)
			results <- err
		}()
	}
	failed, killed := 0, 0
	for range jobs {
		err := <-results
		if err != nil {
			failed++
			if !errors.Is(err, fault.PageFailed) && !errors.Is(err, fault.EngineUnavailable) {
				t.Errorf("got %v", err)
			}
		}
		children := p.Stats().Children
		if len(children) == 0 || random.IntN(2) == 0 {
			continue
		}
		signal := []syscall.Signal{syscall.SIGKILL, syscall.SIGSEGV}[random.IntN(2)]
		if syscall.Kill(children[random.IntN(len(children))].PID, signal) == nil {
			killed++
		}
	}
	for i := range ended {
		if n := ended[i].Load(); n != 1 {
			t.Errorf("job %d ended %d times", i, n)
		}
	}
	if killed < jobs/10 || failed > jobs/2 {
		t.Errorf("%d kills, %d of %d jobs failed", killed, failed, jobs)
	}
	t.Logf("%d kills, %d jobs failed, %+v", killed, failed, p.Stats().Ends)
	if _, err := p.Recognise(t.Context(), document(t, "after", "echo"), 1, options()); err != nil {
		t.Errorf("the page after the storm: %v", err)
	}
}
