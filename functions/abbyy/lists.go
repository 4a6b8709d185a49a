package abbyy

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	wire "github.com/lethe-ocr/lethe/shared/abbyy"
	"github.com/lethe-ocr/lethe/shared/task"
)

const (
	page    = 1000   // tasks that are read at once
	longest = 10_000 // tasks that one list looks at
	abreast = 8      // tasks whose links are told for the first time at once
)

// list tells the tasks that were made in a time, tombstones included.
func (c *call) list() (wire.Answer, error) {
	seen, err := c.f.since(c.r.Context(), c.who.ID, c.asks.From, c.asks.To)
	if err != nil {
		return wire.Answer{}, err
	}
	return c.tellAll(seen, c.asks.Listed)
}

// since returns tasks of an application that were made from one time to another, the oldest first.
func (f *Function) since(ctx context.Context, application string, from, to time.Time) ([]*task.Task, error) {
	filter := task.Filter{Gone: true, Limit: page, Since: from.Add(-time.Hour)}
	var seen []*task.Task
	for {
		found, err := f.Tasks.List(ctx, application, filter)
		if err != nil {
			return nil, err
		}
		for _, t := range found {
			if f.utc(t.Created).After(to.Add(time.Second)) {
				return seen, nil
			}
			seen = append(seen, f.shown(t))
		}
		if len(found) < page || len(seen) >= longest {
			return seen, nil
		}
		filter.After = found[len(found)-1].Ref.ID
	}
}

// shown is a task without what nobody may see any more.
func (f *Function) shown(t *task.Task) *task.Task {
	if f.Tasks.Visible(t) {
		return t
	}
	return f.gone(t)
}

// listFinished tells the tasks that ended and were not deleted.
func (c *call) listFinished() (wire.Answer, error) {
	var ended []*task.Task
	for _, state := range []task.State{task.Completed, task.ProcessingFailed} {
		found, err := c.f.Tasks.List(c.r.Context(), c.who.ID, task.Filter{State: state, Limit: page})
		if err != nil {
			return wire.Answer{}, err
		}
		ended = append(ended, found...)
	}
	return c.tellAll(ended, wire.Finished)
}

// tellAll answers with those of the tasks that are chosen.
func (c *call) tellAll(tasks []*task.Task, choose func([]wire.Task) []wire.Task) (wire.Answer, error) {
	byID := make(map[string]*task.Task, len(tasks))
	all := make([]wire.Task, 0, len(tasks))
	for _, t := range tasks {
		byID[t.Ref.ID] = t
		told := wire.TaskOf(t, t.FileCount(), nil)
		told.Registered, told.Changed = c.f.utc(told.Registered), c.f.utc(told.Changed)
		all = append(all, told)
	}
	chosen := choose(all)
	work, ctx := errgroup.WithContext(c.r.Context())
	work.SetLimit(abreast)
	for i := range chosen {
		work.Go(func() error {
			told, err := c.told(ctx, byID[chosen[i].ID])
			if err == nil {
				chosen[i] = told
			}
			return err
		})
	}
	if err := work.Wait(); err != nil {
		return wire.Answer{}, err
	}
	return c.version.Tasks(chosen), nil
}
