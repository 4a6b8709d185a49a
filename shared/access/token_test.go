package access_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/fault"
)

// provider knows its tokens by heart.
type provider map[string]access.Claims

func (p provider) Verify(_ context.Context, token string) (access.Claims, error) {
	if token == "later" {
		return access.Claims{}, fault.New(fault.IssuerUnavailable, "the issuer did not answer")
	}
	c, ok := p[token]
	if !ok {
		return access.Claims{}, fault.New(fault.Unauthorized, "the token is not valid")
	}
	return c, nil
}

func (w *world) accept(required bool, p provider) {
	w.guard.AcceptTokens(p)
	if required {
		w.guard.RequireTokens()
	}
}

func (w *world) check(t *testing.T, authorization string, scopes ...access.Scope) (*access.Identity, error) {
	t.Helper()
	return w.guard.Check(t.Context(), authorization, "10.0.0.1:1", scopes...)
}

// ofClient creates an application whose tokens are those of a client.
func (w *world) ofClient(t *testing.T, client string, scopes ...access.Scope) *access.Application {
	t.Helper()
	app, secret, err := w.Create(t.Context(), access.Application{Name: "test", Client: client, Scopes: scopes}, time.Time{})
	if err != nil || secret != "" || len(app.Secrets) != 0 {
		t.Fatalf("%+v, secret %t, %v", app, secret != "", err)
	}
	return app
}

func TestTokenGivesWhatItsRolesGive(t *testing.T) {
	w := newWorld()
	w.accept(false, provider{"jane": {Subject: "subject-jane", Client: "desktop", Roles: []access.Scope{access.Auditor}}})
	who, err := w.check(t, "Bearer jane", access.Operator, access.Auditor)
	if err != nil || who.Subject != "subject-jane" || !who.ByToken || who.Scope != access.Auditor || who.String() != "subject-jane" {
		t.Fatalf("%+v, %v", who, err)
	}
	if _, err := w.check(t, "bearer  jane", access.Auditor); err != nil {
		t.Errorf("name of the scheme in lower case: %v", err)
	}
	for _, s := range others(access.Auditor) {
		if _, err := w.check(t, "Bearer jane", s); !errors.Is(err, fault.Forbidden) {
			t.Errorf("%s: %v", s, err)
		}
	}
}

func others(but access.Scope) []access.Scope {
	return slices.DeleteFunc(access.Scopes(), func(s access.Scope) bool { return s == but })
}

func TestTokenOfAClientActsAsItsApplication(t *testing.T) {
	w := newWorld()
	app := w.ofClient(t, "scanner", access.Submit, access.Read, access.Reviewer)
	w.accept(false, provider{
		"scanner": {Subject: "subject-scanner", Client: "scanner"},
		"jane":    {Subject: "subject-jane", Client: "scanner", Roles: []access.Scope{access.Auditor}},
		"other":   {Subject: "subject-other", Client: "other"},
	})
	who, err := w.check(t, "Bearer scanner", access.Submit)
	if err != nil || who.ID != app.ID || who.String() != app.ID || who.Subject != "subject-scanner" {
		t.Fatalf("%+v, %v", who, err)
	}
	if _, err := w.check(t, "Bearer scanner", access.Reviewer); !errors.Is(err, fault.Forbidden) {
		t.Errorf("a role came from the application: %v", err)
	}
	if who, err := w.check(t, "Bearer jane", access.Auditor); err != nil || who.ID != app.ID || who.Subject != "subject-jane" {
		t.Errorf("a person who uses the client: %+v, %v", who, err)
	}
	if _, err := w.check(t, "Bearer other", access.Submit); !errors.Is(err, fault.Forbidden) {
		t.Errorf("a client without an application: %v", err)
	}
}

func TestClientIsBoundToOneApplicationForGood(t *testing.T) {
	w := newWorld()
	app := w.ofClient(t, "scanner", access.Read)
	w.accept(false, provider{"scanner": {Subject: "s", Client: "scanner", Roles: []access.Scope{access.Auditor}}})
	if _, _, err := w.Create(t.Context(), access.Application{Name: "again", Client: "scanner", Scopes: []access.Scope{access.Read}}, time.Time{}); !errors.Is(err, fault.AlreadyExists) {
		t.Errorf("a second application: %v", err)
	}
	if _, err := w.Revoke(t.Context(), app.ID); err != nil {
		t.Fatal(err)
	}
	for _, s := range []access.Scope{access.Read, access.Auditor} {
		if _, err := w.check(t, "Bearer scanner", s); !errors.Is(err, fault.Unauthenticated) {
			t.Errorf("a revoked client with the scope %s: %v", s, err)
		}
	}
	if _, _, err := w.Create(t.Context(), access.Application{Name: "again", Client: "scanner", Scopes: []access.Scope{access.Read}}, time.Time{}); !errors.Is(err, fault.AlreadyExists) {
		t.Errorf("revoked, and created anew: %v", err)
	}
}

func TestBadTokensCountAsFailuresAndAnAbsentIssuerDoesNot(t *testing.T) {
	w := newWorld()
	w.accept(false, provider{})
	for range 20 {
		if _, err := w.check(t, "Bearer later", access.Read); !errors.Is(err, fault.Unavailable) {
			t.Fatal(err)
		}
	}
	for range 10 {
		if _, err := w.check(t, "Bearer guess", access.Read); !errors.Is(err, fault.Unauthenticated) {
			t.Fatal(err)
		}
	}
	if _, err := w.check(t, "Bearer guess", access.Read); !errors.Is(err, fault.Exhausted) {
		t.Errorf("eleventh guess: %v", err)
	}
}

func TestCallsOfAPersonAreLimitedWhateverTheToken(t *testing.T) {
	w := newWorld()
	jane := access.Claims{Subject: "subject-jane", Roles: []access.Scope{access.Operator}}
	w.accept(false, provider{"one": jane, "two": jane, "john": {Subject: "subject-john", Roles: jane.Roles}})
	for range 5 {
		if _, err := w.check(t, "Bearer one", access.Operator); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.check(t, "Bearer two", access.Operator); !errors.Is(err, fault.Exhausted) {
		t.Errorf("sixth call at once: %v", err)
	}
	if _, err := w.check(t, "Bearer john", access.Operator); err != nil {
		t.Errorf("another person was limited too: %v", err)
	}
}

func TestTokenThatNamesNobodyIsRefused(t *testing.T) {
	w := newWorld()
	w.accept(false, provider{"nobody": {Roles: []access.Scope{access.Operator}}})
	if _, err := w.check(t, "Bearer nobody", access.Operator); !errors.Is(err, fault.Unauthenticated) {
		t.Error(err)
	}
}

func TestTokensAreRefusedWithoutAnIssuer(t *testing.T) {
	w := newWorld()
	if _, err := w.check(t, "Bearer jane", access.Read); !errors.Is(err, fault.Unauthenticated) {
		t.Error(err)
	}
}

func TestWatchingTakesATokenWhereTokensAreRequired(t *testing.T) {
	for _, required := range []bool{false, true} {
		w := newWorld()
		w.accept(required, provider{"jane": {Subject: "subject-jane", Roles: []access.Scope{access.Operator, access.Auditor, access.Reviewer}}})
		for _, s := range access.Scopes() {
			app, secret := w.create(t, s)
			watches := !slices.Contains(access.ApplicationScopes(), s)
			_, err := w.check(t, basic(app.ID, secret), s)
			if refused := errors.Is(err, fault.Forbidden); refused != (required && watches) {
				t.Errorf("required %t, a secret for %s: %v", required, s, err)
			}
			if _, err := w.check(t, "Bearer jane", s); watches && err != nil {
				t.Errorf("required %t, a token for %s: %v", required, s, err)
			}
			w.now = w.now.Add(time.Minute)
		}
	}
}

func TestRefusalOfASecretNamesTheSettingsThatDecide(t *testing.T) {
	w := newWorld()
	w.guard.RequireTokens() // and no issuer: the program as it is without any setting
	app, secret := w.create(t, access.Auditor)
	_, err := w.check(t, basic(app.ID, secret), access.Auditor)
	for _, name := range []string{"LETHE_OIDC_ISSUER", "LETHE_OIDC_REQUIRED=false"} {
		if !errors.Is(err, fault.Forbidden) || !strings.Contains(err.Error(), name) {
			t.Errorf("%v does not name %s", err, name)
		}
	}
}

func TestBootstrapWatchesOverNothing(t *testing.T) {
	w := newWorld()
	if err := w.Bootstrap(t.Context(), "deployed", access.Hash("secret")); err != nil {
		t.Fatal(err)
	}
	for _, s := range access.Scopes() {
		_, err := w.check(t, basic("deployed", "secret"), s)
		if granted := err == nil; granted != slices.Contains(access.ApplicationScopes(), s) {
			t.Errorf("%s: %v", s, err)
		}
		w.now = w.now.Add(time.Second)
	}
}

func TestChallengeNamesBothSchemes(t *testing.T) {
	for name, request := range map[string]http.Header{
		"program": nil, "address in a browser": {"Sec-Fetch-Site": {"same-origin"}, "Sec-Fetch-Mode": {"navigate"}},
	} {
		h := http.Header{}
		access.Challenge(h, request)
		if got := h.Values("WWW-Authenticate"); len(got) != 2 || got[0][:6] != "Basic " || got[1][:7] != "Bearer " {
			t.Errorf("%s: challenge is %q", name, got)
		}
	}
}

// At the word Basic a browser would ask for credentials by itself and keep them.
func TestScriptOfThePageMeetsNoBasicChallenge(t *testing.T) {
	h := http.Header{}
	access.Challenge(h, http.Header{"Sec-Fetch-Site": {"same-origin"}, "Sec-Fetch-Mode": {"cors"}})
	if got := h.Values("WWW-Authenticate"); len(got) != 1 || got[0][:7] != "Bearer " {
		t.Errorf("challenge is %q", got)
	}
}

func TestRolesAreParsed(t *testing.T) {
	got, err := access.ParseRoles("Lethe.Operator:operator, urn:lethe:audit:auditor,Root:admin")
	if err != nil || len(got) != 3 || got["Lethe.Operator"] != access.Operator || got["urn:lethe:audit"] != access.Auditor || got["Root"] != access.Admin {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := access.ParseRoles(""); err != nil || len(got) != 0 {
		t.Errorf("nothing: %v, %v", got, err)
	}
	for _, bad := range []string{"a", "a:", ":operator", "a:submit", "a:read", "a:root", "a:operator,a:auditor", "a:operator,"} {
		if got, err := access.ParseRoles(bad); err == nil {
			t.Errorf("%q gave %v", bad, got)
		}
	}
}

func TestOnlyAddressesThatCannotBeReplacedArePrivate(t *testing.T) {
	for address, want := range map[string]bool{
		"https://login.example.org": true, "http://127.0.0.1:8080": true, "http://localhost": true, "http://[::1]:1": true,
		"http://login.example.org": false, "http://127.0.0.1.example.org": false, "http://10.0.0.1": false, "ftp://localhost": false, "": false,
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := access.Private(u); got != want {
			t.Errorf("%q: %t", address, got)
		}
	}
}

func FuzzParseRoles(f *testing.F) {
	f.Add("Lethe.Operator:operator,urn:lethe:audit:auditor")
	f.Add(":,::")
	f.Fuzz(func(t *testing.T, mapping string) {
		roles, err := access.ParseRoles(mapping)
		for role, scope := range roles {
			if err != nil || role == "" || !slices.Contains([]access.Scope{access.Operator, access.Auditor, access.Reviewer, access.Admin}, scope) {
				t.Errorf("role of %d characters gives %q, %v", len(role), scope, err)
			}
		}
	})
}
