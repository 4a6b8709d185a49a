package client

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"time"
)

// LogEntry is an entry of the access log. Text is what the ledger commits to; the other fields are in it.
type LogEntry struct {
	Text       string `json:"text"`
	Nonce      string `json:"nonce"`
	Commitment string `json:"commitment"`
}

// AccessLog returns a page of the access log and the cursor of the next, empty on the last. An application sees what
// concerns it, an auditor sees all.
func (c *Client) AccessLog(ctx context.Context, since time.Time, after string) ([]LogEntry, string, error) {
	var out struct {
		Entries []LogEntry `json:"entries"`
		After   string     `json:"after"`
	}
	err := c.ask(ctx, call{method: http.MethodGet, path: "/v1/access-log?" + pageQuery(since, after).Encode(), out: &out})
	return out.Entries, out.After, err
}

// UsageDay is what an application had processed on a day, in UTC.
type UsageDay struct {
	Application string `json:"application"`
	Day         string `json:"day"`
	Documents   int64  `json:"documents"`
	Failed      int64  `json:"failed"`
	Pages       int64  `json:"pages"`
	Bytes       int64  `json:"bytes"`
}

// Usage returns a page of days, from and to included, and the cursor of the next, empty on the last. Without from or to, which are
// written like 2026-11-01, the server chooses. An application sees its own, an operator those of all.
func (c *Client) Usage(ctx context.Context, from, to, after string) ([]UsageDay, string, error) {
	q := pageQuery(time.Time{}, after)
	for name, value := range map[string]string{"from": from, "to": to} {
		if value != "" {
			q.Set(name, value)
		}
	}
	var out struct {
		Days  []UsageDay `json:"days"`
		After string     `json:"after"`
	}
	err := c.ask(ctx, call{method: http.MethodGet, path: "/v1/usage?" + q.Encode(), out: &out})
	return out.Days, out.After, err
}

// Case is what the server says of an exceptional review.
type Case struct {
	ID          string    `json:"id"`
	State       string    `json:"state"`
	Application string    `json:"application"`
	Task        string    `json:"task"`
	Reason      string    `json:"reason"`
	Opened      time.Time `json:"opened"`
	OpenedBy    string    `json:"opened_by"`
	Approved    time.Time `json:"approved,omitzero"`
	ApprovedBy  string    `json:"approved_by,omitempty"`
	Closed      time.Time `json:"closed,omitzero"`
	ClosedBy    string    `json:"closed_by,omitempty"`
	Ends        time.Time `json:"ends"`
}

const casesPath = "/v1/cases"

func casePath(id string) string { return casesPath + "/" + url.PathEscape(id) }

// OpenCase asks to see a document. With 0 hours the server decides for how long.
func (c *Client) OpenCase(ctx context.Context, application, task, reason string, hours int) (*Case, error) {
	in := struct {
		Application string `json:"application"`
		Task        string `json:"task"`
		Reason      string `json:"reason"`
		Hours       int    `json:"hours,omitempty"`
	}{application, task, reason, hours}
	return c.onCase(ctx, call{method: http.MethodPost, path: casesPath, in: in})
}

// ApproveCase is the second person's word.
func (c *Client) ApproveCase(ctx context.Context, id string) (*Case, error) {
	return c.onCase(ctx, call{method: http.MethodPost, path: casePath(id) + "/approval"})
}

// CloseCase ends a case.
func (c *Client) CloseCase(ctx context.Context, id string) (*Case, error) {
	return c.onCase(ctx, call{method: http.MethodDelete, path: casePath(id)})
}

func (c *Client) onCase(ctx context.Context, op call) (*Case, error) {
	one := &Case{}
	op.out = one
	err := c.ask(ctx, op)
	return one, err
}

// Cases returns a page of cases and the cursor of the next, empty on the last.
func (c *Client) Cases(ctx context.Context, after string) ([]Case, string, error) {
	path := casesPath
	if after != "" {
		path += "?" + url.Values{"after": {after}}.Encode()
	}
	var out struct {
		Cases []Case `json:"cases"`
		After string `json:"after"`
	}
	err := c.ask(ctx, call{method: http.MethodGet, path: path, out: &out})
	return out.Cases, out.After, err
}

// FetchCase streams the derivative or the original of a case and returns its size.
func (c *Client) FetchCase(ctx context.Context, id, kind string, w io.Writer) (int64, error) {
	guarded, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	resp, err := c.do(guarded, call{method: http.MethodGet, path: casePath(id) + "/" + url.PathEscape(kind)}) //nolint:bodyclose // closed by receive
	if err != nil {
		return 0, err
	}
	return c.receive(ctx, guarded, cancel, resp, w)
}
