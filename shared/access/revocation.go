package access

import (
	"context"
	"errors"
)

// Revocation ends an application, and with it what others hold for it.
type Revocation struct {
	Applications *Registry
	Webhooks     interface { // of applications
		RemoveAll(ctx context.Context, application string) error
	}
	// Transfers are those through this process; nil where there are none. Another process finds the application revoked by itself.
	Transfers interface {
		EndTransfers(ctx context.Context, application string) error
	}
}

// Revoke ends all secrets of an application permanently, its webhooks and its transfers. Its tasks keep their deadlines. If anything but
// the secrets does not end, revoking it again goes on.
func (r Revocation) Revoke(ctx context.Context, id string) (*Application, error) {
	app, err := r.Applications.Revoke(ctx, id)
	if err != nil {
		return nil, err
	}
	if r.Transfers != nil {
		err = r.Transfers.EndTransfers(ctx, id)
	}
	if err = errors.Join(err, r.Webhooks.RemoveAll(ctx, id)); err != nil {
		return nil, err
	}
	return app, nil
}
