package abbyy_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/functions/abbyy"
	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/task"
)

// manyTasks is the domain of an application that has had many tasks.
type manyTasks struct {
	abbyy.Tasks
	tombstones int
	began      time.Time
}

// List implements abbyy.Tasks.
func (m manyTasks) List(_ context.Context, application string, f task.Filter) ([]*task.Task, error) {
	var list []*task.Task
	for i := range m.tombstones {
		id, made := fmt.Sprintf("019ca9c9-ca60-75aa-b995-%012x", i), m.began.Add(time.Duration(i)*time.Second)
		if id > f.After && !made.Before(f.Since) && len(list) < f.Limit {
			list = append(list, &task.Task{Ref: task.Ref{Application: application, ID: id}, State: task.Deleted, Created: made, Removed: made})
		}
	}
	return list, nil
}

func TestListThatIsTooLongLeadsToItsRest(t *testing.T) {
	for _, v := range []string{"", "/v2"} {
		w := newWorld(t, func(cfg *abbyy.Config) {
			cfg.Tasks = manyTasks{cfg.Tasks, 12_345, cfg.Now().Add(-5 * time.Hour)}
		})
		c := w.client(t, access.Application{})
		var seen []string
		target, lists := v+"/listTasks?toDate=2026-03-01T14:00:00Z", 0
		for ; target != "" && lists < 50; lists++ {
			rec := w.call(t, c, "GET", target, nil)
			for _, one := range tasksOf(t, rec) {
				if !slices.Contains(seen[max(0, len(seen)-10):], one.ID) {
					seen = append(seen, one.ID)
				}
			}
			target = ""
			if query, ok := strings.CutPrefix(rec.Header().Get("Link"), "<"); ok {
				target = v + "/listTasks" + strings.TrimSuffix(query, `>; rel="next"`)
			}
		}
		// Five hours, less the last 25 minutes; the list goes by whole seconds of which both ends belong to it.
		if want := 5*3600 - 25*60 + 1; len(seen) != min(12_345, want) || lists < 13 || !slices.IsSorted(seen) {
			t.Errorf("%s: %d tasks are told in %d lists", v, len(seen), lists)
		}
	}
}

// Lists go by UTC, however far an operator has moved it from the time by which documents age.
func TestListsGoByUTC(t *testing.T) {
	for _, ahead := range []time.Duration{-50 * time.Hour, 0, 200 * time.Hour} {
		w := newWorld(t, func(cfg *abbyy.Config) {
			cfg.UTC = func(service time.Time) time.Time { return service.Add(ahead) }
		})
		c := w.client(t, access.Application{})
		id := w.send(t, c, "/processImage", "words").ID
		for _, query := range []string{"", "?excludeDeleted=true", "?fromDate=" + w.clock.now().Add(ahead-time.Minute).Format(time.RFC3339)} {
			if list := tasksOf(t, w.call(t, c, "GET", "/listTasks"+query, nil)); len(list) != 1 || list[0].ID != id {
				t.Errorf("%s ahead, %s: %+v", ahead, query, list)
			}
		}
		if list := tasksOf(t, w.call(t, c, "GET", "/listTasks?toDate="+w.clock.now().Add(ahead-time.Minute).Format(time.RFC3339), nil)); len(list) != 0 {
			t.Errorf("%s ahead, before it was made: %+v", ahead, list)
		}
	}
}
