package task

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"
)

// batchWrites is how many tasks of a batch are written at once: most of the time goes by waiting for storage.
const batchWrites = 8

// CreateBatch is Create for many orders of one application. Each succeeds or fails by itself; both results have the same index.
// The tasks are counted in one write for all of them.
func (s *Service) CreateBatch(ctx context.Context, orders []Order) ([]Accepted, []error) {
	items := make([]item, len(orders))
	for i, o := range orders {
		items[i].order = o
		if items[i].err = s.complete(&items[i].order); items[i].err == nil {
			items[i].ref, items[i].err = s.newRef(o) // one after the other, so that their order is that of the list
		}
	}
	each(items, func(i *item) { s.recall(ctx, i) })
	counted := s.reserveBatch(ctx, items)
	each(counted, func(i **item) {
		(*i).accepted, (*i).counted, (*i).err = s.createCounted(ctx, (*i).order, (*i).ref)
	})
	s.releaseBatch(ctx, counted)
	accepted, errs := make([]Accepted, len(items)), make([]error, len(items))
	for i, one := range items {
		accepted[i], errs[i] = one.accepted, one.err
	}
	return accepted, errs
}

// item is one order of a batch and what became of it.
type item struct {
	order    Order
	ref      Ref  // of its task, unless it repeats an earlier order
	replayed bool // it does
	accepted Accepted
	counted  bool // the task is among the open ones
	err      error
}

// each calls do for every item, several at once.
func each[T any](items []T, do func(*T)) {
	var group errgroup.Group
	group.SetLimit(batchWrites)
	for i := range items {
		group.Go(func() error {
			do(&items[i])
			return nil
		})
	}
	_ = group.Wait() // every item has its own error
}

// recall answers an order that repeats an earlier one.
func (s *Service) recall(ctx context.Context, i *item) {
	if i.err != nil || i.order.IdempotencyKey == "" {
		return
	}
	first, err := s.takeKey(ctx, i.order, i.ref)
	if i.err = err; err == nil && !first {
		i.replayed = true
		i.accepted, i.err = s.replayed(ctx, i.order)
	}
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
