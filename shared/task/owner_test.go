package task_test

import (
	"errors"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/metering"
	"github.com/lethe-ocr/lethe/shared/task"
)

func TestPeopleOwnTasksInsideTheirApplicationAndNobodyElseDoes(t *testing.T) {
	const application, other = "3b0f4c9e-2f3a-4d55-9a0e-0d5a3c1b7e21", "3b0f4c9e-2f3a-4d55-9a0e-0d5a3c1b7e22"
	jane := task.PersonIn(application, "subject-jane")
	if jane != task.PersonIn(application, "subject-jane") {
		t.Error("the same person is not always the same owner")
	}
	for name, owner := range map[string]string{
		"another person": task.PersonIn(application, "subject-john"), "another application": task.PersonIn(other, "subject-jane"), "the application": application,
	} {
		if owner == jane {
			t.Errorf("%s owns what Jane owns", name)
		}
	}
	if got := task.ApplicationOf(jane); got != application {
		t.Errorf("Jane is inside %q", got)
	}
	if _, err := task.ParseRef(jane, "0198c5a2-6d1e-7c3b-9a51-2f0f6b1f7d55"); err != nil {
		t.Error(err)
	}
	for _, owner := range []string{application, "deployed", "-", "", jane[1:], jane + "a", "x" + jane[1:]} {
		if got := task.ApplicationOf(owner); got != owner {
			t.Errorf("%q is inside %q", owner, got)
		}
	}
	for id, want := range map[string]bool{application: true, jane: false, "3B0F4C9E-2F3A-4D55-9A0E-0D5A3C1B7E21": false, "{" + application + "}": false, "": false} {
		if task.IsApplication(id) != want {
			t.Errorf("%q: %t", id, !want)
		}
	}
}

// people are two in one application.
func people() (application string, jane, john task.Order) {
	application = "3b0f4c9e-2f3a-4d55-9a0e-0d5a3c1b7e21"
	jane, john = order(), order()
	jane.Application, john.Application = task.PersonIn(application, "subject-jane"), task.PersonIn(application, "subject-john")
	return application, jane, john
}

func TestPeopleInsideAnApplicationShareNeitherTasksNorKeys(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		application, jane, john := people()
		for _, o := range []*task.Order{&jane, &john} {
			o.IdempotencyKey, o.Caps = "the same", task.Caps{OpenTasks: 2}
		}
		hers, his := w.create(jane), w.create(john)
		if again := w.create(jane); again != hers || his.ID == hers.ID {
			t.Errorf("Jane has %v and again %v, John %v", hers, again, his)
		}
		for owner, want := range map[string]int{jane.Application: 1, john.Application: 1, application: 0} {
			if found, err := w.List(t.Context(), owner, task.Filter{Limit: 10}); err != nil || len(found) != want {
				t.Errorf("%s has %d tasks, %v", owner, len(found), err)
			}
		}
		if _, err := w.Get(t.Context(), task.Ref{Application: john.Application, ID: hers.ID}); !errors.Is(err, fault.NotFound) {
			t.Errorf("John looks at what is Jane's: %v", err)
		}
	})
}

func TestWhatPeopleHaveReadIsCountedUnderTheirApplication(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		application, jane, john := people()
		w.completed(jane)
		w.completed(john)
		days, _, err := metering.List(t.Context(), w.store, metering.Query{From: time.Now().Add(-metering.Life), To: time.Now(), Limit: 10})
		if err != nil || len(days) != 1 || days[0].Application != application || days[0].Documents != 2 {
			t.Errorf("counted: %+v, %v", days, err)
		}
	})
}

func TestTransfersOfPeopleEndWithTheirApplication(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		application, jane, _ := people()
		stream := w.opened(w.Service, w.completed(jane))
		told := make(chan error, 1)
		go func() { told <- w.EndTransfers(t.Context(), application) }()
		ended(stream.Context(), t, fault.ApplicationRevoked, 0)
		_ = stream.Close()
		if err := <-told; err != nil {
			t.Error(err)
		}
	})
}
