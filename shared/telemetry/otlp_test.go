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

var errDone = errors.New("done")

// work is traced, and comes to nothing but its end.
func work(t *testing.T, tel *telemetry.Telemetry) {
	t.Helper()
	if err := tel.Process(t.Context(), func(context.Context) error { return errDone }); !errors.Is(err, errDone) {
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

	if err := tel.Process(carried(t.Context()), func(ctx context.Context) error {
		_, _ = tel.Blobs(failing{err: fault.New(fault.StorageUnavailable, "")}).Stat(ctx, "uploads/x")
		tel.Page(ctx, 3*time.Second, 2*time.Second, false)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
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
	if err := tel.Process(t.Context(), func(ctx context.Context) error {
		if ctx != t.Context() || tel.Carry(ctx) != nil {
			t.Error("work is traced")
		}
		return errDone
	}); !errors.Is(err, errDone) {
		t.Errorf("work that is not traced ended as %v", err)
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

func TestRedirectsOfAReceiverAreNotFollowed(t *testing.T) {
	r := telemetrytest.Start(t)
	r.Answer(http.StatusTemporaryRedirect)
	tel := sending(t, r)
	work(t, tel)
	if err := tel.Close(t.Context()); err == nil {
		t.Error("what was redirected counts as sent")
	}
	if len(r.Spans()) > 0 || len(r.Metrics()) > 0 {
		t.Error("the redirect was followed")
	}
}

// What panics is seen as such: its spans end, and none of them says that all was well.
func TestSpansOfWhatPanicsEndAsErrors(t *testing.T) {
	r := telemetrytest.Start(t)
	tel := sending(t, r)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic is swallowed")
			}
		}()
		_ = tel.Span(t.Context(), "round", func(ctx context.Context) error {
			_, _ = tel.Blobs(nil).Stat(ctx, "uploads/x") // there is no store
			return nil
		})
	}()
	closed(t, tel)
	for _, name := range []string{"round", "storage blob-stat"} {
		if got := named(t, r.Spans(), name); got.Attributes["lethe.outcome"] != "internal" {
			t.Errorf("%s ended as %q", name, got.Attributes["lethe.outcome"])
		}
	}
}

// Of a trace, a client names ids and decides nothing: its flag has nothing traced that would not be, and hides nothing.
func TestClientDoesNotDecideWhatIsSent(t *testing.T) {
	const almostNone = 1e-12
	for _, c := range []struct {
		share float64
		trace string // a sampler by ids would take one of little value at the end
		flag  string
		sent  bool
	}{
		{0, "4bf92f3577b34da6a3ce929d0e0e4736", "00", true}, // as the Functions host marks all
		{0, "4bf92f3577b34da6ffffffffffffffff", "01", true},
		{almostNone, "4bf92f3577b34da6a3ce929d0e0e4736", "01", false},
		{almostNone, "4bf92f3577b34da60000000000000000", "01", false},
	} {
		r := telemetrytest.Start(t)
		tel, err := telemetry.New(t.Context(), telemetry.Config{Export: telemetry.Export{Traces: r.URL + "/v1/traces", Share: c.share, Timeout: time.Minute}})
		if err != nil {
			t.Fatal(err)
		}
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		req.Header.Set("Traceparent", "00-"+c.trace+"-00f067aa0ba902b7-"+c.flag)
		ctx, ended := tel.Request(req)
		_, _ = tel.Blobs(failing{}).Stat(ctx, "uploads/x")
		if carried := tel.Carry(ctx); (carried != nil) != c.sent {
			t.Errorf("%+v: what waits is traced: %t", c, carried != nil)
		}
		ended(http.MethodGet, "/", "", http.StatusOK)
		closed(t, tel)
		spans := r.Spans()
		if want := map[bool]int{true: 2, false: 0}[c.sent]; len(spans) != want {
			t.Errorf("%+v: %d spans arrived", c, len(spans))
		}
		for _, s := range spans {
			if s.Trace != c.trace {
				t.Errorf("%s is not of the client's trace", s.Name)
			}
		}
	}
}
