package telemetry_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/telemetry"
)

func TestNothingIsSentUnlessAReceiverIsNamed(t *testing.T) {
	const base = "OTEL_EXPORTER_OTLP_ENDPOINT"
	for name, c := range map[string]struct {
		env             map[string]string
		traces, metrics string
	}{
		"no trace":                {map[string]string{base: "https://a.example", "OTEL_TRACES_SAMPLER": "always_off"}, "", "https://a.example/v1/metrics"},
		"none of them":            {map[string]string{base: "https://a.example", "OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0"}, "", "https://a.example/v1/metrics"},
		"nothing":                 {nil, "", ""},
		"variables nobody reads":  {map[string]string{"OTEL_RESOURCE_ATTRIBUTES": "x", "OTEL_EXPORTER_OTLP_CERTIFICATE": "/x"}, "", ""},
		"attributes":              {map[string]string{base: "https://a.example", "OTEL_RESOURCE_ATTRIBUTES": " a=b, c=%20d "}, "https://a.example/v1/traces", "https://a.example/v1/metrics"},
		"other variables":         {map[string]string{"OTEL_SERVICE_NAME": "x", "OTEL_EXPORTER_OTLP_HEADERS": "a=b"}, "", ""},
		"both":                    {map[string]string{base: "https://otel.example.org/x/"}, "https://otel.example.org/x/v1/traces", "https://otel.example.org/x/v1/metrics"},
		"on this machine":         {map[string]string{base: "http://127.0.0.1:4318"}, "http://127.0.0.1:4318/v1/traces", "http://127.0.0.1:4318/v1/metrics"},
		"traces alone":            {map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://a.example/t"}, "https://a.example/t", ""},
		"metrics elsewhere":       {map[string]string{base: "https://a.example", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "https://b.example/m"}, "https://a.example/v1/traces", "https://b.example/m"},
		"no metrics":              {map[string]string{base: "https://a.example", "OTEL_METRICS_EXPORTER": "none"}, "https://a.example/v1/traces", ""},
		"the usual receiver":      {map[string]string{"OTEL_TRACES_EXPORTER": "otlp"}, "http://localhost:4318/v1/traces", ""},
		"switched off":            {map[string]string{base: "https://a.example", "OTEL_SDK_DISABLED": "true"}, "", ""},
		"off, whatever the rest":  {map[string]string{base: "ftp://x", "OTEL_SDK_DISABLED": "TRUE"}, "", ""},
		"the protocol, once more": {map[string]string{base: "https://a.example", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, "https://a.example/v1/traces", "https://a.example/v1/metrics"},
	} {
		e, err := telemetry.FromEnvironment(func(name string) string { return c.env[name] })
		if err != nil || e.Traces != c.traces || e.Metrics != c.metrics || e.On() != (c.traces+c.metrics != "") {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
}

func TestShareOfTracesIsReadOfTheSampler(t *testing.T) {
	for sampler, want := range map[string]float64{
		"": 1, "always_on": 1, "parentbased_always_on": 1, "traceidratio": 1, "traceidratio 0.25": .25, "parentbased_traceidratio 1": 1, "parentbased_traceidratio .001": .001,
	} {
		name, part, _ := strings.Cut(sampler, " ")
		env := map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "https://a.example", "OTEL_TRACES_SAMPLER": name, "OTEL_TRACES_SAMPLER_ARG": part}
		if e, err := telemetry.FromEnvironment(func(name string) string { return env[name] }); err != nil || e.Share != want || e.Traces == "" {
			t.Errorf("%q: %+v, %v", sampler, e, err)
		}
	}
}

// Addresses and headers are secrets as often as not: an error names the variable.
func TestWrongVariablesAreRefusedByNameAlone(t *testing.T) {
	const base, canary = "OTEL_EXPORTER_OTLP_ENDPOINT", "canary"
	for _, env := range []map[string]string{
		{base: "http://canary.example.org"}, {base: "http://10.0.0.7:4318/canary"}, {base: "https://user:canary@a.example"}, {base: "https://a.example?key=canary"},
		{base: "canary.example.org:4317"}, {base: "grpc://canary:4317"}, {base: "https://"}, {base: "https://canary\x7f"},
		{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://canary.example.org/v1/traces"},
		{"OTEL_TRACES_EXPORTER": "zipkin"}, {base: "https://a.example", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
		{base: "https://a.example", "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL": "http/json"}, {base: "https://a.example", "OTEL_EXPORTER_OTLP_TIMEOUT": "canary"},
		{base: "https://a.example", "OTEL_RESOURCE_ATTRIBUTES": "canary"}, {base: "https://a.example", "OTEL_RESOURCE_ATTRIBUTES": "a=b,canary"},
		{base: "https://a.example", "OTEL_EXPORTER_OTLP_CERTIFICATE": "/canary.pem"}, {base: "https://a.example", "OTEL_TRACES_SAMPLER": "canary"},
		{base: "https://a.example", "OTEL_TRACES_SAMPLER": "parentbased_"}, {base: "https://a.example", "OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "canary"},
		{base: "https://a.example", "OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "NaN"}, {base: "https://a.example", "OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "1.5"},
		{base: "https://a.example", "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE": "/canary.pem"}, {base: "https://a.example", "OTEL_EXPORTER_OTLP_CLIENT_KEY": "/canary.pem"},
		{base: "https://a.example", "OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE": "/canary.pem"}, {base: "https://a.example", "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT": "100"},
	} {
		e, err := telemetry.FromEnvironment(func(name string) string { return env[name] })
		if err == nil || e.On() {
			t.Errorf("%v is taken", env)
			continue
		}
		if !strings.Contains(err.Error(), "OTEL_") || strings.Contains(err.Error(), canary) {
			t.Errorf("%v: %v", env, err)
		}
	}
}

func TestAuthorityThatIsNoneIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, []byte("none"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{file, file + ".missing"} {
		_, err := telemetry.New(t.Context(), telemetry.Config{Export: telemetry.Export{Traces: "https://a.example/v1/traces", Authority: name}})
		_, early := telemetry.FromEnvironment(func(v string) string {
			return map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "https://a.example", "OTEL_EXPORTER_OTLP_CERTIFICATE": name}[v]
		})
		for _, err := range []error{err, early} {
			if err == nil || !strings.Contains(err.Error(), "OTEL_EXPORTER_OTLP_CERTIFICATE") || strings.Contains(err.Error(), file) {
				t.Errorf("%v", err)
			}
		}
	}
}
