package task

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
)

// A full pass finds what the due index cannot know: orphans, judged by storage's own clock, and records that the index lost. It
// costs in proportion to what is stored. Every open task whose event was lost is queued again on the way, and what is counted
// of applications is put right. The steps of a pass are gone through page by page; where it stands is stored, so that it
// goes on in another call, of any process, after a deadline or a death.

const (
	passPart    = 4 * time.Minute // of a pass in one call: where the calls of a timer do not overlap, the next sweep waits for its end
	passReserve = 4               // that share of the time which a call has left is kept for what follows the pass
	passHeld    = 2 * time.Minute // a process that has saved nothing for so long is taken to be dead, and another one goes on
	passLimit   = 24 * time.Hour  // a pass that has not ended by then calls for an operator
)

// FullPass makes a whole full pass, from its beginning to its end, whatever part of one is stored. It waits for a sweep or full
// pass that runs.
func (s *Service) FullPass(ctx context.Context) (Swept, error) {
	release, err := s.takeTurn(ctx)
	if err != nil {
		return Swept{}, err
	}
	defer release()
	r := &passRun{s: s, tired: func() bool { return ctx.Err() != nil }, pass: newPass(s.Now())}
	err = r.run(ctx)
	if r.pass.whole(s.passSteps()) && ctx.Err() == nil {
		err = errors.Join(err, s.notePass(ctx, r.pass.Began, r.share))
	}
	return s.tell(ctx, &s.passes, r.share, err)
}

// PassWhenDue goes on with the full pass that is under way, for a few minutes at most and for less if ctx ends soon. If none is,
// it begins one when the last whole one began at least interval ago or left something undone, and at the first call of a
// process, which may follow an outage. While another process works on the pass it does nothing. Any process may call it at
// any time, also at once. What it returns is what this call did.
func (s *Service) PassWhenDue(ctx context.Context, interval time.Duration) (Swept, error) {
	note, err := s.readPass(ctx)
	if late, age := note.late(s.Now()); late {
		s.Log.ErrorContext(ctx, logevent.PassLate, "seconds", age.Seconds(), "limit_seconds", passLimit.Seconds())
	}
	if !s.passDue(note, err, interval) {
		return Swept{}, nil
	}
	release, err := s.takeTurn(ctx)
	if err != nil {
		return Swept{}, err
	}
	defer release()
	note, unread := s.readPass(ctx) // somebody may have gone on meanwhile
	if !s.passDue(note, unread, interval) {
		return Swept{}, nil
	}
	s.began.note(s.Now())
	patient, done := context.WithTimeout(ctx, share(ctx))
	defer done()
	r := &passRun{s: s, tired: func() bool { return patient.Err() != nil }, pass: newPass(s.Now())}
	if unread == nil { // else it cannot be stored either: finding goes on all the same
		r.note = &note
		if note.UnderWay != nil {
			r.pass = *note.UnderWay
			r.pass.turn(s.passSteps(), s.Now(), interval)
		}
	}
	err = errors.Join(unread, r.run(ctx))
	return s.tell(ctx, &s.passes, r.share, err)
}

// share is how much of a full pass one call makes.
func share(ctx context.Context) time.Duration {
	end, ok := ctx.Deadline()
	if !ok {
		return passPart
	}
	left := time.Until(end)
	return min(passPart, left-left/passReserve)
}

// passDue reports whether a part of a full pass is to be made. unread is why the note could not be read.
func (s *Service) passDue(note passNote, unread error, interval time.Duration) bool {
	now := s.Now()
	switch began := s.began.last(); {
	case unread != nil:
		return began.IsZero() || now.Sub(began) >= interval || now.Before(began)
	case note.UnderWay != nil:
		return !note.UnderWay.held(s.Owner, now)
	case began.IsZero(), note.Did.Failed > 0:
		return true
	}
	return now.Sub(note.Began) >= interval || now.Before(note.Began)
}

// passesBegun remembers when this process last began a full pass, or went on with one.
type passesBegun struct {
	mu sync.Mutex
	at time.Time // guarded by mu
}

func (p *passesBegun) note(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = now
}

func (p *passesBegun) last() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at
}

// passRun is what one call does of a full pass.
type passRun struct {
	s         *Service
	tired     func() bool // asked between entries: the rest is left to the next call
	pass      pass
	share     Swept     // done in this call
	pages     int       // of steps, gone through in this call
	note      *passNote // where the pass is stored; nil for one that is made in one go
	unsaved   error     // of the last try to store it
	overtaken bool      // another process stored it: it goes on
	errs      []error   // of steps and entries
}

// run goes through the steps that are left. A step that fails is left to the next call, and does not keep the others.
func (r *passRun) run(ctx context.Context) error {
	started := r.s.Now()
	did := r.pass.Did
	account := func() {
		r.share.Took = r.s.Now().Sub(started)
		r.pass.Did = did.plus(r.share)
	}
	steps := r.s.passSteps()
	r.save(ctx, r.s.Owner)
	for _, step := range steps {
		for at := r.pass.Steps[step.name]; !at.Done && !r.overtaken && !r.tired(); {
			at.Stuck = false
			next, err := step.page(ctx, r, at)
			r.pages++
			if err != nil {
				r.errs = append(r.errs, err)
			}
			next.Stuck = next == at && !r.tired()
			r.pass.Steps[step.name] = next
			if at = next; at.Stuck || at.Done {
				break
			}
			account()
			r.save(ctx, r.s.Owner)
		}
	}
	owed := r.s.settleOwed(ctx)
	account()
	r.end(ctx, steps)
	return errors.Join(append(r.errs, owed, r.unsaved, ctx.Err())...)
}

// end stores that the pass has come to its end, or puts it down for the next call.
func (r *passRun) end(ctx context.Context, steps []passStep) {
	if r.note == nil || !r.pass.whole(steps) {
		r.save(ctx, "")
		return
	}
	r.note.Began, r.note.Ended, r.note.Did = r.pass.Began, r.s.Now().UTC(), r.pass.Did
	r.write(ctx, nil)
}

// save stores where the pass stands; an owner goes on with it.
func (r *passRun) save(ctx context.Context, owner string) {
	r.pass.Owner, r.pass.Saved = owner, r.s.Now().UTC()
	r.write(ctx, &r.pass)
}

// write replaces the note. It is not worth an end of the pass that this fails: what is found again is nothing new.
func (r *passRun) write(ctx context.Context, underWay *pass) {
	if r.note == nil || r.overtaken || ctx.Err() != nil {
		return
	}
	r.note.UnderWay = underWay
	etag, err := r.s.writePass(ctx, *r.note)
	switch {
	case lost(err):
		r.overtaken = true
	case err == nil:
		r.note.etag = etag
		r.unsaved = nil
	default:
		r.unsaved = err
	}
}

// lost reports whether another writer was quicker.
func lost(err error) bool {
	return errors.Is(err, fault.ETagMismatch) || errors.Is(err, fault.AlreadyExists)
}

// mostErrors bounds the errors of entries that a call returns; all are counted.
const mostErrors = 20

// failed takes down what went wrong with one entry, which the next pass tries again.
func (r *passRun) failed(err error) {
	if err == nil {
		return
	}
	r.share.Failed++
	if len(r.errs) < mostErrors {
		r.errs = append(r.errs, err)
	}
}
