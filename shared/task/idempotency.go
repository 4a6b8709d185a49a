package task

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// idempotencyLife is how long a key is stored. It ends with the longest lifetime of an open task.
const idempotencyLife = 24 * time.Hour

// replayVersion is the version of the format of replay.
const replayVersion = 1

// replay is what is kept of an idempotency key: digests only, so neither the key nor the request can be read back.
type replay struct {
	Request string `json:"request"` // digest of the order
	ID      string `json:"id"`      // the task's
}

// createOnce creates the task unless the same key did so before. The key's record is written first and names the task's
// id, so a crash between the two writes is repaired by the client's next try.
func (s *Service) createOnce(ctx context.Context, o Order) (Accepted, error) {
	ref, err := s.newRef(o)
	if err != nil {
		return Accepted{}, err
	}
	first, err := s.takeKey(ctx, o, ref)
	switch {
	case err != nil:
		return Accepted{}, err
	case first:
		return s.create(ctx, o, ref)
	}
	return s.replayed(ctx, o)
}

// takeKey writes down that the order's key stands for the task. It reports whether it is the first to use the key.
func (s *Service) takeKey(ctx context.Context, o Order, ref Ref) (first bool, err error) {
	rec, err := s.keyRecord(&o, ref)
	if err != nil {
		return false, err
	}
	_, err = s.Store.Records.Put(ctx, rec)
	if errors.Is(err, fault.AlreadyExists) {
		return false, nil
	}
	return err == nil, err
}

// digest stands for what was ordered, so that a replay can be distinguished from another request. The password is no part of it:
// nothing from which it could be guessed outlives the processing.
func (o *Order) digest() (string, error) {
	settings, err := json.Marshal(struct {
		Settings Settings
		Subject  string
		Password bool
	}{o.Settings, subjectDigest(o.Application, o.Subject), o.Password != ""})
	if err != nil {
		return "", fmt.Errorf("encode order: %w", err)
	}
	return digest(o.Application, o.IdempotencyKey, string(settings)), nil
}

func (s *Service) replayed(ctx context.Context, o Order) (Accepted, error) {
	rec, err := s.Store.Records.Get(ctx, o.key())
	if errors.Is(err, fault.NotFound) {
		return s.createOnce(ctx, o) // forgotten a moment ago: this is the first call now
	}
	if err != nil {
		return Accepted{}, err
	}
	var known replay
	if err := storage.Decode(rec.Value, replayVersion, &known); err != nil {
		return Accepted{}, fmt.Errorf("decode idempotency record: %w", err)
	}
	request, err := o.digest()
	if err != nil {
		return Accepted{}, err
	}
	if known.Request != request {
		return Accepted{}, reused()
	}
	return s.again(ctx, o, Ref{Application: o.Application, ID: known.ID})
}

// again answers a replay with the task as it stands, and creates it if the first call did not come so far.
func (s *Service) again(ctx context.Context, o Order, ref Ref) (Accepted, error) {
	t, err := s.change(ctx, ref, func(t *Task) error {
		if t.State != Submitted || s.visible(t) != nil {
			return errUnchanged
		}
		t.LinkEnds, t.Attempt = s.Now().UTC().Add(s.Limits.UploadLink), newAttempt() // whoever made it may not undo it any more
		return nil
	})
	if errors.Is(err, fault.NotFound) {
		return s.create(ctx, o, ref)
	}
	if err == nil && t.State == Deleted && t.Reason == retention.NeverUploaded {
		// The first call's document did not arrive and its task was taken back: this is the first call now.
		if err := s.forgetKey(ctx, o, ref); err != nil {
			return Accepted{}, err
		}
		return s.createOnce(ctx, o)
	}
	if err == nil {
		err = s.visible(t)
	}
	// While the record still has the password it can be compared; afterwards it makes no difference any more.
	if err == nil && t.State.Open() && subtle.ConstantTimeCompare([]byte(s.password(t)), []byte(o.Password)) == 0 {
		err = reused()
	}
	if err != nil {
		return Accepted{}, err
	}
	a := Accepted{Task: t, Replayed: true}
	if t.State == Submitted {
		link, err := s.Links.UploadLink(ctx, ref.UploadName(), t.Settings.Size, t.LinkEnds)
		if err != nil {
			return Accepted{}, err
		}
		a.Upload = &link
	}
	return a, nil
}

func reused() error {
	return fault.New(fault.IdempotencyReuse, "the key was used with another request; use a new key for a new request").In("Idempotency-Key")
}

// key names the record of the order's idempotency key.
func (o *Order) key() storage.Key {
	return storage.Key{Table: storage.Idempotency, Partition: o.Application, Row: digest(o.Application, o.IdempotencyKey)}
}

// digest hashes parts so that no two lists of parts run together.
func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}
