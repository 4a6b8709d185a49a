package task

import (
	"context"
	"errors"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
)

// Sealer keeps passwords in a form that is of no use without its key, so that neither the database nor the memory that it
// works in holds them as they are. *seal.Keys implements it.
type Sealer interface {
	// Seal returns the secret's sealed form, which opens for the same subject only, and the name of the key that it takes.
	Seal(secret, subject string) (sealed []byte, by string, err error)
	// Open is the reverse. It fails for what was changed, or sealed with another key or for another subject. Without the name
	// of a key it tries each.
	Open(sealed []byte, by, subject string) (string, error)
	// Current reports whether the key of that name is the one that seals.
	Current(by string) bool
	// Replaced reports whether there are earlier keys, which open and do not seal.
	Replaced() bool
}

// keepPassword puts a document's password into its record, sealed. Without a key it is fault.IntakeClosed: no password is
// ever stored as it is.
func (s *Service) keepPassword(t *Task, password string) error {
	if password == "" {
		return nil
	}
	if s.Sealer == nil {
		return noKey(nil)
	}
	sealed, by, err := s.Sealer.Seal(password, t.Ref.String())
	if err != nil {
		return noKey(err)
	}
	t.Password, t.Sealed, t.SealedBy = "", sealed, by
	return nil
}

func noKey(cause error) error {
	return fault.Wrap(cause, fault.IntakeClosed, "the server has no key to keep a document's password with")
}

// password returns the document's password, empty for none. One that cannot be opened any more is none: the document then
// fails with an explanation.
func (s *Service) password(t *Task) string {
	if t.Sealed == nil || s.Sealer == nil {
		return t.Password
	}
	password, err := s.Sealer.Open(t.Sealed, t.SealedBy, t.Ref.String())
	if err != nil {
		return ""
	}
	return password
}

// dropPassword forgets it.
func (t *Task) dropPassword() { t.Password, t.Sealed, t.SealedBy = "", nil, "" }

// stale reports whether the password must be sealed again before an earlier key can go. One in the clear was stored by an
// earlier program.
func (s *Service) stale(t *Task) bool {
	return t.State.Open() && (t.Password != "" || t.Sealed != nil && !s.Sealer.Current(t.SealedBy))
}

// sealAgain seals waiting passwords with the present key while there are earlier ones, and notes how many still need one of
// those. It reads every record, which a replaced key alone is worth.
func (s *Service) sealAgain(ctx context.Context, done *Swept) error {
	if s.Sealer == nil || !s.Sealer.Replaced() {
		return nil
	}
	var seen Swept
	err := s.eachRecord(ctx, &seen, func(t *Task) error {
		if !s.stale(t) {
			return nil
		}
		_, err := s.changeRead(ctx, t, func(t *Task) error {
			password := s.password(t)
			if !s.stale(t) || password == "" { // which no key opens any more
				return errUnchanged
			}
			return s.keepPassword(t, password)
		})
		if errors.Is(err, fault.TaskNotFound) {
			err = nil
		}
		if err != nil {
			done.Stale++
		}
		return err
	})
	if err != nil && seen.Failed == 0 {
		done.Stale = 1 // what could not be listed may need it
	}
	if err != nil {
		s.Log.WarnContext(ctx, logevent.SweepAwaited, "step", "passwords", "kind", fault.KindOf(err))
	}
	return err
}
