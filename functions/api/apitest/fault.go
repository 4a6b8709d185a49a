package apitest

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/httpserver"
)

// Fault answers in place of the server, or breaks what it answers.
type Fault func(w http.ResponseWriter, r *http.Request, server http.Handler)

// Break lets the next requests whose method and path have the prefix meet a fault; all of them if times is negative. For the
// same prefix it replaces what was said before.
func (s *Server) Break(prefix string, times int, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, known := range s.faults {
		if known.prefix == prefix {
			known.times, known.fault = times, f
			return
		}
	}
	s.faults = append(s.faults, &broken{prefix, times, f})
}

// meddled notes requests and lets them meet faults.
func (s *Server) meddled(server http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f := s.begin(r)
		defer s.end()
		if f != nil {
			f(w, r, server)
			return
		}
		server.ServeHTTP(w, r)
	})
}

func (s *Server) begin(r *http.Request) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serving++
	s.calls = append(s.calls, Call{r.Method, r.URL.Path, r.Header.Get("Prefer"), time.Now()})
	for _, f := range s.faults {
		if f.times != 0 && strings.HasPrefix(r.Method+" "+r.URL.Path, f.prefix) {
			f.times--
			return f.fault
		}
	}
	return nil
}

func (s *Server) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serving--
	s.changed.Broadcast()
}

// Refuse answers with a fault of the program's.
func Refuse(f *fault.Error) Fault {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		httpserver.Error(slog.New(slog.DiscardHandler))(w, r, f)
	}
}

// Busy answers that storage is away, and when to try again.
func Busy(after time.Duration) Fault {
	return Refuse(fault.New(fault.StorageUnavailable, "storage did not answer").Retry(after))
}

// Status answers with a status alone, as storage or a proxy does.
func Status(status int) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { w.WriteHeader(status) }
}

// Lost lets the request take effect and breaks the connection instead of answering.
func Lost(_ http.ResponseWriter, r *http.Request, server http.Handler) {
	server.ServeHTTP(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}

// Half sends the first half of the answer and breaks the connection.
func Half(w http.ResponseWriter, r *http.Request, server http.Handler) {
	whole := record(w, r, server)
	body := whole.Body.Bytes()
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(whole.Code)
	_, _ = w.Write(body[:len(body)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// Rewrite changes an answer of JSON: each of its objects that is a task.
func Rewrite(change func(task map[string]any)) Fault {
	return func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		said := record(w, r, server)
		var answer map[string]any
		if said.Code >= http.StatusMultipleChoices || json.Unmarshal(said.Body.Bytes(), &answer) != nil {
			w.WriteHeader(said.Code)
			_, _ = w.Write(said.Body.Bytes())
			return
		}
		if batch, ok := answer["tasks"].([]any); ok {
			for _, item := range batch {
				if made, ok := item.(map[string]any)["task"].(map[string]any); ok {
					change(made)
				}
			}
		} else {
			change(answer)
		}
		w.Header().Del("Content-Length")
		w.WriteHeader(said.Code)
		_ = json.NewEncoder(w).Encode(answer)
	}
}

// Drop takes a setting out of what a task is shown to be held to, as a server does that does not know it.
func Drop(setting string) Fault {
	return Rewrite(func(task map[string]any) {
		if settings, ok := task["settings"].(map[string]any); ok {
			delete(settings, setting)
		}
	})
}

// Held makes an erasure one that a worker has to let go for.
func Held(w http.ResponseWriter, r *http.Request, server http.Handler) {
	w.Header().Set("Retry-After", "1")
	Rewrite(func(task map[string]any) { delete(task, "erased") })(&held{w}, r, server)
}

// held answers 202 for 200.
type held struct{ http.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (h *held) WriteHeader(status int) {
	if status == http.StatusOK {
		status = http.StatusAccepted
	}
	h.ResponseWriter.WriteHeader(status)
}

// record serves a request, copies the header and returns the rest of the answer.
func record(w http.ResponseWriter, r *http.Request, server http.Handler) *httptest.ResponseRecorder {
	said := httptest.NewRecorder()
	server.ServeHTTP(said, r)
	for name, values := range said.Header() {
		w.Header()[name] = values
	}
	return said
}
