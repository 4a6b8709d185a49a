package access

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/lethe-ocr/lethe/shared/event"
	"github.com/lethe-ocr/lethe/shared/fault"
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

	mu       sync.Mutex
	calls    map[string]*rate.Limiter // by application; guarded by mu
	failures map[string]*rate.Limiter // by address; guarded by mu
}

// NewGuard returns a guard over a registry.
func NewGuard(registry *Registry, rates Rates, now func() time.Time, log *slog.Logger) *Guard {
	return &Guard{
		registry: registry, rates: rates, now: now, log: log,
		calls: map[string]*rate.Limiter{}, failures: map[string]*rate.Limiter{},
	}
}

// Check returns the application that sends a request, if it has the scope and keeps to its rate. remote is the address of
// the sender, for counting failures only.
func (g *Guard) Check(ctx context.Context, authorization, remote string, scope Scope) (*Application, error) {
	app, err := g.identify(ctx, authorization)
	if errors.Is(err, fault.Unauthenticated) && authorization != "" {
		err = g.failed(ctx, remote, err)
	}
	if err != nil {
		return nil, err
	}
	if !app.May(scope) {
		g.log.WarnContext(ctx, event.AccessDenied, "reason", fault.Forbidden, "application", app.ID, "scope", scope)
		return nil, fault.New(fault.ScopeMissing, "this needs the scope %q, which the application does not have", scope)
	}
	limiter := g.limiter(g.calls, app.ID, rate.Limit(g.rates.PerSecond), g.rates.Burst)
	if !limiter.AllowN(g.now(), 1) {
		return nil, fault.New(fault.RateLimited, "more than %g calls a second came from this application; slow down", g.rates.PerSecond).Retry(time.Second)
	}
	return app, nil
}

func (g *Guard) identify(ctx context.Context, authorization string) (*Application, error) {
	if authorization == "" {
		return nil, fault.New(fault.Unauthorized, "credentials are missing; send application id and secret with HTTP Basic")
	}
	id, secret, ok := ParseBasic(authorization)
	if !ok {
		return nil, fault.New(fault.Unauthorized, "the credentials cannot be read; send application id and secret with HTTP Basic")
	}
	return g.registry.Authenticate(ctx, id, secret)
}

// failed counts wrong credentials and returns the answer to them. Right ones pass whatever came before: behind a proxy all
// clients share an address, and one of them must not lock the others out. Guessing 256 random bits is hopeless anyway;
// the limit keeps failures from filling the log.
func (g *Guard) failed(ctx context.Context, remote string, denied error) error {
	if !g.limiter(g.failures, source(remote), rate.Every(failureEvery), failureBurst).AllowN(g.now(), 1) {
		return fault.New(fault.RateLimited, "too many wrong credentials came from this address; wait %v between tries", failureEvery).Retry(failureEvery)
	}
	g.log.WarnContext(ctx, event.AccessDenied, "reason", fault.Unauthenticated)
	return denied
}

// source is what counts as one sender: an address, or for IPv6 the /64 that one subscriber usually has.
func source(remote string) string {
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

// Challenge is what an answer to missing credentials carries.
func Challenge(h http.Header) { h.Set("Www-Authenticate", `Basic realm="lethe", charset="UTF-8"`) }
