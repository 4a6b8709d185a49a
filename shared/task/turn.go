package task

import (
	"context"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
)

// turnPatience is how long a sweep or full pass waits for another one. Deadlines must not hang on one that takes hours or does
// not end: after that both go on side by side, which is safe, but takes longer and can look like failures.
const turnPatience = time.Minute

// SweepTurn lets one process at a time sweep a store that several work on.
type SweepTurn interface {
	// TakeTurn waits for the turn until ctx ends, and returns what gives it back. A process that dies gives it back too.
	TakeTurn(ctx context.Context) (release func(), err error)
}

// takeTurn waits until no other sweep or full pass runs. What it returns gives the turn back. With an error ctx has ended.
func (s *Service) takeTurn(ctx context.Context) (release func(), err error) {
	patient, done := context.WithTimeout(ctx, turnPatience)
	defer done()
	select {
	case s.sweeping <- struct{}{}:
	case <-patient.Done():
		return func() {}, ctx.Err()
	}
	mine := func() { <-s.sweeping }
	if s.Turn == nil {
		return mine, nil
	}
	shared, err := s.Turn.TakeTurn(patient)
	switch {
	case err == nil:
		return func() { shared(); mine() }, nil
	case ctx.Err() != nil:
		mine()
		return nil, ctx.Err()
	default: // erasing waits for no lock
		s.Log.InfoContext(ctx, logevent.SweepAwaited, "step", "turn", "kind", fault.KindOf(err))
		return mine, nil
	}
}
