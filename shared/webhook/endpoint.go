package webhook

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// EndpointState is where an endpoint stands.
type EndpointState string

// The states.
const (
	Pending EndpointState = "pending" // has not answered a challenge yet, and is told nothing
	Active  EndpointState = "active"  // is told
	Gone    EndpointState = "gone"    // said that it is no more (410), and is told nothing until it answers a challenge
)

// EndpointStates lists every state.
func EndpointStates() []EndpointState { return []EndpointState{Pending, Active, Gone} }

// MaxEndpoints is how many endpoints an application may have.
const MaxEndpoints = 10

// pendingLife is how long an endpoint that answers no challenge is kept.
const pendingLife = 24 * time.Hour

// Endpoint is where an application is told of its tasks.
type Endpoint struct {
	ID           string        `json:"id"`
	Application  string        `json:"application"`
	URL          string        `json:"url"` // for the scope admin alone
	Types        []Type        `json:"types"`
	State        EndpointState `json:"state"`
	Created      time.Time     `json:"created"`
	Verified     time.Time     `json:"verified,omitzero"` // when it last answered a challenge
	Generation   int           `json:"generation"`        // of its secret, from 1 on
	PreviousEnds time.Time     `json:"previous_ends,omitzero"`

	etag string
}

// Shown is an endpoint with its keys.
type Shown struct {
	*Endpoint
	Secret string // that signatures v1 are checked with; shown when it is made
	Public string // that signatures v1a are checked with
}

// formatVersion is the version of the format of the records of endpoints and deliveries.
const formatVersion = 1

func endpointKey(application, id string) storage.Key {
	return storage.Key{Table: storage.Webhooks, Partition: application, Row: id}
}

func unknownEndpoint() error {
	return fault.New(fault.ThingNotFound, "the application has no webhook with that id")
}

// Add registers an endpoint. It is told nothing until Test has succeeded. An application has MaxEndpoints at most.
func (o *Outbox) Add(ctx context.Context, application, address string, types []Type) (Shown, error) {
	if err := o.on(); err != nil {
		return Shown{}, err
	}
	at, err := ParseAddress(address, o.Local)
	if err != nil {
		return Shown{}, fault.New(fault.BadField, "the address %s", err).In("url")
	}
	if !o.Allowed.Host(at.Hostname()) {
		return Shown{}, fault.New(fault.BadField, "the host is not among those that LETHE_WEBHOOK_ALLOW lists").In("url")
	}
	chosen, ok := parseTypes(types)
	if !ok {
		return Shown{}, fault.New(fault.BadField, "events are of %q", Types()).In("events")
	}
	all, err := o.Endpoints(ctx, application)
	if err != nil {
		return Shown{}, err
	}
	if len(all) >= MaxEndpoints {
		return Shown{}, fault.New(fault.WrongState, "the application has %d webhooks, which is the most; remove one", len(all))
	}
	random := make([]byte, 8)
	_, _ = rand.Read(random) // never fails
	e := &Endpoint{
		ID: hex.EncodeToString(random), Application: application, URL: address, Types: chosen,
		State: Pending, Created: o.Now().UTC(), Generation: 1,
	}
	shown, err := o.shown(e)
	if err != nil {
		return Shown{}, err
	}
	return shown, o.putEndpoint(ctx, e)
}

// shown adds the keys of an endpoint.
func (o *Outbox) shown(e *Endpoint) (Shown, error) {
	s, err := o.signer(e)
	if err != nil {
		return Shown{}, err
	}
	return Shown{e, s.secret(), s.public()}, nil
}

// signer returns what signs for an endpoint.
func (o *Outbox) signer(e *Endpoint) (signer, error) {
	if o.Keys == nil {
		return signer{}, errKeyless
	}
	s, err := signerOf(o.Keys, e, o.Now())
	if err != nil {
		return signer{}, fault.Wrap(err, fault.IntakeClosed, "the stamp has no signing key, from which secrets of webhooks follow").Retry(time.Minute)
	}
	return s, nil
}

var errKeyless = fault.New(fault.IntakeClosed, "this process has no key from which secrets of webhooks follow")

// Endpoints returns those of an application.
func (o *Outbox) Endpoints(ctx context.Context, application string) ([]*Endpoint, error) {
	recs, err := o.Records.List(ctx, storage.Query{Table: storage.Webhooks, Partition: application, Limit: 2 * MaxEndpoints})
	if err != nil {
		return nil, fmt.Errorf("list webhooks: %w", err)
	}
	var all []*Endpoint
	for _, rec := range recs {
		e, err := decodeEndpoint(rec)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, nil
}

// Endpoint returns one of an application.
func (o *Outbox) Endpoint(ctx context.Context, application, id string) (*Endpoint, error) {
	key := endpointKey(application, id)
	if key.Check() != nil {
		return nil, unknownEndpoint()
	}
	rec, err := o.Records.Get(ctx, key)
	if errors.Is(err, fault.NotFound) {
		return nil, unknownEndpoint()
	}
	if err != nil {
		return nil, fmt.Errorf("read webhook: %w", err)
	}
	return decodeEndpoint(rec)
}

func decodeEndpoint(rec storage.Record) (*Endpoint, error) {
	e := &Endpoint{etag: rec.ETag}
	if err := storage.Decode(rec.Value, formatVersion, e); err != nil {
		return nil, fmt.Errorf("decode webhook: %w", err)
	}
	return e, nil
}

func (o *Outbox) putEndpoint(ctx context.Context, e *Endpoint) error {
	value, err := storage.Encode(formatVersion, e)
	if err != nil {
		return fmt.Errorf("encode webhook: %w", err)
	}
	rec := storage.Record{Key: endpointKey(e.Application, e.ID), Value: value, ETag: e.etag}
	if e.State == Pending {
		rec.Due = e.Created.Add(pendingLife)
	}
	if e.etag, err = o.Records.Put(ctx, rec); err != nil {
		return fmt.Errorf("write webhook: %w", err)
	}
	return nil
}

// changeEndpoint applies a change by compare-and-swap.
func (o *Outbox) changeEndpoint(ctx context.Context, application, id string, apply func(*Endpoint)) (*Endpoint, error) {
	for {
		e, err := o.Endpoint(ctx, application, id)
		if err != nil {
			return nil, err
		}
		apply(e)
		if err = o.putEndpoint(ctx, e); !errors.Is(err, fault.ETagMismatch) {
			return e, err
		}
	}
}

// Rotate gives an endpoint another secret. For so long the one before signs as well.
func (o *Outbox) Rotate(ctx context.Context, application, id string, grace time.Duration) (Shown, error) {
	if err := o.on(); err != nil {
		return Shown{}, err
	}
	e, err := o.changeEndpoint(ctx, application, id, func(e *Endpoint) {
		e.Generation++
		e.PreviousEnds = o.Now().Add(grace).UTC()
	})
	if err != nil {
		return Shown{}, err
	}
	return o.shown(e)
}

// Remove forgets an endpoint. What waits for it is not sent any more. Removing again is the same success.
func (o *Outbox) Remove(ctx context.Context, application, id string) error {
	key := endpointKey(application, id)
	if key.Check() != nil {
		return nil
	}
	return o.Records.Delete(ctx, key, "")
}

// RemoveAll forgets all endpoints of an application, which was revoked.
func (o *Outbox) RemoveAll(ctx context.Context, application string) error {
	all, err := o.Endpoints(ctx, application)
	if err != nil {
		return err
	}
	for _, e := range all {
		if err := o.Remove(ctx, application, e.ID); err != nil {
			return err
		}
	}
	return nil
}

// wants reports whether an endpoint is told of events of a type.
func (e *Endpoint) wants(t Type) bool { return e.State == Active && slices.Contains(e.Types, t) }
