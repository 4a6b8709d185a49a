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
}

// Retention fetches the retention in force.
func (c *Client) Retention(ctx context.Context) (*Retention, error) {
	out := &Retention{}
	_, err := c.do(ctx, call{method: http.MethodGet, path: "/v1/retention", out: out}) //nolint:bodyclose // closed by decode
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
	_, err := c.do(ctx, call{method: http.MethodGet, path: "/readyz", out: out, success: http.StatusServiceUnavailable}) //nolint:bodyclose // closed by decode
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
