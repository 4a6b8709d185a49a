package task

import (
	"errors"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
)

// Claims is who holds a task, or a part of one, and what became of the attempts before.
type Claims struct {
	Lease    Lease `json:"lease,omitzero"`
	Attempts int   `json:"attempts,omitempty"`
	Suspect  bool  `json:"suspect,omitempty"` // in hand when a process died: it is read alone next
	Deaths   int   `json:"deaths,omitempty"`  // of processes that read nothing else
	Starved  int   `json:"starved,omitempty"` // times it was put back because the machine had no processor time for it
	Resent   int   `json:"resent,omitempty"`  // times its message was sent again and nobody took it
}

// Lease is a worker's hold on a task, or on a part of one. It is valid until Expires.
type Lease struct {
	Owner   string    `json:"owner,omitempty"`
	Expires time.Time `json:"expires,omitzero"`
	Alone   bool      `json:"alone,omitempty"` // the worker's process reads no other document meanwhile
}

// live reports whether a worker holds it.
func (c *Claims) live(now time.Time) bool { return now.Before(c.Lease.Expires) }

// take makes the owner its holder. What was in hand when a process died is taken only alone: else it is errSuspect.
func (c *Claims) take(owner string, now time.Time, alone bool) error {
	if c.Suspect && !alone {
		return errSuspect
	}
	c.Attempts++
	c.Resent = 0
	c.Lease = Lease{Owner: owner, Expires: now.Add(leaseLife), Alone: alone}
	return nil
}

// grace is how long nobody may take what is queued until its message counts as lost: with the process that had received it, say. It
// doubles each time, since a message that only waits behind many others must not be joined by more and more of its kind. A message
// of a further attempt is delayed by up to half of queueGrace, so that it has all of it at once.
func (c *Claims) grace() time.Duration {
	if c.Attempts > 0 || c.Starved > 0 {
		return queueGrace
	}
	return min(queueGrace, firstGrace<<min(c.Resent, 10))
}

// lose notes that the holder let its lease run out: its process died, or was killed. Only a death over this document alone can
// be held against it; else the begun attempt is given back, and it is read alone next.
func (c *Claims) lose() {
	if c.Lease.Alone {
		c.Deaths++
	}
	c.Suspect = true
	c.yield()
}

// free makes what is to be read nobody's: a lease that ran out is lost. It is errBusy while one is live, and errSpent for what
// was begun too often.
func (c *Claims) free(now time.Time) error {
	switch {
	case c.live(now):
		return errBusy
	case c.Lease.Owner != "":
		c.lose()
	}
	if c.spent() {
		return errSpent
	}
	return nil
}

// settle notes why the holder lets go of what it did not finish. It is errSpent after the last attempt.
func (c *Claims) settle(why error) error {
	switch {
	case handsOn(why):
		c.yield()
		if errors.Is(why, errSlice) {
			c.Suspect, c.Deaths = false, 0 // what was in hand at the death has been read
		}
	case errors.Is(why, fault.EngineStarved):
		c.yield()
		c.Starved++
	case c.Attempts >= MaxAttempts:
		return errSpent
	default:
		c.Lease = Lease{}
	}
	return nil
}

// yield notes that the holder lets go in good order; it was no attempt.
func (c *Claims) yield() {
	c.Attempts = max(0, c.Attempts-1)
	c.Lease = Lease{}
}

// spent reports whether processing was begun too often to be begun again.
func (c *Claims) spent() bool { return c.Attempts >= MaxAttempts || c.Deaths >= MaxDeaths }

func exhausted() *Failure {
	return &Failure{
		Code:   fault.AttemptsExhausted,
		Detail: "processing was begun several times and did not finish; submit the document again, or split it",
	}
}
