package azure_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/trigger"
	"github.com/lethe-ocr/lethe/shared/trigger/azure"
	"github.com/lethe-ocr/lethe/shared/trigger/azure/azuretest"
)

// canary stands for content: it must come out nowhere.
const canary = "canary-7f3a"

// teapot is an API that can be told from everything else.
func teapot() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
}

// forbid is a function that must not be called.
func forbid(t *testing.T) azure.Function {
	return azure.OnTimer(func(context.Context, trigger.Tick) error {
		t.Error("the function was called")
		return nil
	})
}

// handler has one function called ocr and logs to the buffer.
func handler(f azure.Function) (*azure.Handler, *bytes.Buffer) {
	var log bytes.Buffer
	return azure.New(teapot(), map[string]azure.Function{"ocr": f}, slog.New(slog.NewJSONHandler(&log, nil))), &log
}

func TestInvocationIsAnsweredAsTheHostNeeds(t *testing.T) {
	blob := azuretest.Blob("uploads", canary)
	returns := func(err error) azure.Function {
		return azure.OnTimer(func(context.Context, trigger.Tick) error { return err })
	}
	for _, c := range []struct {
		name     string
		function azure.Function
		body     []byte
		status   int
		logged   string // event; empty for none
	}{
		{"success", returns(nil), blob, http.StatusOK, ""},
		{"permanent fault", returns(fault.New(fault.DocumentDamaged, canary)), blob, http.StatusOK, ""},
		{"erased task", returns(fault.New(fault.TaskErased, canary)), blob, http.StatusOK, ""},
		{"unknown task", returns(fault.New(fault.TaskNotFound, canary)), blob, http.StatusOK, ""},
		{"transient fault", returns(fault.New(fault.StorageUnavailable, canary)), blob, http.StatusInternalServerError, logevent.InvocationFailed},
		{"unclassified error", returns(errors.New(canary)), blob, http.StatusInternalServerError, logevent.InvocationFailed},
		{"panic", azure.OnTimer(func(context.Context, trigger.Tick) error { panic(canary) }), blob, http.StatusInternalServerError, logevent.InvocationFailed},
		{"malformed for its trigger", returns(trigger.ErrMalformed), blob, http.StatusOK, logevent.InvocationMalformed},
		{"content in place of a reference", returns(nil), inline(canary), http.StatusOK, logevent.InvocationInline},
		{"no body", forbid(t), nil, http.StatusOK, logevent.InvocationMalformed},
		{"no JSON", forbid(t), []byte(canary), http.StatusOK, logevent.InvocationMalformed},
		{"null", forbid(t), []byte("null"), http.StatusOK, logevent.InvocationMalformed},
		{"array", forbid(t), []byte(`["` + canary + `"]`), http.StatusOK, logevent.InvocationMalformed},
		{"string", forbid(t), []byte(`"` + canary + `"`), http.StatusOK, logevent.InvocationMalformed},
		{"no data", forbid(t), []byte(`{"Metadata":{"name":"` + canary + `"}}`), http.StatusOK, logevent.InvocationMalformed},
		{"data of another type", forbid(t), []byte(`{"Data":["` + canary + `"]}`), http.StatusOK, logevent.InvocationMalformed},
		{"truncated", forbid(t), blob[:len(blob)/2], http.StatusOK, logevent.InvocationMalformed},
		{"two objects", forbid(t), append(bytes.Clone(blob), blob...), http.StatusOK, logevent.InvocationMalformed},
		{"deep nesting", forbid(t), bytes.Repeat([]byte("["), 1<<19), http.StatusOK, logevent.InvocationMalformed},
		{"metadata of 2 MiB", forbid(t), withMetadata(strings.Repeat(canary, 2<<20/len(canary))), http.StatusOK, logevent.InvocationMalformed},
		{"metadata of 1 MB", returns(nil), withMetadata(strings.Repeat("m", 1000*1000)), http.StatusOK, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, log := handler(c.function)
			if status := azuretest.Invoke(t, h, "ocr", c.body); status != c.status {
				t.Errorf("status %d, want %d", status, c.status)
			}
			if logged := events(t, log); logged != c.logged {
				t.Errorf("events %q, want %q", logged, c.logged)
			}
			if strings.Contains(log.String(), canary) {
				t.Errorf("content in the log: %s", log)
			}
		})
	}
}

// withMetadata is a blob's payload with user metadata of that value.
func withMetadata(value string) []byte {
	var p map[string]map[string]any
	if err := json.Unmarshal(azuretest.Blob("uploads", "1"), &p); err != nil {
		panic(err)
	}
	p["Metadata"]["Metadata"] = map[string]any{"key": value}
	text, err := json.Marshal(p)
	if err != nil {
		panic(err)
	}
	return text
}

// inline is a blob's payload in which the host sent the content.
func inline(content string) []byte {
	return fmt.Appendf(nil, `{"Data":{"blob":%q},"Metadata":{}}`, base64.StdEncoding.EncodeToString([]byte(content)))
}

// events joins the names of the events in a log.
func events(t *testing.T, log *bytes.Buffer) string {
	t.Helper()
	var names []string
	for line := range bytes.Lines(bytes.Clone(log.Bytes())) {
		var e struct{ Msg string }
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatalf("log line is no JSON: %s", line)
		}
		names = append(names, e.Msg)
	}
	return strings.Join(names, " ")
}

func TestInterruptedInvocationIsAFailure(t *testing.T) {
	h, _ := handler(forbid(t))
	r := azuretest.Invocation(t, "ocr", nil)
	r.Body = io.NopCloser(iotest.ErrReader(errors.New(canary)))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusInternalServerError || w.Body.Len() != 0 {
		t.Errorf("status %d with %d bytes, want 500 with none", w.Code, w.Body.Len())
	}
}

// The host sends everything before it reads an answer: a connection that closes early would be a failed invocation, and the
// document poison after five of them.
func TestOversizedInvocationIsReadToItsEnd(t *testing.T) {
	h, _ := handler(forbid(t))
	server := httptest.NewServer(h)
	defer server.Close()
	content := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte(canary), 1<<20))
	body := strings.NewReader(`{"Data":{"blob":"` + content + `"},"Metadata":{}}`)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/ocr", io.NopCloser(body))
	if err != nil {
		t.Fatal(err)
	}
	res, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK || body.Len() != 0 {
		t.Errorf("status %d with %d bytes not read, want 200 with none", res.StatusCode, body.Len())
	}
}

func TestRequestsGoWhereTheyBelong(t *testing.T) {
	header := func(name, value string) http.Header { return http.Header{name: {value}} }
	for _, c := range []struct {
		name         string
		method, path string
		header       http.Header
		status       int
		called       bool
	}{
		{"the host's poll", http.MethodGet, "/", nil, http.StatusNoContent, false},
		{"invocation", http.MethodPost, "/ocr", header("User-Agent", "Azure-Functions-Host/4"), http.StatusOK, true},
		{"invocation by a host of another name", http.MethodPost, "/ocr", nil, http.StatusOK, true},
		{"unknown function", http.MethodPost, "/other", header("User-Agent", "Azure-Functions-Host/4"), http.StatusNotFound, false},
		{"function in capitals", http.MethodPost, "/OCR", header("User-Agent", "Azure-Functions-Host/4"), http.StatusNotFound, false},
		{"function by another method", http.MethodGet, "/ocr", nil, http.StatusTeapot, false},
		{"client on a function", http.MethodPost, "/ocr", header("X-Forwarded-For", "192.0.2.1"), http.StatusTeapot, false},
		{"client on a function, host named", http.MethodPost, "/ocr", header("X-Forwarded-Host", "app.example"), http.StatusTeapot, false},
		{"client that blanks the header", http.MethodPost, "/ocr", header("X-Forwarded-For", ""), http.StatusTeapot, false},
		{
			"client that poses as the host", http.MethodPost, "/ocr",
			http.Header{"X-Forwarded-For": {"192.0.2.1"}, "User-Agent": {"Azure-Functions-Host/4"}, "X-Azure-Functions-Invocationid": {"x"}}, http.StatusTeapot, false,
		},
		{"client on a function, escaped", http.MethodPost, "/%6fcr", header("X-Forwarded-For", "192.0.2.1"), http.StatusTeapot, false},
		{"client on the root", http.MethodGet, "/", header("X-Forwarded-For", "192.0.2.1"), http.StatusTeapot, false},
		{"client on the API", http.MethodPost, "/v1/tasks", header("X-Forwarded-For", "192.0.2.1"), http.StatusTeapot, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			called := false
			h, _ := handler(azure.OnTimer(func(context.Context, trigger.Tick) error { called = true; return nil }))
			r := httptest.NewRequestWithContext(t.Context(), c.method, c.path, bytes.NewReader(azuretest.Blob("uploads", "1")))
			r.Header = c.header
			if r.Header == nil {
				r.Header = http.Header{}
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != c.status || called != c.called {
				t.Errorf("status %d, called %t; want %d, %t", w.Code, called, c.status, c.called)
			}
		})
	}
}
