package task_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
)

func TestCapsOfAnApplicationHoldForItsPeopleTogetherAndHalfOfThemForEach(t *testing.T) {
	size := int64(len(content))
	for name, tc := range map[string]struct {
		caps  task.Caps
		stamp int64 // cap of the stamp on what is stored
		code  fault.Code
	}{
		"open tasks":           {caps: task.Caps{OpenTasks: 4}, code: fault.OpenTasksExceeded},
		"bytes a day":          {caps: task.Caps{BytesPerDay: 4 * size}, code: fault.BytesExceeded},
		"pages a day":          {caps: task.Caps{PagesPerDay: 4 * 3}, code: fault.PagesExceeded},
		"stored":               {caps: task.Caps{BytesStored: 4 * size}, code: fault.StoredExceeded},
		"stored, of the stamp": {stamp: 4 * size, code: fault.StoredExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				w.Limits.Stored = tc.stamp
				application, jane, john := people()
				own := order()
				own.Application = application
				mary := own
				mary.Application = task.PersonIn(application, "subject-mary")
				use := func(o task.Order) error {
					o.Caps = tc.caps
					a, err := w.Create(t.Context(), o)
					if err != nil {
						return err
					}
					w.upload(a.Task.Ref, content)
					w.landed(a.Task.Ref)
					if tc.code == fault.PagesExceeded {
						w.mustProcess(a.Task.Ref, task.Done)
					}
					return nil
				}
				refused := func(who string, o task.Order, names string) {
					t.Helper()
					err := use(o)
					if f, ok := errors.AsType[*fault.Error](err); !ok || f.Code != tc.code || !strings.HasPrefix(f.Detail, names) {
						t.Errorf("%s: %v, want %s of %s", who, err, tc.code, names)
					}
				}
				taken := func(who string, o task.Order) {
					t.Helper()
					if err := use(o); err != nil {
						t.Errorf("%s: %v", who, err)
					}
				}
				taken("Jane's first", jane)
				taken("Jane's second", jane)
				refused("Jane's third", jane, "one person of the application")
				taken("John's first", john)
				taken("one of the application itself", own)
				refused("John's second", john, "all people of the application together")
				refused("Mary's first", mary, "all people of the application together")
				refused("another one of the application", own, "the application may")
			})
		})
	}
}

// openTasks reads what is counted of an application, and of all people inside it.
func (w *world) openTasks(application string) (all, people count) {
	w.Helper()
	for _, rec := range w.records(storage.Usage) {
		if rec.Partition != application || !strings.HasSuffix(rec.Row, "open") {
			continue
		}
		var c count
		if err := json.Unmarshal(rec.Value, &c); err != nil {
			w.Fatalf("decode usage: %v", err)
		}
		if rec.Row == "open" {
			all = c
			continue
		}
		people.Open += c.Open
		people.Stored += c.Stored
	}
	return all, people
}

func TestBatchOfAPersonCountsWhatWasMadeAlone(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		application, jane, _ := people()
		jane.Caps = task.Caps{OpenTasks: 4}
		_, errs := w.CreateBatch(t.Context(), []task.Order{jane, jane, jane})
		if errs[0] != nil || errs[1] != nil || !errors.Is(errs[2], fault.OpenTasksExceeded) {
			t.Errorf("three at once: %v", errs)
		}
		if all, people := w.openTasks(application); all.Open != 2 || people != all {
			t.Errorf("counted are %+v, of people %+v", all, people)
		}
	})
}

func TestDocumentsOfPeopleOnTheirWayCountTogether(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.Limits.Stored = 1000
		application, jane, john := people()
		done, err := w.Expect(t.Context(), jane.Application, 500)
		if err != nil {
			t.Fatal(err)
		}
		for owner, size := range map[string]int64{jane.Application: 1, john.Application: 501, application: 501} {
			if _, err := w.Expect(t.Context(), owner, size); !errors.Is(err, fault.StoredExceeded) {
				t.Errorf("%d bytes more of %s: %v", size, owner, err)
			}
		}
		again, err := w.Expect(t.Context(), john.Application, 500)
		if err != nil {
			t.Fatalf("what fits: %v", err)
		}
		done()
		again()
		if all, err := w.Expect(t.Context(), application, 1000); err != nil {
			t.Errorf("after all of it has come: %v", err)
		} else {
			all()
		}
	})
}

// Each write of a count is lost once, when tasks are made and when they end: passes put all accounts right, first those of people.
func TestFullPassPutsTheCountsOfPeopleAndOfTheirApplicationRight(t *testing.T) {
	for lost := 1; ; lost++ {
		seen := 0
		inWorld(t, func(t *testing.T, w *world) {
			application, jane, john := people()
			w.faulty.Before(func(op storagetest.Op, key string) error {
				if op == storagetest.PutRecord && strings.HasPrefix(key, "usage/") && strings.HasSuffix(key, "open") {
					if seen++; seen == lost {
						return fault.New(fault.StorageUnavailable, "the count is lost")
					}
				}
				return nil
			})
			made := 0
			for _, o := range []task.Order{jane, john, jane} {
				a, err := w.Create(t.Context(), o)
				if err != nil {
					continue
				}
				made++
				w.upload(a.Task.Ref, content)
				if _, err := w.Landed(t.Context(), a.Task.Ref.UploadName()); err != nil {
					t.Fatal(err)
				}
				if made == 1 {
					if _, err := w.Delete(t.Context(), a.Task.Ref); err != nil {
						t.Fatal(err)
					}
				}
			}
			w.faulty.Heal()
			pass(6 * time.Minute) // what is being changed is not counted
			w.fullPass()
			want := count{Open: made - 1, Stored: w.held()}
			if all, people := w.openTasks(application); all != want || people != want {
				t.Errorf("write %d lost: counted are %+v, of people %+v, want %+v", lost, all, people, want)
			}
		})
		if seen < lost {
			t.Logf("%d counts, each lost once", lost-1)
			return
		}
	}
}

func TestNothingIsCountedOfAPersonWhoHasNothingAnyMore(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		application, jane, john := people()
		if _, err := w.Delete(t.Context(), w.completed(jane)); err != nil {
			t.Fatal(err)
		}
		pass(49 * time.Hour)
		kept := w.create(john)
		w.sweep()
		var rows []string
		for _, rec := range w.records(storage.Usage) {
			if strings.HasPrefix(rec.Row, "inside") {
				rows = append(rows, rec.Row)
			}
		}
		if want := "inside" + strings.TrimPrefix(john.Application, application) + "-open"; !slices.Equal(rows, []string{want}) {
			t.Errorf("kept are %v beside %v, want %s", rows, kept, want)
		}
	})
}
