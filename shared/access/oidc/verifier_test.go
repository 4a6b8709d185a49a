package oidc_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"log/slog"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/access/oidc"
	"github.com/lethe-ocr/lethe/shared/fault"
)

const audience = "api://lethe"

func TestGoodTokenTellsSubjectClientAndRoles(t *testing.T) {
	i := newIssuer(t)
	got, err := i.verifier().Verify(t.Context(), i.token(nil))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(got.Subject, "subject-") || len(got.Subject) != len("subject-")+22 {
		t.Errorf("subject is %q", got.Subject)
	}
	want := access.Claims{Subject: got.Subject, Client: "desktop", Roles: []access.Scope{access.Auditor}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestBadTokensAreRefusedAlike(t *testing.T) {
	i := newIssuer(t)
	v := i.verifier()
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := i.token(nil)
	at := func(d time.Duration) int64 { return i.now.Add(d).Unix() }
	unsigned := func(header string) string {
		payload, err := json.Marshal(i.claims(nil))
		if err != nil {
			t.Fatal(err)
		}
		encode := base64.RawURLEncoding.EncodeToString
		return encode([]byte(header)) + "." + encode(payload) + "."
	}
	public, err := x509.MarshalPKIXPublicKey(&i.keys["first"].PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	shared := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	bad := map[string]string{
		"bound to a certificate":   i.token(claims{"cnf": map[string]string{"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}}),
		"bound to a key (DPoP)":    i.token(claims{"cnf": map[string]string{"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}}),
		"bound to nothing known":   i.token(claims{"cnf": map[string]string{}}),
		"bound to something odd":   i.token(claims{"cnf": "key"}),
		"wrong audience":           i.token(claims{"aud": "api://other"}),
		"no audience":              i.token(claims{"aud": nil}),
		"wrong issuer":             i.token(claims{"iss": i.server.URL + "/"}),
		"no issuer":                i.token(claims{"iss": nil}),
		"expired":                  i.token(claims{"exp": at(-61 * time.Second)}),
		"without end":              i.token(claims{"exp": nil}),
		"not yet valid":            i.token(claims{"nbf": at(10 * time.Minute)}),
		"no subject":               i.token(claims{"sub": nil}),
		"subject that is a number": i.token(claims{"sub": 7}),
		"algorithm none":           unsigned(`{"alg":"none"}`),
		"algorithm none, a key":    unsigned(`{"alg":"none","kid":"first"}`),
		"public key as a secret":   sign(t, jose.HS256, shared, "first", i.claims(nil)),
		"longer hash than allowed": sign(t, jose.HS512, append(shared, shared...), "first", i.claims(nil)),
		"stranger's key, its name": sign(t, jose.ES256, stranger, "first", i.claims(nil)),
		"stranger's key":           sign(t, jose.ES256, stranger, "other", i.claims(nil)),
		"stranger's key, no name":  sign(t, jose.ES256, stranger, "", i.claims(nil)),
		"changed payload":          strings.Replace(good, ".", ".e30", 1),
		"cut off":                  good[:len(good)-8],
		"empty":                    "",
		"a secret":                 "lethe_c2VjcmV0",
		"too long":                 i.token(claims{"padding": strings.Repeat("x", 16<<10)}),
	}
	var answer string
	for _, name := range slices.Sorted(maps.Keys(bad)) {
		got, err := v.Verify(t.Context(), bad[name])
		if !errors.Is(err, fault.Unauthenticated) || got.Subject != "" {
			t.Errorf("%s: %+v, %v", name, got, err)
			continue
		}
		if answer == "" {
			answer = err.Error()
		}
		if err.Error() != answer {
			t.Errorf("%s is told apart: %v", name, err)
		}
	}
}

func TestClocksMayDifferByAMinute(t *testing.T) {
	i := newIssuer(t)
	v := i.verifier()
	for name, c := range map[string]claims{
		"ended just before":   {"exp": i.now.Add(-59 * time.Second).Unix()},
		"begins a bit later":  {"nbf": i.now.Add(time.Minute).Unix()},
		"of several readers":  {"aud": []string{"api://other", audience}},
		"of no certain start": {"nbf": nil},
	} {
		if _, err := v.Verify(t.Context(), i.token(c)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNewKeyIsFoundWhenATokenComesWithIt(t *testing.T) {
	i := newIssuer(t)
	v := i.verifier()
	if _, err := v.Verify(t.Context(), i.token(nil)); err != nil {
		t.Fatal(err)
	}
	second := i.roll("second")
	if _, err := v.Verify(t.Context(), sign(t, jose.ES256, second, "second", i.claims(nil))); err != nil {
		t.Errorf("token of the new key: %v", err)
	}
	if _, err := v.Verify(t.Context(), i.token(nil)); err != nil {
		t.Errorf("token of the old key: %v", err)
	}
}

func TestWithdrawnKeyIsTrustedForTenMinutesAtMost(t *testing.T) {
	i := newIssuer(t)
	v := i.verifier()
	old := i.token(claims{"exp": i.now.Add(time.Hour).Unix()})
	if _, err := v.Verify(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	i.roll("second")
	delete(i.keys, "first")
	i.now = i.now.Add(10 * time.Minute)
	if _, err := v.Verify(t.Context(), old); !errors.Is(err, fault.Unauthenticated) {
		t.Errorf("token of the withdrawn key: %v", err)
	}
}

func TestMadeUpKeysDoNotFloodTheIssuer(t *testing.T) {
	i := newIssuer(t)
	v := i.verifier()
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if _, err := v.Verify(t.Context(), sign(t, jose.ES256, stranger, rand.Text(), i.claims(nil))); !errors.Is(err, fault.Unauthenticated) {
			t.Fatal(err)
		}
	}
	if n := i.asked.Load(); n > 6 {
		t.Errorf("the keys were read %d times", n)
	}
}

func TestIssuerIsAskedForNothingBeforeATokenNeedsIt(t *testing.T) {
	i := newIssuer(t)
	v := i.verifier()
	if _, err := v.Verify(t.Context(), "no token"); !errors.Is(err, fault.Unauthenticated) {
		t.Fatal(err)
	}
	if n := i.asked.Load(); n != 0 {
		t.Errorf("the keys were read %d times", n)
	}
}

func TestTokensWaitWhileTheIssuerIsAway(t *testing.T) {
	i := newIssuer(t)
	i.down.Store(true)
	v := i.verifier()
	_, err := v.Verify(t.Context(), i.token(nil))
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Kind != fault.Unavailable || !f.Code.Retryable() || f.After == 0 {
		t.Fatalf("issuer away: %v", err)
	}
	i.down.Store(false)
	i.now = i.now.Add(15 * time.Second)
	if _, err := v.Verify(t.Context(), i.token(nil)); err != nil {
		t.Errorf("issuer back: %v", err)
	}
	// What is in memory serves for an hour, a key that nobody knows yet does not.
	i.down.Store(true)
	i.now = i.now.Add(59 * time.Minute)
	if _, err := v.Verify(t.Context(), i.token(nil)); err != nil {
		t.Errorf("issuer away again: %v", err)
	}
	if _, err := v.Verify(t.Context(), sign(t, jose.ES256, i.roll("second"), "second", i.claims(nil))); !errors.Is(err, fault.Unavailable) {
		t.Errorf("new key while the issuer is away: %v", err)
	}
	i.now = i.now.Add(2 * time.Minute)
	if _, err := v.Verify(t.Context(), i.token(nil)); !errors.Is(err, fault.Unavailable) {
		t.Errorf("after an hour: %v", err)
	}
}

func TestKeysThatAreUnknownHereAreSkipped(t *testing.T) {
	i := newIssuer(t)
	weak, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	i.extra = []any{
		map[string]string{"kty": "OKP", "crv": "Ed448", "x": "AAAA", "kid": "first"},
		map[string]string{"kty": "oct", "k": "c2VjcmV0", "kid": "first"},
		map[string]string{"kty": "unheard of"},
		jose.JSONWebKey{Key: &weak.PublicKey, KeyID: "for encryption", Use: "enc"},
	}
	v := i.verifier()
	if _, err := v.Verify(t.Context(), i.token(nil)); err != nil {
		t.Error(err)
	}
	if _, err := v.Verify(t.Context(), sign(t, jose.RS256, weak, "for encryption", i.claims(nil))); !errors.Is(err, fault.Unauthenticated) {
		t.Errorf("a key for encryption signed: %v", err)
	}
}

func TestIssuerMustBeTheOneThatWasMeant(t *testing.T) {
	for name, change := range map[string]func(*issuer){
		"discovery of another issuer": func(i *issuer) { i.name = "https://login.example.org" },
		"keys without TLS":            func(i *issuer) { i.at = "http://login.example.org/keys" },
	} {
		i := newIssuer(t)
		change(i)
		if _, err := i.verifier().Verify(t.Context(), i.token(nil)); !errors.Is(err, fault.Unavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, bad := range []string{"", "http://login.example.org", "https://", "https://user@login.example.org", "https://login.example.org?x=y", "ftp://127.0.0.1"} {
		if _, err := oidc.New(oidc.Config{Issuer: bad, Audience: audience, RolesClaim: "roles", SubjectClaim: "sub"}); err == nil {
			t.Errorf("issuer %q was accepted", bad)
		}
	}
}

func TestRolesGiveScopes(t *testing.T) {
	i := newIssuer(t)
	v := i.verifier()
	for name, c := range map[string]struct {
		claims claims
		want   []access.Scope
	}{
		"several":                {claims{"roles": []string{"Lethe.Operator", "Lethe.Reviewer"}}, []access.Scope{access.Operator, access.Reviewer}},
		"twice":                  {claims{"roles": []string{"Lethe.Operator", "Lethe.Operator"}}, []access.Scope{access.Operator}},
		"one as a string":        {claims{"roles": "Lethe.Auditor"}, []access.Scope{access.Auditor}},
		"unknown":                {claims{"roles": []string{"Lethe.Root", "operator", "lethe.operator"}}, nil},
		"none":                   {claims{"roles": nil}, nil},
		"of another kind":        {claims{"roles": map[string]bool{"Lethe.Auditor": true}}, nil},
		"program of its own":     {claims{"sub": "desktop", "roles": []string{"Lethe.Auditor", "Lethe.Reviewer"}}, []access.Scope{access.Auditor}},
		"service principal":      {claims{"oid": "jane@example.org", "roles": []string{"Lethe.Reviewer"}}, []access.Scope{}},
		"says that it's a robot": {claims{"idtyp": "app", "roles": []string{"Lethe.Reviewer"}}, []access.Scope{}},
	} {
		got, err := v.Verify(t.Context(), i.token(c.claims))
		if err != nil || !slices.Equal(got.Roles, c.want) {
			t.Errorf("%s: %v, want %v; %v", name, got.Roles, c.want, err)
		}
	}
}

func TestSubjectIsOnePersonWhateverTheClient(t *testing.T) {
	i := newIssuer(t)
	subject := func(v *oidc.Verifier, c claims) string {
		t.Helper()
		got, err := v.Verify(t.Context(), i.token(c))
		if err != nil {
			t.Fatal(err)
		}
		return got.Subject
	}
	v := i.verifier()
	if subject(v, nil) != subject(v, claims{"azp": "browser", "name": "J. Doe"}) {
		t.Error("another client makes another person")
	}
	if subject(v, nil) == subject(v, claims{"sub": "john@example.org"}) {
		t.Error("two people are one")
	}
	byObject := i.verifier(func(c *oidc.Config) { c.SubjectClaim = "oid" })
	if subject(byObject, claims{"sub": "a", "oid": "o"}) != subject(byObject, claims{"sub": "b", "oid": "o"}) {
		t.Error("the claim that was set does not decide")
	}
	if _, err := byObject.Verify(t.Context(), i.token(nil)); !errors.Is(err, fault.Unauthenticated) {
		t.Errorf("a token without the claim: %v", err)
	}
}

func FuzzVerify(f *testing.F) {
	i := &issuer{now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)}
	i.server = httptest.NewServer(i)
	f.Cleanup(i.server.Close)
	i.name, i.at = i.server.URL, i.server.URL+"/keys"
	v, err := oidc.New(oidc.Config{
		Issuer: i.server.URL, Audience: audience, RolesClaim: "roles", SubjectClaim: "sub",
		Now: func() time.Time { return i.now }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Add("eyJhbGciOiJFUzI1NiJ9.e30.AAAA")
	f.Add(`{"payload":"","signatures":[]}`)
	f.Fuzz(func(t *testing.T, token string) {
		if got, err := v.Verify(t.Context(), token); err == nil || got.Subject != "" {
			t.Errorf("a token that nobody signed was accepted: %+v", got)
		}
	})
}
