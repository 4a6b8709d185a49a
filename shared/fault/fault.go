// Package fault is the error taxonomy of the program: few kinds to act on, stable codes for machines, a sentence for
// people, and a cause that stays in the log. Errors are classified once, where they arise; package httpserver maps kinds to
// RFC 9457 problem documents in one place.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind says how a caller should act on an error. It decides the HTTP status and whether work is retried.
type Kind string

// The kinds. An error of no known kind counts as Internal.
const (
	Invalid         Kind = "invalid"         // the request is wrong and will stay wrong (400 or 422)
	Unauthenticated Kind = "unauthenticated" // no or wrong credentials (401)
	Forbidden       Kind = "forbidden"       // known caller, missing scope (403)
	NotFound        Kind = "not-found"       // no such thing for this caller (404)
	Gone            Kind = "gone"            // it existed and was erased (410)
	Conflict        Kind = "conflict"        // the state does not allow it, or a compare-and-swap lost (409 or 412)
	TooLarge        Kind = "too-large"       // over a size limit (413)
	Unsupported     Kind = "unsupported"     // not a media type we read (415)
	Document        Kind = "document"        // the document itself cannot be processed: permanent, stored with the task (422)
	Exhausted       Kind = "exhausted"       // a rate, quota or capacity limit (429)
	Unavailable     Kind = "unavailable"     // a dependency did not answer: transient, retry later (503)
	Internal        Kind = "internal"        // our fault; details go to the log only (500)
)

// Error is a classified error. Detail is safe to show to clients: it never holds content, file names, links, secrets or
// text of a wrapped error.
type Error struct {
	Kind   Kind
	Code   Code          // stable and machine-readable; listed by Codes
	Field  string        // the request field at fault, as a JSON pointer or parameter name; may be empty
	Detail string        // one sentence for people: what is wrong, the limit, the remedy
	After  time.Duration // for Exhausted and Unavailable: when to try again; zero if unknown

	cause error
}

// New returns an error of the code's kind with a sentence that is safe to show to clients.
func New(code Code, format string, args ...any) *Error {
	return &Error{Kind: code.Kind(), Code: code, Detail: fmt.Sprintf(format, args...)}
}

// Wrap is New with a cause for the log.
func Wrap(cause error, code Code, format string, args ...any) *Error {
	e := New(code, format, args...)
	e.cause = cause
	return e
}

// In returns a copy of e that names the request field at fault.
func (e *Error) In(field string) *Error {
	c := *e
	c.Field = field
	return &c
}

// Retry returns a copy of e that tells the caller when to try again.
func (e *Error) Retry(after time.Duration) *Error {
	c := *e
	c.After = after
	return &c
}

// Error is for the log: code, detail and the chain of causes.
func (e *Error) Error() string {
	s := string(e.Code)
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	if e.cause != nil {
		s += ": " + e.cause.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// Is makes errors.Is(err, fault.NotFound) and errors.Is(err, fault.TaskNotFound) true for errors of that kind or code.
func (e *Error) Is(target error) bool {
	switch t := target.(type) {
	case Kind:
		return e.Kind == t
	case Code:
		return e.Code == t
	default:
		return false
	}
}

// Error makes a Kind usable as the target of errors.Is.
func (k Kind) Error() string { return string(k) }

// KindOf returns the kind of err: Internal when it was never classified, the empty kind for nil.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// Transient reports whether the same work may succeed later: the dependency was away, capacity was exhausted, or the
// fault is ours and unknown. Everything else is permanent.
func Transient(err error) bool {
	switch KindOf(err) {
	case Unavailable, Exhausted, Internal:
		return true
	default:
		return false
	}
}
