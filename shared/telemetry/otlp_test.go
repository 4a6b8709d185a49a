package telemetry_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/telemetry"
	"github.com/lethe-ocr/lethe/shared/telemetry/telemetrytest"
)

// sending are instruments whose numbers a receiver gets.
func sending(t *testing.T, r *telemetrytest.Receiver) *telemetry.Telemetry {
	t.Helper()
	tel, err := telemetry.New(t.Context(), telemetry.Config{
		Export:  telemetry.Export{Traces: r.URL + "/v1/traces", Metrics: r.URL + "/v1/metrics", Timeout: 10 * time.Second},
		Version: "v1", Region: "testland",
	})
	if err != nil {
		t.Fatal(err)
	}
	return tel
}

func closed(t *testing.T, tel *telemetry.Telemetry) {
	t.Helper()
	if err := tel.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// named returns the span of a name. There is one.
func named(t *testing.T, spans []telemetrytest.Span, name string) telemetrytest.Span {
	t.Helper()
	var found []telemetrytest.Span
	for _, s := range spans {
		if s.Name == name {
			found = append(found, s)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d spans are called %q: %+v", len(found), name, spans)
	}
	return found[0]
}

func TestOneTraceLeadsFromTheRequestToThePage(t *testing.T) {
	r := telemetrytest.Start(t)
	tel := sending(t, r)
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/tasks", nil)
	ctx, ended := tel.Request(req)
	carried := tel.Carry(ctx)
	ended(http.MethodPost, "/v1/tasks", "", http.StatusCreated)

	work, done := tel.Process(carried(t.Context()))
	_, _ = tel.Blobs(failing{err: fault.New(fault.StorageUnavailable, "")}).Stat(work, "uploads/x")
	tel.Page(work, 3*time.Second, 2*time.Second, false)
	done(nil)
	closed(t, tel)

	spans := r.Spans()
	request := named(t, spans, "POST /v1/tasks")
	process := named(t, spans, "process document")
	for _, s := range spans {
		if s.Trace != request.Trace {
			t.Errorf("%s is of another trace", s.Name)
		}
	}
	if queue := named(t, spans, "queue"); queue.Parent != request.ID || process.Parent != request.ID {
		t.Errorf("queue and process belong to %s and %s, not to the request", queue.Parent, process.Parent)
	}
	call := named(t, spans, "storage blob-stat")
	if call.Parent != process.ID || call.Attributes["lethe.outcome"] != "unavailable" {
		t.Errorf("the call of storage is %+v", call)
	}
	wait, page := named(t, spans, "wait for a worker"), named(t, spans, "recognise page")
	if wait.Parent != process.ID || page.Parent != process.ID || int(wait.Seconds+.5) != 3 || int(page.Seconds+.5) != 2 {
		t.Errorf("wait %+v and recognition %+v are not told apart", wait, page)
	}
}

func TestMetricsAreSentOnceMoreAtTheEnd(t *testing.T) {
	r := telemetrytest.Start(t)
	tel := sending(t, r)
	everythingHappens(t, tel)
	closed(t, tel)
	got := r.Metrics()
	for _, i := range telemetry.Instruments() {
		if !got[string(i.Name)] {
			t.Errorf("%s did not arrive", i.Name)
		}
	}
	for _, said := range []string{`"service.name"`, `"lethe"`, `"service.version"`, `"cloud.region"`, `"testland"`} {
		if !strings.Contains(r.Text(), said) {
			t.Errorf("the receiver does not learn %s", said)
		}
	}
	for _, unsaid := range []string{"host.", "process.", "os."} {
		if strings.Contains(r.Text(), `"`+unsaid) {
			t.Errorf("the receiver learns %s of this machine", unsaid)
		}
	}
}

// What clients send leads nowhere, but for a valid traceparent.
func TestOnlyAValidTraceparentIsTakenFromClients(t *testing.T) {
	const trace, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	for name, c := range map[string]struct {
		headers []string
		taken   bool
	}{
		"valid":            {[]string{"Traceparent", "00-" + trace + "-" + span + "-01"}, true},
		"not sampled":      {[]string{"Traceparent", "00-" + trace + "-" + span + "-00"}, true},
		"none":             {nil, false},
		"no ids":           {[]string{"Traceparent", "00-00000000000000000000000000000000-0000000000000000-01"}, false},
		"of another form":  {[]string{"Traceparent", trace}, false},
		"longer":           {[]string{"Traceparent", "00-" + trace + "-" + span + "-01-canary"}, false},
		"not in hex":       {[]string{"Traceparent", "00-canarycanarycanarycanarycanary00-" + span + "-01"}, false},
		"twice":            {[]string{"Traceparent", "00-" + trace + "-" + span + "-01", "Traceparent", "00-" + trace + "-" + span + "-01"}, false},
		"with other words": {[]string{"Traceparent", "00-" + trace + "-" + span + "-01", "Tracestate", "canary=1", "Baggage", "canary=2", "B3", "canary"}, true},
	} {
		r := telemetrytest.Start(t)
		tel := sending(t, r)
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/canary", nil)
		for i := 0; i < len(c.headers); i += 2 {
			req.Header.Add(c.headers[i], c.headers[i+1])
		}
		_, ended := tel.Request(req)
		ended(http.MethodGet, "/v1/tasks/{id}", "not_found", http.StatusNotFound)
		closed(t, tel)
		got := named(t, r.Spans(), "GET /v1/tasks/{id}")
		if (got.Trace == trace) != c.taken || (got.Parent == span) != c.taken {
			t.Errorf("%s: trace %s, parent %s", name, got.Trace, got.Parent)
		}
		if strings.Contains(r.Text(), "canary") {
			t.Errorf("%s: the receiver gets what a client sent:\n%s", name, r.Text())
		}
	}
}

func TestNothingIsTracedWhereNothingIsSent(t *testing.T) {
	tel := newTelemetry(t)
	req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	req.Header.Set("Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	if ctx, _ := tel.Request(req); ctx != req.Context() {
		t.Error("the request got another context")
	}
	if ctx, _ := tel.Process(t.Context()); ctx != t.Context() || tel.Carry(ctx) != nil {
		t.Error("work is traced")
	}
}

// A receiver that fails costs numbers and nothing else: what it says, and where it is, reaches no log.
func TestReceiverThatFailsIsAnEventWithoutItsAddress(t *testing.T) {
	var log bytes.Buffer
	now := time.Now()
	telemetry.Report(slog.New(slog.NewJSONHandler(&log, nil)), func() time.Time { return now })
	for _, failure := range []error{errors.New("https://user:canary@receiver.example"), errors.New("body: canary")} {
		otel.Handle(failure)
	}
	if said := log.String(); strings.Count(said, logevent.TelemetryFailed) != 1 || strings.Contains(said, "canary") {
		t.Errorf("the log says %s", said)
	}
	now = now.Add(time.Hour)
	otel.Handle(errors.New("again"))
	if strings.Count(log.String(), logevent.TelemetryFailed) != 2 {
		t.Error("an hour later it is not said again")
	}
}

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

func TestRedirectsOfAReceiverAreNotFollowed(t *testing.T) {
	r := telemetrytest.Start(t)
	r.Answer(http.StatusTemporaryRedirect)
	tel := sending(t, r)
	_, done := tel.Process(t.Context())
	done(nil)
	if err := tel.Close(t.Context()); err == nil {
		t.Error("what was redirected counts as sent")
	}
	if len(r.Spans()) > 0 || len(r.Metrics()) > 0 {
		t.Error("the redirect was followed")
	}
}

// A process that is frozen between events has sent everything by the end of each.
func TestFlushSendsWhatWasNotSentYet(t *testing.T) {
	r := telemetrytest.Start(t)
	tel := sending(t, r)
	defer closed(t, tel)
	_, done := tel.Process(t.Context())
	done(nil)
	if err := tel.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	named(t, r.Spans(), "process document")
	if !r.Metrics()[string(telemetry.Documents)] {
		t.Error("metrics did not arrive")
	}
}
