// Package review gives reviewers exceptional access to a document: one opens a case with a reason, a second person approves
// it, it ends by itself, and the access log records every step. No deadline of the document moves for it: an erased document
// is gone for reviewers too.
package review

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gofrs/uuid/v5"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/access/accesslog"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/task"
)

// Kind is what of a document is read.
type Kind string

// The kinds.
const (
	Derivative Kind = "derivative" // the same form with all ink replaced
	Original   Kind = "original"   // the document as it was sent
)

// Documents gives out what is left of a document.
type Documents interface {
	// Derivative writes a copy of the same form in which nothing can be read.
	Derivative(ctx context.Context, ref task.Ref, w io.Writer) error
	// Original writes the document. One that was erased is Gone.
	Original(ctx context.Context, ref task.Ref, w io.Writer) error
}

// Tasks shows tasks. *task.Service implements it.
type Tasks interface {
	// Get returns a task. An erased one is Gone, an unknown one NotFound.
	Get(ctx context.Context, ref task.Ref) (*task.Task, error)
	// OpenTransfer registers what is about to be sent, and refuses what Get would. Erasing waits until it is closed.
	OpenTransfer(ctx context.Context, ref task.Ref, d task.Direction, ends time.Time) (task.Transfer, error)
}

// Journal records acts. *journal.Log implements it.
type Journal interface {
	// Record writes an act durably, or fails.
	Record(ctx context.Context, e accesslog.Entry) error
}

// Config is what the service needs. Every field is required.
type Config struct {
	Records   storage.Records
	Tasks     Tasks
	Documents Documents
	Journal   Journal
	Now       func() time.Time
	Log       *slog.Logger
}

// Service keeps the cases. Each act is recorded before it takes effect, so none has an effect without a record.
type Service struct{ Config }

// New returns the service.
func New(cfg Config) *Service { return &Service{cfg} }

// Open asks to see a document. The reason is one line that the document's owner will read.
func (s *Service) Open(ctx context.Context, who *access.Identity, ref task.Ref, reason string, box time.Duration) (*Case, error) {
	by, err := person(who)
	if err != nil {
		return nil, err
	}
	reason = strings.TrimSpace(reason)
	switch {
	case reason == "" || utf8.RuneCountInString(reason) > accesslog.MaxReason || !accesslog.Printable(reason):
		return nil, fault.New(fault.BadField, "a reason must be one line of 1 to %d characters", accesslog.MaxReason).In("reason")
	case box == 0:
		box = DefaultBox
	case box < 0 || box > MaxBox:
		return nil, fault.New(fault.BadField, "a case may be open for at most %v", MaxBox).In("hours")
	}
	if _, err := s.Tasks.Get(ctx, ref); err != nil {
		return nil, err
	}
	id, err := uuid.NewV7AtTime(s.Now())
	if err != nil {
		return nil, fmt.Errorf("make case id: %w", err)
	}
	c := &Case{Version: formatVersion, ID: id.String(), Ref: ref, Reason: reason, Box: box, Opened: s.Now().UTC(), OpenedBy: by}
	if err := s.record(ctx, by, accesslog.CaseOpened, c); err != nil {
		return nil, err
	}
	if err := s.save(ctx, c); err != nil {
		return nil, err
	}
	s.tell(ctx, logevent.CaseOpened, c)
	return c, nil
}

// Approve is the second person's word. The time in which the document can be read begins.
func (s *Service) Approve(ctx context.Context, who *access.Identity, id string) (*Case, error) {
	by, err := person(who)
	if err != nil {
		return nil, err
	}
	c, err := s.change(ctx, id, func(c *Case) error {
		switch state := c.State(s.Now()); {
		case state == Open && c.ApprovedBy == by:
			return errDone // the answer to an earlier call was lost
		case state != Waiting:
			return fault.New(fault.WrongState, "the case is %s; only a case that is %s can be approved", state, Waiting)
		case by.Subject == c.OpenedBy.Subject:
			return fault.New(fault.SecondPersonNeeded, "whoever opened a case cannot approve it")
		case by.ByToken != c.OpenedBy.ByToken:
			// The holder of the secret may be the person of the token.
			return fault.New(fault.SecondPersonNeeded, "one of you uses a token and the other a secret, which does not identify a person; use tokens, both")
		}
		c.Approved, c.ApprovedBy = s.Now().UTC(), by
		return s.record(ctx, by, accesslog.CaseApproved, c)
	})
	if err == nil {
		s.tell(ctx, logevent.CaseApproved, c)
	}
	return c, err
}

// Close ends a case. Any reviewer may do so, at any time and more than once.
func (s *Service) Close(ctx context.Context, who *access.Identity, id string) (*Case, error) {
	by, err := person(who)
	if err != nil {
		return nil, err
	}
	c, err := s.change(ctx, id, func(c *Case) error {
		if !c.Closed.IsZero() {
			return errDone
		}
		c.Closed, c.ClosedBy = s.Now().UTC(), by
		return s.record(ctx, by, accesslog.CaseClosed, c)
	})
	if err == nil {
		s.tell(ctx, logevent.CaseClosed, c)
	}
	return c, err
}

// Get shows a case.
func (s *Service) Get(ctx context.Context, who *access.Identity, id string) (*Case, error) {
	if _, err := person(who); err != nil {
		return nil, err
	}
	return s.load(ctx, id)
}

// List returns up to limit cases, oldest first, that were opened after the one given; empty for the first.
func (s *Service) List(ctx context.Context, who *access.Identity, after string, limit int) ([]*Case, error) {
	if _, err := person(who); err != nil {
		return nil, err
	}
	q := storage.Query{Table: storage.Cases, Partition: partition, Limit: limit}
	if after != "" {
		if checkID(after) != nil {
			return nil, fault.New(fault.BadField, "the cursor must be the id of a case; leave it out for the first page").In("after")
		}
		q.After = key(after)
	}
	recs, err := s.Records.List(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("list cases: %w", err)
	}
	cases := make([]*Case, 0, len(recs))
	for _, rec := range recs {
		c, err := decode(rec)
		if err != nil {
			return nil, err
		}
		cases = append(cases, c)
	}
	return cases, nil
}

// Read writes a document, or what was made of it, for one of the two persons while their case is open. Each read is
// recorded before its first byte. One that is under way ends with the case's time and with the document; to returns where the
// bytes of its transfer go.
func (s *Service) Read(ctx context.Context, who *access.Identity, id string, kind Kind, to func(task.Transfer) io.Writer) error {
	by, err := person(who)
	if err != nil {
		return err
	}
	c, err := s.load(ctx, id)
	if err != nil {
		return err
	}
	now := s.Now()
	if state := c.State(now); state != Open {
		return fault.New(fault.CaseNotOpen, "the case is %s; only a case that is %s shows its document", state, Open)
	}
	if !c.has(by) {
		return fault.New(fault.CaseNotOpen, "the case is open only for the two persons who opened and approved it")
	}
	transfer, err := s.Tasks.OpenTransfer(ctx, c.Ref, task.Download, c.End())
	if err != nil {
		return err
	}
	defer transfer.Close()
	act, give := accesslog.CaseRead, s.Documents.Derivative
	if kind == Original {
		act, give = accesslog.CaseOriginal, s.Documents.Original
	}
	if err := s.record(ctx, by, act, c); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(transfer.Context(), c.End().Sub(now))
	defer cancel()
	return give(ctx, c.Ref, to(transfer))
}

// person is who acts. Nobody who is not known takes part in a review.
func person(who *access.Identity) (Person, error) {
	if who == nil || who.Subject == "" || !who.May(access.Reviewer) {
		return Person{}, fault.New(fault.ScopeMissing, "this operation needs the scope %s", access.Reviewer)
	}
	return Person{who.Subject, who.ByToken}, nil
}

func (s *Service) record(ctx context.Context, by Person, act accesslog.Act, c *Case) error {
	e := accesslog.Entry{
		Application: c.Ref.Application, Who: by.Subject, Scope: string(access.Reviewer), Act: act, Task: c.Ref.ID, Case: c.ID,
	}
	if act == accesslog.CaseOpened {
		e.Why = c.Reason
	}
	return s.Journal.Record(ctx, e)
}

// errDone says that there is nothing to change.
var errDone = errors.New("done before")

// change loads a case, applies a change and stores it, again when somebody else was quicker.
func (s *Service) change(ctx context.Context, id string, apply func(*Case) error) (*Case, error) {
	for {
		c, err := s.load(ctx, id)
		if err != nil {
			return nil, err
		}
		err = apply(c)
		if errors.Is(err, errDone) {
			return c, nil
		}
		if err != nil {
			return nil, err
		}
		err = s.save(ctx, c)
		if errors.Is(err, fault.ETagMismatch) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return c, nil
	}
}

func (s *Service) load(ctx context.Context, id string) (*Case, error) {
	if err := checkID(id); err != nil {
		return nil, err
	}
	rec, err := s.Records.Get(ctx, key(id))
	if errors.Is(err, fault.NotFound) {
		return nil, unknown()
	}
	if err != nil {
		return nil, fmt.Errorf("read case: %w", err)
	}
	return decode(rec)
}

func (s *Service) save(ctx context.Context, c *Case) error {
	rec, err := encode(c)
	if err != nil {
		return err
	}
	if c.etag, err = s.Records.Put(ctx, rec); err != nil {
		return fmt.Errorf("write case: %w", err)
	}
	return nil
}

func (s *Service) tell(ctx context.Context, name string, c *Case) {
	s.Log.InfoContext(ctx, name, "case", c.ID, "task", c.Ref.String(), "until", c.End())
}
