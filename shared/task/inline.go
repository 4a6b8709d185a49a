package task

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// CreateWith accepts a task together with its document. Nothing is kept of a document that is refused. A replay must bring
// the same document: it is read and compared by its digest. From a success on the document is kept, whatever becomes of
// other calls with the same key.
func (s *Service) CreateWith(ctx context.Context, o Order, body Body) (Accepted, error) {
	if size := o.Settings.Size; size > 0 {
		if body.Size >= 0 && body.Size != size {
			return Accepted{}, storage.WrongSize(size).In("size")
		}
		body.Reader = storage.Exactly(body.Reader, size)
	}
	a, err := s.Create(ctx, o)
	if err != nil {
		return a, err
	}
	stored, digest, err := s.take(ctx, o, a, body)
	if err != nil {
		return Accepted{}, err
	}
	if !stored {
		if err := s.sameDocument(ctx, a.Task.Ref, digest); err != nil || a.Task.State != Submitted {
			return a, err
		}
	}
	t, err := s.arrived(ctx, a.Task.Ref, digest)
	if err != nil {
		return Accepted{}, err
	}
	if t.State == Queued {
		if err := s.Queue.Push(ctx, t.Ref.Job(), 0); err != nil {
			s.Log.WarnContext(ctx, logevent.TaskRequeued, "task", t.Ref.String(), "error", fault.KindOf(err))
		}
	}
	return Accepted{Task: t, Replayed: a.Replayed}, nil
}

// take stores the document, if the task waits for one, and returns its digest either way. What could not be stored undoes
// the call. It ends when the task's link does, and with the task; nothing of it moves any more when it returns.
func (s *Service) take(ctx context.Context, o Order, a Accepted, body Body) (stored bool, digest string, err error) {
	document := newDigested(&io.LimitedReader{R: body.Reader, N: s.Limits.Document.Bytes + 1})
	if a.Task.State != Submitted {
		digest, err = document.digest()
		return false, digest, err
	}
	transfer, err := s.OpenTransfer(ctx, a.Task.Ref, Upload, a.Task.LinkEnds)
	if err != nil {
		return false, "", errors.Join(err, s.undo(ctx, o, a))
	}
	defer transfer.Close()
	if body.Attach != nil {
		body.Attach(transfer)
	}
	document.r = &measured{document.r, transfer}
	// Also for a replay: the first call may have ended before its document was stored.
	_, err = s.Store.Blobs.Create(transfer.Context(), a.Task.Ref.UploadName(), body.ContentType, document)
	if err != nil && !errors.Is(err, fault.AlreadyExists) {
		if cause := context.Cause(transfer.Context()); cause != nil && ctx.Err() == nil {
			err = cause // what storage saw is its echo
		}
		transfer.Close()
		return false, "", errors.Join(err, s.undo(ctx, o, a))
	}
	stored = err == nil
	digest, err = document.digest()
	return stored, digest, err
}

// arrived takes note of a document of the digest that is stored, and returns the task only if it is kept with that document.
func (s *Service) arrived(ctx context.Context, ref Ref, digest string) (*Task, error) {
	t, err := s.Received(ctx, ref.UploadName(), digest)
	if err != nil {
		return nil, err
	}
	switch {
	case s.visible(t) != nil:
		return nil, s.visible(t)
	case t.State == Submitted:
		return nil, fault.New(fault.StorageUnavailable, "the document was stored but is gone again; send it again")
	case t.Input.Digest != "" && t.Input.Digest != digest:
		return nil, otherDocument()
	}
	return t, nil
}

// sameDocument refuses a document that is not the one the task began with.
func (s *Service) sameDocument(ctx context.Context, ref Ref, digest string) error {
	known, err := s.documentOf(ctx, ref)
	if err != nil {
		return err
	}
	if known != "" && known != digest {
		return otherDocument()
	}
	return nil
}

func otherDocument() error {
	return fault.New(fault.IdempotencyReuse, "the key was used with another document; use a new key for a new document").In("Idempotency-Key")
}

// Repeated reports to a store that serves upload links itself whether a document that is sent once more is the one that the task
// has, by its SHA-256 in hex: then sending it again is the same success. Any other is AlreadyExists.
func (s *Service) Repeated(ctx context.Context, name, digest string) error {
	_, ref, _, err := ParseName(name)
	if err != nil {
		return fault.New(fault.LinkInvalid, "the link is not for an upload")
	}
	if _, err := s.Get(ctx, ref); err != nil {
		return err
	}
	known, err := s.documentOf(ctx, ref)
	if err != nil {
		return err
	}
	if known != digest {
		return fault.New(fault.AlreadyExists, "another document was uploaded before; create a new task for this one")
	}
	return nil
}

// documentOf returns the SHA-256 of the task's document in hex, whether it is still stored or not; empty if it was erased
// before anybody read it.
func (s *Service) documentOf(ctx context.Context, ref Ref) (string, error) {
	for range 2 {
		t, err := s.load(ctx, ref)
		if err != nil {
			return "", err
		}
		if t.Input.Digest != "" {
			return t.Input.Digest, nil
		}
		r, _, err := s.Store.Blobs.Get(ctx, ref.UploadName())
		if errors.Is(err, fault.NotFound) {
			continue // processed a moment ago: then the record shows it by now
		}
		if err != nil {
			return "", err
		}
		digest, err := newDigested(r).digest()
		return digest, errors.Join(err, r.Close())
	}
	return "", nil
}

// digested hashes what is read through it.
type digested struct {
	r    io.Reader
	hash hash.Hash
}

func newDigested(r io.Reader) *digested {
	hash := sha256.New()
	return &digested{r: io.TeeReader(r, hash), hash: hash}
}

// Read implements io.Reader.
func (d *digested) Read(p []byte) (int, error) { return d.r.Read(p) }

// digest reads what is left and returns the SHA-256 of everything in hex.
func (d *digested) digest() (string, error) {
	if _, err := io.Copy(io.Discard, d); err != nil {
		return "", fmt.Errorf("read document: %w", err)
	}
	return hex.EncodeToString(d.hash.Sum(nil)), nil
}
