package erasuretest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/task"
)

// people create tasks inside one application, all at once. The application's caps hold for the sum: as many tasks are made as it may
// have, however many people there are, and as many again once these are gone.
func (w *world) people(t *testing.T) {
	const application, most, accounts = "3b0f4c9e-2f3a-4d55-9a0e-0d5a3c1b7e21", 4, 5
	ctx := t.Context()
	w.ahead.Store(0)
	owners := []string{application}
	for n := range accounts {
		owners = append(owners, task.PersonIn(application, fmt.Sprint(n)))
	}
	for round := range 2 {
		var (
			mu       sync.Mutex
			made     []task.Ref // guarded by mu
			creating sync.WaitGroup
		)
		for _, owner := range append(owners, owners...) {
			creating.Go(func() {
				a, err := w.tasks.Create(ctx, task.Order{Application: owner, Caps: task.Caps{OpenTasks: most}})
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					made = append(made, a.Task.Ref)
				case !errors.Is(err, fault.OpenTasksExceeded):
					t.Error(err)
				}
			})
		}
		creating.Wait()
		if len(made) > most || len(made) == 0 {
			t.Errorf("round %d: %d tasks were made, %d may be open", round, len(made), most)
		}
		for _, owner := range owners { // one by one nobody is refused for what another one is about to give back
			for {
				a, err := w.tasks.Create(ctx, task.Order{Application: owner, Caps: task.Caps{OpenTasks: most}})
				if err != nil {
					break
				}
				made = append(made, a.Task.Ref)
			}
		}
		if len(made) != most {
			t.Errorf("round %d: %d tasks are open in the end, want %d", round, len(made), most)
		}
		for _, ref := range made {
			if _, err := w.tasks.Delete(ctx, ref); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.peopleStore(t, owners)
}

// peopleStore sends documents of several people until the application has as much stored as it may have.
func (w *world) peopleStore(t *testing.T, owners []string) {
	const size, most = 4, 12
	var kept []task.Ref
	for _, owner := range append(owners[1:], owners[0]) {
		a, err := w.tasks.CreateWith(t.Context(), task.Order{Application: owner, Caps: task.Caps{BytesStored: most}},
			task.Body{Reader: strings.NewReader("%PDF"), Size: size, ContentType: "application/pdf"})
		switch {
		case err == nil:
			kept = append(kept, a.Task.Ref)
		case !errors.Is(err, fault.StoredExceeded):
			t.Error(err)
		}
	}
	if len(kept) != most/size {
		t.Errorf("%d documents of %d bytes are stored, %d bytes may be", len(kept), size, most)
	}
	for _, ref := range kept {
		if _, err := w.tasks.Delete(t.Context(), ref); err != nil {
			t.Fatal(err)
		}
	}
}
