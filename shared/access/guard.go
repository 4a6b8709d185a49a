package access

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/task"
)

// Rates bounds how often somebody may call.
type Rates struct {
	PerSecond float64 // calls of one application
	Burst     int
}

// failures are how many wrong credentials one address may send: ten at once, then one every six seconds.
const (
	failureBurst = 10
	failureEvery = 6 * time.Second
)

// maxLimiters bounds the memory for rates. When it is full all start afresh.
const maxLimiters = 4096

// Guard checks who sends a request and whether they may do so at this moment.
type Guard struct {
	registry *Registry
	rates    Rates
	now      func() time.Time
	log      *slog.Logger
	tokens   Tokens // nil where tokens are not accepted
	required bool   // operator, auditor and reviewer are given by token only
	client   string // whose tokens are those of people at the page; empty for none
	within   string // the application that these people are inside of

	mu       sync.Mutex
	calls    map[string]*rate.Limiter // by application; guarded by mu
	failures map[string]*rate.Limiter // by address; guarded by mu
}

// NewGuard returns a guard over a registry that accepts secrets only.
func NewGuard(registry *Registry, rates Rates, now func() time.Time, log *slog.Logger) *Guard {
	return &Guard{
		registry: registry, rates: rates, now: now, log: log,
		calls: map[string]*rate.Limiter{}, failures: map[string]*rate.Limiter{},
	}
}

// AcceptTokens makes the guard accept tokens beside secrets. It is called before the first request.
func (g *Guard) AcceptTokens(tokens Tokens) { g.tokens = tokens }

// AcceptPeople makes the tokens of a client, the page's, those of people inside an application: each owns tasks of their own there. It
// holds for this client whatever application is bound to it. It is called before the first request.
func (g *Guard) AcceptPeople(client, application string) { g.client, g.within = client, application }

// RequireTokens makes the guard give the scopes operator, auditor and reviewer by token only: to nobody where no tokens are
// accepted. It is called before the first request.
func (g *Guard) RequireTokens() { g.required = true }

// Check returns who sends a request, if they have one of the scopes and keep to their rate. remote is the address of the
// sender, for counting failures only.
func (g *Guard) Check(ctx context.Context, authorization, remote string, scopes ...Scope) (*Identity, error) {
	who, err := g.identify(ctx, authorization)
	if errors.Is(err, fault.Unauthenticated) && authorization != "" {
		err = g.failed(ctx, remote, err)
	}
	if err != nil {
		return nil, err
	}
	if !who.use(scopes) {
		g.log.WarnContext(ctx, logevent.AccessDenied, "reason", fault.Forbidden, "application", who.String(), "scope", scopes)
		return nil, g.lacking(who, scopes)
	}
	limiter := g.limiter(g.calls, who.String(), rate.Limit(g.rates.PerSecond), g.rates.Burst)
	if !limiter.AllowN(g.now(), 1) {
		return nil, fault.New(fault.RateLimited, "this application sent more than %g requests a second; slow down", g.rates.PerSecond).Retry(time.Second)
	}
	return who, nil
}

// lacking explains a refusal.
func (g *Guard) lacking(who *Identity, scopes []Scope) error {
	names := make([]string, len(scopes))
	byToken := g.required && !who.ByToken
	for i, s := range scopes {
		names[i] = string(s)
		byToken = byToken && slices.Contains(roles(), s)
	}
	wanted := strings.Join(names, " or ")
	if byToken && g.tokens == nil {
		return fault.New(fault.ScopeMissing,
			"this operation needs the scope %s, which only a token can give, and no issuer of tokens is set: set LETHE_OIDC_ISSUER, or LETHE_OIDC_REQUIRED=false to give it by secret", wanted)
	}
	if byToken {
		return fault.New(fault.ScopeMissing, "this operation needs the scope %s, which here only a token can give", wanted)
	}
	return fault.New(fault.ScopeMissing, "this operation needs the scope %s, which the credentials do not have", wanted)
}

func (g *Guard) identify(ctx context.Context, authorization string) (*Identity, error) {
	if authorization == "" {
		return nil, fault.New(fault.Unauthorized, "credentials are missing; send application id and secret with HTTP Basic, or a Bearer token")
	}
	if token, ok := ParseBearer(authorization); ok {
		return g.byToken(ctx, token)
	}
	id, secret, ok := ParseBasic(authorization)
	if !ok {
		return nil, fault.New(fault.Unauthorized, "the credentials cannot be read; send application id and secret with HTTP Basic, or a Bearer token")
	}
	app, err := g.registry.Authenticate(ctx, id, secret)
	if err != nil {
		return nil, err
	}
	who := &Identity{Subject: app.ID, scopes: app.Scopes}
	who.act(app)
	if g.required {
		who.scopes = slices.DeleteFunc(slices.Clone(app.Scopes), func(s Scope) bool { return slices.Contains(roles(), s) })
	}
	return who, nil
}

// byToken takes a person or a program at the identity provider's word. What their roles allow is theirs; the tasks are
// those of the application whose client the token was made for.
func (g *Guard) byToken(ctx context.Context, token string) (*Identity, error) {
	if g.tokens == nil {
		return nil, fault.New(fault.Unauthorized, "tokens are not accepted here; send application id and secret with HTTP Basic")
	}
	claims, err := g.tokens.Verify(ctx, token)
	if err != nil {
		return nil, err
	}
	if claims.Subject == "" {
		return nil, fault.New(fault.Unauthorized, "the token does not say for whom it was issued")
	}
	if g.client != "" && claims.Client == g.client {
		return g.person(ctx, claims)
	}
	who := &Identity{ID: nobody, Subject: claims.Subject, ByToken: true, scopes: slices.Clone(claims.Roles)}
	app, err := g.registry.ofClient(ctx, claims.Client)
	switch {
	case err != nil:
		return nil, err
	case app == nil:
		return who, nil
	case !app.Revoked.IsZero():
		return nil, fault.New(fault.Unauthorized, "the application for which the token was issued was revoked")
	}
	who.act(app)
	for _, s := range app.Scopes {
		if slices.Contains(ApplicationScopes(), s) { // roles are given to people, by the identity provider
			who.scopes = append(who.scopes, s)
		}
	}
	return who, nil
}

// person takes somebody at the page for an owner of tasks inside the application of the page, with its limits and none of what its
// programs have besides: no uploads that stay, no name at ABBYY, no right to manage applications. What their roles allow is theirs.
func (g *Guard) person(ctx context.Context, claims Claims) (*Identity, error) {
	if claims.Program || !claims.Access {
		return nil, fault.New(fault.Unauthorized, "the client of the page takes access tokens of people only, not ID tokens or tokens of programs")
	}
	app, err := g.registry.find(ctx, g.within)
	switch {
	case err != nil:
		return nil, err
	case app == nil:
		return nil, fault.New(fault.Unauthorized, "there is no application with the id that LETHE_PAGE_APP names")
	case !app.Revoked.IsZero():
		return nil, fault.New(fault.Unauthorized, "the application of the page was revoked")
	}
	who := &Identity{
		ID: task.PersonIn(app.ID, claims.Subject), Caps: app.Caps, Ceilings: app.Ceilings,
		Subject: claims.Subject, ByToken: true, scopes: slices.Clone(claims.Roles),
	}
	for _, s := range []Scope{Submit, Read, Delete} {
		if app.May(s) {
			who.scopes = append(who.scopes, s)
		}
	}
	return who, nil
}

// failed counts wrong credentials and returns the answer to them. Right ones pass whatever came before: behind a proxy all
// clients share an address, and one of them must not lock the others out. Guessing 256 random bits is hopeless anyway;
// the limit keeps failures from filling the log.
func (g *Guard) failed(ctx context.Context, remote string, denied error) error {
	if !g.limiter(g.failures, Source(remote), rate.Every(failureEvery), failureBurst).AllowN(g.now(), 1) {
		return fault.New(fault.RateLimited, "too many wrong credentials came from this address; wait %v between attempts", failureEvery).Retry(failureEvery)
	}
	g.log.WarnContext(ctx, logevent.AccessDenied, "reason", fault.Unauthenticated)
	return denied
}

// Source is what counts as one sender: an address, or for IPv6 the /64 that one subscriber usually has.
func Source(remote string) string {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return remote
	}
	bits := 64
	addr := at.Addr().Unmap()
	if addr.Is4() {
		bits = 32
	}
	prefix, err := addr.Prefix(bits)
	if err != nil {
		return remote
	}
	return prefix.String()
}

func (g *Guard) limiter(of map[string]*rate.Limiter, key string, every rate.Limit, burst int) *rate.Limiter {
	g.mu.Lock()
	defer g.mu.Unlock()
	l, ok := of[key]
	if !ok {
		if len(of) >= maxLimiters {
			clear(of)
		}
		l = rate.NewLimiter(every, burst)
		of[key] = l
	}
	return l
}

// ParseBasic reads an Authorization header of the Basic scheme (RFC 7617). Some old clients write a colon after the name
// of the scheme; that is accepted.
func ParseBasic(header string) (id, secret string, ok bool) {
	space := strings.IndexAny(header, " \t")
	if space < 0 || !strings.EqualFold(strings.TrimSuffix(header[:space], ":"), "basic") {
		return "", "", false
	}
	decoded, err := base64.StdEncoding.DecodeString(strings.Trim(header[space:], " \t"))
	if err != nil {
		return "", "", false
	}
	id, secret, ok = strings.Cut(string(decoded), ":")
	if !ok {
		return "", "", false
	}
	return id, secret, true
}

// ParseBearer reads an Authorization header of the Bearer scheme (RFC 6750 section 2.1). It reports whether the header is
// of that scheme; whether the token is one is for its verifier to say.
func ParseBearer(header string) (token string, ok bool) {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "bearer") {
		return "", false
	}
	return strings.Trim(token, " \t"), true
}

// Challenge is what an answer to missing credentials carries. A browser that a script of a page of this site had send the request
// would ask for them itself at the word Basic, and keep them: it gets the other challenge alone.
func Challenge(answer, request http.Header) {
	answer["Www-Authenticate"] = []string{`Basic realm="lethe", charset="UTF-8"`, `Bearer realm="lethe"`}
	if request.Get("Sec-Fetch-Site") == "same-origin" && request.Get("Sec-Fetch-Mode") != "navigate" {
		answer["Www-Authenticate"] = []string{`Bearer realm="lethe"`}
	}
}
