package task

import (
	"context"
	"errors"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
)

// UploadRule says until when a task's upload is kept.
type UploadRule string

// The rules.
const (
	UntilProcessed UploadRule = "until-processed" // it is erased when processing ends
	UntilDeadline  UploadRule = "until-deadline"  // it is kept with the results, so that the task can be processed again
)

// UploadRules lists the rules, the usual one first.
func UploadRules() []UploadRule { return []UploadRule{UntilProcessed, UntilDeadline} }

// Meaning says it for people.
func (r UploadRule) Meaning() string {
	if r == UntilDeadline {
		return "until the task's deadline, so that it can be processed again; for applications that were made so"
	}
	return "until processing ends"
}

// uploadRule is the rule for a complete order. What is erased once its results were fetched is not kept for more.
func (o *Order) uploadRule() UploadRule {
	if o.KeepUpload && !o.Settings.DeleteOnFetch {
		return UntilDeadline
	}
	return UntilProcessed
}

// keepsUpload reports whether an ended task still has its upload: to be processed again, or for review. It is erased with the
// task like every other.
func (s *Service) keepsUpload(t *Task) bool {
	return t.State == Completed && t.Upload == UntilDeadline || s.forReview(t)
}

// Start has a held task processed, which takes no more pictures then, or a Completed one processed again, as the order says now. Of a
// task that is processed again the first upload and the first end of processing date everything: it is erased when it
// would have been, with its new results. The new ones take the place of the former, which cannot be fetched any more.
func (s *Service) Start(ctx context.Context, ref Ref, o Order) (*Task, error) {
	o.IdempotencyKey, o.Password, o.Settings.Size = "", "", 0
	o.Application = ref.Application
	if err := s.complete(&o); err != nil {
		return nil, err
	}
	t, err := s.load(ctx, ref)
	if err != nil {
		return nil, err
	}
	if t.State == Completed {
		t, err = s.startAgain(ctx, t, o)
	} else {
		t, err = s.startHeld(ctx, t, o)
	}
	if err != nil {
		return nil, err
	}
	if err := s.Queue.Push(ctx, ref.Job(), 0); err != nil {
		s.Log.WarnContext(ctx, logevent.TaskRequeued, "task", ref.String(), "error", fault.KindOf(err))
	}
	return t, nil
}

// startHeld closes the list of pictures. One that is still on its way is not waited for: its client gets a refusal.
func (s *Service) startHeld(ctx context.Context, t *Task, o Order) (*Task, error) {
	var late []int
	t, err := s.changeRead(ctx, t, func(t *Task) error {
		if err := s.takesPictures(t); err != nil {
			if t.State == Submitted || s.visible(t) != nil {
				return err
			}
			return fault.New(fault.WrongState, "the task is %s; only a Submitted or a Completed task can be processed", t.State)
		}
		late = t.dropPictures(func(p StoredPicture) bool { return !p.arrived() })
		if len(t.Pictures) == 0 {
			return fault.New(fault.WrongState, "no picture of the task has arrived yet; there is nothing to be processed")
		}
		retain := t.Settings.Retain
		if t.Settings = o.Settings; t.Settings.Retain == 0 || retain > 0 && retain < t.Settings.Retain {
			t.Settings.Retain = retain // what was asked for first is not lengthened
		}
		if t.Settings.DeleteOnFetch {
			t.Upload = UntilProcessed
		}
		digests := make([][]byte, 0, len(t.Pictures))
		for _, p := range t.Pictures {
			digests = append(digests, p.Digest)
		}
		digest := picturesDigest(digests)
		t.Input = Input{Size: t.pictureBytes(), Digest: digest, Received: digest}
		t.Held, t.State, t.Started = false, Queued, s.Now().UTC()
		return t.ask(o.Client)
	})
	if err != nil {
		return nil, err
	}
	if err := s.erasePictures(ctx, t.Ref, late); err != nil {
		s.Log.WarnContext(ctx, logevent.SweepAwaited, "task", t.Ref.String(), "step", "pictures", "kind", fault.KindOf(err)) // they are strays now
	}
	return t, nil
}

// startAgain queues a Completed task for another round.
func (s *Service) startAgain(ctx context.Context, t *Task, o Order) (*Task, error) {
	if err := s.mayStartAgain(t); err != nil {
		return nil, err
	}
	if _, err := s.reserve(ctx, t.Ref.Application, o.Caps, 0); err != nil {
		return nil, err
	}
	ref := t.Ref
	t, err := s.changeRead(ctx, t, func(t *Task) error {
		if err := s.mayStartAgain(t); err != nil {
			return err
		}
		retain := t.Settings.Retain
		t.Settings = o.Settings
		t.Settings.Retain, t.Settings.DeleteOnFetch = retain, false
		t.Round = max(1, t.Round) + 1
		t.State, t.Started, t.Pages, t.Chosen = Queued, s.Now().UTC(), Progress{}, nil
		t.Claims, t.Reading = Claims{}, time.Time{}
		t.Notes, t.Confidence, t.HiddenWords, t.Fetched, t.LinksTold = nil, nil, 0, nil, time.Time{}
		return t.ask(o.Client)
	})
	if err != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), longestWrite)
		defer cancel()
		return nil, errors.Join(err, s.release(ctx, ref.Application, 1))
	}
	return t, nil
}

// mayStartAgain is why a task cannot be processed again, nil if it can.
func (s *Service) mayStartAgain(t *Task) error {
	switch err := s.visible(t); {
	case err != nil:
		return err
	case t.State != Completed:
		return fault.New(fault.WrongState, "the task is %s; only a Submitted or a Completed task can be processed", t.State)
	case t.Upload != UntilDeadline:
		return fault.New(fault.WrongState, "the upload was erased when processing ended, so it cannot be processed again; submit it as a new task, or have the application made with uploads that are kept")
	}
	return nil
}

// ask puts what the client wants to be read of the document into the record. The description stays if it sends no other.
func (t *Task) ask(c ClientText) error {
	if c.Description == "" {
		c.Description = t.Client.Description
	}
	t.Client = c
	return t.fits()
}
