package webhook

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/task"
)

// Type says what an event tells.
type Type string

// The types. They are never renamed: receivers rely on them.
const (
	TaskCompleted Type = "task.completed"    // results can be fetched
	TaskFailed    Type = "task.failed"       // processing ended without results
	TaskDeleted   Type = "task.deleted"      // a check found no copy left
	Challenge     Type = "webhook.challenge" // the receiver is to send the challenge back
)

// Types lists the types that endpoints choose from.
func Types() []Type { return []Type{TaskCompleted, TaskFailed, TaskDeleted} }

// typeOf returns what a task's reaching of a state is told as; empty if it is not told.
func typeOf(s task.State) Type {
	switch s {
	case task.Completed:
		return TaskCompleted
	case task.ProcessingFailed:
		return TaskFailed
	case task.Deleted:
		return TaskDeleted
	case task.Submitted, task.Queued, task.InProgress:
	}
	return ""
}

// event is the body of a request, as the standard recommends it.
type event struct {
	Type      Type      `json:"type"`
	Timestamp time.Time `json:"timestamp"` // of what happened, UTC
	Data      any       `json:"data"`
}

// told is the data of what became of a task.
type told struct {
	Application string     `json:"application"`
	Task        string     `json:"task"`
	State       task.State `json:"state"`
	Sequence    int        `json:"sequence"`
}

// asked is the data of a challenge, and what a receiver answers.
type asked struct {
	Challenge string `json:"challenge"`
}

// Event is what a receiver reads from a verified body.
type Event struct {
	Type      Type
	Timestamp time.Time // of what happened

	// Of a task; empty in a challenge.
	Application, Task string
	State             task.State
	Sequence          int // of the events of this task, from 1 on

	Challenge string // to be sent back as {"challenge": …}; empty but in a challenge
}

// ParseEvent reads a body. Fields that it does not know are left out, as later versions may add some.
func ParseEvent(body []byte) (Event, error) {
	var e struct {
		event
		Data struct {
			told
			asked
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return Event{}, fmt.Errorf("read event: %w", err)
	}
	return Event{e.Type, e.Timestamp, e.Data.Application, e.Data.Task, e.Data.State, e.Data.Sequence, e.Data.Challenge}, nil
}

// Ref names a delivery.
type Ref struct {
	Application string `json:"app"`
	Row         string `json:"delivery"` // time of the event, task, sequence and endpoint
}

// ParseRef checks what names a delivery.
func ParseRef(application, row string) (Ref, error) {
	r := Ref{application, row}
	parts := strings.Split(row, rowMark)
	if len(parts) != rowParts || r.key().Check() != nil {
		return Ref{}, fmt.Errorf("no delivery has such a name")
	}
	if _, err := task.ParseRef(application, parts[1]); err != nil {
		return Ref{}, err
	}
	return r, nil
}

// Endpoint is the id of the endpoint that the delivery is for.
func (r Ref) Endpoint() string {
	parts := strings.Split(r.Row, rowMark)
	return parts[len(parts)-1]
}

const (
	rowMark  = "!"
	rowParts = 4
)

// refOf names the delivery of an event to an endpoint. Rows of one application are in order of the time of events. It follows from
// these alone: who makes it twice makes the same.
func refOf(ref task.Ref, n task.Notice, endpoint string) Ref {
	return Ref{ref.Application, strings.Join([]string{rowAt(n.At), ref.ID, strconv.Itoa(n.Sequence), endpoint}, rowMark)}
}

// rowAt begins the rows of a time.
func rowAt(at time.Time) string { return fmt.Sprintf("%013d", max(0, at.UnixMilli())) }

// parseTypes refuses what endpoints cannot choose. None stands for all.
func parseTypes(wanted []Type) ([]Type, bool) {
	if len(wanted) == 0 {
		return Types(), true
	}
	chosen := slices.Clone(wanted)
	slices.Sort(chosen)
	chosen = slices.Compact(chosen)
	return chosen, !slices.ContainsFunc(chosen, func(t Type) bool { return !slices.Contains(Types(), t) })
}
