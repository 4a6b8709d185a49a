// Package httpserver holds what is common to all HTTP: problem documents, request logging, limits and conditional requests.
package httpserver

import (
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/fault"
)

// Problem is a problem document (RFC 9457). Of what the client sent it holds the name of an unknown field at most.
type Problem struct {
	Type      string     `json:"type" doc:"Always about:blank: code distinguishes problems."`
	Title     string     `json:"title" doc:"The HTTP status in words."`
	Status    int        `json:"status" doc:"The HTTP status."`
	Code      fault.Code `json:"code" doc:"Stable and machine-readable."`
	Detail    string     `json:"detail" doc:"What is wrong, the limit, and the remedy."`
	Field     string     `json:"field,omitempty" doc:"The field, parameter or header at fault."`
	Retryable bool       `json:"retryable" doc:"Whether the same request may succeed later."`
	Instance  string     `json:"instance,omitempty" doc:"The request's id, as in the server's log."`

	retryAfter int // seconds
}

// ProblemType is the media type of a problem document.
const ProblemType = "application/problem+json"

// NewProblem maps an error to a problem document; this is the only place where kinds become statuses. An error that was
// never classified is an internal error: its text stays in the log.
func NewProblem(err error) *Problem {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Kind == fault.Internal {
		f = fault.New(fault.InternalError, "something went wrong in the service; try again, and if it persists report the instance to the operator")
	}
	p := &Problem{
		Type:      "about:blank",
		Status:    status(f),
		Code:      f.Code,
		Detail:    f.Detail,
		Field:     f.Field,
		Retryable: f.Code.Retryable(),
	}
	p.Title = http.StatusText(p.Status)
	if f.After > 0 {
		p.retryAfter = max(1, int(math.Ceil(f.After.Seconds())))
	}
	return p
}

func status(f *fault.Error) int {
	switch f.Kind {
	case fault.Invalid:
		switch f.Code {
		case fault.MethodNotAllowed:
			return http.StatusMethodNotAllowed
		case fault.BadRequest:
			return http.StatusBadRequest
		case fault.UploadTooSlow:
			return http.StatusRequestTimeout
		case fault.RangeUnsatisfiable:
			return http.StatusRequestedRangeNotSatisfiable
		default:
			return http.StatusUnprocessableEntity
		}
	case fault.Unauthenticated:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Gone:
		return http.StatusGone
	case fault.Conflict:
		if f.Code == fault.ETagMismatch {
			return http.StatusPreconditionFailed
		}
		return http.StatusConflict
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.Unsupported:
		return http.StatusUnsupportedMediaType
	case fault.Document:
		return http.StatusUnprocessableEntity
	case fault.Exhausted:
		return http.StatusTooManyRequests
	case fault.Unavailable:
		if f.Code == fault.StorageFull {
			return http.StatusInsufficientStorage
		}
		return http.StatusServiceUnavailable
	case fault.Internal:
	}
	return http.StatusInternalServerError
}

// Error makes a problem an error that HTTP frameworks pass on as it is.
func (p *Problem) Error() string { return string(p.Code) }

// GetStatus returns the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType returns the media type of the document.
func (p *Problem) ContentType(string) string { return ProblemType }

// GetHeaders returns what goes with the document: a challenge for credentials, the time to try again.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.Status == http.StatusUnauthorized {
		access.Challenge(h, nil)
	}
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	return h
}

// Error writes the problem document of an error. The cause of a fault of ours goes to the log.
func Error(log *slog.Logger) func(w http.ResponseWriter, r *http.Request, err error) {
	return func(w http.ResponseWriter, r *http.Request, err error) {
		Explain(r.Context(), log, err).write(w, r)
	}
}

func (p *Problem) write(w http.ResponseWriter, r *http.Request) {
	for name, values := range p.GetHeaders() {
		w.Header()[name] = values
	}
	if p.Status == http.StatusUnauthorized {
		access.Challenge(w.Header(), r.Header)
	}
	w.Header().Set("Content-Type", ProblemType)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	if r.Method != http.MethodHead {
		_ = json.NewEncoder(w).Encode(p) // a client that has gone does not read it
	}
}
