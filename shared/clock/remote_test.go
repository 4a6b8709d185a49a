package clock_test

import (
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/clock"
)

func TestRemoteTimeIsTheStoresWhateverTheInstanceSays(t *testing.T) {
	m := newMachine()
	m.wrong = 10 * day
	r := clock.NewRemote(func() time.Time { return m.read().Wall })
	if r.Seen() || r.Agrees() == nil {
		t.Error("a clock that has seen no answer is trusted")
	}
	near := func(want time.Duration) {
		t.Helper()
		if off := r.Now().Sub(m.at); off.Abs() > want {
			t.Errorf("it is %s off the store's time", off)
		}
	}
	for range 100 {
		m.pass(7 * time.Second / 3)
		r.Observe(m.at.Truncate(time.Second))
		near(time.Second)
	}
	if r.Agrees() == nil {
		t.Error("an instance that is ten days off takes work")
	}
	if m.wrong = 0; r.Wall().Sub(m.at) != 0 {
		t.Error("the wall clock is not the instance's")
	}
}

func TestRemoteTimeNeverGoesBackForALateAnswer(t *testing.T) {
	m := newMachine()
	r := clock.NewRemote(func() time.Time { return m.read().Wall })
	r.Observe(m.at)
	for range 50 {
		last := r.Now()
		m.pass(100 * time.Millisecond)
		r.Observe(m.at.Add(-2 * time.Second)) // it was on its way for so long
		if now := r.Now(); now.Before(last) {
			t.Fatalf("from %s back to %s", last, now)
		}
	}
	if err := r.Agrees(); err != nil {
		t.Error(err)
	}
}

func TestOneStrangeAnswerMovesNothingAndAHaltIsCaughtUp(t *testing.T) {
	m := newMachine()
	r := clock.NewRemote(func() time.Time { return m.read().Wall })
	r.Observe(m.at)
	r.Observe(m.at.Add(10 * day))
	if off := r.Now().Sub(m.at); off.Abs() > time.Second || r.Agrees() == nil {
		t.Errorf("one answer moved the time by %s; agrees %v", off, r.Agrees())
	}
	r.Observe(m.at)
	if err := r.Agrees(); err != nil {
		t.Errorf("a plain answer later: %v", err)
	}
	// The instance was halted for an hour: neither of its clocks went on.
	for range 3 {
		r.Observe(m.at.Add(hour))
	}
	if off := r.Now().Sub(m.at.Add(hour)); off.Abs() > time.Second || r.Agrees() == nil {
		t.Errorf("after a halt of an hour it is %s off; agrees %v", off, r.Agrees())
	}
	m.pass(time.Minute)
	r.Observe(m.at.Add(hour + 3*time.Minute)) // and for three minutes
	if off := r.Now().Sub(m.at.Add(hour + 3*time.Minute)); off.Abs() > time.Second {
		t.Errorf("after a halt of minutes it is %s off", off)
	}
}

// A process that its platform froze asks for the time before it does anything, and believes the answer.
func TestTimeIsAskedForAnewAfterAHaltOfUnknownLength(t *testing.T) {
	m := newMachine()
	r := clock.NewRemote(func() time.Time { return m.read().Wall })
	r.Observe(m.at)
	r.Observe(m.at.Add(10 * day)) // one in doubt
	r.Halted()
	if r.Seen() || r.Agrees() == nil {
		t.Error("what the store said before the halt still counts")
	}
	for _, halt := range []time.Duration{time.Minute, 5 * time.Hour} {
		r.Halted()
		m.at, m.wrong = m.at.Add(halt), m.wrong-halt // its own clock stood still
		r.Observe(m.at)
		if off := r.Now().Sub(m.at); off.Abs() > time.Second {
			t.Errorf("after a halt of %s it is %s off", halt, off)
		}
	}
}
