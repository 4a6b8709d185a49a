package httpserver

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	silence   = 30 * time.Second // a client may send nothing for so long in the middle of an upload
	stillness = time.Minute      // and take nothing for so long in the middle of a download
)

// Transfer is what a body belongs to that is on its way: its context ends it, and it counts what moved.
type Transfer interface {
	Context() context.Context
	Moved(n int)
}

// connKey is where a request's connection is kept.
type connKey struct{}

// KeepConn is for http.Server's ConnContext: with it an answer that is cut takes along what the kernel has not sent yet.
func KeepConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// connection sets the deadlines of one direction. Once its transfer has ended it lets nothing pass any more.
type connection struct {
	set func(time.Time) error
	ctx context.Context //nolint:containedctx // the transfer's

	mu   sync.Mutex
	over bool // guarded by mu
}

// renew gives the next read or write its time. Where no deadline can be set the transport has its own.
func (c *connection) renew(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.over {
		_ = c.set(time.Now().Add(d))
	}
}

// cut ends a read or write that is waiting for the client. A transfer that ended well is left alone.
func (c *connection) cut() {
	if errors.Is(context.Cause(c.ctx), context.Canceled) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	_ = c.set(time.Unix(1, 0))
}

// drop makes the kernel forget what it has not sent when the connection is closed. One that carries other requests too is
// left alone.
func (c *connection) drop() {
	if errors.Is(context.Cause(c.ctx), context.Canceled) {
		return
	}
	conn, _ := c.ctx.Value(connKey{}).(net.Conn)
	if secure, ok := conn.(*tls.Conn); ok {
		if secure.ConnectionState().NegotiatedProtocol == "h2" {
			return
		}
		conn = secure.NetConn()
	}
	if tcp, ok := conn.(interface{ SetLinger(sec int) error }); ok {
		_ = tcp.SetLinger(0)
	}
}

// once makes a connection end with its answer: its buffers hold the last bytes of what went through them.
func once(w http.ResponseWriter) { w.Header().Set("Connection", "close") }

// Body reads a request's body for a transfer. A read that waits for the client ends with the transfer, with its cause, and
// after half a minute of silence. The connection is used for nothing more.
func Body(w http.ResponseWriter, body io.Reader, t Transfer) io.Reader {
	vouch(t.Context())
	once(w)
	c := &connection{set: http.NewResponseController(w).SetReadDeadline, ctx: t.Context()}
	context.AfterFunc(t.Context(), c.cut)
	return &incoming{body: body, t: t, c: c}
}

type incoming struct {
	body io.Reader
	t    Transfer
	c    *connection
}

// Read implements io.Reader.
func (b *incoming) Read(p []byte) (int, error) {
	if err := context.Cause(b.t.Context()); err != nil {
		return 0, err
	}
	b.c.renew(silence)
	n, err := b.body.Read(p)
	b.t.Moved(n)
	if cause := context.Cause(b.t.Context()); cause != nil && err != nil && !errors.Is(err, io.EOF) {
		err = cause
	}
	return n, err
}

// Answer writes an answer for a transfer. A write that waits for the client ends with the transfer, with its cause, and when
// the client took nothing for a minute. Flush it before the transfer is closed, so that no byte waits in this process.
// The connection is used for nothing more.
func Answer(w http.ResponseWriter, t Transfer) http.ResponseWriter {
	vouch(t.Context())
	once(w)
	c := &connection{set: http.NewResponseController(w).SetWriteDeadline, ctx: t.Context()}
	context.AfterFunc(t.Context(), func() {
		c.drop()
		c.cut()
	})
	return &outgoing{ResponseWriter: w, t: t, c: c}
}

type outgoing struct {
	http.ResponseWriter
	t Transfer
	c *connection
}

// Write implements io.Writer.
func (o *outgoing) Write(p []byte) (int, error) {
	if err := context.Cause(o.t.Context()); err != nil {
		return 0, err
	}
	o.c.renew(stillness)
	n, err := o.ResponseWriter.Write(p)
	o.t.Moved(n)
	if cause := context.Cause(o.t.Context()); cause != nil && err != nil {
		err = cause
	}
	return n, err
}

// FlushError sends what the server still holds.
func (o *outgoing) FlushError() error {
	o.c.renew(stillness)
	return http.NewResponseController(o.ResponseWriter).Flush()
}

// Unwrap lets http.ResponseController reach the connection.
func (o *outgoing) Unwrap() http.ResponseWriter { return o.ResponseWriter }
