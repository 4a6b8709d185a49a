package api_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/request"
	"github.com/lethe-ocr/lethe/shared/task"
)

// shown is what the tests read of a task.
type shown struct {
	ID       string
	State    task.State
	Upload   *struct{ URL, Method, Expires string }
	Settings *struct {
		Languages     []string
		Formats       []string
		Profile       string
		RetainSeconds int `json:"retain_seconds"`
		DeleteOnFetch bool
		Password      *string
	}
	Pages       *struct{ Total, Done, Failed int }
	Failure     *struct{ Code, Detail string }
	Results     []struct{ Format, URL, Expires string }
	EraseDue    *time.Time `json:"erase_due"`
	DeleteAfter *time.Time `json:"delete_after"`
	Erased      *time.Time
}

func TestCreateTakesAllSettingsAndReturnsALink(t *testing.T) {
	w := newWorld()
	c := w.client(t, access.Submit)
	body := `{"languages":["rus","eng"],"formats":["pdf","txt"],"profile":"fast","password":"pw","on_page_error":"fail","retain_seconds":60,"delete_on_fetch":true}`
	rec := w.call(t, c, "POST", "/v1/tasks", body, "Idempotency-Key", "key")
	got := read[shown](t, rec, 201)
	if got.Upload == nil || got.Upload.Method != "PUT" || got.Upload.URL == "" || got.Upload.Expires == "" {
		t.Errorf("upload is %+v", got.Upload)
	}
	if got.Settings.Password != nil || strings.Contains(rec.Body.String(), "pw") {
		t.Error("the password came back")
	}
	if loc := rec.Header().Get("Location"); loc != "/v1/tasks/"+got.ID {
		t.Errorf("location is %q", loc)
	}
	want := task.Order{
		Application: c.id,
		Settings: task.Settings{
			Languages: []string{"rus", "eng"}, Formats: []render.Format{"pdf", "txt"}, Profile: "fast",
			OnPageError: "fail", Retain: time.Minute, DeleteOnFetch: true,
		},
		Password: "pw", IdempotencyKey: "key",
	}
	if diff := cmp.Diff(want, w.orders[0]); diff != "" {
		t.Error(diff)
	}
}

func TestCreateWithoutABodyUsesDefaults(t *testing.T) {
	w := newWorld()
	if rec := w.call(t, w.client(t, access.Submit), "POST", "/v1/tasks", ""); rec.Code != 201 {
		t.Errorf("status %d: %s", rec.Code, rec.Body)
	}
}

func TestReplayReturnsTheFirstTask(t *testing.T) {
	w := newWorld()
	c := w.client(t, access.Submit)
	first := read[shown](t, w.call(t, c, "POST", "/v1/tasks", `{}`, "Idempotency-Key", "key"), 201)
	again := read[shown](t, w.call(t, c, "POST", "/v1/tasks", `{}`, "Idempotency-Key", "key"), 200)
	if again.ID != first.ID || again.Upload == nil {
		t.Errorf("first %s, again %s with %v", first.ID, again.ID, again.Upload)
	}
}

func TestBatchReportsEachTaskInItsPlace(t *testing.T) {
	w := newWorld()
	c := w.client(t, access.Submit)
	got := read[struct {
		Tasks []struct {
			Task    *shown
			Problem *struct{ Code, Field string }
		}
	}](t, w.call(t, c, "POST", "/v1/tasks:batch", `{"tasks":[{"languages":["eng"]},{"languages":["tlh"]},{"idempotency_key":"k"}]}`), 200)
	if len(got.Tasks) != 3 || got.Tasks[0].Task == nil || got.Tasks[2].Task == nil {
		t.Fatalf("%+v", got)
	}
	if p := got.Tasks[1].Problem; p == nil || p.Code != string(fault.LanguageUnknown) || p.Field != "languages" {
		t.Errorf("second: %+v", p)
	}
	if w.orders[1].IdempotencyKey != "k" {
		t.Error("the key of the third did not reach the domain")
	}
}

func TestBatchTakesAThousandTasks(t *testing.T) {
	w := newWorld()
	c := w.client(t, access.Submit)
	batch := func(n int) string {
		return `{"tasks":[` + strings.TrimSuffix(strings.Repeat(`{"languages":["rus","eng"],"formats":["txt","pdf"]},`, n), ",") + `]}`
	}
	if rec := w.call(t, c, "POST", "/v1/tasks:batch", batch(request.MaxBatch)); rec.Code != 200 || len(w.orders) != request.MaxBatch {
		t.Errorf("1000: status %d, %d orders", rec.Code, len(w.orders))
	}
	rec := w.call(t, c, "POST", "/v1/tasks:batch", batch(request.MaxBatch+1))
	if p := problem(t, rec); p.Status != 422 || p.Field != "tasks" || !strings.Contains(p.Detail, "1000") {
		t.Errorf("1001: %+v", p)
	}
}

func TestInlineDocumentIsStreamedWithItsSettings(t *testing.T) {
	w := newWorld()
	c := w.client(t, access.Submit)
	target := "/v1/tasks?languages=rus,eng&formats=txt,pdf&profile=fast&on_page_error=fail&retain_seconds=60&delete_on_fetch=true"
	rec := w.call(t, c, "POST", target, "%PDF-document", "Content-Type", "application/pdf", "Document-Password", "pw", "Idempotency-Key", "key")
	got := read[shown](t, rec, 201)
	if got.State != task.Queued || got.Upload != nil || w.bodies[0] != "%PDF-document" {
		t.Errorf("%+v with the document %q", got, w.bodies)
	}
	want := task.Order{
		Application: c.id,
		Settings: task.Settings{
			Languages: []string{"rus", "eng"}, Formats: []render.Format{"txt", "pdf"}, Profile: "fast",
			OnPageError: "fail", Retain: time.Minute, DeleteOnFetch: true,
		},
		Password: "pw", IdempotencyKey: "key",
	}
	if diff := cmp.Diff(want, w.orders[0]); diff != "" {
		t.Error(diff)
	}
}

func TestTaskShowsBothClocksAndFreshLinks(t *testing.T) {
	w := newWorld()
	c := w.client(t, access.Read)
	done := w.task(c, task.Completed)
	first := w.call(t, c, "GET", "/v1/tasks/"+done.Ref.ID, "")
	got := read[shown](t, first, 200)
	if !got.EraseDue.Equal(w.clock.Add(23*time.Hour)) || !got.DeleteAfter.Equal(w.clock.Add(24*time.Hour)) {
		t.Errorf("erase due %v, delete after %v", got.EraseDue, got.DeleteAfter)
	}
	if len(got.Results) != 1 || !strings.HasPrefix(got.Results[0].URL, "https://store.example/txt?sig=") || got.Results[0].Expires == "" {
		t.Errorf("results are %+v", got.Results)
	}
	second := w.call(t, c, "GET", "/v1/tasks/"+done.Ref.ID, "")
	if first.Body.String() == second.Body.String() {
		t.Error("the second answer has the links of the first")
	}
	tag := first.Header().Get("Etag")
	if tag != second.Header().Get("Etag") || !strings.HasPrefix(tag, `"`) {
		t.Errorf("the tag %s must be strong and not depend on links", tag)
	}
}

func TestResultsOfATaskErasedOnFetchHaveNoLinks(t *testing.T) {
	w := newWorld()
	c := w.client(t, access.Read)
	done := *w.task(c, task.Completed)
	done.Settings.DeleteOnFetch = true
	w.put(&done)
	got := read[shown](t, w.call(t, c, "GET", "/v1/tasks/"+done.Ref.ID, ""), 200)
	if got.Results[0].URL != "/v1/tasks/"+done.Ref.ID+"/results/txt" || got.Results[0].Expires != "" {
		t.Errorf("results are %+v", got.Results)
	}
}

func TestFailedTaskExplainsItself(t *testing.T) {
	w := newWorld()
	c := w.client(t, access.Read)
	failed := *w.task(c, task.ProcessingFailed)
	failed.Failure = &task.Failure{Code: fault.DocumentDamaged, Detail: "the document is damaged"}
	w.put(&failed)
	got := read[shown](t, w.call(t, c, "GET", "/v1/tasks/"+failed.Ref.ID, ""), 200)
	if got.Failure == nil || got.Failure.Code != "document_damaged" || got.Failure.Detail == "" {
		t.Errorf("failure is %+v", got.Failure)
	}
}

func TestConditionalRequestsFollowTheState(t *testing.T) {
	w := newWorld()
	c := w.client(t, access.Read)
	running := w.task(c, task.InProgress)
	path := "/v1/tasks/" + running.Ref.ID
	tag := w.call(t, c, "GET", path, "").Header().Get("Etag")
	for header, want := range map[string]int{tag: 304, "W/" + tag: 304, `"x", ` + tag: 304, "*": 304, `"x"`: 200, "": 200} {
		rec := w.call(t, c, "GET", path, "", "If-None-Match", header)
		if rec.Code != want || rec.Header().Get("Etag") != tag || (want == 304) != (rec.Body.Len() == 0) {
			t.Errorf("%s: status %d with tag %s and %d bytes", header, rec.Code, rec.Header().Get("Etag"), rec.Body.Len())
		}
	}
	further := *running
	further.Pages = task.Progress{Total: 3, Done: 1}
	w.put(&further)
	if rec := w.call(t, c, "GET", path, "", "If-None-Match", tag); rec.Code != 200 {
		t.Errorf("after progress: status %d", rec.Code)
	}
}

func TestWaitAnswersWhenTheTaskChanges(t *testing.T) {
	for name, known := range map[string]bool{"with a version": true, "without one": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				c := w.client(t, access.Read)
				running := w.task(c, task.InProgress)
				path := "/v1/tasks/" + running.Ref.ID
				header := []string{"Prefer", "respond-async, wait=30"}
				if known {
					header = append(header, "If-None-Match", w.call(t, c, "GET", path, "").Header().Get("Etag"))
				}
				go func() {
					time.Sleep(10 * time.Second) // the bubble's clock
					done := *running
					done.State, done.Ended = task.Completed, w.clock
					w.put(&done)
				}()
				began := time.Now()
				rec := w.call(t, c, "GET", path, "", header...)
				if got := read[shown](t, rec, 200); got.State != task.Completed {
					t.Errorf("state is %s", got.State)
				}
				if waited := time.Since(began); waited != 10*time.Second {
					t.Errorf("waited %v", waited)
				}
				if applied := rec.Header().Get("Preference-Applied"); applied != "wait" {
					t.Errorf("preference applied: %q", applied)
				}
			})
		})
	}
}

func TestWaitEndsWithoutAChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		c := w.client(t, access.Read)
		path := "/v1/tasks/" + w.task(c, task.InProgress).Ref.ID
		tag := w.call(t, c, "GET", path, "").Header().Get("Etag")
		for _, s := range []struct {
			prefer, known string
			want          int
			waited        time.Duration
		}{
			{"wait=5", tag, 304, 5 * time.Second},
			{"wait=5", "", 200, 5 * time.Second},
			{"wait=600", tag, 304, time.Minute},
			{"wait=x", tag, 304, 0},
			{"", "", 200, 0},
			{"wait=5", `"other"`, 200, 0},
		} {
			began := time.Now()
			rec := w.call(t, c, "GET", path, "", "Prefer", s.prefer, "If-None-Match", s.known)
			if waited := time.Since(began); rec.Code != s.want || waited != s.waited {
				t.Errorf("%q knowing %q: status %d after %v, want %d after %v", s.prefer, s.known, rec.Code, waited, s.want, s.waited)
			}
		}
	})
}

func TestListIsPagedByLinks(t *testing.T) {
	w := newWorld()
	c, other := w.client(t, access.Read), w.client(t, access.Read)
	var want []string
	for range 5 {
		w.clock = w.clock.Add(time.Millisecond)
		want = append(want, w.task(c, task.Completed).Ref.ID)
		w.task(c, task.Deleted)
		w.task(other, task.Completed)
	}
	var got []string
	target := "/v1/tasks?limit=2&state=Completed"
	for pages := 0; target != ""; pages++ {
		if pages > 3 {
			t.Fatal("the pages do not end")
		}
		rec := w.call(t, c, "GET", target, "")
		page := read[struct{ Tasks []shown }](t, rec, 200)
		for _, s := range page.Tasks {
			got = append(got, s.ID)
		}
		target = next(t, rec.Header().Get("Link"))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

// next returns the target of a Link header's next page.
func next(t *testing.T, link string) string {
	t.Helper()
	if link == "" {
		return ""
	}
	target, ok := strings.CutSuffix(link, `>; rel="next"`)
	if u, err := url.Parse(strings.TrimPrefix(target, "<")); !ok || err != nil || u.Query().Get("state") != "Completed" {
		t.Fatalf("link is %q", link)
	}
	return strings.TrimPrefix(target, "<")
}

func TestDeleteTellsWhetherAllIsGone(t *testing.T) {
	w := newWorld()
	c := w.client(t, access.Delete)
	rec := w.call(t, c, "DELETE", "/v1/tasks/"+w.task(c, task.Completed).Ref.ID, "")
	if got := read[shown](t, rec, 200); got.State != task.Deleted || got.Erased == nil {
		t.Errorf("%+v", got)
	}
	running := "/v1/tasks/" + w.task(c, task.InProgress).Ref.ID
	for range 2 {
		rec = w.call(t, c, "DELETE", running, "")
		if got := read[shown](t, rec, 202); got.Erased != nil || rec.Header().Get("Retry-After") == "" {
			t.Errorf("%+v with Retry-After %q", got, rec.Header().Get("Retry-After"))
		}
	}
}

func TestTombstoneShowsNoSettings(t *testing.T) {
	w := newWorld()
	c := w.client(t, access.Delete, access.Read)
	w.task(c, task.Deleted)
	rec := w.call(t, c, "GET", "/v1/tasks?state=Deleted", "")
	var page struct{ Tasks []map[string]any }
	if err := json.Unmarshal(rec.Body.Bytes(), &page); err != nil || len(page.Tasks) != 1 {
		t.Fatalf("%v: %s", err, rec.Body)
	}
	for _, field := range []string{"settings", "results", "failure", "erase_due", "type"} {
		if v, ok := page.Tasks[0][field]; ok {
			t.Errorf("%s is %v", field, v)
		}
	}
}

func TestReadinessFailsWithAnyCheck(t *testing.T) {
	w := newWorld()
	for ready, want := range map[bool]int{true: 200, false: 503} {
		w.ready = nil
		for i := range 2 {
			w.ready = append(w.ready, check(fmt.Sprint("part", i), ready || i == 0))
		}
		got := w.call(t, client{}, "GET", "/readyz", "")
		v := read[struct {
			Ready   bool
			Address string
		}](t, got, want)
		if v.Ready != ready || v.Address != "https://ocr.test" {
			t.Errorf("ready is %v with status %d, links begin with %q", v.Ready, got.Code, v.Address)
		}
	}
}

func TestCapabilitiesListWhatTheProgramCan(t *testing.T) {
	w := newWorld()
	got := read[struct {
		Languages []string
		Formats   []struct{ Format string }
		Limits    struct {
			Inline int `json:"inline_bytes"`
			Batch  int
		}
	}](t, w.call(t, w.client(t, access.Read), "GET", "/v1/capabilities", ""), 200)
	if !slices.Equal(got.Languages, []string{"eng", "rus"}) || len(got.Formats) != len(render.Formats()) || got.Limits.Inline != inlineLimit || got.Limits.Batch != 1000 {
		t.Errorf("%+v", got)
	}
}
