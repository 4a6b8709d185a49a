package task

import (
	"context"
	"sync"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
)

// stored returns how many bytes storage keeps for the task: its document until processing ends, then its results, and the
// document where it is kept with them. Pages that are being worked on are not counted.
func (s *Service) stored(t *Task) int64 {
	var sum int64
	for _, r := range t.Results { // while it is processed again those of before
		sum += r.Size
	}
	switch {
	case t.State == Submitted:
		sum += t.pictureBytes()
	case t.State.Open(), s.keepsUpload(t):
		sum += t.Input.Size
	}
	return sum
}

// countStored adds to what is stored of an application. A count that fails is put right by the full pass.
func (s *Service) countStored(ctx context.Context, application string, change int64) {
	if change == 0 {
		return
	}
	err := s.count(ctx, openKey(application), time.Time{}, func(u *usage) error {
		u.Stored = max(0, u.Stored+change)
		return nil
	})
	if err != nil {
		s.Log.WarnContext(ctx, logevent.SweepAwaited, "application", application, "step", "usage", "kind", fault.KindOf(err))
	}
}

// storedCap returns how many bytes of the application may be stored at once, 0 for any number.
func (s *Service) storedCap(u usage) int64 {
	if u.Cap > 0 {
		return u.Cap
	}
	return s.Limits.Stored
}

// mayStore refuses so many bytes more than an application has.
func (s *Service) mayStore(u usage, more int64) *fault.Error {
	most := s.storedCap(u)
	if most == 0 || u.Stored+more <= most && u.Stored < most {
		return nil
	}
	return fault.New(fault.StoredExceeded,
		"%d bytes may be stored at once, and %d are; delete tasks whose results were fetched, or wait until they are erased", most, u.Stored).Retry(time.Minute)
}

// Expect takes the size of a document that is about to come through this process into account, negative if it is not known,
// until done is called. It is refused when its application would have too much stored with all that is on its way.
func (s *Service) Expect(ctx context.Context, application string, size int64) (done func(), err error) {
	u, _, err := s.usage(ctx, openKey(application))
	if err != nil {
		return nil, err
	}
	size = max(0, size)
	if refusal := s.mayStore(u, s.expected.add(application, size)); refusal != nil {
		s.expected.add(application, -size)
		return nil, refusal
	}
	return sync.OnceFunc(func() { s.expected.add(application, -size) }), nil
}

// ExpectUpload is Expect for a document that is sent to a link.
func (s *Service) ExpectUpload(ctx context.Context, name string, size int64) (done func(), err error) {
	_, ref, _, err := ParseName(name)
	if err != nil {
		return nil, fault.Wrap(err, fault.LinkInvalid, "the link is not for an upload")
	}
	return s.Expect(ctx, ref.Application, size)
}

// expected is what is on its way through this process, by application.
type expected struct {
	mu    sync.Mutex
	bytes map[string]int64 // guarded by mu
}

// add returns the sum with the bytes added.
func (e *expected) add(application string, bytes int64) int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.bytes == nil {
		e.bytes = map[string]int64{}
	}
	sum := e.bytes[application] + bytes
	if e.bytes[application] = sum; sum == 0 {
		delete(e.bytes, application)
	}
	return sum
}
