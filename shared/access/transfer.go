package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/strict"
)

// Get returns an application.
func (r *Registry) Get(ctx context.Context, id string) (*Application, error) {
	app, err := r.find(ctx, id)
	if err == nil && app == nil {
		err = unknown()
	}
	return app, err
}

// Export writes every application as a line of JSON, with the hashes of its secrets: what another stamp needs so that the
// same credentials are good there. No secret can be read from it; it is to be kept as carefully all the same.
func (r *Registry) Export(ctx context.Context, w io.Writer) (int, error) {
	apps, err := r.List(ctx)
	if err != nil {
		return 0, err
	}
	lines := json.NewEncoder(w)
	for i, app := range apps {
		if err := lines.Encode(app); err != nil {
			return i, fmt.Errorf("write application: %w", err)
		}
	}
	return len(apps), nil
}

// Import takes in what Export wrote and returns how many applications are new. One that is here already is left as it is:
// what was revoked here stays revoked.
func (r *Registry) Import(ctx context.Context, from io.Reader) (int, error) {
	lines := json.NewDecoder(from)
	shape := strict.ShapeOf[Application]()
	for n, line := 0, 1; ; line++ {
		var text json.RawMessage
		err := lines.Decode(&text)
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err == nil {
			err = strict.Names(text, shape)
		}
		app := &Application{}
		if err == nil {
			err = json.Unmarshal(text, app)
		}
		if named, ok := errors.AsType[*fault.Error](err); ok && named.Code == fault.BadField {
			return n, fault.New(fault.BadField, "line %d: %s: %s", line, named.Field, named.Detail).In(named.Field)
		}
		if err != nil {
			return n, fault.New(fault.BadRequest, "line %d is not an application as written by `lethe app export`", line)
		}
		if err := errors.Join(app.check(), key(app.ID).Check()); err != nil {
			return n, err
		}
		here, err := r.read(ctx, app.ID)
		if err == nil && here == nil {
			err = r.add(ctx, app)
		}
		if here != nil || errors.Is(err, fault.AlreadyExists) && app.Alias == "" {
			continue
		}
		if err != nil {
			return n, err
		}
		n++
	}
}
