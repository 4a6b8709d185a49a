package access

import (
	"context"
	"encoding/base64"
	"log/slog"
	"net"
	"net/http"
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

// DefaultRates are 50 calls a second of one application, 200 at once.
func DefaultRates() Rates { return Rates{PerSecond: 50, Burst: 200} }

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
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	failed := g.limiter(g.failures, host, rate.Every(failureEvery), failureBurst)
	if failed.TokensAt(g.now()) < 1 {
		return nil, fault.New(fault.RateLimited, "too many wrong credentials came from this address; wait a few seconds").Retry(failureEvery)
	}
	id, secret, ok := ParseBasic(authorization)
	app := (*Application)(nil)
	if ok {
		app, err = g.registry.Authenticate(ctx, id, secret)
	} else {
		err = fault.New(fault.Unauthorized, "credentials are missing; send application id and secret with HTTP Basic")
	}
	if err != nil {
		if fault.KindOf(err) == fault.Unauthenticated {
			if authorization != "" {
				failed.AllowN(g.now(), 1)
			}
			g.log.WarnContext(ctx, event.AccessDenied, "reason", fault.Unauthenticated)
		}
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
	scheme, rest, found := strings.Cut(header, " ")
	if !found || !strings.EqualFold(strings.TrimSuffix(scheme, ":"), "basic") {
		return "", "", false
	}
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(rest))
	if err != nil {
		return "", "", false
	}
	return strings.Cut(string(decoded), ":")
}

// Challenge is what an answer to missing credentials carries.
func Challenge(h http.Header) { h.Set("Www-Authenticate", `Basic realm="lethe", charset="UTF-8"`) }
