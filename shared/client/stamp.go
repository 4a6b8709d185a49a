package client

import (
	"context"
	"net/http"
	"strings"
	"time"
)

// Retention is the retention in force on the server, and how far it is kept. Durations are in seconds.
type Retention struct {
	Region    string     `json:"region"`
	Processed float64    `json:"processed_seconds"` // everything is deleted within this time after processing
	Uploaded  float64    `json:"uploaded_seconds"`  // and within this after upload
	Margin    float64    `json:"margin_seconds"`    // how long before these limits deletion begins
	LastSweep *time.Time `json:"last_sweep,omitempty"`
	Oldest    *time.Time `json:"oldest,omitempty"` // creation time of the oldest copy that exists
	OldestAge float64    `json:"oldest_age_seconds"`
	FullPass  FullPass   `json:"full_pass"`
}

// FullPass is how the passes stand that compare the server's storage with its records and delete what no record explains.
type FullPass struct {
	Began    *time.Time    `json:"began,omitempty"` // of the last that came to its end
	Ended    *time.Time    `json:"ended,omitempty"` // of the last that came to its end
	Age      float64       `json:"age_seconds"`     // since it ended
	Late     bool          `json:"late"`            // none has come to its end for a day
	UnderWay *PassUnderWay `json:"under_way,omitempty"`
}

// PassUnderWay is a full pass that has not come to its end.
type PassUnderWay struct {
	Began time.Time `json:"began"`
	Done  int       `json:"steps_done"`
	Steps int       `json:"steps"`
	Step  string    `json:"step,omitempty"` // the first that is not done
}

// Retention fetches the retention in force.
func (c *Client) Retention(ctx context.Context) (*Retention, error) {
	out := &Retention{}
	err := c.ask(ctx, call{method: http.MethodGet, path: "/v1/retention", out: out})
	return out, err
}

// Readiness says whether the server accepts documents.
type Readiness struct {
	Ready  bool             `json:"ready"`
	Checks []ReadinessCheck `json:"checks"`
}

// ReadinessCheck is one thing that has to be well.
type ReadinessCheck struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail,omitempty"` // what is wrong, and the remedy
}

// Readiness fetches the server's own checks.
func (c *Client) Readiness(ctx context.Context) (*Readiness, error) {
	out := &Readiness{}
	err := c.ask(ctx, call{method: http.MethodGet, path: "/readyz", out: out, success: http.StatusServiceUnavailable})
	if out.Checks == nil {
		out.Checks = []ReadinessCheck{}
	}
	return out, err
}

// Keys fetches the public keys that signed the server's log, oldest first.
func (c *Client) Keys(ctx context.Context) ([]string, error) {
	text, err := c.file(ctx, "/v1/ledger/keys")
	return strings.Fields(string(text)), err
}
