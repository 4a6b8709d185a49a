package task

import (
	"context"
	"errors"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/ocr/fairqueue"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// errSplit ends the work on a document that is read in parts from now on.
var errSplit = errors.New("the document is read in parts")

// splits reports whether a document is read in parts of which so many pages are wanted.
func (s *Service) splits(t *Task, wanted int) bool {
	return t.Parts == nil && s.Limits.PartPages > 0 && wanted > s.Limits.PartPages
}

// errUnsplit has a document read whole by the worker that has it in hand.
var errUnsplit = errors.New("the document cannot be shared out")

// split shares the document out: afterwards its parts are what is to be read, and the task is nobody's. The first of them have
// their records before, so that they are found whatever happens next. It is errUnsplit where these cannot be kept, as in a stamp
// that lacks the table: then the document is read all the same.
func (s *Service) split(ctx context.Context, h *hold, t *Task, doc *document, wanted int) error {
	kept, err := s.finishedPages(ctx, t)
	if err != nil {
		return err
	}
	shared := *t
	shared.Parts, shared.Pages = newParts(doc, wanted, s.Limits.PartPages), Progress{Total: wanted}
	shared.Parts.Begun = len(kept) > 0
	for _, n := range shared.openParts() { // so that nobody sees the count of an earlier call go back
		shared.partRead(n, shared.keptOf(n, kept))
	}
	_, err = retry(ctx, func() (struct{}, error) { return struct{}{}, s.beginFirst(ctx, &shared) })
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		s.Log.ErrorContext(ctx, logevent.PartsUnavailable, "task", t.Ref.String(), "table", storage.Parts, "kind", fault.KindOf(err))
		return errUnsplit
	}
	_, err = h.update(ctx, func(t *Task) {
		t.Parts, t.Pages = shared.Parts, shared.Pages
		t.Claims = Claims{} // of the document as a whole: each part has its own
	})
	if err != nil {
		return err
	}
	return errSplit
}

// beginFirst makes the records of those parts that a document begins with: as many as there is room for, and at least one.
func (s *Service) beginFirst(ctx context.Context, t *Task) error {
	r, err := s.room(ctx, t)
	if err != nil {
		return err
	}
	open := t.openParts()
	return together(ctx, open[:min(len(open), max(1, r.free))], func(ctx context.Context, n int) error {
		_, err := s.begin(ctx, t, n)
		return err
	})
}

// goOn sends the parts of a document that was just shared out, and reads the first of them, as the document is at hand.
func (s *Service) goOn(ctx, work context.Context, ref Ref, turn *fairqueue.Document, stop context.CancelCauseFunc) (Outcome, error) {
	var begun []*part
	err := s.eachPart(ctx, ref.Application, ref.ID, func(p *part) error {
		begun = append(begun, p)
		return nil
	})
	if err == nil && len(begun) > 1 {
		err = together(ctx, begun[1:], func(ctx context.Context, p *part) error { return s.Queue.Push(ctx, p.job(), 0) })
	}
	if err != nil {
		s.Log.WarnContext(ctx, logevent.SweepAwaited, "task", ref.String(), "step", "parts", "kind", fault.KindOf(err))
	}
	if len(begun) == 0 { // a sweep took them for those of an earlier call
		t, err := s.load(ctx, ref)
		if err == nil {
			err = s.resumeParts(ctx, t)
		}
		return HandedOn, err
	}
	return s.processPart(ctx, work, begun[0].job(), turn, stop)
}

// sentTogether is how many records are written, or messages sent, at once.
const sentTogether = 16

// together calls act for each, several at once.
func together[T any](ctx context.Context, all []T, act func(ctx context.Context, one T) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(sentTogether)
	for _, one := range all {
		group.Go(func() error { return act(ctx, one) })
	}
	return group.Wait()
}

// room is what an application has under way.
type room struct {
	free  int           // parts that may still be begun; 0 or less for none
	begun map[int]*part // parts of the task in question, by number
}

// errFull ends the count of what is under way.
var errFull = errors.New("the application has no room for more parts")

// room counts the parts of the task's application that are under way. However many there are beyond those that may be, the others
// are not read.
func (s *Service) room(ctx context.Context, t *Task) (room, error) {
	r := room{free: s.Limits.PartsAtOnce, begun: map[int]*part{}}
	own := func(p *part) error {
		if p.Task == t.Ref && p.Round == t.Round {
			r.begun[p.Number] = p
		}
		return nil
	}
	err := s.eachPart(ctx, t.Ref.Application, "", func(p *part) error {
		if r.free--; r.free < 0 {
			return errFull
		}
		return own(p)
	})
	if errors.Is(err, errFull) {
		err = s.eachPart(ctx, t.Ref.Application, t.Ref.ID, own)
	}
	return r, err
}

// begin makes the record of a part. It is false if there is one: somebody else was quicker.
func (s *Service) begin(ctx context.Context, t *Task, n int) (bool, error) {
	err := s.savePart(ctx, &part{Task: t.Ref, Number: n, Round: t.Round, Sent: s.Now().UTC()})
	if errors.Is(err, fault.AlreadyExists) {
		return false, nil
	}
	return err == nil, err
}

// sendNext queues parts in the place of one that is about to be finished: as many as there is room for and at most two, so that a
// document which began with few has more of them soon, and one in any case if no other part of the document is under way. A
// document goes on however many others its application has.
func (s *Service) sendNext(ctx context.Context, t *Task, finished int) (sent bool, err error) {
	r, err := s.room(ctx, t)
	if err != nil {
		return false, err
	}
	most := min(2, r.free+1) // the finished one makes room
	mine := r.begun[finished]
	if delete(r.begun, finished); len(r.begun) == 0 {
		most = max(1, most)
	}
	if err := s.sendLost(ctx, r); err != nil {
		return false, err
	}
	r.begun[finished] = mine // it is not begun anew
	return s.send(ctx, t, r, most)
}

// sendLost queues parts again whose workers let their leases run out, or whose messages are lost, long before a sweep would.
func (s *Service) sendLost(ctx context.Context, r room) error {
	for _, n := range slices.Sorted(maps.Keys(r.begun)) {
		if p := r.begun[n]; p.lost(s.Now()) {
			if err := s.sendAgain(ctx, p, &Swept{}); err != nil {
				return err
			}
		}
	}
	return nil
}

// resumeParts sees to it that a task which waits for its parts has some under way: it has, unless records were lost. The last one is
// looked at when its lease would run out, as no other worker of the document comes by any more.
func (s *Service) resumeParts(ctx context.Context, t *Task) error {
	r, err := s.room(ctx, t)
	if err != nil {
		return err
	}
	if len(r.begun) == 0 {
		_, err = s.send(ctx, t, r, max(1, r.free))
		if errors.Is(err, errLost) {
			return nil
		}
		return err
	}
	if err := s.sendLost(ctx, r); err != nil || len(r.begun) > 1 {
		return err
	}
	for _, p := range r.begun {
		if left := p.Lease.Expires.Sub(s.Now()); left > 0 {
			return s.Queue.Push(ctx, p.job(), min(left, leaseLife))
		}
	}
	return nil
}

// send queues at most so many parts of a task that are not under way, and reports whether there were any. The task is read after the
// parts that are: one that has no record any more is finished there.
func (s *Service) send(ctx context.Context, t *Task, r room, most int) (sent bool, err error) {
	if most <= 0 {
		return false, nil
	}
	now, err := s.load(ctx, t.Ref)
	if err != nil {
		return false, err
	}
	if !now.inParts() || now.Round != t.Round {
		return false, errLost
	}
	for _, n := range now.openParts() {
		if _, under := r.begun[n]; under {
			continue
		}
		if most--; most < 0 {
			break
		}
		began, err := s.begin(ctx, now, n)
		if err == nil && began {
			err = s.Queue.Push(ctx, Job{Task: t.Ref, Part: n}, 0)
		}
		if err != nil {
			return sent, err
		}
		sent = true
	}
	return sent, nil
}
