package erasure

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// Checker looks for copies after an erasure. It shares no code with the eraser but the inventory, and believes nothing but
// what storage lists.
type Checker struct {
	Items []Item
	Blobs storage.Blobs
	Now   func() time.Time
}

// Check lists every container again, what storage keeps beside its blobs, what is half written, and which files are open.
// It returns when it found nothing; a copy
// that is still listed is a fault of kind Unavailable, since erasing it again may succeed.
func (c Checker) Check(ctx context.Context, prefix Prefix) (time.Time, error) {
	for _, name := range Containers(c.Items) {
		p := prefix(name)
		if p == "" {
			continue
		}
		left, err := c.Blobs.List(ctx, p, "", 1)
		if err != nil {
			return time.Time{}, fmt.Errorf("check for copies: %w", err)
		}
		if len(left) > 0 {
			return time.Time{}, fault.New(fault.StorageUnavailable, "storage still lists a copy in %s after its erasure", name)
		}
		if err := errors.Join(c.remnants(ctx, p), c.staging(ctx, p)); err != nil {
			return time.Time{}, err
		}
	}
	return c.Now().UTC(), nil
}

func (c Checker) remnants(ctx context.Context, prefix string) error {
	r, ok := c.Blobs.(storage.Remnants)
	if !ok {
		return nil
	}
	for _, i := range c.Items {
		if i.Means != ByCheck {
			continue
		}
		n, err := r.Remnants(ctx, prefix)
		if err != nil {
			return fmt.Errorf("check for %s: %w", i.Class, err)
		}
		if n > 0 {
			return fault.New(fault.StorageUnavailable, "storage keeps %d earlier or deleted copies; turn soft delete and versioning off and see `lethe doctor`", n)
		}
	}
	return nil
}

// staging looks for half-written files, and for files without a name that this process still holds open.
func (c Checker) staging(ctx context.Context, prefix string) error {
	s, ok := c.Blobs.(storage.Staging)
	if !ok {
		return nil
	}
	written, open, err := s.Staged(ctx, prefix)
	if err != nil {
		return fmt.Errorf("check for half-written copies: %w", err)
	}
	if written > 0 || open > 0 {
		return fault.New(fault.StorageUnavailable, "%d copies are still being written and %d files are still open after the erasure", written, open)
	}
	return nil
}
