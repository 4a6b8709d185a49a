package access_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/fault"
)

// ending is something that ends with an application, or fails to.
type ending struct {
	ended []string
	err   error
}

func (e *ending) end(id string) error {
	e.ended = append(e.ended, id)
	return e.err
}

func (e *ending) RemoveAll(_ context.Context, id string) error    { return e.end(id) }
func (e *ending) EndTransfers(_ context.Context, id string) error { return e.end(id) }

// Whatever of the rest fails, the secrets have ended before, all of the rest was tried, and revoking again goes on.
func TestRevocationEndsWebhooksAndTransfersToo(t *testing.T) {
	broken := errors.New("the storage does not answer")
	for name, c := range map[string]struct{ webhooks, transfers error }{
		"all ends": {}, "webhooks stay": {webhooks: broken}, "transfers go on": {transfers: broken}, "both": {broken, broken},
	} {
		w := newWorld()
		app := w.ofClient(t, "scanner", access.Submit)
		webhooks, transfers := &ending{err: c.webhooks}, &ending{err: c.transfers}
		r := access.Revocation{Applications: w.Registry, Webhooks: webhooks, Transfers: transfers}
		if _, err := r.Revoke(t.Context(), app.ID); errors.Is(err, broken) != (c.webhooks != nil || c.transfers != nil) {
			t.Errorf("%s: %v", name, err)
		}
		if revoked, err := w.Revoked(t.Context(), app.ID); err != nil || !revoked {
			t.Errorf("%s: the application is revoked %t, %v", name, revoked, err)
		}
		webhooks.err, transfers.err = nil, nil
		if got, err := r.Revoke(t.Context(), app.ID); err != nil || got.Revoked.IsZero() {
			t.Errorf("%s, again: %+v, %v", name, got, err)
		}
		if want := []string{app.ID, app.ID}; !slices.Equal(webhooks.ended, want) || !slices.Equal(transfers.ended, want) {
			t.Errorf("%s: webhooks of %v and transfers of %v ended", name, webhooks.ended, transfers.ended)
		}
	}
}

func TestRevocationOfWhatThereIsNotEndsNothing(t *testing.T) {
	w := newWorld()
	rest := &ending{}
	r := access.Revocation{Applications: w.Registry, Webhooks: rest, Transfers: rest}
	if _, err := r.Revoke(t.Context(), "00000000-0000-4000-8000-000000000000"); !errors.Is(err, fault.NotFound) || len(rest.ended) > 0 {
		t.Errorf("%v; ended for %v", err, rest.ended)
	}
}

func TestRevocationBesideTheServerHasNoTransfers(t *testing.T) {
	w := newWorld()
	app, webhooks := w.ofClient(t, "scanner", access.Submit), &ending{}
	if got, err := (access.Revocation{Applications: w.Registry, Webhooks: webhooks}).Revoke(t.Context(), app.ID); err != nil || got.Revoked.IsZero() || len(webhooks.ended) != 1 {
		t.Errorf("%+v, %v; webhooks of %v ended", got, err, webhooks.ended)
	}
}
