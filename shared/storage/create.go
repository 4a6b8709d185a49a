package storage

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lethe-ocr/lethe/shared/fault"
)

// Creator is what a store of records offers that can create many of them in few requests.
type Creator interface {
	// Create does what CreateAll says. The records are checked and have different keys.
	Create(ctx context.Context, recs []Record) []error
}

// puts is how many records are written at once where a store takes them one by one: most of the time goes by waiting.
const puts = 8

// CreateAll creates records, each by itself: it is created or refused whatever becomes of the others. The answers have the indices
// of the records. nil: it is stored, durably, and the due index knew it before. fault.AlreadyExists: there is another one under
// its key, also one given before it. Any other fault: it may have been stored or not.
//
// A record that is there already with the very same value and due time counts as created, so that a call can be repeated whose answer
// was lost. Who wants to know which of several callers was first therefore writes a value that no other one writes. ETags are neither
// heeded nor told.
func CreateAll(ctx context.Context, records Records, recs []Record) []error {
	errs := make([]error, len(recs))
	var sound []Record
	var at []int // their indices
	known := make(map[Key]bool, len(recs))
	for i, rec := range recs {
		switch errs[i] = rec.Check(); {
		case errs[i] != nil:
		case known[rec.Key]:
			errs[i] = fault.New(fault.AlreadyExists, "the record is given twice")
		default:
			known[rec.Key] = true
			rec.ETag = ""
			sound, at = append(sound, rec), append(at, i)
		}
	}
	for n, err := range create(ctx, records, sound) {
		errs[at[n]] = err
	}
	return errs
}

func create(ctx context.Context, records Records, recs []Record) []error {
	if c, ok := records.(Creator); ok && len(recs) > 0 {
		return c.Create(ctx, recs)
	}
	errs := make([]error, len(recs))
	var group errgroup.Group
	group.SetLimit(puts)
	for i, rec := range recs {
		group.Go(func() error {
			_, errs[i] = records.Put(ctx, rec)
			errs[i] = Created(ctx, records, rec, errs[i])
			return nil
		})
	}
	_ = group.Wait() // every record has its own error
	return errs
}

// Created is what CreateAll answers for a record that a store refused with err: whether it is there all the same is looked up.
func Created(ctx context.Context, records Records, rec Record, err error) error {
	if !errors.Is(err, fault.AlreadyExists) {
		return err
	}
	switch there, getErr := records.Get(ctx, rec.Key); {
	case getErr == nil && there.Same(rec):
		return nil
	case getErr == nil, errors.Is(getErr, fault.NotFound):
		return err
	default:
		return getErr
	}
}

// Same reports whether two records hold the same, whatever their versions.
func (r Record) Same(other Record) bool {
	return r.Key == other.Key && slices.Equal(r.Value, other.Value) && seconds(r.Due) == seconds(other.Due)
}

// seconds are those since 1970, which is all that is kept of a due time; 0 for never.
func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// Refuse answers the same of so many records.
func Refuse(records int, err error) []error { return slices.Repeat([]error{err}, records) }

// Portions splits records into groups that a store writes at once: those of one partition of one table, so many at most, with so many bytes
// of values at most. It yields their indices.
func Portions(recs []Record, most, mostBytes int) iter.Seq[[]int] {
	return func(yield func([]int) bool) {
		type place struct {
			Table
			partition string
		}
		places := map[place][]int{}
		var order []place
		for i, rec := range recs {
			p := place{rec.Table, rec.Partition}
			if places[p] == nil {
				order = append(order, p)
			}
			places[p] = append(places[p], i)
		}
		for _, p := range order {
			for rest := places[p]; len(rest) > 0; {
				n, bytes := 0, 0
				for n < len(rest) && n < most && (n == 0 || bytes+len(recs[rest[n]].Value) <= mostBytes) {
					bytes += len(recs[rest[n]].Value)
					n++
				}
				if !yield(rest[:n]) {
					return
				}
				rest = rest[n:]
			}
		}
	}
}
