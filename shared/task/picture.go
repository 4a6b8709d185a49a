package task

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"strconv"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// A held task takes pictures one by one and waits. Each gets its number in the record before its blob can exist, so that a blob
// without such a number is a stray; it counts once its size stands there too. The first of them dates the task, and none
// can be added before it has arrived.

// MaxPictures is how many pictures a task takes.
const MaxPictures = ocr.MaxParts

// StoredPicture is a picture in the record of its task.
type StoredPicture struct {
	Number   int    `json:"n"`                // ends the name of its blob; rising in the order of submission, with gaps where one did not arrive
	Size     int64  `json:"size,omitempty"`   // 0 while it is on its way
	Digest   []byte `json:"digest,omitempty"` // SHA-256 of its bytes
	Sealed   []byte `json:"sealed,omitempty"` // its password, sealed
	SealedBy string `json:"sealed_by,omitempty"`
}

// arrived reports whether all of the picture is stored.
func (p StoredPicture) arrived() bool { return p.Size > 0 }

// Picture is what a client says of a picture that it adds to a task.
type Picture struct {
	Password string // opens it; empty for none
	Caps     Caps
}

// FileCount is how many files the document consists of.
func (t *Task) FileCount() int {
	n := 0
	for _, p := range t.Pictures {
		if p.arrived() {
			n++
		}
	}
	return max(1, n)
}

// picture returns the place of the picture of that number in the record, nil if it has none.
func (t *Task) picture(n int) *StoredPicture {
	for i := range t.Pictures {
		if t.Pictures[i].Number == n {
			return &t.Pictures[i]
		}
	}
	return nil
}

// pictureBytes is the size of the pictures that have arrived.
func (t *Task) pictureBytes() int64 {
	var sum int64
	for _, p := range t.Pictures {
		sum += p.Size
	}
	return sum
}

// addPicture gives out the next number.
func (s *Service) addPicture(t *Task, password string) error {
	p := StoredPicture{Number: t.Numbered + 1}
	var err error
	if p.Sealed, p.SealedBy, err = s.seal(t.Ref, password); err != nil {
		return err
	}
	t.Numbered = p.Number
	t.Pictures = append(t.Pictures, p)
	t.LinkEnds = later(t.LinkEnds, s.Now().UTC().Add(s.Limits.UploadLink))
	return nil
}

// takesPictures is why a task takes no picture now, nil if it does.
func (s *Service) takesPictures(t *Task) error {
	if err := s.visible(t); err != nil {
		return err
	}
	switch {
	case t.State != Submitted:
		return fault.New(fault.WrongState, "the task is %s; only a Submitted task takes pictures", t.State)
	case !t.Held:
		return fault.New(fault.WrongState, "the task was created for one document, which it waits for; pictures are added to a task that began with a picture")
	}
	return nil
}

// Hold accepts a task with its first picture. It takes more with AddPicture, and is processed once Start is called. Nothing is kept
// if the picture is refused.
func (s *Service) Hold(ctx context.Context, o Order, body Body) (*Task, error) {
	o.IdempotencyKey, o.Client.Fields, o.Settings.Size = "", nil, 0
	if err := s.complete(&o); err != nil {
		return nil, err
	}
	if err := s.checkSize(o, max(0, body.Size)); err != nil {
		return nil, err
	}
	ref, err := s.newRef(o)
	if err != nil {
		return nil, err
	}
	if _, err := s.reserve(ctx, o.Application, o.Caps, max(0, body.Size)); err != nil {
		return nil, err
	}
	t := s.newTask(o, ref)
	t.Held = true
	if err = s.addPicture(t, o.Password); err == nil {
		err = s.save(ctx, t)
	}
	if err != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), longestWrite)
		defer cancel()
		return nil, errors.Join(err, s.release(ctx, o.Application, 1))
	}
	s.Log.InfoContext(ctx, logevent.TaskCreated, "task", ref.String())
	held, err := s.takePicture(ctx, t, 1, body)
	if err != nil {
		return nil, errors.Join(err, s.undo(ctx, o, Accepted{Task: t, attempt: t.Attempt}))
	}
	return held, nil
}

// AddPicture adds a picture to a held task, behind those that were added before. Of two at once both are kept, in the order in
// which they began. A refused one leaves the task as it was.
func (s *Service) AddPicture(ctx context.Context, ref Ref, p Picture, body Body) (*Task, error) {
	if err := checkPassword(p.Password); err != nil {
		return nil, err
	}
	if err := s.mayUse(ctx, ref.Application, p.Caps, max(0, body.Size)); err != nil {
		return nil, err
	}
	n := 0
	t, err := s.change(ctx, ref, func(t *Task) error {
		if err := s.takesPictures(t); err != nil {
			return err
		}
		switch {
		case t.Uploaded.IsZero():
			return fault.New(fault.WrongState, "the task's first picture has not arrived yet; add others when its upload was answered")
		case len(t.Pictures) >= MaxPictures:
			return fault.New(fault.DocumentTooLarge, "the task has %d pictures, the most that one takes; put the others into another task", len(t.Pictures))
		case t.pictureBytes()+max(0, body.Size) > s.Limits.Document.Bytes:
			return s.tooLargeTogether()
		}
		if err := s.addPicture(t, p.Password); err != nil {
			return err
		}
		n = t.Numbered
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.takePicture(ctx, t, n, body)
}

func (s *Service) tooLargeTogether() *fault.Error {
	return fault.New(fault.DocumentTooLarge, "the task's pictures have more than %d bytes together; put some into another task", s.Limits.Document.Bytes)
}

// takePicture stores the picture that has the number, and returns the task only if it is kept with that picture.
func (s *Service) takePicture(ctx context.Context, t *Task, n int, body Body) (*Task, error) {
	blob, digest, err := s.storePicture(ctx, t, n, body)
	if err == nil {
		var kept *Task
		if kept, err = s.pictureArrived(ctx, t.Ref, n, blob, digest); err == nil {
			s.Log.InfoContext(ctx, logevent.UploadLanded, "task", t.Ref.String(), "bytes", blob.Size)
			if err := s.spend(ctx, t.Ref.Application, blob.Size, 0); err != nil { // the picture is kept all the same
				s.Log.WarnContext(ctx, logevent.SweepAwaited, "task", t.Ref.String(), "step", "usage", "kind", fault.KindOf(err))
			}
			return kept, nil
		}
	}
	kept, withdrawErr := s.withdraw(ctx, t.Ref, n, &err)
	if kept != nil {
		return kept, nil
	}
	return nil, errors.Join(err, withdrawErr)
}

// storePicture stores its bytes. It ends with its time, and with the task; nothing of it moves any more when it returns.
func (s *Service) storePicture(ctx context.Context, t *Task, n int, body Body) (storage.Blob, []byte, error) {
	transfer, err := s.OpenTransfer(ctx, t.Ref, Upload, t.LinkEnds)
	if err != nil {
		return storage.Blob{}, nil, err
	}
	defer transfer.Close()
	if body.Attach != nil {
		body.Attach(transfer)
	}
	picture := newDigested(&measured{&io.LimitedReader{R: body.Reader, N: s.Limits.Document.Bytes + 1}, transfer})
	blob, err := s.Store.Blobs.Create(transfer.Context(), t.Ref.pictureName(n), body.ContentType, picture)
	if err != nil {
		if cause := context.Cause(transfer.Context()); cause != nil && ctx.Err() == nil {
			err = cause // what storage saw is its echo
		}
		return storage.Blob{}, nil, err
	}
	return blob, picture.hash.Sum(nil), nil
}

// pictureArrived puts a stored picture into the record.
func (s *Service) pictureArrived(ctx context.Context, ref Ref, n int, blob storage.Blob, digest []byte) (*Task, error) {
	if blob.Size == 0 {
		return nil, fault.New(fault.DocumentEmpty, "the picture has no bytes; send it again")
	}
	refusal, err := s.mayTake(ctx, ref.Application, blob.Size)
	switch {
	case err != nil:
		return nil, err
	case refusal != nil:
		return nil, refusal
	}
	t, err := s.load(ctx, ref)
	if err != nil {
		return nil, err
	}
	if err := s.takesPictures(t); err != nil {
		return nil, err
	}
	if t.Uploaded.IsZero() { // before the transition: no picture may be taken in that the ledger does not know
		if err := s.tellAccepted(ctx, t, blob.Created); err != nil {
			return nil, err
		}
	}
	return s.changeRead(ctx, t, func(t *Task) error {
		if err := s.takesPictures(t); err != nil {
			return err
		}
		p := t.picture(n)
		switch {
		case p == nil:
			return fault.New(fault.UploadTooSlow, "the picture took longer than its upload may; send it again")
		case p.arrived():
			return errUnchanged
		case t.pictureBytes()+blob.Size > s.Limits.Document.Bytes:
			return s.tooLargeTogether()
		}
		p.Size, p.Digest = blob.Size, digest
		if t.Uploaded.IsZero() {
			t.Uploaded, t.Attempt = blob.Created.UTC(), ""
		}
		return nil
	})
}

// withdraw takes the number of a picture back that did not arrive because of why, and erases what there is of it, even when the
// client has gone. If the record has the picture all the same it is kept: the task is then returned. A list that was closed
// meanwhile becomes the reason.
func (s *Service) withdraw(ctx context.Context, ref Ref, n int, why *error) (*Task, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), longestWrite)
	defer cancel()
	kept := false
	t, err := s.change(ctx, ref, func(t *Task) error {
		p := t.picture(n)
		kept = p != nil && p.arrived()
		if p == nil || kept || !t.Held {
			return errUnchanged
		}
		t.dropPictures(func(p StoredPicture) bool { return p.Number == n })
		return nil
	})
	switch {
	case errors.Is(err, fault.NotFound):
		return nil, nil //nolint:nilnil // it went with its task
	case err != nil:
		return nil, err // the number runs out
	case kept && s.visible(t) == nil:
		return t, nil
	}
	if t.State != Submitted {
		*why = s.takesPictures(t)
	}
	return nil, s.eraseBlob(ctx, ref.pictureName(n), retention.LateCopy)
}

// dropPictures takes pictures off the list and returns their numbers.
func (t *Task) dropPictures(which func(StoredPicture) bool) []int {
	var dropped []int
	t.Pictures = slices.DeleteFunc(slices.Clone(t.Pictures), func(p StoredPicture) bool {
		if !which(p) {
			return false
		}
		dropped = append(dropped, p.Number)
		return true
	})
	return dropped
}

// dropOverdue takes pictures off the list of a held task whose upload was given up, and erases what there is of them.
func (s *Service) dropOverdue(ctx context.Context, t *Task) (*Task, error) {
	var dropped []int
	t, err := s.changeRead(ctx, t, func(t *Task) error {
		dropped = nil
		if !t.Held || s.Now().Before(t.LinkEnds.Add(linkGrace)) {
			return errUnchanged
		}
		if dropped = t.dropPictures(func(p StoredPicture) bool { return !p.arrived() }); len(dropped) == 0 {
			return errUnchanged
		}
		return nil
	})
	if err != nil {
		return t, err
	}
	return t, s.erasePictures(ctx, t.Ref, dropped)
}

func (s *Service) erasePictures(ctx context.Context, ref Ref, numbers []int) error {
	var errs []error
	for _, n := range numbers {
		errs = append(errs, s.eraseBlob(ctx, ref.pictureName(n), retention.LateCopy))
	}
	return errors.Join(errs...)
}

// owns reports whether the task has given out the name of a blob in the container of uploads.
func (t *Task) owns(name string) bool {
	_, ref, leaf, err := ParseName(name)
	if err != nil || ref != t.Ref {
		return false
	}
	n, err := strconv.Atoi(leaf)
	switch {
	case err != nil || strconv.Itoa(n) != leaf:
		return false
	case t.Held || len(t.Pictures) > 0:
		return t.picture(n) != nil
	}
	return n == 1
}

// file is one of the files that a document consists of.
type file struct {
	name     string
	digest   string // SHA-256 in hex; empty if it is not known
	password string
}

// files lists the files of the document in their order.
func (s *Service) files(t *Task) []file {
	if len(t.Pictures) == 0 {
		return []file{{t.Ref.UploadName(), t.Input.Digest, s.password(t)}}
	}
	files := make([]file, 0, len(t.Pictures))
	for _, p := range t.Pictures {
		files = append(files, file{t.Ref.pictureName(p.Number), hex.EncodeToString(p.Digest), s.unseal(t.Ref, p.Sealed, p.SealedBy)})
	}
	return files
}

// picturesDigest stands for a document of several files: the SHA-256, in hex, of theirs in their order; of one it is its own.
func picturesDigest(digests [][]byte) string {
	if len(digests) == 1 {
		return hex.EncodeToString(digests[0])
	}
	hash := sha256.New()
	for _, d := range digests {
		hash.Write(d)
	}
	return hex.EncodeToString(hash.Sum(nil))
}
