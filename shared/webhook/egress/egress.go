// Package egress sends what applications are told to their addresses, and to nothing else that a name or a receiver may lead to.
//
// Only https leaves this machine. What a name resolves to is judged at each connection, before its first packet: private networks,
// those of this machine, of its link and of its cloud's metadata, multicast, and forms of IPv6 that stand for other addresses, are
// refused. No proxy of the environment is used, no redirect followed, no connection kept. Each attempt has so much time, and so many
// bytes of an answer are read. Errors of the network, which name addresses, become outcomes, which do not.
package egress

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/lethe-ocr/lethe/shared/webhook"
)

// The bounds of an attempt.
const (
	patience   = 15 * time.Second // from looking the name up to the end of the answer
	mostHeader = 16 << 10         // bytes of an answer's header
	mostAnswer = 4 << 10          // bytes of its body that are read
)

// Config is what a Sender needs.
type Config struct {
	Allowed webhook.Allowed
	Local   bool           // addresses of this machine may be reached, in the clear too
	Roots   *x509.CertPool // that receivers' certificates are good by; nil for the system's

	Resolver *net.Resolver // nil for the system's
	Patience time.Duration // 0 for the usual
}

// Sender sends requests. It is safe for concurrent use.
type Sender struct {
	cfg               Config
	clear, enciphered *http.Client
}

var _ webhook.Sender = (*Sender)(nil)

// New returns a sender.
func New(cfg Config) *Sender {
	if cfg.Patience == 0 {
		cfg.Patience = patience
	}
	s := &Sender{cfg: cfg}
	s.clear, s.enciphered = s.client(true), s.client(false)
	return s
}

// client returns one for requests in the clear, or by TLS.
func (s *Sender) client(plain bool) *http.Client {
	dialer := &net.Dialer{Control: s.control(plain), Resolver: s.cfg.Resolver, KeepAlive: -1}
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  nil,
			DialContext:            dialer.DialContext,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: s.cfg.Roots},
			DisableKeepAlives:      true,
			DisableCompression:     true,
			MaxResponseHeaderBytes: mostHeader,
			Protocols:              protocols,
		},
	}
}

// Send implements webhook.Sender.
func (s *Sender) Send(ctx context.Context, r webhook.Request) webhook.Answer {
	at, err := webhook.ParseAddress(r.URL, s.cfg.Local)
	if err != nil || !s.cfg.Allowed.Host(at.Hostname()) {
		return webhook.Answer{Outcome: webhook.Forbidden} // the settings may have changed since it was registered
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at.String(), bytes.NewReader(r.Body))
	if err != nil {
		return webhook.Answer{Outcome: webhook.Forbidden}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Lethe")
	req.Header.Set("Webhook-Id", r.ID)
	req.Header.Set("Webhook-Timestamp", strconv.FormatInt(r.Timestamp.Unix(), 10))
	req.Header.Set("Webhook-Signature", r.Signature)
	client := s.enciphered
	if at.Scheme == "http" {
		client = s.clear
	}
	resp, err := client.Do(req)
	if err != nil {
		return webhook.Answer{Outcome: outcome(err)}
	}
	defer func() { _ = resp.Body.Close() }()
	answer := webhook.Answer{Outcome: judged(resp.StatusCode), Status: resp.StatusCode}
	if answer.Outcome == webhook.Delivered {
		// It was taken, however the rest of the answer goes.
		answer.Body, _ = io.ReadAll(io.LimitReader(resp.Body, mostAnswer))
	}
	return answer
}

// judged says what a status means.
func judged(status int) webhook.Outcome {
	switch {
	case status >= 200 && status < 300:
		return webhook.Delivered
	case status >= 300 && status < 400:
		return webhook.Redirected
	}
	return webhook.Refused
}

// outcome says what went wrong, without the address that errors of the network name.
func outcome(err error) webhook.Outcome {
	if errors.Is(err, errForbidden) {
		return webhook.Forbidden
	}
	if at, ok := errors.AsType[*url.Error](err); ok && at.Timeout() {
		return webhook.TimedOut
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return webhook.Unresolved
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return webhook.Untrusted
	}
	return webhook.Unreached
}
