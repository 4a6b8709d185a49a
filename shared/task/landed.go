package task

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// Landed takes note of a blob that appeared in the uploads container. It may be called twice, late, or for a blob that is
// gone. A document that cannot be processed is erased at once and its task explains why; a blob that no task waits for is
// erased unread. The task is returned as it stands afterwards: Queued means that Process has work.
func (s *Service) Landed(ctx context.Context, name string) (*Task, error) {
	return s.Received(ctx, name, "")
}

// Received is Landed with the SHA-256 of the document in hex, where its bytes came through this program. It stands in what the
// client is promised.
func (s *Service) Received(ctx context.Context, name, digest string) (*Task, error) {
	if !strings.HasPrefix(name, storage.Uploads+"/") {
		return nil, fault.New(fault.ThingNotFound, "the blob is not in the container of uploads; it was not changed")
	}
	_, ref, _, err := ParseName(name)
	if err != nil {
		return nil, s.eraseStray(ctx, name, outsideLayout())
	}
	t, err := s.load(ctx, ref)
	if errors.Is(err, fault.NotFound) {
		return nil, s.eraseStray(ctx, name, fault.New(fault.TaskNotFound, "no task is waiting for the blob; it was erased"))
	}
	if err != nil {
		return nil, err
	}
	switch {
	case !t.owns(name) && t.State != Deleted:
		return nil, s.eraseStray(ctx, name, outsideLayout())
	case t.State == Queued || t.State == InProgress, t.Held, s.keepsUpload(t):
		return t, nil
	case t.State != Submitted:
		return t, s.eraseLate(ctx, t, name)
	}
	blob, err := s.Store.Blobs.Stat(ctx, name)
	if errors.Is(err, fault.NotFound) {
		return s.load(ctx, ref) // nothing came yet, or all is over since the record was read
	}
	if err != nil {
		return nil, err
	}
	return s.admit(ctx, t, blob, digest)
}

func outsideLayout() *fault.Error {
	return fault.New(fault.ThingNotFound, "the blob is outside the layout of uploads and was erased")
}

// Admit reports to a store that serves upload links itself whether a document may still be sent to the name.
func (s *Service) Admit(ctx context.Context, name string) error {
	container, ref, _, err := ParseName(name)
	if err != nil || container != storage.Uploads || name != ref.UploadName() {
		return fault.New(fault.LinkInvalid, "the link is not for an upload")
	}
	if err := s.checkOwner(ctx, ref.Application); err != nil {
		return err
	}
	t, err := s.load(ctx, ref)
	if err != nil {
		return err
	}
	return s.takesDocument(t)
}

// takesDocument is why no document may be sent to the link of a task, nil if one may.
func (s *Service) takesDocument(t *Task) error {
	if err := s.visible(t); err != nil {
		return err
	}
	switch {
	case t.State != Submitted:
		return fault.New(fault.WrongState, "the task is %s; only a Submitted task accepts a document", t.State)
	case t.Held:
		return fault.New(fault.WrongState, "the task takes pictures, which come through the interface that it was created with, not through a link")
	}
	return nil
}

// checkOwner refuses what an application sends or fetches after its revocation.
func (s *Service) checkOwner(ctx context.Context, application string) error {
	if s.Applications == nil {
		return nil
	}
	gone, err := s.Applications.Revoked(ctx, application)
	if err != nil {
		return err
	}
	if gone {
		return revoked()
	}
	return nil
}

func revoked() *fault.Error {
	return fault.New(fault.ApplicationRevoked, "the application was revoked; what arrives through its links is erased unread")
}

// linkRefused returns why a document that came through a link is not taken in: its application was revoked meanwhile, and a
// link of an object store works on until its end. One whose digest is known came with credentials.
func (s *Service) linkRefused(ctx context.Context, ref Ref, digest string) (*fault.Error, error) {
	if digest != "" {
		return nil, nil //nolint:nilnil // nothing is wrong
	}
	err := s.checkOwner(ctx, ref.Application)
	if refusal, ok := errors.AsType[*fault.Error](err); ok && refusal.Code == fault.ApplicationRevoked {
		return refusal, nil
	}
	return nil, err
}

// admit checks the size of a Submitted task's document from its properties, before a byte is read, and queues the task.
func (s *Service) admit(ctx context.Context, t *Task, blob storage.Blob, digest string) (*Task, error) {
	ref := t.Ref
	refusal, err := s.linkRefused(ctx, ref, digest)
	switch {
	case err != nil:
		return nil, err
	case refusal != nil:
	case t.Settings.Size > 0 && blob.Size != t.Settings.Size:
		refusal = storage.WrongSize(t.Settings.Size)
	case blob.Size == 0:
		refusal = fault.New(fault.DocumentEmpty, "the document has no bytes; upload it again with a new task")
	case blob.Size > s.Limits.Document.Bytes:
		refusal = fault.New(fault.DocumentTooLarge, "the document has more than %d bytes; split it", s.Limits.Document.Bytes)
	default:
		if refusal, err = s.mayTake(ctx, ref.Application, blob.Size); err != nil {
			return nil, err
		}
	}
	// Before the transition: what the ledger says of the arrival is the same whoever writes it, and no document may be taken
	// in that the ledger does not know.
	if err := s.tellAccepted(ctx, t, blob.Created); err != nil {
		return nil, err
	}
	first := false
	t, err = s.changeRead(ctx, t, func(t *Task) error {
		if first = t.State == Submitted; !first {
			return errUnchanged
		}
		t.Uploaded, t.Attempt = blob.Created.UTC(), ""
		t.Input = Input{Size: blob.Size, Digest: digest, Received: digest}
		t.State = Queued
		if refusal != nil {
			s.end(t, ProcessingFailed)
			t.Failure = &Failure{Code: refusal.Code, Detail: refusal.Detail}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if !first {
		return t, nil // another event for the same document was quicker
	}
	if refusal == nil {
		s.Log.InfoContext(ctx, logevent.UploadLanded, "task", ref.String(), "bytes", blob.Size)
		return t, s.spend(ctx, ref.Application, blob.Size, 0)
	}
	s.Log.InfoContext(ctx, logevent.UploadRefused, "task", ref.String(), "code", refusal.Code, "bytes", blob.Size)
	err = errors.Join(s.erase(ctx, blob), s.release(ctx, ref.Application, 1), s.tellProcessed(ctx, t), s.countEndings(ctx, t))
	return s.published(ctx, t), err
}

// eraseStray removes a blob that belongs to nobody. Its name is not logged: it may be anything.
func (s *Service) eraseStray(ctx context.Context, name string, why *fault.Error) error {
	if err := s.eraseBlob(ctx, name, retention.NoRecord); err != nil && !errors.Is(err, fault.Invalid) {
		return fmt.Errorf("erase stray blob: %w", err)
	}
	s.Log.WarnContext(ctx, logevent.UploadRefused, "reason", retention.NoRecord)
	return why
}

// eraseLate removes what came through a still valid link after the task had ended.
func (s *Service) eraseLate(ctx context.Context, t *Task, name string) error {
	if err := s.eraseBlob(ctx, name, retention.LateCopy); err != nil {
		return fmt.Errorf("erase late upload: %w", err)
	}
	s.Log.InfoContext(ctx, logevent.UploadRefused, "task", t.Ref.String(), "reason", retention.LateCopy)
	return nil
}

// eraseBlob removes one blob that no living task explains, and records in the ledger how long it existed.
func (s *Service) eraseBlob(ctx context.Context, name string, why retention.Reason) error {
	blob, err := s.Store.Blobs.Stat(ctx, name)
	if errors.Is(err, fault.NotFound) {
		return s.erase(ctx, storage.Blob{Name: name, Uncommitted: true})
	}
	if err != nil {
		return err
	}
	return s.eraseStranger(ctx, blob, why)
}

// eraseStranger reports to the ledger before it erases: a deleted copy could no longer be reported. One whose erasure then
// fails is found and reported again. Past its alarm it does not wait for the ledger.
func (s *Service) eraseStranger(ctx context.Context, b storage.Blob, why retention.Reason) error {
	if err := s.tellStray(ctx, b, why); err != nil {
		if s.ownTime(b).Action != retention.Erase {
			return err
		}
		s.owed.entry(s.stray(b, why))
	}
	err := s.erase(ctx, b)
	if err == nil {
		s.Observer.Erased(ctx, why)
	}
	return err
}

func (s *Service) erase(ctx context.Context, b storage.Blob) error {
	_, err := s.eraser.Blob(ctx, b)
	return err
}

// end moves a task to a state in which no more work is done, and drops what only the work needed.
func (s *Service) end(t *Task, state State) {
	t.dropParts(s.Now().UTC())
	t.State = state
	s.oweUsage(t)
	if t.Ended.IsZero() {
		t.Ended = s.Now().UTC()
	} else {
		t.EndedAgain = s.Now().UTC()
	}
	if t.State != Completed || t.Upload != UntilDeadline { // else it is needed when the task is processed again
		t.dropPasswords()
	}
	if state != Completed {
		t.Results = nil
	}
	t.dropClientText()
	t.Lease = Lease{}
	s.notice(t, t.LastEnded())
}

// fail ends a task without results.
func (s *Service) fail(t *Task, why *Failure) {
	s.end(t, ProcessingFailed)
	t.Failure = why
}
