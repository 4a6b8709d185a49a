package telemetry_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/telemetry"
	"github.com/lethe-ocr/lethe/shared/telemetry/telemetrytest"
)

// A receiver that takes connections and answers nothing is waited for as long as was said, and the log says so.
func TestReceiverThatHangsAtTheEndIsAnEvent(t *testing.T) {
	for name, last := range map[string]func(*telemetry.Telemetry, context.Context) error{
		"close": (*telemetry.Telemetry).Close, "flush": (*telemetry.Telemetry).Flush,
	} {
		over := make(chan struct{})
		hangs := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-over }))
		var log bytes.Buffer
		telemetry.Report(slog.New(slog.NewJSONHandler(&log, nil)), time.Now)
		tel, err := telemetry.New(t.Context(), telemetry.Config{Export: telemetry.Export{Metrics: hangs.URL + "/v1/metrics", Timeout: time.Hour}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		if err := last(tel, ctx); err == nil {
			t.Errorf("%s: what nobody took counts as sent", name)
		}
		cancel()
		if said := log.String(); strings.Count(said, logevent.TelemetryFailed) != 1 || strings.Contains(said, hangs.URL) {
			t.Errorf("%s: the log says %s", name, said)
		}
		close(over)
		hangs.Close()
	}
}

// A process that is frozen between events has sent everything by the end of each.
func TestFlushSendsWhatWasNotSentYet(t *testing.T) {
	r := telemetrytest.Start(t)
	tel := sending(t, r)
	defer closed(t, tel)
	work(t, tel)
	if err := tel.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	named(t, r.Spans(), "process document")
	if !r.Metrics()[string(telemetry.Documents)] {
		t.Error("metrics did not arrive")
	}
}

// A receiver that hangs costs one event its time, and those after it none, for a while that grows; then it gets everything.
func TestReceiverThatHangsDoesNotHoldUpEachEvent(t *testing.T) {
	r := telemetrytest.Start(t)
	asked, answers := make(chan struct{}, 100), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		asked <- struct{}{}
		<-answers
		r.ServeHTTP(w, req)
	}))
	defer server.Close()
	goOn := sync.OnceFunc(func() { close(answers) })
	defer goOn()
	now := time.Now()
	tel, err := telemetry.New(t.Context(), telemetry.Config{
		Export: telemetry.Export{Metrics: server.URL + "/v1/metrics", Timeout: time.Hour}, Now: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	first, over := context.WithCancel(t.Context())
	go func() {
		<-asked
		over()
	}()
	if err := tel.Flush(first); err == nil {
		t.Fatal("what nobody took counts as sent")
	}
	tried := func(after time.Duration, want bool) {
		t.Helper()
		now = now.Add(after)
		ctx, over := context.WithTimeout(t.Context(), 10*time.Millisecond) // what an event may take for it, and it does take where it is tried
		defer over()
		if err := tel.Flush(ctx); (err != nil) != want {
			t.Errorf("%v later: %v", after, err)
		}
	}
	tried(0, false)
	tried(time.Minute-1, false)
	tried(1, true)
	tried(time.Minute, false)
	tried(time.Minute, true)
	for range 10 {
		tried(time.Hour, true)
	}
	tried(time.Hour-1, false)
	goOn()
	now = now.Add(time.Hour)
	for event := range 3 {
		if err := tel.Flush(t.Context()); err != nil || !r.Metrics()[string(telemetry.Documents)] || len(asked) != event+1 {
			t.Errorf("event %d once it answers: %v; it was asked %d times", event, err, len(asked))
		}
	}
	closed(t, tel)
}

// While traces are not taken metrics are: neither waits for the other.
func TestReceiverOfTracesThatHangsCostsNoMetrics(t *testing.T) {
	for name, last := range map[string]func(*telemetry.Telemetry, context.Context) error{
		"close": (*telemetry.Telemetry).Close, "flush": (*telemetry.Telemetry).Flush,
	} {
		r := telemetrytest.Start(t)
		metrics := make(chan struct{})
		took := sync.OnceFunc(func() { close(metrics) })
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if req.URL.Path == "/v1/traces" {
				select {
				case <-metrics:
				case <-req.Context().Done(): // the sender gives up
				}
			}
			r.ServeHTTP(w, req)
			if req.URL.Path == "/v1/metrics" {
				took()
			}
		}))
		tel, err := telemetry.New(t.Context(), telemetry.Config{Export: telemetry.Export{Traces: server.URL + "/v1/traces", Metrics: server.URL + "/v1/metrics", Timeout: time.Hour}})
		if err != nil {
			t.Fatal(err)
		}
		work(t, tel)
		if err := last(tel, t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		_ = tel.Close(t.Context()) // again, or at last
		server.Close()
	}
}
