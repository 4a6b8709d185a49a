package access

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/gofrs/uuid/v5"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/task"
)

// cacheLife is how long a change of an application may go unnoticed by another process.
const cacheLife = 5 * time.Second

// cacheSize bounds the applications that are remembered.
const cacheSize = 1000

// maxSecrets is how many secrets of an application are valid at once: the one in use and its successor.
const maxSecrets = 2

// partition holds every application.
const partition = "applications"

// Registry keeps applications in storage.
type Registry struct {
	records storage.Records
	now     func() time.Time
	log     *slog.Logger

	mu    sync.Mutex
	known map[string]cached     // by id; guarded by mu
	named map[string]cachedName // by the name at ABBYY; guarded by mu
}

type cached struct {
	app  *Application // nil if there is none
	read time.Time
}

// NewRegistry returns a registry over the records.
func NewRegistry(records storage.Records, now func() time.Time, log *slog.Logger) *Registry {
	return &Registry{records: records, now: now, log: log, known: map[string]cached{}, named: map[string]cachedName{}}
}

// Create adds an application with one secret, which is returned and never shown again. expires is zero for a secret that
// does not expire. An application with a client has no secret: tokens speak for it, and its client is bound to it for
// good. An alias is given to one application at a time. ID, Secrets and times of the application given are not read.
func (r *Registry) Create(ctx context.Context, wanted Application, expires time.Time) (*Application, string, error) {
	id, err := newID(wanted.Client)
	if err != nil {
		return nil, "", err
	}
	app := &Application{
		ID: id, Name: wanted.Name, Scopes: slices.Clone(wanted.Scopes), Client: wanted.Client, Alias: wanted.Alias, Reprocess: wanted.Reprocess, Info: wanted.Info,
		Caps: wanted.Caps, Ceilings: wanted.Ceilings, Created: r.now().UTC(),
	}
	slices.Sort(app.Scopes)
	app.Scopes = slices.Compact(app.Scopes)
	if err := app.check(); err != nil {
		return nil, "", err
	}
	if err := r.checkExpiry(expires); err != nil {
		return nil, "", err
	}
	stored, secret, err := newSecret(r.now(), expires)
	if err != nil {
		return nil, "", err
	}
	if app.Client != "" {
		stored, secret = Secret{}, ""
	} else {
		app.Secrets = []Secret{stored}
	}
	err = r.add(ctx, app)
	if errors.Is(err, fault.AlreadyExists) && app.Client != "" {
		return nil, "", fault.New(fault.AlreadyExists, "the client already has an application; each client has one, permanently").In("client")
	}
	if err != nil {
		return nil, "", err
	}
	r.log.InfoContext(ctx, logevent.CredentialIssued, "application", app.ID, "secret", stored.ID, "act", "create")
	return app, secret, nil
}

// add stores a new application, and its alias first: an application never comes to be whose clients another one answers.
func (r *Registry) add(ctx context.Context, app *Application) error {
	if app.Alias != "" && app.Revoked.IsZero() {
		if err := r.claim(ctx, app.Alias, app.ID); err != nil {
			return err
		}
	}
	return r.put(ctx, app, "")
}

// newID returns the id of a new application. That of a client's application follows from the client, so one record
// answers both questions: who the client is, and whether it is taken.
func newID(client string) (string, error) {
	if client != "" {
		return clientID(client), nil
	}
	id, err := uuid.NewV4()
	if err != nil {
		return "", fmt.Errorf("make application id: %w", err)
	}
	return id.String(), nil
}

// clientID is the id of the application that a client has.
func clientID(client string) string {
	return uuid.NewV5(uuid.NamespaceOID, "lethe.client.v1\n"+client).String()
}

func (r *Registry) checkExpiry(expires time.Time) error {
	if !expires.IsZero() && !expires.After(r.now()) {
		return fault.New(fault.BadField, "the expiry is in the past; leave it out for a secret that does not expire").In("expires")
	}
	return nil
}

// Bootstrap makes sure that the application exists that a stamp is deployed with. It has every scope of an application:
// with it the first deployment is tried out, and others are made. It watches over nothing: auditors and reviewers are
// other people. hash is the SHA-256 of its secret.
func (r *Registry) Bootstrap(ctx context.Context, id string, hash []byte) error {
	app := &Application{
		ID: id, Name: "deployed", Scopes: ApplicationScopes(), Created: r.now().UTC(),
		Secrets: []Secret{{ID: "deployed", Hash: hash, Created: r.now().UTC()}},
	}
	err := r.put(ctx, app, "")
	if errors.Is(err, fault.AlreadyExists) {
		return nil
	}
	return err
}

// EnsureAdmin creates an administrator if there is no application yet. The secret is empty if there was one.
func (r *Registry) EnsureAdmin(ctx context.Context) (*Application, string, error) {
	some, err := r.records.List(ctx, storage.Query{Table: storage.Applications, Partition: partition, Limit: 1})
	if err != nil || len(some) > 0 {
		return nil, "", err
	}
	return r.Create(ctx, Application{Name: "administrator", Scopes: []Scope{Admin}}, time.Time{})
}

// Administered reports whether an application can manage the others: with the scope admin, and a secret that is valid or a client.
func (r *Registry) Administered(ctx context.Context) (bool, error) {
	apps, err := r.List(ctx)
	return slices.ContainsFunc(apps, func(a *Application) bool {
		return a.Revoked.IsZero() && a.May(Admin) && (a.Client != "" || slices.ContainsFunc(a.Secrets, func(s Secret) bool { return s.valid(r.now()) }))
	}), err
}

// List returns all applications, revoked ones included.
func (r *Registry) List(ctx context.Context) ([]*Application, error) {
	const page = 200
	q := storage.Query{Table: storage.Applications, Partition: partition, Limit: page}
	var apps []*Application
	for {
		recs, err := r.records.List(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, rec := range recs {
			app, err := decode(rec)
			if err != nil {
				return nil, err
			}
			apps = append(apps, app)
		}
		if len(recs) < page {
			return apps, nil
		}
		q.After = recs[len(recs)-1].Key
	}
}

// Rotate adds a secret, which is returned and never shown again. Older secrets end after grace; of more than two the
// oldest goes at once.
func (r *Registry) Rotate(ctx context.Context, id string, grace time.Duration, expires time.Time) (*Application, string, error) {
	if err := r.checkExpiry(expires); err != nil {
		return nil, "", err
	}
	stored, secret, err := newSecret(r.now(), expires)
	if err != nil {
		return nil, "", err
	}
	app, err := r.change(ctx, id, func(app *Application) error {
		if !app.Revoked.IsZero() {
			return fault.New(fault.WrongState, "the application was revoked permanently; create another one")
		}
		if app.Client != "" {
			return fault.New(fault.WrongState, "the application signs in with the tokens of its client and has no secret; create another one for secrets")
		}
		ends := r.now().Add(grace).UTC()
		for i, s := range app.Secrets {
			if s.Expires.IsZero() || s.Expires.After(ends) {
				app.Secrets[i].Expires = ends
			}
		}
		app.Secrets = append(app.Secrets, stored)
		if extra := len(app.Secrets) - maxSecrets; extra > 0 {
			app.Secrets = app.Secrets[extra:]
		}
		return nil
	})
	if err != nil {
		return nil, "", err
	}
	r.log.InfoContext(ctx, logevent.CredentialIssued, "application", id, "secret", stored.ID, "act", "rotate")
	return app, secret, nil
}

// Revoke ends all secrets of an application permanently. Its tasks keep their deadlines.
func (r *Registry) Revoke(ctx context.Context, id string) (*Application, error) {
	app, err := r.change(ctx, id, func(app *Application) error {
		app.Secrets = nil
		if app.Revoked.IsZero() {
			app.Revoked = r.now().UTC()
		}
		return nil
	})
	if err == nil {
		r.log.InfoContext(ctx, logevent.CredentialIssued, "application", id, "act", "revoke")
	}
	return app, err
}

// Revoked reports whether an application was revoked, or the one that a person is inside of. One that is unknown was not. Another
// process's act is noticed within five seconds.
func (r *Registry) Revoked(ctx context.Context, owner string) (bool, error) {
	app, err := r.find(ctx, task.ApplicationOf(owner))
	return app != nil && !app.Revoked.IsZero(), err
}

// Authenticate returns the application of an id, or alias, and secret. Whatever is wrong, the answer is the same fault and takes the
// same time.
func (r *Registry) Authenticate(ctx context.Context, id, secret string) (*Application, error) {
	app, err := r.ofUser(ctx, id)
	if err != nil {
		return nil, err
	}
	known := app != nil
	if !known {
		app = &Application{Secrets: []Secret{{Hash: Hash("")}}}
	}
	if !app.matches(secret, r.now()) || !known || !app.Revoked.IsZero() {
		return nil, fault.New(fault.Unauthorized, "the application id or secret is missing, wrong, expired or revoked; send both with HTTP Basic")
	}
	return app, nil
}

// ofClient returns the application that a client's tokens speak for, nil for none.
func (r *Registry) ofClient(ctx context.Context, client string) (*Application, error) {
	if !IsClient(client) {
		return nil, nil //nolint:nilnil // no application has such a client
	}
	app, err := r.find(ctx, clientID(client))
	if err != nil || app == nil || app.Client != client {
		return nil, err
	}
	return app, nil
}

// find returns an application, nil for none, from memory if it was read a moment ago.
func (r *Registry) find(ctx context.Context, id string) (*Application, error) {
	if len(id) > 64 || key(id).Check() != nil {
		return nil, nil //nolint:nilnil // such an id does not exist
	}
	now := r.now()
	r.mu.Lock()
	c, ok := r.known[id]
	r.mu.Unlock()
	if age := now.Sub(c.read); ok && age >= 0 && age < cacheLife {
		return c.app, nil
	}
	rec, err := r.records.Get(ctx, key(id))
	var app *Application
	switch {
	case errors.Is(err, fault.NotFound):
	case err != nil:
		return nil, err
	default:
		if app, err = decode(rec); err != nil {
			return nil, err
		}
	}
	r.remember(id, cached{app, now})
	return app, nil
}

func (r *Registry) remember(id string, c cached) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.known) >= cacheSize {
		clear(r.known)
	}
	r.known[id] = c
}

func (r *Registry) change(ctx context.Context, id string, apply func(*Application) error) (*Application, error) {
	if key(id).Check() != nil {
		return nil, unknown()
	}
	for {
		rec, err := r.records.Get(ctx, key(id))
		if errors.Is(err, fault.NotFound) {
			return nil, unknown()
		}
		if err != nil {
			return nil, err
		}
		app, err := decode(rec)
		if err != nil {
			return nil, err
		}
		if err := apply(app); err != nil {
			return nil, err
		}
		err = r.put(ctx, app, rec.ETag)
		if errors.Is(err, fault.ETagMismatch) {
			continue
		}
		return app, err
	}
}

func unknown() error { return fault.New(fault.ThingNotFound, "there is no application with that id") }

func (r *Registry) put(ctx context.Context, app *Application, etag string) error {
	value, err := storage.Encode(formatVersion, app)
	if err != nil {
		return fmt.Errorf("encode application: %w", err)
	}
	if _, err := r.records.Put(ctx, storage.Record{Key: key(app.ID), Value: value, ETag: etag}); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.known, app.ID)
	return nil
}

// formatVersion is the version of the format of the record of an application.
const formatVersion = 1

func decode(rec storage.Record) (*Application, error) {
	app := &Application{}
	if err := storage.Decode(rec.Value, formatVersion, app); err != nil {
		return nil, fmt.Errorf("decode application: %w", err)
	}
	return app, nil
}

func key(id string) storage.Key {
	return storage.Key{Table: storage.Applications, Partition: partition, Row: id}
}
