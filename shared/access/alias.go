package access

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gofrs/uuid/v5"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// maxAlias bounds the name that an application has at ABBYY, in characters.
const maxAlias = 100

// aliases holds for each name at ABBYY whose application it is.
const aliases = "aliases"

// checkAlias refuses a name that HTTP Basic cannot carry (RFC 7617), that a terminal would act on, or that could be taken for one
// with an installation behind it.
func checkAlias(name string) error {
	if n := utf8.RuneCountInString(name); !utf8.ValidString(name) || n < 1 || n > maxAlias || strings.TrimSpace(name) != name ||
		strings.ContainsFunc(name, func(r rune) bool { return r == ':' || r == installation || !unicode.IsPrint(r) }) {
		return fault.New(fault.BadField, "an ABBYY application id must have 1 to %d characters that can be printed, without : and #, and with no space at its ends", maxAlias).In("abbyy_id")
	}
	return nil
}

// installation begins what clients on mobile devices append to the application id.
const installation = '#'

// aliasRecord says whose a name is.
type aliasRecord struct {
	Application string    `json:"application"`
	Claimed     time.Time `json:"claimed"`
}

// claimLife is how long a name waits for the application that it was claimed for.
const claimLife = time.Minute

func aliasKey(name string) storage.Key {
	digest := sha256.Sum256([]byte(name))
	return storage.Key{Table: storage.Applications, Partition: aliases, Row: hex.EncodeToString(digest[:])}
}

// claim gives a name to an application. One that has it already keeps it, unless it was revoked or never came to be: then its clients
// cannot sign in, and another application may take their place.
func (r *Registry) claim(ctx context.Context, name, id string) error {
	if app, err := r.read(ctx, name); err != nil || app != nil {
		return errors.Join(err, aliasTaken(app))
	}
	value, err := storage.Encode(formatVersion, &aliasRecord{id, r.now().UTC()})
	if err != nil {
		return fmt.Errorf("encode name of application: %w", err)
	}
	rec, err := r.records.Get(ctx, aliasKey(name))
	switch {
	case errors.Is(err, fault.NotFound):
		rec = storage.Record{Key: aliasKey(name)}
	case err != nil:
		return err
	default:
		holder, err := decodeAlias(rec)
		if err != nil {
			return err
		}
		app, err := r.read(ctx, holder.Application)
		switch {
		case err != nil:
			return err
		case app == nil && holder.Application != id && r.now().Sub(holder.Claimed) < claimLife:
			return aliasContended()
		case app != nil && app.Revoked.IsZero():
			return aliasTaken(app)
		}
	}
	rec.Value = value
	_, err = r.records.Put(ctx, rec)
	if errors.Is(err, fault.AlreadyExists) || errors.Is(err, fault.ETagMismatch) {
		return aliasContended()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.named, name)
	return err
}

func aliasTaken(holder *Application) error {
	if holder == nil {
		return nil
	}
	return fault.New(fault.AlreadyExists, "an application has this id already; revoke it first if another one shall take its place").In("abbyy_id")
}

func aliasContended() error {
	return fault.New(fault.AlreadyExists, "another application is taking this id at the moment").In("abbyy_id")
}

func decodeAlias(rec storage.Record) (aliasRecord, error) {
	var known aliasRecord
	if err := storage.Decode(rec.Value, formatVersion, &known); err != nil {
		return known, fmt.Errorf("decode name of application: %w", err)
	}
	return known, nil
}

// read returns an application as it is stored, nil for none.
func (r *Registry) read(ctx context.Context, id string) (*Application, error) {
	if key(id).Check() != nil {
		return nil, nil //nolint:nilnil // such an id does not exist
	}
	rec, err := r.records.Get(ctx, key(id))
	if errors.Is(err, fault.NotFound) {
		return nil, nil //nolint:nilnil // there is none
	}
	if err != nil {
		return nil, err
	}
	return decode(rec)
}

// ofUser returns the application that a user name stands for: an id of ours, a name at ABBYY, or such a name followed by an
// installation. It is nil for none.
func (r *Registry) ofUser(ctx context.Context, user string) (*Application, error) {
	const longest = 4*maxAlias + 100 // bytes, with an installation
	if len(user) > longest {
		return nil, nil //nolint:nilnil // nobody is called so
	}
	name, _, _ := strings.Cut(utf8Of(user), string(installation))
	app, err := r.find(ctx, name)
	if err != nil || app != nil {
		return app, err
	}
	// An unknown name costs as many looks as a known one.
	id, known, err := r.aliased(ctx, name)
	if err != nil {
		return nil, err
	}
	app, err = r.find(ctx, id)
	if err != nil || !known || app == nil || app.Alias != name {
		return nil, err
	}
	return app, nil
}

// utf8Of returns a user name in UTF-8. Clients encode it so, or in ISO 8859-1, and do not say which.
func utf8Of(user string) string {
	if utf8.ValidString(user) {
		return user
	}
	var b strings.Builder
	for _, c := range []byte(user) {
		b.WriteRune(rune(c))
	}
	return b.String()
}

// aliased returns the id of the application that has the name, from memory if it was read a moment ago. For a name that nobody has it
// is one that nobody has.
func (r *Registry) aliased(ctx context.Context, name string) (id string, known bool, err error) {
	now := r.now()
	r.mu.Lock()
	c, ok := r.named[name]
	r.mu.Unlock()
	if age := now.Sub(c.read); ok && age >= 0 && age < cacheLife {
		return c.id, c.known, nil
	}
	c = cachedName{id: uuid.NewV5(uuid.NamespaceOID, name).String(), read: now}
	rec, err := r.records.Get(ctx, aliasKey(name))
	switch {
	case errors.Is(err, fault.NotFound):
	case err != nil:
		return "", false, err
	default:
		holder, err := decodeAlias(rec)
		if err != nil {
			return "", false, err
		}
		c.id, c.known = holder.Application, true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.named) >= cacheSize {
		clear(r.named)
	}
	r.named[name] = c
	return c.id, c.known, nil
}

// cachedName is what was read of a name.
type cachedName struct {
	id    string
	known bool
	read  time.Time
}
