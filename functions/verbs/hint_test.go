package verbs_test

import (
	"context"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/ledger"
)

// secure is a server with a certificate that nobody trusts yet. It counts requests, and has nothing.
type secure struct {
	*httptest.Server
	authority string // file with its certificate
	asked     atomic.Int32
	seen      func() // called at each request, if it is not nil
}

func newSecure(t *testing.T) *secure {
	t.Helper()
	s := &secure{}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.asked.Add(1)
		if s.seen != nil {
			s.seen()
		}
		http.Error(w, `{"status":404,"code":"task_not_found","detail":"nothing is here"}`, http.StatusNotFound)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	s.authority = filepath.Join(files(t, map[string]string{
		"ca.pem": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})),
	}), "ca.pem")
	t.Setenv("LETHE_URL", s.URL)
	t.Setenv("LETHE_APP", "app")
	t.Setenv("LETHE_SECRET", "secret")
	return s
}

// Whoever meets an error of the connection is told what it usually comes from.
func TestErrorsOfTheConnectionSayWhatToDo(t *testing.T) {
	w := &world{t: t}
	s := newSecure(t)
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	alert := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_, _ = c.Write([]byte("\x15\x03\x01\x00\x02\x02\x16")) // what a server says that knows TLS alone
			_ = c.Close()
		}
	}))
	defer alert.Close()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "<center>The plain HTTP request was sent to HTTPS port</center>", http.StatusBadRequest)
	}))
	defer proxy.Close()
	encrypted := func(url string) string { return strings.Replace(url, "http://", "https://", 1) }
	for name, c := range map[string]struct {
		url, authority string
		want           []string
	}{
		"http to a port with TLS":              {"http" + strings.TrimPrefix(s.URL, "https"), "", []string{"speaks TLS", "https://", "LETHE_URL", "--url"}},
		"http to a server that answers in TLS": {alert.URL, "", []string{"speaks TLS", "https://"}},
		"http to a port of nginx with TLS":     {proxy.URL, "", []string{"speaks TLS", "https://"}},
		"https to a port without":              {encrypted(plain.URL), "", []string{"speaks plain HTTP", "http://", "LETHE_URL", "--url"}},
		"unknown authority":                    {s.URL, "", []string{"certificate", "LETHE_CA_FILE", "--ca-file"}},
		"another name":                         {strings.Replace(s.URL, "127.0.0.1", "localhost", 1), s.authority, []string{"another server's", "LETHE_URL", "--url"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("LETHE_CA_FILE", c.authority)
			_, stderr := w.want(verbs.ExitUnreachable, "status", unknown, "--url", c.url)
			for _, want := range c.want {
				if !strings.Contains(stderr, want) {
					t.Errorf("%q does not say %q", stderr, want)
				}
			}
		})
	}
}

// A published copy of a ledger is read by a library that tries again for minutes: one request is enough.
func TestAuditOfACopyTrustsTheAuthorityOfTheEnvironment(t *testing.T) {
	w := &world{t: t}
	s := newSecure(t)
	_, key, err := ledger.GenerateKey("lethe.example.org")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	s.seen = stop
	t.Setenv("LETHE_CA_FILE", s.authority)
	if code, _, stderr := w.run(ctx, "", "audit", s.URL+"/", "--key", key); s.asked.Load() != 1 {
		t.Errorf("%d requests arrived, exit code %d: %s", s.asked.Load(), code, stderr)
	}
}

// The authority of LETHE_CA_FILE counts in every verb that talks to a server: without it not one request arrives.
func TestEveryVerbTrustsTheAuthorityOfTheEnvironment(t *testing.T) {
	w := &world{t: t}
	s := newSecure(t)
	_, key, err := ledger.GenerateKey("lethe.example.org")
	if err != nil {
		t.Fatal(err)
	}
	dir := files(t, map[string]string{"scan.pdf": word})
	lines := map[string][]string{
		"submit": {filepath.Join(dir, "scan.pdf")}, "status": {unknown}, "get": {unknown}, "delete": {unknown}, "list": nil,
		"access-log": nil, "usage": nil, "receipt": {unknown}, "erase": {"--subject", "tag"},
		"watch":       {files(t, map[string]string{"scan.pdf": word}), filepath.Join(dir, "out"), "--once", "--every", "1s"},
		"audit":       {"--key", key},
		"ledger save": {filepath.Join(dir, "copy")},
		"evidence":    {filepath.Join(dir, "evidence"), "--from", "2026-01-01", "--to", "2026-01-02", "--key", key},
		"case open":   {"app", unknown, "--reason", "why"}, "case approve": {unknown}, "case close": {unknown}, "case list": nil,
		"case fetch":  {unknown, "-o", filepath.Join(dir, "case")},
		"webhook add": {"app", "https://hooks.example.org/"}, "webhook list": {"app"}, "webhook test": {"app", unknown},
		"webhook rotate": {"app", unknown}, "webhook remove": {"app", unknown}, "webhook log": nil,
	}
	root := &cobra.Command{Use: "lethe"}
	root.AddCommand(append(verbs.Client("test"), verbs.Proof("test")...)...)
	var dials func(cmd *cobra.Command)
	dials = func(cmd *cobra.Command) {
		name := strings.TrimPrefix(cmd.CommandPath(), "lethe ")
		if _, tried := lines[name]; !tried && cmd.Flags().Lookup("ca-file") != nil {
			t.Errorf("lethe %s talks to a server and is not tried", name)
		}
		for _, sub := range cmd.Commands() {
			dials(sub)
		}
	}
	dials(root)
	for name, args := range lines {
		verb, _, _ := strings.Cut(name, " of ")
		args = append(strings.Fields(verb), args...)
		for authority, arrive := range map[string]bool{"": false, s.authority: true} {
			t.Setenv("LETHE_CA_FILE", authority)
			s.asked.Store(0)
			_ = os.RemoveAll(filepath.Join(dir, "evidence")) // it must be new
			code, _, stderr := w.run(t.Context(), "", args...)
			if (s.asked.Load() > 0) != arrive || code == verbs.ExitOK {
				t.Errorf("%s with %q: %d requests arrived, exit code %d: %s", name, authority, s.asked.Load(), code, stderr)
			}
		}
	}
}
