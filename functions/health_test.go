package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/config"
)

func TestHealthSaysWhetherTheServerRunsAndWhetherItTakesDocuments(t *testing.T) {
	const (
		well = `{"ready":true,"checks":[{"name":"space","ok":true}]}`
		full = `{"ready":false,"checks":[{"name":"space","ok":false,"detail":"make room"},{"name":"engine","ok":true}]}`
	)
	for _, c := range []struct {
		name, answer string
		status       int
		ready        bool
		code         int
		says         string
	}{
		{"runs", "ok", http.StatusOK, false, verbs.ExitOK, "the server runs\n"},
		{"runs, with another service on its port", "", http.StatusNotFound, false, verbs.ExitFailure, ""},
		{"takes documents", well, http.StatusOK, true, verbs.ExitOK, "the server accepts documents\n"},
		{"takes none", full, http.StatusServiceUnavailable, true, verbs.ExitFailure, "space: make room\n"},
		{"says what it should not", "ok", http.StatusOK, true, verbs.ExitFailure, ""},
	} {
		for name, start := range map[string]func(http.Handler) *httptest.Server{"http": httptest.NewServer, "https": httptest.NewTLSServer} {
			t.Run(c.name+" by "+name, func(t *testing.T) {
				path := map[bool]string{false: "/healthz", true: "/readyz"}[c.ready]
				server := start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path != path || r.Header.Get("Authorization") != "" {
						t.Errorf("asked for %s, with %q", r.URL, r.Header)
					}
					w.WriteHeader(c.status)
					fmt.Fprint(w, c.answer)
				}))
				defer server.Close()
				set := config.Default()
				set.Listen = server.Listener.Addr().String()
				if name == "https" {
					set.TLSCert = "certificate.pem"
				}
				var out strings.Builder
				err := health(t.Context(), set, c.ready, &out)
				if got := verbs.ExitCode(err); got != c.code || out.String() != c.says {
					t.Errorf("exit code %d, %v, want %d; says %q", got, err, c.code, out.String())
				}
			})
		}
	}
}

func TestHealthNoticesThatNoServerAnswers(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	set := config.Default()
	set.Listen = server.Listener.Addr().String()
	server.Close()
	for _, ready := range []bool{false, true} {
		if err := health(t.Context(), set, ready, &strings.Builder{}); verbs.ExitCode(err) != verbs.ExitUnreachable {
			t.Errorf("got %v", err)
		}
	}
}

// A server that listens on every address is reached by this machine's own.
func TestHealthAsksOnThisMachine(t *testing.T) {
	for listen, want := range map[string]string{
		"0.0.0.0:8080": "http://127.0.0.1:8080", ":8080": "http://127.0.0.1:8080", "[::]:8080": "http://127.0.0.1:8080",
		"127.0.0.1:9": "http://127.0.0.1:9", "[::1]:9": "http://[::1]:9", "10.1.2.3:80": "http://10.1.2.3:80",
	} {
		set := config.Default()
		set.Listen = listen
		if got, err := ownAddress(set); err != nil || got != want {
			t.Errorf("%s: %s, %v", listen, got, err)
		}
	}
	for _, listen := range []string{"127.0.0.1:0", "8080"} {
		set := config.Default()
		set.Listen = listen
		if err := health(t.Context(), set, false, &strings.Builder{}); verbs.ExitCode(err) != verbs.ExitSetting || !strings.Contains(err.Error(), "LETHE_LISTEN") {
			t.Errorf("%s: %v", listen, err)
		}
	}
}
