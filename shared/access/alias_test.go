package access_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

func (w *world) migrate(t *testing.T, alias string) (*access.Application, string) {
	t.Helper()
	app, secret, err := w.Create(t.Context(), access.Application{Name: "test", Alias: alias, Scopes: []access.Scope{access.Read}}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return app, secret
}

func TestAliasIsAnotherUserName(t *testing.T) {
	w := newWorld()
	const (
		named = "Müller scans 2"
		guid  = "7D2E3C1A-1111-4222-8333-444455556666"
	)
	first, secretFirst := w.migrate(t, named)
	second, secretSecond := w.migrate(t, guid)
	for name, c := range map[string]struct {
		user, secret string
		want         *access.Application
	}{
		"name":                        {named, secretFirst, first},
		"name in ISO 8859-1":          {"M\xfcller scans 2", secretFirst, first},
		"id of ours":                  {first.ID, secretFirst, first},
		"GUID":                        {guid, secretSecond, second},
		"GUID with an installation":   {guid + "#11112222-3333-4444-5555-666677778888", secretSecond, second},
		"our id with an installation": {second.ID + "#1", secretSecond, second},
		"GUID in another case":        {"7d2e3c1a-1111-4222-8333-444455556666", secretSecond, nil},
		"other case":                  {"müller scans 2", secretFirst, nil},
		"the other's secret":          {named, secretSecond, nil},
		"no secret":                   {named, "", nil},
		"longer":                      {named + "2", secretFirst, nil},
		"installation alone":          {"#1", secretFirst, nil},
		"unknown":                     {"nobody", secretFirst, nil},
	} {
		w.now = w.now.Add(time.Minute)
		who, err := w.guard.Check(t.Context(), basic(c.user, c.secret), "192.0.2.1:1", access.Read)
		switch {
		case c.want == nil && !errors.Is(err, fault.Unauthenticated):
			t.Errorf("%s: %+v, %v", name, who, err)
		case c.want != nil && (err != nil || who.ID != c.want.ID || who.Alias != c.want.Alias || who.Subject != c.want.ID || !who.Reprocess):
			t.Errorf("%s: %+v, %v", name, who, err)
		}
	}
}

func TestAliasBelongsToOneApplicationAtATime(t *testing.T) {
	w := newWorld()
	first, secretFirst := w.migrate(t, "scans")
	other, _ := w.create(t, access.Read)
	for name, alias := range map[string]string{"a name": "scans", "the id of an application": other.ID} {
		_, _, err := w.Create(t.Context(), access.Application{Name: "b", Alias: alias, Scopes: []access.Scope{access.Read}}, time.Time{})
		if f, ok := errors.AsType[*fault.Error](err); !ok || f.Code != fault.AlreadyExists || f.Field != "abbyy_id" {
			t.Errorf("%s was given twice: %v", name, err)
		}
	}
	if apps, err := w.List(t.Context()); err != nil || len(apps) != 2 {
		t.Errorf("%d applications, %v", len(apps), err)
	}
	if _, err := w.Revoke(t.Context(), first.ID); err != nil {
		t.Fatal(err)
	}
	second, secretSecond := w.migrate(t, "scans")
	w.now = w.now.Add(time.Minute)
	if _, err := w.guard.Check(t.Context(), basic("scans", secretFirst), "192.0.2.1:1", access.Read); !errors.Is(err, fault.Unauthenticated) {
		t.Errorf("the revoked application signs in: %v", err)
	}
	if who, err := w.guard.Check(t.Context(), basic("scans", secretSecond), "192.0.2.1:1", access.Read); err != nil || who.ID != second.ID {
		t.Errorf("its successor: %+v, %v", who, err)
	}
}

func TestAliasIsGivenOnceHoweverManyAskAtOnce(t *testing.T) {
	w := newWorld()
	var made sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		made.Go(func() {
			_, _, errs[i] = w.Create(t.Context(), access.Application{Name: "a", Alias: "scans", Scopes: []access.Scope{access.Read}}, time.Time{})
		})
	}
	made.Wait()
	good := 0
	for _, err := range errs {
		switch {
		case err == nil:
			good++
		case !errors.Is(err, fault.AlreadyExists):
			t.Error(err)
		}
	}
	if apps, err := w.List(t.Context()); err != nil || good != 1 || len(apps) != 1 {
		t.Errorf("%d of them have it, %d applications, %v", good, len(apps), err)
	}
}

func TestBadAliasesAreRefused(t *testing.T) {
	w := newWorld()
	for _, alias := range []string{"a:b", "a#b", " a", "a ", "a\n", "a\x1b[31m", "a\u202eb", "\xff", string(bytes.Repeat([]byte("a"), 101))} {
		_, _, err := w.Create(t.Context(), access.Application{Name: "a", Alias: alias, Scopes: []access.Scope{access.Read}}, time.Time{})
		if f, ok := errors.AsType[*fault.Error](err); !ok || f.Field != "abbyy_id" {
			t.Errorf("%q: %v", alias, err)
		}
	}
	_, _, err := w.Create(t.Context(), access.Application{Name: "a", Alias: "a", Client: "scanner", Scopes: []access.Scope{access.Read}}, time.Time{})
	if f, ok := errors.AsType[*fault.Error](err); !ok || f.Field != "abbyy_id" {
		t.Errorf("with a client: %v", err)
	}
}

func TestAliasIsGoodInAStampThatImportedIt(t *testing.T) {
	w := newWorld()
	gone, _ := w.migrate(t, "scans")
	if _, err := w.Revoke(t.Context(), gone.ID); err != nil {
		t.Fatal(err)
	}
	app, secret := w.migrate(t, "scans")
	var exported bytes.Buffer
	if _, err := w.Export(t.Context(), &exported); err != nil {
		t.Fatal(err)
	}
	there := newWorld()
	for range 2 { // the second time nothing is new
		if _, err := there.Import(t.Context(), bytes.NewReader(exported.Bytes())); err != nil {
			t.Fatal(err)
		}
	}
	if who, err := there.guard.Check(t.Context(), basic("scans", secret), "192.0.2.1:1", access.Read); err != nil || who.ID != app.ID {
		t.Errorf("%+v, %v", who, err)
	}
	here := newWorld()
	here.migrate(t, "scans")
	if _, err := here.Import(t.Context(), bytes.NewReader(exported.Bytes())); !errors.Is(err, fault.AlreadyExists) {
		t.Errorf("an id that another application has was imported: %v", err)
	}
}

var errDied = errors.New("the process died")

// brokenOnce does not write the first record of a partition.
type brokenOnce struct {
	storage.Records
	partition string
	done      bool
}

func (b *brokenOnce) Put(ctx context.Context, rec storage.Record) (string, error) {
	if rec.Partition == b.partition && !b.done {
		b.done = true
		return "", errDied
	}
	return b.Records.Put(ctx, rec)
}

// A process that died between the two records leaves a name that another application can have.
func TestAliasWithoutItsApplicationCanBeTaken(t *testing.T) {
	w := newWorld()
	broken := &brokenOnce{Records: w.store, partition: "applications"}
	w.Registry = access.NewRegistry(broken, func() time.Time { return w.now }, slog.New(slog.DiscardHandler))
	create := func() error {
		_, _, err := w.Create(t.Context(), access.Application{Name: "a", Alias: "scans", Scopes: []access.Scope{access.Read}}, time.Time{})
		return err
	}
	if err := create(); !errors.Is(err, errDied) {
		t.Fatal(err)
	}
	if err := create(); !errors.Is(err, fault.AlreadyExists) {
		t.Errorf("taken while it may be on its way: %v", err)
	}
	w.now = w.now.Add(time.Minute)
	if err := create(); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
