package task_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
)

const (
	interval = time.Hour       // between full passes
	tick     = 5 * time.Minute // between the timer's calls
	pageSize = 3               // entries that a full pass reads at once here
)

// A process dies at each call of storage in turn, before or after its effect. Others find all the same, and what was done up to
// the last page is not done again.
func TestFullPassGoesOnWhereADeadOneWas(t *testing.T) {
	whole := 0
	inWorld(t, func(_ *testing.T, w *world) {
		l := newLitter(w)
		began := time.Now()
		c := &counting{n: -1, die: func() {}}
		c.at(w)
		if _, err := w.paged("whole").PassWhenDue(w.Context(), interval); err != nil {
			w.Fatalf("pass: %v", err)
		}
		w.faulty.Heal()
		l.check(began)
		whole = c.calls
	})
	most := 0
	for _, after := range []bool{false, true} {
		for n := 1; n <= whole && !t.Failed(); n++ {
			inWorld(t, func(t *testing.T, w *world) {
				l := newLitter(w)
				began := time.Now()
				ctx, die := context.WithCancel(t.Context())
				c := &counting{n: n, after: after, die: die}
				c.at(w)
				if _, err := w.paged("mortal").PassWhenDue(ctx, interval); c.dead != (err != nil) {
					t.Errorf("call %d, after %t: nothing was told of it", n, after)
				}
				w.faulty.Heal()
				if w.passes().Began.Before(began) { // else only the answer to the last write was lost
					again := &counting{n: -1, calls: n, die: func() {}}
					again.at(w)
					l.goOn()
					w.faulty.Heal()
					most = max(most, again.calls)
				}
				l.check(began)
				if t.Failed() {
					t.Fatalf("died at call %d, after %t", n, after)
				}
			})
		}
	}
	t.Logf("%d calls of storage without a death, at most %d with one", whole, most)
	if most > whole+whole/4 {
		t.Error("too much is done again")
	}
}

// Each call of storage takes seconds, and a call of the timer has a minute: the pass ends by itself before it, and goes on in
// the next call, between two entries of a page.
func TestFullPassEndsByItselfBeforeItsDeadline(t *testing.T) {
	for _, slow := range []time.Duration{100 * time.Millisecond, time.Second, 2500 * time.Millisecond} {
		inWorld(t, func(t *testing.T, w *world) {
			l := newLitter(w)
			began := time.Now()
			w.faulty.Before(func(storagetest.Op, string) error { pass(slow); return nil })
			seen := 0
			for calls := 1; ; calls++ {
				ctx, done := context.WithTimeout(t.Context(), time.Minute)
				_, err := w.paged(fmt.Sprint(calls)).PassWhenDue(ctx, interval)
				if err != nil || ctx.Err() != nil {
					t.Fatalf("call %d: %v, %v", calls, err, ctx.Err())
				}
				done()
				w.faulty.Heal()
				p := w.passes()
				if p.UnderWay == nil {
					t.Logf("%s a call of storage: %d calls of the timer", slow, calls)
					break
				}
				if p.UnderWay.Did.Seen < seen || p.UnderWay.Began.Before(began) || calls > 100 {
					t.Fatalf("call %d: it stands at %+v", calls, p.UnderWay)
				}
				seen = p.UnderWay.Did.Seen
				w.faulty.Before(func(storagetest.Op, string) error { pass(slow); return nil })
			}
			l.check(began)
		})
	}
}

// Whatever became of the note, everything is gone through.
func TestFullPassBeginsAnewWithoutASoundNote(t *testing.T) {
	at := func() string { return time.Now().UTC().Add(-time.Minute).Format(time.RFC3339) }
	notes := map[string]string{
		"half":                    `{"v":1,"under_way":{"began":"NOW","steps":{"uploads":{"blob":"uploads/zzz"`,
		"no JSON":                 "\x00\x01",
		"newer":                   `{"v":2,"under_way":{"began":"NOW","saved":"NOW","steps":{"uploads":{"done":true}}}}`,
		"no beginning":            `{"v":1,"under_way":{"saved":"NOW","steps":{"uploads":{"done":true}}}}`,
		"beginning in the future": `{"v":1,"under_way":{"began":"2999-01-01T00:00:00Z","saved":"NOW","steps":{"uploads":{"done":true}}}}`,
		"no steps":                `{"v":1,"under_way":{"began":"NOW","saved":"NOW"}}`,
		"another container":       `{"v":1,"under_way":{"began":"NOW","saved":"NOW","steps":{"uploads":{"blob":"work/zzz"}}}}`,
		"no container":            `{"v":1,"under_way":{"began":"NOW","saved":"NOW","steps":{"records":{"blob":"uploads/zzz"}}}}`,
		"no key":                  `{"v":1,"under_way":{"began":"NOW","saved":"NOW","steps":{"records":{"partition":"a/b","row":"~"}}}}`,
		"steps that are unknown":  `{"v":1,"under_way":{"began":"NOW","saved":"NOW","steps":{"downloads":{"done":true}}}}`,
		"nothing":                 `{}`,
	}
	for name, note := range notes {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				l := newLitter(w)
				_, err := w.store.Put(t.Context(), storage.Record{
					Key:   storage.Key{Table: storage.State, Partition: "retention", Row: "fullpass"},
					Value: []byte(strings.ReplaceAll(note, "NOW", at())),
				})
				if err != nil {
					t.Fatal(err)
				}
				w.passes() // the numbers can be read all the same
				began := time.Now().Add(-time.Minute)
				if _, err := w.paged("next").PassWhenDue(t.Context(), interval); err != nil {
					t.Fatal(err)
				}
				l.check(began)
			})
		})
	}
}

func TestFullPassIsMadeOnceAnInterval(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		made := func(s *task.Service, fails error) bool {
			t.Helper()
			lists := 0
			w.faulty.Before(func(op storagetest.Op, key string) error {
				if op == storagetest.ListBlobs {
					if lists++; strings.HasPrefix(key, storage.Uploads) {
						return fails
					}
				}
				return nil
			})
			defer w.faulty.Heal()
			if _, err := s.PassWhenDue(t.Context(), interval); !errors.Is(err, fails) {
				t.Errorf("got %v, want %v", err, fails)
			}
			return lists > 0
		}
		away := fault.New(fault.StorageUnavailable, "away")
		second := w.process("second")
		for n, c := range []struct {
			after time.Duration
			by    *task.Service
			fails error
			want  bool
		}{
			{0, w.Service, nil, true},
			{tick, w.Service, nil, false},
			{tick, second, nil, true}, // a new process may follow an outage
			{tick, second, nil, false},
			{interval - 2*tick, w.Service, nil, false},
			{tick, w.Service, nil, true},
			{tick, second, nil, false},
			{interval, second, away, true},
			{tick, second, away, true}, // goes on with what it could not do
			{tick, w.Service, nil, true},
			{tick, w.Service, nil, false},
		} {
			pass(c.after)
			if got := made(c.by, c.fails); got != c.want {
				t.Errorf("call %d: made %t, want %t", n, got, c.want)
			}
		}
	})
}

// Of two calls at once the second leaves the pass to the first; of two that go on with it all the same, one does.
func TestDoubledCallsDoNothingTwice(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		l := newLitter(w)
		began := time.Now()
		second, met := w.paged("second"), false
		w.faulty.Before(func(op storagetest.Op, _ string) error {
			if op != storagetest.ListRecords || met {
				return nil
			}
			met = true
			calls := 0
			w.faulty.Before(func(storagetest.Op, string) error { calls++; return nil })
			if done, err := second.PassWhenDue(t.Context(), interval); err != nil || done != (task.Swept{}) || calls != 1 {
				t.Errorf("the second made %d calls: %+v, %v", calls, done, err)
			}
			pass(3 * time.Minute) // as if the first hung
			if _, err := second.PassWhenDue(t.Context(), interval); err != nil {
				t.Error(err)
			}
			w.faulty.Heal()
			return nil
		})
		if _, err := w.paged("first").PassWhenDue(t.Context(), interval); err != nil || !met {
			t.Errorf("%v, met %t", err, met)
		}
		l.check(began)
	})
}

// A step that cannot be done is told, keeps no other from coming round, and ends the pass when it can be done again.
func TestStepThatFailsKeepsTheOthersFromNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		l := newLitter(w)
		began := time.Now()
		broken := func(op storagetest.Op, key string) error {
			if op == storagetest.ListBlobs && strings.HasPrefix(key, storage.Work) {
				return fault.New(fault.StorageUnavailable, "away")
			}
			return nil
		}
		late := func() int { return strings.Count(w.log.String(), `"msg":"`+logevent.PassLate+`"`) }
		s := w.paged("only")
		for time.Since(began) < 25*time.Hour {
			w.stray("uploads/stray")
			w.faulty.Before(broken)
			for range interval/tick + 1 {
				if _, err := s.PassWhenDue(t.Context(), interval); err == nil {
					t.Fatal("nothing is told of the step")
				}
				pass(tick)
			}
			w.faulty.Heal()
			for _, name := range w.strays() {
				if !strings.HasPrefix(name, storage.Work) {
					t.Fatalf("%s after the beginning: %s is left", time.Since(began), name)
				}
			}
			p := w.passes()
			if p.UnderWay == nil || p.UnderWay.Step != storage.Work || p.UnderWay.Began.After(began.Add(tick)) || !p.Ended.IsZero() {
				t.Fatalf("it stands at %+v", p)
			}
			if want := time.Since(began) >= 24*time.Hour; p.Late != want || late() > 0 && time.Since(began) < 24*time.Hour {
				t.Errorf("%s after the beginning: late %t, told %d times", time.Since(began), p.Late, late())
			}
		}
		if late() == 0 {
			t.Error("nobody was told")
		}
		if _, err := s.PassWhenDue(t.Context(), interval); err != nil {
			t.Error(err)
		}
		l.check(began)
		told := late()
		pass(tick)
		if _, err := s.PassWhenDue(t.Context(), interval); err != nil || late() != told || w.passes().Late {
			t.Errorf("told again after its end: %v", err)
		}
	})
}

// While no record can be read or written the bytes are found all the same.
func TestFullPassNeedsNoNote(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		newLitter(w)
		w.faulty.Before(func(_ storagetest.Op, key string) error {
			if strings.HasPrefix(key, "state/retention") {
				return fault.New(fault.StorageUnavailable, "away")
			}
			return nil
		})
		if _, err := w.paged("only").PassWhenDue(t.Context(), interval); !errors.Is(err, fault.StorageUnavailable) {
			t.Errorf("got %v", err)
		}
		w.faulty.Heal()
		if left := w.strays(); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
	})
}
