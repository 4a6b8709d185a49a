package abbyy

import (
	"time"

	"golang.org/x/sync/errgroup"

	wire "github.com/lethe-ocr/lethe/shared/abbyy"
	"github.com/lethe-ocr/lethe/shared/task"
)

const (
	page    = 1000 // tasks that are read at once
	abreast = 8    // tasks whose links are told for the first time at once
)

// list tells the tasks that were made in a time, tombstones included. Where there are more than a list has it is of those that were
// made first, and a header leads to the others, as the bodies have no room for it.
func (c *call) list() (wire.Answer, error) {
	wanted, more, err := c.wanted()
	if err != nil {
		return wire.Answer{}, err
	}
	if more {
		last := wanted[len(wanted)-1]
		c.w.Header().Set("Link", "<?"+c.asks.Next(c.f.utc(last.Created))+`>; rel="next"`)
	}
	return c.tellAll(wanted, wire.Listed)
}

// wanted returns the tasks that a call of listTasks asks for, in the order in which they were made, and whether there are more.
func (c *call) wanted() (wanted []*task.Task, more bool, err error) {
	ahead := c.f.utc(c.f.Now()).Sub(c.f.Now()) // UTC of service time
	filter := task.Filter{Gone: !c.asks.ExcludeDeleted, Limit: page, Since: c.asks.From.Add(-ahead)}
	for {
		found, err := c.f.Tasks.List(c.r.Context(), c.who.ID, filter)
		if err != nil {
			return nil, false, err
		}
		for _, t := range found {
			t = c.f.shown(t)
			told := c.f.dated(t, nil)
			switch {
			case told.Registered.After(c.asks.To.Add(time.Second)):
				return wanted, false, nil
			case !c.asks.Wants(told):
			case len(wanted) == wire.MostListed:
				return wanted, true, nil
			default:
				wanted = append(wanted, t)
			}
		}
		if len(found) < page {
			return wanted, false, nil
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
		all = append(all, c.f.dated(t, nil))
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
