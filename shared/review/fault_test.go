package review_test

import (
	"errors"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/access/accesslog"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/review"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
)

// story is a review from its first step to its last, each tried again until it succeeds or is refused.
func (w *world) story() {
	w.t.Helper()
	jane, john := w.reviewer("jane"), w.reviewer("john")
	retry := func(step func() error) {
		for range 3 {
			err := step()
			w.checkNothingGoesUnrecorded()
			if !errors.Is(err, fault.Unavailable) {
				return
			}
		}
	}
	var c *review.Case
	retry(func() (err error) {
		c, err = w.Open(w.t.Context(), jane, w.ref, reason, 0)
		return err
	})
	if c == nil {
		return
	}
	try := func() { _, _ = w.read(jane, c.ID, review.Original) } // what it may give is checked below
	try()
	retry(func() error {
		_, err := w.Approve(w.t.Context(), jane, c.ID)
		if err == nil {
			w.t.Error("one person is two")
		}
		return err
	})
	retry(func() error {
		_, err := w.Approve(w.t.Context(), john, c.ID)
		return err
	})
	try()
	w.checkNothingGoesUnrecorded()
	retry(func() error {
		_, err := w.Close(w.t.Context(), john, c.ID)
		return err
	})
	given := len(w.given)
	stored, err := w.Service.Get(w.t.Context(), jane, c.ID)
	if err == nil && stored.State(w.now) == review.Closed {
		if try(); len(w.given) != given {
			w.t.Error("a closed case was read")
		}
	}
	w.checkNothingGoesUnrecorded()
}

// checkNothingGoesUnrecorded compares what has happened with what the access log says. More may have been recorded than
// happened, never less.
func (w *world) checkNothingGoesUnrecorded() {
	w.t.Helper()
	count := map[accesslog.Act]int{}
	recs, err := w.store.List(w.t.Context(), storage.Query{Table: storage.AccessLog, Limit: 1000})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range w.entries(recs) {
		count[e.Act]++
	}
	if len(w.given) > count[accesslog.CaseOriginal]+count[accesslog.CaseRead] {
		w.t.Errorf("%d reads, recorded: %v", len(w.given), count)
	}
	if len(w.given) > 0 && count[accesslog.CaseApproved] == 0 {
		w.t.Error("read without a recorded approval")
	}
	cases, err := w.store.List(w.t.Context(), storage.Query{Table: storage.Cases, Limit: 1000})
	if err != nil {
		w.t.Fatal(err)
	}
	if len(cases) > count[accesslog.CaseOpened] {
		w.t.Errorf("%d cases, recorded: %v", len(cases), count)
	}
}

// entries reads the access log as it is stored.
func (w *world) entries(recs []storage.Record) []accesslog.Opened {
	w.t.Helper()
	if len(recs) == 0 {
		return nil
	}
	healthy := accesslog.New(w.store, w, time.Hour, func() time.Time { return w.now }, w.Log)
	page, _, err := healthy.List(w.t.Context(), accesslog.Query{Limit: len(recs)})
	if err != nil {
		w.t.Fatal(err)
	}
	return page
}

// Every write is lost in turn, before and after its effect, once and from then on.
func TestLostWriteNeverGrantsARead(t *testing.T) {
	writes := func(fail func(n int) bool) storagetest.Hook {
		n := 0
		return func(op storagetest.Op, _ string) error {
			if !op.Writes() {
				return nil
			}
			if n++; fail(n) {
				return fault.New(fault.StorageUnavailable, "storage did not answer")
			}
			return nil
		}
	}
	total := 0
	w := newWorld(t)
	w.faults.Before(writes(func(n int) bool {
		total = n
		return false
	}))
	w.story()
	if total < 7 || len(w.given) != 1 { // opened, approved, read and closed are recorded; three of them are stored
		t.Fatalf("%d writes and %d reads in a story without faults", total, len(w.given))
	}
	for at := 1; at <= total; at++ {
		for name, fail := range map[string]func(n int) bool{
			"once": func(n int) bool { return n == at }, "from then on": func(n int) bool { return n >= at },
		} {
			for when, inject := range map[string]func(*world, storagetest.Hook){
				"before": func(w *world, h storagetest.Hook) { w.faults.Before(h) }, "after": func(w *world, h storagetest.Hook) { w.faults.After(h) },
			} {
				t.Run(name+" "+when, func(t *testing.T) {
					w := newWorld(t)
					inject(w, writes(fail))
					w.story()
				})
			}
		}
	}
}

func TestNothingIsGrantedWhileTheLedgerIsAway(t *testing.T) {
	w := newWorld(t)
	c := w.approved()
	waiting := w.opened()
	w.refused = fault.New(fault.StorageUnavailable, "storage did not answer")
	_, err := w.Open(t.Context(), w.reviewer("jane"), w.ref, reason, 0)
	is(t, "opened", err, fault.Unavailable)
	_, err = w.Approve(t.Context(), w.reviewer("john"), waiting.ID)
	is(t, "approved", err, fault.Unavailable)
	_, err = w.read(w.reviewer("jane"), c.ID, review.Original)
	is(t, "read", err, fault.Unavailable)
	if len(w.given) != 0 {
		t.Errorf("given: %v", w.given)
	}
	w.refused = nil
	_, err = w.read(w.reviewer("jane"), waiting.ID, review.Original)
	is(t, "read of the case whose approval was not recorded", err, fault.CaseNotOpen)
}

// Two approve at once: one of them is the second person, the other one is told so.
func TestOneOfTwoApprovalsAtOnceCounts(t *testing.T) {
	w := newWorld(t)
	c := w.opened()
	var other *review.Case
	hook := func(op storagetest.Op, key string) error {
		if op == storagetest.PutRecord && key == "cases/cases/"+c.ID {
			w.faults.Heal()
			var err error
			if other, err = w.Approve(t.Context(), w.reviewer("jill"), c.ID); err != nil {
				t.Fatal(err)
			}
		}
		return nil
	}
	w.faults.Before(hook)
	_, err := w.Approve(t.Context(), w.reviewer("john"), c.ID)
	is(t, "the slower one", err, fault.WrongState)
	if other == nil || other.ApprovedBy.Subject != "subject-jill" {
		t.Fatalf("%+v", other)
	}
	_, err = w.read(w.reviewer("john"), c.ID, review.Original)
	is(t, "the slower one reads", err, fault.CaseNotOpen)
	if _, err := w.read(w.person("jill", access.Reviewer), c.ID, review.Original); err != nil {
		t.Error(err)
	}
}
