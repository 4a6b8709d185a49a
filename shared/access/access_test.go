package access_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/memory"
	"github.com/lethe-ocr/lethe/shared/task"
)

type world struct {
	*access.Registry
	guard *access.Guard
	store *memory.Store
	now   time.Time
}

func newWorld() *world {
	w := &world{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return w.now }
	log := slog.New(slog.DiscardHandler)
	w.store = memory.New(clock)
	w.Registry = access.NewRegistry(w.store, clock, log)
	w.guard = access.NewGuard(w.Registry, access.Rates{PerSecond: 1, Burst: 5}, clock, log)
	return w
}

func (w *world) create(t *testing.T, scopes ...access.Scope) (*access.Application, string) {
	t.Helper()
	app, secret, err := w.Create(t.Context(), access.Application{Name: "test", Scopes: scopes}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return app, secret
}

func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
}

func TestSecretOpensItsApplicationOnly(t *testing.T) {
	w := newWorld()
	a, secretA := w.create(t, access.Read)
	b, secretB := w.create(t, access.Read)
	for name, c := range map[string]struct {
		id, secret string
		want       error
	}{
		"own":            {a.ID, secretA, nil},
		"other's secret": {a.ID, secretB, fault.Unauthenticated},
		"empty secret":   {b.ID, "", fault.Unauthenticated},
		"unknown id":     {"00000000-0000-4000-8000-000000000000", secretA, fault.Unauthenticated},
		"empty id":       {"", "", fault.Unauthenticated},
		"odd id":         {"a/../b", secretA, fault.Unauthenticated},
	} {
		_, err := w.Authenticate(t.Context(), c.id, c.secret)
		if (c.want == nil) != (err == nil) || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSecretIsNotStored(t *testing.T) {
	w := newWorld()
	_, secret := w.create(t, access.Read)
	recs, err := w.store.List(t.Context(), storage.Query{Table: storage.Applications, Limit: 10})
	if err != nil || len(recs) != 1 {
		t.Fatal(recs, err)
	}
	if strings.Contains(string(recs[0].Value), secret) || strings.Contains(string(recs[0].Value), strings.TrimPrefix(secret, "lethe_")) {
		t.Error("the record holds the secret")
	}
}

func TestTwoSecretsAreValidWhileOneIsReplaced(t *testing.T) {
	w := newWorld()
	app, old := w.create(t, access.Read)
	_, fresh, err := w.Rotate(t.Context(), app.ID, time.Hour, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	valid := func(secret string) bool {
		_, err := w.Authenticate(t.Context(), app.ID, secret)
		return err == nil
	}
	if !valid(old) || !valid(fresh) {
		t.Error("during the grace both secrets must be valid")
	}
	w.now = w.now.Add(time.Hour)
	if valid(old) || !valid(fresh) {
		t.Error("after the grace only the fresh secret must be valid")
	}
	_, next, err := w.Rotate(t.Context(), app.ID, 0, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if valid(fresh) || !valid(next) {
		t.Error("without grace the older secret must end at once")
	}
}

func TestExpiredAndRevokedSecretsAreRefused(t *testing.T) {
	w := newWorld()
	app, secret, err := w.Create(t.Context(), access.Application{Name: "x", Scopes: []access.Scope{access.Read}}, w.now.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(time.Minute)
	if _, err := w.Authenticate(t.Context(), app.ID, secret); !errors.Is(err, fault.Unauthenticated) {
		t.Errorf("expired: %v", err)
	}
	app, secret = w.create(t, access.Read)
	if _, err := w.Revoke(t.Context(), app.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Authenticate(t.Context(), app.ID, secret); !errors.Is(err, fault.Unauthenticated) {
		t.Errorf("revoked: %v", err)
	}
}

func TestRevocationByAnotherProcessActsWithinSeconds(t *testing.T) {
	w := newWorld()
	app, secret := w.create(t, access.Read)
	if _, err := w.Authenticate(t.Context(), app.ID, secret); err != nil {
		t.Fatal(err)
	}
	other := access.NewRegistry(w.store, func() time.Time { return w.now }, slog.New(slog.DiscardHandler))
	if _, err := other.Revoke(t.Context(), app.ID); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(5 * time.Second)
	if _, err := w.Authenticate(t.Context(), app.ID, secret); !errors.Is(err, fault.Unauthenticated) {
		t.Errorf("five seconds later: %v", err)
	}
}

func TestFirstAdministratorIsMadeOnce(t *testing.T) {
	w := newWorld()
	app, secret, err := w.EnsureAdmin(t.Context())
	if err != nil || secret == "" || !app.May(access.Admin) || app.May(access.Read) {
		t.Fatalf("%+v, %v", app, err)
	}
	if _, again, err := w.EnsureAdmin(t.Context()); err != nil || again != "" {
		t.Errorf("a second administrator was made: %v", err)
	}
}

func TestOnlyAnApplicationThatCanSignInIsAnAdministrator(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(w *world)
		want bool
	}{
		{"none", func(*world) {}, false},
		{"another scope", func(w *world) { w.create(t, access.Read) }, false},
		{"administrator", func(w *world) { w.create(t, access.Read); w.create(t, access.Admin) }, true},
		{"client of an identity provider", func(w *world) {
			if _, _, err := w.Create(t.Context(), access.Application{Name: "portal", Scopes: []access.Scope{access.Admin}, Client: "portal"}, time.Time{}); err != nil {
				t.Fatal(err)
			}
		}, true},
		{"revoked", func(w *world) {
			app, _ := w.create(t, access.Admin)
			if _, err := w.Revoke(t.Context(), app.ID); err != nil {
				t.Fatal(err)
			}
		}, false},
		{"secret that has ended", func(w *world) {
			if _, _, err := w.Create(t.Context(), access.Application{Name: "past", Scopes: []access.Scope{access.Admin}}, w.now.Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
			w.now = w.now.Add(2 * time.Hour)
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			c.make(w)
			if got, err := w.Administered(t.Context()); got != c.want || err != nil {
				t.Errorf("administered: %t, %v; want %t", got, err, c.want)
			}
		})
	}
}

func TestGuardRefusesMissingScope(t *testing.T) {
	w := newWorld()
	for _, has := range access.Scopes() {
		app, secret := w.create(t, has)
		for _, needs := range access.Scopes() {
			_, err := w.guard.Check(t.Context(), basic(app.ID, secret), "10.0.0.1:1", needs)
			if has == needs && err != nil || has != needs && !errors.Is(err, fault.Forbidden) {
				t.Errorf("has %s, needs %s: %v", has, needs, err)
			}
		}
	}
}

func TestGuardLimitsCallsOfOneApplication(t *testing.T) {
	w := newWorld()
	app, secret := w.create(t, access.Read)
	other, otherSecret := w.create(t, access.Read)
	for range 5 {
		if _, err := w.guard.Check(t.Context(), basic(app.ID, secret), "10.0.0.1:1", access.Read); err != nil {
			t.Fatal(err)
		}
	}
	_, err := w.guard.Check(t.Context(), basic(app.ID, secret), "10.0.0.1:1", access.Read)
	if f, ok := errors.AsType[*fault.Error](err); !ok || f.Kind != fault.Exhausted || f.After == 0 {
		t.Errorf("sixth call at once: %v", err)
	}
	if _, err := w.guard.Check(t.Context(), basic(other.ID, otherSecret), "10.0.0.1:1", access.Read); err != nil {
		t.Errorf("another application was limited too: %v", err)
	}
}

func TestGuardLimitsGuessingFromOneAddress(t *testing.T) {
	w := newWorld()
	app, _ := w.create(t, access.Read)
	for range 10 {
		if _, err := w.guard.Check(t.Context(), basic(app.ID, "guess"), "10.0.0.1:1", access.Read); !errors.Is(err, fault.Unauthenticated) {
			t.Fatal(err)
		}
	}
	guess := func(remote string) error {
		_, err := w.guard.Check(t.Context(), basic(app.ID, "guess"), remote, access.Read)
		return err
	}
	if err := guess("10.0.0.1:2"); !errors.Is(err, fault.Exhausted) {
		t.Errorf("eleventh try: %v", err)
	}
	if err := guess("10.0.0.2:1"); !errors.Is(err, fault.Unauthenticated) {
		t.Errorf("another address was limited too: %v", err)
	}
	w.now = w.now.Add(time.Minute)
	if err := guess("10.0.0.1:2"); !errors.Is(err, fault.Unauthenticated) {
		t.Errorf("a minute later: %v", err)
	}
}

func TestGuardTakesOneNetworkOfIPv6ForOneAddress(t *testing.T) {
	w := newWorld()
	for i := range 11 {
		_, err := w.guard.Check(t.Context(), basic("x", "guess"), fmt.Sprintf("[2001:db8::%x]:1", i+1), access.Read)
		if want := i == 10; errors.Is(err, fault.Exhausted) != want {
			t.Errorf("try %d: %v", i+1, err)
		}
	}
}

func TestGuessingDoesNotLockOutOthersBehindTheSameProxy(t *testing.T) {
	w := newWorld()
	app, secret := w.create(t, access.Read)
	for range 50 {
		_, _ = w.guard.Check(t.Context(), basic(app.ID, "guess"), "10.0.0.1:1", access.Read) // fails; see the test above
	}
	if _, err := w.guard.Check(t.Context(), basic(app.ID, secret), "10.0.0.1:1", access.Read); err != nil {
		t.Error(err)
	}
}

func TestRequestsWithoutCredentialsAreNoGuesses(t *testing.T) {
	w := newWorld()
	for range 20 {
		if _, err := w.guard.Check(t.Context(), "", "10.0.0.1:1", access.Read); !errors.Is(err, fault.Unauthenticated) {
			t.Fatal(err)
		}
	}
}

func TestRevokedApplicationGetsNoSecret(t *testing.T) {
	w := newWorld()
	app, _ := w.create(t, access.Read)
	if _, err := w.Revoke(t.Context(), app.ID); err != nil {
		t.Fatal(err)
	}
	if _, secret, err := w.Rotate(t.Context(), app.ID, 0, time.Time{}); !errors.Is(err, fault.WrongState) || secret != "" {
		t.Errorf("rotated: %v", err)
	}
}

func TestBasicHeaderForms(t *testing.T) {
	for header, want := range map[string]bool{
		"Basic YTpi": true, "basic YTpi": true, "BASIC: YTpi": true, "Basic:   YTpi ": true, "Basic\tYTpi": true,
		"": false, "Basic": false, "BasicYTpi": false, "Bearer YTpi": false, "Basic ?": false, "Basic YWI=": false, "Basic:: YTpi": false,
	} {
		id, secret, ok := access.ParseBasic(header)
		if ok != want || ok && (id != "a" || secret != "b") {
			t.Errorf("%q: %q %q %v", header, id, secret, ok)
		}
	}
}

func TestBadApplicationsAreRefusedByField(t *testing.T) {
	w := newWorld()
	for field, app := range map[string]access.Application{
		"name":   {Name: "a\x1b[31m", Scopes: []access.Scope{access.Read}},
		"scopes": {Name: "a", Scopes: []access.Scope{"root"}},
		"caps":   {Name: "a", Scopes: []access.Scope{access.Read}, Caps: task.Caps{OpenTasks: -1}},
	} {
		_, _, err := w.Create(t.Context(), app, time.Time{})
		if f, ok := errors.AsType[*fault.Error](err); !ok || f.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func FuzzParseBasic(f *testing.F) {
	f.Add("Basic YTpi")
	f.Add("basic: YTpi")
	f.Add("Bearer x")
	f.Fuzz(func(t *testing.T, header string) {
		id, secret, ok := access.ParseBasic(header)
		if !ok && (id != "" || secret != "") {
			t.Errorf("refused, but returned %d and %d characters", len(id), len(secret))
		}
		if !ok {
			return
		}
		if id2, secret2, ok := access.ParseBasic(basic(id, secret)); !ok || id2 != id || secret2 != secret {
			t.Error("what was read is read differently when it is written anew")
		}
	})
}
