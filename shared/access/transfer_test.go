package access_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/storage/memory"
	"github.com/lethe-ocr/lethe/shared/task"
)

func TestCredentialsAreGoodInAStampThatImportedThem(t *testing.T) {
	registry := func() *access.Registry {
		return access.NewRegistry(memory.New(time.Now), time.Now, slog.New(slog.DiscardHandler))
	}
	here, there := registry(), registry()
	app, secret, err := here.Create(t.Context(), access.Application{Name: "scanner", Scopes: access.ApplicationScopes()}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	var exported bytes.Buffer
	if n, err := here.Export(t.Context(), &exported); n != 1 || err != nil {
		t.Fatalf("exported %d, %v", n, err)
	}
	if strings.Contains(exported.String(), secret) {
		t.Error("the export holds a secret")
	}
	for _, want := range []int{1, 0} {
		if n, err := there.Import(t.Context(), bytes.NewReader(exported.Bytes())); n != want || err != nil {
			t.Errorf("imported %d, %v, want %d", n, err, want)
		}
	}
	if _, err := there.Authenticate(t.Context(), app.ID, secret); err != nil {
		t.Errorf("the same credentials there: %v", err)
	}
	// What was revoked there is not brought back.
	if _, err := there.Revoke(t.Context(), app.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := there.Import(t.Context(), bytes.NewReader(exported.Bytes())); err != nil {
		t.Fatal(err)
	}
	if _, err := there.Authenticate(t.Context(), app.ID, secret); err == nil {
		t.Error("a revoked application was brought back")
	}
	for _, bad := range []string{"{", `{"id":"../x","name":"a","scopes":["read"]}`, `{"id":"a","name":"a","scopes":["god"]}`, `{"surprise":1}`} {
		if _, err := there.Import(t.Context(), strings.NewReader(bad)); err == nil {
			t.Errorf("%s was imported", bad)
		}
	}
}

func TestCeilingsGoWithTheirApplication(t *testing.T) {
	w := newWorld()
	ceilings := task.Ceilings{
		Retain: 2 * time.Hour, DeleteOnFetch: true, Formats: []render.Format{render.TXT, render.JSON}, Languages: []string{"eng", "deu"},
	}
	app, secret, err := w.Create(t.Context(), access.Application{Name: "clinic", Scopes: []access.Scope{access.Submit}, Ceilings: ceilings}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if app, _, err = w.Rotate(t.Context(), app.ID, time.Hour, time.Time{}); err != nil {
		t.Fatal(err)
	}
	who, err := w.guard.Check(t.Context(), basic(app.ID, secret), "192.0.2.1:1", access.Submit)
	if err != nil || !reflect.DeepEqual(who.Ceilings, ceilings) {
		t.Errorf("the guard tells %+v, %v", who, err)
	}
	var exported bytes.Buffer
	if _, err := w.Export(t.Context(), &exported); err != nil {
		t.Fatal(err)
	}
	there := newWorld()
	if _, err := there.Import(t.Context(), bytes.NewReader(exported.Bytes())); err != nil {
		t.Fatal(err)
	}
	if who, err = there.guard.Check(t.Context(), basic(app.ID, secret), "192.0.2.1:1", access.Submit); err != nil || !reflect.DeepEqual(who.Ceilings, ceilings) {
		t.Errorf("where it was imported: %+v, %v", who, err)
	}
	// A hand that changed the export gets nothing in that cannot be.
	for _, change := range [][2]string{{"7200000000000", "-1"}, {`"txt"`, `"epub"`}, {`"deu"`, `""`}, {`"delete_on_fetch"`, `"delete_at_fetch"`}} {
		changed := strings.Replace(exported.String(), change[0], change[1], 1)
		if n, err := newWorld().Import(t.Context(), strings.NewReader(changed)); err == nil || changed == exported.String() {
			t.Errorf("%s: %d imported", change[1], n)
		}
	}
	// A key that stands twice, or in another case, would have its last value taken and the other dropped.
	for _, change := range [][3]string{
		{`"retain":7200000000000`, `"retain":7200000000000,"retain":9000000000000`, "ceilings.retain"},
		{`"delete_on_fetch":true`, `"delete_on_fetch":true,"Delete_On_Fetch":false`, "ceilings.Delete_On_Fetch"},
		{`"name":"clinic"`, `"name":"clinic","name":"other"`, "name"},
		{`"expires":`, `"expires":"2099-01-01T00:00:00Z","expires":`, "secrets[0].expires"},
	} {
		changed := strings.Replace(exported.String(), change[0], change[1], 1)
		n, err := newWorld().Import(t.Context(), strings.NewReader(changed))
		if f, ok := errors.AsType[*fault.Error](err); n != 0 || !ok || f.Field != change[2] || !strings.Contains(f.Detail, "line 1: "+change[2]) {
			t.Errorf("%s: %d imported, %v", change[1], n, err)
		}
	}
}

func TestTokensOfAClientAreHeldToItsCeilings(t *testing.T) {
	w := newWorld()
	ceilings := task.Ceilings{Retain: time.Hour}
	if _, _, err := w.Create(t.Context(), access.Application{Name: "portal", Client: "portal", Scopes: []access.Scope{access.Submit}, Ceilings: ceilings}, time.Time{}); err != nil {
		t.Fatal(err)
	}
	w.guard.AcceptTokens(oneToken{access.Claims{Subject: "somebody", Client: "portal"}})
	who, err := w.guard.Check(t.Context(), "Bearer token", "192.0.2.1:1", access.Submit)
	if err != nil || !reflect.DeepEqual(who.Ceilings, ceilings) {
		t.Errorf("%+v, %v", who, err)
	}
}

// oneToken vouches for the same caller whatever the token.
type oneToken struct{ access.Claims }

func (o oneToken) Verify(context.Context, string) (access.Claims, error) { return o.Claims, nil }

// An application from before there were ceilings has none, and its record stays as it was.
func TestApplicationOfAnEarlierProgramHasNoCeilings(t *testing.T) {
	w := newWorld()
	const earlier = `{"id":"0a0a0a0a-0000-4000-8000-000000000000","name":"old","scopes":["submit"],"caps":{"open_tasks":3,"bytes_per_day":0,"pages_per_day":0},"secrets":[],"created":"2026-01-01T00:00:00Z"}`
	if n, err := w.Import(t.Context(), strings.NewReader(earlier)); n != 1 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	apps, err := w.List(t.Context())
	if err != nil || len(apps) != 1 || !reflect.DeepEqual(apps[0].Ceilings, task.Ceilings{}) {
		t.Errorf("%+v, %v", apps, err)
	}
	var exported bytes.Buffer
	if _, err := w.Export(t.Context(), &exported); err != nil || strings.TrimSpace(exported.String()) != earlier {
		t.Errorf("written as %s, %v", exported.String(), err)
	}
}
