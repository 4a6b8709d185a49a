//go:build linux

package worker

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Unusable is the error of a start whose child cannot use language data that documents need, or finds none at all: it is
// missing, or was damaged since the first child started. No document is to blame.
type Unusable struct {
	Languages []string // as Tesseract's codes; empty if no language can be used
}

// Error names the languages and the remedy.
func (u *Unusable) Error() string {
	if len(u.Languages) == 0 {
		return "no language data can be used: install it anew"
	}
	return "the language data of " + strings.Join(u.Languages, ", ") + " cannot be used: install it anew"
}

// outcome is what the last start came to.
type outcome struct {
	known chan struct{} // closed when there is one

	mu        sync.Mutex
	settled   bool     // guarded by mu
	languages []string // of the first child; guarded by mu
	sandbox   Sandbox  // of the last child; guarded by mu
	cause     error    // why the last start failed; guarded by mu
	unusable  []string // languages that a child could not use: the next one must; guarded by mu

	trying  sync.Mutex                  // held by who makes a start only to see whether one succeeds
	backoff *backoff.ExponentialBackOff // guarded by trying
	after   time.Time                   // no such start before; guarded by trying
}

func newOutcome() *outcome {
	return &outcome{known: make(chan struct{}), backoff: startBackoff()}
}

// started notes a success.
func (o *outcome) started(words *hello) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.languages == nil {
		o.languages = words.Languages
	}
	o.sandbox, o.cause, o.unusable = words.Sandbox, nil, nil
	o.settle()
}

// failed notes why there is no child.
func (o *outcome) failed(cause error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.cause = cause
	o.settle()
}

// settle lets those go on who wait for the first outcome. The caller holds mu.
func (o *outcome) settle() {
	if !o.settled {
		o.settled = true
		close(o.known)
	}
}

// last returns what confines the last child, or why there is none.
func (o *outcome) last() (Sandbox, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.cause != nil {
		return Sandbox{}, o.cause
	}
	return o.sandbox, nil
}

// lost returns the languages of the first child that a later one does not have.
func (o *outcome) lost(found []string) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(o.languages), func(l string) bool { return slices.Contains(found, l) })
}

// suspect returns the languages that the next child must be able to use: those that are asked for, and those that one before it could
// not.
func (o *outcome) suspect(asked []string) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := slices.Concat(o.unusable, asked)
	slices.Sort(all)
	return slices.Compact(all)
}

// doubt notes a language that a child could not use.
func (o *outcome) doubt(language string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !slices.Contains(o.unusable, language) {
		o.unusable = append(o.unusable, language)
	}
}

// Languages lists what the first child found. It waits for that child, but no longer than for the first call that gives up
// on starting one: then it returns nil.
func (p *Pool) Languages() []string {
	<-p.outcome.known
	p.outcome.mu.Lock()
	defer p.outcome.mu.Unlock()
	return slices.Clone(p.outcome.languages)
}

// Sandbox waits as Languages does and returns what the last child found in force. The error is why the last start failed. As
// long as it did, each call may make a start, so that whoever waits for the end of the trouble sees it.
func (p *Pool) Sandbox(ctx context.Context) (Sandbox, error) {
	select {
	case <-p.outcome.known:
	case <-ctx.Done():
		return Sandbox{}, context.Cause(ctx)
	}
	if _, err := p.outcome.last(); err != nil {
		p.try(ctx)
	}
	return p.outcome.last()
}

// try starts a child to see whether that succeeds, with growing pauses, if a place is free and nobody else does.
func (p *Pool) try(ctx context.Context) {
	o := p.outcome
	if !o.trying.TryLock() {
		return
	}
	defer o.trying.Unlock()
	if time.Now().Before(o.after) {
		return
	}
	s := p.idle(func(s *slot) int {
		if s.lives() {
			return unwanted
		}
		return 0
	}, true)
	if s == nil {
		return
	}
	defer p.putIdle(s)
	s.drop()
	if s.child, s.cause = p.start(ctx, nil); s.cause == nil {
		s.backoff.Reset()
		s.after = time.Time{}
		o.backoff.Reset()
		return
	}
	p.tally.failures.Add(1)
	if ctx.Err() == nil {
		o.failed(s.cause)
	}
	o.after = time.Now().Add(o.backoff.NextBackOff())
}

// close settles the outcome of a pool that is closed.
func (o *outcome) close() { o.failed(errClosed) }

// startBackoff grows from 0.1 to 5 seconds.
func startBackoff() *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval = 100*time.Millisecond, 5*time.Second
	b.Reset()
	return b
}
