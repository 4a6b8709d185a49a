package local

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/webhook"
)

const (
	deliveries         = 16     // that are under way at once
	deliveriesEndpoint = 4      // of them to one endpoint, so that one that stalls leaves room to others
	mostWaiting        = 20_000 // deliveries that wait here; more wait in storage, and the sweep brings them up
)

// Notifier is a webhook.Queue that runs what is pushed: endpoints in turn, for each of them in order of arrival.
type Notifier struct {
	log  *slog.Logger
	wake chan struct{} // holds one token when there may be something to do

	mu      sync.Mutex
	known   map[webhook.Ref]bool       // guarded by mu; waiting, or waiting for their time
	waiting map[receiver][]webhook.Ref // guarded by mu
	turns   []receiver                 // guarded by mu; of whom something waits, each once
	busy    map[receiver]int           // guarded by mu; deliveries under way
	running int                        // guarded by mu
}

// receiver is an endpoint.
type receiver struct{ application, endpoint string }

func receiverOf(d webhook.Ref) receiver { return receiver{d.Application, d.Endpoint()} }

// NewNotifier returns a notifier.
func NewNotifier(log *slog.Logger) *Notifier {
	return &Notifier{
		log: log, wake: make(chan struct{}, 1),
		known: map[webhook.Ref]bool{}, waiting: map[receiver][]webhook.Ref{}, busy: map[receiver]int{},
	}
}

// Push implements webhook.Queue. A delivery that waits already is not queued twice. It never fails.
func (n *Notifier) Push(_ context.Context, d webhook.Ref, delay time.Duration) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.known[d] || len(n.known) >= mostWaiting {
		return nil
	}
	n.known[d] = true
	if delay > 0 {
		time.AfterFunc(delay, func() { n.ripe(d) })
		return nil
	}
	n.add(d)
	return nil
}

// ripe is when the time of a delivery has come.
func (n *Notifier) ripe(d webhook.Ref) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.add(d)
}

// add lets a delivery wait for its turn. The caller holds mu.
func (n *Notifier) add(d webhook.Ref) {
	to := receiverOf(d)
	if len(n.waiting[to]) == 0 {
		n.turns = append(n.turns, to)
	}
	n.waiting[to] = append(n.waiting[to], d)
	n.poke()
}

// poke wakes Run. It never blocks.
func (n *Notifier) poke() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// Run calls deliver for what is pushed until ctx ends, then waits for the calls under way.
func (n *Notifier) Run(ctx context.Context, deliver func(ctx context.Context, d webhook.Ref) error) {
	var calls sync.WaitGroup
	defer calls.Wait()
	for {
		for d, ok := n.next(); ok; d, ok = n.next() {
			calls.Go(func() {
				defer n.ended(d)
				if err := deliver(ctx, d); err != nil && ctx.Err() == nil {
					n.log.WarnContext(ctx, logevent.SweepAwaited, "step", "webhook", "kind", fault.KindOf(err))
				}
			})
		}
		select {
		case <-ctx.Done():
			return
		case <-n.wake:
		}
	}
}

// next takes the oldest delivery of the endpoint whose turn it is, if one may begin.
func (n *Notifier) next() (webhook.Ref, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.running >= deliveries {
		return webhook.Ref{}, false
	}
	for i, to := range n.turns {
		if n.busy[to] >= deliveriesEndpoint {
			continue
		}
		line := n.waiting[to]
		d := line[0]
		n.turns = append(n.turns[:i:i], n.turns[i+1:]...)
		if n.waiting[to] = line[1:]; len(line) > 1 {
			n.turns = append(n.turns, to)
		} else {
			delete(n.waiting, to)
		}
		delete(n.known, d)
		n.busy[to]++
		n.running++
		return d, true
	}
	return webhook.Ref{}, false
}

func (n *Notifier) ended(d webhook.Ref) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.running--
	to := receiverOf(d)
	if n.busy[to]--; n.busy[to] == 0 {
		delete(n.busy, to)
	}
	n.poke()
}
