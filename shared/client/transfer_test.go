package client_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
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

// objects is an object store that loses its first answers and gives every later request the same one.
func objects(t *testing.T, lost int32, status int, header, body string) *client.Task {
	t.Helper()
	var requests atomic.Int32
	storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1) <= lost {
			panic(http.ErrAbortHandler)
		}
		_, _ = io.Copy(io.Discard, r.Body)
		if header != "" {
			w.Header().Set("X-Ms-Error-Code", header)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(storage.Close)
	return &client.Task{ID: "task-001", Upload: &client.Link{URL: storage.URL, Method: "PUT"}}
}

func xmlError(code string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><Error><Code>` + code + `</Code><Message>At least one thing.</Message></Error>`
}

// Stores refuse to write over what an earlier try stored, each in words of its own.
func TestDocumentThatIsThereAlreadyIsStored(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]struct {
		status       int
		header, body string
	}{
		"Azure, overwriting":   {http.StatusForbidden, "UnauthorizedBlobOverwrite", ""},
		"Azure, creating":      {http.StatusConflict, "BlobAlreadyExists", ""},
		"S3, creating":         {http.StatusPreconditionFailed, "", xmlError("PreconditionFailed")},
		"S3, without a prolog": {http.StatusPreconditionFailed, "", "<Error><Code>PreconditionFailed</Code></Error>"},
	} {
		task := objects(t, 1, answer.status, answer.header, answer.body)
		if err := dial(t, client.Config{URL: task.Upload.URL, Application: "a", Secret: "s"}).Upload(t.Context(), task, text("a letter")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatStorageRefusesIsToldInItsWord(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]struct {
		status       int
		header, body string
	}{
		"Azure": {http.StatusBadRequest, "InvalidHeaderValue", ""},
		"S3":    {http.StatusBadRequest, "", xmlError("InvalidHeaderValue")},
	} {
		task := objects(t, 0, answer.status, answer.header, answer.body)
		err := dial(t, client.Config{URL: task.Upload.URL, Application: "a", Secret: "s"}).Upload(t.Context(), task, text("a letter"))
		if !errors.Is(err, client.ErrLink) || !strings.Contains(err.Error(), "InvalidHeaderValue") || strings.Contains(err.Error(), "least") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Another document than this one lies in the place of a server's own link: no earlier try of this one arrived.
func TestAnotherDocumentInItsPlaceIsNoSuccess(t *testing.T) {
	t.Parallel()
	task := objects(t, 0, http.StatusConflict, "", `{"code":"already_exists","detail":"another document was uploaded before"}`)
	err := dial(t, client.Config{URL: task.Upload.URL, Application: "a", Secret: "s"}).Upload(t.Context(), task, text("a letter"))
	if p := problem(t, err); p.Code != "already_exists" {
		t.Errorf("got %v", err)
	}
}

// A signature of S3 covers headers and length: what is sent must be what was signed.
func TestDocumentIsSentWithTheHeadersOfItsLinkAndItsLength(t *testing.T) {
	t.Parallel()
	for _, document := range []string{"a letter", "", strings.Repeat("x", 1<<20)} {
		var got *http.Request
		storage := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			got = r
		}))
		t.Cleanup(storage.Close)
		headers := map[string]string{"If-None-Match": "*", "Content-Type": "application/octet-stream", "Content-Length": strconv.Itoa(len(document))}
		task := &client.Task{ID: "task-001", Upload: &client.Link{URL: storage.URL, Method: "PUT", Headers: headers}}
		if err := dial(t, client.Config{URL: storage.URL, Application: "a", Secret: "s"}).Upload(t.Context(), task, text(document)); err != nil {
			t.Fatal(err)
		}
		if got.ContentLength != int64(len(document)) || len(got.TransferEncoding) != 0 || got.Header.Get("Content-Length") != headers["Content-Length"] {
			t.Errorf("%d bytes: length %d, %v", len(document), got.ContentLength, got.TransferEncoding)
		}
		own := []string{"Content-Length", "User-Agent", "Accept-Encoding"} // of HTTP itself; no signature of a link covers the others
		for name := range got.Header {
			if _, asked := headers[name]; !asked && !slices.Contains(own, name) {
				t.Errorf("%s was sent and is not the link's", name)
			}
		}
		for name, want := range headers {
			if got.Header.Get(name) != want {
				t.Errorf("%s: %q, want %q", name, got.Header.Get(name), want)
			}
		}
	}
}

func TestDocumentOfAnotherSizeThanAnnouncedIsNotSent(t *testing.T) {
	t.Parallel()
	task := objects(t, 0, http.StatusCreated, "", "")
	task.Settings = &client.Settings{Size: 9}
	err := dial(t, client.Config{URL: task.Upload.URL, Application: "a", Secret: "s"}).Upload(t.Context(), task, text("a letter"))
	if err == nil || !strings.Contains(err.Error(), "changed") {
		t.Errorf("got %v", err)
	}
}

// A client may be younger than its server.
func TestServerThatKnowsNoSizesIsNotToldThem(t *testing.T) {
	t.Parallel()
	refused := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if strings.Contains(string(body), "size") {
			refused++
			w.WriteHeader(http.StatusUnprocessableEntity)
			_, _ = io.WriteString(w, `{"code":"bad_field","detail":"the field is unknown","field":"tasks[0].size"}`)
			return
		}
		if strings.HasSuffix(r.URL.Path, ":batch") {
			_, _ = io.WriteString(w, `{"tasks":[{"task":{"id":"task-001","state":"Submitted"}}]}`)
			return
		}
		_, _ = io.WriteString(w, `{"id":"task-001","state":"Submitted"}`)
	}))
	t.Cleanup(server.Close)
	c := dial(t, client.Config{URL: server.URL, Application: "a", Secret: "s"})
	if _, err := c.Create(t.Context(), client.Settings{Size: 8}, ""); err != nil {
		t.Errorf("alone: %v", err)
	}
	if _, err := c.CreateBatch(t.Context(), []client.BatchItem{{Settings: client.Settings{Size: 8}, Key: "k"}}); err != nil {
		t.Errorf("in a batch: %v", err)
	}
	if refused != 2 {
		t.Errorf("%d requests were refused", refused)
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
