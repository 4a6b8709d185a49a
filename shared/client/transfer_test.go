package client_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/client/clienttest"
)

func TestUploadOutlivesFaultsAndIsStoredOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		fault func(*clienttest.Faults)
	}{
		{"expired link", func(f *clienttest.Faults) { f.Refused = 1 }},
		{"lost answer", func(f *clienttest.Faults) { f.LostAnswers = 1 }},
		{"lost answer of a store that refuses to overwrite", func(f *clienttest.Faults) { f.LostAnswers, f.Overwrite = 1, true }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, cl := start(t)
			s.Fail(c.fault)
			task := send(t, cl, "a letter", "txt")
			if _, err := cl.Follow(t.Context(), task.ID, func(*client.Task) {}); err != nil {
				t.Fatal(err)
			}
			var result bytes.Buffer
			if _, err := cl.Fetch(t.Context(), task.ID, "txt", &result); err != nil || result.String() != "txt of a letter" {
				t.Errorf("result %q, %v", result.String(), err)
			}
			if n := s.Uploads(); n != 1 {
				t.Errorf("%d uploads were stored, want 1", n)
			}
		})
	}
}

func TestUploadIsRefusedForGood(t *testing.T) {
	t.Parallel()
	storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	}))
	t.Cleanup(storage.Close)
	_, c := start(t)
	task := &client.Task{ID: "task-001", Upload: &client.Link{URL: storage.URL, Method: "PUT"}}
	err := c.Upload(t.Context(), task, text("a letter"))
	if p := problem(t, err); p.Status != http.StatusRequestEntityTooLarge || !errors.Is(err, client.ErrLink) {
		t.Errorf("got %v", err)
	}
}

func TestUploadWithoutALinkAsksForOne(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	made, err := c.Create(t.Context(), client.Settings{}, "")
	if err != nil {
		t.Fatal(err)
	}
	known, err := c.Get(t.Context(), made.ID, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Upload(t.Context(), known, text("a letter")); err != nil {
		t.Fatal(err)
	}
	if n := s.Uploads(); n != 1 {
		t.Errorf("%d uploads, want 1", n)
	}
}

func TestDocumentThatChangesIsNotSent(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int64{"grown": 4, "shrunk": 100} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, c := start(t)
			task, err := c.Create(t.Context(), client.Settings{}, "")
			if err != nil {
				t.Fatal(err)
			}
			tries := 0
			err = c.Upload(t.Context(), task, func() (io.ReadCloser, int64, error) {
				tries++
				return io.NopCloser(strings.NewReader("a letter")), size, nil
			})
			if err == nil || errors.Is(err, client.ErrUnreachable) || !strings.Contains(err.Error(), "changed") {
				t.Errorf("got %v, want that the document changed", err)
			}
			if tries != 1 || s.Uploads() != 0 {
				t.Errorf("%d tries, %d stored; want 1 and 0", tries, s.Uploads())
			}
		})
	}
}

func TestEmptyDocumentIsSentWithItsLength(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	send(t, c, "")
	if n := s.Uploads(); n != 1 {
		t.Errorf("%d uploads, want 1", n)
	}
}

func TestResultThatEndsEarlyIsAnError(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	task := send(t, c, "a letter", "txt")
	if _, err := c.Follow(t.Context(), task.ID, func(*client.Task) {}); err != nil {
		t.Fatal(err)
	}
	s.Fail(func(f *clienttest.Faults) { f.Broken = 1 })
	var half bytes.Buffer
	if n, err := c.Fetch(t.Context(), task.ID, "txt", &half); !errors.Is(err, client.ErrUnreachable) || n != int64(half.Len()) {
		t.Errorf("Fetch = %d, %v", n, err)
	}
}

func TestResultWithoutALengthIsRefused(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = buffered.WriteString("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf a res")
		_ = buffered.Flush()
		_ = conn.Close()
	}))
	t.Cleanup(server.Close)
	c := dial(t, client.Config{URL: server.URL, Application: "a", Secret: "s"})
	if n, err := c.Fetch(t.Context(), "task-001", "txt", io.Discard); err == nil {
		t.Errorf("Fetch = %d, nil; want an error", n)
	}
}

// full is a disk without room.
type full struct{}

// Write implements io.Writer.
func (full) Write([]byte) (int, error) { return 0, errors.New("no room") }

func TestWriterThatFailsIsNotTheServersFault(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	task := send(t, c, "a letter", "txt")
	if _, err := c.Follow(t.Context(), task.ID, func(*client.Task) {}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Fetch(t.Context(), task.ID, "txt", full{}); err == nil || errors.Is(err, client.ErrUnreachable) {
		t.Errorf("got %v", err)
	}
}

func TestStalledTransfersEnd(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "some")
			_ = http.NewResponseController(w).Flush()
		}
		<-hold
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(hold) })
	impatient := func() *client.Client {
		c := dial(t, client.Config{URL: server.URL, Application: "a", Secret: "s"})
		c.SetStall(50 * time.Millisecond)
		return c
	}
	t.Run("down", func(t *testing.T) {
		c := impatient()
		if _, err := c.Fetch(t.Context(), "task-001", "txt", io.Discard); !errors.Is(err, client.ErrStalled) {
			t.Errorf("Fetch = %v", err)
		}
	})
	t.Run("up", func(t *testing.T) {
		never := func() (io.ReadCloser, int64, error) { return io.NopCloser(zeros{}), 64 << 20, nil }
		task := &client.Task{ID: "task-001", Upload: &client.Link{URL: server.URL, Method: "PUT"}}
		if err := impatient().Upload(t.Context(), task, never); !errors.Is(err, client.ErrStalled) {
			t.Errorf("Upload = %v", err)
		}
	})
}

// zeros is an endless document.
type zeros struct{}

// Read implements io.Reader.
func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
