//go:build linux && cgo

package main_test

import (
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/functions/api/apitest"
	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/storage/azure/azurite"
	"github.com/lethe-ocr/lethe/shared/telemetry"
	"github.com/lethe-ocr/lethe/shared/telemetry/telemetrytest"
)

// A document goes its whole way, and a receiver sees how long each step took: never what, whose, or under which name.
func TestTracesAndMetricsArriveAndSayNothingOfDocuments(t *testing.T) {
	const canary = "CANARYc93a"
	r := telemetrytest.Start(t)
	s := start(t, "OTEL_EXPORTER_OTLP_ENDPOINT="+r.URL, "OTEL_EXPORTER_OTLP_COMPRESSION=gzip", "OTEL_METRIC_EXPORT_INTERVAL=3600000")
	ids := []string{s.app, s.secret, canary, "uploads/", "results/"}
	task := s.send(photo(t, canary), client.Settings{Formats: []string{"txt", "pdf"}, Password: canary, Subject: canary})
	s.follow(task.ID, patience)
	ids = append(ids, task.ID)
	if _, err := s.Erase(t.Context(), task.ID); err != nil {
		t.Fatal(err)
	}
	caller := apitest.Caller{T: t, Base: s.url, App: s.app, Key: s.secret}
	for _, path := range []string{"/v1/tasks/" + canary, "/" + canary, "/v1/tasks?state=" + canary} {
		caller.Call(http.MethodGet, path, "", nil)
	}
	s.stop() // what was not sent is sent now

	traces := map[string][]string{}
	for _, span := range r.Spans() {
		traces[span.Trace] = append(traces[span.Trace], span.Name)
	}
	whole := false
	for _, names := range traces {
		all := strings.Join(names, ",") + ","
		whole = whole || strings.Contains(all, "PUT /blobs/,") && strings.Contains(all, "storage blob-create,") && strings.Contains(all, "queue,") && strings.Contains(all, "process document,") &&
			strings.Contains(all, "wait for a worker,") && strings.Contains(all, "recognise page,") && strings.Contains(all, "storage blob-put,")
	}
	if !whole {
		t.Errorf("no trace leads from the upload to the page: %v", traces)
	}
	got := r.Metrics()
	for _, name := range []telemetry.Name{telemetry.Documents, telemetry.Pages, telemetry.PageRecognition, telemetry.OldestAge, telemetry.NextDeadline, telemetry.StorageCalls} {
		if !got[string(name)] {
			t.Errorf("%s did not arrive", name)
		}
	}
	text := r.Text()
	for _, id := range ids {
		if strings.Contains(text, id) {
			t.Errorf("the receiver gets %s", id)
		}
	}
	if strings.Contains(s.log.String(), "telemetry.failed") {
		t.Error("the log says that something could not be sent")
	}
}

// A receiver that is away costs its numbers, and no document; where it is stays out of the log.
func TestReceiverThatIsAwayCostsNoDocument(t *testing.T) {
	r := telemetrytest.Start(t)
	r.Answer(http.StatusForbidden)
	s := start(t, "OTEL_EXPORTER_OTLP_ENDPOINT="+r.URL, "OTEL_EXPORTER_OTLP_HEADERS=authorization=canary-key")
	task := s.send(photo(t, "a page"), client.Settings{Formats: []string{"txt"}})
	if done := s.follow(task.ID, patience); done.State != "Completed" {
		t.Errorf("the task ended as %s", done.State)
	}
	s.stop()
	log := s.log.String()
	if !strings.Contains(log, "telemetry.failed") {
		t.Error("nothing says that the receiver takes nothing")
	}
	for _, secret := range []string{"canary-key", strings.TrimPrefix(r.URL, "http://")} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %s", secret)
		}
	}
}

func TestTelemetryInTheClearIsRefused(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), program(t), "serve", "--ephemeral") // #nosec G204 -- the program
	cmd.Env = append(cmd.Environ(), "OTEL_EXPORTER_OTLP_ENDPOINT=http://otel.example.org:4318")
	out, err := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); err == nil || code != verbs.ExitSetting || !strings.Contains(string(out), "OTEL_EXPORTER_OTLP_ENDPOINT") || strings.Contains(string(out), "otel.example.org") {
		t.Errorf("exit code %d: %s", code, out)
	}
}

// timerFired is what the host sends to the function of the timer.
const timerFired = `{"Data":{"timer":{}},"Metadata":{}}`

// The same program sends the same in a function app: of requests, and of the functions that the host starts. What was not sent when it is
// told to end, is sent then.
func TestFunctionAppSendsTracesAndMetrics(t *testing.T) {
	r := telemetrytest.Start(t)
	c, stop := handlerOf(t, azurite.Start(t).Account(t), "", "/readyz", "OTEL_EXPORTER_OTLP_ENDPOINT="+r.URL, "OTEL_BSP_SCHEDULE_DELAY=3600000", "OTEL_METRIC_EXPORT_INTERVAL=3600000")
	if status := c.Call(http.MethodPost, "/retention", timerFired, nil); status != http.StatusOK {
		t.Errorf("the retention function: status %d", status)
	}
	stop()
	seen := map[string]bool{}
	for _, span := range r.Spans() {
		seen[span.Name] = true
	}
	for _, name := range []string{"GET /v1/applications", "retention", "storage record-get"} {
		if !seen[name] {
			t.Errorf("no span %q arrived", name)
		}
	}
	if !r.Metrics()[string(telemetry.StorageCalls)] {
		t.Errorf("of metrics arrived: %v", r.Metrics())
	}
	if strings.Contains(r.Text(), c.App) || strings.Contains(r.Text(), c.Key) {
		t.Error("the receiver learns who called")
	}
}

// Variables that are wrong keep no function app from erasing, and take no document in.
func TestFunctionAppWithWrongVariablesOfTelemetryTakesNothingIn(t *testing.T) {
	account := azurite.Start(t)
	for name, value := range map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": "http://canary.example.org:4318", "OTEL_EXPORTER_OTLP_CERTIFICATE": "/canary.pem", "OTEL_RESOURCE_ATTRIBUTES": "canary",
	} {
		c, _ := handlerOf(t, account.Account(t), "", "/healthz", "OTEL_TRACES_EXPORTER=otlp", name+"="+value)
		ok, detail, status := row(t, c.Base, "settings")
		if ok || status != http.StatusServiceUnavailable || !strings.Contains(detail, name) || strings.Contains(detail, "canary") {
			t.Errorf("%s: status %d, the settings are right %t: %q", name, status, ok, detail)
		}
		if status := c.Call(http.MethodPost, "/retention", timerFired, nil); status != http.StatusOK {
			t.Errorf("%s: the retention function: status %d", name, status)
		}
	}
}
