package abbyy

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
)

// Statuses that version 1 has of its own.
const (
	statusParameters  = 450 // incorrect parameters
	statusInternal    = 550 // internal error
	statusUnsupported = 551 // image format not supported, extraction forbidden, too many images
)

// Codes of refusals in version 2.
const (
	codeArgument    = "InvalidArgument"
	codeState       = "InvalidTaskState"
	codeQuota       = "QuotaExceeded"
	codeUnsupported = "FileFormatUnsupported"
	codeDamaged     = "FileCantOpenImage"
	codePassword    = "FileWrongAccessPassword"
	codeRestricted  = "FileHasAccessRestrictions"
	codeInternal    = "InternalServerError"

	// ABBYY documents no code for these.
	codeUnauthorized = "Unauthorized"
	codeForbidden    = "Forbidden"
	codeNotFound     = "NotFound"
	codeVerb         = "MethodNotAllowed"
	codeTooMany      = "TooManyRequests"
	codeUnavailable  = "ServiceUnavailable"
)

// Codes of the details of InvalidArgument.
const (
	detailName     = "InvalidParameterName"
	detailValue    = "InvalidParameterValue"
	detailMissing  = "MissingArgument"
	detailConflict = "ConflictingParameters"
)

// Targets that are no parameters.
const targetFile = "File"

// Refusal is an answer that refuses. It holds nothing of what the client sent but the name of an unknown parameter.
type Refusal struct {
	Status     int    // of HTTP, or of version 1
	Code       string // of version 2
	Message    string // for people: what is wrong, and the remedy
	Details    []Detail
	Allow      []string      // with 405: verbs that are served
	RetryAfter time.Duration // when to try again; zero if unknown
}

// Detail is one problem of a request.
type Detail struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Target  string `json:"target"` // what is at fault, with a capital letter
}

// Invalid refuses parameters; each problem has an entry.
type Invalid struct{ Details []Detail }

// Error implements error.
func (e *Invalid) Error() string {
	var sentences []string
	for _, d := range e.Details {
		sentences = append(sentences, d.Message)
	}
	return strings.Join(sentences, " ")
}

// Unwrap has an Invalid count as a fault of its kind.
func (e *Invalid) Unwrap() error { return fault.New(fault.BadField, "%s", e.Error()) }

// MissingFile refuses an upload without a document.
func MissingFile() error {
	return &Invalid{[]Detail{{detailMissing, "No file has been specified: send it as the body, or as a part of multipart/form-data that has a file name.", targetFile}}}
}

// NoSuchTask refuses the id of a task that the application does not have.
func NoSuchTask() error {
	return &Invalid{[]Detail{{detailValue, "taskId: the application has no task of this id.", "TaskId"}}}
}

// NotEnabled refuses getApplicationInfo of an application that was made without it.
func NotEnabled() error {
	return fault.New(fault.ScopeMissing, "getApplicationInfo is not enabled for this application; ask the operator of the service to enable it.")
}

// RefusalOf words an error for the clients of a method. This is the only place where errors become statuses and codes of the
// interface. An error that was never classified is an internal one, whose text stays in the log.
func (m Method) RefusalOf(err error) *Refusal {
	if invalid, ok := errors.AsType[*Invalid](err); ok {
		return &Refusal{Status: m.Version.pick(statusParameters, http.StatusBadRequest), Code: codeArgument, Message: invalid.Error(), Details: invalid.Details}
	}
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Kind == fault.Internal {
		f = fault.New(fault.InternalError, "Something went wrong in the service; try again.")
	}
	r := m.refusal(f)
	if r.Message == "" {
		r.Message = sentence(f)
	}
	r.RetryAfter = f.After
	return r
}

// pick returns the status of a version.
func (v Version) pick(v1, v2 int) int {
	if v == V1 {
		return v1
	}
	return v2
}

// sentence is what a fault says to people, with a capital and a full stop.
func sentence(f *fault.Error) string {
	s := f.Detail
	if s == "" {
		s = f.Code.Meaning()
	}
	if s == "" {
		return "The request cannot be fulfilled."
	}
	s = strings.ToUpper(s[:1]) + s[1:]
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

// refusal maps a fault. What is said of codes comes before what is said of kinds.
func (m Method) refusal(f *fault.Error) *Refusal {
	v := m.Version
	plain := func(v1, v2 int, code string) *Refusal { return &Refusal{Status: v.pick(v1, v2), Code: code} }
	argument := func(status int, code, target string) *Refusal {
		r := plain(statusParameters, status, codeArgument)
		r.Details = []Detail{{code, sentence(f), target}}
		return r
	}
	switch f.Code {
	case fault.TaskNotFound:
		return m.RefusalOf(NoSuchTask())
	case fault.DocumentEmpty:
		return m.RefusalOf(MissingFile())
	case fault.DocumentUnknownType, fault.PageUnsupported, fault.MediaUnsupported:
		return plain(statusUnsupported, http.StatusBadRequest, codeUnsupported)
	case fault.DocumentRestricted:
		return plain(statusUnsupported, http.StatusBadRequest, codeRestricted)
	case fault.DocumentPasswordNeed, fault.DocumentPasswordWrong:
		return plain(statusParameters, http.StatusBadRequest, codePassword)
	case fault.DocumentDamaged, fault.PageDamaged:
		return plain(statusUnsupported, http.StatusBadRequest, codeDamaged)
	case fault.DocumentTooManyPages:
		r := argument(http.StatusBadRequest, detailValue, targetFile)
		r.Status = v.pick(statusUnsupported, http.StatusBadRequest)
		return r
	case fault.DocumentTooLarge:
		return argument(http.StatusRequestEntityTooLarge, detailValue, targetFile)
	case fault.RateLimited:
		return plain(http.StatusTooManyRequests, http.StatusTooManyRequests, codeTooMany)
	case fault.MethodNotAllowed:
		r := plain(http.StatusMethodNotAllowed, http.StatusMethodNotAllowed, codeVerb)
		r.Allow = m.Verbs
		return r
	case fault.UploadTooSlow:
		r := argument(http.StatusRequestTimeout, detailValue, targetFile)
		r.Status = http.StatusRequestTimeout
		return r
	}
	switch f.Kind {
	case fault.Unauthenticated:
		return plain(http.StatusUnauthorized, http.StatusUnauthorized, codeUnauthorized)
	case fault.Forbidden:
		return plain(http.StatusForbidden, http.StatusForbidden, codeForbidden)
	case fault.NotFound:
		return plain(http.StatusNotFound, http.StatusNotFound, codeNotFound)
	case fault.Gone, fault.Conflict:
		return plain(statusParameters, http.StatusBadRequest, codeState)
	case fault.TooLarge:
		return argument(http.StatusRequestEntityTooLarge, detailValue, targetFile)
	case fault.Exhausted:
		return plain(statusParameters, http.StatusTooManyRequests, codeQuota)
	case fault.Unavailable:
		return plain(http.StatusServiceUnavailable, http.StatusServiceUnavailable, codeUnavailable)
	case fault.Invalid, fault.Unsupported, fault.Document:
		return argument(http.StatusBadRequest, detailValue, m.target(f.Field))
	default:
		return plain(statusInternal, http.StatusInternalServerError, codeInternal)
	}
}

// target names what a fault of the task service is about, as the method calls it.
func (m Method) target(field string) string {
	switch field {
	case "languages":
		return "Language"
	case "formats", "remove_password", "keep_active", "signature":
		return "ExportFormat"
	case "password":
		return "PdfPassword"
	case "client", "fields":
		if m.Body == Settings {
			return targetSettings
		}
		return "Region"
	case "size", "":
		if m.Body == Picture {
			return targetFile
		}
		return "TaskId"
	default:
		return targetOf(field)
	}
}

// targetSettings is the target of what is wrong in the XML of processFields, which is sent as a file.
const targetSettings = targetFile

// targetOf writes the name of a parameter as targets are: pdf:writeTags as PdfWriteTags.
func targetOf(parameter string) string {
	var b strings.Builder
	for part := range strings.FieldsFuncSeq(parameter, func(r rune) bool { return r == ':' || r == '_' || r == '.' }) {
		b.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return b.String()
}
