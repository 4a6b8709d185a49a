package ledger_test

import (
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
)

// What waited through an outage, however much, gets its place in the order in which it happened, and so does what waited for a
// key: an honest log is not late.
func TestWhatWaitedThroughAnOutageIsNotLate(t *testing.T) {
	for _, c := range []struct {
		name string
		next func(*world) // what the operator did before the log went on
	}{
		{"the log was not written", func(*world) {}},
		{"the key was replaced", func(w *world) { w.Log = w.process(signer(t, "lethe.test"), w.Signer) }},
		{"a new log was begun", func(w *world) { w.succeed(t, "next.test") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.grow(t, 1, 3)
			keys := []string{w.Signer.Public()}
			const documents = 5000 // more than are kept in memory
			for n := range documents {
				d := w.document(1)
				d.uploaded = noon.Add(time.Duration(n) * 10 * time.Second)
				d.ended, d.gone = d.uploaded.Add(time.Second), d.uploaded.Add(10*time.Minute)
				if err := w.tell(t.Context(), d); err != nil {
					t.Fatal(err)
				}
			}
			w.now = noon.Add(15 * time.Hour)
			c.next(w)
			w.sequence(t)
			a, err := ledger.Check(t.Context(), w, ledger.Examination{Keys: append(keys, w.Signer.Public()), Now: w.now})
			if err != nil {
				t.Fatal(err)
			}
			if a.Documents != documents+2 || len(a.Breaches) > 0 {
				t.Errorf("%d documents, breaches %q", a.Documents, a.Breaches)
			}
		})
	}
}

// An operator sees how long the proof of erasures waits: since the last time that nothing did.
func TestLagGrowsWhileEntriesCannotBePlaced(t *testing.T) {
	w := newWorld(t)
	if lag, known := w.Lag(); known {
		t.Errorf("a lag of %s is known before anything was looked at", lag)
	}
	if err := w.Append(t.Context(), w.document(1).entries()[0]); err != nil {
		t.Fatal(err)
	}
	w.sequence(t)
	w.now = w.now.Add(3 * time.Second)
	if lag, known := w.Lag(); !known || lag != 3*time.Second {
		t.Errorf("the lag is %s, known %t", lag, known)
	}
	if err := w.Append(t.Context(), w.document(2).entries()[0]); err != nil {
		t.Fatal(err)
	}
	w.store.Before(func(op storagetest.Op, _ string) error {
		if op.Writes() {
			return fault.New(fault.StorageUnavailable, "away")
		}
		return nil
	})
	w.now = w.now.Add(time.Minute)
	if _, err := w.Sequence(t.Context()); err == nil {
		t.Fatal("an entry was placed without a write")
	}
	if lag, _ := w.Lag(); lag != time.Minute+3*time.Second {
		t.Errorf("the lag is %s while an entry waits", lag)
	}
	w.store.Heal()
	w.sequence(t)
	if lag, _ := w.Lag(); lag != 0 {
		t.Errorf("the lag is %s though nothing waits", lag)
	}
}
