package erasure

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// page is how many copies are listed at once.
const page = 500

// Scrubber is what records offer whose store keeps replaced values somewhere until it is asked to remove them.
type Scrubber interface {
	Scrub(ctx context.Context) error
}

// Eraser removes copies. It is idempotent and may be interrupted anywhere: what is left is found again.
type Eraser struct {
	Items   []Item // the inventory it walks
	Blobs   storage.Blobs
	Records storage.Records
	Now     func() time.Time
}

// Evidence says of one class when it was erased and when the check found nothing of it.
type Evidence struct {
	Class   Class     `json:"class"`
	Copies  int       `json:"copies,omitempty"` // erased in the last run
	Erased  time.Time `json:"erased"`
	Checked time.Time `json:"checked"`
}

// Prefix returns where the copies of one subject lie in a container, with the slash at its end; empty for nowhere.
type Prefix func(container string) string

// Erase removes every copy of a subject, then runs the independent check. Only without an error is everything gone.
func (e *Eraser) Erase(ctx context.Context, prefix Prefix) ([]Evidence, error) {
	evidence, counts := []Evidence{}, map[Class]int{}
	if err := e.Remove(ctx, prefix, counts); err != nil {
		return nil, err
	}
	erased := e.Now().UTC()
	checked, err := Checker{Items: e.Items, Blobs: e.Blobs, Now: e.Now}.Check(ctx, prefix)
	if err != nil {
		return nil, err
	}
	for _, i := range e.Items {
		if e.covers(i, prefix) {
			evidence = append(evidence, Evidence{Class: i.Class, Copies: counts[i.Class], Erased: erased, Checked: checked})
		}
	}
	return evidence, nil
}

// Remove removes every copy of a subject that is there, and counts them by class if counts is not nil.
func (e *Eraser) Remove(ctx context.Context, prefix Prefix, counts map[Class]int) error {
	var errs []error
	for _, c := range Containers(e.Items) {
		if p := prefix(c); p != "" {
			errs = append(errs, e.Under(ctx, p, counts), e.Discard(ctx, p, counts))
		}
	}
	if s, ok := e.Records.(Scrubber); ok {
		if err := s.Scrub(ctx); err != nil {
			errs = append(errs, fault.Wrap(err, fault.StorageUnavailable, "the database's write-ahead log could not be emptied"))
		}
	}
	return errors.Join(errs...)
}

// Discard removes what is being written under a prefix, and counts it if counts is not nil. Whoever writes it fails.
func (e *Eraser) Discard(ctx context.Context, prefix string, counts map[Class]int) error {
	s, ok := e.Blobs.(storage.Staging)
	if !ok || !e.lists(ByStaging) {
		return nil
	}
	n, err := s.Discard(ctx, prefix, time.Time{})
	if err != nil {
		return fmt.Errorf("erase half-written copies: %w", err)
	}
	if counts != nil && n > 0 {
		counts[Staging] += n
	}
	return nil
}

// lists reports whether the inventory has a class that goes by these means.
func (e *Eraser) lists(m Means) bool {
	return slices.ContainsFunc(e.Items, func(i Item) bool { return i.Means == m })
}

// covers reports whether an erasure says something about the item.
func (e *Eraser) covers(i Item, prefix Prefix) bool {
	switch i.Means {
	case ByEraser:
		return prefix(i.Container) != ""
	case ByScrub:
		_, ok := e.Records.(Scrubber)
		return ok
	case ByCheck:
		_, ok := e.Blobs.(storage.Remnants)
		return ok
	case ByStaging:
		_, ok := e.Blobs.(storage.Staging)
		return ok
	case ByDomain:
		return true
	case BySweep, ByProcess, ByOperator:
	}
	return false
}

// Under deletes every blob below a prefix and counts them by class. It goes on past single errors, so that one copy keeps
// no other alive.
func (e *Eraser) Under(ctx context.Context, prefix string, counts map[Class]int) error {
	return e.Except(ctx, prefix, func(string) bool { return false }, counts)
}

// Except is Under for all but the blobs that are to be kept, by name.
func (e *Eraser) Except(ctx context.Context, prefix string, kept func(name string) bool, counts map[Class]int) error {
	var errs []error
	after := ""
	for {
		blobs, err := e.Blobs.List(ctx, prefix, after, page)
		if err != nil {
			return errors.Join(append(errs, fmt.Errorf("list copies: %w", err))...)
		}
		for _, b := range blobs {
			after = b.Name
			if kept(b.Name) {
				continue
			}
			class, err := e.Blob(ctx, b)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			if counts != nil && class != "" {
				counts[class]++
			}
		}
		if len(blobs) < page {
			return errors.Join(errs...)
		}
	}
}

// Blob deletes one blob with all that hangs on it and returns its class. What the inventory does not list is left alone and
// has no class.
func (e *Eraser) Blob(ctx context.Context, b storage.Blob) (Class, error) {
	for _, i := range e.Items {
		if i.Means == ByEraser && i.Container == container(b.Name) && (i.Class == Blocks) == b.Uncommitted {
			if err := e.Blobs.Delete(ctx, b.Name); err != nil {
				return "", fmt.Errorf("erase copy: %w", err)
			}
			return i.Class, nil
		}
	}
	return "", nil
}

func container(name string) string {
	for i := range len(name) {
		if name[i] == '/' {
			return name[:i]
		}
	}
	return name
}
