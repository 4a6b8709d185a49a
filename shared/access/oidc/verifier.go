// Package oidc verifies OpenID Connect tokens: those of people, with their roles, and those of programs. It contacts the
// identity provider when the first token arrives, so the program starts without it. While the provider does not answer,
// requests with tokens that need its keys get 503, and requests with secrets are served as before.
package oidc

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/fault"
)

// skew is how far the clock of the identity provider may be ahead of ours or behind it. For a token that is not valid
// yet, the library allows five minutes, from which this one is taken.
const skew = time.Minute

// maxToken bounds a token in bytes.
const maxToken = 16 << 10

// Config says whose tokens are accepted.
type Config struct {
	Issuer       string // exactly as the tokens name it; access.CheckIssuer says what it may be
	Audience     string // one that a token must have
	RolesClaim   string // claim with the roles: a list of strings, or one string
	SubjectClaim string // claim that is the same for one person in every client
	Roles        map[string]access.Scope
	Transport    http.RoundTripper // to the issuer; nil for the usual one
	Now          func() time.Time
	Log          *slog.Logger
}

// Verifier verifies tokens of one issuer. It is safe for concurrent use.
type Verifier struct {
	cfg  Config
	keys *keys
}

var _ access.Tokens = (*Verifier)(nil)

// New returns a verifier. It sends nothing.
func New(cfg Config) (*Verifier, error) {
	if err := access.CheckIssuer(cfg.Issuer); err != nil {
		return nil, err
	}
	if cfg.Audience == "" || cfg.RolesClaim == "" || cfg.SubjectClaim == "" {
		return nil, fault.New(fault.BadField, "an audience, a claim for roles and a claim for the subject are needed")
	}
	return &Verifier{cfg: cfg, keys: newKeys(cfg)}, nil
}

// algorithms are the signatures that are accepted. None of them works with a key that both sides know, so a public key
// cannot be passed off as such a one.
func algorithms() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{jose.RS256, jose.PS256, jose.ES256, jose.EdDSA}
}

// Verify implements access.Tokens.
func (v *Verifier) Verify(ctx context.Context, raw string) (access.Claims, error) {
	denied := fault.New(fault.Unauthorized, "the token is not valid here: damaged, expired, not valid yet, or issued by or for somebody else; get a new one")
	if len(raw) > maxToken {
		return access.Claims{}, denied
	}
	asked := &asked{keys: v.keys}
	var names []string
	for _, a := range algorithms() {
		names = append(names, string(a))
	}
	token, err := oidc.NewVerifier(v.cfg.Issuer, asked, &oidc.Config{
		ClientID:             v.cfg.Audience,
		SupportedSigningAlgs: names,
		Now:                  func() time.Time { return v.cfg.Now().Add(-skew) },
	}).Verify(ctx, raw)
	switch {
	case asked.unavailable != nil:
		return access.Claims{}, asked.unavailable
	case err != nil: // its text quotes the token
		return access.Claims{}, denied
	}
	claims, err := v.read(token, asked.kind)
	if err != nil {
		return access.Claims{}, denied
	}
	return claims, nil
}

// asked is a key set that remembers whether the keys could be had, and what the token calls itself: the library does not say.
type asked struct {
	keys        *keys
	unavailable error
	kind        string // type of the token, as its header tells
}

// VerifySignature implements oidc.KeySet.
func (a *asked) VerifySignature(ctx context.Context, raw string) ([]byte, error) {
	payload, kind, err := a.keys.verify(ctx, raw)
	a.kind = kind
	if fault.KindOf(err) == fault.Unavailable {
		a.unavailable = err
	}
	return payload, err
}

// read takes from a verified token, of the type that its header tells, what matters here.
func (v *Verifier) read(token *oidc.IDToken, kind string) (access.Claims, error) {
	var raw map[string]json.RawMessage
	if err := token.Claims(&raw); err != nil {
		return access.Claims{}, fmt.Errorf("read claims: %w", err)
	}
	if given(raw["cnf"]) {
		return access.Claims{}, fmt.Errorf("the token is good only with proof of a key, which nobody asks for here (RFC 7800)")
	}
	subject := text(raw[v.cfg.SubjectClaim])
	if subject == "" {
		return access.Claims{}, fmt.Errorf("the token has no subject")
	}
	claims := access.Claims{Subject: v.subject(subject), Roles: v.roles(raw[v.cfg.RolesClaim])}
	for _, name := range []string{"azp", "appid", "client_id"} { // OpenID Connect, Entra ID's version 1, RFC 9068
		named := text(raw[name])
		if named == "" {
			continue
		}
		if claims.Client != "" && claims.Client != named {
			return access.Claims{}, fmt.Errorf("the token names two clients")
		}
		claims.Client = named
	}
	claims.Program, claims.Access = program(raw, claims.Client), isAccess(raw, kind)
	if claims.Program {
		claims.Roles = slices.DeleteFunc(claims.Roles, func(s access.Scope) bool { return s == access.Reviewer })
	}
	return claims, nil
}

// program reports whether a token was made for a program that acts for nobody: it is its own subject (RFC 9068 section 2.2, and the
// object id in Entra ID), or its issuer says so in its own way. A review takes people.
func program(raw map[string]json.RawMessage, client string) bool {
	sub := text(raw["sub"])
	switch {
	case sub == client, sub != "" && sub == text(raw["oid"]):
		return true
	case text(raw["idtyp"]) == "app": // Entra ID
		return true
	case client != "" && sub == client+"@clients", text(raw["gty"]) == "client-credentials": // Auth0
		return true
	}
	return serviceAccount(raw)
}

// serviceAccount reports whether Keycloak made the token for a client of its own: by the name of the user that stands for it, or, where
// that is left out, by the client's id, which tokens of people have beside azp only with the session in which they signed in.
func serviceAccount(raw map[string]json.RawMessage) bool {
	if strings.HasPrefix(strings.ToLower(text(raw["preferred_username"])), "service-account-") {
		return true
	}
	named := given(raw["azp"]) && (given(raw["client_id"]) || given(raw["clientId"]))
	return named && !given(raw["sid"]) && !given(raw["session_state"])
}

// isAccess reports whether a token says that it is an access token: by its type (RFC 9068), or by the scope that it was issued for,
// which no ID token has.
func isAccess(raw map[string]json.RawMessage, kind string) bool {
	return strings.TrimPrefix(strings.ToLower(kind), "application/") == "at+jwt" || scoped(raw["scope"]) || scoped(raw["scp"])
}

// scoped reports whether a claim names a scope: a string, or a list of them.
func scoped(raw json.RawMessage) bool {
	var names []string
	if json.Unmarshal(raw, &names) != nil {
		names = []string{text(raw)}
	}
	return slices.ContainsFunc(names, func(n string) bool { return strings.TrimSpace(n) != "" })
}

// given reports whether there is a claim: null is none.
func given(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

// subject stands for a person or program in records and logs. It cannot be read back, so it may be kept although the
// identity provider may use an address as the subject.
func (v *Verifier) subject(sub string) string {
	sum := sha256.Sum256([]byte("lethe.subject.v1\n" + v.cfg.Issuer + "\n" + sub))
	return "subject-" + base64.RawURLEncoding.EncodeToString(sum[:16])
}

// roles maps the roles of a token. Unknown ones give nothing.
func (v *Verifier) roles(raw json.RawMessage) []access.Scope {
	var names []string
	if json.Unmarshal(raw, &names) != nil {
		names = []string{text(raw)}
	}
	var scopes []access.Scope
	for _, n := range names {
		if s, ok := v.cfg.Roles[n]; ok && !slices.Contains(scopes, s) {
			scopes = append(scopes, s)
		}
	}
	return scopes
}

// text reads a claim that is a string; anything else is none.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}
