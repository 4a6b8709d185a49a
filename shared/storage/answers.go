package storage

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/lethe-ocr/lethe/shared/fault"
)

// The faults that answers of a storage service become, in the same words for each service. A cause holds status and code of the
// answer and none of its text, which quotes names.

// Missing is for an answer that there is no such blob, record or message.
func Missing(cause error) error {
	return fault.Wrap(cause, fault.ThingNotFound, "storage has no such object")
}

// Existing is for an answer that what must be new exists.
func Existing(cause error) error { return fault.Wrap(cause, fault.AlreadyExists, "it exists already") }

// Changed is for an answer that what was read has another version by now.
func Changed(cause error) error {
	return fault.Wrap(cause, fault.ETagMismatch, "it changed since it was read")
}

// Refused is for every other answer that is no success.
func Refused(cause error) error {
	return fault.Wrap(cause, fault.StorageUnavailable, "storage refused the request; try again later")
}

// Unanswered is for an error that no answer came with. Of its text, which quotes addresses, nothing is kept; see Plainly.
func Unanswered(err error, known ...error) error {
	return fault.Wrap(Plainly(err, known...), fault.StorageUnavailable, "storage did not answer; try again")
}

// Plainly keeps what can be told of an error without its text: that the call was cancelled or cut off, that it is one of those that
// are known to quote nothing, or else the type of the failure.
func Plainly(err error, known ...error) error {
	for _, one := range append(known, context.Canceled, context.DeadlineExceeded, io.ErrUnexpectedEOF) {
		if errors.Is(err, one) {
			return one
		}
	}
	for next := err; next != nil; next = errors.Unwrap(next) {
		err = next
	}
	return fmt.Errorf("call failed with %T", err)
}
