// Package azuretest plays the part of the Functions host in tests: payloads as they were recorded on the real host, payloads
// that are made as the host makes them, and a check of what the host needs as an answer.
package azuretest

import (
	"bytes"
	"embed"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

//go:embed testdata/*.json
var recorded embed.FS

// Recorded returns a payload that the real host sent: blob, blob-json-name, poison, queue-task, queue-event, queue-spoofed
// or timer.
func Recorded(tb testing.TB, name string) []byte {
	tb.Helper()
	text, err := recorded.ReadFile("testdata/" + name + ".json")
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

// Blob returns the payload for a blob of that container and name.
func Blob(container, name string) []byte {
	address := url.URL{Scheme: "http", Host: "127.0.0.1:10000", Path: "/devstoreaccount1/" + container + "/" + name}
	return encode(map[string]any{
		"Data":     map[string]any{"blob": map[string]any{"Version": "1.0", "Source": "AzureStorageBlobs", "ContentType": "application/json"}},
		"Metadata": map[string]any{"Uri": twice(address.String()), "name": twice(name), "Metadata": map[string]any{}},
	})
}

// Queue returns the payload for a message of that text.
func Queue(text string) []byte {
	return encode(map[string]any{
		"Data":     map[string]any{"message": twice(text)},
		"Metadata": map[string]any{"DequeueCount": "1"},
	})
}

// twice encodes a string as the host does: a JSON string, to be sent within another.
func twice(s string) string { return string(encode(s)) }

func encode(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings and maps of them
	}
	return text
}

// Invocation is the host's request for one invocation.
func Invocation(tb testing.TB, function string, body []byte) *http.Request {
	tb.Helper()
	r := httptest.NewRequestWithContext(tb.Context(), http.MethodPost, "/"+function, bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("User-Agent", "Azure-Functions-Host/4.1045.200.25556")
	r.Header.Set("X-Azure-Functions-Invocationid", "e803600b-9a8b-45f6-b862-748470b215d5")
	r.Header.Set("X-Azure-Functions-Hostversion", "4.1045.200.25556")
	return r
}

// Invoke sends one invocation and returns the status. It fails the test for an answer that the host cannot live with: an
// empty success hangs until the function's timeout, another success has its body logged, a redirect is followed, and the
// body of a failure has no reader.
func Invoke(tb testing.TB, h http.Handler, function string, body []byte) int {
	tb.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, Invocation(tb, function, body))
	switch text := w.Body.Bytes(); {
	case w.Code == http.StatusOK:
		var object map[string]any
		if err := json.Unmarshal(text, &object); err != nil || object == nil {
			tb.Errorf("success without a JSON object: %q", text)
		}
		if kind := w.Header().Get("Content-Type"); !strings.HasPrefix(kind, "application/json") {
			tb.Errorf("success of type %q", kind)
		}
	case w.Code < http.StatusBadRequest:
		tb.Errorf("status %d is neither 200 nor a failure", w.Code)
	case len(text) != 0:
		tb.Errorf("failure with a body of %d bytes", len(text))
	}
	return w.Code
}
