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

// Help lists what is followed: each variable by its name, and none that would be refused as misspelt.
func TestUsageNamesTheVariablesThatAreFollowed(t *testing.T) {
	usage := telemetry.Usage()
	for _, name := range []string{
		"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_EXPORTER_OTLP_CERTIFICATE",
		"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_TRACES_EXPORTER", "OTEL_TRACES_SAMPLER_ARG", "OTEL_RESOURCE_ATTRIBUTES", "OTEL_SDK_DISABLED",
	} {
		if !strings.Contains(usage, "  "+name+" ") {
			t.Errorf("%s is not described", name)
		}
	}
	for line := range strings.Lines(usage) {
		name := strings.Fields(line)[0]
		_, err := telemetry.Configured([]string{name + "=x"})
		if err != nil && strings.Contains(err.Error(), "no such variable") || strings.Contains(name, "CLIENT_") {
			t.Errorf("%s is described, and not followed: %v", name, err)
		}
	}
}
