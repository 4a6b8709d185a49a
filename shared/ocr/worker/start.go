//go:build linux

package worker

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
)

// starter runs on a thread of its own as long as the pool exists: the kernel sends a child its parent-death signal when the
// thread that started it ends.
func (p *Pool) starter() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for {
		select {
		case f := <-p.spawn:
			f()
		case <-p.ctx.Done():
			// The thread must stay until the children are gone.
			p.tally.group.Wait()
			return
		}
	}
}

// warm starts the child of a slot and gives the slot back. A failure is returned to the next caller, who tries again.
func (p *Pool) warm(s *slot) {
	_ = p.ready(p.ctx, s, "", nil)
	p.putIdle(s)
}

// ready makes sure that the slot has a running child which may take on document id. Failed starts are tried again with
// growing pauses, which the slot remembers across calls. One that is started must be able to use the languages. The error is the
// service's fault: it counts as fault.EngineStarved too, so that a document that waits for a child uses up no attempt.
func (p *Pool) ready(ctx context.Context, s *slot, id string, languages []string) error {
	if s.lives() && s.child.used(id) {
		s.child.kill(Recycled)
	}
	if s.lives() {
		return nil
	}
	s.drop()
	for range startTries {
		wait := time.Until(s.after)
		if wait > maxStartWait {
			break
		}
		if pause(ctx, wait) != nil {
			return p.over(ctx)
		}
		s.child, s.cause = p.start(ctx, languages)
		if s.cause == nil {
			s.backoff.Reset()
			return nil
		}
		if ctx.Err() != nil {
			return p.over(ctx)
		}
		p.tally.failures.Add(1)
		s.after = time.Now().Add(s.backoff.NextBackOff())
		if _, open := errors.AsType[*Unconfined](s.cause); open {
			break // the next one would be no better
		}
	}
	p.outcome.failed(s.cause)
	return fault.Wrap(fault.Wrap(s.cause, fault.EngineStarved, ""), fault.EngineUnavailable, "No recognition process could be started; try again later.").
		Retry(max(time.Until(s.after), time.Second).Round(time.Second))
}

func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// over returns why a call whose context ended cannot go on.
func (p *Pool) over(ctx context.Context) error {
	if p.ctx.Err() != nil {
		return fault.Wrap(errClosed, fault.EngineUnavailable, "The service is shutting down.")
	}
	return context.Cause(ctx)
}

// start starts a child that can use the languages, and those that one before it could not use.
func (p *Pool) start(ctx context.Context, languages []string) (*child, error) {
	type launched struct {
		child *child
		err   error
	}
	result := make(chan launched, 1)
	stderr := &counter{total: &p.tally.stderr}
	select {
	case p.spawn <- func() {
		c, err := launch(p.cfg, stderr)
		if err == nil {
			p.tally.add(c)
		}
		result <- launched{c, err}
	}:
	case <-p.ctx.Done():
		return nil, errClosed
	}
	l := <-result
	if l.err != nil {
		return nil, l.err
	}
	if err := l.child.greet(ctx, p.check); err != nil {
		return nil, fmt.Errorf("start recognition process: %w", err)
	}
	if confined := l.child.words.Sandbox; p.cfg.Confined && len(confined.Gap().Missing) > 0 {
		l.child.dismiss()
		return nil, &Unconfined{confined}
	}
	if lost := p.outcome.lost(l.child.words.Languages); len(lost) > 0 {
		l.child.dismiss()
		return nil, &Unusable{lost}
	}
	for _, language := range p.outcome.suspect(languages) {
		if err := l.child.load(ctx, language); err != nil {
			if ctx.Err() == nil {
				p.outcome.doubt(language)
			}
			return nil, fmt.Errorf("%w (%w)", &Unusable{[]string{language}}, err)
		}
	}
	p.tally.starts.Add(1)
	p.outcome.started(&l.child.words)
	return l.child, nil
}

// join returns a context that ends with ctx and with the pool.
func (p *Pool) join(ctx context.Context) (context.Context, context.CancelFunc) {
	joined, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(p.ctx, func() { cancel(errClosed) })
	return joined, func() {
		stop()
		cancel(nil)
	}
}
