package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
)

const (
	keyLife    = 10 * time.Minute // a key that the issuer withdrew is trusted for so long
	keyLimit   = time.Hour        // and for so long if the issuer does not answer
	patience   = 5 * time.Second  // for one question to the issuer
	pause      = 15 * time.Second // after one that was not answered
	askedBurst = 5                // questions about unknown keys at once; anybody can make a key's name up
	askedEvery = 10 * time.Second
	maxAnswer  = 1 << 20 // bytes of an answer of the issuer
)

// keys are the issuer's keys in memory. The library's own set would keep a withdrawn key for ever, and would ask the
// issuer as often as somebody makes up the name of a key.
type keys struct {
	issuer string
	http   *http.Client
	now    func() time.Time
	log    *slog.Logger
	asking singleflight.Group
	asks   *rate.Limiter

	mu     sync.Mutex
	known  []jose.JSONWebKey // guarded by mu, as all below
	read   time.Time
	failed time.Time // when the issuer did not answer, if nothing was read since
}

func newKeys(cfg Config) *keys {
	next := cfg.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	return &keys{
		issuer: cfg.Issuer, now: cfg.Now, log: cfg.Log,
		http: &http.Client{Transport: private{next}, Timeout: patience},
		asks: rate.NewLimiter(rate.Every(askedEvery), askedBurst),
	}
}

// verify returns the payload of a token that one of the issuer's keys signed, and the type that its header tells. The library has
// checked that it has one signature of an algorithm that is accepted.
func (k *keys) verify(ctx context.Context, raw string) (payload []byte, kind string, err error) {
	token, err := jose.ParseSignedCompact(raw, algorithms())
	if err != nil {
		return nil, "", fmt.Errorf("parse token: %w", err)
	}
	known, err := k.current(ctx)
	if err != nil {
		return nil, "", err
	}
	payload, ok := try(token, known)
	if !ok {
		// The issuer may have begun to sign with a new key (OpenID Connect Core section 10.1.1).
		if known, err = k.renewed(ctx); err != nil {
			return nil, "", err
		}
		payload, ok = try(token, known)
	}
	if !ok {
		return nil, "", errors.New("no key of the issuer made this signature")
	}
	kind, _ = token.Signatures[0].Protected.ExtraHeaders[jose.HeaderType].(string)
	return payload, kind, nil
}

func try(token *jose.JSONWebSignature, known []jose.JSONWebKey) ([]byte, bool) {
	name := token.Signatures[0].Header.KeyID
	for _, key := range known {
		if name != "" && key.KeyID != name {
			continue
		}
		if payload, err := token.Verify(key); err == nil {
			return payload, true
		}
	}
	return nil, false
}

// current returns the keys in memory as long as they are good, and asks for them after that.
func (k *keys) current(ctx context.Context) ([]jose.JSONWebKey, error) {
	known, age, waiting := k.state()
	if known != nil && age >= 0 && age < keyLife {
		return known, nil
	}
	if !waiting {
		if fresh, err := k.ask(ctx); err == nil {
			return fresh, nil
		}
	}
	if known != nil && age >= 0 && age < keyLimit {
		return known, nil
	}
	return nil, unavailable()
}

// renewed asks for the keys because one is unknown, unless that was done too often.
func (k *keys) renewed(ctx context.Context) ([]jose.JSONWebKey, error) {
	known, _, waiting := k.state()
	switch {
	case waiting:
		return nil, unavailable()
	case !k.asks.AllowN(k.now(), 1):
		return known, nil
	}
	return k.ask(ctx)
}

func (k *keys) state() (known []jose.JSONWebKey, age time.Duration, waiting bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	return k.known, now.Sub(k.read), !k.failed.IsZero() && now.Sub(k.failed) < pause
}

func unavailable() error {
	return fault.New(fault.IssuerUnavailable, "the issuer of the token did not answer; try again, or use an application's secret").Retry(pause)
}

// ask reads the issuer's keys, once for all who wait for them.
func (k *keys) ask(ctx context.Context) ([]jose.JSONWebKey, error) {
	answer := k.asking.DoChan("", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience) // others wait for it too
		defer cancel()
		fresh, err := k.fetch(ctx)
		k.mu.Lock()
		defer k.mu.Unlock()
		if err != nil {
			k.failed = k.now()
			k.log.WarnContext(ctx, logevent.IssuerFailed, "error", err)
			return nil, unavailable()
		}
		k.known, k.read, k.failed = fresh, k.now(), time.Time{}
		return fresh, nil
	})
	select {
	case <-ctx.Done():
		return nil, unavailable()
	case a := <-answer:
		fresh, _ := a.Val.([]jose.JSONWebKey)
		return fresh, a.Err
	}
}

// fetch finds the address of the keys by discovery and reads them. Keys of a kind that is unknown here are skipped (RFC
// 7517 section 5). Errors do not quote what was answered: they are logged.
func (k *keys) fetch(ctx context.Context) ([]jose.JSONWebKey, error) {
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, k.http), k.issuer)
	if err != nil {
		return nil, errors.New("discovery was not answered, or is another issuer's")
	}
	var where struct {
		Keys string `json:"jwks_uri"`
	}
	if err := provider.Claims(&where); err != nil {
		return nil, errors.New("discovery names no keys")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, where.Keys, nil)
	if err != nil {
		return nil, errors.New("the address of the keys cannot be read")
	}
	resp, err := k.http.Do(req)
	if err != nil {
		return nil, errors.New("the request for keys was not answered")
	}
	defer func() { _ = resp.Body.Close() }() // read as far as needed
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the request for keys was answered with status %d", resp.StatusCode)
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&set); err != nil {
		return nil, errors.New("the keys cannot be read")
	}
	found := []jose.JSONWebKey{}
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if json.Unmarshal(raw, &key) == nil && key.Valid() && key.IsPublic() && (key.Use == "" || key.Use == "sig") {
			found = append(found, key)
		}
	}
	return found, nil
}

// private lets nothing be asked, nor be redirected to, whose answer could be replaced on the way, and bounds the answers.
type private struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (p private) RoundTrip(r *http.Request) (*http.Response, error) {
	if !access.Private(r.URL) {
		return nil, errors.New("the issuer refers to an address without TLS")
	}
	resp, err := p.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	resp.Body = bounded{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	return resp, nil
}

// bounded is a body that ends early.
type bounded struct {
	io.Reader
	io.Closer
}
