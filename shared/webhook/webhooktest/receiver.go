// Package webhooktest has a receiver of webhooks for tests, which stands in for queue and network.
package webhooktest

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/lethe-ocr/lethe/shared/webhook"
)

// Push is a delivery that a worker was told of.
type Push struct {
	Delivery webhook.Ref
	Delay    time.Duration
}

// Receiver is a webhook.Queue that keeps what is pushed, and a webhook.Sender that keeps what is sent. It answers challenges, and takes
// everything unless a test says otherwise.
type Receiver struct {
	mu     sync.Mutex
	pushed []Push                                       // guarded by mu
	sent   []webhook.Request                            // guarded by mu
	answer func(webhook.Request) (webhook.Answer, bool) // guarded by mu; false for the usual answer
}

var (
	_ webhook.Queue  = (*Receiver)(nil)
	_ webhook.Sender = (*Receiver)(nil)
)

// Push implements webhook.Queue.
func (r *Receiver) Push(_ context.Context, d webhook.Ref, delay time.Duration) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pushed = append(r.pushed, Push{d, delay})
	return nil
}

// Take empties the queue.
func (r *Receiver) Take() []Push {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.pushed
	r.pushed = nil
	return all
}

// Send implements webhook.Sender.
func (r *Receiver) Send(_ context.Context, q webhook.Request) webhook.Answer {
	r.mu.Lock()
	r.sent = append(r.sent, q)
	answer := r.answer
	r.mu.Unlock()
	if answer != nil {
		if a, ok := answer(q); ok {
			return a
		}
	}
	e, err := webhook.ParseEvent(q.Body)
	if err != nil {
		return webhook.Answer{Outcome: webhook.Refused, Status: 400}
	}
	if e.Challenge == "" {
		return webhook.Answer{Outcome: webhook.Delivered, Status: 204}
	}
	body, _ := json.Marshal(map[string]string{"challenge": e.Challenge}) // a text always encodes
	return webhook.Answer{Outcome: webhook.Delivered, Status: 200, Body: body}
}

// Answer lets the receiver answer otherwise; nil for the usual way.
func (r *Receiver) Answer(how func(webhook.Request) (webhook.Answer, bool)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = how
}

// Sent lists what was sent.
func (r *Receiver) Sent() []webhook.Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.sent)
}

// Events lists the events that were sent, without challenges.
func (r *Receiver) Events() []webhook.Event {
	var all []webhook.Event
	for _, q := range r.Sent() {
		if e, err := webhook.ParseEvent(q.Body); err == nil && e.Challenge == "" {
			all = append(all, e)
		}
	}
	return all
}
