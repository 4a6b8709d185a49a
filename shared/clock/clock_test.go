package clock_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/clock"
)

const (
	minute = time.Minute
	hour   = time.Hour
	day    = 24 * time.Hour
)

// truth is when the histories begin.
var truth = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// machine is a computer whose wall clock may be wrong.
type machine struct {
	at    time.Time     // the true time
	wrong time.Duration // of the wall clock
	up    time.Duration
	id    string
	kept  memory
	log   bytes.Buffer
}

func newMachine() *machine { return &machine{at: truth, up: hour, id: "first"} }

func (m *machine) read() clock.Reading {
	return clock.Reading{Wall: m.at.Add(m.wrong), Boot: m.up, BootID: m.id}
}

// pass lets time go by.
func (m *machine) pass(d time.Duration) { m.at, m.up = m.at.Add(d), m.up+d }

// reboot takes the machine down for a while.
func (m *machine) reboot(d time.Duration) { m.at, m.up, m.id = m.at.Add(d), 0, m.id+"'" }

// start is a start of the program.
func (m *machine) start(t *testing.T) *clock.Clock {
	c := clock.Open(t.Context(), &m.kept, m.read, slog.New(slog.NewTextHandler(&m.log, nil)))
	c.Renew(t.Context())
	return c
}

// run lets time go by under a running program.
func (m *machine) run(t *testing.T, c *clock.Clock, d time.Duration) {
	for end := m.at.Add(d); m.at.Before(end); c.Renew(t.Context()) {
		m.pass(min(clock.Renewal, end.Sub(m.at)))
	}
}

// memory keeps an anchor.
type memory struct {
	anchor clock.Anchor
	broken error
	full   error // nothing can be stored
}

func (m *memory) Load() (clock.Anchor, error) { return m.anchor, m.broken }

func (m *memory) Update(change func(clock.Anchor) (clock.Anchor, error)) error {
	if m.broken != nil {
		return m.broken
	}
	next, err := change(m.anchor)
	if err == nil {
		err = m.full
	}
	if err == nil {
		m.anchor = next
	}
	return err
}

func TestAgesAreElapsedTimeWhateverTheWallClockDoes(t *testing.T) {
	for _, c := range []struct {
		name    string
		history func(t *testing.T, m *machine, c *clock.Clock) *clock.Clock
		aged    time.Duration // what a document has aged, by service time
		agrees  bool
		lost    bool // the document cannot be dated
	}{
		{"ten days ahead at the first start and corrected later", func(t *testing.T, m *machine, c *clock.Clock) *clock.Clock {
			m.wrong = 0
			m.run(t, c, 5*hour)
			return c
		}, 5 * hour, false, false},
		{"jumps ten days ahead", func(t *testing.T, m *machine, c *clock.Clock) *clock.Clock {
			m.wrong += 10 * day
			m.run(t, c, 5*hour)
			return c
		}, 5 * hour, false, false},
		{"jumps back and forth again", func(t *testing.T, m *machine, c *clock.Clock) *clock.Clock {
			m.wrong -= 10 * day
			m.run(t, c, hour)
			m.wrong += 10 * day
			m.run(t, c, hour)
			return c
		}, 2 * hour, true, false},
		{"jumps while the program is not running", func(t *testing.T, m *machine, _ *clock.Clock) *clock.Clock {
			m.pass(2 * hour)
			m.wrong -= 10 * day
			m.pass(hour)
			return m.start(t)
		}, 3 * hour, false, false},
		{"a restart", func(t *testing.T, m *machine, _ *clock.Clock) *clock.Clock {
			m.pass(3 * hour)
			return m.start(t)
		}, 3 * hour, true, false},
		{"a reboot", func(t *testing.T, m *machine, _ *clock.Clock) *clock.Clock {
			m.reboot(3 * hour)
			return m.start(t)
		}, 3 * hour, true, false},
		{"a reboot after a jump back that nobody accepted", func(t *testing.T, m *machine, c *clock.Clock) *clock.Clock {
			m.wrong -= 10 * day
			m.run(t, c, hour)
			m.reboot(3 * hour)
			return m.start(t)
		}, 4 * hour, false, false},
		{"a jump ahead during a reboot: rather early than late", func(t *testing.T, m *machine, _ *clock.Clock) *clock.Clock {
			m.reboot(3 * hour)
			m.wrong += 10 * day
			return m.start(t)
		}, 3*hour + 10*day, true, false},
		{"a jump back during a reboot: nobody knows how long it took", func(t *testing.T, m *machine, _ *clock.Clock) *clock.Clock {
			m.reboot(3 * hour)
			m.wrong -= 10 * day
			return m.start(t)
		}, 0, false, true},
		{"a machine that learns the time after its start", func(t *testing.T, m *machine, _ *clock.Clock) *clock.Clock {
			m.reboot(3 * hour)
			was := m.wrong
			m.wrong -= 10 * day
			c := m.start(t)
			m.run(t, c, minute)
			m.wrong = was
			m.run(t, c, clock.Renewal)
			return c
		}, 3*hour + minute + clock.Renewal, true, true},
		{"a lost anchor", func(t *testing.T, m *machine, _ *clock.Clock) *clock.Clock {
			m.kept = memory{}
			m.pass(3 * hour)
			return m.start(t)
		}, 3 * hour, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMachine()
			m.wrong = 10 * day
			now := m.start(t)
			document := now.Now()
			m.run(t, now, minute)
			after := c.history(t, m, now)
			if aged := after.Now().Sub(document) - minute; aged != c.aged {
				t.Errorf("a document aged %s, want %s", aged, c.aged)
			}
			if agrees := after.Agrees() == nil; agrees != c.agrees {
				t.Errorf("the clocks agree: %v, want %v", agrees, c.agrees)
			}
			if lost := document.Before(after.Horizon()); lost != c.lost {
				t.Errorf("the document lies before the horizon: %v, want %v", lost, c.lost)
			}
		})
	}
}

func TestTimeNeverGoesBackAndSmallDifferencesAreFollowedSlowly(t *testing.T) {
	m := newMachine()
	c := m.start(t)
	m.wrong = -4 * minute // within the tolerance: a step of time synchronisation
	last, began := c.Now(), m.at
	for range 100 {
		m.run(t, c, minute)
		now := c.Now()
		if now.Before(last) {
			t.Fatalf("from %s back to %s", last, now)
		}
		last = now
	}
	behind := m.at.Sub(began) - last.Sub(truth)
	if behind <= 0 || behind > 4*time.Second {
		t.Errorf("in 100 minutes it followed by %s, want at most 0.5 milliseconds a second", behind)
	}
	m.run(t, c, 6*day)
	if drift := c.Drift(); drift.Abs() > time.Second {
		t.Errorf("after days they still differ by %s", drift)
	}
}

func TestAnAcceptedCorrectionOpensIntakeAndMakesNothingOlder(t *testing.T) {
	m := newMachine()
	m.wrong = 10 * day
	server := m.start(t)
	document := server.Now()
	m.wrong = 0
	m.run(t, server, hour)

	verb := clock.Open(t.Context(), &m.kept, m.read, slog.New(slog.DiscardHandler))
	refused := errors.New("the ledger does not answer")
	if _, err := verb.Accept(func(clock.Correction) error { return refused }); !errors.Is(err, refused) || verb.Agrees() == nil {
		t.Errorf("a correction that was not written down: %v, agrees %v", err, verb.Agrees())
	}
	var told clock.Correction
	if _, err := verb.Accept(func(c clock.Correction) error {
		told = c
		if verb.Offset() != 0 || verb.Now().IsZero() {
			t.Error("the correction counts before it is written down")
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if !told.From.Equal(m.at.Add(10*day)) || !told.To.Equal(m.at) || !told.Service.Equal(document.Add(hour)) {
		t.Errorf("the correction is %+v", told)
	}
	m.run(t, server, clock.Renewal)
	if err := server.Agrees(); err != nil {
		t.Error(err)
	}
	if aged := server.Now().Sub(document); aged != hour+clock.Renewal {
		t.Errorf("the document aged %s", aged)
	}
	if utc := server.UTC(server.Now()); !utc.Equal(m.at) || !server.AtWall(server.Now().Add(hour)).Equal(m.at.Add(hour)) {
		t.Errorf("UTC is told as %s, it is %s", utc, m.at)
	}
	m.reboot(hour)
	if again := m.start(t); !again.UTC(again.Now()).Equal(m.at) || again.Now().Sub(document) != 2*hour+clock.Renewal {
		t.Errorf("after a reboot: %s, aged %s", again.UTC(again.Now()), again.Now().Sub(document))
	}
}

func TestACorrectionThatCannotBeStoredOpensNothing(t *testing.T) {
	m := newMachine()
	c := m.start(t)
	m.wrong = 10 * day
	m.run(t, c, 2*minute)
	m.kept.full = errors.New("no space left on device")
	if _, err := c.Accept(func(clock.Correction) error { return nil }); !errors.Is(err, m.kept.full) {
		t.Errorf("the correction was accepted with %v", err)
	}
	if c.Agrees() == nil {
		t.Error("a correction that no restart would know of opened intake")
	}
}

func TestAJumpIsToldOnce(t *testing.T) {
	m := newMachine()
	c := m.start(t)
	m.wrong = 6 * minute
	m.run(t, c, hour)
	m.wrong = -6 * minute
	m.run(t, c, hour)
	m.wrong = 0
	m.run(t, c, hour)
	for event, want := range map[string]int{"clock.jumped": 2, "clock.agrees": 1} {
		if got := strings.Count(m.log.String(), event); got != want {
			t.Errorf("%s %d times, want %d", event, got, want)
		}
	}
}

func TestAnAnchorThatCannotBeStoredStopsNothing(t *testing.T) {
	m := newMachine()
	c := m.start(t)
	m.kept.broken = errors.New("no space left on device")
	began := c.Now()
	m.run(t, c, hour)
	if aged := c.Now().Sub(began); aged != hour {
		t.Errorf("time went by by %s", aged)
	}
	if got := strings.Count(m.log.String(), "clock.unsaved"); got != 1 {
		t.Errorf("told %d times", got)
	}
	m.kept.broken = nil
	m.run(t, c, clock.Renewal)
	if again := m.start(t); again.Now().Sub(began) != hour+clock.Renewal {
		t.Errorf("after a restart %s", again.Now().Sub(began))
	}
}

func TestAClockWhoseAnchorIsLostLearnsFromWhatWasStored(t *testing.T) {
	m := newMachine()
	m.wrong = 10 * day
	swept := m.start(t).Now()
	m.kept, m.wrong = memory{}, 0
	c := clock.Open(t.Context(), &m.kept, m.read, slog.New(slog.DiscardHandler))
	c.Known(swept)
	if c.Now().Before(swept) || !c.Horizon().Equal(swept) || c.Agrees() == nil {
		t.Errorf("now %s, horizon %s, want no time before %s and everything before it undatable", c.Now(), c.Horizon(), swept)
	}
	c.Renew(t.Context())
	if again := m.start(t); !again.Horizon().Equal(swept) {
		t.Errorf("a restart forgot the horizon: %s", again.Horizon())
	}
}
