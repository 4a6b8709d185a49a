package retention_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lethe-ocr/lethe/shared/erasure"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/trigger"
)

// The promise, in words of this test's own: a constant of the program that were wrong must not excuse the program.
const (
	processed   = 24 * time.Hour
	unprocessed = 48 * time.Hour
)

// seed draws the same year each time; the long counts draw new ones.
func seed(t *testing.T) uint64 {
	t.Helper()
	n := uint64(20260301)
	if os.Getenv("LETHE_SOAK") != "" {
		n = rand.Uint64()
	}
	t.Logf("seed %d", n)
	return n
}

// A year in which clients, workers and events misbehave, and storage, clocks and timer do not: what an auditor computes
// from the ledger is exactly what happened.
func TestYear(t *testing.T) {
	n := seed(t)
	synctest.Test(t, func(t *testing.T) {
		s := newSimulation(t, n, erasure.Inventory())
		s.live(365 * 24 * time.Hour)
		s.settle()
		audit := s.audit()
		t.Logf("%d documents in %d entries; longest kept %s after upload, %s after processing; %v",
			audit.Documents, audit.Size, audit.LongestAfterUpload, audit.LongestAfterProcessing, audit.Reasons)
		if len(audit.Breaches) > 0 || len(s.violations) > 0 {
			t.Errorf("breaches %q, violations %q", audit.Breaches, s.violations)
		}
		if audit.LongestAfterUpload != s.longestUpload || audit.LongestAfterProcessing != s.longestProcessed {
			t.Errorf("the auditor says %s and %s, the truth is %s and %s",
				audit.LongestAfterUpload, audit.LongestAfterProcessing, s.longestUpload, s.longestProcessed)
		}
		if s.more < 2 || s.again == 0 || audit.Documents < 1000 || audit.Kinds[ledger.Stray] == 0 || len(audit.Reasons) < 5 {
			t.Errorf("too little happened: %d with more pictures, %d processed again, %+v", s.more, s.again, audit.Reasons)
		}
	})
}

// The same with writes that are lost at random, clocks that jump by ten minutes either way (with a tick of half an hour the
// margin of an hour bears no more), and a timer that is down for 48 hours three times; the short count is of four months.
func TestYearOfOutages(t *testing.T) {
	n := seed(t)
	synctest.Test(t, func(t *testing.T) {
		s := newSimulation(t, n, erasure.Inventory())
		s.faults, s.jumps = 0.01, 10*time.Minute
		for range 3 {
			s.live(min(days(40), 120*24*time.Hour))
			s.outage(48 * time.Hour)
		}
		s.live(7 * 24 * time.Hour)
		s.faults, s.jumps = 0, 0
		s.settle()
		audit := s.audit()
		t.Logf("%d documents, %d writes lost, %d calls of the timer broken off; longest kept %s after upload, of it %d past the limits while the timer was down",
			audit.Documents, s.lost.Load(), s.broken, audit.LongestAfterUpload, len(audit.Breaches))
		if len(s.violations) > 0 {
			t.Errorf("violations: %q", s.violations)
		}
		if audit.Erased != audit.Documents {
			t.Errorf("%d documents, %d receipts", audit.Documents, audit.Erased)
		}
		// Nobody may look better than they were. A lost write can make the receipt later than the erasure, never earlier.
		if audit.LongestAfterUpload < s.longestUpload-s.jumped || s.lost.Load() == 0 || s.broken == 0 || len(audit.Breaches) == 0 {
			t.Errorf("the auditor says %s, the truth is %s; %d lost, breaches %d", audit.LongestAfterUpload, s.longestUpload, s.lost.Load(), len(audit.Breaches))
		}
	})
}

// An inventory that lacks any class of copies must turn the year red: else the class would be erased by accident.
func TestYearNoticesEveryClassThatIsMissing(t *testing.T) {
	n := seed(t)
	for _, missing := range erasure.Inventory() {
		if missing.Means != erasure.ByEraser {
			continue
		}
		t.Run(string(missing.Class), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var rest []erasure.Item
				for _, i := range erasure.Inventory() {
					if i.Class != missing.Class {
						rest = append(rest, i)
					}
				}
				s := newSimulation(t, n, rest)
				s.brief = true
				s.live(30 * 24 * time.Hour)
				if len(s.violations) == 0 {
					t.Errorf("nobody noticed that %s is missing", missing.Class)
				}
			})
		})
	}
}

// settle lets everything come to its end.
func (s *simulation) settle() {
	s.quiet = true
	s.live(40 * 24 * time.Hour)
	s.check(0)
	for _, table := range s.leftovers() {
		s.violate("records are left: %s", table)
	}
}

// timer is one tick of the host's timer. What fails is tried again with the next one. Where writes are lost, calls end in the
// middle too, and the next one may come from another process: then it comes when it does in a stamp, since with two ticks of
// half an hour gone nothing would be left of the margin.
func (s *simulation) timer() {
	for s.call() {
		time.Sleep(5 * time.Minute)
	}
}

// call calls the function and reports whether that was broken off.
func (s *simulation) call() (broken bool) {
	ctx, end := context.WithCancel(s.t.Context())
	defer end()
	if s.faults > 0 && s.random.IntN(10) == 0 {
		s.calls.Store(1 + s.random.Int64N(60))
		s.end.Store(&end)
	}
	_ = s.run(ctx, trigger.Tick{})
	if s.calls.Swap(0) >= 0 {
		return false
	}
	s.broken++
	s.start()
	return true
}

// outage is a time in which no timer runs and nobody calls. The first sweep after it must erase everything that is overdue.
func (s *simulation) outage(d time.Duration) {
	s.down = true
	s.live(d)
	s.down = false
	faults, jumps := s.faults, s.jumps
	s.faults, s.jumps = 0, 0
	s.skew.Store(0)
	s.timer()
	s.check(0)
	s.faults, s.jumps = faults, jumps
}

// check asserts that no copy is older than its limit.
func (s *simulation) check(grace time.Duration) {
	now := time.Now()
	for _, b := range s.copies() {
		born, ok := s.born[b.Name]
		if !ok {
			continue
		}
		limit := unprocessed
		if b.Uncommitted && s.machine == nil {
			limit = time.Hour + 24*time.Hour // after the link ended a full pass comes
		}
		if now.Sub(born) > limit+grace {
			s.violate("%s is %s old", container(b.Name), now.Sub(born))
		}
		if ended, ok := s.ended[owner(b.Name)]; ok && s.ages(b.Name) && now.Sub(ended) > processed+grace {
			s.violate("%s lives %s after processing", container(b.Name), now.Sub(ended))
		}
	}
}

func (s *simulation) violate(format string, args ...any) {
	if len(s.violations) < 10 {
		s.violations = append(s.violations, fmt.Sprintf(format, args...))
	}
}

// audit checks the ledger from outside.
func (s *simulation) audit() *ledger.Audit {
	s.t.Helper()
	audit, err := ledger.Check(s.t.Context(), s, ledger.Examination{Keys: []string{s.signer.Public()}, Since: nil, Now: s.now().Add(s.offset())})
	if err != nil {
		s.t.Fatal(err)
	}
	return audit
}

// fail draws whether a write is lost.
func (s *simulation) fail(op storagetest.Op, _ string) error {
	if s.calls.Load() != 0 && s.calls.Add(-1) == 0 {
		s.calls.Store(-1)
		(*s.end.Load())()
	}
	if s.machine != nil && s.machine.full && (op == storagetest.PutBlob || op == storagetest.PutRecord) {
		s.lost.Add(1)
		return errFull
	}
	if !op.Writes() || s.faults == 0 || s.random.Float64() >= s.faults {
		return nil
	}
	s.lost.Add(1)
	return errLost
}
