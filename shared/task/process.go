package task

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/ocr/fairqueue"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// Outcome says what a call of Process came to.
type Outcome string

// The outcomes. All of them are successes for whoever triggered the call.
const (
	Done     Outcome = "done"      // the task has ended, or was deleted
	Busy     Outcome = "busy"      // another worker holds a valid lease
	HandedOn Outcome = "handed-on" // the rest goes on in another call
	Retried  Outcome = "retried"   // a transient fault: queued again with a delay
)

// concluding bounds the last writes of a call whose own context has ended.
const concluding = 20 * time.Second

// Process does the work of one task: pages, results, completion. It may be called for any task at any time and from
// several processes at once; only one of them works. Pages that an earlier call finished are not read again. A permanent
// fault of the document is a stored explanation, not an error. An error means that not even the state could be written:
// the lease runs out by itself and the sweep queues the task again.
func (s *Service) Process(ctx context.Context, ref Ref) (Outcome, error) {
	return s.process(ctx, ref, nil, nil)
}

// ProcessRead is Process for a task that the caller has just read: its record is not read once more.
func (s *Service) ProcessRead(ctx context.Context, t *Task) (Outcome, error) {
	return s.process(ctx, t.Ref, t, nil)
}

// ProcessAdmitted is Process for a task of which the document was admitted by Config.Turns. It leaves when it is done.
func (s *Service) ProcessAdmitted(ctx context.Context, ref Ref, turn *fairqueue.Document) (Outcome, error) {
	return s.process(ctx, ref, nil, turn)
}

// process is Process; read and turn may be nil.
func (s *Service) process(ctx context.Context, ref Ref, read *Task, turn *fairqueue.Document) (Outcome, error) {
	work, cancel := context.WithTimeoutCause(ctx, s.timeToWork(ctx), errDeadline)
	defer cancel()
	work, stop := context.WithCancelCause(work)
	defer stop(nil)
	t, turn, err := s.admitted(ctx, work, ref, read, turn, stop)
	if turn != nil {
		defer turn.Leave()
	}
	switch {
	case turn == nil && work.Err() != nil: // the time ran out before its turn came
		return HandedOn, s.Queue.Push(context.WithoutCancel(ctx), ref, 0)
	case errors.Is(err, errBusy):
		return Busy, nil
	case errors.Is(err, errFinished), errors.Is(err, fault.NotFound):
		return Done, nil
	case err != nil:
		return "", err
	}
	if t.State != InProgress {
		s.Log.WarnContext(ctx, logevent.TaskFailed, "task", ref.String(), "code", t.Failure.Code)
		return Done, errors.Join(s.tellProcessed(ctx, t), s.discard(ctx, t))
	}
	s.Log.InfoContext(ctx, logevent.TaskClaimed, "task", ref.String(), "attempt", t.Attempts, "alone", turn.Alone())

	work, h := s.keep(work, t)
	s.running.add(ref, h.stop)
	defer s.running.remove(ref)
	done, err := s.work(work, h, t, turn)
	if err != nil && context.Cause(work) != nil {
		err = context.Cause(work)
	}
	h.release()

	last, cancelLast := context.WithTimeout(context.WithoutCancel(ctx), concluding)
	defer cancelLast()
	return s.conclude(last, h, done, err)
}

// timeToWork is how long one call may work on a document. Where the caller's own time is limited, as that of an invocation is
// whose process is killed after it, enough of it is left to hand the rest on.
func (s *Service) timeToWork(ctx context.Context) time.Duration {
	end, limited := ctx.Deadline()
	if !limited {
		return s.Limits.Deadline
	}
	left := time.Until(end)
	return min(s.Limits.Deadline, left-min(concluding, left/4))
}

// errYield ends the reading of a document for the sake of one that must be read alone.
var errYield = errors.New("a document waits that must be read alone")

// admitted claims the task once it may be read: beside others, or alone when the record says that it was in hand when a
// process died. The turn is to be left if it is not nil, whatever the error.
func (s *Service) admitted(ctx, work context.Context, ref Ref, t *Task, turn *fairqueue.Document, stop context.CancelCauseFunc) (*Task, *fairqueue.Document, error) {
	for alone := false; ; alone, t, turn = true, nil, nil {
		var err error
		if turn == nil {
			if turn, err = s.Turns.Enter(work, ref.Application, alone); err != nil {
				return nil, nil, err
			}
		}
		yield := turn.Yield()
		go func() {
			select {
			case <-yield:
				stop(errYield)
			case <-work.Done():
			}
		}()
		if t == nil {
			if t, err = s.load(ctx, ref); err != nil {
				return nil, turn, err
			}
		}
		t, err = s.claim(ctx, t, alone)
		if !errors.Is(err, errSuspect) {
			return t, turn, err
		}
		turn.Leave()
	}
}

// conclude writes how the work ended.
func (s *Service) conclude(ctx context.Context, h *hold, done finished, workErr error) (Outcome, error) {
	var document *fault.Error
	if !errors.As(workErr, &document) || fault.Transient(workErr) {
		document = nil
	}
	handOn := errors.Is(workErr, errDeadline) || errors.Is(workErr, context.Canceled) || errors.Is(workErr, context.DeadlineExceeded) ||
		errors.Is(workErr, errYield) || errors.Is(workErr, errSlice)
	if errors.Is(workErr, errLost) {
		return s.letGo(ctx, h)
	}
	t, err := h.update(ctx, func(t *Task) {
		switch {
		case workErr == nil:
			s.end(t, Completed)
			t.Results, t.Notes, t.HiddenWords = done.results, done.told.Notes(), done.told.HiddenWords
			confidence := done.told.Confidence()
			t.Confidence = &confidence
		case document != nil:
			s.end(t, ProcessingFailed)
			t.Failure = &Failure{Code: document.Code, Detail: document.Detail}
		case handOn:
			t.handBack()
			if errors.Is(workErr, errSlice) {
				t.Suspect, t.Deaths = false, 0 // what was in hand at the death has been read
			}
		case errors.Is(workErr, fault.EngineStarved):
			t.handBack()
			t.Starved++
		case t.Attempts >= MaxAttempts:
			s.end(t, ProcessingFailed)
			t.Failure = exhausted()
		default:
			t.State = Queued
			t.Lease = Lease{}
		}
	})
	if errors.Is(err, errLost) {
		return s.letGo(ctx, h)
	}
	if err != nil {
		return "", err
	}
	return s.report(ctx, t, handOn, workErr)
}

// report logs how a call ended and does what follows from it.
func (s *Service) report(ctx context.Context, t *Task, handOn bool, workErr error) (Outcome, error) {
	log := s.Log.With("task", t.Ref.String())
	switch {
	case t.State == Completed:
		log.InfoContext(ctx, logevent.TaskCompleted, "pages", t.Pages.Total, "pages_failed", t.Pages.Failed, "seconds", t.LastEnded().Sub(later(t.Uploaded, t.Started)).Seconds())
		return Done, errors.Join(s.tellProcessed(ctx, t), s.discard(ctx, t), s.spend(ctx, t.Ref.Application, 0, t.Pages.Total))
	case t.State == ProcessingFailed:
		log.WarnContext(ctx, logevent.TaskFailed, "code", t.Failure.Code)
		return Done, errors.Join(s.tellProcessed(ctx, t), s.discard(ctx, t))
	case handOn:
		log.InfoContext(ctx, logevent.TaskHandedOn, "pages", t.Pages.Total, "done", t.Pages.Done)
		return HandedOn, s.Queue.Push(ctx, t.Ref, 0)
	default:
		delay := retryDelay(t.Attempts)
		if errors.Is(workErr, fault.EngineStarved) {
			delay = min(retryDelay(t.Starved), longestDelay)
		}
		log.WarnContext(ctx, logevent.TaskRequeued, "attempt", t.Attempts, "kind", fault.KindOf(workErr), "delay_seconds", delay.Seconds())
		return Retried, s.Queue.Push(ctx, t.Ref, delay)
	}
}

// retryDelay doubles from five seconds on.
func retryDelay(attempt int) time.Duration { return 5 * time.Second << min(max(0, attempt-1), 10) }

// longestDelay bounds the wait for a machine that has no processor time: it stays below the grace of queued tasks.
const longestDelay = queueGrace / 2

// discard removes what an ended task does not need: its document, its pages and, when it failed, results begun before. After a
// further round it removes the results of those before, too. What a round that began meanwhile makes is left alone.
func (s *Service) discard(ctx context.Context, t *Task) error {
	round := max(1, t.Round)
	later := func(name string) bool {
		_, _, leaf, err := ParseName(name)
		return err == nil && t.Upload == UntilDeadline && roundOf(leaf) > round
	}
	errs := []error{s.eraser.Except(ctx, t.Ref.prefix(storage.Work), later, nil)}
	if !s.keepsUpload(t) {
		errs = append(errs, s.eraser.Under(ctx, t.Ref.prefix(storage.Uploads), nil))
	}
	if t.State != Completed || round > 1 {
		kept := func(name string) bool { return t.hasResult(name) || later(name) }
		errs = append(errs, s.eraser.Except(ctx, t.Ref.prefix(storage.Results), kept, nil))
	}
	return errors.Join(append(errs, s.release(ctx, t.Ref.Application, 1))...)
}

// letGo ends a call whose lease is gone. If the task was deleted meanwhile, this worker writes nothing more: it says so in
// the tombstone and finishes the erasure. If nobody took the task over, it is handed back: nothing died.
func (s *Service) letGo(ctx context.Context, h *hold) (Outcome, error) {
	handedBack := false
	t, err := s.change(ctx, h.ref, func(t *Task) error {
		handedBack = false
		switch {
		case t.Lease.Owner != h.owner:
			return errUnchanged
		case t.State == Deleted:
			t.Lease = Lease{}
		case t.State == InProgress:
			handedBack = true
			t.handBack()
		default:
			return errUnchanged
		}
		return nil
	})
	if errors.Is(err, fault.NotFound) {
		return Done, nil
	}
	if err != nil {
		return "", err
	}
	if handedBack {
		return HandedOn, s.Queue.Push(ctx, h.ref, 0)
	}
	if t.State != Deleted {
		return Busy, nil
	}
	_, err = s.finish(ctx, t)
	return Done, err
}

// work reads the document's pages and writes its results.
func (s *Service) work(ctx context.Context, h *hold, t *Task, turn *fairqueue.Document) (finished, error) {
	doc, err := s.openDocument(ctx, t)
	if err != nil {
		return finished{}, err
	}
	defer doc.close()
	info := doc.info
	if err := t.Settings.Pages.Within(info.Pages); err != nil {
		return finished{}, err
	}
	if err := info.Refused(t.Settings.pdf(), render.Kinds(t.Settings.Formats)); err != nil {
		return finished{}, err // before its pages are read
	}
	if err := s.recognise(ctx, h, t, doc, turn); err != nil {
		return finished{}, err
	}
	return s.render(ctx, t, doc)
}

// transientTries bounds the tries inside one call; after them the task is queued again.
const transientTries = 4

// retry repeats a step with back-off while its fault is transient. What a starved machine did not finish is tried in another
// call: to try at once would starve it more.
func retry[T any](ctx context.Context, step func() (T, error)) (T, error) {
	return backoff.Retry(ctx, func() (T, error) {
		v, err := step()
		if err != nil && (!fault.Transient(err) || errors.Is(err, fault.EngineStarved)) {
			return v, backoff.Permanent(err)
		}
		return v, err
	}, backoff.WithMaxTries(transientTries))
}

// pageNames lists the pages that were finished before, by number.
func (s *Service) finishedPages(ctx context.Context, t *Task) (map[string]bool, error) {
	finished := map[string]bool{}
	prefix, after := t.Ref.prefix(storage.Work), ""
	for {
		blobs, err := s.Store.Blobs.List(ctx, prefix, after, listing)
		if err != nil {
			return nil, fmt.Errorf("list finished pages: %w", err)
		}
		for _, b := range blobs {
			finished[b.Name] = true
			after = b.Name
		}
		if len(blobs) < listing {
			return finished, nil
		}
	}
}

// listing is how many blobs or records are asked for at once.
const listing = 500
