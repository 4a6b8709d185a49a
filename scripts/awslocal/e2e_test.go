package main

import (
	"bytes"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/functions/ocr"
	"github.com/lethe-ocr/lethe/functions/poison"
	"github.com/lethe-ocr/lethe/functions/requeue"
	"github.com/lethe-ocr/lethe/scripts/awslocal/stack"
	"github.com/lethe-ocr/lethe/scripts/stamptest"
	"github.com/lethe-ocr/lethe/shared/logevent"
)

// soak reports whether the long counts are wanted.
func soak() bool { return os.Getenv("LETHE_SOAK") != "" }

// One stamp for what does not need its own: its events come three times and late, and its ticks in pairs.
func TestStamp(t *testing.T) {
	s := start(t, map[string]string{"LETHE_OIDC_REQUIRED": "false"}, func(c *stack.Config) { c.Copies, c.Delay, c.Ticks = 3, time.Second, 2 })
	copies := func(id string) int { return s.copies(t, id) }
	t.Run("a document lives and is forgotten", func(t *testing.T) { stamptest.LivesAndIsForgotten(t, s.Client, copies) })
	t.Run("tripled and late events change nothing", func(t *testing.T) { lateEvents(t, s) })
	t.Run("a receipt proves itself", func(t *testing.T) { stamptest.ProvesErasure(t, s.Client, s.public) })
	t.Run("nothing of a document is left", func(t *testing.T) {
		stamptest.LeavesNothing(t, s.Client, func(words ...string) []string { return s.held(t, words...) })
	})
	t.Run("the largest document", func(t *testing.T) { largest(t, s) })
	t.Run("access", func(t *testing.T) { access(t, s) })
	t.Run("hostile requests", func(t *testing.T) { storm(t, s) })
}

func lateEvents(t *testing.T, s *stamp) {
	id := s.Submit(t, stamptest.Picture(t, 1))
	stamptest.Await(t, "the document is in the bucket", func() bool { return s.copies(t, id) > 0 })
	key := s.keys(t, id)[0]
	s.AwaitState(t, id, "Completed")
	// The document and its pages go a moment after completion; the one result stays.
	stamptest.Await(t, "only the result is left", func() bool { return s.copies(t, id) == 1 })
	for range 3 { // and once more when all is done
		if err := s.Tell(t.Context(), key); err != nil {
			t.Error(err)
		}
	}
	other := s.Submit(t, stamptest.Picture(t, 2)) // its events come after the others
	s.AwaitState(t, other, "Completed")
	if s.State(t, id) != "Completed" || s.copies(t, id) != 1 {
		t.Errorf("%s with %d copies, want Completed with the one result", s.State(t, id), s.copies(t, id))
	}
	s.Erase(t, id) // the words of a document are looked for later
	s.Erase(t, other)
}

// largest sends a document of nearly the largest size. No process of the function holds its bytes: they are once in a sealed
// memory file, whose size is the document's and whose limit is that of documents.
func largest(t *testing.T, s *stamp) {
	const size, bound = 199 << 20, 48 << 20
	pids := s.Functions[ocr.Name].Bootstraps()
	if len(pids) == 0 {
		t.Fatal("no document was read before")
	}
	peaks := stamptest.Peaks{}
	for _, pid := range pids {
		peaks["ocr "+string(rune('a'+len(peaks)))] = pid
	}
	before := peaks.Reset(t)
	began := time.Now()
	id := s.Submit(t, stamptest.Padded(size))
	s.AwaitState(t, id, "Completed")
	t.Logf("a document of %d MiB took %s", size>>20, time.Since(began).Round(time.Second))
	if after := s.Functions[ocr.Name].Bootstraps(); len(after) != len(pids) || !slices.Contains(after, pids[0]) {
		t.Fatalf("processes %v read documents, and %v before", after, pids)
	}
	peaks.Compare(t, before, bound)
	s.Erase(t, id)
}

// The longest comes first: these run beside each other.
func TestWorkGoesOnAfterTheSandboxIsLost(t *testing.T) {
	t.Parallel() // most of its time is spent waiting
	s := start(t, nil, nil)
	id := s.Submit(t, stamptest.Pages(t, 20))
	s.AwaitState(t, id, "InProgress")
	stamptest.Await(t, "pages are kept", func() bool { return s.copies(t, id) > 2 })
	if s.Functions[ocr.Name].Kill()+s.Functions[requeue.Name].Kill() == 0 {
		t.Fatal("no sandbox was at work")
	}
	began := time.Now()
	s.AwaitState(t, id, "Completed")
	t.Logf("completed %s after the sandbox was lost", time.Since(began).Round(time.Second))
}

// What a function fails for again and again becomes a dead letter, and the document the business of another function.
func TestUploadThatThePlatformGivesUpIsReadAllTheSame(t *testing.T) {
	t.Parallel() // most of its time is spent waiting
	s := start(t, nil, func(c *stack.Config) { c.Hidden = time.Second })
	broken := s.Functions[ocr.Name]
	broken.Fail(1 << 20)
	before := broken.Calls() // for the test event
	id := s.Submit(t, stamptest.Picture(t, 1))
	s.AwaitState(t, id, "Completed")
	// A sweep may find the upload first; the dead letter comes all the same.
	stamptest.Await(t, "the dead letter is told", func() bool { return bytes.Contains(s.Log(), []byte(logevent.UploadPoisoned)) })
	if broken.Calls() != before || s.Functions[poison.Name].Calls() == 0 {
		t.Errorf("%d calls of the broken function, %d for dead letters", broken.Calls()-before, s.Functions[poison.Name].Calls())
	}
}

// A document that no invocation has the time for is handed on, page by page.
func TestLargeDocumentTakesSeveralInvocations(t *testing.T) {
	t.Parallel() // most of its time is spent waiting
	pages, timeout := 40, 8*time.Second
	if soak() {
		pages, timeout = 300, time.Minute
	}
	s := start(t, nil, func(c *stack.Config) { c.Timeout = timeout })
	began := time.Now()
	id := s.Submit(t, stamptest.Pages(t, pages))
	s.AwaitState(t, id, "Completed")
	calls := s.Functions[ocr.Name].Calls() + s.Functions[requeue.Name].Calls()
	t.Logf("%d pages in %s and %d invocations of at most %s", pages, time.Since(began).Round(time.Second), calls, timeout)
	if calls < 3 {
		t.Errorf("%d invocations, want several", calls)
	}
}

// Nobody calls: only the timer does. Its calls come twice each time.
func TestTimerForgetsProcessedAndUnprocessedDocuments(t *testing.T) {
	t.Parallel() // most of its time is spent waiting
	s := start(t, map[string]string{
		"LETHE_RETAIN_PROCESSED": "60s", "LETHE_RETAIN_UNPROCESSED": "70s", "LETHE_RETAIN_MARGIN": "10s",
	}, func(c *stack.Config) { c.Drop, c.Ticks = 1, 2 })
	unprocessed := s.Submit(t, stamptest.Picture(t, 1)) // its event is lost
	processed := s.Submit(t, stamptest.Picture(t, 2))
	s.AwaitState(t, processed, "Completed")
	for _, id := range []string{unprocessed, processed} {
		if s.copies(t, id) == 0 {
			t.Error("no copy is counted, so the next check says nothing")
		}
	}
	stamptest.Await(t, "nothing is left", func() bool { return s.copies(t, processed)+s.copies(t, unprocessed) == 0 })
	for _, id := range []string{unprocessed, processed} {
		if status := s.Try(t, http.MethodGet, "/v1/tasks/"+id, nil); status != http.StatusGone {
			t.Errorf("status %d, want 410", status)
		}
	}
}
