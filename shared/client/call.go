package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// ErrUnreachable means that no answer came, or not all of it.
var ErrUnreachable = errors.New("the server cannot be reached")

// Problem is an answer that refuses (RFC 9457). Its texts are the server's: they are not fit for a terminal as they are.
type Problem struct {
	Status    int    `json:"status"`
	Code      string `json:"code"`
	Detail    string `json:"detail"`
	Field     string `json:"field,omitempty"`
	Retryable bool   `json:"retryable"`
	Instance  string `json:"instance,omitempty"`

	after time.Duration // how long to wait before the next try; 0 if the server does not say
}

// Error implements error.
func (p *Problem) Error() string {
	s := p.Detail
	if s == "" {
		s = http.StatusText(p.Status)
	}
	if p.Field != "" {
		s = p.Field + ": " + s
	}
	if p.Code == "" {
		return fmt.Sprintf("%s (%d)", s, p.Status)
	}
	return fmt.Sprintf("%s (%d %s)", s, p.Status, p.Code)
}

// call is one request to the interface. out is decoded from a success; without it the body of a success stays open.
type call struct {
	method, path string
	in           any // encoded as JSON
	header       map[string]string
	out          any
	success      int // a status beyond 2xx that is a success too
}

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
	return retried(ctx, c, func() (*http.Response, error) {
		req, err := http.NewRequestWithContext(ctx, op.method, c.base.String()+op.path, bytes.NewReader(body))
		if err != nil {
			return nil, backoff.Permanent(err)
		}
		c.sign(req)
		req.Header.Set("User-Agent", c.cfg.UserAgent)
		if op.in != nil {
			req.Header.Set("Content-Type", "application/json")
		}
		for name, value := range op.header {
			req.Header.Set(name, value)
		}
		resp, err := c.http.Do(req)
		if err != nil {
			return nil, unreachable(ctx, err)
		}
		if wantsTLS(resp) {
			return nil, errors.Join(fmt.Errorf("%w: %w", ErrUnreachable, ErrWantsTLS), resp.Body.Close())
		}
		c.answered.Store(true)
		return resp, decode(resp, op)
	})
}

// ask is do for a call whose answer is decoded.
func (c *Client) ask(ctx context.Context, op call) error {
	_, err := c.do(ctx, op) //nolint:bodyclose // closed by decode
	return err
}

// mostOfPage is how many entries are asked for at once where the caller does not say.
const mostOfPage = 1000

// pageQuery asks for the entries after a cursor, empty for the first, since a time, zero for any.
func pageQuery(since time.Time, after string) url.Values {
	q := url.Values{"limit": {strconv.Itoa(mostOfPage)}}
	if !since.IsZero() {
		q.Set("since", since.UTC().Format(time.RFC3339))
	}
	if after != "" {
		q.Set("after", after)
	}
	return q
}

// sign adds the credentials.
func (c *Client) sign(req *http.Request) {
	if c.cfg.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.cfg.Token)
		return
	}
	req.SetBasicAuth(c.cfg.Application, c.cfg.Secret)
}

// tries bounds how often something is sent. A server that has answered before is waited for half a minute or so; one that
// never did may be a wrong address, which people want to know soon.
func (c *Client) tries() uint {
	if c.answered.Load() {
		return 10
	}
	return 3
}

func retried[T any](ctx context.Context, c *Client, f func() (T, error)) (T, error) {
	tries, most := uint(0), c.tries()
	options := []backoff.RetryOption{backoff.WithNotify(c.waits)}
	if c.cfg.Patience > 0 {
		options = append(options, backoff.WithMaxElapsedTime(c.cfg.Patience))
	}
	return backoff.Retry(ctx, func() (T, error) {
		v, err := f()
		if c.cfg.Patience == 0 || !Busy(err) {
			tries++
		}
		var p *Problem
		switch {
		case err == nil:
			return v, nil
		case misspoken(err), tries >= most:
			return v, backoff.Permanent(err)
		case errors.As(err, &p) && p.Retryable:
			if p.after > 0 {
				return v, errors.Join(err, &backoff.RetryAfterError{Duration: p.after})
			}
			return v, err
		case errors.Is(err, ErrUnreachable):
			return v, err
		default:
			return v, backoff.Permanent(err)
		}
	}, options...)
}

// waits tells of a pause that a server causes which takes nothing for now.
func (c *Client) waits(err error, _ time.Duration) {
	if p, ok := errors.AsType[*Problem](err); ok && c.cfg.Waits != nil && Busy(err) {
		c.cfg.Waits(p)
	}
}

// unreachable describes a transfer that broke, without the address, which may be a signed link.
func unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return backoff.Permanent(context.Cause(ctx))
	}
	var op *net.OpError
	var u *url.Error
	if errors.As(err, &op) {
		err = op.Err
	} else if errors.As(err, &u) {
		err = u.Err
	}
	return fmt.Errorf("%w: %w", ErrUnreachable, schemeError(err))
}

// decode reads an answer.
func decode(resp *http.Response, op call) error {
	const most = 64 << 20
	switch {
	case resp.StatusCode == op.success, resp.StatusCode < http.StatusMultipleChoices:
		if op.out == nil {
			return nil
		}
		defer func() { _ = resp.Body.Close() }() // read as far as needed
		if resp.StatusCode == http.StatusNotModified {
			return nil
		}
		if err := json.NewDecoder(io.LimitReader(resp.Body, most)).Decode(op.out); err != nil {
			return fmt.Errorf("the server's answer cannot be read: %w", err)
		}
		return nil
	default:
		defer func() { _ = resp.Body.Close() }() // read as far as needed
		return problem(resp)
	}
}

// problem reads a refusal, or makes one up for what answers in place of the server.
func problem(resp *http.Response) *Problem {
	p := &Problem{}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(p); err != nil || p.Code == "" {
		p = &Problem{Retryable: resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests}
		if resp.StatusCode < http.StatusBadRequest {
			p.Detail = "the answer is a redirect, which is not followed; check the server's address"
		}
	}
	p.Status = resp.StatusCode
	p.after = retryAfter(resp.Header)
	return p
}

// retryAfter reads the header of that name, which holds seconds or a time (RFC 9110 section 10.2.3).
func retryAfter(h http.Header) time.Duration {
	value := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil {
		const most = 7 * 24 * 60 * 60 // no overflow
		return time.Duration(max(0, min(seconds, most))) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return max(0, time.Until(at))
}
