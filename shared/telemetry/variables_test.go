package telemetry_test

import (
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/telemetry"
)

func TestMisspeltVariablesOfExportersAreRefused(t *testing.T) {
	for _, name := range []string{"OTEL_EXPORTER_OTLP_ENDPIONT", "OTEL_EXPORTER_OTPL_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACE_ENDPOINT", "OTEL_EXPORTER_OTLP_"} {
		e, err := telemetry.Configured([]string{name + "=https://canary.example"})
		if err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "canary") || e.On() {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
		if _, err := telemetry.Configured([]string{name + "=x", "OTEL_SDK_DISABLED=true"}); err != nil {
			t.Errorf("%s, and nothing is sent: %v", name, err)
		}
	}
	e, err := telemetry.Configured([]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT=https://a.example", "OTEL_EXPORTER_OTLP_ENDPOINT=https://b.example", "OTEL_EXPORTER_OTLP_TRACES_HEADERS=a=b",
		"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=delta", "OTEL_EXPORTER_PROMETHEUS_PORT=9464", "OTEL_EXPORTER_OTLP_OTHER=",
	})
	if err != nil || e.Traces != "https://a.example/v1/traces" {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestWrongAddressOfBothSignalsIsToldOnce(t *testing.T) {
	_, err := telemetry.Configured([]string{"OTEL_EXPORTER_OTLP_ENDPOINT=canary"})
	if err == nil || strings.Count(err.Error(), "OTEL_EXPORTER_OTLP_ENDPOINT") != 1 {
		t.Errorf("%v", err)
	}
}
