package task_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
)

// opened opens a result that nobody reads on.
func (w *world) opened(s *task.Service, ref task.Ref) *task.Stream {
	w.Helper()
	stream, err := s.OpenResult(w.Context(), ref, render.TXT)
	if err != nil {
		w.Fatalf("open result: %v", err)
	}
	return stream
}

// ended waits until a transfer has ended, and checks why and how soon.
func ended(transfer context.Context, t *testing.T, why fault.Code, within time.Duration) {
	t.Helper()
	began := time.Now()
	select {
	case <-transfer.Done():
	case <-time.After(within + time.Second):
	}
	if cause := context.Cause(transfer); !errors.Is(cause, why) || time.Since(began) > within {
		t.Errorf("after %v the transfer's end is %v, want %s within %v", time.Since(began), cause, why, within)
	}
}

func TestReceiptWaitsForOpenTransfers(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.completed(order())
		stream := w.opened(w.Service, ref)
		deleted := make(chan *task.Task, 1)
		go func() { deleted <- w.delete(ref) }()
		ended(stream.Context(), t, fault.TaskErased, 0)
		if n, err := io.Copy(io.Discard, stream); n > 0 || !errors.Is(err, fault.TaskErased) {
			t.Errorf("a stream of a deleted task gives %d bytes, %v", n, err)
		}
		synctest.Wait()
		select {
		case got := <-deleted:
			t.Errorf("the delete was answered while the stream was open: %+v", got)
		default:
		}
		if err := stream.Close(); err != nil {
			t.Error(err)
		}
		if got := <-deleted; got.Erased.IsZero() {
			t.Error("closed, and yet not erased")
		}
		w.checkNothingLeft(ref)
	})
}

func TestTransferThatDoesNotEndKeepsTheReceiptBackAndNoCopy(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.completed(order())
		stream := w.opened(w.Service, ref)
		if got := w.delete(ref); !got.Erased.IsZero() {
			t.Errorf("erased under an open transfer: %+v", got)
		}
		if left := w.blobsOf(ref); len(left) > 0 {
			t.Errorf("copies wait for a transfer: %v", left)
		}
		if err := stream.Close(); err != nil {
			t.Error(err)
		}
		pass(2 * time.Minute)
		w.sweep()
		w.checkNothingLeft(ref)
	})
}

func TestClockEndsTransfers(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.completed(order())
		stream := w.opened(w.Service, ref)
		pass(23*time.Hour - time.Minute)
		if err := stream.Context().Err(); err != nil {
			t.Fatalf("ended before its time: %v", context.Cause(stream.Context()))
		}
		ended(stream.Context(), t, fault.TaskErased, time.Minute)
		if err := stream.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestUploadEndsWithItsLink(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.create(order())
		transfer, err := w.OpenTransfer(t.Context(), ref, task.Upload, time.Now().Add(10*time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		defer transfer.Close()
		for range 59 { // fast enough
			pass(10 * time.Second)
			transfer.Moved(1 << 20)
		}
		pass(9 * time.Second)
		if transfer.Context().Err() != nil {
			t.Fatalf("ended before its link: %v", context.Cause(transfer.Context()))
		}
		ended(transfer.Context(), t, fault.LinkExpired, time.Second)
	})
}

// trickle gives a few bytes at a time, for ever.
type trickle struct {
	every time.Duration
	bytes int
}

func (d trickle) Read(p []byte) (int, error) {
	pass(d.every)
	return copy(p, strings.Repeat("x", d.bytes)), nil
}

func TestTrickledUploadEnds(t *testing.T) {
	cases := map[string]struct {
		body trickle
		code fault.Code
		life time.Duration
	}{
		"a byte now and then":       {trickle{20 * time.Second, 1}, fault.UploadTooSlow, 90 * time.Second},
		"just below the least":      {trickle{time.Second, 1000}, fault.UploadTooSlow, 70 * time.Second},
		"fast enough, but for ever": {trickle{time.Second, 2000}, fault.LinkExpired, 15*time.Minute + time.Second},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				began := time.Now()
				_, err := w.CreateWith(t.Context(), order(), task.Body{Reader: c.body, ContentType: "application/pdf"})
				if !errors.Is(err, c.code) || time.Since(began) > c.life {
					t.Errorf("after %v: %v, want %s within %v", time.Since(began), err, c.code, c.life)
				}
				if left := w.names(); len(left) > 0 {
					t.Errorf("left: %v", left)
				}
			})
		})
	}
}

func TestDeleteEndsADocumentThatComesWithItsRequest(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		opened := make(chan task.Transfer, 1)
		refused := make(chan error, 1)
		go func() {
			_, err := w.CreateWith(t.Context(), order(), task.Body{
				Reader: trickle{time.Second, 5000}, ContentType: "application/pdf", Attach: func(t task.Transfer) { opened <- t },
			})
			refused <- err
		}()
		transfer := <-opened
		pass(5 * time.Second)
		list, err := w.List(t.Context(), app, task.Filter{Limit: 10})
		if err != nil || len(list) != 1 {
			t.Fatalf("list: %v, %v", list, err)
		}
		if got := w.delete(list[0].Ref); got.Erased.IsZero() {
			t.Error("the erasure did not end the upload")
		}
		if err := <-refused; !errors.Is(err, fault.TaskErased) || transfer.Context().Err() == nil {
			t.Errorf("the upload ended with %v", err)
		}
		w.checkNothingLeft(list[0].Ref)
	})
}

// instances returns two processes that note their transfers.
func (w *world) instances() (here, there *task.Service) {
	marked := func(owner string) *task.Service {
		cfg := w.process(owner).Config
		cfg.Streams = task.StreamsMarked
		return task.New(cfg)
	}
	return marked("here"), marked("there")
}

func TestDeleteOutlastsTransfersOfAnotherInstance(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		here, there := w.instances()
		ref := w.completed(order())
		stream := w.opened(there, ref)
		gone := make(chan time.Time, 1)
		go func() {
			<-stream.Context().Done()
			gone <- time.Now()
			_ = stream.Close()
		}()
		pass(7 * time.Second)
		began := time.Now()
		got, err := here.Delete(t.Context(), ref)
		if err != nil || got.Erased.IsZero() {
			t.Fatalf("delete: %+v, %v", got, err)
		}
		if took := time.Since(began); took > 7*time.Second {
			t.Errorf("the delete took %v", took)
		}
		if at := <-gone; at.Sub(began) > 5*time.Second || got.Erased.Before(at) {
			t.Errorf("the stream ended %v after the delete, whose receipt says %v", at.Sub(began), got.Erased.Sub(began))
		}
		w.checkNothingLeft(ref)
	})
}

// A transfer elsewhere sees the task as it was until the tombstone is there, however long that takes.
func TestDeleteOutlastsTransfersAfterASlowWriteOfItsTombstone(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		here, there := w.instances()
		ref := w.completed(order())
		stream := w.opened(there, ref)
		gone := make(chan time.Time, 1)
		go func() {
			<-stream.Context().Done()
			gone <- time.Now()
			_ = stream.Close()
		}()
		w.faulty.Before(func(op storagetest.Op, key string) error {
			if op == storagetest.PutRecord && strings.HasPrefix(key, "tasks/") {
				w.faulty.Heal()
				pass(7 * time.Second)
			}
			return nil
		})
		got, err := here.Delete(t.Context(), ref)
		if err != nil || got.Erased.IsZero() {
			t.Fatalf("delete: %+v, %v", got, err)
		}
		if at := <-gone; got.Erased.Before(at) {
			t.Errorf("the stream went on for %v after the receipt", at.Sub(got.Erased))
		}
		w.checkNothingLeft(ref)
	})
}

func TestDeleteDoesNotWaitWhereNothingIsOpenElsewhere(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		here, there := w.instances()
		reach := map[string]func(task.Ref){
			"never fetched": func(task.Ref) {},
			"fetched elsewhere": func(ref task.Ref) {
				if err := w.opened(there, ref).Close(); err != nil {
					t.Error(err)
				}
			},
			"being fetched here": func(ref task.Ref) {
				stream := w.opened(here, ref)
				context.AfterFunc(stream.Context(), func() { _ = stream.Close() })
			},
		}
		for name, use := range reach {
			ref := w.completed(order())
			use(ref)
			began := time.Now()
			got, err := here.Delete(t.Context(), ref)
			if err != nil || got.Erased.IsZero() || time.Since(began) > 0 {
				t.Errorf("%s: after %v: %+v, %v", name, time.Since(began), got, err)
			}
		}
	})
}

// An instance that died leaves its note: the delete then waits in vain, and no longer than for a living one.
func TestNoteOfADeadInstanceCostsSecondsOnly(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		here, there := w.instances()
		ref := w.completed(order())
		stream := w.opened(there, ref)
		w.faulty.Before(func(op storagetest.Op, _ string) error {
			if op == storagetest.PutRecord {
				return fault.New(fault.StorageUnavailable, "away")
			}
			return nil
		})
		if err := stream.Close(); err != nil {
			t.Error(err)
		}
		w.faulty.Heal()
		began := time.Now()
		got, err := here.Delete(t.Context(), ref)
		if took := time.Since(began); err != nil || got.Erased.IsZero() || took > 7*time.Second {
			t.Errorf("after %v: %+v, %v", took, got, err)
		}
	})
}

func TestTransferThatCannotLookAtItsTaskEnds(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		_, there := w.instances()
		stream := w.opened(there, w.completed(order()))
		defer func() { _ = stream.Close() }()
		pass(time.Minute)
		w.faulty.Before(func(op storagetest.Op, _ string) error {
			if op == storagetest.GetRecord {
				return fault.New(fault.StorageUnavailable, "away")
			}
			return nil
		})
		ended(stream.Context(), t, fault.StorageUnavailable, 5*time.Second)
		w.faulty.Heal()
	})
}

func TestTransfersOfATaskAreBounded(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		here, _ := w.instances()
		ref := w.completed(order())
		n, err := 0, error(nil)
		for ; err == nil && n < 1000; n++ {
			var stream *task.Stream
			if stream, err = here.OpenResult(t.Context(), ref, render.TXT); err == nil {
				defer func() { _ = stream.Close() }()
			}
		}
		if !errors.Is(err, fault.RateLimited) || n > 100 {
			t.Errorf("transfer %d: %v", n, err)
		}
	})
}

// A verb beside a server sees nothing of what the server sends: it removes the copies and leaves the receipt to a later sweep.
func TestErasureBesideAServerWaitsForWhatItCannotSee(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.completed(order())
		stream := w.opened(w.Service, ref)
		cfg := w.process("verb").Config
		cfg.Streams = task.StreamsUnseen
		verb := task.New(cfg)
		pass(23*time.Hour - 2*time.Second)
		go func() {
			<-stream.Context().Done()
			_ = stream.Close()
		}()
		pass(3 * time.Second)
		if _, err := verb.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, err := w.Tombstone(t.Context(), ref); err != nil || !got.Erased.IsZero() {
			t.Errorf("%+v, %v", got, err)
		}
		if left := w.blobsOf(ref); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
		pass(2 * time.Minute)
		w.sweep()
		w.checkNothingLeft(ref)
	})
}

func TestStampMayGiveResultsThroughTheProgramAlone(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.StreamResults = true
		ref := w.completed(order())
		if _, err := w.ResultLink(t.Context(), ref, render.TXT); !errors.Is(err, fault.WrongState) {
			t.Errorf("a link was given: %v", err)
		}
		if !strings.Contains(w.text(ref), word) {
			t.Error("the stream lacks the text")
		}
	})
}
