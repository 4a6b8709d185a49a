package clock

import "time"

// Tolerance is how far wall time and service time may differ before nobody knows which is right.
const Tolerance = 5 * time.Minute

// slew is how much faster or slower service time may go to follow small differences, such as leap seconds and the steps of
// time synchronisation: 43 seconds a day.
const slew = 500e-6

// Reading is what the machine says at one moment.
type Reading struct {
	Wall   time.Time
	Boot   time.Duration // since the machine was started, suspended time included
	BootID string        // changes with each start of the machine
}

// Anchor ties service time to a reading. It is stored, so that a process that starts goes on where the last one was.
type Anchor struct {
	Service time.Time     `json:"service"` // service time at the reading; zero: nothing was stored
	Boot    time.Duration `json:"boot"`
	BootID  string        `json:"boot_id"`
	Wall    time.Time     `json:"wall"`
	Offset  time.Duration `json:"offset"` // of UTC against service time, as an operator accepted it
	// Horizon is the last moment after which time went by that nobody measured. What began until then cannot be dated.
	Horizon time.Time `json:"horizon,omitzero"`
	// Behind says that the wall clock was behind what was stored when the machine had been started. As long as it is, the
	// machine has not learned the time yet.
	Behind bool `json:"behind,omitempty"`
}

// at carries the anchor on to a reading.
func (a Anchor) at(r Reading) Anchor {
	next, wall := a, r.Wall.UTC().Round(0) // what has a monotonic reading is not compared by the wall clock
	next.Boot, next.BootID, next.Wall = r.Boot, r.BootID, wall
	switch {
	case a.Service.IsZero():
		next.Service = wall
	case a.BootID == r.BootID && r.Boot >= a.Boot:
		next.Service = a.Service.Add(r.Boot - a.Boot)
	default:
		// What the wall clock says now, or how far it went since the last reading: where somebody had moved it they differ,
		// and the higher one erases early rather than late.
		off := max(wall.Sub(a.Service.Add(a.Offset)), wall.Sub(a.Wall))
		next.Service = a.Service.Add(max(0, off))
		if off < -Tolerance {
			next.Horizon, next.Behind = next.Service, true
		}
	}
	return next
}

// drift is how far wall time is ahead of what service time says it should be.
func (a Anchor) drift() time.Duration { return a.Wall.Sub(a.Service.Add(a.Offset)) }

// settle follows the wall clock as far as that may be followed, over the time since the reading before.
func (a Anchor) settle(since time.Duration) Anchor {
	drift := a.drift()
	switch {
	case a.Behind && drift >= 0:
		// The machine has learned the time: now it is known how long it was off.
		a.Service, a.Behind = a.Service.Add(drift), false
	case drift.Abs() <= Tolerance:
		most := time.Duration(float64(since) * slew)
		a.Service, a.Behind = a.Service.Add(max(-most, min(most, drift))), false
	}
	return a
}
