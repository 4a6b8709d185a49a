package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/task"
)

// Queue tells workers that a delivery waits. It may lose or repeat messages; the sweep makes up for losses.
type Queue interface {
	// Push asks that Deliver be called after the delay.
	Push(ctx context.Context, d Ref, delay time.Duration) error
}

// Request is one attempt.
type Request struct {
	URL       string
	ID        string // webhook-id
	Timestamp time.Time
	Signature string // webhook-signature
	Body      []byte
}

// Sender sends requests. *egress.Sender implements it.
type Sender interface {
	// Send makes one attempt. Whatever goes wrong is an outcome, which names no address.
	Send(ctx context.Context, r Request) Answer
}

// Answer is what came of an attempt.
type Answer struct {
	Outcome Outcome
	Status  int    // of HTTP; 0 if there was no answer
	Body    []byte // the beginning of the answer's
}

// Outcome says how an attempt ended.
type Outcome string

// The outcomes of attempts.
const (
	Delivered  Outcome = "delivered"       // the receiver answered with 2xx
	Refused    Outcome = "refused"         // it answered with another status
	Redirected Outcome = "redirected"      // it wanted the request to go elsewhere, which is not followed
	TimedOut   Outcome = "timed-out"       // it did not answer in time
	Unresolved Outcome = "unresolved"      // its name has no address
	Forbidden  Outcome = "address-refused" // its name leads where nothing is sent: a private network, or one of this machine
	Untrusted  Outcome = "untrusted"       // its certificate is not good
	Unreached  Outcome = "unreachable"     // no connection, or one that broke off
)

// Outcomes of deliveries that are not tried.
const (
	Expired Outcome = "expired" // its time was over
	Removed Outcome = "removed" // the endpoint, or the application, is no more
)

// Outcomes lists every outcome.
func Outcomes() []Outcome {
	return []Outcome{Delivered, Refused, Redirected, TimedOut, Unresolved, Forbidden, Untrusted, Unreached, Expired, Removed}
}

// Applications knows which applications were revoked. *access.Registry implements it.
type Applications interface {
	Revoked(ctx context.Context, id string) (bool, error)
}

// Config is what an Outbox needs.
type Config struct {
	Records      storage.Records
	Agenda       storage.Agenda
	Applications Applications
	Queue        Queue  // nil where webhooks are off: what waits is not sent, and forgotten in its time
	Sender       Sender // likewise
	Keys         Keys   // nil where there are none
	Allowed      Allowed
	Local        bool                              // addresses of this machine may be told, in the clear too
	Now          func() time.Time                  // service time
	Wall         func() time.Time                  // that receivers compare with their clocks
	UTC          func(service time.Time) time.Time // of a service time; nil where it is the same
	Log          *slog.Logger
}

// Outbox keeps endpoints and deliveries, and sends these.
type Outbox struct{ Config }

var (
	_ task.Notices    = (*Outbox)(nil)
	_ task.Deliveries = (*Outbox)(nil)
)

// New returns an outbox.
func New(cfg Config) *Outbox {
	if cfg.UTC == nil {
		cfg.UTC = func(t time.Time) time.Time { return t }
	}
	return &Outbox{cfg}
}

// on refuses what needs webhooks to be on.
func (o *Outbox) on() error {
	if o.Queue == nil {
		return fault.New(fault.WrongState, "webhooks are off; LETHE_WEBHOOKS=true turns them on")
	}
	return nil
}

const (
	claim        = time.Minute        // an attempt that ended in nothing is made again after it: longer than any attempt takes
	deliveryLife = 7 * 24 * time.Hour // how long a delivery is kept after its event, for its application to see
)

// Delivery is one event for one endpoint. It is also what the application sees of it: no address is in it.
type Delivery struct {
	Application string      `json:"application"`
	Endpoint    string      `json:"endpoint"`
	Notice      task.Notice `json:"notice"`
	Task        string      `json:"task"`
	Attempts    int         `json:"attempts,omitempty"`
	Tried       time.Time   `json:"tried,omitzero"` // when the last attempt began
	Next        time.Time   `json:"next,omitzero"`  // when it is tried next; zero once it has ended
	Ended       time.Time   `json:"ended,omitzero"`
	Outcome     Outcome     `json:"outcome,omitempty"` // of the last attempt
	Status      int         `json:"status,omitempty"`  // of HTTP, likewise

	etag string
}

// Type is what the delivery's event is told as.
func (d *Delivery) Type() Type { return typeOf(d.Notice.State) }

// ID is the webhook-id: of the event, so that a receiver knows one that comes twice.
func (d *Delivery) ID() string {
	return fmt.Sprintf("msg_%s_%d", strings.ReplaceAll(d.Task, "-", ""), d.Notice.Sequence)
}

func (r Ref) key() storage.Key {
	return storage.Key{Table: storage.Deliveries, Partition: r.Application, Row: r.Row}
}

func (d *Delivery) ref() Ref {
	return refOf(task.Ref{Application: d.Application, ID: d.Task}, d.Notice, d.Endpoint)
}

// due is when the record of the delivery wants attention.
func (d *Delivery) due() time.Time {
	if !d.Ended.IsZero() {
		return d.Notice.At.Add(deliveryLife)
	}
	return d.Next
}

func decodeDelivery(rec storage.Record) (*Delivery, error) {
	d := &Delivery{etag: rec.ETag}
	if err := storage.Decode(rec.Value, formatVersion, d); err != nil {
		return nil, fmt.Errorf("decode delivery: %w", err)
	}
	return d, nil
}

func (o *Outbox) put(ctx context.Context, d *Delivery) error {
	value, err := storage.Encode(formatVersion, d)
	if err != nil {
		return fmt.Errorf("encode delivery: %w", err)
	}
	d.etag, err = o.Records.Put(ctx, storage.Record{Key: d.ref().key(), Value: value, ETag: d.etag, Due: d.due()})
	return err
}

// Publish implements task.Notices: it makes a delivery of each notice for each endpoint that is told of such. Those that are there
// already stay as they are.
func (o *Outbox) Publish(ctx context.Context, ref task.Ref, notices []task.Notice) error {
	all, err := o.Endpoints(ctx, ref.Application)
	if err != nil || len(all) == 0 {
		return err
	}
	now := o.Now()
	for _, n := range notices {
		if !now.Before(n.Until) {
			continue
		}
		for _, e := range all {
			if !e.wants(typeOf(n.State)) {
				continue
			}
			d := &Delivery{Application: ref.Application, Endpoint: e.ID, Task: ref.ID, Notice: n, Next: now.UTC()}
			switch err := o.put(ctx, d); {
			case errors.Is(err, fault.AlreadyExists):
				continue
			case err != nil:
				return fmt.Errorf("write delivery: %w", err)
			}
			o.push(ctx, d, 0)
		}
	}
	return nil
}

// push tells a worker of a delivery. The sweep finds those of which it could not be told.
func (o *Outbox) push(ctx context.Context, d *Delivery, delay time.Duration) {
	if err := o.Queue.Push(ctx, d.ref(), delay); err != nil {
		o.Log.WarnContext(ctx, logevent.SweepAwaited, "task", d.Task, "step", "webhook", "kind", fault.KindOf(err))
	}
}

// read returns a delivery, nil if there is none.
func (o *Outbox) read(ctx context.Context, key storage.Key) (*Delivery, error) {
	rec, err := o.Records.Get(ctx, key)
	switch {
	case errors.Is(err, fault.NotFound):
		return nil, nil //nolint:nilnil // there is none
	case err != nil:
		return nil, fmt.Errorf("read delivery: %w", err)
	}
	return decodeDelivery(rec)
}

// Attend implements task.Deliveries: a delivery that is due is given to a worker, or ended when its time is over, or forgotten
// when it has ended.
func (o *Outbox) Attend(ctx context.Context, due storage.Due) (forgot bool, err error) {
	d, err := o.read(ctx, due.Key)
	if err != nil {
		return false, err
	}
	now := o.Now()
	switch {
	case d == nil, now.Before(d.due().Truncate(time.Second)):
		return false, o.Agenda.Settle(ctx, due)
	case !d.Ended.IsZero():
		err = o.Records.Delete(ctx, due.Key, d.etag)
		return err == nil, lost(err)
	case !now.Before(d.Notice.Until):
		return false, o.end(ctx, d, Expired)
	case o.Queue == nil:
		d.Next = d.Notice.Until
		return false, lost(o.put(ctx, d))
	}
	return false, o.Queue.Push(ctx, d.ref(), 0)
}

// lost passes on any error but that of a lost race: the winner did what is to be done.
func lost(err error) error {
	if errors.Is(err, fault.ETagMismatch) {
		return nil
	}
	return err
}

// end closes a delivery.
func (o *Outbox) end(ctx context.Context, d *Delivery, why Outcome) error {
	d.Ended, d.Next, d.Outcome = o.Now().UTC(), time.Time{}, why
	if err := o.put(ctx, d); err != nil {
		return lost(err)
	}
	o.tell(ctx, d)
	return nil
}

// tell logs how a delivery stands.
func (o *Outbox) tell(ctx context.Context, d *Delivery) {
	level, name := slog.LevelInfo, logevent.WebhookDelivered
	if d.Outcome != Delivered {
		level, name = slog.LevelWarn, logevent.WebhookFailed
	}
	o.Log.Log(ctx, level, name, "application", d.Application, "webhook", d.Endpoint, "task", d.Task, "type", string(d.Type()),
		"attempt", d.Attempts, "outcome", string(d.Outcome), "status", d.Status, "ended", !d.Ended.IsZero())
}

// body is what is sent of a delivery: the same bytes in every attempt.
func (o *Outbox) body(d *Delivery) ([]byte, error) {
	return json.Marshal(event{d.Type(), o.UTC(d.Notice.At).UTC().Truncate(time.Millisecond), told{d.Application, d.Task, d.Notice.State, d.Notice.Sequence}})
}
