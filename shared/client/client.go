// Package client talks to a server's HTTP interface. It sends credentials to the server's own origin only, never along a
// redirect and never to an upload or result link, and streams documents and results.
//
// It is for programs of other modules too (go get github.com/lethe-ocr/lethe/shared/client): it links neither storage nor engine, and
// works on every system. What is sent again after a failure is sent as often as it is worth it; a call ends with its context. An error
// is a *Problem where the server refused, ErrUnreachable where none answered, and ErrLink where the storage behind a link refused.
package client

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/lethe-ocr/lethe/shared/loopback"
)

// Config says where the server is and who asks.
type Config struct {
	URL          string // of the server
	Application  string
	Secret       string
	Token        string // of the identity provider; in place of application and secret
	CACert       []byte // PEM; additional authorities
	InsecureHTTP bool   // plain HTTP beyond loopback is meant
	UserAgent    string

	Patience time.Duration      // for a server that takes nothing for now; 0: a few tries
	Waits    func(why *Problem) // told before each pause for such a server; nil for nobody
}

// Client is safe for concurrent use.
type Client struct {
	cfg   Config
	base  *url.URL
	http  *http.Client  // follows no redirect: credentials and documents go where they were meant to go
	stall time.Duration // a transfer that moves nothing for so long has broken

	answered atomic.Bool // the server was reached once; it is worth more patience
}

// New checks the configuration. It sends nothing.
func New(cfg Config) (*Client, error) {
	base, err := url.Parse(strings.TrimSuffix(cfg.URL, "/"))
	switch {
	case cfg.URL == "":
		return nil, errors.New("no server: set LETHE_URL or give --url")
	case err != nil || base.Host == "" || base.RawQuery != "" || base.Fragment != "":
		return nil, errors.New("the server's address in LETHE_URL must be a URL such as https://lethe.example.org")
	case strings.HasSuffix(base.Path, "/v1"):
		return nil, errors.New("the server's address in LETHE_URL ends before /v1: leave that out")
	case base.User != nil:
		return nil, errors.New("the server's address must hold no credentials: set LETHE_APP and LETHE_SECRET, or LETHE_TOKEN")
	case !private(base, cfg.InsecureHTTP):
		return nil, errors.New("plain http would carry documents and secrets in the clear: use https, or --insecure-http if you mean it")
	case cfg.Token == "" && (cfg.Application == "" || cfg.Secret == ""):
		return nil, errors.New("no credentials: set LETHE_APP and LETHE_SECRET, or LETHE_TOKEN")
	case strings.ContainsFunc(cfg.Token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return nil, errors.New("the token is damaged: it holds what no token does")
	case strings.Contains(cfg.Application, ":"):
		return nil, errors.New("an application id holds no colon")
	}
	transport, err := Transport(cfg.CACert)
	if err != nil {
		return nil, err
	}
	transport.DisableCompression = true // a length that was announced can be checked
	return &Client{
		cfg:  cfg,
		base: base,
		http: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}},
		stall: 2 * time.Minute,
	}, nil
}

// Transport returns what requests travel by: with TLS 1.2 or later, trusting the system's authorities and, if they are not empty,
// others in PEM form.
func Transport(authorities []byte) (*http.Transport, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // documented type
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	transport.ResponseHeaderTimeout = 2 * time.Minute
	if len(authorities) == 0 {
		return transport, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(authorities) {
		return nil, errors.New("the file of --ca-file holds no certificate in PEM form")
	}
	transport.TLSClientConfig.RootCAs = pool
	return transport, nil
}

// private reports whether what is sent to an address cannot be read on the way, or may be.
func private(u *url.URL, insecure bool) bool {
	return u.Scheme == "https" || u.Scheme == "http" && (insecure || loopback.Host(u.Hostname()))
}
