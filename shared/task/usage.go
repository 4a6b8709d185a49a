package task

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// usageLife is how long a day's counts are kept after its last entry, and those of a person who has no task.
const usageLife = 48 * time.Hour

// usageVersion is the version of the format of usage.
const usageVersion = 1

// usage is what is counted on an account.
type usage struct {
	Open   int   `json:"open,omitempty"`
	Stored int64 `json:"stored,omitempty"` // bytes of documents and results
	Cap    int64 `json:"cap,omitempty"`    // of Stored, the account's own; 0 for none
	Bytes  int64 `json:"bytes,omitempty"`
	Pages  int   `json:"pages,omitempty"`

	Changed time.Time `json:"changed,omitzero"` // zero where an earlier program wrote it
}

// mayUse refuses so many bytes more for a task that is open already.
func (s *Service) mayUse(ctx context.Context, owner string, caps Caps, size int64) error {
	if err := s.withinDay(ctx, owner, caps); err != nil {
		return err
	}
	for _, a := range accounts(owner) {
		u, _, err := s.usage(ctx, a.openKey())
		if err != nil {
			return err
		}
		u.Cap = a.caps(caps).BytesStored
		if refusal := s.mayStore(a, u, size); refusal != nil {
			return refusal
		}
	}
	return nil
}

// mayOpen refuses one more open task on an account with these caps, whose document has so many bytes. Documents that are still to come
// are not counted: what they bring is known when they arrive.
func (s *Service) mayOpen(a account, u usage, caps Caps, size int64) *fault.Error {
	if caps.OpenTasks > 0 && u.Open >= caps.OpenTasks {
		return fault.New(fault.OpenTasksExceeded, "%s may have %d unfinished tasks; wait until some have ended or delete them", a, caps.OpenTasks).Retry(10 * time.Second)
	}
	return s.mayStore(a, u, size)
}

func (s *Service) count(ctx context.Context, key storage.Key, apply func(*usage) error) error {
	for {
		u, etag, err := s.usage(ctx, key)
		if err != nil {
			return err
		}
		if err := apply(&u); err != nil {
			return err
		}
		u.Changed = s.Now().UTC()
		if err := s.putUsage(ctx, key, u, etag); !lost(err) {
			return err
		}
	}
}

// putUsage replaces what was read with etag.
func (s *Service) putUsage(ctx context.Context, key storage.Key, u usage, etag string) error {
	value, err := storage.Encode(usageVersion, u)
	if err != nil {
		return fmt.Errorf("encode usage: %w", err)
	}
	rec := storage.Record{Key: key, Value: value, ETag: etag}
	if a, open := accountOf(key); !open || a.person() && u.Open == 0 && u.Stored == 0 {
		rec.Due = s.Now().Add(usageLife) // nothing is kept of a person who has nothing here any more
	}
	_, err = s.Store.Records.Put(ctx, rec)
	return err
}

func (s *Service) usage(ctx context.Context, key storage.Key) (u usage, etag string, err error) {
	rec, err := s.Store.Records.Get(ctx, key)
	if errors.Is(err, fault.NotFound) {
		return usage{}, "", nil
	}
	if err != nil {
		return usage{}, "", err
	}
	u, err = decodeUsage(rec)
	return u, rec.ETag, err
}

func decodeUsage(rec storage.Record) (u usage, err error) {
	if err := storage.Decode(rec.Value, usageVersion, &u); err != nil {
		return usage{}, fmt.Errorf("decode usage: %w", err)
	}
	return u, nil
}

func (s *Service) untilMidnight() time.Duration {
	now := s.Now().UTC()
	return now.Truncate(24 * time.Hour).Add(24 * time.Hour).Sub(now)
}
