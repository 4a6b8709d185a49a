package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/functions/api/contract"
	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/task"
)

// contractSeed begins the requests that are the same in every run.
const contractSeed = 20260301

// contractWorlds is how many worlds are tried, each with requests of its own.
func contractWorlds() uint64 {
	if os.Getenv("LETHE_SOAK") != "" {
		return 40
	}
	return 1
}

// contractRun is a run over a world, whose answers pass through a handler that a test may break.
func contractRun(t *testing.T, w *world, handler http.Handler, seed uint64, requests int) *contract.Result {
	t.Helper()
	d, err := contract.Load(t.Context(), w.call(t, client{}, "GET", "/v1/openapi.json", "").Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	full, other, third := w.client(t, access.Scopes()...), w.client(t, access.Read, access.Submit), w.client(t, access.Scopes()...)
	run := contract.Run{
		Description: d, Server: "http://lethe.example", Seed: seed, Requests: requests,
		Send: func(r *http.Request) (*http.Response, error) {
			w.clock = w.clock.Add(10 * time.Second) // rates have a test of their own
			rec := httptest.NewRecorder()
			handler.ServeHTTP(rec, r)
			return rec.Result(), nil
		},
		Full: contract.Credential{Authorization: full.header, Scopes: names(access.Scopes())},
		Others: []contract.Credential{
			{}, {Authorization: basic(full.id, "wrong")}, {Authorization: "Bearer " + contract.Marker},
			{Authorization: other.header, Scopes: []string{"read", "submit"}},
		},
		Known: w.exists(t, full, third),
	}
	result, err := run.Do(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func names(scopes []access.Scope) []string {
	var all []string
	for _, s := range scopes {
		all = append(all, string(s))
	}
	return all
}

// exists tells of things that requests can be about: tasks of the caller in any state, and what belongs to others.
func (w *world) exists(t *testing.T, owner, colleague client) func(place string) string {
	states, turn, application := task.States(), 0, ""
	return func(place string) string {
		turn++
		switch place {
		case "/v1/tasks/{id}":
			return w.task(owner, states[turn%len(states)]).Ref.ID
		case "/v1/tasks/{id}/results/{format}":
			return "txt"
		case "/v1/ledger/tile/{level}":
			return "0"
		case "/v1/ledger/tile/{level}/{index}":
			return "000.p/1"
		case "/v1/applications/{id}":
			application = w.client(t, access.Read).id
			return application
		case "/v1/applications/{id}/webhooks/{webhook}":
			return w.webhook(t, application)
		case "createWebhook.url":
			return "https://hooks.test/lethe"
		case "/v1/cases/{id}":
			return w.caseOf(t, colleague, owner, turn%2 == 0)
		case "createApplication.scopes":
			return "read"
		case "openCase.application":
			return owner.id
		case "openCase.task":
			return w.task(owner, task.Completed).Ref.ID
		default:
			return ""
		}
	}
}

// Whatever is sent to the operations of the description, the answer is one that the description tells of.
func TestEveryAnswerKeepsToTheDescription(t *testing.T) {
	for seed := range contractWorlds() {
		w := newWorld()
		began := time.Now()
		result := contractRun(t, w, w.handler, contractSeed+seed, 50)
		for _, v := range result.Violations {
			t.Errorf("%s: %s: %s", v.Operation, v.Rule, v.Detail)
		}
		succeeded := result.Succeeded()
		for id := range w.api.Operations() {
			if !slices.Contains(succeeded, id) {
				t.Errorf("%s never succeeded, so its answer was not looked at: %v", id, result.Statuses[id])
			}
		}
		if strings.Contains(strings.ToLower(w.log.String()), contract.Marker) {
			t.Error("the log repeats what was sent")
		}
		t.Logf("%d requests to %d operations in %v", result.Requests, len(result.Statuses), time.Since(began).Round(time.Millisecond))
	}
}

// Each rule of the test above notices the fault that it is for.
func TestContractNotices(t *testing.T) {
	change := func(f func(w http.ResponseWriter, r *http.Request, next http.Handler)) func(http.Handler) http.Handler {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f(w, r, next) })
		}
	}
	answer := func(w http.ResponseWriter, r *http.Request, next http.Handler, alter func(rec *httptest.ResponseRecorder)) {
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		alter(rec)
		for name, values := range rec.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
	}
	for _, c := range []struct {
		name, rule string
		plant      func(http.Handler) http.Handler
	}{
		{"a header that is echoed", "echo", change(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			answer(w, r, next, func(rec *httptest.ResponseRecorder) { rec.Header().Set("X-Request-Id", r.Header.Get("X-Request-Id")) })
		})},
		{"a refusal that quotes", "echo", change(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			answer(w, r, next, func(rec *httptest.ResponseRecorder) {
				if rec.Code == http.StatusNotFound {
					rec.Body.WriteString(r.URL.Path)
				}
			})
		})},
		{"a header that is missing", "header", change(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			answer(w, r, next, func(rec *httptest.ResponseRecorder) { rec.Header().Del("X-Content-Type-Options") })
		})},
		{"an answer that may be kept", "header", change(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			answer(w, r, next, func(rec *httptest.ResponseRecorder) { rec.Header().Set("Cache-Control", "public") })
		})},
		{"a status that is not described", "undocumented", change(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			answer(w, r, next, func(rec *httptest.ResponseRecorder) {
				if rec.Code == http.StatusOK {
					rec.Code = http.StatusPartialContent
				}
			})
		})},
		{"a field that is not described", "undescribed", change(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			answer(w, r, next, func(rec *httptest.ResponseRecorder) {
				body := strings.Replace(rec.Body.String(), `{"`, `{"surplus":1,"`, 1)
				rec.Body.Reset()
				rec.Body.WriteString(body)
			})
		})},
		{"a null", "undescribed", change(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			answer(w, r, next, func(rec *httptest.ResponseRecorder) {
				body := strings.Replace(rec.Body.String(), `[]`, `null`, 1)
				rec.Body.Reset()
				rec.Body.WriteString(body)
			})
		})},
		{"a refusal that is not described", "undocumented", change(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			answer(w, r, next, func(rec *httptest.ResponseRecorder) {
				if rec.Code == http.StatusNotFound {
					rec.Code = http.StatusTeapot
				}
			})
		})},
		{"a fault", "fault", change(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			answer(w, r, next, func(rec *httptest.ResponseRecorder) {
				if rec.Code == http.StatusUnprocessableEntity {
					rec.Code = http.StatusInternalServerError
				}
			})
		})},
		{"a refusal without explanation", "problem", change(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			answer(w, r, next, func(rec *httptest.ResponseRecorder) {
				if rec.Code == http.StatusNotFound {
					rec.Header().Set("Content-Type", "text/plain")
				}
			})
		})},
		{"a request that is let through", "lax", change(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			r.URL.RawQuery = ""
			next.ServeHTTP(w, r)
		})},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			result := contractRun(t, w, c.plant(w.handler), contractSeed, 6)
			if !slices.ContainsFunc(result.Violations, func(v contract.Violation) bool { return v.Rule == c.rule }) {
				t.Errorf("%d requests did not show it: %+v", result.Requests, result.Violations)
			}
		})
	}
}

// A check of scopes that somebody forgot is noticed, since the description says who may.
func TestContractNoticesAMissingScopeCheck(t *testing.T) {
	w := newWorld()
	trusted := w.client(t, access.Scopes()...)
	handler := http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete && strings.HasPrefix(r.Header.Get("Authorization"), "Basic ") {
			r.Header.Set("Authorization", trusted.header) // whoever signs in may delete
		}
		w.handler.ServeHTTP(out, r)
	})
	result := contractRun(t, w, handler, contractSeed, 30)
	if !slices.ContainsFunc(result.Violations, func(v contract.Violation) bool { return v.Rule == "open" && v.Operation == "deleteTask" }) {
		t.Errorf("%d requests did not show it: %+v", result.Requests, result.Violations)
	}
}

// A server that cannot be reached is no success of a run.
func TestContractRunEndsWithItsContext(t *testing.T) {
	w := newWorld()
	d, err := contract.Load(t.Context(), w.call(t, client{}, "GET", "/v1/openapi.json", "").Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	run := contract.Run{Description: d, Server: "http://127.0.0.1:1", Send: http.DefaultClient.Do, Requests: 1}
	if result, err := run.Do(ctx); err == nil || result.Requests > 0 {
		t.Errorf("%+v, %v", result, err)
	}
}
