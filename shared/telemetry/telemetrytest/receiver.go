// Package telemetrytest has a small receiver of OTLP over HTTP, for tests of what is sent.
package telemetrytest

import (
	"compress/gzip"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	metrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	traces "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
)

// Span is what counts of a span that arrived.
type Span struct {
	Name, Trace, ID, Parent string
	Attributes              map[string]string
	Seconds                 float64
}

// Receiver takes traces and metrics.
type Receiver struct {
	URL string

	mu      sync.Mutex
	spans   []Span          // guarded by mu, as all below
	metrics map[string]bool // names
	text    strings.Builder // everything that arrived, as text
	headers []http.Header
	answer  int // status; 0 for 200
}

// Start returns a receiver that lives as long as the test.
func Start(t testing.TB) *Receiver {
	t.Helper()
	r := &Receiver{metrics: map[string]bool{}}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	r.URL = server.URL
	return r
}

// Answer has the receiver answer with a status from now on, and take nothing unless it is 200.
func (r *Receiver) Answer(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = status
}

// Spans returns what arrived.
func (r *Receiver) Spans() []Span {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Span(nil), r.spans...)
}

// Metrics returns the names of the metrics that arrived.
func (r *Receiver) Metrics() map[string]bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	names := map[string]bool{}
	for name := range r.metrics {
		names[name] = true
	}
	return names
}

// Text returns everything that arrived, as text: messages, and the headers that came with them.
func (r *Receiver) Text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.text.String()
	for _, h := range r.headers {
		for name, values := range h {
			all += name + ": " + strings.Join(values, " ") + "\n"
		}
	}
	return all
}

// ServeHTTP implements http.Handler.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.headers = append(r.headers, req.Header)
	if r.answer != 0 && r.answer != http.StatusOK {
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(r.answer)
		return
	}
	body := io.Reader(req.Body)
	if req.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(req.Body)
		if err != nil {
			http.Error(w, "", http.StatusBadRequest)
			return
		}
		body = unpacked
	}
	message, err := io.ReadAll(body)
	if err == nil {
		err = r.take(req.URL.Path, message)
	}
	if err != nil {
		http.Error(w, "", http.StatusBadRequest)
	}
}

// take reads one message. The caller holds mu.
func (r *Receiver) take(path string, message []byte) error {
	if path == "/v1/metrics" {
		var m metrics.ExportMetricsServiceRequest
		if err := proto.Unmarshal(message, &m); err != nil {
			return err
		}
		r.text.WriteString(prototext.Format(&m))
		for _, whose := range m.GetResourceMetrics() {
			for _, by := range whose.GetScopeMetrics() {
				for _, one := range by.GetMetrics() {
					r.metrics[one.GetName()] = true
				}
			}
		}
		return nil
	}
	var m traces.ExportTraceServiceRequest
	if err := proto.Unmarshal(message, &m); err != nil {
		return err
	}
	r.text.WriteString(prototext.Format(&m))
	for _, whose := range m.GetResourceSpans() {
		for _, by := range whose.GetScopeSpans() {
			for _, one := range by.GetSpans() {
				r.spans = append(r.spans, Span{
					Name: one.GetName(), Trace: hex.EncodeToString(one.GetTraceId()), ID: hex.EncodeToString(one.GetSpanId()), Parent: hex.EncodeToString(one.GetParentSpanId()),
					Attributes: texts(one.GetAttributes()), Seconds: float64(one.GetEndTimeUnixNano()-one.GetStartTimeUnixNano()) / 1e9,
				})
			}
		}
	}
	return nil
}

func texts(attributes []*common.KeyValue) map[string]string {
	all := map[string]string{}
	for _, a := range attributes {
		all[a.GetKey()] = a.GetValue().GetStringValue()
	}
	return all
}
