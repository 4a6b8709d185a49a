package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"maps"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"github.com/lethe-ocr/lethe/scripts/azurelocal/stack"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// The first credentials of a new stamp, and the word in every document of these tests.
const (
	application = "end-to-end"
	secret      = "lethe_end-to-end-secret"
	canary      = "CANARY"
)

// stamp is the built package under a real host, with its storage. It is driven as a client drives it: through HTTP alone.
type stamp struct {
	*stack.Stack
	blobs *azblob.Client
}

// startStamp runs the staged package that LETHE_STAGE names. It skips by name what is missing.
func startStamp(t *testing.T, settings map[string]string, change func(*stack.Config)) *stamp {
	t.Helper()
	if missing := stack.FindTools(root).MissingExtension(); missing != "" {
		t.Skip(missing)
	}
	s := startBare(t, settings, change)
	await(t, 2*time.Minute, "the program is ready", func() bool { return s.try(t, http.MethodGet, "/readyz", nil) == http.StatusOK })
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
	hash := sha256.Sum256([]byte(secret))
	private, _, err := ledger.GenerateKey("lethe.test")
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{
		"LETHE_BOOTSTRAP_APP": application, "LETHE_BOOTSTRAP_HASH": hex.EncodeToString(hash[:]), "LETHE_SIGNING_KEY": private,
	}
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
	t.Cleanup(func() {
		s.Stop()
		s.checkSilence(t)
	})
	await(t, 2*time.Minute, "the program answers", func() bool { return s.try(t, http.MethodGet, "/healthz", nil) == http.StatusOK })
	return s
}

// checkSilence looks for content and secrets in everything that host and program printed.
func (s *stamp) checkSilence(t *testing.T) {
	t.Helper()
	for _, word := range []string{canary, secret, "sig=", "code="} {
		if bytes.Contains(s.Log(), []byte(word)) {
			t.Errorf("%q is in the log of host and program", word)
		}
	}
}

// request sends a client's request and decodes the answer into the value given, unless that is nil.
func (s *stamp) request(ctx context.Context, method, path string, body string, into any) (int, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.URL()+path, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.SetBasicAuth(application, secret)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 16<<20))
	if err != nil || into == nil || res.StatusCode >= http.StatusBadRequest {
		return res.StatusCode, err
	}
	if plain, ok := into.(*string); ok {
		*plain = string(text)
		return res.StatusCode, nil
	}
	return res.StatusCode, json.Unmarshal(text, into)
}

// try is request for answers that may not come: the status is zero then.
func (s *stamp) try(t *testing.T, method, path string, into any) int {
	t.Helper()
	status, err := s.request(t.Context(), method, path, "", into)
	if err != nil {
		return 0
	}
	return status
}

// created is the answer to a new task.
type created struct {
	ID     string
	Upload struct {
		URL, Method string
		Headers     map[string]string
	}
}

// submit makes a task and sends the document through its link. It returns the task's id.
func (s *stamp) submit(t *testing.T, document []byte) string {
	t.Helper()
	var c created
	if status, err := s.request(t.Context(), http.MethodPost, "/v1/tasks", `{"formats":["txt"]}`, &c); err != nil || status != http.StatusCreated {
		t.Fatalf("create: %d, %v", status, err)
	}
	s.send(t, c, document)
	return c.ID
}

// state returns the state of a task; empty if it is not to be had.
func (s *stamp) state(t *testing.T, id string) string {
	t.Helper()
	var got struct{ State string }
	if s.try(t, http.MethodGet, "/v1/tasks/"+id, &got) != http.StatusOK {
		return ""
	}
	return got.State
}

func (s *stamp) awaitState(t *testing.T, limit time.Duration, id, state string) {
	t.Helper()
	await(t, limit, "the task is "+state, func() bool {
		got := s.state(t, id)
		if got == "ProcessingFailed" && state != got {
			t.Fatal("the task failed")
		}
		return got == state
	})
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

// drawn is a page with the word and a number, large enough to be read.
func drawn(n int) *image.Gray {
	small := image.NewGray(image.Rect(0, 0, 160, 40))
	draw.Draw(small, small.Bounds(), image.White, image.Point{}, draw.Src)
	d := font.Drawer{Dst: small, Src: image.NewUniform(color.Black), Face: basicfont.Face7x13, Dot: fixed.P(20, 25)}
	d.DrawString(fmt.Sprintf("%s %d", canary, n))
	large := image.NewGray(image.Rect(0, 0, 960, 240))
	draw.CatmullRom.Scale(large, large.Bounds(), small, small.Bounds(), draw.Src, nil)
	return large
}

func picture(t *testing.T, n int) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, drawn(n)); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// pages is a PDF of scanned pages.
func pages(t *testing.T, n int) []byte {
	t.Helper()
	pictures := make([][]byte, n)
	for i := range n {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, drawn(i), nil); err != nil {
			t.Fatal(err)
		}
		pictures[i] = b.Bytes()
	}
	pdf, err := pdftest.Scans(n, pictures...)
	if err != nil {
		t.Fatal(err)
	}
	return pdf
}

func TestDocumentLivesAndIsForgotten(t *testing.T) {
	s := startStamp(t, nil, nil)
	began := time.Now()
	id := s.submit(t, picture(t, 1))
	s.awaitState(t, time.Minute, id, "Completed")
	t.Logf("submitted and completed in %s", time.Since(began))
	var text string
	if status := s.try(t, http.MethodGet, "/v1/tasks/"+id+"/results/txt", &text); status != http.StatusOK || !strings.Contains(text, canary) {
		t.Errorf("result: %d with %d bytes", status, len(text))
	}
	if s.copies(t, id) == 0 {
		t.Error("no copy is counted, so the next check says nothing")
	}
	await(t, time.Minute, "the task is erased", func() bool {
		return s.try(t, http.MethodDelete, "/v1/tasks/"+id, nil) == http.StatusOK
	})
	if status := s.try(t, http.MethodGet, "/v1/tasks/"+id, nil); status != http.StatusGone {
		t.Errorf("after delete: %d, want 410", status)
	}
	if n := s.copies(t, id); n != 0 {
		t.Errorf("%d copies left", n)
	}
}

func TestDoubledAndDelayedEventsChangeNothing(t *testing.T) {
	s := startStamp(t, nil, func(c *stack.Config) { c.Events = stack.Events{Copies: 3, Delay: time.Second} })
	id := s.submit(t, picture(t, 1))
	s.awaitState(t, time.Minute, id, "Completed")
	// The document and its pages go a moment after completion; the one result stays.
	await(t, time.Minute, "only the result is left", func() bool { return s.copies(t, id) == 1 })
	for range 3 { // and once more when all is done
		if err := s.Tell(t.Context(), s.uploadName(t, id)); err != nil {
			t.Error(err)
		}
	}
	other := s.submit(t, picture(t, 2)) // its events come after the others
	s.awaitState(t, time.Minute, other, "Completed")
	if s.state(t, id) != "Completed" || s.copies(t, id) != 1 {
		t.Errorf("%s with %d copies, want Completed with the one result", s.state(t, id), s.copies(t, id))
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
	id := s.submit(t, pages(t, 20))
	s.awaitState(t, time.Minute, id, "InProgress")
	if err := s.KillHandler(); err != nil {
		t.Fatal(err)
	}
	s.awaitState(t, 2*time.Minute, id, "InProgress")
	s.KillHost()
	if err := s.StartHost(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.awaitState(t, 5*time.Minute, id, "Completed")
}

func TestLargeDocumentOutlivesDeadlinesAndTwoHosts(t *testing.T) {
	s := startStamp(t, map[string]string{"LETHE_DEADLINE": "60s"}, nil)
	id := s.submit(t, pages(t, 300))
	began := time.Now()
	for range 2 {
		s.awaitState(t, 2*time.Minute, id, "InProgress")
		s.awaitPages(t, id)
		s.KillHost()
		if err := s.StartHost(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	s.awaitState(t, 15*time.Minute, id, "Completed")
	t.Logf("300 pages in %s with two lost hosts", time.Since(began))
}

// awaitPages waits until some more pages are kept, so that a lost host loses work in the middle.
func (s *stamp) awaitPages(t *testing.T, id string) {
	t.Helper()
	before := s.copies(t, id)
	await(t, 5*time.Minute, "more pages are kept", func() bool { return s.copies(t, id) >= before+10 })
}

// Nobody calls: only the host's timer does.
func TestTimerForgetsProcessedAndUnprocessedDocuments(t *testing.T) {
	s := startStamp(t, map[string]string{
		"LETHE_RETAIN_PROCESSED": "30s", "LETHE_RETAIN_UNPROCESSED": "40s", "LETHE_RETAIN_MARGIN": "10s",
	}, func(c *stack.Config) { c.Events.Drop = 1 })
	unprocessed := s.submit(t, picture(t, 1)) // its event is lost
	processed := s.submit(t, picture(t, 2))
	s.awaitState(t, 20*time.Second, processed, "Completed")
	for _, id := range []string{unprocessed, processed} {
		if s.copies(t, id) == 0 {
			t.Error("no copy is counted, so the next check says nothing")
		}
	}
	await(t, 90*time.Second, "nothing is left", func() bool { return s.copies(t, processed)+s.copies(t, unprocessed) == 0 })
	for _, id := range []string{unprocessed, processed} {
		if status := s.try(t, http.MethodGet, "/v1/tasks/"+id, nil); status != http.StatusGone {
			t.Errorf("status %d, want 410", status)
		}
	}
}

func TestReconciliationFindsADocumentWithoutEvent(t *testing.T) {
	s := startStamp(t, nil, func(c *stack.Config) { c.Events.Drop = 1 })
	id := s.submit(t, picture(t, 1))
	await(t, 10*time.Second, "the document is in storage", func() bool { return s.copies(t, id) == 1 })
	// A new process begins with a full pass, since it may follow an outage in which events were lost.
	s.KillHost()
	began := time.Now()
	if err := s.StartHost(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.awaitState(t, 2*time.Minute, id, "Completed")
	t.Logf("found and completed %s after the host was lost", time.Since(began))
}
