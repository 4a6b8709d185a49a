package api_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/task"
)

func TestResultIsSentInRanges(t *testing.T) {
	const text = "0123456789"
	for name, c := range map[string]struct {
		asked, ifRange string
		want, placed   string // empty for the whole
	}{
		"no range":              {"", "", text, ""},
		"the first bytes":       {"bytes=0-3", "", "0123", "bytes 0-3/10"},
		"from a byte on":        {"bytes=4-", "", "456789", "bytes 4-9/10"},
		"all bytes":             {"bytes=0-", "", text, "bytes 0-9/10"},
		"more than there are":   {"bytes=8-100", "", "89", "bytes 8-9/10"},
		"the last bytes":        {"bytes=-3", "", "789", "bytes 7-9/10"},
		"more last ones":        {"bytes=-30", "", text, "bytes 0-9/10"},
		"of this version":       {"bytes=4-5", `"v1"`, "45", "bytes 4-5/10"},
		"of another version":    {"bytes=4-5", `"v0"`, text, ""},
		"of a weak version":     {"bytes=4-5", `W/"v1"`, text, ""},
		"of a date":             {"bytes=4-5", "Sat, 28 Nov 2026 18:00:00 GMT", text, ""},
		"several ranges":        {"bytes=0-1,4-5", "", text, ""},
		"another unit":          {"pages=1-2", "", text, ""},
		"backwards":             {"bytes=5-4", "", text, ""},
		"no number":             {"bytes=a-b", "", text, ""},
		"negative":              {"bytes=--4", "", text, ""},
		"more than a number is": {"bytes=0-99999999999999999999", "", text, ""},
		"unit in capitals":      {"Bytes=9-9", "", "9", "bytes 9-9/10"},
	} {
		w := newWorld()
		reader := w.client(t, access.Read)
		w.content = text
		header := []string{}
		if c.asked != "" {
			header = append(header, "Range", c.asked)
		}
		if c.ifRange != "" {
			header = append(header, "If-Range", c.ifRange)
		}
		rec := w.call(t, reader, "GET", "/v1/tasks/"+w.task(reader, task.Completed).Ref.ID+"/results/txt?stream=true", "", header...)
		status := http.StatusOK
		if c.placed != "" {
			status = http.StatusPartialContent
		}
		if rec.Code != status || rec.Body.String() != c.want || rec.Header().Get("Content-Range") != c.placed || rec.Header().Get("Etag") != `"v1"` {
			t.Errorf("%s: %d, %q of %q, %s", name, rec.Code, rec.Body, rec.Header().Get("Content-Range"), rec.Header().Get("Etag"))
		}
	}
}

func TestRangeBehindTheEndIsRefusedWithTheSize(t *testing.T) {
	for _, asked := range []string{"bytes=10-", "bytes=10-20", "bytes=-0", "bytes=9223372036854775807-"} {
		w := newWorld()
		c := w.client(t, access.Read)
		w.content = "0123456789"
		rec := w.call(t, c, "GET", "/v1/tasks/"+w.task(c, task.Completed).Ref.ID+"/results/txt?stream=true", "", "Range", asked)
		if p := problem(t, rec); p.Status != 416 || p.Code != "range_not_satisfiable" || rec.Header().Get("Content-Range") != "bytes */10" {
			t.Errorf("%s: %+v, %s", asked, p, rec.Header().Get("Content-Range"))
		}
	}
}

// Who has a part of a result has not fetched it, so a task that is erased on fetching gives no part.
func TestTaskThatIsErasedOnFetchingSendsItsResultsWhole(t *testing.T) {
	for asked, status := range map[string]int{"bytes=4-": 200, "bytes=-1": 200, "bytes=0-": 206} {
		w := newWorld()
		c := w.client(t, access.Read)
		rec := w.call(t, c, "GET", w.fetchable(c), "", "Range", asked)
		if rec.Code != status || rec.Body.String() != "some text" || len(w.fetched) != 1 {
			t.Errorf("%s: %d, %q, fetched %v", asked, rec.Code, rec.Body, w.fetched)
		}
	}
}

func TestPartOfAResultDoesNotCountAsFetched(t *testing.T) {
	w := newWorld()
	c := w.client(t, access.Read)
	w.content = "some text"
	w.call(t, c, "GET", "/v1/tasks/"+w.task(c, task.Completed).Ref.ID+"/results/txt?stream=true", "", "Range", "bytes=4-")
	if len(w.fetched) > 0 {
		t.Errorf("fetched: %v", w.fetched)
	}
}

func TestEmptyResultHasNoRanges(t *testing.T) {
	w := newWorld()
	c := w.client(t, access.Read)
	rec := w.call(t, c, "GET", "/v1/tasks/"+w.task(c, task.Completed).Ref.ID+"/results/txt?stream=true", "", "Range", "bytes=0-")
	if rec.Code != http.StatusOK || rec.Body.Len() != 0 || rec.Header().Get("Content-Range") != "" {
		t.Errorf("%d, %q", rec.Code, rec.Body)
	}
}

func TestHeadTellsOfTheWholeResult(t *testing.T) {
	w := newWorld()
	c := w.client(t, access.Read)
	w.content = "some text"
	r := httptest.NewRequestWithContext(t.Context(), http.MethodHead, "/v1/tasks/"+w.task(c, task.Completed).Ref.ID+"/results/txt?stream=true", nil)
	r.Header.Set("Authorization", c.header)
	r.Header.Set("Range", "bytes=0-1")
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	if rec.Code != http.StatusOK || rec.Header().Get("Content-Length") != "9" {
		t.Errorf("%d, %v", rec.Code, rec.Header())
	}
}
