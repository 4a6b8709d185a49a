// Package clienttest is a server for tests of clients: the native interface with its states, links to an origin of its own,
// and faults on demand. What a document does is in its text: "damaged" fails, "slow" does not end until released.
package clienttest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Credentials that the server takes.
const (
	Application = "app-1"
	Secret      = "correct-horse"
)

// Faults are what goes wrong, each so many times.
type Faults struct {
	Busy        int           // calls answered 503
	RetryAfter  time.Duration // what these answers ask for, in whole seconds
	Refused     int           // uploads answered 403, as by an expired link
	LostAnswers int           // uploads that are stored and whose answer is lost
	Broken      int           // results that end in the middle
	Held        int           // deletes answered 202
	Full        int           // creates answered 429 for too many unfinished tasks
	Redirect    bool          // every call is answered with a redirect to the storage's origin
	Lax         bool          // wishes for a short life are dropped, as an old server may
	PlainLinks  bool          // links lead over plain http to another machine
	Overwrite   bool          // storage says 403 to a second upload, as Azure does
}

// Server is safe for concurrent use.
type Server struct {
	URL     string // of the interface
	Storage string // origin of the links

	t       testing.TB
	mu      sync.Mutex
	changed *sync.Cond
	faults  Faults           // guarded by mu, as all below
	tasks   map[string]*task // by id
	order   []string         // ids, oldest first
	keys    map[string]string
	orders  map[string]string // request by idempotency key
	calls   []Call
	release bool
}

// Call is one request that came in.
type Call struct {
	Method, Path string
	Prefer       string
	At           time.Time
}

type task struct {
	ID       string    `json:"id"`
	State    string    `json:"state"`
	Created  time.Time `json:"created"`
	Pages    *pages    `json:"pages,omitempty"`
	Upload   *link     `json:"upload,omitempty"`
	Results  []result  `json:"results,omitempty"`
	Failure  *failure  `json:"failure,omitempty"`
	Erased   time.Time `json:"erased,omitzero"`
	Shown    *settings `json:"settings"` // without the password
	settings settings
	document []byte
	sent     int // uploads that were stored
	links    int // upload links issued
	fetched  map[string]bool
}

type pages struct {
	Total int `json:"total"`
	Done  int `json:"done"`
}

type link struct {
	URL     string            `json:"url"`
	Method  string            `json:"method"`
	Headers map[string]string `json:"headers,omitempty"`
}

type result struct {
	Format string `json:"format"`
	Bytes  int64  `json:"bytes"`
}

type failure struct {
	Code      string `json:"code"`
	Detail    string `json:"detail"`
	Retryable bool   `json:"retryable"`
}

type settings struct {
	Languages     []string `json:"languages"`
	Formats       []string `json:"formats"`
	Profile       string   `json:"profile"`
	Password      string   `json:"password,omitempty"`
	OnPageError   string   `json:"on_page_error"`
	RetainSeconds int      `json:"retain_seconds"`
	DeleteOnFetch bool     `json:"delete_on_fetch"`
}

// Start runs a server until the test ends. Credentials that reach the storage's origin fail the test.
func Start(t testing.TB) *Server {
	s := &Server{t: t, tasks: map[string]*task{}, keys: map[string]string{}, orders: map[string]string{}}
	s.changed = sync.NewCond(&s.mu)
	api := http.NewServeMux()
	api.HandleFunc("POST /v1/tasks", s.create)
	api.HandleFunc("POST /v1/tasks:batch", s.createBatch)
	api.HandleFunc("GET /v1/tasks", s.list)
	api.HandleFunc("GET /v1/tasks/{id}", s.get)
	api.HandleFunc("DELETE /v1/tasks/{id}", s.erase)
	api.HandleFunc("POST /v1/tasks/{id}/upload-link", s.renew)
	api.HandleFunc("GET /v1/tasks/{id}/results/{format}", s.result)
	objects := http.NewServeMux()
	objects.HandleFunc("PUT /o/{id}/{n}", s.put)
	objects.HandleFunc("GET /o/{id}/{format}", s.object)
	objects.HandleFunc("/", func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") })
	storage := httptest.NewServer(s.stranger(objects))
	t.Cleanup(storage.Close)
	s.Storage = storage.URL // links name it: known before the interface serves
	server := httptest.NewServer(s.admit(api))
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// Fail changes what goes wrong from here on.
func (s *Server) Fail(change func(*Faults)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.faults)
}

// Release lets slow documents end.
func (s *Server) Release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.release = true
	s.changed.Broadcast()
}

// Expire erases every task, as the clock would.
func (s *Server) Expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.tasks {
		t.State, t.Erased, t.document = "Deleted", time.Now(), nil
	}
}

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
	for s.uploads() < uploads {
		s.changed.Wait()
	}
}

// Uploads is how many documents were stored, over all tasks.
func (s *Server) Uploads() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.uploads()
}

func (s *Server) uploads() int {
	n := 0
	for _, t := range s.tasks {
		n += t.sent
	}
	return n
}

// Tasks counts tasks by state.
func (s *Server) Tasks() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	states := map[string]int{}
	for _, t := range s.tasks {
		states[t.State]++
	}
	return states
}

// admit checks what every call must have.
func (s *Server) admit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.calls = append(s.calls, Call{r.Method, r.URL.Path, r.Header.Get("Prefer"), time.Now()})
		busy := take(&s.faults.Busy)
		after, redirect := s.faults.RetryAfter, s.faults.Redirect
		s.mu.Unlock()
		app, secret, _ := r.BasicAuth()
		switch {
		case redirect:
			http.Redirect(w, r, s.Storage+r.URL.Path, http.StatusTemporaryRedirect)
		case app != Application || secret != Secret:
			refuse(w, http.StatusUnauthorized, "credentials_missing_or_wrong", "credentials are missing or wrong", false)
		case busy:
			w.Header().Set("Retry-After", strconv.Itoa(int(after.Seconds())))
			refuse(w, http.StatusServiceUnavailable, "storage_unavailable", "storage did not answer", true)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// take uses up one of a number of faults.
func take(n *int) bool {
	if *n == 0 {
		return false
	}
	*n--
	return true
}

// stranger stands for an origin that must learn nothing of the client.
func (s *Server) stranger(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" || r.Header.Get("Cookie") != "" {
			s.t.Errorf("%s to a link carries credentials", r.Method)
		}
		s.mu.Lock()
		s.calls = append(s.calls, Call{r.Method, r.URL.Path, "", time.Now()})
		s.mu.Unlock()
		next.ServeHTTP(w, r)
	})
}

func refuse(w http.ResponseWriter, status int, code, detail string, retryable bool) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(problem{status, code, detail, retryable})
}

type problem struct {
	Status    int    `json:"status"`
	Code      string `json:"code"`
	Detail    string `json:"detail"`
	Retryable bool   `json:"retryable"`
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// text is what recognition makes of a document.
func (t *task) text(format string) string { return format + " of " + string(t.document) }

// issue puts an upload link into a task. It leads to the storage's origin.
func (s *Server) issue(t *task) {
	origin := s.Storage
	if s.faults.PlainLinks {
		origin = "http://storage.example.org"
	}
	t.links++
	t.Upload = &link{URL: fmt.Sprintf("%s/o/%s/%d?sig=s", origin, t.ID, t.links), Method: "PUT", Headers: map[string]string{"X-Kind": "block"}}
}

// put stores a document: once, through the newest link, with the headers given.
func (s *Server) put(w http.ResponseWriter, r *http.Request) {
	content, err := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tasks[r.PathValue("id")]
	switch {
	case err != nil:
		return
	case r.Header.Get("X-Kind") != "block" || r.ContentLength != int64(len(content)):
		s.t.Errorf("upload without the headers given: %v", r.Header)
	case take(&s.faults.Refused):
		t.links++ // the link is of no use any more
		w.WriteHeader(http.StatusForbidden)
	case r.PathValue("n") != strconv.Itoa(t.links):
		w.WriteHeader(http.StatusForbidden)
	case t.sent > 0 && s.faults.Overwrite:
		w.Header().Set("X-Ms-Error-Code", "UnauthorizedBlobOverwrite")
		w.WriteHeader(http.StatusForbidden)
	case t.sent > 0:
		refuse(w, http.StatusConflict, "already_exists", "the document is there", false)
	default:
		t.document, t.State, t.Upload = content, "Queued", nil
		if s.faults.Overwrite {
			t.State = "Submitted" // its event is still on the way
		}
		t.sent++
		s.changed.Broadcast()
		if take(&s.faults.LostAnswers) {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(http.StatusCreated)
	}
}

func (s *Server) object(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.send(w, s.tasks[r.PathValue("id")].text(r.PathValue("format")))
}

// send writes a result, or its first half.
func (s *Server) send(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	if !take(&s.faults.Broken) {
		_, _ = io.WriteString(w, text)
		return
	}
	_, _ = io.WriteString(w, text[:len(text)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}
