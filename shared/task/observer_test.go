package task_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/task"
)

// watcher is an Observer that writes down what it is told.
type watcher struct {
	mu  sync.Mutex
	all []string // guarded by mu
}

func (o *watcher) note(format string, args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all = append(o.all, fmt.Sprintf(format, args...))
}

// Begun implements task.Observer.
func (o *watcher) Begun(_ context.Context, waited time.Duration) { o.note("begun after %s", waited) }

// Page implements task.Observer.
func (o *watcher) Page(_ context.Context, _, _ time.Duration, failed bool) {
	o.note("page, failed %t", failed)
}

// Ended implements task.Observer.
func (o *watcher) Ended(_ context.Context, state task.State) { o.note("%s", state) }

// Erased implements task.Observer.
func (o *watcher) Erased(_ context.Context, why retention.Reason) { o.note("erased, %s", why) }

// since returns what was told, and forgets it.
func (o *watcher) since() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := o.all
	o.all = nil
	return all
}

func observed(w *world) *watcher {
	o := &watcher{}
	w.Observer = o
	return o
}

func TestObserverIsToldOfEachStepOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		o := observed(w)
		ref := w.queued(order())
		pass(7 * time.Second)
		w.mustProcess(ref, task.Done)
		w.mustProcess(ref, task.Done) // an event that comes again
		want := []string{"begun after 7s", "page, failed false", "page, failed false", "page, failed false", "Completed"}
		if diff := cmp.Diff(want, o.since()); diff != "" {
			t.Error(diff)
		}
		if _, err := w.Delete(t.Context(), ref); err != nil {
			t.Fatal(err)
		}
		w.sweep()
		w.fullPass()
		if diff := cmp.Diff([]string{"erased, delete-requested"}, o.since()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestObserverIsToldOfDocumentsThatAreRefused(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		o := observed(w)
		ref := w.create(order())
		w.upload(ref, "")
		w.landed(ref)
		if diff := cmp.Diff([]string{"ProcessingFailed"}, o.since()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestObserverIsToldOfOrphans(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		o := observed(w)
		if _, err := w.blobs.Put(t.Context(), "uploads/stranger", "application/pdf", strings.NewReader(content)); err != nil {
			t.Fatal(err)
		}
		pass(72 * time.Hour)
		w.fullPass()
		if all := o.since(); !slices.Contains(all, "erased, "+string(retention.NoRecord)) {
			t.Errorf("told: %q", all)
		}
	})
}
