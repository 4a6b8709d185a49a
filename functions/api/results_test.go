package api_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/task"
)

// fetchable adds a completed task whose results are streamed.
func (w *world) fetchable(c client) string {
	done := *w.task(c, task.Completed)
	done.Settings.DeleteOnFetch = true
	w.put(&done)
	w.content = "some text"
	return "/v1/tasks/" + done.Ref.ID + "/results/txt"
}

func TestResultIsARedirectToALink(t *testing.T) {
	w := newWorld()
	c := w.client(t, access.Read)
	rec := w.call(t, c, "GET", "/v1/tasks/"+w.task(c, task.Completed).Ref.ID+"/results/txt", "")
	if rec.Code != 303 || !strings.HasPrefix(rec.Header().Get("Location"), "https://store.example/txt?") || rec.Body.Len() > 0 {
		t.Errorf("status %d to %q with %q", rec.Code, rec.Header().Get("Location"), rec.Body)
	}
	if rec.Header().Get("Referrer-Policy") != "no-referrer" {
		t.Error("the link may leak as a referrer")
	}
}

func TestResultIsStreamedWhenAskedFor(t *testing.T) {
	w := newWorld()
	c := w.client(t, access.Read)
	w.content = "some text"
	rec := w.call(t, c, "GET", "/v1/tasks/"+w.task(c, task.Completed).Ref.ID+"/results/txt?stream=true", "")
	if rec.Code != 200 || rec.Body.String() != "some text" || rec.Header().Get("Content-Type") != render.TXT.MediaType() {
		t.Errorf("status %d, %s: %q", rec.Code, rec.Header().Get("Content-Type"), rec.Body)
	}
}

func TestStampMayGiveResultsThroughItsInterfaceAlone(t *testing.T) {
	w := newWorld()
	w.api.StreamResults = true
	c := w.client(t, access.Read)
	w.content = "some text"
	address := "/v1/tasks/" + w.task(c, task.Completed).Ref.ID
	shown := w.call(t, c, "GET", address, "").Body.String()
	if strings.Contains(shown, "store.example") || !strings.Contains(shown, address+"/results/txt") {
		t.Errorf("the task shows %s", shown)
	}
	rec := w.call(t, c, "GET", address+"/results/txt", "")
	if rec.Code != 200 || rec.Body.String() != "some text" || rec.Header().Get("Location") != "" {
		t.Errorf("status %d to %q: %q", rec.Code, rec.Header().Get("Location"), rec.Body)
	}
}

func TestStreamedResultIsNotedAsFetched(t *testing.T) {
	w := newWorld()
	c := w.client(t, access.Read)
	rec := w.call(t, c, "GET", w.fetchable(c), "")
	if rec.Code != 200 || rec.Body.String() != "some text" || !rec.Flushed {
		t.Errorf("status %d, flushed %v: %q", rec.Code, rec.Flushed, rec.Body)
	}
	if !slices.Equal(w.fetched, []render.Format{render.TXT}) {
		t.Errorf("fetched: %v", w.fetched)
	}
}

func TestHeadDoesNotCountAsFetched(t *testing.T) {
	w := newWorld()
	c := w.client(t, access.Read)
	server := httptest.NewServer(w.handler)
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodHead, server.URL+w.fetchable(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", c.header)
	resp, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 200 || resp.ContentLength != 9 || len(w.fetched) > 0 {
		t.Errorf("status %d, length %d, fetched %v", resp.StatusCode, resp.ContentLength, w.fetched)
	}
}

// lossy is a connection that breaks: at once or when its buffer is flushed.
type lossy struct {
	*httptest.ResponseRecorder
	onWrite bool
}

func (l lossy) Write(p []byte) (int, error) {
	if l.onWrite {
		return len(p) / 2, errors.New("connection reset")
	}
	return l.ResponseRecorder.Write(p)
}

func (l lossy) FlushError() error { return errors.New("connection reset") }

func TestBrokenTransferDoesNotCountAsFetched(t *testing.T) {
	for name, onWrite := range map[string]bool{"while writing": true, "while flushing": false} {
		w := newWorld()
		c := w.client(t, access.Read)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, w.fetchable(c), nil)
		r.Header.Set("Authorization", c.header)
		w.handler.ServeHTTP(lossy{httptest.NewRecorder(), onWrite}, r)
		if len(w.fetched) > 0 {
			t.Errorf("%s: fetched %v", name, w.fetched)
		}
	}
}

func TestResultsThatAreNotThere(t *testing.T) {
	w := newWorld()
	c := w.client(t, access.Read)
	for name, s := range map[string]struct {
		state  task.State
		format string
		status int
		code   string
	}{
		"too early":      {task.Queued, "txt", 409, "wrong_state"},
		"failed":         {task.ProcessingFailed, "txt", 409, "wrong_state"},
		"unknown format": {task.Completed, "epub", 404, "result_not_found"},
		"erased":         {task.Deleted, "txt", 410, "task_erased"},
	} {
		rec := w.call(t, c, "GET", "/v1/tasks/"+w.task(c, s.state).Ref.ID+"/results/"+s.format, "")
		if p := problem(t, rec); p.Status != s.status || string(p.Code) != s.code {
			t.Errorf("%s: %+v", name, p)
		}
	}
}
