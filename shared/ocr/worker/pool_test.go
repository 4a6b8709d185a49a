//go:build linux

package worker_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
	"github.com/lethe-ocr/lethe/shared/ocr/worker"
)

func TestChildAnswers(t *testing.T) {
	p := newPool(t, "serve", nil)
	info, err := p.Inspect(t.Context(), document(t, "a", "echo"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ocr.Info{Type: "application/pdf", Pages: 3}, info); diff != "" {
		t.Error(diff)
	}
	page, err := p.Recognise(t.Context(), document(t, "a", "echo"), 2, options())
	if err != nil {
		t.Fatal(err)
	}
	if page.Number != 2 || !slices.Contains(texts(page), "command=echo") {
		t.Errorf("got %+v", page)
	}
	if diff := cmp.Diff([]string{"deu", "eng"}, p.Languages()); diff != "" {
		t.Error(diff)
	}
}

func TestDocumentStaysOpenBetweenPagesUntilAnotherComes(t *testing.T) {
	p := newPool(t, "serve", nil)
	a, b := document(t, "a", "echo"), document(t, "b", "echo")
	for _, step := range []struct {
		src   ocr.Source
		opens string
	}{{a, "opens=1"}, {a, "opens=1"}, {b, "opens=1"}, {a, "opens=1"}} {
		page, err := p.Recognise(t.Context(), step.src, 1, options())
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(texts(page), step.opens) {
			t.Errorf("%s: got %v, want %s", step.src.ID, texts(page), step.opens)
		}
	}
}

// A process that is about to be frozen keeps no child that has seen a document, and goes on with others afterwards.
func TestPoolAtRestHasNoChildThatSawADocument(t *testing.T) {
	p := newPool(t, "serve", func(c *worker.Config) { c.Children = 3; c.Limits.Idle = time.Hour })
	for range 2 {
		if _, err := p.Recognise(t.Context(), document(t, "a", "echo"), 1, options()); err != nil {
			t.Fatal(err)
		}
		if err := p.Rest(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, c := range p.Stats().Children {
			if c.Pages > 0 {
				t.Errorf("child %d is left after %d pages", c.PID, c.Pages)
			}
		}
	}
	ctx, done := context.WithCancel(t.Context())
	done()
	if err := p.Rest(ctx); err == nil {
		t.Error("it came to rest in no time")
	}
}

func TestPagesOfADocumentGoToTheChildThatHasItOpen(t *testing.T) {
	p := newPool(t, "serve", func(c *worker.Config) { c.Children = 3; c.Limits.Idle = time.Hour })
	a, b := document(t, "a", "echo"), document(t, "b", "echo")
	pid := func(src ocr.Source) string {
		page, err := p.Recognise(t.Context(), src, 1, options())
		if err != nil {
			t.Fatal(err)
		}
		return texts(page)[0]
	}
	var ofA, ofB string
	eventually(t, func() bool { // the second child is still starting
		ofA, ofB = pid(a), pid(b)
		return ofA != ofB
	})
	for i := range 5 {
		if gotA, gotB := pid(a), pid(b); gotA != ofA || gotB != ofB {
			t.Errorf("round %d went to %s and %s, the first to %s and %s", i, gotA, gotB, ofA, ofB)
		}
	}
}

func TestIdleChildLetsGoOfDocument(t *testing.T) {
	p := newPool(t, "serve", func(c *worker.Config) { c.Limits.Idle = time.Millisecond })
	src := document(t, "a", "echo")
	if _, err := p.Recognise(t.Context(), src, 1, options()); err != nil {
		t.Fatal(err)
	}
	pid := p.Stats().Children[0].PID
	eventually(t, func() bool {
		links, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
		if err != nil {
			t.Skipf("descriptors of a child cannot be listed here: %v", err)
		}
		for _, l := range links {
			target, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", pid, l.Name()))
			if target == src.File.Name() {
				return false
			}
		}
		return true
	})
}

func TestEveryRefusalReachesTheCallerWithItsSentence(t *testing.T) {
	p := newPool(t, "serve", nil)
	for _, reason := range refusal.Reasons() {
		refused := &refusal.Error{Reason: reason, Numbers: []int64{11, 12, 13}[:reason.Count()]}
		said, err := json.Marshal(refused)
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Inspect(t.Context(), document(t, string(reason), "refuse "+string(said)))
		if got, ok := errors.AsType[*fault.Error](err); !ok || got.Code != reason.Code() || got.Detail != refused.Fault().Detail {
			t.Errorf("%s: %v, want %v", reason, err, refused)
		}
	}
	if n := p.Stats().Starts; n != 1 {
		t.Errorf("%d children were started, want 1: a bad document is no reason to replace one", n)
	}
}

func TestFailuresOfChildrenBecomeFaults(t *testing.T) {
	for _, c := range []struct {
		command string
		limits  worker.Limits
		want    fault.Code
		reason  worker.Reason
		ends    int64
	}{
		{command: "crash", want: fault.PageFailed, reason: worker.Crashed, ends: 2},
		{command: "panic", want: fault.PageFailed, reason: worker.Crashed, ends: 2},
		{command: "unclassified", want: fault.PageFailed, reason: worker.Failing, ends: 2},
		{command: "hang", limits: worker.Limits{Wall: 100 * time.Millisecond}, want: fault.EngineStarved, reason: worker.OverTime, ends: 1},
		{command: "hang", limits: worker.Limits{Stall: 100 * time.Millisecond}, want: fault.EngineStarved, reason: worker.Stalled, ends: 1},
		{command: "spin", limits: worker.Limits{CPU: 100 * time.Millisecond}, want: fault.PageTime, reason: worker.OverCPU, ends: 1},
		{command: "eat", limits: worker.Limits{Memory: 256 << 20}, want: fault.PageMemory, reason: worker.OverMemory, ends: 1},
	} {
		t.Run(c.command, func(t *testing.T) {
			told := make(chan worker.Reason, 10)
			p := newPool(t, "serve", func(cfg *worker.Config) {
				c.limits.Poll, c.limits.Start = cfg.Limits.Poll, cfg.Limits.Start
				cfg.Limits = c.limits
				cfg.Killed = func(why worker.Reason, _ int64) { told <- why }
			})
			_, err := p.Recognise(t.Context(), document(t, "a", c.command), 1, options())
			if !errors.Is(err, c.want) || strings.Contains(err.Error(), "secret") {
				t.Fatalf("got %v, want %s", err, c.want)
			}
			eventually(t, func() bool { return p.Stats().Ends[c.reason] == c.ends })
			for range c.ends {
				if why := <-told; why != c.reason {
					t.Errorf("told of %s, want %s", why, c.reason)
				}
			}
			if _, err := p.Recognise(t.Context(), document(t, "b", "echo"), 1, options()); err != nil {
				t.Errorf("the page after it: %v", err)
			}
		})
	}
}

// On a machine that is wanted by others a page takes longer than it may use the processor. That is not the document's fault.
func TestOnlyProcessorTimeCondemnsAPage(t *testing.T) {
	p := newPool(t, "serve", func(c *worker.Config) { c.Limits.CPU, c.Limits.Wall = 200*time.Millisecond, time.Minute })
	if _, err := p.Recognise(t.Context(), document(t, "a", "nap 600"), 1, options()); err != nil {
		t.Errorf("a page that had to wait: %v", err)
	}
	if _, err := p.Recognise(t.Context(), document(t, "b", "work 600"), 1, options()); !errors.Is(err, fault.PageTime) {
		t.Errorf("a page that used too much: %v", err)
	}
	if d := worker.DefaultLimits(); d.Wall < 8*d.CPU {
		t.Errorf("a page may take %v on the clock and %v of the processor: under load it would never end", d.Wall, d.CPU)
	}
}

func TestCrashIsRetriedInAFreshProcess(t *testing.T) {
	for _, command := range []string{"crash-used", "eat-used"} {
		t.Run(command, func(t *testing.T) {
			p := newPool(t, "serve", func(c *worker.Config) { c.Limits.Memory = 256 << 20 })
			src := document(t, "a", command)
			var pids []string
			for n := range 2 {
				page, err := p.Recognise(t.Context(), src, n+1, options())
				if err != nil {
					t.Fatal(err)
				}
				pids = append(pids, texts(page)[0])
			}
			if pids[0] == pids[1] || p.Stats().Retries != 1 {
				t.Errorf("pids %v, retries %d", pids, p.Stats().Retries)
			}
		})
	}
}

func TestCancelKillsTheChildAtOnce(t *testing.T) {
	p := newPool(t, "serve", nil)
	p.Languages()
	ctx, cancel := context.WithCancel(t.Context())
	src := document(t, "a", "hang")
	errs := make(chan error)
	go func() {
		_, err := p.Recognise(ctx, src, 1, options())
		errs <- err
	}()
	eventually(t, func() bool { return len(p.Stats().Children) == 1 && p.Stats().Children[0].Pages == 1 })
	start := time.Now()
	cancel()
	if err := <-errs; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if d := time.Since(start); d > 2*time.Second {
		t.Errorf("took %s", d)
	}
	eventually(t, func() bool { return p.Stats().Ends[worker.Cancelled] == 1 })
}

func TestWaitingCallHonoursItsContext(t *testing.T) {
	p := newPool(t, "serve", nil)
	busy := document(t, "a", "hang")
	waiting := document(t, "b", "echo")
	done := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer close(done)
		_, _ = p.Recognise(ctx, busy, 1, options())
	}()
	eventually(t, func() bool { return len(p.Stats().Children) == 1 && p.Stats().Children[0].Pages == 1 })
	short, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	if _, err := p.Recognise(short, waiting, 1, options()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	cancel()
	<-done
}

func TestStartFailureIsTransientAndSaysWhy(t *testing.T) {
	for _, c := range []struct {
		name, role, cause string
		change            func(*worker.Config)
	}{
		{name: "missing program", role: "serve", cause: "no such file", change: func(c *worker.Config) { c.Path = "/none" }},
		{name: "ends at once", role: "noisy", cause: "cannot load the library", change: func(*worker.Config) {}},
		{name: "says nothing", role: "silent", cause: "the first word", change: func(c *worker.Config) { c.Limits.Start = 20 * time.Millisecond }},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPool(t, c.role, c.change)
			_, err := p.Recognise(t.Context(), document(t, "a", "echo"), 1, options())
			if !errors.Is(err, fault.EngineUnavailable) || !strings.Contains(err.Error(), c.cause) || !fault.Transient(err) {
				t.Errorf("got %v", err)
			}
			if l := p.Languages(); l != nil {
				t.Errorf("languages: %v", l)
			}
			if _, err := p.Sandbox(t.Context()); err == nil {
				t.Error("a sandbox without a child")
			}
		})
	}
}

func TestWrongConfigurationIsRefused(t *testing.T) {
	for name, cfg := range map[string]worker.Config{
		"no program":        {Document: ocr.DefaultLimits()},
		"no limits":         {Path: "/bin/true"},
		"negative children": {Path: "/bin/true", Document: ocr.DefaultLimits(), Children: -1},
		"negative limit":    {Path: "/bin/true", Document: ocr.DefaultLimits(), Limits: worker.Limits{Wall: -1}},
	} {
		if _, err := worker.New(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestCloseEndsCallsAndMayBeRepeated(t *testing.T) {
	p := newPool(t, "serve", nil)
	src := document(t, "a", "hang")
	errs := make(chan error)
	go func() {
		_, err := p.Recognise(t.Context(), src, 1, options())
		errs <- err
	}()
	eventually(t, func() bool { return len(p.Stats().Children) == 1 && p.Stats().Children[0].Pages == 1 })
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		p.Close()
	}()
	if err := <-errs; !errors.Is(err, fault.EngineUnavailable) {
		t.Errorf("got %v", err)
	}
	<-closed
	p.Close()
	if _, err := p.Recognise(t.Context(), src, 1, options()); !errors.Is(err, fault.EngineUnavailable) {
		t.Errorf("after Close: got %v", err)
	}
}

func TestPeakMemoryIsReported(t *testing.T) {
	p := newPool(t, "serve", nil)
	if _, err := p.Recognise(t.Context(), document(t, "a", "hold 100"), 1, options()); err != nil {
		t.Fatal(err)
	}
	s := p.Stats()
	if s.PeakResident < 100<<20 || s.Children[0].PeakResident != s.PeakResident || s.Pages != 1 {
		t.Errorf("got %+v", s)
	}
}

// eventually waits until the condition holds.
func eventually(t *testing.T, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(time.Minute)
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("it did not happen")
		}
	}
}
