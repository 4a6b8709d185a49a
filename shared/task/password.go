package task

// Sealer keeps passwords in a form that is of no use without its key, so that neither the database nor the memory that it
// works in holds them as they are.
type Sealer interface {
	// Seal returns the secret's sealed form, which opens for the same subject only.
	Seal(secret, subject string) []byte
	// Open is the reverse. It fails for what was changed, or sealed with another key or for another subject.
	Open(sealed []byte, subject string) (string, error)
}

// keepPassword puts a document's password into its record.
func (s *Service) keepPassword(t *Task, password string) {
	if password == "" || s.Sealer == nil {
		t.Password = password
		return
	}
	t.Sealed = s.Sealer.Seal(password, t.Ref.String())
}

// password returns the document's password, empty for none. One that cannot be opened any more is none: the document then
// fails with an explanation.
func (s *Service) password(t *Task) string {
	if t.Sealed == nil || s.Sealer == nil {
		return t.Password
	}
	password, err := s.Sealer.Open(t.Sealed, t.Ref.String())
	if err != nil {
		return ""
	}
	return password
}

// dropPassword forgets it.
func (t *Task) dropPassword() { t.Password, t.Sealed = "", nil }
