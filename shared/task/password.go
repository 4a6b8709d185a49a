package task

import (
	"context"
	"errors"
	"slices"

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
	sealed, by, err := s.seal(t.Ref, password)
	if err != nil {
		return err
	}
	t.Password, t.Sealed, t.SealedBy = "", sealed, by
	return nil
}

// seal seals a password for a task's record; an empty one is nothing.
func (s *Service) seal(ref Ref, password string) (sealed []byte, by string, err error) {
	if password == "" {
		return nil, "", nil
	}
	if s.Sealer == nil {
		return nil, "", noKey(nil)
	}
	if sealed, by, err = s.Sealer.Seal(password, ref.String()); err != nil {
		return nil, "", noKey(err)
	}
	return sealed, by, nil
}

// unseal is the reverse. A password that cannot be opened any more is none: the document then fails with an explanation.
func (s *Service) unseal(ref Ref, sealed []byte, by string) string {
	if sealed == nil || s.Sealer == nil {
		return ""
	}
	password, err := s.Sealer.Open(sealed, by, ref.String())
	if err != nil {
		return ""
	}
	return password
}

func noKey(cause error) error {
	return fault.Wrap(cause, fault.IntakeClosed, "the server has no key to keep a document's password with")
}

// password returns the document's password, empty for none.
func (s *Service) password(t *Task) string {
	if t.Sealed == nil || s.Sealer == nil {
		return t.Password
	}
	return s.unseal(t.Ref, t.Sealed, t.SealedBy)
}

// dropPasswords forgets that of the document and those of its pictures.
func (t *Task) dropPasswords() {
	t.Password, t.Sealed, t.SealedBy = "", nil, ""
	for i := range t.Pictures {
		t.Pictures[i].Sealed, t.Pictures[i].SealedBy = nil, ""
	}
}

// hasPassword reports whether the record has any.
func (t *Task) hasPassword() bool {
	return t.Password != "" || t.Sealed != nil || slices.ContainsFunc(t.Pictures, func(p StoredPicture) bool { return p.Sealed != nil })
}

// stale reports whether a password must be sealed again before an earlier key can go. One in the clear was stored by an
// earlier program.
func (s *Service) stale(t *Task) bool {
	old := func(sealed []byte, by string) bool { return sealed != nil && !s.Sealer.Current(by) }
	return t.Password != "" || old(t.Sealed, t.SealedBy) ||
		slices.ContainsFunc(t.Pictures, func(p StoredPicture) bool { return old(p.Sealed, p.SealedBy) })
}

// sealPasswords seals the passwords of a task with the present key. It reports whether there were any that a key opens.
func (s *Service) sealPasswords(t *Task) (sealed bool, err error) {
	if password := s.password(t); password != "" {
		sealed = true
		if err := s.keepPassword(t, password); err != nil {
			return false, err
		}
	}
	for i := range t.Pictures {
		p := &t.Pictures[i]
		password := s.unseal(t.Ref, p.Sealed, p.SealedBy)
		if password == "" || s.Sealer.Current(p.SealedBy) {
			continue
		}
		sealed = true
		if p.Sealed, p.SealedBy, err = s.seal(t.Ref, password); err != nil {
			return false, err
		}
	}
	return sealed, nil
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
			if !s.stale(t) {
				return errUnchanged
			}
			sealed, err := s.sealPasswords(t)
			if err == nil && !sealed { // no key opens them any more
				return errUnchanged
			}
			return err
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
