package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Webhook is where an application is told of its tasks.
type Webhook struct {
	ID           string    `json:"id"`
	Application  string    `json:"application"`
	URL          string    `json:"url"`
	Events       []string  `json:"events"`
	State        string    `json:"state"`
	Created      time.Time `json:"created"`
	Verified     time.Time `json:"verified,omitzero"`
	Generation   int       `json:"generation"`
	PreviousEnds time.Time `json:"previous_ends,omitzero"`
}

// WebhookKeys is a webhook with what its requests are verified by. The secret is told once.
type WebhookKeys struct {
	Webhook   Webhook `json:"webhook"`
	Secret    string  `json:"secret"`
	PublicKey string  `json:"public_key"`
}

// WebhookTest is what came of a challenge.
type WebhookTest struct {
	Webhook      Webhook `json:"webhook"`
	Outcome      string  `json:"outcome"`
	Status       int     `json:"status,omitempty"`
	Answered     bool    `json:"answered"`
	Milliseconds int64   `json:"milliseconds"`
}

// Delivery is what became of one event for one webhook.
type Delivery struct {
	ID       string    `json:"id"`
	Webhook  string    `json:"webhook"`
	Event    string    `json:"event"`
	Task     string    `json:"task"`
	State    string    `json:"state"`
	Sequence int       `json:"sequence"`
	At       time.Time `json:"at"`
	Until    time.Time `json:"until"`
	Attempts int       `json:"attempts"`
	Tried    time.Time `json:"tried,omitzero"`
	Next     time.Time `json:"next,omitzero"`
	Ended    time.Time `json:"ended,omitzero"`
	Outcome  string    `json:"outcome,omitempty"`
	Status   int       `json:"status,omitempty"`
}

func webhooksPath(application string) string {
	return "/v1/applications/" + url.PathEscape(application) + "/webhooks"
}

func webhookPath(application, id string) string {
	return webhooksPath(application) + "/" + url.PathEscape(id)
}

// AddWebhook registers a webhook of an application. Without events it is told everything.
func (c *Client) AddWebhook(ctx context.Context, application, address string, events []string) (*WebhookKeys, error) {
	in := struct {
		URL    string   `json:"url"`
		Events []string `json:"events,omitempty"`
	}{address, events}
	out := &WebhookKeys{}
	err := c.ask(ctx, call{method: http.MethodPost, path: webhooksPath(application), in: in, out: out})
	return out, err
}

// Webhooks lists those of an application.
func (c *Client) Webhooks(ctx context.Context, application string) ([]Webhook, error) {
	var out struct {
		Webhooks []Webhook `json:"webhooks"`
	}
	err := c.ask(ctx, call{method: http.MethodGet, path: webhooksPath(application), out: &out})
	return out.Webhooks, err
}

// TestWebhook sends a webhook a challenge. One that answers it is told of events from then on.
func (c *Client) TestWebhook(ctx context.Context, application, id string) (*WebhookTest, error) {
	out := &WebhookTest{}
	err := c.ask(ctx, call{method: http.MethodPost, path: webhookPath(application, id) + "/test", out: out})
	return out, err
}

// RotateWebhook gives a webhook another secret. For the grace the one before signs as well.
func (c *Client) RotateWebhook(ctx context.Context, application, id string, grace time.Duration) (*WebhookKeys, error) {
	in := struct {
		GraceSeconds int `json:"grace_seconds,omitempty"`
	}{int(grace.Seconds())}
	out := &WebhookKeys{}
	err := c.ask(ctx, call{method: http.MethodPost, path: webhookPath(application, id) + "/secrets", in: in, out: out})
	return out, err
}

// RemoveWebhook removes a webhook.
func (c *Client) RemoveWebhook(ctx context.Context, application, id string) (*Webhook, error) {
	out := &Webhook{}
	err := c.ask(ctx, call{method: http.MethodDelete, path: webhookPath(application, id), out: out})
	return out, err
}

// Deliveries returns a page of what was delivered to the application that asks, and the cursor of the next, empty on the last.
func (c *Client) Deliveries(ctx context.Context, since time.Time, after string) ([]Delivery, string, error) {
	var out struct {
		Deliveries []Delivery `json:"deliveries"`
		After      string     `json:"after"`
	}
	err := c.ask(ctx, call{method: http.MethodGet, path: "/v1/deliveries?" + pageQuery(since, after).Encode(), out: &out})
	return out.Deliveries, out.After, err
}
