package apitest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/task"
)

// Server is a service over HTTP that processes what is uploaded, with links to an origin of their own. Credentials that reach
// that origin fail the test. It is safe for concurrent use.
type Server struct {
	*Service
	URL     string // of the interface
	Storage string // origin of the links
	// App and Secret are credentials with every scope.
	App, Secret string
	t           testing.TB
	engine      *engine
	ahead       atomic.Int64 // of the clock, nanoseconds
	work        sync.WaitGroup
	done        context.Context //nolint:containedctx // of the test, for work that outlives requests

	mu      sync.Mutex
	changed *sync.Cond     // uploads were stored, or a request was served to its end
	stored  map[string]int // uploads by blob; guarded by mu, as all below
	serving int            // requests
	calls   []Call
	faults  []*broken
}

// Call is one request that came in.
type Call struct {
	Method, Path string
	Prefer       string
	At           time.Time
}

// broken is a fault and the requests that meet it.
type broken struct {
	prefix string
	times  int
	fault  Fault
}

// Start runs a server until the test ends.
func Start(t testing.TB) *Server {
	t.Helper()
	s := &Server{t: t, engine: &engine{released: make(chan struct{})}, stored: map[string]int{}}
	s.changed = sync.NewCond(&s.mu)
	var end context.CancelFunc
	s.done, end = context.WithCancel(context.Background())
	objects := httptest.NewServer(s.meddled(http.HandlerFunc(s.object)))
	s.Storage = objects.URL // links name it
	log := slog.New(slog.DiscardHandler)
	s.Service = New(t, Config{
		Engine: s.engine, Links: s, Queue: s, Documents: documents{}, Rates: access.Rates{PerSecond: 1000, Burst: 1000},
		Inline: 1 << 20, Now: s.now, Log: log,
	})
	s.App, s.Secret = s.Create(access.Application{Name: "test", Scopes: access.Scopes()})
	server := httptest.NewServer(s.meddled(s.Handler))
	s.URL = server.URL
	t.Cleanup(func() {
		end()
		server.Close()
		objects.Close()
		s.work.Wait()
	})
	return s
}

// Environment is what the command line reads.
func (s *Server) Environment() map[string]string {
	return map[string]string{"LETHE_URL": s.URL, "LETHE_APP": s.App, "LETHE_SECRET": s.Secret}
}

// Create makes an application.
func (s *Server) Create(app access.Application) (id, secret string) {
	s.t.Helper()
	made, secret, err := s.Apps.Create(s.done, app, time.Time{})
	if err != nil {
		s.t.Fatal(err)
	}
	return made.ID, secret
}

func (s *Server) now() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) }

// Expire advances the time until everything is erased.
func (s *Server) Expire() {
	s.ahead.Add(int64(25 * time.Hour))
	if _, err := s.Tasks.Sweep(s.done); err != nil {
		s.t.Error(err)
	}
}

// Release lets slow documents be read.
func (s *Server) Release() { close(s.engine.released) }

// Calls lists the requests so far whose method and path have the prefix, such as "POST /v1/tasks".
func (s *Server) Calls(prefix string) []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []Call
	for _, c := range s.calls {
		if strings.HasPrefix(c.Method+" "+c.Path, prefix) {
			found = append(found, c)
		}
	}
	return found
}

// Await waits until so many uploads were stored.
func (s *Server) Await(uploads int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for sum(s.stored) < uploads {
		s.changed.Wait()
	}
}

// Uploads is how often documents were stored, by the path that their link led to.
func (s *Server) Uploads() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.stored)
}

// Uploaded is how often documents were stored.
func (s *Server) Uploaded() int { return sum(s.Uploads()) }

func sum(counts map[string]int) (all int) {
	for _, n := range counts {
		all += n
	}
	return all
}

// List returns the application's tasks, oldest first, the erased ones among them, once no request is being served: a task is
// erased after the last byte of its results went out.
func (s *Server) List() []*task.Task {
	s.t.Helper()
	s.mu.Lock()
	for s.serving > 0 {
		s.changed.Wait()
	}
	s.mu.Unlock()
	var all []*task.Task
	for _, state := range []task.State{"", task.Deleted} {
		tasks, err := s.Tasks.List(s.done, s.App, task.Filter{State: state, Limit: 1000})
		if err != nil {
			s.t.Fatal(err)
		}
		all = append(all, tasks...)
	}
	slices.SortFunc(all, func(a, b *task.Task) int { return strings.Compare(a.Ref.ID, b.Ref.ID) })
	return all
}

// States counts the application's tasks by state.
func (s *Server) States() map[task.State]int {
	s.t.Helper()
	states := map[task.State]int{}
	for _, t := range s.List() {
		states[t.State]++
	}
	return states
}

// UploadLink implements storage.Linker.
func (s *Server) UploadLink(_ context.Context, name string, _ int64, expires time.Time) (storage.Link, error) {
	return storage.Link{URL: s.Storage + "/" + name + "?sig=s", Method: http.MethodPut, Headers: map[string]string{"X-Kind": "block"}, Expires: expires}, nil
}

// DownloadLink implements storage.Linker.
func (s *Server) DownloadLink(_ context.Context, name string, expires time.Time) (storage.Link, error) {
	return storage.Link{URL: s.Storage + "/" + name + "?sig=s", Method: http.MethodGet, Expires: expires}, nil
}

// Push implements task.Queue. Nothing waits here: an upload is processed when it is stored.
func (*Server) Push(context.Context, task.Job, time.Duration) error { return nil }

// object is the store behind the links.
func (s *Server) object(w http.ResponseWriter, r *http.Request) {
	for _, name := range []string{"Authorization", "Cookie", "Referer"} {
		if r.Header.Get(name) != "" {
			s.t.Errorf("%s to a link carries %s", r.Method, name)
		}
	}
	name := strings.TrimPrefix(r.URL.Path, "/")
	if r.Method == http.MethodGet {
		body, blob, err := s.Blobs.Get(r.Context(), name)
		if err != nil {
			http.Error(w, "", http.StatusNotFound)
			return
		}
		defer func() { _ = body.Close() }() // in memory
		w.Header().Set("Content-Length", strconv.FormatInt(blob.Size, 10))
		_, _ = io.Copy(w, body)
		return
	}
	content, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client is gone
	}
	if r.Header.Get("X-Kind") != "block" || r.ContentLength != int64(len(content)) {
		s.t.Errorf("upload without the headers given: %v", r.Header)
	}
	_, err = s.Blobs.Create(s.done, name, "application/octet-stream", bytes.NewReader(content))
	switch {
	case errors.Is(err, fault.AlreadyExists):
		w.Header().Set("X-Ms-Error-Code", "BlobAlreadyExists")
		w.WriteHeader(http.StatusConflict)
		return
	case err != nil:
		s.t.Errorf("store %s: %v", name, err)
		return
	}
	s.mu.Lock()
	s.stored[name]++
	s.changed.Broadcast()
	s.mu.Unlock()
	landed, err := s.Tasks.Landed(s.done, name)
	if err != nil {
		s.t.Errorf("take in %s: %v", name, err)
		return
	}
	process := func() {
		if _, err := s.Tasks.Process(s.done, landed.Ref.Job()); err != nil && s.done.Err() == nil {
			s.t.Errorf("process %s: %v", name, err)
		}
	}
	switch {
	case landed.State != task.Queued:
	case slow(string(content)):
		s.work.Go(process)
	default:
		process()
	}
	w.WriteHeader(http.StatusCreated)
}

// documents is what reviewers see.
type documents struct{}

// Derivative implements review.Documents.
func (documents) Derivative(_ context.Context, _ task.Ref, out io.Writer) error {
	_, err := io.WriteString(out, "nothing to read")
	return err
}

// Original implements review.Documents. It breaks off.
func (documents) Original(_ context.Context, _ task.Ref, out io.Writer) error {
	if _, err := io.WriteString(out, "the first half"); err != nil {
		return err
	}
	return errors.New("the rest is lost")
}
