package client_test

import (
	"crypto/tls"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/client"
)

func dial(t *testing.T, cfg client.Config) *client.Client {
	t.Helper()
	c, err := client.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// text is a document that is opened as often as it must be sent.
func text(s string) client.Source {
	return func() (io.ReadCloser, int64, error) { return io.NopCloser(strings.NewReader(s)), int64(len(s)), nil }
}

func problem(t *testing.T, err error) *client.Problem {
	t.Helper()
	var p *client.Problem
	if !errors.As(err, &p) {
		t.Fatalf("got %v, want a problem", err)
	}
	return p
}

func TestAddressesThatWouldLeakAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, url string
		insecure  bool
		ok        bool
	}{
		{name: "https", url: "https://lethe.example.org", ok: true},
		{name: "https with a path", url: "https://example.org/lethe/", ok: true},
		{name: "loopback by name", url: "http://localhost:8080", ok: true},
		{name: "loopback by address", url: "http://127.0.0.1:8080", ok: true},
		{name: "loopback of IPv6", url: "http://[::1]:8080", ok: true},
		{name: "another machine, meant", url: "http://lethe.example.org", insecure: true, ok: true},
		{name: "another machine", url: "http://lethe.example.org"},
		{name: "name that begins like loopback", url: "http://localhost.example.org"},
		{name: "address that begins like loopback", url: "http://127.0.0.1.example.org"},
		{name: "credentials inside", url: "https://user:word@lethe.example.org"},
		{name: "query", url: "https://lethe.example.org/?a=b"},
		{name: "another scheme", url: "ftp://lethe.example.org", insecure: true},
		{name: "no scheme", url: "lethe.example.org"},
		{name: "nothing", url: ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := client.New(client.Config{URL: c.url, Application: "a", Secret: "hush", InsecureHTTP: c.insecure})
			if (err == nil) != c.ok {
				t.Errorf("New = %v, want ok: %v", err, c.ok)
			}
			if err != nil && strings.Contains(err.Error(), "word") {
				t.Errorf("%q repeats credentials", err)
			}
		})
	}
}

func TestServerThatNeverAnsweredIsUnreachableSoon(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	c := dial(t, client.Config{URL: closed.URL, Application: "a", Secret: "s"})
	if _, err := c.Get(t.Context(), "task-001", 0); !errors.Is(err, client.ErrUnreachable) {
		t.Errorf("got %v, want ErrUnreachable", err)
	}
}

func TestCertificatesAreVerified(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"id":"task-001","state":"Queued"}`)
	}))
	t.Cleanup(server.Close)
	cfg := client.Config{URL: server.URL, Application: "a", Secret: "s"}

	var untrusted *tls.CertificateVerificationError
	_, err := dial(t, cfg).Get(t.Context(), "task-001", 0)
	if !errors.As(err, &untrusted) || !errors.Is(err, client.ErrUnreachable) {
		t.Errorf("an unknown authority gives %v", err)
	}
	cfg.CACert = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if _, err := dial(t, cfg).Get(t.Context(), "task-001", 0); err != nil {
		t.Errorf("an authority that is given: %v", err)
	}
	cfg.CACert = []byte("no certificate")
	if _, err := client.New(cfg); err == nil {
		t.Error("a CA file without a certificate is taken")
	}
}

func TestCredentialsStayAtTheServersOrigin(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }))
	t.Cleanup(elsewhere.Close)
	server := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	t.Cleanup(server.Close)
	c := dial(t, client.Config{URL: server.URL, Application: "a", Secret: "s"})
	calls := map[string]func() error{
		"Create": func() error { _, err := c.Create(t.Context(), client.Settings{}, "k"); return err },
		"Get":    func() error { _, err := c.Get(t.Context(), "task-001", 0); return err },
		"Delete": func() error { _, err := c.Delete(t.Context(), "task-001"); return err },
		"List":   func() error { _, _, err := c.List(t.Context(), "", "", 10); return err },
		"Fetch":  func() error { _, err := c.Fetch(t.Context(), "task-001", "txt", io.Discard); return err },
	}
	for name, call := range calls {
		if p := problem(t, call()); p.Status != http.StatusTemporaryRedirect {
			t.Errorf("%s: %v, want the redirect as a problem", name, p)
		}
	}
}

func TestLinksInTheClearAreRefused(t *testing.T) {
	t.Parallel()
	const plain = "http://storage.example.org/document"
	server := httptest.NewServer(http.RedirectHandler(plain, http.StatusSeeOther)) // as results are answered
	t.Cleanup(server.Close)
	c := dial(t, client.Config{URL: server.URL, Application: "a", Secret: "s"})
	opened := false
	task := &client.Task{ID: "task-001", Upload: &client.Link{URL: plain, Method: "PUT"}}
	err := c.Upload(t.Context(), task, func() (io.ReadCloser, int64, error) { opened = true; return text("a letter")() })
	if err == nil || opened {
		t.Errorf("Upload to a plain http link = %v, document opened: %v", err, opened)
	}
	if _, err := c.Fetch(t.Context(), task.ID, "txt", io.Discard); err == nil {
		t.Error("Fetch from a plain http link succeeded")
	}
}
