package main

import (
	"bytes"
	"maps"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"

	"github.com/lethe-ocr/lethe/scripts/azurelocal/stack"
	"github.com/lethe-ocr/lethe/scripts/stamptest"
)

// stamp is the built package under a real host, with its storage. It is driven as a client drives it: through HTTP alone.
type stamp struct {
	*stack.Stack
	stamptest.Client
	blobs *azblob.Client
}

// startStamp runs the staged package that LETHE_STAGE names. It skips by name what is missing.
func startStamp(t *testing.T, settings map[string]string, change func(*stack.Config)) *stamp {
	t.Helper()
	if missing := stack.FindTools(root).MissingExtension(); missing != "" {
		t.Skip(missing)
	}
	s := startBare(t, settings, change)
	stamptest.Await(t, "the program is ready", func() bool { return s.Try(t, http.MethodGet, "/readyz", nil) == http.StatusOK })
	return s
}

// startBare is startStamp for what needs no Storage extension (HTTP and timers), and for a program that is never ready.
func startBare(t *testing.T, settings map[string]string, change func(*stack.Config)) *stamp {
	t.Helper()
	folder := os.Getenv("LETHE_STAGE")
	if folder == "" {
		t.Skip("no package: LETHE_STAGE names no staged folder")
	}
	tools := stack.FindTools(root)
	for _, missing := range []string{tools.MissingHost(), tools.MissingAzurite()} {
		if missing != "" {
			t.Skip(missing)
		}
	}
	azurite, err := stack.StartAzurite(t.Context(), tools)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(azurite.Stop)
	values, _ := stamptest.Settings(t)
	maps.Copy(values, settings)
	cfg := stack.Config{
		Tools: tools, Package: folder, Folder: t.TempDir(), Storage: azurite.ConnectionString(), Settings: values, Schedule: everyFiveSeconds,
	}
	if change != nil {
		change(&cfg)
	}
	s := &stamp{}
	if s.blobs, err = azblob.NewClientFromConnectionString(cfg.Storage, nil); err != nil {
		t.Fatal(err)
	}
	if s.Stack, err = stack.Start(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	s.Client = stamptest.Client{Base: s.URL(), Uploaded: http.StatusCreated}
	t.Cleanup(func() {
		s.Stop()
		s.checkSilence(t)
	})
	stamptest.Await(t, "the program answers", func() bool { return s.Try(t, http.MethodGet, "/healthz", nil) == http.StatusOK })
	return s
}

// checkSilence looks for content and secrets in everything that host and program printed.
func (s *stamp) checkSilence(t *testing.T) {
	t.Helper()
	for _, word := range []string{stamptest.Canary, stamptest.Secret, "sig=", "code="} {
		if bytes.Contains(s.Log(), []byte(word)) {
			t.Errorf("%q is in the log of host and program", word)
		}
	}
}

// copies counts the blobs whose names hold the task's id.
func (s *stamp) copies(t *testing.T, id string) int {
	t.Helper()
	n := 0
	for _, container := range []string{"uploads", "work", "results"} {
		for pager := s.blobs.NewListBlobsFlatPager(container, nil); pager.More(); {
			page, err := pager.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range page.Segment.BlobItems {
				if strings.Contains(*b.Name, id) {
					n++
				}
			}
		}
	}
	return n
}

func TestDocumentLivesAndIsForgotten(t *testing.T) {
	s := startStamp(t, nil, nil)
	stamptest.LivesAndIsForgotten(t, s.Client, func(id string) int { return s.copies(t, id) })
}

func TestDoubledAndDelayedEventsChangeNothing(t *testing.T) {
	s := startStamp(t, nil, func(c *stack.Config) { c.Events = stack.Events{Copies: 3, Delay: time.Second} })
	id := s.Submit(t, stamptest.Picture(t, 1))
	s.AwaitState(t, id, "Completed")
	// The document and its pages go a moment after completion; the one result stays.
	stamptest.Await(t, "only the result is left", func() bool { return s.copies(t, id) == 1 })
	for range 3 { // and once more when all is done
		if err := s.Tell(t.Context(), s.uploadName(t, id)); err != nil {
			t.Error(err)
		}
	}
	other := s.Submit(t, stamptest.Picture(t, 2)) // its events come after the others
	s.AwaitState(t, other, "Completed")
	if s.State(t, id) != "Completed" || s.copies(t, id) != 1 {
		t.Errorf("%s with %d copies, want Completed with the one result", s.State(t, id), s.copies(t, id))
	}
}

// uploadName returns the name of the task's upload, or one that may have been, if it is gone.
func (s *stamp) uploadName(t *testing.T, id string) string {
	t.Helper()
	for pager := s.blobs.NewListBlobsFlatPager("uploads", nil); pager.More(); {
		page, err := pager.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range page.Segment.BlobItems {
			if strings.Contains(*b.Name, id) {
				return *b.Name
			}
		}
	}
	return "gone/" + id
}

func TestWorkGoesOnAfterProgramAndHostDied(t *testing.T) {
	s := startStamp(t, nil, nil)
	id := s.Submit(t, stamptest.Pages(t, 20))
	s.AwaitState(t, id, "InProgress")
	if err := s.KillHandler(); err != nil {
		t.Fatal(err)
	}
	s.AwaitState(t, id, "InProgress")
	s.KillHost()
	if err := s.StartHost(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.AwaitState(t, id, "Completed")
}

func TestLargeDocumentOutlivesDeadlinesAndTwoHosts(t *testing.T) {
	s := startStamp(t, map[string]string{"LETHE_DEADLINE": "60s"}, nil)
	id := s.Submit(t, stamptest.Pages(t, 300))
	began := time.Now()
	for range 2 {
		s.AwaitState(t, id, "InProgress")
		s.awaitPages(t, id)
		s.KillHost()
		if err := s.StartHost(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	s.AwaitState(t, id, "Completed")
	t.Logf("300 pages in %s with two lost hosts", time.Since(began))
}

// awaitPages waits until some more pages are kept, so that a lost host loses work in the middle.
func (s *stamp) awaitPages(t *testing.T, id string) {
	t.Helper()
	before := s.copies(t, id)
	stamptest.Await(t, "more pages are kept", func() bool { return s.copies(t, id) >= before+10 })
}

// Nobody calls: only the host's timer does.
func TestTimerForgetsProcessedAndUnprocessedDocuments(t *testing.T) {
	s := startStamp(t, map[string]string{
		"LETHE_RETAIN_PROCESSED": "30s", "LETHE_RETAIN_UNPROCESSED": "40s", "LETHE_RETAIN_MARGIN": "10s",
	}, func(c *stack.Config) { c.Events.Drop = 1 })
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

func TestReconciliationFindsADocumentWithoutEvent(t *testing.T) {
	s := startStamp(t, nil, func(c *stack.Config) { c.Events.Drop = 1 })
	id := s.Submit(t, stamptest.Picture(t, 1))
	stamptest.Await(t, "the document is in storage", func() bool { return s.copies(t, id) == 1 })
	// A new process begins with a full pass, since it may follow an outage in which events were lost.
	s.KillHost()
	began := time.Now()
	if err := s.StartHost(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.AwaitState(t, id, "Completed")
	t.Logf("found and completed %s after the host was lost", time.Since(began))
}
