package abbyy_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/functions/abbyy"
	"github.com/lethe-ocr/lethe/functions/api/apitest"
	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/access/accesslog"
	"github.com/lethe-ocr/lethe/shared/httpserver"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/task"
)

// picture is the largest picture here, so that tests need little memory.
const picture = 10_000

// world is the interface over the task service and a store in memory, beside the native one.
type world struct {
	*apitest.Service
	handler http.Handler
	log     *journal
	clock   *clock
	queue   []task.Job
	acts    *acts
	cfg     abbyy.Config
}

// clock is the time of a world. Transfers look at it from goroutines of their own.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) { c.set(c.now().Add(d)) }

func (c *clock) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

// journal is a log that is kept.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// acts is the access log, which can be broken.
type acts struct {
	to     *accesslog.Log
	broken error
}

func (a *acts) Record(ctx context.Context, e accesslog.Entry) error {
	if a.broken != nil {
		return a.broken
	}
	return a.to.Record(ctx, e)
}

// noLinks gives no links to the store.
type noLinks struct{}

func (noLinks) UploadLink(context.Context, string, int64, time.Time) (storage.Link, error) {
	return storage.Link{URL: "https://store.test/"}, nil
}

func (noLinks) DownloadLink(context.Context, string, time.Time) (storage.Link, error) {
	return storage.Link{URL: "https://store.test/"}, nil
}

// Push implements task.Queue.
func (w *world) Push(_ context.Context, job task.Job, _ time.Duration) error {
	w.queue = append(w.queue, job)
	return nil
}

func newWorld(t testing.TB, change ...func(*abbyy.Config)) *world {
	t.Helper()
	w := &world{clock: &clock{at: time.Date(2026, 3, 1, 14, 25, 0, 0, time.UTC)}, log: &journal{}}
	now := w.clock.now
	log := slog.New(slog.NewJSONHandler(w.log, nil))
	engine := apitest.NewEngine()
	w.Service = apitest.New(t, apitest.Config{
		Engine: engine, Links: noLinks{}, Queue: w, Rates: access.Rates{PerSecond: 1, Burst: 5000}, Inline: picture, Now: now, Log: log,
	})
	w.acts = &acts{to: w.Acts}
	w.cfg = abbyy.Config{
		Tasks: w.Tasks, Applications: w.Apps, Guard: w.Guard, AccessLog: w.acts, Keys: w.Keys, Languages: engine.Languages,
		Base: "https://ocr.test", Picture: picture, Larger: "split it", Now: now, Log: log,
	}
	for _, c := range change {
		c(&w.cfg)
	}
	w.handler = httpserver.Serve(abbyy.New(w.cfg).Over(w.API), log, now)
	return w
}

// client is an application with its credentials.
type client struct{ id, secret, header string }

func (w *world) client(t testing.TB, app access.Application) client {
	t.Helper()
	app.Name = "test"
	if app.Scopes == nil {
		app.Scopes = access.ApplicationScopes()
	}
	made, secret, err := w.Apps.Create(t.Context(), app, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return client{made.ID, secret, basic(made.ID, secret)}
}

func basic(user, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+secret))
}

// call sends a request; header holds names and values in turn.
func (w *world) call(t testing.TB, c client, method, target string, body io.Reader, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	path, query, queried := strings.Cut(target, "?")
	r := httptest.NewRequestWithContext(t.Context(), method, "/", body)
	r.URL.Path, r.URL.RawQuery, r.URL.ForceQuery = path, query, queried && query == ""
	if c.header != "" {
		r.Header.Set("Authorization", c.header)
	}
	for pair := range slices.Chunk(header, 2) {
		r.Header.Set(pair[0], pair[1])
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	return rec
}

// told is a task as either version tells it.
type told struct {
	ID          string   `xml:"id,attr" json:"taskId"`
	Status      string   `xml:"status,attr" json:"status"`
	Files       int      `xml:"filesCount,attr" json:"filesCount"`
	Description string   `xml:"description,attr" json:"description"`
	Error       string   `xml:"error,attr" json:"error"`
	First       string   `xml:"resultUrl,attr" json:"-"`
	Second      string   `xml:"resultUrl2,attr" json:"-"`
	Links       []string `xml:"-" json:"resultUrls"`
}

func tasksOf(t testing.TB, rec *httptest.ResponseRecorder) []told {
	t.Helper()
	if rec.Code != http.StatusOK {
		t.Fatalf("status %d: %s", rec.Code, rec.Body)
	}
	if strings.HasPrefix(rec.Header().Get("Content-Type"), "application/json") {
		var list struct {
			Tasks []told `json:"tasks"`
		}
		if err := json.Unmarshal(rec.Body.Bytes(), &list); err != nil {
			t.Fatal(err)
		}
		return list.Tasks
	}
	var list struct {
		Tasks []told `xml:"task"`
	}
	if err := xml.Unmarshal(rec.Body.Bytes(), &list); err != nil {
		t.Fatal(err)
	}
	for i, one := range list.Tasks {
		for _, link := range []string{one.First, one.Second} {
			if link != "" {
				list.Tasks[i].Links = append(list.Tasks[i].Links, link)
			}
		}
	}
	return list.Tasks
}

func taskOf(t testing.TB, rec *httptest.ResponseRecorder) told {
	t.Helper()
	if strings.HasPrefix(rec.Header().Get("Content-Type"), "application/json") && rec.Code == http.StatusOK {
		var one told
		if err := json.Unmarshal(rec.Body.Bytes(), &one); err != nil {
			t.Fatal(err)
		}
		return one
	}
	list := tasksOf(t, rec)
	if len(list) != 1 {
		t.Fatalf("%d tasks: %s", len(list), rec.Body)
	}
	return list[0]
}

// process does all that is queued.
func (w *world) process(t testing.TB) {
	t.Helper()
	for ; len(w.queue) > 0; w.queue = w.queue[1:] {
		if _, err := w.Tasks.Process(t.Context(), w.queue[0]); err != nil {
			t.Fatal(err)
		}
	}
}

// send submits a document, has it processed, and returns the task.
func (w *world) send(t testing.TB, c client, target, content string) told {
	t.Helper()
	one := taskOf(t, w.call(t, c, http.MethodPost, target, strings.NewReader("%PDF-1.4 "+content)))
	if one.Status != "Queued" {
		t.Fatalf("%+v", one)
	}
	w.process(t)
	return one
}

func (w *world) status(t testing.TB, c client, id string) told {
	t.Helper()
	return taskOf(t, w.call(t, c, http.MethodGet, "/getTaskStatus?taskId="+id, nil))
}

// follow fetches a link, without credentials.
func (w *world) follow(t testing.TB, method, link string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	path, ours := strings.CutPrefix(link, "https://ocr.test")
	if !ours {
		t.Fatalf("the link leads to %s", link)
	}
	return w.call(t, client{}, method, path, nil, header...)
}

// count is how many entries of an act the access log has.
func (w *world) count(t testing.TB, act accesslog.Act) int {
	t.Helper()
	entries, _, err := w.Acts.List(t.Context(), accesslog.Query{Limit: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range entries {
		if e.Act == act {
			n++
		}
	}
	return n
}
