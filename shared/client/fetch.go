package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// fetchTries is how often a transfer that breaks is taken up again without a byte more.
const fetchTries = 3

// Fetch streams a result and returns its size. A transfer that breaks, or that something on the way cuts off, goes on where it
// stopped, as long as the result is the same. One that ends early all the same is an error; what was written by then stays.
func (c *Client) Fetch(ctx context.Context, id, format string, w io.Writer) (int64, error) {
	path := taskPath(id) + "/results/" + url.PathEscape(format)
	got := &received{size: -1}
	for vain := 0; ; {
		before := got.n
		err := c.fetchRest(ctx, path, got, w)
		if vain++; got.n > before {
			vain = 0
		}
		if !got.broken || got.tag == "" || vain == fetchTries || ctx.Err() != nil {
			return got.n, err
		}
	}
}

// received is what is here of a result.
type received struct {
	n      int64
	size   int64  // of the whole; negative if it is not known
	tag    string // version that the bytes are of; empty if they cannot be gone on with
	broken bool   // the last transfer ended early
}

// header asks for the rest. From the first byte on too: then the answer says how many there are, whatever becomes of its length on
// the way.
func (r *received) header() map[string]string {
	h := map[string]string{"Range": "bytes=" + strconv.FormatInt(r.n, 10) + "-"}
	if r.n > 0 {
		h["If-Range"] = r.tag
	}
	return h
}

// errOther ends a transfer that cannot be gone on with: it has to begin anew.
var errOther = errors.New("the rest that came is not of what is here")

// begins looks at an answer before its body is read.
func (r *received) begins(resp *http.Response) error {
	tag := resp.Header.Get("Etag")
	if r.n > 0 && (resp.StatusCode != http.StatusPartialContent || tag != r.tag) {
		r.tag = ""
		return fmt.Errorf("%w: %w", ErrUnreachable, errOther)
	}
	r.size, r.tag = resp.ContentLength, ""
	if resp.StatusCode != http.StatusPartialContent {
		return nil
	}
	first, size, ok := contentRange(resp.Header.Get("Content-Range"))
	if !ok || first != r.n {
		return fmt.Errorf("%w: %w", ErrUnreachable, errOther)
	}
	r.size = size
	if !strings.HasPrefix(tag, "W/") { // a weak one vouches for no bytes
		r.tag = tag
	}
	return nil
}

// contentRange reads the header of that name.
func contentRange(header string) (first, size int64, ok bool) {
	var last int64
	n, err := fmt.Sscanf(header, "bytes %d-%d/%d", &first, &last, &size)
	return first, size, n == 3 && err == nil && last == size-1
}

// fetchRest writes what is missing.
func (c *Client) fetchRest(ctx context.Context, path string, got *received, w io.Writer) error {
	got.broken = false
	guarded, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	resp, err := c.do(guarded, call{method: http.MethodGet, path: path, header: got.header(), success: http.StatusSeeOther})
	if err != nil {
		return err
	}
	if resp.StatusCode == http.StatusSeeOther {
		_ = resp.Body.Close() // empty
		if resp, err = c.follow(guarded, resp.Header.Get("Location"), got.header()); err != nil {
			return err
		}
	}
	if err := got.begins(resp); err != nil {
		_ = resp.Body.Close() // not read
		return err
	}
	n, err := c.receive(ctx, guarded, cancel, resp, w)
	got.n += n
	if err == nil && got.size >= 0 && got.n != got.size {
		err = fmt.Errorf("%w: the transfer ended after %d of %d bytes", ErrUnreachable, got.n, got.size)
	}
	got.broken = errors.Is(err, ErrUnreachable)
	return err
}

// follow opens a link without credentials. Of an empty result no range can be had.
func (c *Client) follow(ctx context.Context, link string, header map[string]string) (*http.Response, error) {
	if err := c.trusted(link); err != nil {
		return nil, err
	}
	return retried(ctx, c, func() (*http.Response, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
		if err != nil {
			return nil, errors.New("the result link cannot be used")
		}
		for name, value := range header {
			req.Header.Set(name, value)
		}
		resp, err := c.http.Do(req)
		if err != nil {
			return nil, unreachable(ctx, err)
		}
		switch resp.StatusCode {
		case http.StatusOK, http.StatusPartialContent:
			return resp, nil
		case http.StatusRequestedRangeNotSatisfiable:
			if header != nil && header["If-Range"] == "" {
				_ = resp.Body.Close() // not read
				return c.follow(ctx, link, nil)
			}
		}
		defer func() { _ = resp.Body.Close() }() // read as far as needed
		return nil, fmt.Errorf("%w: %w", ErrLink, problem(resp))
	})
}
