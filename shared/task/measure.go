package task

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lethe-ocr/lethe/shared/erasure"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// Measurement is retention as numbers: what is promised, and how old the oldest thing really is.
type Measurement struct {
	Policy    retention.Policy
	Now       time.Time
	LastSweep time.Time   // when the last sweep began; zero if there was none
	Last      Swept       // what it did
	Oldest    time.Time   // creation of the oldest copy of any document, by storage's clock; zero if there is none
	Next      []time.Time // the next times at which something is due, at most ten
	Pass      PassMeasure
}

// PassMeasure is how full passes stand. Times are zero where there is nothing to tell.
type PassMeasure struct {
	Began, Ended time.Time     // of the last whole one
	Did          Swept         // what that did
	Age          time.Duration // since it ended
	Late         bool          // none has come to its end for so long that somebody must look why
	UnderWay     *PassUnderWay // nil for none
}

// PassUnderWay is a full pass that has not come to its end.
type PassUnderWay struct {
	Began, Saved time.Time
	Did          Swept  // so far
	Done, Steps  int    // steps that are done, of all
	Step         string // the first one that is not
}

// measure tells how the passes of the note stand.
func (n passNote) measure(steps []passStep, now time.Time) PassMeasure {
	m := PassMeasure{Began: n.Began, Ended: n.Ended, Did: n.Did}
	m.Late, _ = n.late(now)
	if !n.Ended.IsZero() {
		m.Age = max(0, now.Sub(n.Ended))
	}
	if p := n.UnderWay; p != nil {
		m.UnderWay = &PassUnderWay{Began: p.Began, Saved: p.Saved, Did: p.Did, Done: p.done(steps), Steps: len(steps)}
		for _, step := range steps {
			if !p.Steps[step.name].Done {
				m.UnderWay.Step = step.name
				break
			}
		}
	}
	return m
}

// OldestAge is the age of the oldest copy. One that seems to come from the future is not dated by that: it has none yet.
func (m Measurement) OldestAge() time.Duration {
	if m.Oldest.IsZero() {
		return 0
	}
	return max(0, m.Now.Sub(m.Oldest))
}

// sweepKey is where the last sweep is noted.
func sweepKey() storage.Key {
	return storage.Key{Table: storage.State, Partition: "retention", Row: "sweep"}
}

// sweepNoteVersion is the version of the format of sweepNote.
const sweepNoteVersion = 1

type sweepNote struct {
	Began time.Time `json:"began"`
	Did   Swept     `json:"did"`
}

// noteSweep writes down that a sweep ran. Of two that end together either note is right.
func (s *Service) noteSweep(ctx context.Context, began time.Time, did Swept) error {
	value, err := storage.Encode(sweepNoteVersion, sweepNote{Began: began.UTC(), Did: did})
	if err != nil {
		return fmt.Errorf("encode sweep note: %w", err)
	}
	for {
		rec, err := s.Store.Records.Get(ctx, sweepKey())
		if err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
		_, err = s.Store.Records.Put(ctx, storage.Record{Key: sweepKey(), Value: value, ETag: rec.ETag})
		if errors.Is(err, fault.ETagMismatch) || errors.Is(err, fault.AlreadyExists) {
			continue
		}
		return err
	}
}

// lastSweep returns the note of the last sweep, an empty one if there was none.
func (s *Service) lastSweep(ctx context.Context) (sweepNote, error) {
	rec, err := s.Store.Records.Get(ctx, sweepKey())
	if errors.Is(err, fault.NotFound) {
		return sweepNote{}, nil
	}
	if err != nil {
		return sweepNote{}, err
	}
	var note sweepNote
	if err := storage.Decode(rec.Value, sweepNoteVersion, &note); err != nil {
		return sweepNote{}, fmt.Errorf("decode sweep note: %w", err)
	}
	return note, nil
}

// LastKnown returns the latest service time that anything stored bears: the last sweep, the youngest blob of any container. It
// is for a clock that was lost, and costs in proportion to what is stored. With an error it is what could be read.
func (s *Service) LastKnown(ctx context.Context) (time.Time, error) {
	note, err := s.lastSweep(ctx)
	latest, errs := note.Began, []error{err}
	for _, c := range storage.Containers() {
		errs = append(errs, s.listAll(ctx, c, func(b storage.Blob) bool {
			latest = later(latest, b.Created)
			return true
		}))
	}
	return latest.UTC(), errors.Join(errs...)
}

// Measure reads how retention stands. Its cost does not depend on how much is stored.
func (s *Service) Measure(ctx context.Context) (Measurement, error) {
	const next = 10
	m := Measurement{Policy: s.Policy, Now: s.Now().UTC()}
	note, err := s.lastSweep(ctx)
	if err != nil {
		return m, err
	}
	m.LastSweep, m.Last = note.Began, note.Did
	passes, err := s.readPass(ctx)
	if err != nil {
		return m, err
	}
	m.Pass = passes.measure(s.passSteps(), m.Now)
	for _, c := range erasure.Containers(s.Inventory) {
		// Names begin with the hour of creation, so the first name is the oldest to within an hour.
		blobs, err := s.Store.Blobs.List(ctx, c+"/", "", next)
		if err != nil {
			return m, err
		}
		for _, b := range blobs {
			if m.Oldest.IsZero() || b.Created.Before(m.Oldest) {
				m.Oldest = b.Created.UTC()
			}
		}
	}
	entries, err := s.Store.Agenda.Due(ctx, m.Now.Add(s.Policy.Unprocessed), nil, next)
	for _, d := range entries {
		m.Next = append(m.Next, d.At.UTC())
	}
	return m, err
}
