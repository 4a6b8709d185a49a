package httpserver

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// Upload is a document in a request's body, of at most so many bytes. It gives up on a client that sends nothing for a while, and ends
// with the transfer that it belongs to.
type Upload struct {
	w        http.ResponseWriter
	body     io.Reader
	tied     io.Reader // the body, tied to a transfer
	exceeded bool
}

// NewUpload returns the body of a request as an upload. Until a transfer is attached it ends with the request.
func NewUpload(w http.ResponseWriter, r *http.Request, limit int64) *Upload {
	u := &Upload{w: w, body: http.MaxBytesReader(w, r.Body, limit)}
	u.Attach(r.Context())
	return u
}

// Attach ends reads with the context of a transfer.
func (u *Upload) Attach(ctx context.Context) { u.tied = Body(u.w, u.body, uncounted{ctx}) }

// Exceeded reports whether there were more bytes than the limit.
func (u *Upload) Exceeded() bool { return u.exceeded }

// Read implements io.Reader.
func (u *Upload) Read(p []byte) (int, error) {
	n, err := u.tied.Read(p)
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		u.exceeded = true
	}
	return n, err
}

// uncounted is a transfer whose bytes somebody else counts.
type uncounted struct{ ctx context.Context } //nolint:containedctx // a transfer is one call

// Context implements Transfer.
func (u uncounted) Context() context.Context { return u.ctx }

// Moved implements Transfer.
func (uncounted) Moved(int) {}

// Drain receives what a client goes on sending although its request is refused, up to so many bytes and for half a minute: many do
// not look at an answer before, and one that is closed on meanwhile sees a broken connection in its place. The connection is
// used for nothing more. A client that waits to be told to continue is not kept.
func Drain(w http.ResponseWriter, r *http.Request, limit int64) {
	if r.Body == nil || r.Body == http.NoBody || r.Header.Get("Expect") != "" {
		return
	}
	once(w)
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(silence)) // where none can be set the transport has its own
	_, _ = io.CopyN(io.Discard, r.Body, limit)                                 // what is not received is not missed
}
