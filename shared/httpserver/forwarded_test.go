package httpserver_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/httpserver"
	"github.com/lethe-ocr/lethe/shared/logevent"
)

func TestForwardedAddressIsBelievedOnlyFromNamedProxies(t *testing.T) {
	for _, c := range []struct {
		name, proxies, peer string
		claims              []string
		want                string
	}{
		{"no proxy is named", "", "10.0.0.1:7", []string{"192.0.2.1"}, "10.0.0.1:7"},
		{"another peer", "10.0.0.1", "10.0.0.2:7", []string{"192.0.2.1"}, "10.0.0.2:7"},
		{"this machine, unnamed", "10.0.0.1", "127.0.0.1:7", []string{"192.0.2.1"}, "127.0.0.1:7"},
		{"a named proxy", "10.0.0.1", "10.0.0.1:7", []string{"192.0.2.1"}, "192.0.2.1:0"},
		{"a named network", "10.0.0.0/24, 172.16.0.0/12", "10.0.0.9:7", []string{"192.0.2.1"}, "192.0.2.1:0"},
		{"a proxy that says nothing", "10.0.0.1", "10.0.0.1:7", nil, "10.0.0.1:7"},
		{"a client that pretends", "10.0.0.1", "10.0.0.1:7", []string{"198.51.100.1, 192.0.2.1"}, "192.0.2.1:0"},
		{"a client that pretends in a header of its own", "10.0.0.1", "10.0.0.1:7", []string{"198.51.100.1", "192.0.2.1"}, "192.0.2.1:0"},
		{"two proxies", "10.0.0.0/8", "10.0.0.1:7", []string{"192.0.2.1, 10.0.0.2"}, "192.0.2.1:0"},
		{"a chain through a stranger", "10.0.0.1", "10.0.0.1:7", []string{"192.0.2.1, 203.0.113.5"}, "203.0.113.5:0"},
		{"no address", "10.0.0.1", "10.0.0.1:7", []string{"unknown"}, "10.0.0.1:7"},
		{"no address behind a proxy's", "10.0.0.0/8", "10.0.0.1:7", []string{"unknown, 10.0.0.2"}, "10.0.0.2:0"},
		{"with a port", "10.0.0.1", "10.0.0.1:7", []string{"192.0.2.1:443"}, "192.0.2.1:0"},
		{"IPv6", "fd00::/8", "[fd00::1]:7", []string{"[2001:db8::1]:443"}, "[2001:db8::1]:0"},
		{"IPv4 on a socket of IPv6", "10.0.0.1", "[::ffff:10.0.0.1]:7", []string{"::ffff:192.0.2.1"}, "192.0.2.1:0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			proxies, err := access.ParseProxies(c.proxies)
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest(http.MethodGet, "http://lethe.test/", nil)
			r.RemoteAddr = c.peer
			r.Header["X-Forwarded-For"] = c.claims
			r.Header.Set("Forwarded", "for=203.0.113.9;host=evil.test;proto=http")
			r.Header.Set("X-Forwarded-Host", "evil.test")
			r.Header.Set("X-Real-Ip", "203.0.113.9")
			var got, host string
			next := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got, host = r.RemoteAddr, r.Host })
			httpserver.Forwarded(next, proxies, false, slog.New(slog.DiscardHandler)).ServeHTTP(httptest.NewRecorder(), r)
			if got != c.want || host != "lethe.test" {
				t.Errorf("the client is %s at host %s, want %s", got, host, c.want)
			}
		})
	}
}

func TestUnnamedProxyIsLoggedOnceAndWithoutAddresses(t *testing.T) {
	var log bytes.Buffer
	h := httpserver.Forwarded(http.NotFoundHandler(), nil, true, slog.New(slog.NewJSONHandler(&log, nil)))
	for range 3 {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = "10.0.0.1:7"
		r.Header.Set("X-Forwarded-For", "192.0.2.1")
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	if text := log.String(); strings.Count(text, logevent.ForwardedIgnored) != 1 || strings.Contains(text, "10.0.0.1") || strings.Contains(text, "192.0.2.1") {
		t.Errorf("the log says %s", text)
	}
}

func TestProxiesAreAddressesOrNetworks(t *testing.T) {
	for list, ok := range map[string]bool{
		"": true, "127.0.0.1": true, "10.0.0.0/8,fd00::/8": true, " ::1 , 10.1.2.3/24": true,
		"proxy.example.org": false, "10.0.0.0/33": false, "10.0.0.1:443": false,
	} {
		if _, err := access.ParseProxies(list); (err == nil) != ok {
			t.Errorf("%q: %v", list, err)
		}
	}
}
