//go:build linux

package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/field"
)

var _ ocr.Engine = (*Pool)(nil)

// step is one request of a call, with a limit of its own.
type step struct {
	request
	cpu   time.Duration // processor time that it may take
	files []supplied    // nil where they are whole
	opens bool          // only opens the document: left out where the child has it open
	draws bool
	check func(response) error
}

// opening opens the document in a child, so that the steps after it have their time for themselves.
func (p *Pool) opening() step {
	return step{request: request{Op: opOpen}, cpu: p.cfg.Limits.CPU, opens: true, check: nothingToCheck}
}

func nothingToCheck(response) error { return nil }

// Inspect finds type, page count and readability of a document.
func (p *Pool) Inspect(ctx context.Context, src ocr.Source) (ocr.Info, error) {
	resp, err := p.call(ctx, src, step{request: request{Op: opInspect}, cpu: p.cfg.Limits.CPU, check: func(r response) error { return p.check.info(r.Info) }})
	if err != nil {
		return ocr.Info{}, err
	}
	return *resp.Info, nil
}

// Recognise reads page n. A child that crashes is replaced and the page tried once more, in the new one. So is a page
// that went over the memory limit in a child that had read others before, whose memory may have been theirs. A page that
// took too much processor time is not tried again: it would take as much again.
func (p *Pool) Recognise(ctx context.Context, src ocr.Source, n int, opt ocr.Options) (ocr.Page, error) {
	if err := field.Check(opt.Fields); err != nil {
		return ocr.Page{}, fault.Wrap(err, fault.BadField, "%s", err.Error())
	}
	resp, err := p.call(ctx, src, p.opening(),
		step{request: request{Op: opDraw, Page: n, Options: opt}, cpu: p.cfg.Limits.Draw, draws: true, check: nothingToCheck},
		step{request: request{Op: opRecognise, Page: n, Options: opt}, cpu: p.cfg.Limits.CPU, check: func(r response) error {
			return p.check.page(r.Page, n, opt)
		}})
	if err != nil {
		return ocr.Page{}, err
	}
	p.tally.pages.Add(1)
	return *resp.Page, nil
}

// errPutBack means that a call is to begin again.
var errPutBack = errors.New("the place was given to another owner")

// call makes requests one after the other in one child and returns the last answer.
func (p *Pool) call(ctx context.Context, src ocr.Source, steps ...step) (response, error) {
	ctx, cancel := p.join(ctx)
	defer cancel()
	file, done, err := readOnly(src.File)
	if err != nil {
		return response{}, err
	}
	defer done()
	files, id, err := supplies(src)
	if err != nil {
		return response{}, err
	}
	src.ID = id
	for i := range steps {
		steps[i].ID, steps[i].Password, steps[i].Sparse = src.ID, src.Password, files != nil
		steps[i].files = files
	}
	// Each time that its work is lost to others it may keep its place for twice as long, so that it ends.
	for slice := p.cfg.Limits.Slice; ; slice *= 2 {
		resp, err := p.attempt(ctx, src, steps, file, slice)
		if !errors.Is(err, errPutBack) {
			return resp, err
		}
		if src.Place != nil {
			src.Place.Give() // to wait for it anew
		}
	}
}

// attempt makes the requests of a call in a child, and if need be again in a fresh one.
func (p *Pool) attempt(ctx context.Context, src ocr.Source, steps []step, file *os.File, slice time.Duration) (response, error) {
	s, err := p.acquire(ctx, src, slice)
	if err != nil {
		return response{}, err
	}
	defer p.put(s)
	s.again = true
	needed := languagesOf(steps)
	for again := false; ; again = true {
		if again {
			p.tally.retries.Add(1)
			// Where the language data is to blame, the fresh process shows it before it has the document.
			if err := p.ready(ctx, s, src.ID, needed); err != nil {
				return response{}, err
			}
		}
		opened := !s.child.changes(src.ID)
		s.child.takeOn(src.ID)
		used := s.child.pages.Add(1) > 1
		resp, last, err := p.perform(ctx, s, steps, opened, file)
		if err == nil || !s.child.dead() {
			return resp, err
		}
		why := s.child.why()
		if len(s.child.unready) > 0 {
			needed = s.child.unready
		}
		missing, isMissing := errors.AsType[*unfilled](err)
		switch {
		case ctx.Err() != nil:
			return response{}, p.over(ctx)
		case isMissing:
			return response{}, missing.cause
		case why == PutBack:
			return response{}, errPutBack
		case again || !worthRetry(why, used):
			return response{}, p.died(why, last)
		}
	}
}

// languagesOf lists the languages that a page is read in. Which of them a choice among languages tries, the child knows.
func languagesOf(steps []step) []string {
	var all []string
	for _, s := range steps {
		if s.Op != opRecognise || s.Options.Choose {
			continue
		}
		all = append(all, s.Options.Languages...)
		for _, f := range s.Options.Fields {
			all = append(all, f.Languages...)
		}
	}
	return all
}

// perform makes the requests of a call and reports which of them was the last.
func (p *Pool) perform(ctx context.Context, s *slot, steps []step, opened bool, file *os.File) (resp response, last step, err error) {
	for _, last = range steps {
		if last.opens && opened {
			continue
		}
		resp, err = p.ask(ctx, s, last, file)
		if err == nil {
			err = p.accept(s.child, resp, last.check)
		}
		if err != nil {
			break
		}
	}
	return resp, last, err
}

// accept judges an answer: nil if it is good, the error if the document is to blame. A child whose answer is no good is
// killed.
func (p *Pool) accept(c *child, resp response, check func(response) error) error {
	switch {
	case resp.Failed:
		c.unready = slices.DeleteFunc(resp.Unusable, func(l string) bool { return !slices.Contains(c.words.Languages, l) })
		c.kill(Failing)
		return fault.PageFailed
	case resp.Refusal != nil:
		if resp.Refusal.Check() == nil {
			return resp.Refusal.Fault()
		}
		c.kill(Lied)
		return errLied
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
func (p *Pool) ask(ctx context.Context, s *slot, st step, files ...*os.File) (response, error) {
	if err := s.place.Regain(ctx); err != nil { // it was given away as the child answered the request before
		s.child.kill(Cancelled)
		return response{}, err
	}
	g := p.watch(ctx, s, st.cpu)
	defer g.stop()
	supply := g.supply(ctx, st.files)
	err := send(s.child.conn, st.request, files...)
	var resp response
	if err == nil {
		resp, err = s.child.answer()
	}
	if missing := supply.stop(); missing != nil {
		err = missing
	}
	if err != nil {
		s.child.fail(err)
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
func (p *Pool) died(why Reason, over step) error {
	l := p.cfg.Limits
	cause := fmt.Errorf("child ended: %s", why)
	switch why {
	case OverMemory:
		return fault.Wrap(cause, fault.PageMemory, "The page needed more memory than the limit of %d MiB.", l.Memory>>20)
	case OverCPU:
		if over.draws {
			return fault.Wrap(cause, fault.PageTime, "Drawing the page took more processor time than the limit of %s.", l.Draw)
		}
		return fault.Wrap(cause, fault.PageTime, "The page took more processor time than the limit of %s.", l.CPU)
	case OverTime, Stalled, PutBack:
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
