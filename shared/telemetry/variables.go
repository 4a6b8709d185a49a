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

// endings are the ends of the variables that the specification has for an exporter by OTLP, of all signals or of one.
func endings() []string {
	return []string{"ENDPOINT", "PROTOCOL", "HEADERS", "TIMEOUT", "COMPRESSION", "CERTIFICATE", "CLIENT_CERTIFICATE", "CLIENT_KEY", "INSECURE"}
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
