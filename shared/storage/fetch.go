package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/cenkalti/backoff/v5"

	"github.com/lethe-ocr/lethe/shared/fault"
)

const (
	// blockSize is what is fetched at least, in bytes. Much smaller ones would bring hardly fewer bytes, since a request costs as
	// much time as some hundred KiB.
	blockSize = 32 << 10
	// maxAhead is how much is fetched at most beyond what was asked for, in bytes.
	maxAhead = 1 << 20
	// fetchTries is how often a fetch is begun before a transient fault is passed on.
	fetchTries = 4
)

// Fetched counts what a document took of storage.
type Fetched struct {
	Requests int64 // for ranges, those that failed too
	Bytes    int64 // that came
}

// Ranges brings parts of a blob into the memory file that it was opened as. Each block of it is fetched once, however many ask for
// it at once; neighbouring blocks come by one request, with some of those after them in proportion to how much of what is before
// them is there: who reads on asks seldom. It may be used by several goroutines at once.
type Ranges struct {
	blobs  Blobs
	blob   Blob
	memory *sparse
	ctx    context.Context //nolint:containedctx // of fetches, which outlive the call that asked for them; ends with close
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu      sync.Mutex
	blocks  []*fetch      // by number: nil for one that is missing, here for one that is there; guarded by mu
	changed chan struct{} // closed and made anew with each change of blocks; guarded by mu
	closed  bool          // guarded by mu
	fetched Fetched       // guarded by mu
}

// fetch is one range on its way. Its fields are guarded by the mutex of Ranges.
type fetch struct {
	next, end int // blocks that are still to come
	waiting   int // calls
	cancel    context.CancelFunc
	err       error // why it ended early
}

// here stands for a block that is there.
var here = &fetch{}

var errRangesClosed = errors.New("the document is closed")

func newRanges(blobs Blobs, blob Blob, memory *sparse) *Ranges {
	r := &Ranges{
		blobs: blobs, blob: blob, memory: memory,
		blocks: make([]*fetch, (blob.Size+blockSize-1)/blockSize), changed: make(chan struct{}),
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r
}

// Fetched returns what was fetched so far.
func (r *Ranges) Fetched() Fetched {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.fetched
}

// Fill returns once length bytes from offset can be read from the file, or with the reason why they cannot: that ctx ended, which
// also ends the fetch that nobody else waits for, that storage did not answer, or that the document is not the one any more that
// was opened (fault.DocumentChanged) or was deleted (fault.ThingNotFound).
func (r *Ranges) Fill(ctx context.Context, offset, length int64) error {
	if offset < 0 || length < 1 || offset > r.blob.Size-length {
		return fault.New(fault.BadField, "a range must lie within the document")
	}
	first, last := int(offset/blockSize), int((offset+length-1)/blockSize)
	for at := first; at <= last; {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		f, changed, err := r.join(at, last)
		if err != nil {
			return err
		}
		if f == here {
			at++
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
		if err := r.leave(ctx, f, at); err != nil {
			return err
		}
	}
	return nil
}

// join returns the fetch that brings a block, and begins it if there is none: of all that are missing up to the last, or up to one
// that is not.
func (r *Ranges) join(at, last int) (*fetch, <-chan struct{}, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, nil, errRangesClosed
	}
	if r.blocks[at] == nil {
		end := at
		for end <= last && r.blocks[end] == nil {
			end++
		}
		if end > last {
			end = r.ahead(at, end)
		}
		r.begin(at, end)
	}
	f := r.blocks[at]
	if f != here {
		f.waiting++
	}
	return f, r.changed, nil
}

// ahead returns where a run of missing blocks is to end that begins at a block and was asked for up to an end: further on by as
// much as there is before it. The caller holds mu.
func (r *Ranges) ahead(at, end int) int {
	most := min(len(r.blocks), end+maxAhead/blockSize)
	for before := at - 1; before >= 0 && r.blocks[before] != nil && end < most && r.blocks[end] == nil; before-- {
		end++
	}
	return end
}

// begin fetches blocks. The caller holds mu.
func (r *Ranges) begin(at, end int) {
	ctx, cancel := context.WithCancel(r.ctx)
	f := &fetch{next: at, end: end, cancel: cancel}
	for i := at; i < end; i++ {
		r.blocks[i] = f
	}
	r.work.Go(func() {
		defer cancel()
		_, err := backoff.Retry(ctx, func() (struct{}, error) {
			err := replaced(r.attempt(ctx, f))
			if err != nil && !fault.Transient(err) {
				err = backoff.Permanent(err)
			}
			return struct{}{}, err
		}, backoff.WithMaxTries(fetchTries))
		r.mu.Lock()
		defer r.mu.Unlock()
		r.drop(f, err)
	})
}

// leave ends the wait for a fetch. The error is why its block does not come.
func (r *Ranges) leave(ctx context.Context, f *fetch, at int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	f.waiting--
	switch {
	case ctx.Err() != nil:
		if f.waiting == 0 && f.next < f.end {
			f.cancel()
			r.drop(f, context.Cause(ctx)) // who comes now begins anew
		}
		return context.Cause(ctx)
	case r.blocks[at] != here && f.err != nil:
		return f.err
	default:
		return nil
	}
}

// drop gives up on what a fetch did not bring. The caller holds mu.
func (r *Ranges) drop(f *fetch, err error) {
	if f.err == nil {
		f.err = err
	}
	for ; f.next < f.end; f.next++ {
		r.blocks[f.next] = nil
	}
	r.tell()
}

// tell wakes everybody who waits. The caller holds mu.
func (r *Ranges) tell() {
	close(r.changed)
	r.changed = make(chan struct{})
}

// attempt reads what a fetch has still to bring.
func (r *Ranges) attempt(ctx context.Context, f *fetch) error {
	r.mu.Lock()
	next, end := f.next, f.end
	r.fetched.Requests++
	r.mu.Unlock()
	from := int64(next) * blockSize
	body, err := r.blobs.GetRange(ctx, r.blob.Name, r.blob.ETag, from, min(int64(end)*blockSize, r.blob.Size)-from)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }() // every byte was read, or there is a better error
	block := make([]byte, blockSize)
	defer clear(block) // the file alone keeps the document
	for ; next < end; next++ {
		at := int64(next) * blockSize
		b := block[:min(blockSize, r.blob.Size-at)]
		n, err := io.ReadFull(body, b)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = fault.Wrap(err, fault.StorageUnavailable, "storage sent less than it was asked for; try again")
		}
		if err := r.put(f, b, at, n, err); err != nil {
			return err
		}
	}
	return nil
}

// put takes in a block, or counts the part of it that came before an error.
func (r *Ranges) put(f *fetch, b []byte, at int64, n int, err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fetched.Bytes += int64(n)
	switch {
	case err != nil:
		return err
	case r.closed || f.next == f.end:
		return errRangesClosed // nobody waits for it any more
	}
	if err := r.memory.write(b, at); err != nil {
		return fault.Wrap(fmt.Errorf("keep range: %w", err), fault.StorageUnavailable, "There is no memory for the document; try again later.")
	}
	r.blocks[f.next] = here
	f.next++
	r.tell()
	return nil
}

// close ends every fetch, and returns when none goes on.
func (r *Ranges) close() error {
	r.mu.Lock()
	already := r.closed
	r.closed = true
	r.mu.Unlock()
	if already {
		return nil
	}
	r.cancel()
	r.work.Wait()
	return r.memory.unmap()
}
