package client_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/client"
)

func TestUploadIsRefusedForGood(t *testing.T) {
	t.Parallel()
	storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	}))
	t.Cleanup(storage.Close)
	c := dial(t, client.Config{URL: storage.URL, Application: "a", Secret: "s"})
	task := &client.Task{ID: "task-001", Upload: &client.Link{URL: storage.URL, Method: "PUT"}}
	err := c.Upload(t.Context(), task, text("a letter"))
	if p := problem(t, err); p.Status != http.StatusRequestEntityTooLarge || !errors.Is(err, client.ErrLink) {
		t.Errorf("got %v", err)
	}
}

// Azure refuses to write over what an earlier try stored, in words of its own.
func TestDocumentThatIsThereAlreadyIsStored(t *testing.T) {
	t.Parallel()
	for status, code := range map[int]string{http.StatusForbidden: "UnauthorizedBlobOverwrite", http.StatusConflict: "BlobAlreadyExists"} {
		var stored atomic.Bool
		storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if stored.CompareAndSwap(false, true) {
				panic(http.ErrAbortHandler) // the answer is lost
			}
			w.Header().Set("X-Ms-Error-Code", code)
			w.WriteHeader(status)
		}))
		t.Cleanup(storage.Close)
		c := dial(t, client.Config{URL: storage.URL, Application: "a", Secret: "s"})
		task := &client.Task{ID: "task-001", Upload: &client.Link{URL: storage.URL, Method: "PUT"}}
		if err := c.Upload(t.Context(), task, text("a letter")); err != nil {
			t.Errorf("%s: %v", code, err)
		}
	}
}

func TestDocumentThatChangesIsNotSent(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int64{"grown": 4, "shrunk": 100} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stored atomic.Bool
			storage := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				_, err := io.Copy(io.Discard, r.Body)
				stored.Store(err == nil)
			}))
			t.Cleanup(storage.Close)
			c := dial(t, client.Config{URL: storage.URL, Application: "a", Secret: "s"})
			task := &client.Task{ID: "task-001", Upload: &client.Link{URL: storage.URL, Method: "PUT"}}
			tries := 0
			err := c.Upload(t.Context(), task, func() (io.ReadCloser, int64, error) {
				tries++
				return io.NopCloser(strings.NewReader("a letter")), size, nil
			})
			if err == nil || errors.Is(err, client.ErrUnreachable) || !strings.Contains(err.Error(), "changed") {
				t.Errorf("got %v, want that the document changed", err)
			}
			if tries != 1 || stored.Load() {
				t.Errorf("%d tries, a whole document arrived: %t", tries, stored.Load())
			}
		})
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
