package telemetry

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Configured is FromEnvironment of a whole environment (os.Environ). A variable of an exporter that the specification does not have is
// refused by its name: most often it is another one, misspelt, without which nothing would be sent.
func Configured(environ []string) (Export, error) {
	values := map[string]string{}
	var errs []error
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		if _, twice := values[name]; twice {
			continue // the first counts, as in os.Getenv
		}
		values[name] = value
		if value != "" && misspelt(name) {
			errs = append(errs, fmt.Errorf("%s: no such variable; those of the specification begin with %s and end with one of %s", name, exporterVariable, strings.Join(endings(), ", ")))
		}
	}
	e, err := FromEnvironment(func(name string) string { return values[name] })
	if strings.EqualFold(values[disabledVariable], "true") {
		return e, err
	}
	if err = errors.Join(append(errs, err)...); err != nil {
		return Export{}, err
	}
	return e, nil
}

// variable is one of the specification, and what its value says. One without a meaning is known and not followed.
type variable struct{ name, meaning string }

// exporterVariables lists what the specification has for an exporter by OTLP, by the ends of the names, of all signals or of one.
func exporterVariables() []variable {
	return []variable{
		{"ENDPOINT", "address of the receiver of traces and metrics: https, or http to this machine; nothing is sent without one"},
		{"PROTOCOL", "http/protobuf, which is the only one here"},
		{"HEADERS", "headers of each request: name=value, with commas between several"},
		{"TIMEOUT", "longest that a request may take, 1 to 60000 ms (default 10000)"},
		{"COMPRESSION", "gzip or none"},
		{"CERTIFICATE", "file with certificates (PEM) to trust in place of the system's"},
		{"CLIENT_CERTIFICATE", ""},
		{"CLIENT_KEY", ""},
		{"INSECURE", ""},
	}
}

// endings are the ends of their names.
func endings() []string {
	var all []string
	for _, v := range exporterVariables() {
		all = append(all, v.name)
	}
	return all
}

// Usage describes the variables that are followed, a line for each.
func Usage() string {
	var lines []variable
	for _, v := range exporterVariables() {
		if v.meaning != "" {
			lines = append(lines, variable{exporterVariable + v.name, v.meaning})
		}
	}
	for _, signal := range []string{"TRACES", "METRICS"} {
		lines = append(lines,
			variable{exporterVariable + signal + "_ENDPOINT", "whole address for " + strings.ToLower(signal) + " alone; likewise " + signal + "_PROTOCOL, _HEADERS and _COMPRESSION"},
			variable{fmt.Sprintf(exporterOf, signal), "none sends no " + strings.ToLower(signal) + "; otlp sends them, without an address to " + defaultReceiver})
	}
	lines = append(lines,
		variable{samplerVariable, "which traces are sent: always_on (default), always_off or traceidratio"},
		variable{samplerParameter, "the part of all traces that traceidratio sends, 0 to 1"},
		variable{attributesVariable, "attributes of this server: name=value, with commas between several"},
		variable{"OTEL_SERVICE_NAME", "name of this server (default lethe)"},
		variable{"OTEL_METRIC_EXPORT_INTERVAL", "time between two exports of metrics, in milliseconds (default 60000)"},
		variable{disabledVariable, "true sends nothing, whatever the others say"},
	)
	var b strings.Builder
	for _, v := range lines {
		fmt.Fprintf(&b, "  %-35s %s\n", v.name, v.meaning)
	}
	return b.String()
}

// misspelt reports whether a variable is one of an exporter, and none that the specification has. Exporters of other protocols are
// nobody's here.
func misspelt(name string) bool {
	if !strings.HasPrefix(name, "OTEL_EXPORTER_") {
		return false
	}
	rest, ours := strings.CutPrefix(name, exporterVariable)
	for _, other := range []string{"PROMETHEUS_", "ZIPKIN_", "JAEGER_"} {
		if !ours && strings.HasPrefix(name, "OTEL_EXPORTER_"+other) {
			return false
		}
	}
	if rest == "METRICS_TEMPORALITY_PREFERENCE" || rest == "METRICS_DEFAULT_HISTOGRAM_AGGREGATION" {
		return false
	}
	for _, signal := range []string{"TRACES_", "METRICS_", "LOGS_"} {
		rest = strings.TrimPrefix(rest, signal)
	}
	return !ours || !slices.Contains(endings(), rest)
}
