package task_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
)

// storedBytes is what is counted of the application.
func (w *world) storedBytes() int64 {
	w.Helper()
	for _, rec := range w.records(storage.Usage) {
		var u struct {
			Stored int64 `json:"stored"`
		}
		if err := json.Unmarshal(rec.Value, &u); err != nil {
			w.Fatalf("decode usage: %v", err)
		}
		if rec.Row == "open" {
			return u.Stored
		}
	}
	return 0
}

// held is what storage really holds of documents and results.
func (w *world) held() (sum int64) {
	w.Helper()
	for _, b := range w.copies() {
		sum += b.Size
	}
	return sum
}

func TestStoredBytesAreCountedUntilTheyAreErased(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		check := func(when string) {
			t.Helper()
			if got, want := w.storedBytes(), w.held(); got != want {
				t.Errorf("%s: %d bytes are counted, storage holds %d", when, got, want)
			}
		}
		waiting := w.queued(order())
		check("a document waits")
		done := w.completed(order())
		check("another one is read")
		if w.held() == 0 {
			t.Fatal("nothing is stored: the counts show nothing")
		}
		if _, err := w.Delete(t.Context(), done); err != nil {
			t.Fatal(err)
		}
		check("its results are erased")
		if _, err := w.Delete(t.Context(), waiting); err != nil {
			t.Fatal(err)
		}
		check("all is erased")
	})
}

func TestFullPassPutsStoredBytesRight(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.queued(order())
		ref := w.completed(order())
		w.faulty.Before(func(op storagetest.Op, key string) error {
			if op == storagetest.PutRecord && strings.HasPrefix(key, "usage/") {
				return fault.New(fault.StorageUnavailable, "the count is lost")
			}
			return nil
		})
		if _, err := w.Delete(t.Context(), ref); err != nil {
			t.Fatal(err)
		}
		w.faulty.Heal()
		if got := w.storedBytes(); got == w.held() {
			t.Fatal("no count was lost: the pass shows nothing")
		}
		pass(6 * time.Minute) // what is being changed is not counted
		w.fullPass()
		if got, want := w.storedBytes(), w.held(); got != want {
			t.Errorf("%d bytes are counted, storage holds %d", got, want)
		}
	})
}

func TestApplicationStoresNoMoreThanItsCap(t *testing.T) {
	size := int64(len(content))
	for name, tc := range map[string]struct {
		stamp, own, most int64 // bytes
	}{
		"the stamp's":             {stamp: 2 * size, most: 2 * size},
		"its own, which is lower": {stamp: 100 * size, own: 2 * size, most: 2 * size},
		"its own, which is more":  {stamp: size, own: 2 * size, most: 2 * size},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				w.Limits.Stored = tc.stamp
				o := order()
				o.Caps.BytesStored = tc.own
				refs := []task.Ref{w.create(o), w.create(o), w.create(o)}
				for _, ref := range refs[:2] {
					w.upload(ref, content)
					w.landed(ref)
					w.state(ref, task.Queued)
				}
				// The link of an object store takes what it will: what is too much goes at once, with an explanation.
				w.upload(refs[2], content)
				w.landed(refs[2])
				w.failed(refs[2], fault.StoredExceeded)
				if left := w.blobsOf(refs[2]); len(left) > 0 {
					t.Errorf("what is too much stays: %v", left)
				}
				if _, err := w.Create(t.Context(), o); !errors.Is(err, fault.StoredExceeded) {
					t.Errorf("a task more: %v", err)
				}
				if _, err := w.Delete(t.Context(), refs[0]); err != nil {
					t.Fatal(err)
				}
				if got := w.storedBytes(); got > tc.most {
					t.Errorf("%d bytes are stored, want at most %d", got, tc.most)
				}
				w.queued(o)

				other := o
				other.Application = "other"
				w.queued(other) // has a count of its own
			})
		})
	}
}

func TestDocumentsOnTheirWayCountAgainstTheCap(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.Limits.Stored = 1000
		ref := w.create(order())
		first, err := w.ExpectUpload(t.Context(), ref.UploadName(), 600)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Expect(t.Context(), app, 600); !errors.Is(err, fault.StoredExceeded) {
			t.Errorf("more than fits: %v", err)
		}
		if _, err := w.Expect(t.Context(), "other", 600); err != nil {
			t.Errorf("of another application: %v", err)
		}
		first()
		first() // a second call changes nothing
		for range 3 {
			done, err := w.Expect(t.Context(), app, 600)
			if err != nil {
				t.Fatal(err)
			}
			done()
		}
	})
}
