package task_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
)

func TestUsualWayEndsWithReadableResults(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		o := order()
		o.Settings.Formats = render.Formats()
		ref := w.create(o)
		w.state(ref, task.Submitted)
		w.upload(ref, content)
		w.landed(ref)
		w.state(ref, task.Queued)
		gate := w.engine.block()
		ended := make(chan error, 1)
		go func() {
			_, err := w.Process(w.Context(), ref.Job())
			ended <- err
		}()
		<-gate.reached
		w.state(ref, task.InProgress)
		close(gate.open)
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		got := w.state(ref, task.Completed)
		if want := (task.Progress{Total: 3, Done: 3}); got.Pages != want {
			t.Errorf("pages are %+v, want %+v", got.Pages, want)
		}
		if got := strings.Count(w.text(ref), word); got != 3 {
			t.Errorf("the text has the word %d times, want 3", got)
		}
		if len(got.Results) != len(render.Formats()) {
			t.Errorf("results are %+v", got.Results)
		}
		for _, r := range got.Results {
			stream, err := w.OpenResult(t.Context(), ref, r.Format)
			if err != nil {
				t.Fatal(err)
			}
			if b := stream.Blob; b.Size != r.Size || b.ContentType != r.Format.MediaType() {
				t.Errorf("%s: %+v; the task says %d bytes", r.Format, b, r.Size)
			}
			if err := stream.Close(); err != nil {
				t.Error(err)
			}
		}
		if left := w.blobsOf(ref); len(left) != len(render.Formats()) {
			t.Errorf("besides the results the store holds %v", left)
		}
	})
}

func TestPasswordLeavesTheRecordWhenProcessingEnds(t *testing.T) {
	for name, damage := range map[string]error{"completed": nil, "failed": fault.New(fault.DocumentDamaged, "damaged")} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				w.engine.always = map[int]error{0: damage}
				ref := w.queued(order())
				if rec, _ := w.record(ref); !strings.Contains(string(rec.Value), `"sealed":`) {
					t.Fatal("the record never held the password")
				}
				w.mustProcess(ref, task.Done)
				if rec, _ := w.record(ref); strings.Contains(string(rec.Value), `"sealed`) || strings.Contains(string(rec.Value), password) {
					t.Error("the record still holds the password")
				}
			})
		})
	}
}

func TestDuplicateEventChangesNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.queued(order())
		before := w.get(ref).ETag()
		if again := w.landed(ref); again.State != task.Queued || again.ETag() != before {
			t.Errorf("the second event made it %s", again.State)
		}
		w.mustProcess(ref, task.Done)
		w.mustProcess(ref, task.Done)
		if diff := cmp.Diff(map[int]int{1: 1, 2: 1, 3: 1}, w.engine.reads()); diff != "" {
			t.Errorf("pages read (-want +got):\n%s", diff)
		}
		w.landed(ref)
		w.state(ref, task.Completed)
	})
}

func TestEventsAtTheSameTimeCountTheDocumentOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		o := order()
		o.Caps.BytesPerDay = int64(2 * len(content))
		ref := w.create(o)
		w.upload(ref, content)
		w.faulty.Before(func(op storagetest.Op, key string) error {
			if op == storagetest.PutRecord && strings.HasSuffix(key, ref.ID) {
				w.faulty.Heal()
				w.landed(ref)
			}
			return nil
		})
		w.landed(ref)
		if _, err := w.Create(t.Context(), o); err != nil {
			t.Errorf("half of the day's bytes are used, but the next task is refused: %v", err)
		}
	})
}

func TestLostEventIsMadeUpForAfterTheLinkEnded(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.create(order())
		w.upload(ref, content)
		pass(20*time.Minute - time.Second)
		if done := w.sweep(); done.Requeued != 0 {
			t.Error("queued before the link and its grace ended")
		}
		pass(time.Second)
		w.sweep()
		w.state(ref, task.Queued)
		if diff := cmp.Diff([]push{{job: ref.Job()}}, w.queue.take(), cmp.AllowUnexported(push{})); diff != "" {
			t.Errorf("pushes (-want +got):\n%s", diff)
		}
	})
}

func TestLostEventIsMadeUpForByTheFullPass(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.create(order())
		w.upload(ref, content)
		if got := w.fullPass(); got.Requeued != 1 {
			t.Errorf("the full pass says %+v", got)
		}
		w.state(ref, task.Queued)
	})
}

func TestLostMessageIsMadeUpForByTheSweep(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.queued(order())
		for range 3 {
			pass(10 * time.Minute)
			w.sweep()
			if got := w.queue.take(); len(got) != 1 || got[0].job.Task != ref {
				t.Fatalf("pushed %v", got)
			}
		}
	})
}

func TestRescanQueuesEverythingThatWaits(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		waiting := w.queued(order())
		uploaded := w.create(order())
		w.upload(uploaded, content)
		w.create(order()) // no document yet
		w.completed(order())
		n, err := w.Rescan(t.Context())
		if err != nil || n != 2 {
			t.Fatalf("rescan: %d, %v", n, err)
		}
		pushed := map[task.Ref]bool{}
		for _, p := range w.queue.take() {
			pushed[p.job.Task] = true
		}
		if !pushed[waiting] || !pushed[uploaded] || len(pushed) != 2 {
			t.Errorf("pushed %v", pushed)
		}
	})
}

func TestEventForMissingBlobLeavesTheTaskWaiting(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.create(order())
		if got := w.landed(ref); got.State != task.Submitted {
			t.Errorf("the task is %s", got.State)
		}
		w.upload(ref, content)
		if got := w.landed(ref); got.State != task.Queued {
			t.Errorf("after the document came the task is %s", got.State)
		}
	})
}

func TestDocumentGoneBeforeItsTurnFailsTheTask(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.queued(order())
		if err := w.blobs.Delete(t.Context(), ref.UploadName()); err != nil {
			t.Fatal(err)
		}
		w.mustProcess(ref, task.Done)
		w.failed(ref, fault.DocumentMissing)
	})
}

func TestDocumentReplacedByAnotherSentAtOnceFailsTheTask(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, err := w.CreateWith(t.Context(), order(), task.Body{Reader: strings.NewReader(content), ContentType: "application/pdf"})
		if err != nil {
			t.Fatal(err)
		}
		w.upload(a.Task.Ref, content+"!")
		w.mustProcess(a.Task.Ref, task.Done)
		w.failed(a.Task.Ref, fault.DocumentChanged)
	})
}

func TestBlobOutsideTheLayoutIsErasedUnread(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.create(order())
		foreign := strings.Replace(ref.UploadName(), app, "other", 1)
		second := strings.TrimSuffix(ref.UploadName(), "1") + "2"
		wrongHour := "uploads/2000010101/" + app + "/" + ref.ID + "/1"
		for _, name := range []string{"uploads/readme", "uploads/a/b/c/d/e", foreign, second, wrongHour} {
			if _, err := w.blobs.Put(t.Context(), name, "text/plain", strings.NewReader(content)); err != nil {
				t.Fatal(err)
			}
			w.faulty.Before(func(op storagetest.Op, _ string) error {
				if op == storagetest.GetBlob {
					t.Errorf("%s was read", name)
				}
				return nil
			})
			if _, err := w.Landed(t.Context(), name); !errors.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if left := w.names(); len(left) != 0 {
			t.Errorf("left: %v", left)
		}
	})
}

func TestBlobOfAnotherContainerIsLeftAlone(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.completed(order())
		if _, err := w.Landed(t.Context(), ref.ResultName(render.TXT)); !errors.Is(err, fault.NotFound) {
			t.Errorf("landed: %v", err)
		}
		w.text(ref)
	})
}

func TestUploadAfterTheEndIsErasedUnread(t *testing.T) {
	ends := map[string]func(w *world) task.Ref{
		"deleted": func(w *world) task.Ref {
			ref := w.create(order())
			if _, err := w.Delete(w.Context(), ref); err != nil {
				w.Fatalf("delete: %v", err)
			}
			return ref
		},
		"completed": func(w *world) task.Ref { return w.completed(order()) },
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				ref := end(w)
				w.upload(ref, content)
				w.faulty.Before(func(op storagetest.Op, _ string) error {
					if op == storagetest.GetBlob {
						t.Error("the document was read")
					}
					return nil
				})
				w.landed(ref)
				for _, left := range w.blobsOf(ref) {
					if left == ref.UploadName() {
						t.Error("the document is still there")
					}
				}
				if err := w.Admit(t.Context(), ref.UploadName()); err == nil {
					t.Error("another document would be admitted")
				}
			})
		})
	}
}
