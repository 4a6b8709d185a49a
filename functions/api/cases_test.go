package api_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/task"
)

// Derivative implements review.Documents.
func (d *domain) Derivative(ctx context.Context, ref task.Ref, w io.Writer) error {
	return d.Original(ctx, ref, w)
}

// Original implements review.Documents.
func (d *domain) Original(_ context.Context, ref task.Ref, w io.Writer) error {
	if _, err := d.find(ref); err != nil {
		return err
	}
	if _, err := io.WriteString(w, d.content); err != nil {
		return err
	}
	return d.late
}

// Commit takes commitments of the access log.
func (d *domain) Commit(_ context.Context, _, subject string, _ time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.commitments = append(d.commitments, subject)
	return d.unproved
}

// caseOf opens a case about a task of the owner's, as somebody else than the reviewer, who approves it if wanted.
func (w *world) caseOf(t *testing.T, owner, reviewer client, approved bool) string {
	t.Helper()
	if reviewer.id == "" {
		t.Fatal("no reviewer")
	}
	return w.caseAbout(t, w.task(owner, task.Queued), reviewer, approved)
}

func (w *world) caseAbout(t *testing.T, about *task.Task, reviewer client, approved bool) string {
	t.Helper()
	body := `{"application":"` + about.Ref.Application + `","task":"` + about.Ref.ID + `","reason":"engine killed"}`
	opened := read[struct{ ID string }](t, w.call(t, w.client(t, access.Reviewer), "POST", "/v1/cases", body), 201)
	if approved {
		read[struct{}](t, w.call(t, reviewer, "POST", "/v1/cases/"+opened.ID+"/approval", ""), 200)
	}
	return opened.ID
}

func TestReviewThroughTheInterface(t *testing.T) {
	type shown struct {
		ID, State, Application, Task, Reason string
		OpenedBy                             string `json:"opened_by"`
		ApprovedBy                           string `json:"approved_by"`
		Ends                                 time.Time
	}
	w := newWorld()
	w.content = "the document"
	owner, one, two, third := w.client(t, access.Read), w.client(t, access.Reviewer), w.client(t, access.Reviewer), w.client(t, access.Reviewer)
	about := w.task(owner, task.Queued)
	body := `{"application":"` + owner.id + `","task":"` + about.Ref.ID + `","reason":"engine killed","hours":2}`
	c := read[shown](t, w.call(t, one, "POST", "/v1/cases", body), 201)
	if c.State != "Waiting" || c.Application != owner.id || c.Task != about.Ref.ID || c.Reason != "engine killed" || c.OpenedBy != one.id {
		t.Errorf("%+v", c)
	}
	path := "/v1/cases/" + c.ID
	for _, what := range []string{"/derivative", "/original"} {
		if p := problem(t, w.call(t, one, "GET", path+what, "")); p.Status != 403 || p.Code != "case_not_open" {
			t.Errorf("%s before approval: %+v", what, p)
		}
	}
	if p := problem(t, w.call(t, one, "POST", path+"/approval", "")); p.Status != 403 || p.Code != "second_person_needed" {
		t.Errorf("own approval: %+v", p)
	}
	c = read[shown](t, w.call(t, two, "POST", path+"/approval", ""), 200)
	if c.State != "Open" || c.ApprovedBy != two.id || !c.Ends.Equal(w.clock.Add(2*time.Hour)) {
		t.Errorf("%+v", c)
	}
	for _, what := range []string{"/derivative", "/original"} {
		rec := w.call(t, two, "GET", path+what, "")
		if rec.Code != 200 || rec.Body.String() != "the document" || rec.Header().Get("Content-Type") != "application/octet-stream" ||
			rec.Header().Get("Content-Disposition") != "attachment" || rec.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v", what, rec.Code, rec.Header())
		}
		if p := problem(t, w.call(t, third, "GET", path+what, "")); p.Status != 403 {
			t.Errorf("%s by a third: %+v", what, p)
		}
	}
	if p := problem(t, w.call(t, owner, "GET", path, "")); p.Status != 403 {
		t.Errorf("the application looks: %+v", p)
	}
	list := read[struct{ Cases []shown }](t, w.call(t, third, "GET", "/v1/cases", ""), 200)
	if len(list.Cases) != 1 || list.Cases[0].ID != c.ID {
		t.Errorf("%+v", list)
	}
	if c = read[shown](t, w.call(t, third, "DELETE", path, ""), 200); c.State != "Closed" {
		t.Errorf("%+v", c)
	}
	if p := problem(t, w.call(t, two, "GET", path+"/original", "")); p.Status != 403 {
		t.Errorf("after closing: %+v", p)
	}
	if strings.Contains(w.log.String(), "engine killed") || strings.Contains(w.log.String(), "the document") {
		t.Error("reason or document was logged")
	}
}

func TestCaseOfAnErasedTaskShowsNothing(t *testing.T) {
	w := newWorld()
	owner, reviewer := w.client(t, access.Read, access.Delete), w.client(t, access.Reviewer)
	about := w.task(owner, task.Queued)
	id := w.caseAbout(t, about, reviewer, true)
	if rec := w.call(t, owner, "DELETE", "/v1/tasks/"+about.Ref.ID, ""); rec.Code != 200 {
		t.Fatal(rec.Code)
	}
	for _, what := range []string{"/derivative", "/original"} {
		if p := problem(t, w.call(t, reviewer, "GET", "/v1/cases/"+id+what, "")); p.Status != 410 {
			t.Errorf("%s: %+v", what, p)
		}
	}
	body := `{"application":"` + owner.id + `","task":"` + about.Ref.ID + `","reason":"why"}`
	if p := problem(t, w.call(t, reviewer, "POST", "/v1/cases", body)); p.Status != 410 {
		t.Errorf("a new case: %+v", p)
	}
}

func TestCaseMovesNoClock(t *testing.T) {
	w := newWorld()
	owner, reviewer := w.client(t, access.Read), w.client(t, access.Reviewer)
	about := w.task(owner, task.Queued)
	before := w.call(t, owner, "GET", "/v1/tasks/"+about.Ref.ID, "").Body.String()
	id := w.caseAbout(t, about, reviewer, true)
	if rec := w.call(t, reviewer, "GET", "/v1/cases/"+id+"/original", ""); rec.Code != 200 {
		t.Fatal(rec.Code)
	}
	if after := w.call(t, owner, "GET", "/v1/tasks/"+about.Ref.ID, "").Body.String(); after != before || !strings.Contains(before, "delete_after") {
		t.Errorf("the task was %s, is %s", before, after)
	}
}

// A part of a document must not look like the whole.
func TestDocumentThatBreaksOffBreaksTheConnection(t *testing.T) {
	w := newWorld()
	w.content, w.late = "the first half", errors.New("the rest is lost")
	owner, reviewer := w.client(t, access.Read), w.client(t, access.Reviewer)
	id := w.caseOf(t, owner, reviewer, true)
	server := httptest.NewServer(w.handler)
	defer server.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/v1/cases/"+id+"/original", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", reviewer.header)
	resp, err := server.Client().Do(req)
	if err != nil {
		return // the connection broke before the header was out
	}
	defer resp.Body.Close()
	if err := resp.Write(new(strings.Builder)); err == nil {
		t.Errorf("status %d and a whole body", resp.StatusCode)
	}
}

func TestBadRequestsForCasesAreRefused(t *testing.T) {
	w := newWorld()
	owner, reviewer := w.client(t, access.Read), w.client(t, access.Reviewer)
	about := w.task(owner, task.Queued).Ref
	for name, c := range map[string]struct {
		body   string
		status int
	}{
		"nine hours":        {`{"application":"` + owner.id + `","task":"` + about.ID + `","reason":"why","hours":9}`, 422},
		"no reason":         {`{"application":"` + owner.id + `","task":"` + about.ID + `"}`, 422},
		"blank reason":      {`{"application":"` + owner.id + `","task":"` + about.ID + `","reason":"  "}`, 422},
		"reason of lines":   {`{"application":"` + owner.id + `","task":"` + about.ID + `","reason":"a\nb"}`, 422},
		"task of another":   {`{"application":"` + reviewer.id + `","task":"` + about.ID + `","reason":"why"}`, 404},
		"made-up task":      {`{"application":"` + owner.id + `","task":"x","reason":"why"}`, 404},
		"made-up owner":     {`{"application":"../x","task":"` + about.ID + `","reason":"why"}`, 404},
		"field of nobody's": {`{"application":"` + owner.id + `","task":"` + about.ID + `","reason":"why","approved":true}`, 422},
	} {
		if p := problem(t, w.call(t, reviewer, "POST", "/v1/cases", c.body)); p.Status != c.status {
			t.Errorf("%s: %+v", name, p)
		}
	}
}
