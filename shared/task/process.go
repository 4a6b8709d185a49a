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

// Process does the work of one task: pages, results, completion; or that of one part of it: pages, and where it is the last part
// that was missing, results and completion. It may be called for any job at any time and from several processes at once; only
// one of them works. Pages that an earlier call finished are not read again. A permanent fault of the document is a stored
// explanation, not an error. An error means that not even the state could be written: the lease runs out by itself and the
// sweep queues the job again.
func (s *Service) Process(ctx context.Context, job Job) (Outcome, error) {
	return s.process(ctx, job, nil, nil)
}

// ProcessRead is Process for a task that the caller has just read: its record is not read once more.
func (s *Service) ProcessRead(ctx context.Context, t *Task) (Outcome, error) {
	return s.process(ctx, t.Ref.Job(), t, nil)
}

// ProcessAdmitted is Process for a job of which the document was admitted by Config.Turns. It leaves when it is done.
func (s *Service) ProcessAdmitted(ctx context.Context, job Job, turn *fairqueue.Document) (Outcome, error) {
	return s.process(ctx, job, nil, turn)
}

// process is Process; read and turn may be nil.
func (s *Service) process(ctx context.Context, job Job, read *Task, turn *fairqueue.Document) (Outcome, error) {
	work, cancel := context.WithTimeoutCause(ctx, s.timeToWork(ctx), errDeadline)
	defer cancel()
	work, stop := context.WithCancelCause(work)
	defer stop(nil)
	if job.Part > 0 {
		return s.processPart(ctx, work, job, turn, stop)
	}
	var t *Task
	turn, err := s.admitted(work, job, turn, stop, func(alone bool) (err error) {
		if t, read = read, nil; t == nil {
			if t, err = s.load(ctx, job.Task); err != nil {
				return err
			}
		}
		t, err = s.claim(ctx, t, alone)
		return err
	})
	if turn != nil {
		defer turn.Leave()
	}
	if outcome, err, over := s.unclaimed(ctx, work, job, turn, err); over {
		return outcome, err
	}
	if t.State != InProgress {
		s.Log.WarnContext(ctx, logevent.TaskFailed, "task", job.Task.String(), "code", t.Failure.Code)
		return Done, errors.Join(s.tellProcessed(ctx, t), s.discard(ctx, t))
	}
	return s.carry(ctx, work, t, turn, stop)
}

// unclaimed says how a call ends of which nothing could be claimed.
func (s *Service) unclaimed(ctx, work context.Context, job Job, turn *fairqueue.Document, err error) (Outcome, error, bool) { //nolint:revive // the error is the caller's answer
	switch {
	case turn == nil && work.Err() != nil: // the time ran out before its turn came
		return HandedOn, s.Queue.Push(context.WithoutCancel(ctx), job, 0), true
	case errors.Is(err, errBusy):
		return Busy, nil, true
	case errors.Is(err, errFinished), errors.Is(err, fault.NotFound):
		return Done, nil, true
	}
	return "", err, err != nil
}

// carry works on a task that was claimed: to its end, or until it is shared out, and then on its first part.
func (s *Service) carry(ctx, work context.Context, t *Task, turn *fairqueue.Document, stop context.CancelCauseFunc) (Outcome, error) {
	s.Log.InfoContext(ctx, logevent.TaskClaimed, "task", t.Ref.String(), "attempt", t.Attempts, "alone", turn.Alone())
	held, h := s.keep(work, t)
	ended := s.running.add(t.Ref, h.stop)
	done, err := s.work(held, h, t, turn)
	if err != nil && !errors.Is(err, errSplit) && context.Cause(held) != nil {
		err = context.Cause(held)
	}
	h.release()
	ended()
	if errors.Is(err, errSplit) {
		return s.goOn(ctx, work, t.Ref, turn, stop)
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), concluding)
	defer cancel()
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

// admitted claims a job once it may be read: beside others, or alone when its record says that it was in hand when a process
// died. The turn is to be left if it is not nil, whatever the error.
func (s *Service) admitted(work context.Context, job Job, turn *fairqueue.Document, stop context.CancelCauseFunc, claim func(alone bool) error) (*fairqueue.Document, error) {
	for alone := false; ; alone, turn = true, nil {
		if turn == nil {
			var err error
			if turn, err = s.Turns.Enter(work, job.Task.Application, alone); err != nil {
				return nil, err
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
		if err := claim(turn.Alone()); !errors.Is(err, errSuspect) {
			return turn, err
		}
		turn.Leave()
	}
}

// conclude writes how the work ended.
func (s *Service) conclude(ctx context.Context, h *hold, done finished, workErr error) (Outcome, error) {
	document := permanent(workErr)
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
			s.fail(t, document)
		case t.settle(workErr) != nil:
			s.fail(t, exhausted())
		default:
			t.State = Queued
		}
	})
	if errors.Is(err, errLost) {
		return s.letGo(ctx, h)
	}
	if err != nil {
		return "", err
	}
	return s.report(ctx, t, workErr)
}

// permanent is the explanation of a fault that belongs to the document, nil for any other.
func permanent(err error) *Failure {
	if f, ok := errors.AsType[*fault.Error](err); ok && !fault.Transient(err) {
		return &Failure{Code: f.Code, Detail: f.Detail}
	}
	return nil
}

// handsOn reports whether work ended in good order, for the sake of time or of others.
func handsOn(err error) bool {
	for _, cause := range []error{errDeadline, context.Canceled, context.DeadlineExceeded, errYield, errSlice} {
		if errors.Is(err, cause) {
			return true
		}
	}
	return false
}

// report logs how a call ended and does what follows from it.
func (s *Service) report(ctx context.Context, t *Task, workErr error) (Outcome, error) {
	log := s.Log.With("task", t.Ref.String())
	switch {
	case t.State == Completed:
		log.InfoContext(ctx, logevent.TaskCompleted, "pages", t.Pages.Total, "pages_failed", t.Pages.Failed, "seconds", t.LastEnded().Sub(later(t.Uploaded, t.Started)).Seconds())
		return Done, errors.Join(s.tellProcessed(ctx, t), s.discard(ctx, t), s.spend(ctx, t.Ref.Application, 0, t.Pages.Total))
	case t.State == ProcessingFailed:
		log.WarnContext(ctx, logevent.TaskFailed, "code", t.Failure.Code)
		return Done, errors.Join(s.tellProcessed(ctx, t), s.discard(ctx, t))
	case handsOn(workErr):
		log.InfoContext(ctx, logevent.TaskHandedOn, "pages", t.Pages.Total, "done", t.Pages.Done)
		return HandedOn, s.Queue.Push(ctx, t.Ref.Job(), 0)
	default:
		delay := t.patience(workErr)
		log.WarnContext(ctx, logevent.TaskRequeued, "attempt", t.Attempts, "kind", fault.KindOf(workErr), "delay_seconds", delay.Seconds())
		return Retried, s.Queue.Push(ctx, t.Ref.Job(), delay)
	}
}

// patience is how long to wait before another attempt after a transient fault.
func (c *Claims) patience(why error) time.Duration {
	if errors.Is(why, fault.EngineStarved) {
		return min(retryDelay(c.Starved), longestDelay)
	}
	return retryDelay(c.Attempts)
}

// retryDelay doubles from five seconds on.
func retryDelay(attempt int) time.Duration { return 5 * time.Second << min(max(0, attempt-1), 10) }

// longestDelay bounds the wait for a machine that has no processor time: it stays below the grace of queued tasks.
const longestDelay = queueGrace / 2

// discard removes what an ended task does not need: its document, its pages and, when it failed, results begun before. After a
// further round it removes the results of those before, too. What a round that began meanwhile makes is left alone.
func (s *Service) discard(ctx context.Context, t *Task) error {
	errs := []error{s.discardPages(ctx, t)}
	if !s.keepsUpload(t) {
		errs = append(errs, s.eraser.Under(ctx, t.Ref.prefix(storage.Uploads), nil))
	}
	if t.State != Completed || t.Round > 1 {
		kept := func(name string) bool { return t.hasResult(name) || t.ofLaterRound(name) }
		errs = append(errs, s.eraser.Except(ctx, t.Ref.prefix(storage.Results), kept, nil))
	}
	t = s.published(ctx, t)
	return errors.Join(append(errs, s.release(ctx, t.Ref.Application, 1), s.countEndings(ctx, t))...)
}

// discardPages removes the pages that were kept up to the present round.
func (s *Service) discardPages(ctx context.Context, t *Task) error {
	return s.eraser.Except(ctx, t.Ref.prefix(storage.Work), t.ofLaterRound, nil)
}

// ofLaterRound reports whether a blob of pages or results belongs to a round that began after this record was read.
func (t *Task) ofLaterRound(name string) bool {
	_, _, leaf, err := ParseName(name)
	return err == nil && t.Upload == UntilDeadline && roundOf(leaf) > max(1, t.Round)
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
		return HandedOn, s.Queue.Push(ctx, h.ref.Job(), 0)
	}
	if t.State != Deleted {
		return Busy, nil
	}
	_, err = s.finish(ctx, t)
	return Done, err
}

// work reads the document's pages and writes its results.
func (s *Service) work(ctx context.Context, h *hold, t *Task, turn *fairqueue.Document) (finished, error) {
	if t.assembling() && t.Attempts == 1 && t.Parts.Info != nil { // else some page may be damaged
		return s.assemble(ctx, h, t)
	}
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
	wanted := t.Settings.Pages.Of(info.Pages)
	input := Input{Size: t.Input.Size, Type: info.Type, Digest: t.Input.Digest, Received: t.Input.Received}
	if s.splits(t, len(wanted)) {
		h.progress(input, Progress{Total: len(wanted)})
		if err := s.chooseLanguages(ctx, h, t, doc, wanted, turn); err != nil {
			return finished{}, err
		}
		if err := s.split(ctx, h, t, doc, len(wanted)); !errors.Is(err, errUnsplit) {
			return finished{}, err
		}
	}
	if err := s.recognise(ctx, h, t, doc, wanted, input, turn); err != nil {
		return finished{}, err
	}
	return s.results(ctx, h, t, doc)
}

// assemble writes the results of a document whose parts are all read. Nothing of it is read again unless a result keeps its
// appearance.
func (s *Service) assemble(ctx context.Context, h *hold, t *Task) (finished, error) {
	doc, err := s.openResults(ctx, t)
	if err != nil {
		return finished{}, err
	}
	defer doc.close()
	return s.results(ctx, h, t, doc)
}

// results writes what was asked for of a document whose pages are kept, unless none of them could be read.
func (s *Service) results(ctx context.Context, h *hold, t *Task, doc *document) (finished, error) {
	numbers := t.Settings.Pages.Of(doc.info.Pages)
	if h.counts().Failed == len(numbers) {
		page, err := s.readPage(ctx, t, numbers[0])
		if err != nil {
			return finished{}, err
		}
		return finished{}, pageFault(page.Failure)
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

// finishedPages returns the names of the pages that were finished before.
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
