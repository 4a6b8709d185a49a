package task_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
)

var errGone = errors.New("client went away")

func keyed() task.Order {
	o := order()
	o.IdempotencyKey = "key"
	o.Caps.OpenTasks = 1
	return o
}

func body(r io.Reader) task.Body { return task.Body{Reader: r, ContentType: "application/pdf"} }

// stalled is an inline upload that has sent one byte and no more.
type stalled struct {
	pipe *io.PipeWriter
	done chan error
}

func (w *world) stall(o task.Order) stalled {
	r, pipe := io.Pipe()
	s := stalled{pipe: pipe, done: make(chan error, 1)}
	go func() {
		_, err := w.CreateWith(w.Context(), o, body(r))
		s.done <- err
	}()
	if _, err := pipe.Write([]byte(content[:1])); err != nil {
		w.Fatalf("send: %v", err)
	}
	synctest.Wait()
	return s
}

// breakOff ends the stalled upload's connection.
func (s stalled) breakOff() error {
	_ = s.pipe.CloseWithError(errGone) // always nil
	return <-s.done
}

func TestBrokenFirstCallChangesNothingOfWhatARetryWasGiven(t *testing.T) {
	inline := func(w *world) task.Ref {
		a, err := w.CreateWith(w.Context(), keyed(), body(strings.NewReader(content)))
		if err != nil || !a.Replayed || a.Task.State != task.Queued {
			w.Fatalf("retry: %+v, %v", a, err)
		}
		return a.Task.Ref
	}
	retries := map[string]func(w *world) task.Ref{
		"document in the request": inline,
		"document in the request, processed": func(w *world) task.Ref {
			ref := inline(w)
			w.mustProcess(ref, task.Done)
			return ref
		},
		"link": func(w *world) task.Ref { return w.create(keyed()) },
		"renewed link": func(w *world) task.Ref {
			list, err := w.List(w.Context(), app, task.Filter{Limit: 1})
			if err != nil || len(list) != 1 {
				w.Fatalf("list: %v, %v", list, err)
			}
			if _, err := w.RenewUpload(w.Context(), list[0].Ref); err != nil {
				w.Fatalf("renew: %v", err)
			}
			return list[0].Ref
		},
	}
	for name, retry := range retries {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				first := w.stall(keyed())
				ref := retry(w)
				before := w.get(ref)
				if err := first.breakOff(); !errors.Is(err, errGone) {
					t.Errorf("the first call: %v", err)
				}
				if now := w.get(ref); now.ETag() != before.ETag() {
					t.Errorf("the task was %s and is %s", before.State, now.State)
				}
				if w.create(keyed()) != ref {
					t.Error("the key names another task by now")
				}
				if before.State == task.Submitted {
					w.upload(ref, content)
					w.landed(ref)
				}
				w.recover()
				w.state(ref, task.Completed)
			})
		})
	}
}

func TestFirstCallThatGoesOnAfterItsRetryIsTheSameSuccess(t *testing.T) {
	for name, process := range map[string]bool{"queued": false, "completed": true} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				first := w.stall(keyed())
				a, err := w.CreateWith(t.Context(), keyed(), body(strings.NewReader(content)))
				if err != nil {
					t.Fatal(err)
				}
				if process {
					w.mustProcess(a.Task.Ref, task.Done)
				}
				before := w.get(a.Task.Ref)
				_, _ = io.WriteString(first.pipe, content[1:])
				_ = first.pipe.Close()
				if err := <-first.done; err != nil {
					t.Errorf("the first call: %v", err)
				}
				if now := w.get(a.Task.Ref); now.ETag() != before.ETag() {
					t.Errorf("the task was %s and is %s", before.State, now.State)
				}
				w.recover()
				w.state(a.Task.Ref, task.Completed)
				if left := w.blobsOf(a.Task.Ref); len(left) != 1 {
					t.Errorf("besides the result the store holds %v", left)
				}
			})
		})
	}
}

func TestAnotherDocumentUnderTheKeyNeverReplacesTheFirst(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		late := w.stall(keyed())
		a, err := w.CreateWith(t.Context(), keyed(), body(strings.NewReader(content)))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(late.pipe, "something else")
		_ = late.pipe.Close()
		if err := <-late.done; !errors.Is(err, fault.IdempotencyReuse) {
			t.Errorf("another document sent at once: %v", err)
		}
		if _, err := w.CreateWith(t.Context(), keyed(), body(strings.NewReader("something else"))); !errors.Is(err, fault.IdempotencyReuse) {
			t.Errorf("another document sent later: %v", err)
		}
		w.mustProcess(a.Task.Ref, task.Done)
		w.state(a.Task.Ref, task.Completed)
	})
}

// A document that came by link has no digest in its record before it is read.
func TestReplayWithAnotherDocumentThanTheLinksIsRefused(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.queued(keyed())
		if _, err := w.CreateWith(t.Context(), keyed(), body(strings.NewReader("something else"))); !errors.Is(err, fault.IdempotencyReuse) {
			t.Errorf("another document: %v", err)
		}
		if a, err := w.CreateWith(t.Context(), keyed(), body(strings.NewReader(content))); err != nil || a.Task.Ref != ref {
			t.Errorf("the same document: %+v, %v", a, err)
		}
	})
}

func TestUndoneTaskLeavesItsKeyFree(t *testing.T) {
	for name, stop := range map[string]func(op storagetest.Op, key string) error{
		"undone": func(storagetest.Op, string) error { return nil },
		"key not forgotten": func(op storagetest.Op, _ string) error {
			if op == storagetest.DeleteRecord {
				return fault.New(fault.StorageUnavailable, "away")
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				w.faulty.Before(stop)
				_, err := w.CreateWith(t.Context(), keyed(), body(iotest.ErrReader(errGone)))
				if !errors.Is(err, errGone) {
					t.Fatalf("create: %v", err)
				}
				w.faulty.Heal()
				w.fullPass() // a count that was not put right would refuse the client
				gone := w.records(storage.Tasks)
				pass(time.Second)
				a, err := w.CreateWith(t.Context(), keyed(), body(strings.NewReader(content)))
				if err != nil || a.Replayed {
					t.Fatalf("sent again: %+v, %v", a, err)
				}
				first := task.Ref{Application: app, ID: gone[0].Row}
				if first == a.Task.Ref {
					t.Error("a new document for a task that was erased")
				}
				if tomb, err := w.Tombstone(t.Context(), first); err != nil || tomb.Reason != retention.NeverUploaded || tomb.Erased.IsZero() {
					t.Errorf("the first task: %+v, %v", tomb, err)
				}
				w.recover()
				w.state(a.Task.Ref, task.Completed)
			})
		})
	}
}

func TestDocumentThatWasStoredAlthoughItsCallFailedIsKept(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.faulty.After(func(op storagetest.Op, _ string) error {
			if op == storagetest.PutBlob {
				return fault.New(fault.StorageUnavailable, "the answer was lost")
			}
			return nil
		})
		if _, err := w.CreateWith(t.Context(), keyed(), body(strings.NewReader(content))); !errors.Is(err, fault.Unavailable) {
			t.Fatalf("create: %v", err)
		}
		w.faulty.Heal()
		a, err := w.CreateWith(t.Context(), keyed(), body(strings.NewReader(content)))
		if err != nil || !a.Replayed || a.Task.State != task.Queued {
			t.Fatalf("retry: %+v, %v", a, err)
		}
		w.recover()
		w.state(a.Task.Ref, task.Completed)
	})
}

// A client that deletes between the upload and its answer learns it: 2xx would say that the document is kept.
func TestUploadOfATaskDeletedMeanwhileIsNoSuccess(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		first := w.stall(keyed())
		w.delete(w.create(keyed()))
		_ = first.pipe.Close()
		if err := <-first.done; !errors.Is(err, fault.TaskErased) {
			t.Errorf("the upload: %v", err)
		}
		if left := w.names(); len(left) != 0 {
			t.Errorf("left: %v", left)
		}
	})
}

func TestClockOfATaskWithoutDocumentSparesOneThatLandedMeanwhile(t *testing.T) {
	lands := map[string]func(w *world, ref task.Ref){
		"event lost": func(*world, task.Ref) {},
		"event during the sweep": func(w *world, ref task.Ref) {
			w.faulty.Before(func(op storagetest.Op, _ string) error {
				if op == storagetest.StatBlob {
					w.faulty.Heal()
					w.landed(ref)
				}
				return nil
			})
		},
	}
	for name, land := range lands {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				ref := w.create(order())
				pass(24*time.Hour - time.Second)
				if _, err := w.RenewUpload(t.Context(), ref); err != nil {
					t.Fatal(err)
				}
				w.upload(ref, content)
				pass(time.Second)
				land(w, ref)
				w.sweep()
				w.recover()
				w.state(ref, task.Completed)
			})
		})
	}
}

func TestDocumentSentAgainIsToldFromAnother(t *testing.T) {
	ends := map[string]func(w *world) task.Ref{
		"stored, not landed": func(w *world) task.Ref {
			ref := w.create(order())
			w.upload(ref, content)
			return ref
		},
		"queued":    func(w *world) task.Ref { return w.queued(order()) },
		"completed": func(w *world) task.Ref { return w.completed(order()) },
	}
	for name, reach := range ends {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				ref := reach(w)
				if err := w.Repeated(t.Context(), ref.UploadName(), sum(content)); err != nil {
					t.Errorf("the same: %v", err)
				}
				if err := w.Repeated(t.Context(), ref.UploadName(), sum("another")); !errors.Is(err, fault.AlreadyExists) {
					t.Errorf("another: %v", err)
				}
				w.delete(ref)
				if err := w.Repeated(t.Context(), ref.UploadName(), sum(content)); !errors.Is(err, fault.TaskErased) {
					t.Errorf("after the delete: %v", err)
				}
			})
		})
	}
}
