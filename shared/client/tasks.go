package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"github.com/lethe-ocr/lethe/shared/fault"
)

// Task is what the server says of a task.
type Task struct {
	ID       string    `json:"id"`
	State    string    `json:"state"`
	Created  time.Time `json:"created,omitzero"`
	Uploaded time.Time `json:"uploaded,omitzero"`
	Ended    time.Time `json:"ended,omitzero"`
	Pages    struct {
		Total  int `json:"total"`
		Done   int `json:"done"`
		Failed int `json:"failed"`
	} `json:"pages,omitzero"`
	Type        string    `json:"type,omitempty"`
	Bytes       int64     `json:"bytes,omitempty"`
	Languages   []string  `json:"languages,omitempty"` // chosen, if auto was asked for
	Settings    *Settings `json:"settings,omitempty"`  // that hold; nil once the task is erased
	Upload      *Link     `json:"upload,omitempty"`
	Results     []Result  `json:"results,omitempty"`
	Failure     *Failure  `json:"failure,omitempty"`
	Notes       []Note    `json:"notes,omitempty"`          // what the results are not as expected in
	HiddenWords int       `json:"hidden_words,omitempty"`   // of the text layer, left out because they do not show
	Confidence  float64   `json:"confidence,omitempty"`     // mean of all letters, 0 to 100; 0 if nothing was read
	Doubtful    []int     `json:"doubtful_pages,omitempty"` // numbers of pages to look at
	NeedsReview bool      `json:"needs_review,omitempty"`   // by the setting review_below
	Promise     string    `json:"promise,omitempty"`        // in the answer to a creation: signed, to be kept
	Acceptance  string    `json:"acceptance,omitempty"`     // once the document is there: likewise
	EraseDue    time.Time `json:"erase_due,omitzero"`
	DeleteAfter time.Time `json:"delete_after,omitzero"`
	Reason      string    `json:"reason,omitempty"`
	Erased      time.Time `json:"erased,omitzero"`
}

// Link is where to send a document, and what to send along.
type Link struct {
	URL     string            `json:"url"`
	Method  string            `json:"method"`
	Headers map[string]string `json:"headers"`
	Expires time.Time         `json:"expires"`
}

// Result can be fetched.
type Result struct {
	Format    string `json:"format"`
	MediaType string `json:"media_type"`
	Bytes     int64  `json:"bytes"`
}

// Note is something that the results of a task are not as expected in.
type Note struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
	Pages  int    `json:"pages,omitempty"` // that it is about; 0 if it is about the document
	Count  int    `json:"count,omitempty"` // how many, where the code counts
}

// Failure explains a failed task.
type Failure struct {
	Code      string `json:"code"`
	Detail    string `json:"detail"`
	Retryable bool   `json:"retryable"`
}

// States of a task that the client acts on.
const (
	submitted = "Submitted" // waits for its document
	completed = "Completed"
	failed    = "ProcessingFailed"
	deleted   = "Deleted"
)

// Over reports whether nothing more happens to the task but its erasure.
func (t *Task) Over() bool { return t.State == completed || t.State == failed || t.State == deleted }

// Failed reports whether processing ended without results.
func (t *Task) Failed() bool { return t.State == failed }

// Gone reports whether the task was erased.
func (t *Task) Gone() bool { return t.State == deleted }

func taskPath(id string) string { return "/v1/tasks/" + url.PathEscape(id) }

// Create makes a task. The key makes a repeated call return the first one's task; an empty one is replaced, so that a
// call that is tried again makes no second task. A task that is not held to the settings is a DroppedError.
func (c *Client) Create(ctx context.Context, s Settings, key string) (*Task, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	if key == "" {
		id, err := uuid.NewV4()
		if err != nil {
			return nil, fmt.Errorf("make idempotency key: %w", err)
		}
		key = id.String()
	}
	t := &Task{}
	err := c.ask(ctx, call{method: http.MethodPost, path: "/v1/tasks", in: s, header: map[string]string{"Idempotency-Key": key}, out: t})
	if s.Size > 0 && sizeUnknown(err) {
		s.Size = 0
		return c.Create(ctx, s, key)
	}
	if err == nil {
		err = held(s, t)
	}
	return t, err
}

// sizeUnknown reports whether a server of an earlier version refuses to be told a size, which it can do without.
func sizeUnknown(err error) bool {
	var p *Problem
	return errors.As(err, &p) && p.Code == string(fault.BadField) && strings.HasSuffix(p.Field, "size")
}

// BatchItem asks for one task of many.
type BatchItem struct {
	Settings
	Key string `json:"idempotency_key"`
}

// BatchResult is a task or why there is none.
type BatchResult struct {
	Task    *Task    `json:"task"`
	Problem *Problem `json:"problem"`
}

// CreateBatch makes up to request.MaxBatch tasks at once; results are in the order of the items. If one of them is not held to its settings,
// that is a DroppedError.
func (c *Client) CreateBatch(ctx context.Context, items []BatchItem) ([]BatchResult, error) {
	for _, item := range items {
		if err := item.Check(); err != nil {
			return nil, err
		}
	}
	in := struct {
		Tasks []BatchItem `json:"tasks"`
	}{items}
	var out struct {
		Tasks []BatchResult `json:"tasks"`
	}
	err := c.ask(ctx, call{method: http.MethodPost, path: "/v1/tasks:batch", in: in, out: &out})
	if sizeUnknown(err) && slices.ContainsFunc(items, func(i BatchItem) bool { return i.Size > 0 }) {
		items = slices.Clone(items)
		for i := range items {
			items[i].Size = 0
		}
		return c.CreateBatch(ctx, items)
	}
	if err != nil {
		return nil, err
	}
	if len(out.Tasks) != len(items) {
		return nil, fmt.Errorf("the server answered %d of %d tasks", len(out.Tasks), len(items))
	}
	for i, r := range out.Tasks {
		if (r.Task == nil) == (r.Problem == nil) {
			return nil, fmt.Errorf("the server answered neither a task nor a problem")
		}
		if r.Task == nil {
			continue
		}
		if err := held(items[i].Settings, r.Task); err != nil {
			return nil, err
		}
	}
	return out.Tasks, nil
}

// Get shows a task. With wait above zero the server holds its answer until the task ended or the time is over.
func (c *Client) Get(ctx context.Context, id string, wait time.Duration) (*Task, error) {
	t := &Task{}
	op := call{method: http.MethodGet, path: taskPath(id), out: t}
	if wait > 0 {
		op.header = map[string]string{"Prefer": prefer(wait)}
	}
	err := c.ask(ctx, op)
	return t, err
}

func prefer(wait time.Duration) string { return "wait=" + strconv.Itoa(int(wait.Seconds())) }

// Follow returns a task once it is over, and shows each version of it on the way. The server holds its answers until
// something changes.
func (c *Client) Follow(ctx context.Context, id string, seen func(*Task)) (*Task, error) {
	const hold, shortest, longest = 20 * time.Second, 200 * time.Millisecond, 5 * time.Second
	op := call{method: http.MethodGet, path: taskPath(id), success: http.StatusNotModified}
	for pause := shortest; ; {
		t := &Task{}
		op.out = t
		asked := time.Now()
		resp, err := c.do(ctx, op) //nolint:bodyclose // closed by decode
		if err != nil {
			return nil, err
		}
		switch {
		case resp.StatusCode != http.StatusNotModified:
			if seen(t); t.Over() {
				return t, nil
			}
			pause = shortest
			op.header = map[string]string{"Prefer": prefer(hold), "If-None-Match": resp.Header.Get("Etag")}
		case time.Since(asked) < time.Second:
			pause = min(2*pause, longest) // something on the way does not hold answers
		}
		if err := sleep(ctx, pause); err != nil {
			return nil, err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

// List returns a page of own tasks and the cursor of the next, empty on the last.
func (c *Client) List(ctx context.Context, state, after string, limit int) ([]Task, string, error) {
	q := url.Values{"limit": {strconv.Itoa(limit)}}
	if state != "" {
		q.Set("state", state)
	}
	if after != "" {
		q.Set("after", after)
	}
	var out struct {
		Tasks []Task `json:"tasks"`
		After string `json:"after"`
	}
	err := c.ask(ctx, call{method: http.MethodGet, path: "/v1/tasks?" + q.Encode(), out: &out})
	return out.Tasks, out.After, err
}

// Delete erases a task. Erased is zero while a worker has to let go.
func (c *Client) Delete(ctx context.Context, id string) (*Task, error) {
	t, _, err := c.erase(ctx, id)
	return t, err
}

// Erase is Delete that comes back when no copy is left, as often as the server asks for.
func (c *Client) Erase(ctx context.Context, id string) (*Task, error) {
	const pause = 2 * time.Second // for a server that does not say
	for {
		t, after, err := c.erase(ctx, id)
		if err != nil || !t.Erased.IsZero() {
			return t, err
		}
		if after == 0 {
			after = pause
		}
		if err := sleep(ctx, after); err != nil {
			return nil, err
		}
	}
}

func (c *Client) erase(ctx context.Context, id string) (*Task, time.Duration, error) {
	t := &Task{}
	resp, err := c.do(ctx, call{method: http.MethodDelete, path: taskPath(id), out: t}) //nolint:bodyclose // closed by decode
	if err != nil {
		return nil, 0, err
	}
	return t, retryAfter(resp.Header), nil
}
