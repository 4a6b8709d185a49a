package api_test

import (
	"io"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/task"
)

func TestDocumentIsTakenInReadHandedOutAndErased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
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
		s := newService(t)
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
		s := newService(t)
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
		s := newService(t)
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
		s := newService(t)
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
		s := newService(t)
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
		s := newService(t)
		c := s.client(t, access.Submit, access.Read, access.Delete)
		ref := s.create(t, c, `{}`)
		path := "/v1/tasks/" + ref.ID
		s.upload(t, ref)
		s.engine.reached, s.engine.open = make(chan struct{}), make(chan struct{})
		ended := make(chan error, 1)
		go func() {
			_, err := s.Tasks.Process(t.Context(), ref.Job())
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
		s := newService(t)
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
		s := newService(t)
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
		s := newService(t)
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
		s := newService(t)
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
		if p := problem(t, w.call(t, c, r.method, path+"?nonsense="+canary, r.body, r.header()...)); p.Status != 422 || p.Field != "nonsense" {
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
			if strings.Contains(rec.Body.String(), "éé") {
				t.Errorf("%s: the answer repeats the key: %s", mediaType, rec.Body)
			}
		}
	}
}

// Clients that lose an answer send the request again while the first one still runs.
func TestSameDocumentSentTwiceAtOnceMakesOneTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		c := s.client(t, access.Submit, access.Read)
		var group sync.WaitGroup
		answers := make([]*httptest.ResponseRecorder, 8)
		for i := range answers {
			group.Go(func() {
				answers[i] = s.call(t, c, "POST", "/v1/tasks", "%PDF", "Content-Type", "application/pdf", "Idempotency-Key", "key")
			})
		}
		group.Wait()
		ids := map[string]int{}
		for _, rec := range answers {
			if rec.Code != 200 && rec.Code != 201 {
				t.Errorf("status %d: %s", rec.Code, rec.Body)
				continue
			}
			ids[read[shown](t, rec, rec.Code).ID]++
		}
		list := read[struct{ Tasks []shown }](t, s.call(t, c, "GET", "/v1/tasks", ""), 200)
		if len(ids) != 1 || len(list.Tasks) != 1 || list.Tasks[0].State != task.Queued {
			t.Errorf("answers %v, tasks %+v", ids, list.Tasks)
		}
	})
}

func TestKeyOfOneDocumentIsRefusedForAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		c := s.client(t, access.Submit)
		send := func(body string) *httptest.ResponseRecorder {
			return s.call(t, c, "POST", "/v1/tasks", body, "Content-Type", "application/pdf", "Idempotency-Key", "key")
		}
		first := read[shown](t, send("%PDF"), 201)
		if again := read[shown](t, send("%PDF"), 200); again.ID != first.ID {
			t.Errorf("the replay is task %s, want %s", again.ID, first.ID)
		}
		if p := problem(t, send("%PDF-1.7")); p.Status != 422 || p.Code != "idempotency_key_reused" {
			t.Errorf("another document: %+v", p)
		}
	})
}

func TestBatchOfTheServiceCreatesWhatItCan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		c := s.client(t, access.Submit, access.Read)
		got := read[struct {
			Tasks []struct {
				Task    *shown
				Problem *struct{ Code, Field string }
			}
		}](t, s.call(t, c, "POST", "/v1/tasks:batch", `{"tasks":[{"languages":["deu"]},{"languages":["tlh"]},{"formats":["epub"]},{"formats":["txt","vcard"]},{}]}`), 200)
		for i, code := range []string{"", "language_unknown", "format_unknown", "format_unknown", ""} {
			if g := got.Tasks[i]; (g.Task != nil) != (code == "") || (g.Problem != nil) != (code != "") || g.Problem != nil && g.Problem.Code != code {
				t.Errorf("%d: %+v", i, g)
			}
		}
		if list := read[struct{ Tasks []shown }](t, s.call(t, c, "GET", "/v1/tasks", ""), 200); len(list.Tasks) != 2 {
			t.Errorf("%d tasks", len(list.Tasks))
		}
	})
}
