package task

import (
	"context"
	"iter"

	"golang.org/x/sync/errgroup"

	"github.com/lethe-ocr/lethe/shared/storage"
)

// owner is whose a blob is: nil for nobody's, and also where the record could not be read.
type owner struct {
	task *Task
	err  error
}

// owners goes through blobs that were listed a moment ago, with the owner of each. Records are read after the listing, each once for
// blobs of one task that follow each other, and as many at once as a sweep erases tasks: most of the time of a full pass goes by
// waiting for them. No more are read ahead, so that none is old when it is judged.
func (s *Service) owners(ctx context.Context, blobs []storage.Blob) iter.Seq2[storage.Blob, owner] {
	return func(yield func(storage.Blob, owner) bool) {
		for len(blobs) > 0 {
			var of []owner // of the next tasks
			var at []int   // for each blob: which of them
			var group errgroup.Group
			next := make([]owner, max(1, s.Sweepers))
			for n, b := range blobs {
				if n > 0 && sameOwner(b.Name, blobs[n-1].Name) {
					at = append(at, len(of)-1)
					continue
				}
				if len(of) == len(next) {
					break
				}
				of = next[:len(of)+1]
				o := &next[len(of)-1]
				at = append(at, len(of)-1)
				read := func() error {
					o.task, o.err = s.ownerOf(ctx, b.Name, nil)
					return nil
				}
				if len(next) == 1 {
					_ = read() // it has its own error
					continue
				}
				group.Go(read)
			}
			_ = group.Wait() // each has its own error
			for n, i := range at {
				if !yield(blobs[n], of[i]) {
					return
				}
			}
			blobs = blobs[len(at):]
		}
	}
}

// sameOwner reports whether two blobs belong to one task.
func sameOwner(a, b string) bool {
	_, one, _, err := ParseName(a)
	_, other, _, otherErr := ParseName(b)
	return err == nil && otherErr == nil && one == other
}
