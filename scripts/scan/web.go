package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/functions/api/contract"
)

// transport looks at the server's TLS.
func (l *live) transport(ctx context.Context) (string, []Finding, error) {
	if err := l.ready(ctx); err != nil {
		return "", nil, err
	}
	u, err := url.Parse(l.url)
	if err != nil {
		return "", nil, err
	}
	if u.Scheme != "https" {
		return "", nil, errors.New("the address is not https")
	}
	host := u.Host
	if u.Port() == "" {
		host = net.JoinHostPort(u.Hostname(), "443")
	}
	return checkTLS(ctx, host, l.roots, time.Now())
}

// soon is how long a certificate must still be good.
const soon = 14 * 24 * time.Hour

// checkTLS tries what a server must refuse, and looks at what it offers.
func checkTLS(ctx context.Context, host string, roots *x509.CertPool, now time.Time) (string, []Finding, error) {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		return "", nil, err
	}
	good, err := handshake(ctx, host, &tls.Config{ServerName: name, InsecureSkipVerify: true}) //nolint:gosec // the certificate is looked at below, with its faults told apart
	if err != nil {
		return "", nil, fmt.Errorf("no handshake: %w", err)
	}
	var found []Finding
	add := func(id, detail string) { found = append(found, Finding{ID: id, Place: "TLS", Detail: detail}) }
	var weak []uint16
	for _, s := range tls.InsecureCipherSuites() {
		weak = append(weak, s.ID)
	}
	for _, bad := range []struct {
		id, detail string
		config     *tls.Config
	}{
		{"tls-old", "TLS 1.1 or older is accepted", &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}},                                //nolint:gosec // to see it refused
		{"tls-weak-cipher", "a weak cipher suite is accepted", &tls.Config{MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12, CipherSuites: weak}}, //nolint:gosec // to see it refused
	} {
		bad.config.ServerName, bad.config.InsecureSkipVerify = name, true
		if _, err := handshake(ctx, host, bad.config); err == nil {
			add(bad.id, bad.detail)
		}
	}
	if len(good.PeerCertificates) == 0 {
		return "", nil, errors.New("the server showed no certificate")
	}
	leaf := good.PeerCertificates[0]
	middle := x509.NewCertPool()
	for _, c := range good.PeerCertificates[1:] {
		middle.AddCert(c)
	}
	if _, err := leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: roots, Intermediates: middle, CurrentTime: now}); err != nil {
		add("certificate", err.Error())
	} else if left := leaf.NotAfter.Sub(now); left < soon {
		add("certificate-ends", fmt.Sprintf("it ends in %v", left.Round(time.Hour)))
	}
	switch key := leaf.PublicKey.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() < 2048 {
			add("certificate-key", fmt.Sprintf("the RSA key has %d bits", key.N.BitLen()))
		}
	case *ecdsa.PublicKey:
		if key.Params().BitSize < 256 {
			add("certificate-key", fmt.Sprintf("the curve has %d bits", key.Params().BitSize))
		}
	}
	return fmt.Sprintf("%s, %s; a certificate until %s", tls.VersionName(good.Version), tls.CipherSuiteName(good.CipherSuite), leaf.NotAfter.UTC().Format(time.DateOnly)), found, nil
}

func handshake(ctx context.Context, host string, config *tls.Config) (tls.ConnectionState, error) {
	d := tls.Dialer{NetDialer: &net.Dialer{Timeout: time.Minute}, Config: config}
	conn, err := d.DialContext(ctx, "tcp", host)
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer func() { _ = conn.Close() }() // the handshake is what counts
	return conn.(*tls.Conn).ConnectionState(), nil
}

// headers looks at the answers that no operation gives: to wrong addresses, methods and bodies. Those of operations are
// looked at by the contract.
func (l *live) headers(ctx context.Context) (string, []Finding, error) {
	if err := l.ready(ctx); err != nil {
		return "", nil, err
	}
	var found []Finding
	tried := 0
	for _, p := range probes() {
		req, err := http.NewRequestWithContext(ctx, p.method, l.url+p.path, strings.NewReader(p.body))
		if err != nil {
			return "", nil, err
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Origin", "https://"+contract.Marker+".example")
		req.Header.Set("X-Request-Id", contract.Marker)
		if p.signed {
			req.Header.Set("Authorization", l.full.Authorization)
		}
		a, err := contract.Send(l.client.Do, req)
		if err != nil {
			return "", nil, err
		}
		tried++
		for _, problem := range contract.CheckAnswer(a) {
			found = append(found, Finding{ID: "header", Place: p.method + " " + p.name, Detail: fmt.Sprintf("status %d: %s", a.Status, problem)})
		}
	}
	return fmt.Sprintf("%d answers that belong to no operation", tried), found, nil
}

// probe is a request that no operation is for, or one whose body cannot be read.
type probe struct {
	name, method, path, body string
	signed                   bool
}

func probes() []probe {
	var all []probe
	for _, signed := range []bool{false, true} {
		all = append(all, []probe{
			{"nowhere", "GET", "/" + contract.Marker, "", signed},
			{"root", "GET", "/", "", signed},
			{"wrong method", "PUT", "/v1/tasks", "", signed},
			{"preflight", "OPTIONS", "/v1/tasks", "", signed},
			{"trace", "TRACE", "/v1/tasks", "", signed},
			{"head", "HEAD", "/v1/tasks", "", signed},
			{"broken body", "POST", "/v1/tasks", "{" + contract.Marker, signed},
			{"link of nobody", "GET", "/blobs/" + contract.Marker + "?t=" + contract.Marker, "", signed},
			{"path with dots", "GET", "/v1/%2e%2e/" + contract.Marker, "", signed},
			{"secrets of others", "GET", "/.git/config", "", signed},
			{"liveness", "GET", "/healthz", "", signed},
			{"script of the page", "GET", "/page/main.js", "", signed},
			{"no file of the page", "GET", "/page/" + contract.Marker, "", signed},
			{"page with a body", "POST", "/", contract.Marker, signed},
		}...)
	}
	return all
}

// requests is how often the contract calls each operation of the server.
const requests = 60

// contract sends requests made up from the server's own description.
func (l *live) contract(ctx context.Context) (string, []Finding, error) {
	if err := l.ready(ctx); err != nil {
		return "", nil, err
	}
	d, err := l.description(ctx)
	if err != nil {
		return "", nil, err
	}
	turn := 0
	run := contract.Run{
		Description: d, Server: l.url, Send: l.client.Do, Full: l.full, Others: l.others, Seed: 20260301, Requests: requests,
		Known: func(place string) string {
			known := l.known[place]
			if turn++; len(known) == 0 {
				return ""
			}
			return known[turn%len(known)]
		},
	}
	result, err := run.Do(ctx)
	if err != nil {
		return "", nil, err
	}
	var found []Finding
	for _, v := range result.Violations {
		found = append(found, Finding{ID: v.Rule, Place: v.Operation, Detail: v.Detail})
	}
	return fmt.Sprintf("%d requests to %d operations, %d of them with success", result.Requests, len(result.Statuses), len(result.Succeeded())), found, nil
}

// leaks searches the log of the server that was started for what the checks before sent.
func (l *live) leaks(ctx context.Context) (string, []Finding, error) {
	if l.options.url != "" {
		return "", nil, errors.New("the log of a running stamp is not at hand")
	}
	if err := l.ready(ctx); err != nil {
		return "", nil, err
	}
	examined, found := searchLog(l.log.String(), append(slices.Clone(l.secrets), contract.Marker, "wapiti", "etc/passwd"))
	return examined, found, nil
}

// searchLog reports the lines that hold what no log may. It does not repeat them.
func searchLog(log string, needles []string) (string, []Finding) {
	var found []Finding
	n := 0
	for line := range strings.Lines(log) {
		n++
		for i, needle := range needles {
			if strings.Contains(strings.ToLower(line), strings.ToLower(needle)) {
				found = append(found, Finding{ID: "leak", Place: "log", Detail: fmt.Sprintf("line %d holds needle %d", n, i+1)})
			}
		}
	}
	return fmt.Sprintf("%d lines for %d needles", n, len(needles)), found
}
