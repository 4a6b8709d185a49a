package api_test

import (
	"context"
	"io"
	"iter"
	"log/slog"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lethe-ocr/lethe/functions/api"
	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/memory"
	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/web"
)

// word is what the engine reads on every page.
const word = canary + "word"

// engine reads one word. While it is held, pages announce themselves and wait.
type engine struct {
	reached chan struct{} // nil unless held
	open    chan struct{}
}

func (e *engine) Inspect(context.Context, ocr.Source) (ocr.Info, error) {
	return ocr.Info{Type: "application/pdf", Pages: 1}, nil
}

func (e *engine) Recognise(_ context.Context, _ ocr.Source, n int, _ ocr.Options) (ocr.Page, error) {
	if e.reached != nil {
		e.reached <- struct{}{}
		<-e.open
	}
	box := ocr.Box{X1: 10, Y1: 10}
	line := ocr.Line{Box: box, Words: []ocr.Word{{Text: word, Box: box, Confidence: 90}}}
	return ocr.Page{
		Number: n, Width: 100, Height: 100, DPI: 300, Origin: ocr.Recognised, Confidence: 90,
		Blocks: []ocr.Block{{Box: box, Paragraphs: []ocr.Paragraph{{Box: box, Lines: []ocr.Line{line}}}}},
	}, nil
}

func (e *engine) WritePDF(_ context.Context, _ ocr.Source, pages iter.Seq2[ocr.Page, error], w io.Writer) error {
	for _, err := range pages {
		if err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, "%PDF-"+word)
	return err
}

func (e *engine) Languages() []string { return []string{"deu", "eng"} }

// queue remembers what waits.
type queue struct {
	mu    sync.Mutex
	waits []task.Ref // guarded by mu
}

func (q *queue) Push(_ context.Context, ref task.Ref, _ time.Duration) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waits = append(q.waits, ref)
	return nil
}

// linker signs nothing.
type linker struct{}

func (linker) UploadLink(_ context.Context, name string, expires time.Time) (storage.Link, error) {
	return storage.Link{URL: "https://store.example/" + name + "?sig=signature", Method: "PUT", Expires: expires}, nil
}

func (linker) DownloadLink(_ context.Context, name string, expires time.Time) (storage.Link, error) {
	return storage.Link{URL: "https://store.example/" + name + "?sig=signature", Method: "GET", Expires: expires}, nil
}

// service is the interface over the task service, with a store in memory.
type service struct {
	world
	tasks  *task.Service
	store  *memory.Store
	blobs  *memory.Blobs
	engine *engine
	queue  *queue
}

func newService() *service {
	s := &service{store: memory.New(time.Now), engine: &engine{}, queue: &queue{}}
	s.blobs, s.log = s.store.Blobs(), &journal{}
	log := slog.New(slog.NewJSONHandler(s.log, nil))
	s.tasks = task.New(task.Config{
		Store: task.Store{Blobs: s.blobs, Records: s.store, Agenda: s.store}, Links: linker{}, Engine: s.engine, Queue: s.queue,
		Turns: task.NewTurns(1), Policy: retention.Default(), Limits: task.DefaultLimits(), Owner: "test", Software: "test",
		Now: time.Now, Log: log,
	})
	s.apps = access.NewRegistry(s.store, time.Now, log)
	s.api = api.New(api.Config{
		Intake: s.tasks, Tasks: s.tasks, Results: s.tasks, Applications: s.apps,
		Guard: access.NewGuard(s.apps, access.Rates{PerSecond: 50, Burst: 200}, time.Now, log),
		Ready: func(context.Context) []api.Check { return nil }, Languages: s.engine.Languages,
		Limits: ocr.DefaultLimits(), Policy: retention.Default(), Inline: inlineLimit, Version: "test", Region: "testland",
		Now: time.Now, Log: log,
	})
	s.handler = web.Serve(s.api, log, time.Now)
	return s
}

// create makes a task over the interface.
func (s *service) create(t *testing.T, c client, settings string) task.Ref {
	t.Helper()
	got := read[shown](t, s.call(t, c, "POST", "/v1/tasks", settings), 201)
	return task.Ref{Application: c.id, ID: got.ID}
}

// upload stores a document as a client does with its link, and lets its event follow.
func (s *service) upload(t *testing.T, ref task.Ref) {
	t.Helper()
	if _, err := s.blobs.Put(t.Context(), ref.UploadName(), "application/pdf", strings.NewReader("%PDF "+canary)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.tasks.Landed(t.Context(), ref.UploadName()); err != nil {
		t.Fatal(err)
	}
}

func (s *service) process(t *testing.T, ref task.Ref) {
	t.Helper()
	if _, err := s.tasks.Process(t.Context(), ref); err != nil {
		t.Error(err)
	}
}

func (s *service) completed(t *testing.T, c client, settings string) task.Ref {
	t.Helper()
	ref := s.create(t, c, settings)
	s.upload(t, ref)
	s.process(t, ref)
	return ref
}

// copies lists every blob of the store.
func (s *service) copies(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, container := range []string{storage.Uploads, storage.Work, storage.Results} {
		blobs, err := s.blobs.List(t.Context(), container+"/", "", 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range blobs {
			names = append(names, b.Name)
		}
	}
	return names
}

// checkSilence asserts that the log holds nothing of what went through.
func (s *service) checkSilence(t *testing.T) {
	t.Helper()
	for _, secret := range []string{canary, "signature", "store.example"} {
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
}

func TestDocumentIsTakenInReadHandedOutAndErased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		c := s.client(t, access.Submit, access.Read, access.Delete)
		order := `{"languages":["deu"],"formats":["txt","pdf"],"password":"` + canary + `"}`
		created := read[shown](t, s.call(t, c, "POST", "/v1/tasks", order, "Idempotency-Key", canary), 201)
		ref := task.Ref{Application: c.id, ID: created.ID}
		path := "/v1/tasks/" + ref.ID
		if created.State != task.Submitted || created.Upload == nil || !strings.Contains(created.Upload.URL, ref.UploadName()) {
			t.Errorf("created: %+v", created)
		}
		fresh := read[struct{ URL string }](t, s.call(t, c, "POST", path+"/upload-link", ""), 200)
		if fresh.URL == "" {
			t.Error("no fresh link")
		}
		if p := problem(t, s.call(t, c, "GET", path+"/results/txt", "")); p.Status != 409 || p.Code != "wrong_state" {
			t.Errorf("result of a submitted task: %+v", p)
		}
		s.upload(t, ref)
		if got := read[shown](t, s.call(t, c, "GET", path, ""), 200); got.State != task.Queued {
			t.Errorf("uploaded: %s", got.State)
		}
		s.process(t, ref)
		done := s.call(t, c, "GET", path, "")
		if got := read[shown](t, done, 200); got.State != task.Completed || len(got.Results) != 2 || got.Pages.Done != 1 {
			t.Errorf("processed: %+v", got)
		}
		if rec := s.call(t, c, "GET", path, "", "If-None-Match", done.Header().Get("Etag")); rec.Code != 304 {
			t.Errorf("known version: status %d", rec.Code)
		}
		rec := s.call(t, c, "GET", path+"/results/txt", "")
		if location := rec.Header().Get("Location"); rec.Code != 303 || !strings.HasPrefix(location, "https://store.example/results/") {
			t.Errorf("result: status %d to %s", rec.Code, location)
		}
		if rec := s.call(t, c, "GET", path+"/results/pdf?stream=true", ""); rec.Code != 200 || rec.Body.String() != "%PDF-"+word {
			t.Errorf("streamed: status %d, %q", rec.Code, rec.Body)
		}
		if p := problem(t, s.call(t, c, "GET", path+"/results/alto", "")); p.Status != 404 {
			t.Errorf("a format that was not asked for: %+v", p)
		}
		if len(s.copies(t)) == 0 {
			t.Fatal("the test sees no copies")
		}
		for range 2 {
			if got := read[shown](t, s.call(t, c, "DELETE", path, ""), 200); got.State != task.Deleted || got.Erased == nil {
				t.Errorf("deleted: %+v", got)
			}
			for _, gone := range []*httptest.ResponseRecorder{
				s.call(t, c, "GET", path, ""), s.call(t, c, "GET", path+"/results/txt", ""), s.call(t, c, "POST", path+"/upload-link", ""),
			} {
				if p := problem(t, gone); p.Status != 410 || p.Code != "task_erased" {
					t.Errorf("after delete: %+v", p)
				}
			}
		}
		if left := s.copies(t); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
		s.checkSilence(t)
	})
}

func TestForeignTaskOfTheStoreLooksLikeAnUnknownOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		owner, stranger := s.client(t, access.Scopes()...), s.client(t, access.Scopes()...)
		foreign := s.completed(t, owner, `{}`).ID
		for method, suffix := range map[string]string{"GET": "", "DELETE": "", "POST": "/upload-link", "HEAD": "/results/txt"} {
			answer := func(id string) (string, map[string][]string) {
				rec := s.call(t, stranger, method, "/v1/tasks/"+id+suffix, "")
				request := rec.Header().Get("X-Request-Id")
				rec.Header().Del("X-Request-Id")
				return strings.ReplaceAll(rec.Body.String(), request, ""), rec.Header()
			}
			body, header := answer(foreign)
			wantBody, wantHeader := answer(taskID(time.Now()))
			if body != wantBody || !maps.EqualFunc(header, wantHeader, slices.Equal) {
				t.Errorf("%s: %s %v\nunknown: %s %v", method, body, header, wantBody, wantHeader)
			}
		}
		if rec := s.call(t, owner, "GET", "/v1/tasks/"+foreign, ""); rec.Code != 200 {
			t.Errorf("the owner's task after a stranger's delete: status %d", rec.Code)
		}
	})
}

func TestKeyBelongsToOneRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		c, other := s.client(t, access.Submit, access.Delete), s.client(t, access.Submit)
		post := func(c client, body string) *httptest.ResponseRecorder {
			return s.call(t, c, "POST", "/v1/tasks", body, "Idempotency-Key", "key")
		}
		first := read[shown](t, post(c, `{"languages":["eng"]}`), 201)
		if again := read[shown](t, post(c, `{"languages":["eng"]}`), 200); again.ID != first.ID || again.Upload == nil {
			t.Errorf("again: %+v", again)
		}
		for _, body := range []string{`{"languages":["deu"]}`, `{"languages":["eng"],"password":"x"}`, `{"languages":["eng"],"delete_on_fetch":true}`} {
			if p := problem(t, post(c, body)); p.Status/100 != 4 || p.Code != "idempotency_key_reused" {
				t.Errorf("%s: %+v", body, p)
			}
		}
		if elsewhere := read[shown](t, post(other, `{"languages":["deu"]}`), 201); elsewhere.ID == first.ID {
			t.Error("the key of one application gives another its task")
		}
	})
}

func TestDocumentInTheRequestIsStoredAndQueued(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		c := s.client(t, access.Submit, access.Read)
		rec := s.call(t, c, "POST", "/v1/tasks?formats=txt&languages=deu,eng", "%PDF "+canary, "Content-Type", "application/pdf")
		got := read[shown](t, rec, 201)
		if got.State != task.Queued || got.Upload != nil || !slices.Equal(got.Settings.Languages, []string{"deu", "eng"}) || len(s.queue.waits) != 1 {
			t.Fatalf("%+v with %d queued", got, len(s.queue.waits))
		}
		s.process(t, s.queue.waits[0])
		rec = s.call(t, c, "GET", "/v1/tasks/"+got.ID+"/results/txt?stream=true", "")
		if rec.Code != 200 || strings.TrimSpace(rec.Body.String()) != word {
			t.Errorf("status %d, %q", rec.Code, rec.Body)
		}
		s.checkSilence(t)
	})
}

// endless is a document of unknown length.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return copy(p, canary), nil }

func TestNothingIsKeptOfADocumentThatIsTooLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		c := s.client(t, access.Submit, access.Read)
		for name, body := range map[string]io.Reader{"announced": strings.NewReader(strings.Repeat("x", inlineLimit+1)), "of unknown length": endless{}} {
			r := httptest.NewRequestWithContext(t.Context(), "POST", "/v1/tasks", body)
			r.Header.Set("Content-Type", "application/pdf")
			r.Header.Set("Authorization", c.header)
			rec := httptest.NewRecorder()
			s.handler.ServeHTTP(rec, r)
			if p := problem(t, rec); p.Status != 413 || p.Code != "body_too_large" {
				t.Errorf("%s: %+v", name, p)
			}
			if left := s.copies(t); len(left) > 0 || len(s.queue.waits) > 0 {
				t.Errorf("%s: left %v, queued %v", name, left, s.queue.waits)
			}
			if list := read[struct{ Tasks []shown }](t, s.call(t, c, "GET", "/v1/tasks", ""), 200); len(list.Tasks) > 0 {
				t.Errorf("%s: listed %+v", name, list.Tasks)
			}
		}
		s.checkSilence(t)
	})
}

func TestTaskThatIsErasedOnFetchIsStreamedAndGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		c := s.client(t, access.Submit, access.Read)
		path := "/v1/tasks/" + s.completed(t, c, `{"formats":["txt","json"],"delete_on_fetch":true}`).ID
		for range 2 { // the same result twice is not all results
			if rec := s.call(t, c, "GET", path+"/results/txt", ""); rec.Code != 200 || !strings.Contains(rec.Body.String(), word) {
				t.Fatalf("status %d, %q", rec.Code, rec.Body)
			}
		}
		if rec := s.call(t, c, "GET", path+"/results/json", ""); rec.Code != 200 {
			t.Fatalf("status %d", rec.Code)
		}
		if p := problem(t, s.call(t, c, "GET", path, "")); p.Status != 410 {
			t.Errorf("after the last result: %+v", p)
		}
		if left := s.copies(t); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
	})
}

func TestDeleteIsAcceptedWhileAWorkerHoldsThePages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		c := s.client(t, access.Submit, access.Read, access.Delete)
		ref := s.create(t, c, `{}`)
		path := "/v1/tasks/" + ref.ID
		s.upload(t, ref)
		s.engine.reached, s.engine.open = make(chan struct{}), make(chan struct{})
		ended := make(chan error, 1)
		go func() {
			_, err := s.tasks.Process(t.Context(), ref)
			ended <- err
		}()
		<-s.engine.reached
		rec := s.call(t, c, "DELETE", path, "")
		if got := read[shown](t, rec, 202); got.Erased != nil || rec.Header().Get("Retry-After") == "" {
			t.Errorf("%+v with Retry-After %q", got, rec.Header().Get("Retry-After"))
		}
		if p := problem(t, s.call(t, c, "GET", path, "")); p.Status != 410 {
			t.Errorf("while the worker holds: %+v", p)
		}
		close(s.engine.open)
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if got := read[shown](t, s.call(t, c, "DELETE", path, ""), 200); got.Erased == nil {
			t.Error("not erased once the worker let go")
		}
		if left := s.copies(t); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
	})
}

func TestWaitIsAnsweredByTheWorkersProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		c := s.client(t, access.Submit, access.Read)
		ref := s.create(t, c, `{}`)
		s.upload(t, ref)
		go func() {
			time.Sleep(7 * time.Second) // the bubble's clock
			s.process(t, ref)
		}()
		began := time.Now()
		got := read[shown](t, s.call(t, c, "GET", "/v1/tasks/"+ref.ID, "", "Prefer", "wait=30"), 200)
		if waited := time.Since(began); got.State != task.Completed || waited < 7*time.Second || waited > 9*time.Second {
			t.Errorf("%s after %v", got.State, waited)
		}
	})
}

func TestTaskIsGoneWhenItsClockHasRunOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		c := s.client(t, access.Submit, access.Read, access.Delete)
		ref := s.completed(t, c, `{"retain_seconds":60}`)
		time.Sleep(61 * time.Second) // the bubble's clock; nobody sweeps
		if p := problem(t, s.call(t, c, "GET", "/v1/tasks/"+ref.ID, "")); p.Status != 410 {
			t.Errorf("%+v", p)
		}
		if list := read[struct{ Tasks []shown }](t, s.call(t, c, "GET", "/v1/tasks", ""), 200); len(list.Tasks) > 0 {
			t.Errorf("listed: %+v", list.Tasks)
		}
	})
}

func TestRetentionIsMeasuredFromTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		c := s.client(t, access.Submit, access.Read)
		s.completed(t, c, `{}`)
		time.Sleep(time.Hour) // the bubble's clock
		got := read[struct {
			Region    string
			OldestAge float64 `json:"oldest_age_seconds"`
			Processed float64 `json:"processed_seconds"`
			Next      []time.Time
		}](t, s.call(t, c, "GET", "/v1/retention", ""), 200)
		if got.OldestAge != 3600 || got.Processed != 24*3600 || got.Region != "testland" || len(got.Next) == 0 {
			t.Errorf("%+v", got)
		}
	})
}

// A key is there so that a request that went wrong can be sent again.
func TestBrokenDocumentCanBeSentAgainWithItsKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		c := s.client(t, access.Submit)
		header := []string{"Content-Type", "application/pdf", "Idempotency-Key", "key"}
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/v1/tasks", &watched{})
		r.Header.Set("Authorization", c.header)
		setHeaders(r, header)
		rec := httptest.NewRecorder()
		s.handler.ServeHTTP(rec, r)
		problem(t, rec)
		if left := s.copies(t); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
		first := read[shown](t, s.call(t, c, "POST", "/v1/tasks", "%PDF", header...), 201)
		if again := read[shown](t, s.call(t, c, "POST", "/v1/tasks", "%PDF", header...), 200); again.ID != first.ID || len(s.queue.waits) != 1 {
			t.Errorf("first %s, again %s, %d queued", first.ID, again.ID, len(s.queue.waits))
		}
	})
}

func TestUnknownParametersAreRefusedEverywhere(t *testing.T) {
	for _, r := range routes() {
		w := newWorld()
		c := w.client(t, access.Scopes()...)
		path := strings.ReplaceAll(r.path, "{app}", w.client(t, access.Read).id)
		if r.state != "" {
			path = strings.ReplaceAll(path, "{id}", w.task(c, r.state).Ref.ID)
		}
		if p := problem(t, w.call(t, c, r.method, path+"?nonsense="+canary, r.body)); p.Status != 422 || p.Field != "nonsense" {
			t.Errorf("%s: %+v", r.id, p)
		}
	}
}

func TestKeyIsMeasuredInCharactersHoweverTheDocumentCame(t *testing.T) {
	w := newWorld()
	c := w.client(t, access.Submit)
	for mediaType, body := range map[string]string{"application/json": `{}`, "application/pdf": "%PDF"} {
		for length, want := range map[int]int{200: 201, 201: 422} {
			rec := w.call(t, c, "POST", "/v1/tasks", body, "Content-Type", mediaType, "Idempotency-Key", strings.Repeat("é", length-1)+mediaType[len(mediaType)-1:])
			if rec.Code != want {
				t.Errorf("%s with a key of %d characters: status %d", mediaType, length, rec.Code)
			}
		}
	}
}
