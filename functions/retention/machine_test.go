package retention_test

import (
	"log/slog"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lethe-ocr/lethe/shared/clock"
	"github.com/lethe-ocr/lethe/shared/erasure"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

var errFull = fault.New(fault.StorageFull, "the disk is full")

// machine is a computer with faults of its own under a simulation: wall clock, power, disk. The bubble's clock is the truth.
type machine struct {
	*simulation
	clock  *clock.Clock
	anchor clock.Anchor
	booted time.Time
	boots  int
	wrong  time.Duration // of the wall clock
	full   bool          // every write but a deletion fails
	until  time.Time     // end of that

	failing bool // not only the clock jumps: power, disk and state are lost too

	jumped, reboots, restarts, fills, losses, accepted int // how often it happened
}

// onMachine puts a simulation on a computer whose wall clock is wrong from the start.
func onMachine(s *simulation, wrong time.Duration) *machine {
	m := &machine{simulation: s, booted: time.Now().Add(-time.Hour), wrong: wrong}
	m.power()
	s.machine = m
	s.start()
	return m
}

// read implements clock.Source.
func (m *machine) read() clock.Reading {
	return clock.Reading{Wall: time.Now().Add(m.wrong), Boot: time.Since(m.booted), BootID: strconv.Itoa(m.boots)}
}

// Load implements clock.Keeper.
func (m *machine) Load() (clock.Anchor, error) { return m.anchor, nil }

// Update implements clock.Keeper. The anchor is overwritten in its place: a full disk does not hinder it.
func (m *machine) Update(change func(clock.Anchor) (clock.Anchor, error)) error {
	next, err := change(m.anchor)
	if err == nil {
		m.anchor = next
	}
	return err
}

// power starts the program's clock.
func (m *machine) power() {
	m.clock = clock.Open(m.t.Context(), m, m.read, slog.New(slog.DiscardHandler))
}

// restart ends the program and starts it again.
func (m *machine) restart() {
	m.power()
	m.start()
	if m.clock.Fresh() {
		latest, err := m.tasks.LastKnown(m.t.Context())
		if err != nil {
			m.t.Fatal(err)
		}
		m.clock.Known(latest)
	}
	m.clock.Renew(m.t.Context())
	_, _ = m.tasks.Rescan(m.t.Context()) // the sweep finds what this could not
}

// happen is what befalls a machine within one step.
func (m *machine) happen() {
	m.clock.Renew(m.t.Context())
	if m.full && time.Now().After(m.until) {
		m.full = false
	}
	if m.quiet {
		return
	}
	if m.random.IntN(60) == 0 {
		m.jump()
	}
	if m.clock.Agrees() != nil && m.random.IntN(40) == 0 {
		_, err := m.clock.Accept(func(c clock.Correction) error { return m.proofs.Correct(m.t.Context(), c.Service, c.From, c.To) })
		switch {
		case err == nil:
			m.accepted++
		case !m.full: // a correction that cannot be written down is none
			m.t.Fatal(err)
		}
	}
	if m.random.IntN(100) == 0 {
		m.restarts++
		m.restart()
	}
	if !m.failing {
		return
	}
	switch m.random.IntN(300) {
	case 0, 1, 2:
		m.reboots++
		time.Sleep(time.Duration(m.random.Int64N(int64(6 * time.Hour)))) // and nobody does anything
		m.booted, m.boots = time.Now(), m.boots+1
		if m.random.IntN(2) == 0 {
			m.jump()
		}
		m.restart()
	case 3:
		m.fills++
		m.full, m.until = true, time.Now().Add(time.Duration(m.random.Int64N(int64(72*time.Hour))))
	case 4:
		m.losses++
		m.anchor = clock.Anchor{}
		if m.random.IntN(2) == 0 {
			m.jump()
		}
		m.restart()
	case 5:
		m.losses++
		m.loseRecords()
		if m.random.IntN(2) == 0 {
			m.anchor = clock.Anchor{}
			m.jump()
		}
		m.restart()
	}
}

// jump moves the wall clock: ten days either way, or to where it is right. While the machine is always on it may go anywhere;
// one that is off while its clock is set back by less than that cannot know it.
func (m *machine) jump() {
	m.jumped++
	const most = 10 * 24 * time.Hour
	places := 4
	if m.failing {
		places = 3
	}
	switch m.random.IntN(places) {
	case 0:
		m.wrong = 0
	case 1:
		m.wrong = most
	case 2:
		m.wrong = -most
	default:
		m.wrong = time.Duration(1+m.random.Int64N(int64(most/time.Hour))) * time.Hour
	}
}

// loseRecords takes the database away. The bytes stay, and the ledger's files.
func (m *machine) loseRecords() {
	ctx := m.t.Context()
	for _, table := range storage.Tables() {
		recs, err := m.store.List(ctx, storage.Query{Table: table, Limit: 100_000})
		if err != nil {
			m.t.Fatal(err)
		}
		for _, rec := range recs {
			if err := m.store.Delete(ctx, rec.Key, ""); err != nil {
				m.t.Fatal(err)
			}
		}
	}
}

// truth is when a service time was.
func (s *simulation) truth(service time.Time) time.Time {
	if s.machine == nil {
		return service
	}
	return time.Now().Add(service.Sub(s.now()))
}

// days is the length of a year in the short counts, or of a whole one.
func days(short int) time.Duration {
	if os.Getenv("LETHE_SOAK") != "" {
		short = 365
	}
	return time.Duration(short) * 24 * time.Hour
}

// A wall clock that is ten days ahead at the first start and then jumps about, with corrections that are accepted and with
// restarts, changes no age: nothing goes early or late, and the auditor computes what happened.
func TestYearOfClockJumps(t *testing.T) {
	n := seed(t)
	synctest.Test(t, func(t *testing.T) {
		s := newSimulation(t, n, erasure.Inventory())
		m := onMachine(s, 240*time.Hour)
		s.live(days(90))
		s.settle()
		audit := s.audit()
		t.Logf("%d documents, %d jumps, %d accepted, %d restarts; longest kept %s after upload, %s after processing; %v",
			audit.Documents, m.jumped, m.accepted, m.restarts, audit.LongestAfterUpload, audit.LongestAfterProcessing, audit.Reasons)
		if len(audit.Breaches) > 0 || len(s.violations) > 0 {
			t.Errorf("breaches %q, violations %q", audit.Breaches, s.violations)
		}
		// A failed document is gone before its receipt, so the auditor may find a longer life than there was, never a shorter one.
		if audit.LongestAfterUpload < s.longestUpload || audit.LongestAfterProcessing != s.longestProcessed {
			t.Errorf("the auditor says %s and %s, the truth is %s and %s",
				audit.LongestAfterUpload, audit.LongestAfterProcessing, s.longestUpload, s.longestProcessed)
		}
		if audit.LongestAfterProcessing < 23*time.Hour || audit.Reasons["undatable"] > 0 {
			t.Errorf("documents went early: %s, %v", audit.LongestAfterUpload, audit.Reasons)
		}
		if m.jumped == 0 || m.accepted == 0 || m.restarts == 0 || audit.Documents < 100 {
			t.Errorf("too little happened: %+v", audit)
		}
	})
}

// With reboots of unknown length, full disks and lost state among the faults documents may go early, but no copy outlives its
// limit in true time.
func TestYearOfMachineFaults(t *testing.T) {
	n := seed(t)
	synctest.Test(t, func(t *testing.T) {
		s := newSimulation(t, n, erasure.Inventory())
		m := onMachine(s, 240*time.Hour)
		m.failing = true
		s.live(days(120))
		t.Logf("%d jumps, %d accepted, %d reboots, %d full disks with %d writes lost, %d losses of state; longest kept %s after upload, %s after processing",
			m.jumped, m.accepted, m.reboots, m.fills, s.lost.Load(), m.losses, s.longestUpload, s.longestProcessed)
		s.settle()
		if len(s.violations) > 0 {
			t.Errorf("violations %q", s.violations)
		}
		// Where time was lost the log says what the service took for true, which is the longer life, and of what the database
		// knew alone it has no receipt. It never contradicts itself.
		audit := s.audit()
		kinds := map[string]int{}
		for _, b := range audit.Breaches {
			kind, _, _ := strings.Cut(b, ":")
			kinds[kind]++
		}
		t.Logf("%d documents, %d receipts, %v, breaches %v", audit.Documents, audit.Erased, audit.Reasons, kinds)
		for _, explained := range []string{"outlived-upload", "outlived-processing", "no-receipt", "late-entry", "ahead-of-time", "clock-contradiction"} {
			delete(kinds, explained)
		}
		if len(kinds) > 0 || audit.Reasons["undatable"] == 0 {
			t.Errorf("breaches %v, reasons %v", kinds, audit.Reasons)
		}
		if left := s.copies(); len(left) > 0 {
			t.Errorf("%d copies are left", len(left))
		}
		if m.reboots == 0 || m.fills == 0 || m.losses == 0 || s.lost.Load() == 0 {
			t.Error("too little happened")
		}
	})
}
