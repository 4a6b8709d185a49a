// Package client talks to a server's HTTP interface. It sends credentials to the server's own origin only, never to an
// upload or result link, and streams documents and results.
package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Config says where the server is and who asks.
type Config struct {
	URL          string // of the server
	Application  string
	Secret       string
	CACert       []byte // PEM; additional authorities
	InsecureHTTP bool   // plain HTTP beyond loopback is meant
	UserAgent    string
}

// Client is safe for concurrent use.
type Client struct {
	cfg  Config
	base *url.URL
	api  *http.Client // follows no redirect: credentials stay at home
	bare *http.Client // for links
}

// ErrUnreachable means that no answer came.
var ErrUnreachable = errors.New("the server cannot be reached")

// Problem is an answer that refuses (RFC 9457).
type Problem struct {
	Status    int    `json:"status"`
	Code      string `json:"code"`
	Detail    string `json:"detail"`
	Field     string `json:"field"`
	Retryable bool   `json:"retryable"`
	Instance  string `json:"instance"`

	after time.Duration
}

// Error implements error.
func (p *Problem) Error() string { return p.Sentence() }

// Sentence is the problem in a line for people.
func (p *Problem) Sentence() string {
	s := clean(p.Detail)
	if s == "" {
		s = http.StatusText(p.Status)
	}
	if p.Field != "" {
		s = clean(p.Field) + ": " + s
	}
	return fmt.Sprintf("%s (%d %s)", s, p.Status, clean(p.Code))
}

// clean keeps control characters of a server off the terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, s)
}

// New checks the configuration. It sends nothing.
func New(cfg Config) (*Client, error) {
	base, err := url.Parse(strings.TrimSuffix(cfg.URL, "/"))
	switch {
	case cfg.URL == "":
		return nil, errors.New("no server: set LETHE_URL or give --url")
	case err != nil || base.Host == "":
		return nil, errors.New("the server's address must be a URL such as https://lethe.example.org")
	case base.Scheme == "https":
	case base.Scheme == "http" && (cfg.InsecureHTTP || loopback(base.Hostname())):
	default:
		return nil, errors.New("plain http would carry documents and secrets in the clear: use https, or --insecure-http if you mean it")
	}
	if cfg.Application == "" || cfg.Secret == "" {
		return nil, errors.New("no credentials: set LETHE_APP and LETHE_SECRET")
	}
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // documented type
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	if len(cfg.CACert) > 0 {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(cfg.CACert) {
			return nil, errors.New("the CA file holds no certificate in PEM form")
		}
		transport.TLSClientConfig.RootCAs = pool
	}
	transport.ResponseHeaderTimeout = 2 * time.Minute
	return &Client{
		cfg:  cfg,
		base: base,
		api: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}},
		bare: &http.Client{Transport: transport},
	}, nil
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

// call is one request to the interface. out is decoded from a success.
type call struct {
	method, path string
	in           any // encoded as JSON
	header       map[string]string
	out          any
}

// tries bounds how often a call is sent.
const tries = 5

// do sends a call, again while the server says that it may work later. Calls are idempotent, or carry a key that makes
// them so.
func (c *Client) do(ctx context.Context, op call) (*http.Response, error) {
	var body []byte
	if op.in != nil {
		var err error
		if body, err = json.Marshal(op.in); err != nil {
			return nil, fmt.Errorf("encode request: %w", err)
		}
	}
	return retried(ctx, func() (*http.Response, error) {
		req, err := http.NewRequestWithContext(ctx, op.method, c.base.String()+op.path, bytes.NewReader(body))
		if err != nil {
			return nil, backoff.Permanent(err)
		}
		req.SetBasicAuth(c.cfg.Application, c.cfg.Secret)
		req.Header.Set("User-Agent", c.cfg.UserAgent)
		if op.in != nil {
			req.Header.Set("Content-Type", "application/json")
		}
		for name, value := range op.header {
			req.Header.Set(name, value)
		}
		resp, err := c.api.Do(req)
		if err != nil {
			return nil, unreachable(ctx, err)
		}
		return resp, decode(resp, op.out)
	})
}

func retried[T any](ctx context.Context, f func() (T, error)) (T, error) {
	return backoff.Retry(ctx, func() (T, error) {
		v, err := f()
		var p *Problem
		switch {
		case err == nil:
			return v, nil
		case errors.As(err, &p) && p.Retryable && p.Status != http.StatusConflict:
			if p.after > 0 {
				return v, errors.Join(err, backoff.RetryAfter(int(p.after.Seconds())))
			}
			return v, err
		case errors.Is(err, ErrUnreachable):
			return v, err
		default:
			return v, backoff.Permanent(err)
		}
	}, backoff.WithMaxTries(tries))
}

func unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return backoff.Permanent(ctx.Err())
	}
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	} else if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err // without the URL, which may be a signed link
	}
	return fmt.Errorf("%w: %w", ErrUnreachable, err)
}

// decode reads an answer. A body that the caller wants to stream (out is nil on success) stays open.
func decode(resp *http.Response, out any) error {
	const most = 64 << 20
	if resp.StatusCode < http.StatusBadRequest {
		if out == nil {
			return nil
		}
		defer func() { _ = resp.Body.Close() }() // read as far as needed
		if resp.StatusCode == http.StatusNotModified {
			return nil
		}
		if err := json.NewDecoder(io.LimitReader(resp.Body, most)).Decode(out); err != nil {
			return fmt.Errorf("the server's answer cannot be read: %w", err)
		}
		return nil
	}
	defer func() { _ = resp.Body.Close() }() // read as far as needed
	p := &Problem{}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(p); err != nil || p.Code == "" {
		p = &Problem{Detail: http.StatusText(resp.StatusCode), Retryable: resp.StatusCode >= 500}
	}
	p.Status = resp.StatusCode
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil {
		p.after = time.Duration(seconds) * time.Second
	}
	return p
}
