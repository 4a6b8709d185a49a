package main

import (
	"bytes"
	"net/http"
	"testing"

	"github.com/lethe-ocr/lethe/scripts/stamptest"
	"github.com/lethe-ocr/lethe/shared/telemetry/telemetrytest"
)

// The real host in the mode that telemetryMode of host.json names, here by the variable that stands for it: the program sends its
// spans under the host, sweeps go on, and what it logs is still in the host's log.
func TestProgramSendsSpansUnderAHostThatSendsItsOwn(t *testing.T) {
	r := telemetrytest.Start(t)
	s := startBare(t, map[string]string{
		"AzureFunctionsJobHost__telemetryMode": "OpenTelemetry", "OTEL_EXPORTER_OTLP_ENDPOINT": r.URL, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
		"OTEL_BSP_SCHEDULE_DELAY": "100",
	}, nil)
	stamptest.Await(t, "the program is ready", func() bool { return s.Try(t, http.MethodGet, "/readyz", nil) == http.StatusOK })
	has := func(name string) bool {
		for _, span := range r.Spans() {
			if span.Name == name {
				return true
			}
		}
		return false
	}
	stamptest.Await(t, "spans of a request and of a sweep arrive", func() bool {
		return has("GET /readyz") && has("retention") && bytes.Contains(s.Log(), []byte("sweep.done"))
	})
	names := map[string]int{}
	for _, span := range r.Spans() {
		names[span.Name]++
	}
	t.Logf("spans: %v", names)
}
