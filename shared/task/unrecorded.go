package task

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/lethe-ocr/lethe/shared/erasure"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// Erasing must not wait for a record that cannot be read or written: from the alarm on the bytes go first, and what happened
// is written down when it can be.

// ownTime judges a copy whose record cannot be read or written: it goes when it is past its alarm by its own time, or when elapsed time
// cannot date that, not before. Its own time is when storage got it; of what was derived from a document only the name says
// when its task, and so the document, came at the earliest.
func (s *Service) ownTime(b storage.Blob) retention.Decision {
	subject := retention.Subject{Uploaded: b.Created}
	if container, ref, _, err := ParseName(b.Name); err == nil && (container != storage.Uploads || b.Uncommitted) {
		subject.Uploaded = ref.Created()
		if container == storage.Results {
			subject.Ended = b.Created
		}
	}
	subject.Undated = s.undated(subject.Uploaded)
	d := s.Policy.Decide(subject, s.Now())
	if !d.Alarm {
		d.Action, d.Reason = retention.Keep, retention.WithinClocks
	}
	return d
}

// unread deals with a copy whose record could not be read or written because of cause, which is returned with what else went
// wrong.
func (s *Service) unread(ctx context.Context, b storage.Blob, cause error, done *Swept) error {
	if s.ownTime(b).Action != retention.Erase {
		return cause
	}
	done.Overdue++
	s.Log.ErrorContext(ctx, logevent.DocumentOverdue, "reason", retention.Unreadable, "bytes", b.Size)
	if err := s.erase(ctx, b); err != nil {
		return errors.Join(cause, err)
	}
	done.Strays++
	if _, ref, _, err := ParseName(b.Name); err == nil {
		s.owed.note(ref, s.Now())
	}
	s.owed.entry(s.stray(b, retention.Unreadable))
	return cause
}

// unreadTask is unread for every copy of a task.
func (s *Service) unreadTask(ctx context.Context, ref Ref, cause error, done *Swept) error {
	errs := []error{cause}
	for _, c := range erasure.Containers(s.Inventory) {
		prefix := ref.copies(c)
		if prefix == "" {
			continue
		}
		blobs, err := s.Store.Blobs.List(ctx, prefix, "", listing) // more are left to the next sweep
		errs = append(errs, err)
		for _, b := range blobs {
			errs = append(errs, s.unread(ctx, b, nil, done))
		}
	}
	return errors.Join(errs...)
}

// passOverdue goes through all copies when no record can be read, and erases what is past its alarm by its own time. Names
// begin with the hour of creation: it ends where nothing can be so old.
func (s *Service) passOverdue(ctx context.Context, done *Swept) error {
	youngest := s.Now().Add(min(s.Policy.Processed, s.Policy.Unprocessed)*-1 + s.Policy.Margin - s.Policy.Alarm)
	if s.Horizon != nil {
		youngest = later(youngest, s.Horizon())
	}
	var errs []error
	for _, c := range erasure.Containers(s.Inventory) {
		errs = append(errs, s.listAll(ctx, c, func(b storage.Blob) (more bool) {
			if _, ref, _, err := ParseName(b.Name); err == nil && ref.Created().Truncate(time.Hour).After(youngest) {
				return false
			}
			errs = append(errs, s.unread(ctx, b, nil, done))
			return ctx.Err() == nil
		}))
	}
	return errors.Join(errs...)
}

// listAll calls visit for every blob of a container while it wants more.
func (s *Service) listAll(ctx context.Context, container string, visit func(storage.Blob) (more bool)) error {
	for after := ""; ; {
		blobs, err := s.Store.Blobs.List(ctx, container+"/", after, listing)
		if err != nil {
			return err
		}
		for _, b := range blobs {
			if after = b.Name; !visit(b) {
				return nil
			}
		}
		if len(blobs) < listing {
			return nil
		}
	}
}

// eraseFirst removes the bytes of a task before its record says so.
func (s *Service) eraseFirst(ctx context.Context, ref Ref) error {
	s.running.cancel(ref)
	errs := []error{s.endTransfers(ctx, ref)}
	found := map[erasure.Class]int{}
	for _, c := range erasure.Containers(s.Inventory) {
		if prefix := ref.copies(c); prefix != "" {
			errs = append(errs, s.eraser.Under(ctx, prefix, found), s.eraser.Discard(ctx, prefix, found))
		}
	}
	err := errors.Join(errs...)
	if _, before := s.owed.gone(ref); err == nil && (!before || len(found) > 0) {
		s.owed.note(ref, s.Now())
	}
	return err
}

// deleteUnwritten carries out a delete whose tombstone could not be written because of cause: the bytes go, which may be what
// makes room for the tombstone. It is accepted only once that is written.
func (s *Service) deleteUnwritten(ctx context.Context, ref Ref, cause error) (*Task, error) {
	if t, err := s.load(ctx, ref); err != nil || t.State == Deleted {
		return nil, cause
	}
	if err := s.eraseFirst(ctx, ref); err != nil {
		return nil, errors.Join(cause, err)
	}
	return s.remove(ctx, ref, always(retention.DeleteRequested))
}

// settleOwed writes down what could not be written when it happened.
func (s *Service) settleOwed(ctx context.Context) error {
	waiting := s.owed.takeEntries()
	for i, e := range waiting {
		if err := s.Ledger.Append(ctx, e); err != nil {
			for _, left := range waiting[i:] {
				s.owed.entry(left)
			}
			return err
		}
	}
	return nil
}

// owed is what this process has yet to write down. It is lost with the process: a receipt then states the time at which the
// check ran, which is later.
type owed struct {
	mu      sync.Mutex
	entries []ledger.Entry    // guarded by mu
	erased  map[Ref]time.Time // when the last copy went; guarded by mu
}

// mostOwed bounds the memory for it.
const mostOwed = 100_000

func (o *owed) entry(e ledger.Entry) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.entries) < mostOwed {
		o.entries = append(o.entries, e)
	}
}

func (o *owed) takeEntries() []ledger.Entry {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := o.entries
	o.entries = nil
	return all
}

// note keeps when copies of a task were erased.
func (o *owed) note(ref Ref, at time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.erased == nil {
		o.erased = map[Ref]time.Time{}
	}
	if len(o.erased) < mostOwed {
		o.erased[ref] = at.UTC()
	}
}

// gone returns when the last copy of a task went, if that could not be written down then.
func (o *owed) gone(ref Ref) (time.Time, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	at, ok := o.erased[ref]
	return at, ok
}

// written forgets a task whose erasure is written down.
func (o *owed) written(ref Ref) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.erased, ref)
}

// backdate gives an erasure the time at which its bytes went, when all that the check found this time is that they are gone.
func (t *Task) backdate(at time.Time) {
	for _, e := range t.Evidence {
		if e.Copies > 0 {
			return
		}
	}
	t.Erased = at
	if at.Before(t.Removed) {
		t.Removed = at
	}
	for i, e := range t.Evidence {
		if e.Class != erasure.Password && e.Class != erasure.ClientText && e.Class != erasure.Journal { // these went with the record as it was
			t.Evidence[i].Erased = at
		}
	}
}

// unwritten reports whether a record could not be written for a reason that the bytes need not wait for.
func unwritten(err error) bool { return errors.Is(err, fault.Unavailable) }
