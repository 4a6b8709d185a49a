package task

import (
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/uuid/v5"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// Direction says which way a transfer goes.
type Direction string

// The directions.
const (
	Upload   Direction = "upload"   // a document comes in
	Download Direction = "download" // a result, or a document for reviewers, goes out
)

// Streams says who beside this process may send or take in documents of the same store.
type Streams string

// The possibilities.
const (
	StreamsHere   Streams = "here"   // nobody: the server of one machine
	StreamsMarked Streams = "marked" // other instances, and each transfer is noted in its task: a function app
	StreamsUnseen Streams = "unseen" // another process that notes nothing: a verb beside a server
)

const (
	transferLook  = 2 * time.Second  // how often a transfer checks its task
	transferTrust = 5 * time.Second  // one that could not check for so long ends itself
	transferHold  = 6 * time.Second  // no transfer of another process goes on for longer once a tombstone is written
	transferClose = 10 * time.Second // how long an erasure waits for the transfers of this process

	rateWindow  = time.Minute // uploads are measured over this time
	minimumRate = 1 << 10     // bytes a second, on average over the window; a slower upload ends

	maxTransfers = 64 // of one task in all instances
)

// Transfer is one document or result on its way through this process. Whoever moves its bytes stops when its context ends
// and calls Close once no byte moves any more and every file is closed: an erasure waits for that.
type Transfer interface {
	// Context ends when the transfer must: with its task, its time, the revocation of its application, or for being too
	// slow. The cause is a fault that says which.
	Context() context.Context
	// Moved counts bytes that came or went.
	Moved(n int)
	// Close marks the transfer as ended. It may be called again.
	Close()
}

// Stream is a result that is being read.
type Stream struct {
	Transfer
	Blob storage.Blob
	body io.ReadCloser
}

// NewStream returns the result of a transfer, which ends with it.
func NewStream(t Transfer, blob storage.Blob, body io.ReadCloser) *Stream {
	return &Stream{t, blob, body}
}

// Read implements io.Reader. It gives nothing of a transfer that has ended.
func (s *Stream) Read(p []byte) (int, error) {
	if err := context.Cause(s.Context()); err != nil {
		return 0, err
	}
	n, err := s.body.Read(p)
	if cause := context.Cause(s.Context()); cause != nil {
		return 0, cause // it ended while storage read
	}
	return n, err
}

// Close closes the result and its transfer. It may be called again.
func (s *Stream) Close() error {
	err := s.body.Close()
	s.Transfer.Close()
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

// measured counts what is read for a transfer, and reads nothing for one that has ended.
type measured struct {
	io.Reader
	t Transfer
}

// Read implements io.Reader.
func (m *measured) Read(p []byte) (int, error) {
	if err := context.Cause(m.t.Context()); err != nil {
		return 0, err
	}
	n, err := m.Reader.Read(p)
	m.t.Moved(n)
	return n, err
}

// transfer is a Transfer that is registered with the Service.
type transfer struct {
	s         *Service
	id        string
	ref       Ref
	direction Direction
	ends      time.Time
	cancel    context.CancelCauseFunc
	ctx       context.Context //nolint:containedctx // a transfer is one call
	moved     atomic.Int64
	once      sync.Once
	closed    chan struct{}
}

func (t *transfer) Context() context.Context { return t.ctx }

func (t *transfer) Moved(n int) { t.moved.Add(int64(n)) }

func (t *transfer) Close() {
	t.once.Do(func() {
		t.cancel(context.Canceled)
		t.s.transfers.remove(t)
		close(t.closed)
		t.s.unmark(context.WithoutCancel(t.ctx), t)
	})
}

// OpenTransfer lets a document in or a result out until ends or the task's deadline, whichever comes first. A task that is
// gone, and one of a revoked application, is refused.
func (s *Service) OpenTransfer(ctx context.Context, ref Ref, d Direction, ends time.Time) (Transfer, error) {
	unique, err := uuid.NewV4()
	if err != nil {
		return nil, err
	}
	t := &transfer{s: s, id: s.Owner + "/" + unique.String(), ref: ref, direction: d, closed: make(chan struct{})}
	t.ctx, t.cancel = context.WithCancelCause(ctx)
	// Registered before the record is read: a delete that this does not see sees the transfer.
	s.transfers.add(t)
	if t.ends, err = s.mark(ctx, t, ends); err == nil {
		err = s.look(ctx, t)
	}
	if err != nil {
		t.Close()
		return nil, err
	}
	go t.watch()
	return t, nil
}

// OpenLink is OpenTransfer for a link to a blob, with the link's lifetime, on a store whose links the program serves itself.
func (s *Service) OpenLink(ctx context.Context, name string, upload bool, life time.Duration) (Transfer, error) {
	_, ref, _, err := ParseName(name)
	if err != nil {
		return nil, fault.New(fault.LinkInvalid, "the link is neither for a document nor for a result")
	}
	if upload {
		return s.OpenTransfer(ctx, ref, Upload, s.Now().Add(life))
	}
	return s.OpenTransfer(ctx, ref, Download, s.Now().Add(life))
}

// watch checks the task until the transfer is closed, and ends it when it must.
func (t *transfer) watch() {
	seen, mark, moved := t.s.Now(), t.s.Now(), t.moved.Load()
	for {
		timer := time.NewTimer(max(0, min(transferLook, t.ends.Sub(t.s.Now()))))
		select {
		case <-t.ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		began := t.s.Now()
		looking, done := context.WithTimeout(t.ctx, transferLook/2)
		err := t.s.look(looking, t)
		done()
		switch {
		case err == nil:
			seen = began
		case fault.Transient(err) && t.s.Now().Before(t.ends) && t.s.Now().Sub(seen) < transferTrust-transferLook:
			err = nil // tried once more before an erasure elsewhere may count on this transfer's end
		}
		if age := began.Sub(mark); err == nil && t.direction == Upload && age >= rateWindow {
			if t.moved.Load()-moved < int64(age/time.Second)*minimumRate {
				err = fault.New(fault.UploadTooSlow, "the upload was slower than %d bytes a second for %d seconds; send the document again over a faster connection",
					minimumRate, int(rateWindow.Seconds()))
			}
			mark, moved = began, t.moved.Load()
		}
		if err != nil {
			t.cancel(err)
			return
		}
	}
}

// look returns why a transfer must end, nil if it may go on.
func (s *Service) look(ctx context.Context, t *transfer) error {
	err := s.checkOwner(ctx, t.ref.Application)
	if err == nil {
		_, err = s.Get(ctx, t.ref)
	}
	if (err == nil || fault.Transient(err)) && !s.Now().Before(t.ends) {
		return fault.New(fault.LinkExpired, "the time for the transfer is over; ask for a new link")
	}
	return err
}

// mark notes a transfer in its task where other processes may erase, and returns when it ends at the latest.
func (s *Service) mark(ctx context.Context, t *transfer, ends time.Time) (time.Time, error) {
	limit := func(task *Task) error {
		if due, _ := task.Deadline(s.Policy); due.Before(ends) {
			ends = due
		}
		return s.visible(task)
	}
	if s.Streams != StreamsMarked {
		task, err := s.load(ctx, t.ref)
		if err != nil {
			return ends, err
		}
		return ends, limit(task)
	}
	_, err := s.change(ctx, t.ref, func(task *Task) error {
		if err := limit(task); err != nil {
			return err
		}
		maps.DeleteFunc(task.Transfers, func(_ string, until time.Time) bool { return !s.Now().Before(until) })
		if len(task.Transfers) >= maxTransfers {
			return fault.New(fault.RateLimited, "%d transfers of the task are open, the most that are allowed; end one", maxTransfers).Retry(transferHold)
		}
		if task.Transfers == nil {
			task.Transfers = map[string]time.Time{}
		}
		task.Transfers[t.id] = ends.UTC()
		return nil
	})
	return ends, err
}

// unmark takes the note of a transfer back. Where that fails a delete waits a few seconds in vain.
func (s *Service) unmark(ctx context.Context, t *transfer) {
	if s.Streams != StreamsMarked {
		return
	}
	ctx, done := context.WithTimeout(ctx, transferHold)
	defer done()
	_, _ = s.change(ctx, t.ref, func(task *Task) error {
		if _, ok := task.Transfers[t.id]; !ok {
			return errUnchanged
		}
		delete(task.Transfers, t.id)
		return nil
	})
}

// streamed reports whether a process other than this one may have a transfer of the task open.
func (s *Service) streamed(t *Task, now time.Time) bool {
	switch s.Streams {
	case StreamsUnseen:
		return true
	case StreamsMarked:
		for id, until := range t.Transfers {
			if !strings.HasPrefix(id, s.Owner+"/") && now.Before(until) {
				return true
			}
		}
	case StreamsHere:
	}
	return false
}

// EndTransfers ends every transfer of an application, and of people inside it, in this process, for its revocation, and waits until none moves.
func (s *Service) EndTransfers(ctx context.Context, application string) error {
	return s.transfers.end(ctx, revoked(), func(ref Ref) bool { return ApplicationOf(ref.Application) == application })
}

// endTransfers ends those of a task that is deleted.
func (s *Service) endTransfers(ctx context.Context, ref Ref) error {
	return s.transfers.end(ctx, erased(), func(r Ref) bool { return r == ref })
}

// transfers knows those that are open in this process.
type transfers struct {
	mu   sync.Mutex
	open map[*transfer]struct{} // guarded by mu
}

func (o *transfers) add(t *transfer) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.open == nil {
		o.open = map[*transfer]struct{}{}
	}
	o.open[t] = struct{}{}
}

func (o *transfers) remove(t *transfer) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.open, t)
}

// of lists the open transfers of some tasks.
func (o *transfers) of(match func(Ref) bool) []*transfer {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Collect(func(yield func(*transfer) bool) {
		for t := range o.open {
			if match(t.ref) && !yield(t) {
				return
			}
		}
	})
}

// end ends transfers and waits until their bytes stand still.
func (o *transfers) end(ctx context.Context, why error, match func(Ref) bool) error {
	open := o.of(match)
	for _, t := range open {
		t.cancel(why)
	}
	patience := time.NewTimer(transferClose)
	defer patience.Stop()
	for _, t := range open {
		select {
		case <-t.closed:
		case <-patience.C:
			return errOpen
		case <-ctx.Done():
			return errors.Join(errOpen, ctx.Err())
		}
	}
	return nil
}

// errOpen keeps a receipt back.
var errOpen = fault.New(fault.StorageUnavailable, "a transfer of the document has not ended yet; try again in a moment")
