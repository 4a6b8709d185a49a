package task

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// Ref names a task: the application it belongs to, or a person inside one (see PersonIn), and its id, a UUIDv7 (RFC 9562) that carries the time of creation.
// Record keys and blob names derive from it alone, so a lookup never searches.
type Ref struct {
	Application string `json:"app"`
	ID          string `json:"id"`
}

// String returns application/id. Both are generated, so it may be logged.
func (r Ref) String() string { return r.Application + "/" + r.ID }

// newID returns a fresh task id for the given time.
func newID(now time.Time) (string, error) {
	id, err := uuid.NewV7AtTime(now)
	if err != nil {
		return "", fmt.Errorf("make task id: %w", err)
	}
	return id.String(), nil
}

// ParseRef checks both parts. Nothing that came from outside reaches a key or a name without it.
func ParseRef(application, id string) (Ref, error) {
	if !applicationID.MatchString(application) {
		return Ref{}, fmt.Errorf("application id has %d characters, want 1 to 64 of a-z, 0-9 and -", len(application))
	}
	u, err := uuid.FromString(id)
	if err != nil || u.Version() != uuid.V7 || u.String() != id {
		return Ref{}, fmt.Errorf("task id is no UUIDv7 in lower-case 8-4-4-4-12 form")
	}
	return Ref{Application: application, ID: id}, nil
}

// applicationID is the form of an application id; compiled once, never changed.
var applicationID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

// Created returns the time in the id, in milliseconds.
func (r Ref) Created() time.Time {
	u, err := uuid.FromString(r.ID)
	if err != nil {
		return time.Time{}
	}
	ts, err := uuid.TimestampFromV7(u)
	if err != nil {
		return time.Time{}
	}
	at, err := ts.Time()
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

// key is where the record lies.
func (r Ref) key() storage.Key {
	return storage.Key{Table: storage.Tasks, Partition: partition(r.Application, r.Created()), Row: r.ID}
}

func partition(application string, day time.Time) string {
	return application + "!" + day.UTC().Format(dayLayout)
}

// dayLayout is the <yyyymmdd> of partitions and rows.
const dayLayout = "20060102"

// hourLayout is the <hour> of blob names.
const hourLayout = "2006010215"

// prefix is the folder of the task's blobs in a container, with the slash at its end.
func (r Ref) prefix(container string) string {
	return strings.Join([]string{container, r.Created().Format(hourLayout), r.Application, r.ID, ""}, "/")
}

// UploadName is the blob that the client's document goes to, or the first of its pictures.
func (r Ref) UploadName() string { return r.pictureName(1) }

// pictureName is the blob of the picture of that number.
func (r Ref) pictureName(n int) string { return r.prefix(storage.Uploads) + strconv.Itoa(n) }

// ResultName is the blob of one result of the first round of processing.
func (r Ref) ResultName(f render.Format) string { return r.prefix(storage.Results) + string(f) }

// resultName is the blob of one result of the present round.
func (t *Task) resultName(f render.Format) string {
	return t.Ref.prefix(storage.Results) + roundMark(t.Round) + string(f)
}

// hasResult reports whether a blob is one of the task's results.
func (t *Task) hasResult(name string) bool {
	return slices.ContainsFunc(t.Results, func(r Result) bool { return t.resultName(r.Format) == name })
}

// pageName is the blob of one recognised page of the present round.
func (t *Task) pageName(n int) string {
	return t.Ref.prefix(storage.Work) + roundMark(t.Round) + strconv.Itoa(n)
}

// roundMark begins the names of what a round of processing makes, from the second on: a worker of an earlier one that still
// writes, or still erases, must not meet what a later one made.
func roundMark(round int) string {
	if round < 2 {
		return ""
	}
	return strconv.Itoa(round) + roundSeparator
}

// roundSeparator stands in no name of a format.
const roundSeparator = "_"

// roundOf returns the round that a blob of pages or results belongs to.
func roundOf(leaf string) int {
	mark, _, ok := strings.Cut(leaf, roundSeparator)
	if n, err := strconv.Atoi(mark); ok && err == nil && roundMark(n) == mark+roundSeparator {
		return n
	}
	return 1
}

// ParseName splits a blob name of the layout <container>/<hour>/<application>/<task>/<leaf>. Anything else is an error:
// such a blob belongs to nobody.
func ParseName(name string) (container string, ref Ref, leaf string, err error) {
	parts := strings.Split(name, "/")
	if len(parts) != 5 || parts[4] == "" {
		return "", Ref{}, "", fmt.Errorf("blob name has %d parts, want 5", len(parts))
	}
	switch parts[0] {
	case storage.Uploads, storage.Work, storage.Results:
	default:
		return "", Ref{}, "", fmt.Errorf("blob is in no container of documents")
	}
	ref, err = ParseRef(parts[2], parts[3])
	if err != nil {
		return "", Ref{}, "", err
	}
	if parts[1] != ref.Created().Format(hourLayout) {
		return "", Ref{}, "", fmt.Errorf("hour in the blob name is not the task's")
	}
	return parts[0], ref, parts[4], nil
}
