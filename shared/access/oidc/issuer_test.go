package oidc_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/access/oidc"
)

// issuer is an identity provider on this machine.
type issuer struct {
	t      *testing.T
	server *httptest.Server
	now    time.Time
	keys   map[string]*ecdsa.PrivateKey // that it publishes
	extra  []any                        // that it publishes besides
	down   atomic.Bool
	asked  atomic.Int64 // how often its keys were read
	name   string       // what discovery calls it
	at     string       // where discovery says the keys are
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{t: t, now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC), keys: map[string]*ecdsa.PrivateKey{}}
	i.server = httptest.NewServer(i)
	t.Cleanup(i.server.Close)
	i.name, i.at = i.server.URL, i.server.URL+"/keys"
	i.roll("first")
	return i
}

// roll publishes one more key.
func (i *issuer) roll(name string) *ecdsa.PrivateKey {
	i.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		i.t.Fatal(err)
	}
	i.keys[name] = key
	return key
}

func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if i.down.Load() {
		http.Error(w, "out of order", http.StatusBadGateway)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	var answer any
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		answer = map[string]any{"issuer": i.name, "jwks_uri": i.at}
	case "/keys":
		i.asked.Add(1)
		list := slices.Clone(i.extra)
		for _, name := range slices.Sorted(maps.Keys(i.keys)) {
			list = append(list, jose.JSONWebKey{Key: &i.keys[name].PublicKey, KeyID: name, Algorithm: "ES256", Use: "sig"})
		}
		answer = map[string]any{"keys": list}
	default:
		http.NotFound(w, r)
		return
	}
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		i.t.Error(err)
	}
}

// verifier trusts the issuer.
func (i *issuer) verifier(change ...func(*oidc.Config)) *oidc.Verifier {
	i.t.Helper()
	cfg := oidc.Config{
		Issuer: i.server.URL, Audience: audience, RolesClaim: "roles", SubjectClaim: "sub",
		Roles: map[string]access.Scope{"Lethe.Operator": access.Operator, "Lethe.Auditor": access.Auditor, "Lethe.Reviewer": access.Reviewer},
		Now:   func() time.Time { return i.now }, Log: slog.New(slog.DiscardHandler),
	}
	for _, c := range change {
		c(&cfg)
	}
	v, err := oidc.New(cfg)
	if err != nil {
		i.t.Fatal(err)
	}
	return v
}

type claims map[string]any

// claims are those of a good token of a person, with changes; a nil value takes a claim away.
func (i *issuer) claims(change claims) claims {
	c := claims{
		"iss": i.server.URL, "aud": audience, "sub": "jane@example.org", "azp": "desktop", "name": "Jane Doe",
		"iat": i.now.Unix(), "nbf": i.now.Unix(), "exp": i.now.Add(time.Hour).Unix(), "roles": []string{"Lethe.Auditor"},
	}
	for name, value := range change {
		if c[name] = value; value == nil {
			delete(c, name)
		}
	}
	return c
}

func sign(t *testing.T, alg jose.SignatureAlgorithm, key any, name string, c claims) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: key, KeyID: name}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// token is a token of the issuer's first key.
func (i *issuer) token(change claims) string {
	i.t.Helper()
	return sign(i.t, jose.ES256, i.keys["first"], "first", i.claims(change))
}
