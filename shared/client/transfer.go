package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"
)

// ErrLink means that the storage behind a link refused it.
var ErrLink = errors.New("the link was refused")

// errChanged ends the upload of a file that somebody writes to.
var errChanged = errors.New("the document changed while it was sent")

// errStalled ends a transfer in which nothing moves.
var errStalled = errors.New("nothing was transferred for too long")

// Source opens a document from its start, as often as it must be sent.
type Source func() (body io.ReadCloser, size int64, err error)

// File is a document in a file. Its errors do not repeat the file's name.
func File(path string) Source {
	return func() (io.ReadCloser, int64, error) {
		f, err := os.Open(path) //nolint:gosec // the caller names the file
		if err != nil {
			return nil, 0, fmt.Errorf("open document: %w", errors.Unwrap(err))
		}
		stat, err := f.Stat()
		if err != nil {
			return nil, 0, errors.Join(err, f.Close())
		}
		return f, stat.Size(), nil
	}
}

// Upload sends a document to a task's link, without credentials, unless it is there already. A link that is refused is
// renewed.
func (c *Client) Upload(ctx context.Context, t *Task, open Source) error {
	link := t.Upload
	if link == nil && t.State != submitted {
		return nil
	}
	_, err := retried(ctx, c, func() (struct{}, error) {
		if link == nil {
			link = &Link{}
			if err := c.ask(ctx, call{method: http.MethodPost, path: taskPath(t.ID) + "/upload-link", out: link}); err != nil {
				return struct{}{}, final{err} // do has tried often enough
			}
		}
		err := c.put(ctx, link, announced(t), open)
		var p *Problem
		if errors.As(err, &p) && p.Status == http.StatusForbidden {
			p.Retryable, link = true, nil
		}
		return struct{}{}, err
	})
	var last final
	if !errors.As(err, &last) {
		return err
	}
	var p *Problem
	if errors.As(last.error, &p) && p.Status == http.StatusConflict {
		return nil // an earlier try arrived although its answer did not
	}
	return last.error
}

// final hides the nature of an error from retries.
type final struct{ error }

// announced is the size that the server was told of a task's document, 0 if none.
func announced(t *Task) int64 {
	if t.Settings == nil {
		return 0
	}
	return int64(t.Settings.Size)
}

// put sends a document as its link asks for. Its length always goes ahead: storage may have signed it, and some stores take no
// body without one.
func (c *Client) put(ctx context.Context, link *Link, expected int64, open Source) error {
	if err := c.trusted(link.URL); err != nil {
		return err
	}
	source, size, err := open()
	if err != nil {
		return err
	}
	if expected > 0 && size != expected {
		return errors.Join(errChanged, source.Close()) // storage would call it a wrong signature
	}
	guarded, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	body := &outgoing{
		ReadCloser: source, left: size, failed: make(chan error, 1),
		limit: c.stall, timer: time.AfterFunc(c.stall, func() { cancel(errStalled) }),
	}
	req, err := http.NewRequestWithContext(guarded, link.Method, link.URL, body)
	if err != nil {
		return errors.Join(errors.New("the upload link cannot be used"), body.Close())
	}
	req.ContentLength = size
	if size == 0 {
		if err := body.Close(); err != nil {
			return fmt.Errorf("close document: %w", err)
		}
		req.Body = http.NoBody
	}
	for name, value := range link.Headers {
		req.Header.Set(name, value)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		select {
		case own := <-body.failed:
			return own // not the server's fault
		default:
			return unreachable(ctx, stalled(guarded, err))
		}
	}
	defer func() { _ = resp.Body.Close() }() // read as far as needed
	if resp.StatusCode < http.StatusMultipleChoices {
		return nil
	}
	return storageRefused(resp)
}

// trusted refuses links on which a document could be read on its way.
func (c *Client) trusted(link string) error {
	u, err := url.Parse(link)
	if err != nil || u.Host == "" {
		return errors.New("the link of the server cannot be used")
	}
	if !private(u, c.cfg.InsecureHTTP) {
		return errors.New("the server's link would carry the document in the clear: it must be https, or --insecure-http be given")
	}
	return nil
}

// receive streams the body of an answer. guarded is the context of its request, which cancel ends.
func (c *Client) receive(ctx, guarded context.Context, cancel context.CancelCauseFunc, resp *http.Response, w io.Writer) (int64, error) {
	body := &incoming{
		ReadCloser: resp.Body, limit: c.stall, timer: time.AfterFunc(c.stall, func() { cancel(errStalled) }),
	}
	defer func() { _ = body.Close() }() // read to its end
	if resp.ContentLength < 0 && resp.ProtoMajor == 1 && len(resp.TransferEncoding) == 0 {
		return 0, errors.New("the answer has no length, so it cannot be known to be whole")
	}
	n, err := io.Copy(w, body)
	switch {
	case body.failed != nil:
		return n, fmt.Errorf("the transfer broke after %d bytes: %w", n, unreachable(ctx, stalled(guarded, body.failed)))
	case err != nil:
		return n, fmt.Errorf("write result: %w", err)
	}
	return n, nil
}

// stalled names the cause of a transfer that was ended because nothing moved.
func stalled(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), errStalled) {
		return errStalled
	}
	return err
}

// outgoing is a document on its way. The timer runs between reads: that is when the network takes what was read.
type outgoing struct {
	io.ReadCloser
	left   int64 // bytes that were announced and not yet read
	limit  time.Duration
	timer  *time.Timer
	failed chan error // what ended it on this side; holds one
}

// Read implements io.Reader. The last bytes are held back until it is known that they are the last: half a document that
// arrives would be taken for a whole one.
func (o *outgoing) Read(p []byte) (int, error) {
	if o.left == 0 {
		return 0, io.EOF
	}
	n, err := o.ReadCloser.Read(p)
	o.left -= int64(n)
	if o.left == 0 && err == nil {
		_, err = io.ReadFull(o.ReadCloser, make([]byte, 1))
	}
	switch {
	case o.left == 0 && errors.Is(err, io.EOF):
		o.timer.Stop() // the answer has a limit of its own
		return n, io.EOF
	case o.left <= 0, errors.Is(err, io.EOF):
		err = errChanged
	case err != nil:
		err = fmt.Errorf("read document: %w", err)
	default:
		o.timer.Reset(o.limit)
		return n, nil
	}
	o.timer.Stop()
	select {
	case o.failed <- err:
	default:
	}
	return 0, err
}

// Close implements io.Closer.
func (o *outgoing) Close() error {
	o.timer.Stop()
	return o.ReadCloser.Close()
}

// incoming is a result on its way. The timer runs during reads only: a reader of ours may take its time.
type incoming struct {
	io.ReadCloser
	limit  time.Duration
	timer  *time.Timer
	failed error // of the network
}

// Read implements io.Reader.
func (i *incoming) Read(p []byte) (int, error) {
	i.timer.Reset(i.limit)
	n, err := i.ReadCloser.Read(p)
	i.timer.Stop()
	if err != nil && !errors.Is(err, io.EOF) {
		i.failed = err
	}
	return n, err
}

// Close implements io.Closer.
func (i *incoming) Close() error {
	i.timer.Stop()
	return i.ReadCloser.Close()
}
