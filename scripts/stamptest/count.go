package stamptest

import (
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"
)

// Counted puts a proxy before a service and returns its address. The proxy counts requests and passes them on as they are, so that
// what was signed stays valid.
func Counted(t *testing.T, service string, requests *atomic.Int64) string {
	t.Helper()
	to, err := url.Parse(service)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		requests.Add(1)
		r.SetURL(to)
		r.Out.Host = r.In.Host
	}})
	t.Cleanup(server.Close)
	return server.URL
}
