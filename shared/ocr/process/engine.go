//go:build linux

package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
)

var _ ocr.Engine = (*Pool)(nil)

// Inspect finds type, page count and readability of a document.
func (p *Pool) Inspect(ctx context.Context, src ocr.Source) (ocr.Info, error) {
	resp, err := p.call(ctx, src, request{Op: opInspect}, func(r response) error { return p.check.info(r.Info) })
	if err != nil {
		return ocr.Info{}, err
	}
	return *resp.Info, nil
}

// Recognise reads page n. A child that crashes is replaced and the page tried once more, in the new one. So is a page
// that went over the memory limit in a child that had read others before, whose memory may have been theirs. A page that
// took too long is not tried again: it would take as long again.
func (p *Pool) Recognise(ctx context.Context, src ocr.Source, n int, opt ocr.Options) (ocr.Page, error) {
	resp, err := p.call(ctx, src, request{Op: opRecognise, Page: n, Options: opt}, func(r response) error {
		return p.check.page(r.Page, n, opt)
	})
	if err != nil {
		return ocr.Page{}, err
	}
	p.tally.pages.Add(1)
	return *resp.Page, nil
}

// call makes a request of one answer, twice if need be.
func (p *Pool) call(ctx context.Context, src ocr.Source, req request, check func(response) error) (response, error) {
	ctx, cancel := p.join(ctx)
	defer cancel()
	file, done, err := readOnly(src.File)
	if err != nil {
		return response{}, err
	}
	defer done()
	s, err := p.acquire(ctx, src.ID)
	if err != nil {
		return response{}, err
	}
	defer p.put(s)
	req.ID, req.Password = src.ID, src.Password
	for again := false; ; again = true {
		if again {
			p.tally.retries.Add(1)
			if err := p.ready(ctx, s, src.ID); err != nil {
				return response{}, err
			}
		}
		s.child.takeOn(src.ID)
		used := s.child.pages.Add(1) > 1
		resp, err := p.ask(ctx, s.child, req, file)
		if err == nil {
			err = p.accept(s.child, resp, check)
		}
		if err == nil || !s.child.dead() {
			return resp, err
		}
		why := s.child.why()
		if ctx.Err() != nil {
			return response{}, p.over(ctx)
		}
		if again || !worthRetry(why, used) {
			return response{}, p.died(why)
		}
	}
}

// accept judges an answer: nil if it is good, the error if the document is to blame. A child whose answer is no good is
// killed.
func (p *Pool) accept(c *child, resp response, check func(response) error) error {
	switch {
	case resp.Code == fault.PageFailed:
		c.kill(Failing)
		return resp.Code
	case resp.Code != "":
		err := p.check.code(resp.Code)
		if err == nil {
			return p.check.explain(resp.Code)
		}
		c.kill(Lied)
		return err
	}
	err := check(resp)
	if err != nil {
		c.kill(Lied)
	}
	return err
}

// worthRetry reports whether a fresh process may do better.
func worthRetry(why Reason, used bool) bool {
	switch why {
	case Crashed, Lied, Failing:
		return true
	case OverMemory:
		return used
	default:
		return false
	}
}

// ask sends a request and waits for the answer while the child is watched. After an error the child is dead.
func (p *Pool) ask(ctx context.Context, c *child, req request, files ...*os.File) (response, error) {
	g := watch(ctx, c)
	defer g.stop()
	err := send(c.conn, req, files...)
	var resp response
	if err == nil {
		resp, err = c.answer()
	}
	if err != nil {
		c.fail(err)
	}
	return resp, err
}

// endGrace is how long a child may take to end after its connection broke, and its connection after it ended.
const endGrace = time.Second

// fail ends a child after a failed exchange. When the connection broke, the child is ending by itself or was killed, and
// that reason counts; else it sent what cannot be read.
func (c *child) fail(err error) {
	if errors.Is(err, errFrame) || !broken(err) {
		c.kill(Lied)
		return
	}
	select {
	case <-c.ended:
	case <-time.After(endGrace):
		c.kill(Lied) // it closed the connection and lives on
	}
}

// takeOn notes that the child opens document id.
func (c *child) takeOn(id string) {
	if c.changes(id) {
		c.opened++
	}
	c.source = id
	if id == "" {
		c.source = unnamed
	}
}

// unnamed marks a child that holds a document without an id, so that it is made to let go of it.
const unnamed = "\x00"

// died makes the error for a child that ended over a call.
func (p *Pool) died(why Reason) error {
	l := p.cfg.Limits
	cause := fmt.Errorf("child ended: %s", why)
	switch why {
	case OverMemory:
		return fault.Wrap(cause, fault.PageMemory, "The page needed more memory than the limit of %d MiB.", l.Memory>>20)
	case OverCPU:
		return fault.Wrap(cause, fault.PageTime, "The page took more processor time than the limit of %s.", l.CPU)
	case OverTime, Stalled:
		return fault.Wrap(cause, fault.EngineStarved, "%s", fault.EngineStarved.Meaning())
	case OverOutput:
		return fault.Wrap(cause, fault.PageFailed, "The result became larger than the limit of %d bytes.", l.Output)
	case Closed, Cancelled:
		return fault.Wrap(cause, fault.EngineUnavailable, "The service is shutting down.")
	default:
		return fault.Wrap(cause, fault.PageFailed, "%s", fault.PageFailed.Meaning())
	}
}

// readOnly returns a descriptor of f through which nothing can be written, since it goes to a child.
func readOnly(f *os.File) (*os.File, func(), error) {
	nothing := func() {}
	raw, err := f.SyscallConn()
	if err != nil {
		return nil, nothing, fault.Wrap(err, fault.InternalError, "")
	}
	var flags, fd int
	var flagErr error
	err = raw.Control(func(d uintptr) {
		fd = int(d) // #nosec G115 -- a descriptor
		flags, flagErr = unix.FcntlInt(d, unix.F_GETFL, 0)
	})
	if err := errors.Join(err, flagErr); err != nil {
		return nil, nothing, fault.Wrap(err, fault.InternalError, "")
	}
	if flags&unix.O_ACCMODE == unix.O_RDONLY {
		return f, nothing, nil
	}
	r, err := os.Open(fmt.Sprintf("/proc/self/fd/%d", fd)) // #nosec G304 -- the file itself, for reading
	if err != nil {
		return nil, nothing, fault.Wrap(errors.New("open document for reading"), fault.InternalError, "")
	}
	return r, func() { _ = r.Close() }, nil
}
