//go:build linux

package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
)

// finishShare is the part of a page's limits that finishing a document may take for each of its pages.
const finishShare = 1.0 / 20

// errStopped marks a stream of pages that broke off because the child did not take more.
var errStopped = errors.New("child stopped taking pages")

// WritePDF writes a searchable PDF. Pages go to the child one by one and the PDF comes back through a pipe, so neither is
// held in memory. The time limits hold for each page and are granted anew with it; finishing may take a twentieth for each
// page. Time spent in pages and in w does not count. pages must not call the pool: with one child it would wait for
// itself.
//
// Pages cannot be asked for a second time, so there is no second try: when the child crashes the error is
// fault.EngineUnavailable, and the caller may start over.
func (p *Pool) WritePDF(
	ctx context.Context, src ocr.Source, opt ocr.PDFOptions, pages iter.Seq2[ocr.Page, error], w io.Writer,
) ([]ocr.Note, error) {
	ctx, cancel := p.join(ctx)
	defer cancel()
	files, done, err := filesOf(src)
	defer done()
	if err != nil {
		return nil, err
	}
	supplied, id, err := supplies(src)
	if err != nil {
		return nil, err
	}
	src.ID = id
	s, err := p.acquire(ctx, src, p.cfg.Limits.Slice)
	if err != nil {
		return nil, err
	}
	defer p.put(s)
	s.child.takeOn(src.ID)
	s.child.pages.Add(1)
	req := request{Op: opWritePDF, ID: src.ID, Password: src.Password, Sparse: src.Fill != nil, PDF: opt}
	for _, part := range src.Parts {
		req.Parts = append(req.Parts, filePart{Password: part.Password, Sparse: part.Fill != nil, Pages: part.Pages, Locked: part.Locked})
	}
	var e *export
	resp, err := p.export(ctx, s, req, files, supplied, w, func(started *export) error {
		e = started
		return e.stream(ctx, pages)
	})
	if err != nil {
		return nil, err
	}
	if err := p.check.notes(resp.Notes); err != nil {
		s.child.fail(err)
		return nil, e.result(ctx, nil, response{}, err)
	}
	return resp.Notes, nil
}

// filesOf returns descriptors of the document's file, or of its parts, through which nothing can be written. done is to be called
// with an error too.
func filesOf(src ocr.Source) (files []*os.File, done func(), err error) {
	var closers []func()
	done = func() {
		for _, c := range closers {
			c()
		}
	}
	given := []*os.File{src.File}
	if len(src.Parts) > 0 {
		given = nil
		for _, part := range src.Parts {
			given = append(given, part.File)
		}
	}
	for _, f := range given {
		file, closer, err := readOnly(f)
		if err != nil {
			return nil, done, err
		}
		files, closers = append(files, file), append(closers, closer)
	}
	return files, done, nil
}

// export makes a request whose result comes through a pipe, while feed sends the child what it needs for it.
func (p *Pool) export(
	ctx context.Context, s *slot, req request, files []*os.File, supplied []supplied, w io.Writer, feed func(*export) error,
) (response, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return response{}, fault.Wrap(err, fault.EngineUnavailable, "No pipe could be made; try again later.")
	}
	c := s.child
	e := &export{pool: p, child: c, guard: p.watch(ctx, s, p.cfg.Limits.CPU), w: w, pipe: read}
	defer e.guard.stop()
	e.supply = e.guard.supply(ctx, supplied)
	defer func() { _ = e.supply.stop() }()
	err = send(c.conn, req, append(files, write)...)
	closeErr := write.Close()
	if err = errors.Join(err, closeErr); err != nil {
		_ = read.Close() // nothing was read
		c.fail(err)
		return response{}, e.result(ctx, nil, response{}, err)
	}
	return e.run(ctx, feed)
}

// export is one result being written.
type export struct {
	pool   *Pool
	child  *child
	guard  *guard
	supply *supply
	w      io.Writer
	pipe   *os.File

	writeErr error // of w; owned by copy until it ends
}

func (e *export) run(ctx context.Context, feed func(*export) error) (response, error) {
	copied := make(chan struct{})
	go func() {
		defer close(copied)
		e.copy()
	}()
	answers := make(chan response, 1)
	answered := make(chan error, 1)
	go func() {
		resp, err := e.child.answer()
		// An answer before the end of the pages: nothing takes them any more.
		_ = e.child.conn.SetWriteDeadline(time.Unix(1, 0)) // the connection may be closed already
		answers <- resp
		answered <- err
	}()
	pageErr := feed(e)
	if pageErr != nil && !errors.Is(pageErr, errStopped) {
		e.child.kill(Abandoned)
	}
	resp, err := <-answers, <-answered
	if missing := e.supply.stop(); missing != nil {
		err = missing
	}
	if err != nil {
		e.child.fail(err)
	}
	if pageErr == nil && err == nil && !resp.Failed && resp.Refusal == nil {
		<-copied // if the child kept a copy of its end of the pipe, the watch ends it
		if e.writeErr == nil && !e.child.dead() {
			return resp, e.child.conn.SetWriteDeadline(time.Time{})
		}
	}
	// The exchange is incomplete: the child cannot be used again.
	e.child.kill(Abandoned)
	<-copied
	return response{}, e.result(ctx, pageErr, resp, err)
}

// result makes the error of a result that was not written.
func (e *export) result(ctx context.Context, pageErr error, resp response, err error) error {
	var missing *unfilled
	switch {
	case ctx.Err() != nil:
		return e.pool.over(ctx)
	case e.writeErr != nil:
		return e.writeErr
	case errors.As(err, &missing):
		return missing.cause
	case pageErr != nil && !errors.Is(pageErr, errStopped):
		return pageErr
	case resp.Refusal != nil && resp.Refusal.Check() == nil:
		return resp.Refusal.Fault()
	}
	why := e.child.why()
	switch why {
	case OverMemory, OverCPU, OverTime, Stalled, OverOutput, PutBack:
		return e.pool.died(why, step{})
	default:
		cause := errors.Join(fmt.Errorf("child ended: %s", why), err)
		return fault.Wrap(cause, fault.EngineUnavailable, "The recognition process failed while it wrote the result; try again.")
	}
}

// stream sends the pages and the end.
func (e *export) stream(ctx context.Context, pages iter.Seq2[ocr.Page, error]) error {
	n := 0
	var failed error
	e.guard.pause()
	for page, err := range pages {
		e.guard.resume()
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			n++
			e.guard.grant(1)
			err = e.send(item{Page: &page})
		}
		e.guard.pause()
		if err != nil {
			failed = err
			break
		}
	}
	e.guard.resume()
	if failed != nil {
		return failed
	}
	e.guard.grant(1 + float64(n)*finishShare)
	return e.send(item{End: true})
}

func (e *export) send(it item) error {
	err := send(e.child.conn, it)
	if err != nil && broken(err) {
		return errStopped
	}
	return err
}

// copy moves the result from the pipe to the writer.
func (e *export) copy() {
	defer func() { _ = e.pipe.Close() }() // only read from
	limit := e.pool.cfg.Limits.Output
	buf := make([]byte, 64<<10)
	var total int64
	for {
		n, err := e.pipe.Read(buf)
		if n > 0 {
			if total += int64(n); total > limit {
				e.child.kill(OverOutput)
				return
			}
			e.guard.pause()
			_, e.writeErr = e.w.Write(buf[:n])
			e.guard.resume()
			if e.writeErr != nil {
				e.child.kill(Abandoned)
				return
			}
		}
		if err != nil {
			return // the end; an incomplete result shows in the answer
		}
	}
}

// broken reports whether err means that the other side of a connection is gone or takes nothing more.
func broken(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)
}
