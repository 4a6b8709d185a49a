package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/request"
)

// batch is what creating as many tasks as one call may create took.
type batch struct{ together, alone time.Duration }

// String implements fmt.Stringer.
func (b batch) String() string {
	return fmt.Sprintf("%d ms, %.3f of the time of a call for each", b.together.Milliseconds(), b.together.Seconds()/b.alone.Seconds())
}

// creating makes tasks in one call, and as many in a call for each, several at a time. Every order has a key, as those of the client have.
func (s *service) creating(ctx context.Context) (batch, error) {
	c, err := s.client()
	if err != nil {
		return batch{}, err
	}
	items := make([]client.BatchItem, request.MaxBatch)
	for i := range items {
		items[i].Key = "together " + strconv.Itoa(i)
	}
	began := time.Now()
	results, err := c.CreateBatch(ctx, items)
	b := batch{together: time.Since(began)}
	if err != nil {
		return b, err
	}
	for _, r := range results {
		if r.Problem != nil {
			return b, r.Problem
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	began = time.Now()
	for i := range items {
		group.Go(func() error {
			_, err := c.Create(ctx, client.Settings{}, "alone "+strconv.Itoa(i))
			return err
		})
	}
	err = group.Wait()
	b.alone = time.Since(began)
	return b, err
}
