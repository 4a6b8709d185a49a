package httpserver

import (
	"log/slog"
	"net/http"
	"sync"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/logevent"
)

// forwardedFor is the only header of proxies that is read. What a proxy says of scheme and host changes nothing: links begin
// with the address of the settings.
const forwardedFor = "X-Forwarded-For"

// Forwarded gives a request that came through one of the proxies the address of its client, by which failed sign-ins are
// counted. What anybody else claims is ignored. If a proxy is expected, the first claim of one that is not named is logged: the
// setting is probably missing.
func Forwarded(next http.Handler, proxies access.Proxies, expected bool, log *slog.Logger) http.Handler {
	var first sync.Once
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch claims := r.Header.Values(forwardedFor); {
		case len(claims) == 0:
		case proxies.Named(r.RemoteAddr):
			r.RemoteAddr = proxies.Client(r.RemoteAddr, claims)
		case expected:
			first.Do(func() { log.WarnContext(r.Context(), logevent.ForwardedIgnored, "setting", "LETHE_TRUSTED_PROXIES") })
		}
		next.ServeHTTP(w, r)
	})
}
