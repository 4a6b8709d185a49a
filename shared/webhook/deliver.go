package webhook

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/storage"
)

const (
	firstPause   = 10 * time.Second
	longestPause = 4 * time.Hour
	growth       = 3 // of a pause to the next one

	// longestDelay is how long a queue is asked to hold a message. What waits longer, the sweep brings up.
	longestDelay = 10 * time.Minute

	statusGone = 410 // of HTTP: the receiver is no more, and wants no more
)

// pause returns how long to wait after so many attempts: about three times as long each time, so that those of one outage do not
// come back at once.
func pause(attempts int) time.Duration {
	p := firstPause
	for range attempts - 1 {
		if p *= growth; p >= longestPause {
			p = longestPause
			break
		}
	}
	return p - time.Duration(mathrand.Int64N(int64(p/5))) //nolint:gosec // nobody gains by guessing it
}

// Deliver makes an attempt for a delivery that is due. It may be called for any delivery at any time, from several processes at once:
// one of them makes the attempt. An error means that its outcome could not be stored, or that it could not be begun.
func (o *Outbox) Deliver(ctx context.Context, ref Ref) error {
	if o.Queue == nil {
		return nil
	}
	d, err := o.read(ctx, ref.key())
	now := o.Now()
	switch {
	case err != nil:
		return err
	case d == nil, !d.Ended.IsZero(), now.Before(d.Next.Truncate(time.Second)):
		return nil // it was forgotten, has ended, or somebody is at it; what waits the sweep brings up
	case !now.Before(d.Notice.Until):
		return o.end(ctx, d, Expired)
	}
	d.Attempts++
	d.Tried, d.Next = now.UTC(), now.Add(claim).UTC()
	if err := o.put(ctx, d); err != nil {
		return lost(err)
	}
	return o.attempt(ctx, d)
}

// attempt sends what was claimed and stores what came of it.
func (o *Outbox) attempt(ctx context.Context, d *Delivery) error {
	e, err := o.receiver(ctx, d)
	if err != nil {
		return err
	}
	if e == nil {
		return o.end(ctx, d, Removed)
	}
	body, err := o.body(d)
	if err != nil {
		return err
	}
	answer, err := o.send(ctx, e, d.ID(), body)
	if err != nil {
		return err
	}
	d.Status = answer.Status
	if answer.Outcome == Delivered {
		return o.end(ctx, d, Delivered)
	}
	if answer.Status == statusGone {
		if _, err := o.changeEndpoint(ctx, e.Application, e.ID, func(e *Endpoint) { e.State = Gone }); err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
		return o.end(ctx, d, Refused)
	}
	wait := pause(d.Attempts)
	if !o.Now().Add(wait).Before(d.Notice.Until) {
		return o.end(ctx, d, Expired)
	}
	d.Next, d.Outcome = o.Now().Add(wait).UTC(), answer.Outcome
	if err := o.put(ctx, d); err != nil {
		return lost(err)
	}
	o.tell(ctx, d)
	if wait <= longestDelay {
		o.push(ctx, d, wait)
	}
	return nil
}

// receiver returns the endpoint that a delivery goes to, nil if it is not told any more.
func (o *Outbox) receiver(ctx context.Context, d *Delivery) (*Endpoint, error) {
	revoked, err := o.Applications.Revoked(ctx, d.Application)
	if err != nil {
		return nil, err
	}
	if revoked {
		return nil, o.RemoveAll(ctx, d.Application)
	}
	e, err := o.Endpoint(ctx, d.Application, d.Endpoint)
	if errors.Is(err, fault.NotFound) {
		return nil, nil //nolint:nilnil // it was removed
	}
	if err != nil || e.State != Active {
		return nil, err
	}
	return e, nil
}

// send signs a body and makes one attempt.
func (o *Outbox) send(ctx context.Context, e *Endpoint, id string, body []byte) (Answer, error) {
	s, err := o.signer(e)
	if err != nil {
		return Answer{}, err
	}
	at := o.Wall()
	return o.Sender.Send(ctx, Request{URL: e.URL, ID: id, Timestamp: at, Signature: s.sign(id, at, body), Body: body}), nil
}

// Tested is what came of a challenge.
type Tested struct {
	*Endpoint
	Outcome  Outcome // Delivered: it was answered with 2xx
	Status   int     // of HTTP; 0 if there was no answer
	Answered bool    // with the challenge: the endpoint is Active from now on
	Took     time.Duration
}

// Test sends an endpoint a challenge, signed like everything. One that sends it back, as {"challenge": …}, is told of events from then on.
func (o *Outbox) Test(ctx context.Context, application, id string) (Tested, error) {
	if err := o.on(); err != nil {
		return Tested{}, err
	}
	e, err := o.Endpoint(ctx, application, id)
	if err != nil {
		return Tested{}, err
	}
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails
	challenge := base64.RawURLEncoding.EncodeToString(random)
	body, err := json.Marshal(event{Challenge, o.Wall().UTC().Truncate(time.Millisecond), asked{challenge}})
	if err != nil {
		return Tested{}, fmt.Errorf("encode challenge: %w", err)
	}
	began := o.Now()
	answer, err := o.send(ctx, e, "msg_"+challenge[:22], body)
	if err != nil {
		return Tested{}, err
	}
	done := Tested{Endpoint: e, Outcome: answer.Outcome, Status: answer.Status, Took: o.Now().Sub(began)}
	var back asked
	done.Answered = answer.Outcome == Delivered && json.Unmarshal(answer.Body, &back) == nil &&
		subtle.ConstantTimeCompare([]byte(back.Challenge), []byte(challenge)) == 1
	if done.Answered {
		done.Endpoint, err = o.changeEndpoint(ctx, application, id, func(e *Endpoint) {
			e.State, e.Verified = Active, o.Now().UTC()
		})
	}
	o.Log.InfoContext(ctx, logevent.WebhookTested, "application", application, "webhook", id, "outcome", string(answer.Outcome), "status", answer.Status, "answered", done.Answered)
	return done, err
}

// Query selects deliveries of one application, in the order of their events.
type Query struct {
	Application string
	Since       time.Time // of events; zero for the oldest
	After       string    // cursor of the page before; empty for the first
	Limit       int
}

// List returns a page of deliveries and the cursor of the next one, empty on the last.
func (o *Outbox) List(ctx context.Context, q Query) (page []*Delivery, next string, err error) {
	stored := storage.Query{Table: storage.Deliveries, Partition: q.Application, Limit: q.Limit}
	switch {
	case q.After != "":
		ref, err := ParseRef(q.Application, q.After)
		if err != nil {
			return nil, "", fault.New(fault.BadField, "the cursor must be the one from the previous page; leave it out for the first page").In("after")
		}
		stored.After = ref.key()
	case !q.Since.IsZero():
		stored.After = storage.Key{Partition: q.Application, Row: rowAt(q.Since)}
	}
	recs, err := o.Records.List(ctx, stored)
	if err != nil {
		return nil, "", fmt.Errorf("list deliveries: %w", err)
	}
	for _, rec := range recs {
		d, err := decodeDelivery(rec)
		if err != nil {
			return nil, "", err
		}
		page, next = append(page, d), rec.Row
	}
	if len(recs) < q.Limit {
		next = ""
	}
	return page, next, nil
}
