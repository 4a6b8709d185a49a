package clienttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (s *Server) create(w http.ResponseWriter, r *http.Request) {
	var wanted settings
	if err := json.NewDecoder(r.Body).Decode(&wanted); err != nil {
		refuse(w, http.StatusBadRequest, "bad_request", "no JSON", false)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t, p := s.accept(wanted, r.Header.Get("Idempotency-Key"))
	if p != nil {
		refuse(w, p.Status, p.Code, p.Detail, p.Retryable)
		return
	}
	answer(w, http.StatusCreated, t)
}

func (s *Server) createBatch(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Tasks []struct {
			settings
			Key string `json:"idempotency_key"`
		} `json:"tasks"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || len(in.Tasks) == 0 || len(in.Tasks) > 1000 {
		refuse(w, http.StatusUnprocessableEntity, "bad_field", "1 to 1000 tasks", false)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	type item struct {
		Task    *task    `json:"task,omitempty"`
		Problem *problem `json:"problem,omitempty"`
	}
	var out struct {
		Tasks []item `json:"tasks"`
	}
	for _, order := range in.Tasks {
		t, p := s.accept(order.settings, order.Key)
		out.Tasks = append(out.Tasks, item{t, p})
	}
	answer(w, http.StatusOK, out)
}

// accept makes a task, or finds the one that the key made.
func (s *Server) accept(wanted settings, key string) (*task, *problem) {
	if key == "" {
		s.t.Error("a task is made without an idempotency key")
	}
	if slices.Contains(wanted.Languages, "xxx") {
		return nil, &problem{422, "language_unknown", "language \x1b[31mxxx is not installed; installed are: eng", false}
	}
	request := fmt.Sprintf("%v", wanted)
	if id, known := s.keys[key]; known {
		t := s.tasks[id]
		switch {
		case s.orders[key] != request:
			return nil, &problem{422, "idempotency_key_reused", "the key was used with another request", false}
		case t.State == "Deleted":
			return nil, &problem{410, "task_erased", "the task was erased", false}
		case t.State == "Submitted":
			s.issue(t)
		}
		return t, nil
	}
	if take(&s.faults.Full) {
		return nil, &problem{429, "open_tasks_exceeded", "too many unfinished tasks", true}
	}
	t := &task{ID: fmt.Sprintf("task-%03d", len(s.order)+1), State: "Submitted", Created: time.Unix(0, 0).UTC(), Shown: s.shown(wanted), settings: wanted, fetched: map[string]bool{}}
	s.tasks[t.ID], s.keys[key], s.orders[key] = t, t.ID, request
	s.order = append(s.order, t.ID)
	s.issue(t)
	return t, nil
}

// shown is what a task says of its settings.
func (s *Server) shown(wanted settings) *settings {
	wanted.Password = ""
	if s.faults.Lax {
		wanted.RetainSeconds, wanted.DeleteOnFetch = 0, false
	}
	return &wanted
}

// find returns a task, or answers why there is none.
func (s *Server) find(w http.ResponseWriter, r *http.Request) *task {
	t := s.tasks[r.PathValue("id")]
	switch {
	case t == nil:
		refuse(w, http.StatusNotFound, "task_not_found", "no task of this application has that id", false)
	case t.State == "Deleted":
		refuse(w, http.StatusGone, "task_erased", "the task was erased", false)
	default:
		return t
	}
	return nil
}

func (s *Server) get(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.find(w, r)
	if t == nil {
		return
	}
	tag := strconv.Quote(fmt.Sprintf("%s %v", t.State, t.Pages))
	if strings.HasPrefix(r.Header.Get("Prefer"), "wait=") {
		if !s.step(t) && r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		tag = strconv.Quote(fmt.Sprintf("%s %v", t.State, t.Pages))
	}
	w.Header().Set("Etag", tag)
	shown := *t
	shown.Upload = nil // shown when it is made only
	answer(w, http.StatusOK, &shown)
}

// step lets a task go on by one page, and tells whether it did.
func (s *Server) step(t *task) bool {
	const total = 2
	slow := bytes.Contains(t.document, []byte("slow")) && !s.release
	switch {
	case t.State == "Submitted" && t.sent > 0:
		t.State = "Queued"
	case t.State == "Queued":
		t.State, t.Pages = "InProgress", &pages{Total: total}
	case t.State == "InProgress" && bytes.Contains(t.document, []byte("damaged")):
		t.State, t.Failure = "ProcessingFailed", &failure{"document_damaged", "the document is damaged \x1b[2J", false}
	case t.State == "InProgress" && bytes.Contains(t.document, []byte("locked")) && t.settings.Password == "":
		t.State, t.Failure = "ProcessingFailed", &failure{"document_password_missing", "the document is encrypted", false}
	case t.State == "InProgress" && t.Pages.Done < total && !slow:
		t.Pages = &pages{total, t.Pages.Done + 1}
	case t.State == "InProgress" && !slow:
		t.State = "Completed"
		for _, f := range t.settings.Formats {
			t.Results = append(t.Results, result{f, int64(len(t.text(f)))})
		}
	default:
		return false
	}
	return true
}

func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil || limit < 1 {
		refuse(w, http.StatusUnprocessableEntity, "bad_field", "limit", false)
		return
	}
	out := struct {
		Tasks []*task `json:"tasks"`
		After string  `json:"after,omitempty"`
	}{Tasks: []*task{}}
	state, after := r.URL.Query().Get("state"), r.URL.Query().Get("after")
	for _, id := range s.order {
		t := s.tasks[id]
		if id <= after || t.State != state && (state != "" || t.State == "Deleted") {
			continue
		}
		if out.Tasks = append(out.Tasks, t); len(out.Tasks) == limit {
			out.After = id
			break
		}
	}
	answer(w, http.StatusOK, out)
}

func (s *Server) renew(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.find(w, r)
	switch {
	case t == nil:
	case t.State != "Submitted":
		refuse(w, http.StatusConflict, "wrong_state", "the document is there", false)
	default:
		s.issue(t)
		answer(w, http.StatusOK, t.Upload)
	}
}

func (s *Server) result(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	format := r.PathValue("format")
	t := s.find(w, r)
	switch {
	case t == nil:
	case t.State != "Completed":
		refuse(w, http.StatusConflict, "wrong_state", "the task is not completed", false)
	case !slices.Contains(t.settings.Formats, format):
		refuse(w, http.StatusNotFound, "result_not_found", "the task has no result in that format", false)
	case t.settings.DeleteOnFetch:
		s.send(w, t.text(format))
		if t.fetched[format] = true; len(t.fetched) == len(t.settings.Formats) {
			t.State, t.Erased, t.document = "Deleted", time.Now(), nil
		}
	case s.faults.PlainLinks:
		w.Header().Set("Location", "http://storage.example.org/o/"+t.ID+"/"+format)
		w.WriteHeader(http.StatusSeeOther)
	default:
		w.Header().Set("Location", s.Storage+"/o/"+t.ID+"/"+format+"?sig=s")
		w.WriteHeader(http.StatusSeeOther)
	}
}

func (s *Server) erase(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tasks[r.PathValue("id")]
	if t == nil {
		refuse(w, http.StatusNotFound, "task_not_found", "no task of this application has that id", false)
		return
	}
	t.State, t.document, t.Results, t.Upload = "Deleted", nil, nil, nil
	if take(&s.faults.Held) {
		w.Header().Set("Retry-After", "1")
		answer(w, http.StatusAccepted, t)
		return
	}
	t.Erased = time.Now()
	answer(w, http.StatusOK, t)
}
