package oidc_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/lethe-ocr/lethe/shared/fault"
)

func TestClientIsReadFromTheClaimThatIssuersUse(t *testing.T) {
	i := newIssuer(t)
	v := i.verifier()
	for name, c := range map[string]claims{
		"OpenID Connect": {"azp": "scanner"}, "Entra ID": {"azp": nil, "appid": "scanner"}, "RFC 9068": {"azp": nil, "client_id": "scanner"},
	} {
		if got, err := v.Verify(t.Context(), i.token(c)); err != nil || got.Client != "scanner" {
			t.Errorf("%s: %q, %v", name, got.Client, err)
		}
	}
}

func TestTokenThatNamesTwoClientsIsRefused(t *testing.T) {
	i := newIssuer(t)
	v := i.verifier()
	if _, err := v.Verify(t.Context(), i.token(claims{"azp": "page", "client_id": "scanner"})); !errors.Is(err, fault.Unauthenticated) {
		t.Errorf("two clients: %v", err)
	}
	if got, err := v.Verify(t.Context(), i.token(claims{"azp": "page", "client_id": "page"})); err != nil || got.Client != "page" {
		t.Errorf("one, named twice: %q, %v", got.Client, err)
	}
}

func TestAccessTokensAreToldFromIDTokensAndPeopleFromPrograms(t *testing.T) {
	i := newIssuer(t)
	v := i.verifier()
	null := json.RawMessage("null") // is there and says nothing; nil leaves a claim out
	for name, c := range map[string]struct {
		claims          claims
		access, program bool
	}{
		"ID token, its audience this service too": {claims{"aud": []string{"desktop", audience}, "nonce": "n", "at_hash": "h"}, false, false},
		"access token of Keycloak or Auth0":       {claims{"scope": "openid", "nonce": "n"}, true, false},
		"access token of Entra ID":                {claims{"scp": "Use", "oid": "another than sub"}, true, false},
		"access token of Okta":                    {claims{"scp": []string{"openid"}}, true, false},
		"token of a program":                      {claims{"sub": "desktop", "scope": "documents"}, true, true},
		"token of a program of Entra ID":          {claims{"sub": "o", "oid": "o", "idtyp": "app"}, false, true},
		"scope that is null":                      {claims{"scope": null}, false, false},
		"scp that is null":                        {claims{"scp": null}, false, false},
		"scope that is empty":                     {claims{"scope": " "}, false, false},
		"scp without any":                         {claims{"scp": []string{}}, false, false},
		"scp of an empty one":                     {claims{"scp": []string{""}}, false, false},
		"scope that is a number":                  {claims{"scope": 1}, false, false},
		"scope that is an object":                 {claims{"scope": map[string]bool{"openid": true}}, false, false},
		"bound to null":                           {claims{"cnf": null, "scope": "openid"}, true, false},
		"person of Keycloak": {claims{
			"scope": "openid", "preferred_username": "jane", "sid": "s",
		}, true, false},
		"person of Keycloak, the client named twice": {claims{
			"scope": "openid", "preferred_username": "jane", "client_id": "desktop", "sid": "s",
		}, true, false},
		"person of an older Keycloak, the client named twice": {claims{
			"scope": "openid", "clientId": "desktop", "session_state": "s",
		}, true, false},
		"service account of Keycloak": {claims{
			"scope": "documents", "sub": "5f0c", "preferred_username": "service-account-desktop", "client_id": "desktop", "clientHost": "192.0.2.1",
		}, true, true},
		"service account of Keycloak by its name alone": {claims{
			"scope": "documents", "sub": "5f0c", "preferred_username": "Service-Account-Desktop", "sid": "s",
		}, true, true},
		"service account of Keycloak without its name": {claims{"scope": "documents", "sub": "5f0c", "client_id": "desktop"}, true, true},
		"service account of an older Keycloak":         {claims{"scope": "documents", "sub": "5f0c", "clientId": "desktop"}, true, true},
		"service account, its session null":            {claims{"scope": "documents", "sub": "5f0c", "client_id": "desktop", "sid": null}, true, true},
		"person of oidc-provider (RFC 9068)":           {claims{"azp": nil, "scope": "openid", "client_id": "desktop"}, true, false},
		"program of Auth0 by its subject":              {claims{"scope": "documents", "sub": "desktop@clients"}, true, true},
		"program of Auth0 by the way it signed in":     {claims{"scope": "documents", "gty": "client-credentials"}, true, true},
		"person of Auth0 by another way":               {claims{"scope": "openid", "gty": "refresh_token"}, true, false},
	} {
		if got, err := v.Verify(t.Context(), i.token(c.claims)); err != nil || got.Access != c.access || got.Program != c.program {
			t.Errorf("%s: access %t, program %t, %v", name, got.Access, got.Program, err)
		}
	}
	for kind, want := range map[string]bool{"at+jwt": true, "application/at+jwt": true, "AT+JWT": true, "JWT": false} { // RFC 9068 section 2.1
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: i.keys["first"], KeyID: "first"}}, (&jose.SignerOptions{}).WithType(jose.ContentType(kind)))
		if err != nil {
			t.Fatal(err)
		}
		payload, err := json.Marshal(i.claims(nil))
		if err != nil {
			t.Fatal(err)
		}
		signed, err := signer.Sign(payload)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := signed.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := v.Verify(t.Context(), raw); err != nil || got.Access != want {
			t.Errorf("type %s: access %t, %v", kind, got.Access, err)
		}
	}
}
