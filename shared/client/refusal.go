package client

import (
	"errors"
	"net/http"

	"github.com/lethe-ocr/lethe/shared/fault"
)

// Superseded reports whether a task that was made before stands in the way or is no more: it was erased, or was made with other
// settings. Another idempotency key makes a new one.
func Superseded(err error) bool {
	p, ok := errors.AsType[*Problem](err)
	return ok && (p.Status == http.StatusGone || p.Status == http.StatusNotFound || p.Code == string(fault.IdempotencyReuse))
}

// Full reports whether the application must wait until some of its tasks have ended.
func Full(err error) bool {
	p, ok := errors.AsType[*Problem](err)
	return ok && p.Code == string(fault.OpenTasksExceeded)
}

// Busy reports whether the server takes nothing for now, from anybody or from this application: it is closed or full, or a cap is reached.
func Busy(err error) bool {
	p, ok := errors.AsType[*Problem](err)
	if !ok || !p.Retryable || p.Code == string(fault.RateLimited) {
		return false
	}
	kind := fault.Code(p.Code).Kind()
	return kind == fault.Unavailable || kind == fault.Exhausted
}

// OfDocument reports whether the document was refused, by the server or by its storage, and not what was asked for.
func OfDocument(err error) bool {
	p, ok := errors.AsType[*Problem](err)
	return ok && (fault.Code(p.Code).Kind() == fault.Document || errors.Is(err, ErrLink) && p.Status == http.StatusRequestEntityTooLarge)
}

// ForAll reports whether every other document would be refused too: by the credentials, or by what was asked for.
func ForAll(err error) bool {
	if _, dropped := errors.AsType[*DroppedError](err); dropped {
		return true
	}
	p, ok := errors.AsType[*Problem](err)
	if !ok || errors.Is(err, ErrLink) || OfDocument(err) || Superseded(err) {
		return false
	}
	switch p.Status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusUnprocessableEntity:
		return true
	default:
		return false
	}
}
