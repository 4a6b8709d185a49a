package telemetry

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/loopback"
)

// Export is where traces and metrics are sent by OTLP, as the environment variables of the OpenTelemetry specification say. The zero
// value sends nothing.
type Export struct {
	Traces, Metrics string  // addresses; empty for none
	Share           float64 // of all traces that are sent, at most 1; 0 for all
	Authority       string  // file of certificates that the receiver's is checked by; empty for the system's
	Timeout         time.Duration
}

// On reports whether anything is sent.
func (e Export) On() bool { return e.Traces != "" || e.Metrics != "" }

// Hosts lists the receivers' names, each once.
func (e Export) Hosts() []string {
	hosts := []string{}
	for _, address := range []string{e.Traces, e.Metrics} {
		if at, err := url.Parse(address); err == nil && address != "" && (len(hosts) == 0 || hosts[0] != at.Hostname()) {
			hosts = append(hosts, at.Hostname())
		}
	}
	return hosts
}

// The variables of the specification that decide here, beside those of share. The exporters read those for headers, compression, batches
// and resources.
const (
	disabledVariable = "OTEL_SDK_DISABLED"
	exporterVariable = "OTEL_EXPORTER_OTLP_"
	exporterOf       = "OTEL_%s_EXPORTER"

	certificateVariable = exporterVariable + "CERTIFICATE"
	attributesVariable  = "OTEL_RESOURCE_ATTRIBUTES"

	defaultReceiver = "http://localhost:4318"
	defaultTimeout  = 10 * time.Second
)

// unfollowed lists the variables of the specification by which a connection would be secured or bounded, and that are not followed here.
func unfollowed() []string {
	var names []string
	for _, signal := range []string{"TRACES_", "METRICS_"} {
		for _, what := range []string{"CERTIFICATE", "TIMEOUT"} {
			names = append(names, exporterVariable+signal+what)
		}
	}
	for _, signal := range []string{"", "TRACES_", "METRICS_"} {
		for _, what := range []string{"CLIENT_CERTIFICATE", "CLIENT_KEY"} {
			names = append(names, exporterVariable+signal+what)
		}
	}
	return names
}

// FromEnvironment reads the variables. Nothing is sent unless one of them names a receiver. The error names every variable that is
// wrong and what is allowed, and no value: it may be an address that is nobody else's business.
func FromEnvironment(variable func(name string) string) (Export, error) {
	if strings.EqualFold(variable(disabledVariable), "true") {
		return Export{}, nil
	}
	e := Export{Authority: variable(certificateVariable), Timeout: defaultTimeout}
	var errs []error
	for _, signal := range []struct {
		name, path string
		address    *string
	}{{"TRACES", "/v1/traces", &e.Traces}, {"METRICS", "/v1/metrics", &e.Metrics}} {
		address, err := receiver(variable, signal.name, signal.path)
		if err != nil && !slices.ContainsFunc(errs, func(e error) bool { return e.Error() == err.Error() }) { // one variable serves both
			errs = append(errs, err)
		}
		*signal.address = address
	}
	if text := variable(exporterVariable + "TIMEOUT"); text != "" {
		ms, err := strconv.Atoi(text)
		if err != nil || ms < 1 || ms > 60_000 {
			errs = append(errs, errors.New(exporterVariable+"TIMEOUT: must be 1 to 60000, in milliseconds"))
		}
		e.Timeout = time.Duration(ms) * time.Millisecond
	}
	if e.On() { // else nobody reads them
		_, err := e.authorities()
		errs = append(errs, err, checkAttributes(variable(attributesVariable)))
		if e.Traces != "" {
			e.Share, err = share(variable)
			errs = append(errs, err)
		}
		for _, name := range unfollowed() {
			if variable(name) != "" {
				errs = append(errs, fmt.Errorf("%s: is not followed; take it away. %s and %sTIMEOUT hold for both signals, and there are no certificates of clients",
					name, certificateVariable, exporterVariable))
			}
		}
	}
	if err := errors.Join(errs...); err != nil {
		return Export{}, err
	}
	if e.Share == 0 { // which is how the variables say so
		e.Traces = ""
	}
	return e, nil
}

// checkAttributes refuses what the SDK would, whose error quotes it.
func checkAttributes(text string) error {
	if text = strings.TrimSpace(text); text == "" {
		return nil
	}
	for pair := range strings.SplitSeq(text, ",") {
		if !strings.Contains(pair, "=") {
			return errors.New(attributesVariable + ": must be name=value, with commas between several")
		}
	}
	return nil
}

// receiver is where one signal is sent, empty for nowhere.
func receiver(variable func(string) string, signal, path string) (string, error) {
	chosen := fmt.Sprintf(exporterOf, signal)
	name, added := exporterVariable+signal+"_ENDPOINT", ""
	address := variable(name)
	if address == "" {
		name, added = exporterVariable+"ENDPOINT", path
		address = variable(name)
	}
	switch variable(chosen) {
	case "none":
		return "", nil
	case "otlp":
		if address == "" {
			return defaultReceiver + path, nil
		}
	case "":
		if address == "" {
			return "", nil
		}
	default:
		return "", fmt.Errorf("%s: must be otlp or none", chosen)
	}
	for _, protocol := range []string{exporterVariable + signal + "_PROTOCOL", exporterVariable + "PROTOCOL"} {
		if p := variable(protocol); p != "" && p != "http/protobuf" {
			return "", fmt.Errorf("%s: must be http/protobuf", protocol)
		}
	}
	at, err := url.Parse(address)
	if err != nil || at.Hostname() == "" || at.User != nil || at.RawQuery != "" || at.Fragment != "" ||
		at.Scheme != "https" && (at.Scheme != "http" || !loopback.Host(at.Hostname())) {
		return "", fmt.Errorf("%s: must be an https address without user and query; http to this machine itself only", name)
	}
	return at.JoinPath(added).String(), nil
}

// client sends to receivers: over TLS, and nowhere but where it is told to.
func (e Export) client() (*http.Client, error) {
	roots, err := e.authorities()
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // the library's own
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
	return &http.Client{
		Transport: transport, Timeout: e.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// authorities are those that the receiver's certificate is checked by, nil for the system's.
func (e Export) authorities() (*x509.CertPool, error) {
	if e.Authority == "" {
		return nil, nil //nolint:nilnil // what tls.Config takes for the system's
	}
	text, err := os.ReadFile(e.Authority)
	roots := x509.NewCertPool()
	if err != nil || !roots.AppendCertsFromPEM(text) {
		return nil, errors.New(certificateVariable + ": must be a file with certificates that can be read")
	}
	return roots, nil
}
