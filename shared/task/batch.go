package task

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// batchCalls is how many orders of a batch are dealt with at once where each one needs calls of its own.
const batchCalls = 8

// CreateBatch is Create for many orders of one application. Each succeeds or fails by itself; both results have the same index.
// Their keys are taken together, and so are the tasks counted and written: the number of requests is what storage needs for so
// many records at once. Only an order that repeats an earlier one takes some of its own.
func (s *Service) CreateBatch(ctx context.Context, orders []Order) ([]Accepted, []error) {
	items := make([]item, len(orders))
	for i, o := range orders {
		items[i].order = o
		if items[i].err = s.complete(&items[i].order); items[i].err == nil {
			items[i].ref, items[i].err = s.newRef(o) // one after the other, so that their order is that of the list
		}
	}
	s.takeKeys(ctx, items)
	counted := s.reserveBatch(ctx, items)
	s.createAll(ctx, counted)
	s.releaseBatch(ctx, counted)
	each(items, func(i *item) { // last: an order may stand in the list twice
		if i.replayed && i.err == nil {
			i.accepted, i.err = s.replayed(ctx, i.order)
		}
	})
	accepted, errs := make([]Accepted, len(items)), make([]error, len(items))
	for i, one := range items {
		accepted[i], errs[i] = one.accepted, one.err
	}
	return accepted, errs
}

// item is one order of a batch and what became of it.
type item struct {
	order    Order
	ref      Ref // of its task, unless it repeats an earlier order
	task     *Task
	replayed bool // it does
	accepted Accepted
	counted  bool // the task is among the open ones
	err      error
}

// each calls do for every item, several at once.
func each[T any](items []T, do func(*T)) {
	var group errgroup.Group
	group.SetLimit(batchCalls)
	for i := range items {
		group.Go(func() error {
			do(&items[i])
			return nil
		})
	}
	_ = group.Wait() // every item has its own error
}

// takeKeys writes down which tasks the orders' keys stand for, and finds the orders that repeat an earlier one.
func (s *Service) takeKeys(ctx context.Context, items []item) {
	var keyed []*item
	var recs []storage.Record
	for n := range items {
		i := &items[n]
		if i.err != nil || i.order.IdempotencyKey == "" {
			continue
		}
		rec, err := s.keyRecord(&i.order, i.ref)
		if i.err = err; err == nil {
			keyed, recs = append(keyed, i), append(recs, rec)
		}
	}
	for n, err := range storage.CreateAll(ctx, s.Store.Records, recs) {
		if keyed[n].replayed = errors.Is(err, fault.AlreadyExists); !keyed[n].replayed {
			keyed[n].err = err
		}
	}
}

// keyRecord is the record by which the order's key stands for the task.
func (s *Service) keyRecord(o *Order, ref Ref) (storage.Record, error) {
	request, err := o.digest()
	if err != nil {
		return storage.Record{}, err
	}
	value, err := storage.Encode(replayVersion, replay{Request: request, ID: ref.ID})
	if err != nil {
		return storage.Record{}, fmt.Errorf("encode idempotency record: %w", err)
	}
	return storage.Record{Key: o.key(), Value: value, Due: s.Now().Add(idempotencyLife)}, nil
}

// createAll makes the tasks of items that are counted.
func (s *Service) createAll(ctx context.Context, items []*item) {
	var written []*item
	var recs []storage.Record
	for _, i := range items {
		i.task = s.newTask(i.order, i.ref)
		if i.err = errors.Join(s.keepPassword(i.task, i.order.Password), i.task.fits()); i.err != nil {
			continue
		}
		rec, err := s.record(i.task)
		if i.err = err; err == nil {
			written, recs = append(written, i), append(recs, rec)
		}
	}
	errs := storage.CreateAll(ctx, s.Store.Records, recs)
	for n, i := range written {
		i.err = errs[n]
	}
	each(written, func(i **item) { s.accept(ctx, *i) })
}

// record is the record of a task as it is written now.
func (s *Service) record(t *Task) (storage.Record, error) {
	t.Version = t.format()
	t.Updated = s.Now().UTC()
	value, err := json.Marshal(t)
	if err != nil {
		return storage.Record{}, fmt.Errorf("encode task record: %w", err)
	}
	return storage.Record{Key: t.Ref.key(), Value: value, ETag: t.etag, Due: s.attention(t)}, nil
}

// accept answers an order whose task was written, unless the item has the error why it was not.
func (s *Service) accept(ctx context.Context, i *item) {
	switch {
	case i.order.IdempotencyKey != "" && errors.Is(i.err, fault.AlreadyExists):
		i.accepted, i.err = s.again(ctx, i.order, i.ref) // a call with the same key was quicker
		return
	case i.err != nil:
		return
	}
	i.counted = true
	made := Accepted{Task: i.task, attempt: i.task.Attempt}
	link, err := s.Links.UploadLink(ctx, i.ref.UploadName(), i.task.Settings.Size, i.task.LinkEnds)
	if err != nil {
		i.err = errors.Join(err, s.undo(ctx, i.order, made)) // which counts it no more
		return
	}
	made.Upload = &link
	i.accepted = made
	s.Log.InfoContext(ctx, logevent.TaskCreated, "task", i.ref.String())
}

// reserveBatch counts the tasks that are to be made and returns their items. Those for which there is no room are refused.
func (s *Service) reserveBatch(ctx context.Context, items []item) []*item {
	var wanted []*item
	for i := range items {
		if items[i].err == nil && !items[i].replayed {
			wanted = append(wanted, &items[i])
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	owner := wanted[0].order
	sizes := make([]int64, 0, len(wanted))
	for _, i := range wanted {
		sizes = append(sizes, i.order.Settings.Size)
	}
	refused, err := s.reserve(ctx, owner.Application, owner.Caps, sizes...)
	var counted []*item
	for n, i := range wanted {
		if i.err = err; refused != nil && refused[n] != nil {
			i.err = refused[n]
		}
		if i.err == nil {
			counted = append(counted, i)
		}
	}
	return counted
}

// releaseBatch takes back what was counted in vain, even when the client has gone.
func (s *Service) releaseBatch(ctx context.Context, items []*item) {
	var vain []*item
	for _, i := range items {
		if !i.counted {
			vain = append(vain, i)
		}
	}
	if len(vain) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), longestWrite)
	defer cancel()
	if err := s.release(ctx, vain[0].order.Application, len(vain)); err != nil {
		for _, i := range vain {
			i.err = errors.Join(i.err, err)
		}
	}
}
