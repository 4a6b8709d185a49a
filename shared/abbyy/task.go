package abbyy

import (
	"cmp"
	"net/url"
	"slices"
	"time"

	"github.com/lethe-ocr/lethe/shared/task"
)

// Status is where a task stands, in the words of the interface.
type Status string

// The statuses. NotEnoughCredits, which the interface knows too, does not occur.
const (
	Submitted        Status = "Submitted"
	Queued           Status = "Queued"
	InProgress       Status = "InProgress"
	Completed        Status = "Completed"
	ProcessingFailed Status = "ProcessingFailed"
	Deleted          Status = "Deleted"
)

// active reports whether clients go on asking.
func (s Status) active() bool { return s == Queued || s == InProgress }

// Task is a task as clients see it.
type Task struct {
	ID          string
	Registered  time.Time // when it was made
	Changed     time.Time // when the last thing was done with it
	Status      Status
	Error       string // of ProcessingFailed: why, in a sentence without content
	Files       int    // that were submitted
	Links       []string
	Description string
}

// TaskOf tells a task of so many files. links are those of a completed one: a result's each, in the order of the formats.
func TaskOf(t *task.Task, files int, links []string) Task {
	told := Task{
		ID: t.Ref.ID, Registered: t.Created, Changed: t.Created, Files: files, Description: t.Client.Description,
		Status: Status(t.State), // the names are the same
	}
	switch t.State {
	case task.Deleted:
		told.Changed = t.Removed
	case task.Completed, task.ProcessingFailed:
		told.Changed = t.LastEnded()
	default:
		told.Changed = t.Updated
	}
	if told.Changed.Before(told.Registered) { // nothing is known of it
		told.Changed = told.Registered
	}
	if t.State == task.Completed {
		told.Links = links
	}
	if t.State == task.ProcessingFailed && t.Failure != nil {
		told.Error = t.Failure.Detail
	}
	return told
}

// Answered returns the task as the answer of a method tells it. Clients of methods that begin something accept no other status than
// that of a beginning, even if the end was reached meanwhile.
func (m Method) Answered(t Task) Task {
	if m.First == "" || m.First == t.Status {
		return t
	}
	t.Status, t.Error, t.Links = m.First, "", nil
	return t
}

// Most tasks that a list has.
const (
	MostListed   = 1000 // of listTasks
	mostFinished = 100  // of listFinishedTasks
)

// Wants reports whether a call of listTasks asks for a task.
func (c *Call) Wants(t Task) bool {
	registered := t.Registered.Truncate(time.Second)
	return !registered.Before(c.From) && !registered.After(c.To) && (t.Status != Deleted || !c.ExcludeDeleted)
}

// Next is the query of a call of listTasks that goes on where one ended whose last task was registered then.
func (c *Call) Next(registered time.Time) string {
	query := url.Values{"fromDate": {moment(registered)}, "toDate": {moment(c.To)}}
	if c.ExcludeDeleted {
		query.Set("excludeDeleted", "true")
	}
	return query.Encode()
}

// Listed puts tasks in the order of listTasks: the one with the oldest action first.
func Listed(tasks []Task) []Task {
	list := slices.Clone(tasks)
	slices.SortStableFunc(list, func(a, b Task) int { return cmp.Or(a.Changed.Compare(b.Changed), cmp.Compare(a.ID, b.ID)) })
	return list
}

// Finished returns those tasks that listFinishedTasks tells: the one that ended first first, so that deleting makes room for others.
func Finished(tasks []Task) []Task {
	list := slices.DeleteFunc(Listed(tasks), func(t Task) bool { return t.Status != Completed && t.Status != ProcessingFailed })
	return list[:min(len(list), mostFinished)]
}

// Application is what getApplicationInfo tells.
type Application struct {
	ID      string    // the user name of the request
	Name    string    // for people
	Pages   int       // that it may have read a day; zero for no cap
	Expires time.Time // zero for never
}

// fieldsAPage is how many fields are counted for a page.
const fieldsAPage = 5

// unlimited pages are told of an application without a cap: zero would say that there are none left.
const unlimited = 1_000_000

func (a Application) pages() int {
	if a.Pages == 0 {
		return unlimited
	}
	return a.Pages
}

// never is told of an application that does not expire, to clients that must have a time.
func never() time.Time { return time.Date(2099, time.December, 31, 23, 59, 59, 0, time.UTC) }

func (a Application) expires() time.Time {
	if a.Expires.IsZero() {
		return never()
	}
	return a.Expires.UTC()
}
