package task_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
)

func TestTransfersEndWithTheirApplication(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref, waiting := w.completed(order()), w.create(order())
		other := order()
		other.Application = "other"
		foreign := w.opened(w.Service, w.completed(other))
		defer func() { _ = foreign.Close() }()
		stream := w.opened(w.Service, ref)
		upload, err := w.OpenTransfer(t.Context(), waiting, task.Upload, time.Now().Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		w.apps.revoke(app)
		told := make(chan error, 1)
		go func() { told <- w.EndTransfers(t.Context(), app) }()
		ended(stream.Context(), t, fault.ApplicationRevoked, 0)
		ended(upload.Context(), t, fault.ApplicationRevoked, 0)
		_ = stream.Close()
		upload.Close()
		if err := <-told; err != nil {
			t.Error(err)
		}
		if cause := context.Cause(foreign.Context()); cause != nil {
			t.Errorf("another application's transfer ended: %v", cause)
		}
		_, again := w.OpenTransfer(t.Context(), waiting, task.Upload, time.Now().Add(time.Minute))
		for what, err := range map[string]error{
			"link": w.Admit(t.Context(), waiting.UploadName()), "upload": again, "result": w.fetch(ref, render.TXT),
		} {
			if !errors.Is(err, fault.ApplicationRevoked) {
				t.Errorf("%s of a revoked application: %v", what, err)
			}
		}
	})
}

// Where nobody tells the process of the revocation its transfers notice it by themselves.
func TestTransfersNoticeARevocationElsewhere(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		stream := w.opened(w.Service, w.completed(order()))
		defer func() { _ = stream.Close() }()
		pass(time.Minute)
		w.apps.revoke(app)
		ended(stream.Context(), t, fault.ApplicationRevoked, 5*time.Second)
	})
}

// The link of an object store works on after the revocation: what comes through it is not read.
func TestWhatComesThroughALinkOfARevokedApplicationIsErasedUnread(t *testing.T) {
	ways := map[string]func(w *world, ref task.Ref){
		"at landing": func(w *world, ref task.Ref) {
			if got := w.landed(ref); got.State != task.ProcessingFailed {
				w.Errorf("the task is %s", got.State)
			}
		},
		"in the full pass": func(w *world, _ task.Ref) { w.fullPass() },
	}
	for name, find := range ways {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				ref, early := w.create(order()), w.queued(order())
				w.apps.revoke(app)
				w.upload(ref, content)
				w.faulty.Before(func(op storagetest.Op, name string) error {
					if op == storagetest.GetBlob && strings.Contains(name, ref.ID) {
						t.Error("the document was read")
					}
					return nil
				})
				find(w, ref)
				w.mustProcess(ref, task.Done)
				w.faulty.Heal()
				w.failed(ref, fault.ApplicationRevoked)
				if left := w.blobsOf(ref); len(left) > 0 {
					t.Errorf("left: %v", left)
				}
				w.mustProcess(early, task.Done) // what came before stays on its clocks
				w.state(early, task.Completed)
			})
		})
	}
}
