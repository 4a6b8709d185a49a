package task

import (
	"context"
	"errors"
	"fmt"
	"slices"
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

// reserve counts more open tasks in one write: one for each document of these sizes, which are 0 where they are not known. It
// returns for each why it was not counted, nil if it was.
func (s *Service) reserve(ctx context.Context, application string, caps Caps, sizes ...int64) ([]error, error) {
	if err := s.withinDay(ctx, application, caps); err != nil {
		return nil, err
	}
	refused := make([]error, len(sizes))
	return refused, s.count(ctx, openKey(application), time.Time{}, func(u *usage) error {
		u.Cap = caps.BytesStored
		for i, size := range sizes {
			if refused[i] = s.mayOpen(*u, caps, size); refused[i] == nil {
				u.Open++
			}
		}
		if !slices.Contains(refused, nil) {
			return refused[0] // and nothing is written
		}
		return nil
	})
}

// withinDay refuses an application that has used what it may use in a day.
func (s *Service) withinDay(ctx context.Context, application string, caps Caps) error {
	if caps.BytesPerDay == 0 && caps.PagesPerDay == 0 {
		return nil
	}
	today, _, err := s.usage(ctx, s.dayKey(application))
	if err != nil {
		return err
	}
	wait := s.untilMidnight()
	if caps.BytesPerDay > 0 && today.Bytes >= caps.BytesPerDay {
		return fault.New(fault.BytesExceeded, "the application has used its %d bytes for today; the count starts again at midnight UTC", caps.BytesPerDay).Retry(wait)
	}
	if caps.PagesPerDay > 0 && today.Pages >= caps.PagesPerDay {
		return fault.New(fault.PagesExceeded, "the application has used its %d pages for today; the count starts again at midnight UTC", caps.PagesPerDay).Retry(wait)
	}
	return nil
}

// mayUse refuses so many bytes more for a task that is open already.
func (s *Service) mayUse(ctx context.Context, application string, caps Caps, size int64) error {
	if err := s.withinDay(ctx, application, caps); err != nil {
		return err
	}
	u, _, err := s.usage(ctx, openKey(application))
	if err != nil {
		return err
	}
	u.Cap = caps.BytesStored
	if refusal := s.mayStore(u, size); refusal != nil {
		return refusal
	}
	return nil
}

// mayOpen refuses one more open task of an application, whose document has so many bytes. Documents that are still to come are
// not counted: what they bring is known when they arrive.
func (s *Service) mayOpen(u usage, caps Caps, size int64) error {
	if caps.OpenTasks > 0 && u.Open >= caps.OpenTasks {
		return tooManyOpen(caps)
	}
	if refusal := s.mayStore(u, size); refusal != nil {
		return refusal
	}
	return nil
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
