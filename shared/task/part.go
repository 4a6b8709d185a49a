package task

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// A part has a record while it waits in the queue or is being read: as many as an application has, so many of its parts are under
// way. What was read of it stands in the record of the task, which alone says whether it is finished. So a part's record may
// be lost or left behind at any moment: one that is found too late is dropped, one that is missing is made anew.

// partVersion is the version of the format of parts.
const partVersion = 1

// part is the record of a part that is under way.
type part struct {
	Task   Ref       `json:"task"`
	Number int       `json:"number"`
	Round  int       `json:"round,omitempty"`
	Sent   time.Time `json:"sent"`            // when it was queued last
	Begun  bool      `json:"begun,omitempty"` // a worker had it: pages of it may be kept

	Claims

	etag string
}

func (p *part) job() Job { return Job{Task: p.Task, Part: p.Number} }

// key is where the record lies. The parts of an application lie together, so that they can be counted, and those of a task
// follow each other.
func (p *part) key() storage.Key {
	return storage.Key{Table: storage.Parts, Partition: p.Task.Application, Row: fmt.Sprintf("%s!%d!%04d", p.Task.ID, p.Round, p.Number)}
}

// attention is when the sweep looks at the part again: its message, or its worker, may be lost by then. A worker's last write has
// ended by then, too.
func (p *part) attention() time.Time {
	if p.Lease.Expires.IsZero() {
		return p.Sent.Add(p.grace())
	}
	return p.Lease.Expires.Truncate(leaseStep).Add(2 * leaseStep)
}

// lost reports whether whoever has the part, or had its message, does not read it any more.
func (p *part) lost(now time.Time) bool {
	if p.Lease.Owner != "" {
		return !p.live(now)
	}
	return !now.Before(p.attention())
}

func decodePart(rec storage.Record) (*part, error) {
	p := &part{etag: rec.ETag}
	if err := storage.Decode(rec.Value, partVersion, p); err != nil {
		return nil, fmt.Errorf("decode record of a part: %w", err)
	}
	return p, nil
}

// savePart writes the record if it is as it was read, or not there if it was not read.
func (s *Service) savePart(ctx context.Context, p *part) error {
	value, err := storage.Encode(partVersion, p)
	if err != nil {
		return fmt.Errorf("encode record of a part: %w", err)
	}
	p.etag, err = s.Store.Records.Put(ctx, storage.Record{Key: p.key(), Value: value, ETag: p.etag, Due: p.attention()})
	return err
}

// changePart applies one transition by compare-and-swap, as change does it with tasks.
func (s *Service) changePart(ctx context.Context, key storage.Key, apply func(*part) error) (*part, error) {
	for {
		rec, err := s.Store.Records.Get(ctx, key)
		if err != nil {
			return nil, err
		}
		p, err := decodePart(rec)
		if err != nil {
			return nil, err
		}
		err = apply(p)
		if errors.Is(err, errUnchanged) {
			return p, nil
		}
		if err != nil {
			return p, err
		}
		if err = s.savePart(ctx, p); !errors.Is(err, fault.ETagMismatch) {
			return p, err
		}
	}
}

// dropPart removes the record, unless somebody changed it meanwhile.
func (s *Service) dropPart(ctx context.Context, p *part) error {
	err := s.Store.Records.Delete(ctx, p.key(), p.etag)
	if errors.Is(err, fault.ETagMismatch) {
		return nil
	}
	return err
}

// eachPart calls visit for the parts of an application that are under way, or for those of one of its tasks if it has an id.
func (s *Service) eachPart(ctx context.Context, application, id string, visit func(*part) error) error {
	q := storage.Query{Table: storage.Parts, Partition: application, Limit: listing}
	if id != "" {
		q.After = storage.Key{Partition: application, Row: id}
	}
	for {
		recs, err := s.Store.Records.List(ctx, q)
		if err != nil {
			return fmt.Errorf("list parts: %w", err)
		}
		for _, rec := range recs {
			if id != "" && !strings.HasPrefix(rec.Row, id+"!") {
				return nil
			}
			p, err := decodePart(rec)
			if err == nil {
				err = visit(p)
			}
			if err != nil {
				return err
			}
		}
		if len(recs) < q.Limit {
			return nil
		}
		q.After = recs[len(recs)-1].Key
	}
}

// attendPart deals with a part that is due: it is queued again if it is still to be read.
func (s *Service) attendPart(ctx context.Context, d storage.Due, done *Swept) error {
	rec, err := s.Store.Records.Get(ctx, d.Key)
	if errors.Is(err, fault.NotFound) {
		return s.Store.Agenda.Settle(ctx, d)
	}
	if err != nil {
		return err
	}
	p, err := decodePart(rec)
	if err != nil {
		return err
	}
	if s.Now().Before(p.attention().Truncate(time.Second)) {
		if err := s.Store.Agenda.Settle(ctx, d); err != nil {
			return err
		}
		return s.resavePart(ctx, p)
	}
	t, err := s.load(ctx, p.Task)
	switch {
	case errors.Is(err, fault.NotFound):
		return s.forgetPart(ctx, p, done)
	case err != nil:
		return err
	case !t.partOpen(p.Number, p.Round):
		return s.forgetPart(ctx, p, done)
	}
	return s.sendAgain(ctx, p, done)
}

func (s *Service) forgetPart(ctx context.Context, p *part, done *Swept) error {
	err := s.dropPart(ctx, p)
	if err == nil {
		done.Forgot++
	}
	return err
}

// sendAgain queues a part whose message or whose worker was lost.
func (s *Service) sendAgain(ctx context.Context, p *part, done *Swept) error {
	if err := s.Queue.Push(ctx, p.job(), 0); err != nil {
		return err
	}
	if p.Lease.Owner != "" {
		p.lose()
	} else {
		p.Resent++
	}
	p.Sent = s.Now().UTC()
	if err := s.resavePart(ctx, p); err != nil {
		return err
	}
	done.Requeued++
	s.Log.InfoContext(ctx, logevent.TaskRequeued, "task", p.Task.String(), "part", p.Number, "reason", "reconciled")
	return nil
}

// resavePart writes a part. Losing against another writer is fine: it knows better.
func (s *Service) resavePart(ctx context.Context, p *part) error {
	if err := s.savePart(ctx, p); err != nil && !errors.Is(err, fault.ETagMismatch) {
		return err
	}
	return nil
}

// partsGone reports whether no worker holds a part of a deleted task any more, and removes their records. Whoever takes a part
// looks at the task afterwards, so that one that is not seen here writes nothing.
func (s *Service) partsGone(ctx context.Context, t *Task) (bool, error) {
	gone := true
	err := s.eachPart(ctx, t.Ref.Application, t.Ref.ID, func(p *part) error {
		if s.Now().Before(p.Lease.Expires.Add(longestWrite)) && p.Lease.Owner != "" {
			gone = false
			return nil
		}
		return s.dropPart(ctx, p)
	})
	return gone, err
}
