package task_test

import (
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/task"
)

// partSteps are the stages of a document that is read in parts, beside those of every other.
func partSteps(
	remove func(w *world, ref task.Ref) error, deleted func(w *world, ref task.Ref, err error), sweep func(w *world, ref task.Ref) error,
) []step {
	processed := func(w *world, ref task.Ref) error {
		_, err := w.Process(w.Context(), ref.Job())
		for p, ok := w.queue.pop(); ok && err == nil; p, ok = w.queue.pop() {
			_, err = w.Process(w.Context(), p.job)
		}
		return err
	}
	return []step{
		{"process in parts", func(w *world) task.Ref { w.inParts(1, 2); return w.queued(clientOrder()) }, processed, func(w *world, ref task.Ref, _ error) {
			w.recover()
			w.state(ref, task.Completed)
			if pages := strings.Count(w.text(ref), word); pages != 3 {
				w.Errorf("the result has %d pages of 3", pages)
			}
		}},
		{"process parts to failure", func(w *world) task.Ref {
			w.inParts(1, 3)
			w.engine.always = map[int]error{2: fault.New(fault.DocumentDamaged, "damaged")}
			o := clientOrder()
			o.Settings.OnPageError = task.FailOnPageError
			return w.queued(o)
		}, processed, func(w *world, ref task.Ref, _ error) {
			w.recover()
			w.failed(ref, fault.DocumentDamaged)
		}},
		{"delete in parts", func(w *world) task.Ref {
			w.inParts(1, 2)
			ref := w.queued(clientOrder())
			w.mustProcess(ref, task.Done)
			return ref
		}, remove, deleted},
		{"sweep lost parts", func(w *world) task.Ref {
			w.inParts(1, 2)
			ref := w.queued(clientOrder())
			w.mustProcess(ref, task.Done)
			w.queue.take()
			pass(20 * time.Minute)
			return ref
		}, sweep, func(w *world, ref task.Ref, _ error) {
			w.recover()
			w.state(ref, task.Completed)
		}},
	}
}
