package task

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// usageLife is how long a day's counts are kept after its last entry.
const usageLife = 48 * time.Hour

// openRow holds the number of open tasks and what is stored; the other rows of a usage partition are days.
const openRow = "open"

// usageVersion is the version of the format of usage.
const usageVersion = 1

// usage is what an application has used.
type usage struct {
	Open   int   `json:"open,omitempty"`
	Stored int64 `json:"stored,omitempty"` // bytes of documents and results
	Cap    int64 `json:"cap,omitempty"`    // of Stored, the application's own; 0 for none
	Bytes  int64 `json:"bytes,omitempty"`
	Pages  int   `json:"pages,omitempty"`

	Changed time.Time `json:"changed,omitzero"` // zero where an earlier program wrote it
}

// reserve counts so many more open tasks, in one write, as far as no cap is reached. It returns how many it counted, and why
// not all.
func (s *Service) reserve(ctx context.Context, application string, caps Caps, wanted int) (granted int, err error) {
	if caps.BytesPerDay > 0 || caps.PagesPerDay > 0 {
		today, _, err := s.usage(ctx, s.dayKey(application))
		if err != nil {
			return 0, err
		}
		wait := s.untilMidnight()
		if caps.BytesPerDay > 0 && today.Bytes >= caps.BytesPerDay {
			return 0, fault.New(fault.BytesExceeded, "the application has used its %d bytes for today; the count starts again at midnight UTC", caps.BytesPerDay).Retry(wait)
		}
		if caps.PagesPerDay > 0 && today.Pages >= caps.PagesPerDay {
			return 0, fault.New(fault.PagesExceeded, "the application has used its %d pages for today; the count starts again at midnight UTC", caps.PagesPerDay).Retry(wait)
		}
	}
	err = s.count(ctx, openKey(application), time.Time{}, func(u *usage) error {
		granted = wanted
		if caps.OpenTasks > 0 {
			granted = min(wanted, caps.OpenTasks-u.Open)
		}
		if granted <= 0 {
			return tooManyOpen(caps)
		}
		u.Cap = caps.BytesStored
		if refusal := s.mayStore(*u, 0); refusal != nil {
			return refusal
		}
		u.Open += granted
		return nil
	})
	switch {
	case err != nil:
		return 0, err
	case granted < wanted:
		return granted, tooManyOpen(caps)
	}
	return granted, nil
}

func tooManyOpen(caps Caps) error {
	return fault.New(fault.OpenTasksExceeded, "the application has %d unfinished tasks, its limit; wait until some have ended or delete them", caps.OpenTasks).Retry(10 * time.Second)
}

// release counts so many open tasks less.
func (s *Service) release(ctx context.Context, application string, tasks int) error {
	return s.count(ctx, openKey(application), time.Time{}, func(u *usage) error {
		u.Open = max(0, u.Open-tasks)
		return nil
	})
}

// spend adds to the day's counts.
func (s *Service) spend(ctx context.Context, application string, bytes int64, pages int) error {
	return s.count(ctx, s.dayKey(application), s.Now().Add(usageLife), func(u *usage) error {
		u.Bytes += bytes
		u.Pages += pages
		return nil
	})
}

func (s *Service) count(ctx context.Context, key storage.Key, due time.Time, apply func(*usage) error) error {
	for {
		u, etag, err := s.usage(ctx, key)
		if err != nil {
			return err
		}
		if err := apply(&u); err != nil {
			return err
		}
		if err := s.putUsage(ctx, key, u, etag, due); !lost(err) {
			return err
		}
	}
}

// putUsage replaces what was read with etag.
func (s *Service) putUsage(ctx context.Context, key storage.Key, u usage, etag string, due time.Time) error {
	u.Changed = s.Now().UTC()
	value, err := storage.Encode(usageVersion, u)
	if err != nil {
		return fmt.Errorf("encode usage: %w", err)
	}
	_, err = s.Store.Records.Put(ctx, storage.Record{Key: key, Value: value, ETag: etag, Due: due})
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
	if err := storage.Decode(rec.Value, usageVersion, &u); err != nil {
		return usage{}, "", fmt.Errorf("decode usage: %w", err)
	}
	return u, rec.ETag, nil
}

func openKey(application string) storage.Key {
	return storage.Key{Table: storage.Usage, Partition: application, Row: openRow}
}

func (s *Service) dayKey(application string) storage.Key {
	return storage.Key{Table: storage.Usage, Partition: application, Row: s.Now().UTC().Format(dayLayout)}
}

func (s *Service) untilMidnight() time.Duration {
	now := s.Now().UTC()
	return now.Truncate(24 * time.Hour).Add(24 * time.Hour).Sub(now)
}
