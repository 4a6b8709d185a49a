package task

import (
	"context"
	"fmt"
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

// countStored adds to what an owner has stored. A count that fails is put right by the full pass.
func (s *Service) countStored(ctx context.Context, owner string, change int64) {
	if change == 0 {
		return
	}
	for _, a := range accounts(owner) {
		err := s.count(ctx, a.openKey(), func(u *usage) error {
			u.Stored = max(0, u.Stored+change)
			return nil
		})
		if err != nil {
			s.Log.WarnContext(ctx, logevent.SweepAwaited, "application", a.owner, "step", "usage", "kind", fault.KindOf(err))
		}
	}
}

// storedCap returns how many bytes may be stored at once on an account that has this cap of its own, 0 for any number.
func (s *Service) storedCap(a account, own int64) int64 {
	if own > 0 {
		return own
	}
	return a.caps(Caps{BytesStored: s.Limits.Stored}).BytesStored
}

// mayStore refuses so many bytes more than there are on an account. Of others a person is told no number.
func (s *Service) mayStore(a account, u usage, more int64) *fault.Error {
	most := s.storedCap(a, u.Cap)
	if most == 0 || u.Stored+more <= most && u.Stored < most {
		return nil
	}
	has := fmt.Sprintf(", and has %d", u.Stored)
	if a.ofOther {
		has = ""
	}
	return fault.New(fault.StoredExceeded,
		"%s may have %d bytes stored at once%s; delete tasks whose results were fetched, or wait until they are erased", a, most, has).Retry(time.Minute)
}

// mayTake refuses so many bytes that have arrived for a task of the owner.
func (s *Service) mayTake(ctx context.Context, owner string, size int64) (*fault.Error, error) {
	for _, a := range accounts(owner) {
		u, _, err := s.usage(ctx, a.openKey())
		if err != nil {
			return nil, err
		}
		if refusal := s.mayStore(a, u, size); refusal != nil {
			return refusal, nil
		}
	}
	return nil, nil
}

// Expect takes the size of a document that is about to come through this process into account, negative if it is not known,
// until done is called. It is refused when its owner, or their application, would have too much stored with all that is on its way.
func (s *Service) Expect(ctx context.Context, owner string, size int64) (done func(), err error) {
	size = max(0, size)
	var expecting []account
	forget := func() {
		for _, a := range expecting {
			s.expected.add(a.owner, -size)
		}
	}
	for _, a := range accounts(owner) {
		u, _, err := s.usage(ctx, a.openKey())
		if err != nil {
			forget()
			return nil, err
		}
		expecting = append(expecting, a)
		if refusal := s.mayStore(a, u, s.expected.add(a.owner, size)); refusal != nil {
			forget()
			return nil, refusal
		}
	}
	return sync.OnceFunc(forget), nil
}

// ExpectUpload is Expect for a document that is sent to a link.
func (s *Service) ExpectUpload(ctx context.Context, name string, size int64) (done func(), err error) {
	_, ref, _, err := ParseName(name)
	if err != nil {
		return nil, fault.Wrap(err, fault.LinkInvalid, "the link is not for an upload")
	}
	return s.Expect(ctx, ref.Application, size)
}

// expected is what is on its way through this process, by the owner of an account.
type expected struct {
	mu    sync.Mutex
	bytes map[string]int64 // guarded by mu
}

// add returns the sum with the bytes added.
func (e *expected) add(owner string, bytes int64) int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.bytes == nil {
		e.bytes = map[string]int64{}
	}
	sum := e.bytes[owner] + bytes
	if e.bytes[owner] = sum; sum == 0 {
		delete(e.bytes, owner)
	}
	return sum
}
