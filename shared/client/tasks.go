package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Settings is how a document is to be treated.
type Settings struct {
	Languages     []string `json:"languages,omitempty"`
	Formats       []string `json:"formats,omitempty"`
	Profile       string   `json:"profile,omitempty"`
	Password      string   `json:"password,omitempty"`
	OnPageError   string   `json:"on_page_error,omitempty"`
	RetainSeconds int      `json:"retain_seconds,omitempty"`
	DeleteOnFetch bool     `json:"delete_on_fetch,omitempty"`
}

// Task is what the server says of a task.
type Task struct {
	ID       string    `json:"id"`
	State    string    `json:"state"`
	Created  time.Time `json:"created"`
	Uploaded time.Time `json:"uploaded,omitzero"`
	Ended    time.Time `json:"ended,omitzero"`
	Pages    struct {
		Total  int `json:"total"`
		Done   int `json:"done"`
		Failed int `json:"failed"`
	} `json:"pages"`
	Type        string    `json:"type,omitempty"`
	Bytes       int64     `json:"bytes,omitempty"`
	Upload      *Link     `json:"upload,omitempty"`
	Results     []Result  `json:"results,omitempty"`
	Failure     *Failure  `json:"failure,omitempty"`
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

// Failure explains a failed task.
type Failure struct {
	Code      string `json:"code"`
	Detail    string `json:"detail"`
	Retryable bool   `json:"retryable"`
}

// Over reports whether nothing more happens to the task but its erasure.
func (t *Task) Over() bool {
	return t.State == "Completed" || t.State == "ProcessingFailed" || t.State == "Deleted"
}

// Create makes a task. The key makes a repeated call return the first one's task.
func (c *Client) Create(ctx context.Context, s Settings, key string) (*Task, error) {
	t := &Task{}
	_, err := c.do(ctx, call{method: http.MethodPost, path: "/v1/tasks", in: s, header: map[string]string{"Idempotency-Key": key}, out: t}) //nolint:bodyclose // closed by decode
	return t, err
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

// MaxBatch is how many tasks one call may ask for.
const MaxBatch = 1000

// CreateBatch makes many tasks at once; results are in the order of the items.
func (c *Client) CreateBatch(ctx context.Context, items []BatchItem) ([]BatchResult, error) {
	in := struct {
		Tasks []BatchItem `json:"tasks"`
	}{items}
	var out struct {
		Tasks []BatchResult `json:"tasks"`
	}
	_, err := c.do(ctx, call{method: http.MethodPost, path: "/v1/tasks:batch", in: in, out: &out}) //nolint:bodyclose // closed by decode
	if err == nil && len(out.Tasks) != len(items) {
		return nil, fmt.Errorf("the server answered %d of %d tasks", len(out.Tasks), len(items))
	}
	return out.Tasks, err
}

// Source opens a document from its start, as often as it must be sent.
type Source func() (body io.ReadCloser, size int64, err error)

// Upload sends a document to a task's link, without credentials. A link that has expired is renewed once.
func (c *Client) Upload(ctx context.Context, t *Task, open Source) error {
	link := t.Upload
	if link == nil {
		return nil // the document is there
	}
	_, err := retried(ctx, func() (struct{}, error) {
		err := c.put(ctx, link, open)
		var p *Problem
		if errors.As(err, &p) && p.Status == http.StatusForbidden {
			fresh := &Link{}
			if _, renewErr := c.do(ctx, call{method: http.MethodPost, path: "/v1/tasks/" + t.ID + "/upload-link", out: fresh}); renewErr != nil { //nolint:bodyclose // closed by decode
				return struct{}{}, renewErr
			}
			link = fresh
			p.Retryable = true
		}
		return struct{}{}, err
	})
	var p *Problem
	if errors.As(err, &p) && p.Status == http.StatusConflict {
		return nil // an earlier try arrived although its answer did not
	}
	return err
}

func (c *Client) put(ctx context.Context, link *Link, open Source) error {
	body, size, err := open()
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, link.Method, link.URL, body)
	if err != nil {
		return errors.Join(errors.New("the upload link cannot be used"), body.Close())
	}
	req.ContentLength = size
	if size == 0 {
		req.Body = http.NoBody
	}
	for name, value := range link.Headers {
		req.Header.Set(name, value)
	}
	resp, err := c.bare.Do(req)
	if err != nil {
		return unreachable(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }() // its content does not matter
	return decode(resp, nil)
}

// Get shows a task. With wait above zero the server holds its answer until the task ended or the time is over.
func (c *Client) Get(ctx context.Context, id string, wait time.Duration) (*Task, error) {
	t := &Task{}
	op := call{method: http.MethodGet, path: "/v1/tasks/" + url.PathEscape(id), out: t}
	if wait > 0 {
		op.header = map[string]string{"Prefer": "wait=" + strconv.Itoa(int(wait.Seconds()))}
	}
	_, err := c.do(ctx, op) //nolint:bodyclose // closed by decode
	return t, err
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
	_, err := c.do(ctx, call{method: http.MethodGet, path: "/v1/tasks?" + q.Encode(), out: &out}) //nolint:bodyclose // closed by decode
	return out.Tasks, out.After, err
}

// Delete erases a task. Erased is zero while a worker has to let go.
func (c *Client) Delete(ctx context.Context, id string) (*Task, error) {
	t := &Task{}
	_, err := c.do(ctx, call{method: http.MethodDelete, path: "/v1/tasks/" + url.PathEscape(id), out: t}) //nolint:bodyclose // closed by decode
	return t, err
}

// Fetch streams a result and returns its size. A transfer that ends early is an error.
func (c *Client) Fetch(ctx context.Context, id, format string, w io.Writer) (int64, error) {
	resp, err := c.do(ctx, call{method: http.MethodGet, path: "/v1/tasks/" + url.PathEscape(id) + "/results/" + url.PathEscape(format)})
	if err != nil {
		return 0, err
	}
	if resp.StatusCode == http.StatusSeeOther {
		_ = resp.Body.Close() // empty
		if resp, err = c.follow(ctx, resp.Header.Get("Location")); err != nil {
			return 0, err
		}
	}
	defer func() { _ = resp.Body.Close() }() // read to its end
	n, err := io.Copy(w, resp.Body)
	if err != nil {
		return n, fmt.Errorf("the transfer broke after %d bytes: %w", n, unreachable(ctx, err))
	}
	if resp.ContentLength >= 0 && n != resp.ContentLength {
		return n, fmt.Errorf("the transfer ended after %d of %d bytes", n, resp.ContentLength)
	}
	return n, nil
}

// follow opens a link without credentials.
func (c *Client) follow(ctx context.Context, link string) (*http.Response, error) {
	return retried(ctx, func() (*http.Response, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
		if err != nil {
			return nil, errors.New("the result link cannot be used")
		}
		resp, err := c.bare.Do(req)
		if err != nil {
			return nil, unreachable(ctx, err)
		}
		return resp, decode(resp, nil)
	})
}
