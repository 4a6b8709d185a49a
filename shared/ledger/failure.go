package ledger

import (
	"errors"
	"fmt"
)

// Why evidence does not convince. Errors of Verify, VerifyPromise and Check wrap the one that applies; a log that cannot be read
// for another reason, such as a server that does not answer, keeps its own error.
var (
	// ErrAltered says that a signature, a hash or a name does not fit: something was changed or forged, or is about something else.
	ErrAltered = errors.New("altered, forged or about something else")
	// ErrUnknownKey says that none of the keys given signed the evidence.
	ErrUnknownKey = errors.New("signed by none of the keys given")
	// ErrNotLogged says that a genuine receipt does not stand in the log yet.
	ErrNotLogged = errors.New("not yet logged")
	// ErrBroken says that genuine evidence shows a promise that was not kept.
	ErrBroken = errors.New("a promise was not kept")
	// ErrIncomplete says that part of the evidence is missing.
	ErrIncomplete = errors.New("part of the evidence is missing")
)

// failure says in its own words why evidence does not convince.
type failure struct {
	kind error // one of those above
	text string
}

// Error implements error.
func (f *failure) Error() string { return f.text }

// Unwrap returns the kind.
func (f *failure) Unwrap() error { return f.kind }

// Failed is an error of one of the kinds above, in its own words.
func Failed(kind error, format string, args ...any) error {
	return &failure{kind, fmt.Sprintf(format, args...)}
}

// about puts what a failure is about before its words.
func about(what string, err error) error {
	if f, ok := errors.AsType[*failure](err); ok {
		return &failure{f.kind, what + ": " + f.text}
	}
	return fmt.Errorf("%s: %w", what, err)
}
