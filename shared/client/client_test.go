package client_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/client/clienttest"
)

func start(t *testing.T) (*clienttest.Server, *client.Client) {
	t.Helper()
	s := clienttest.Start(t)
	return s, dial(t, client.Config{URL: s.URL, Application: clienttest.Application, Secret: clienttest.Secret})
}

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

// send makes a task and uploads a document.
func send(t *testing.T, c *client.Client, document string, formats ...string) *client.Task {
	t.Helper()
	task, err := c.Create(t.Context(), client.Settings{Formats: formats}, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Upload(t.Context(), task, text(document)); err != nil {
		t.Fatal(err)
	}
	return task
}

func TestDocumentGoesItsWholeWay(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	task := send(t, c, "a letter", "txt")
	var seen []string
	task, err := c.Follow(t.Context(), task.ID, func(task *client.Task) { seen = append(seen, task.State) })
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"Queued", "InProgress", "InProgress", "InProgress", "Completed"}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("states seen (-want +got):\n%s", diff)
	}
	var result bytes.Buffer
	n, err := c.Fetch(t.Context(), task.ID, "txt", &result)
	if err != nil || result.String() != "txt of a letter" || n != int64(result.Len()) {
		t.Errorf("Fetch = %d, %v: %q", n, err, result.String())
	}
	gone, err := c.Erase(t.Context(), task.ID)
	if err != nil || gone.Erased.IsZero() {
		t.Errorf("Erase = %+v, %v", gone, err)
	}
	_, err = c.Get(t.Context(), task.ID, 0)
	if p := problem(t, err); p.Status != http.StatusGone || p.Code != "task_erased" {
		t.Errorf("an erased task answers %v", p)
	}
	for i, call := range s.Calls("GET /v1/tasks/" + task.ID) {
		if i > 0 && strings.HasSuffix(call.Path, task.ID) && call.Prefer == "" && i < len(seen) {
			t.Errorf("call %d of following does not let the server hold its answer", i)
		}
	}
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

func TestCredentialsStayAtTheServersOrigin(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	s.Fail(func(f *clienttest.Faults) { f.Redirect = true })
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
	if followed := s.Calls("GET /o/"); len(followed) > 0 {
		t.Errorf("redirects were followed: %v", followed)
	}
}

func TestLinksInTheClearAreRefused(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	done := send(t, c, "a letter", "txt")
	if _, err := c.Follow(t.Context(), done.ID, func(*client.Task) {}); err != nil {
		t.Fatal(err)
	}
	s.Fail(func(f *clienttest.Faults) { f.PlainLinks = true })
	task, err := c.Create(t.Context(), client.Settings{}, "")
	if err != nil {
		t.Fatal(err)
	}
	opened := false
	err = c.Upload(t.Context(), task, func() (io.ReadCloser, int64, error) { opened = true; return text("a letter")() })
	if err == nil || opened {
		t.Errorf("Upload to a plain http link = %v, document opened: %v", err, opened)
	}
	if _, err := c.Fetch(t.Context(), done.ID, "txt", io.Discard); err == nil {
		t.Error("Fetch from a plain http link succeeded")
	}
}

func TestBusyServerIsAskedAgainWhenItSays(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	s.Fail(func(f *clienttest.Faults) { f.Busy, f.RetryAfter = 2, time.Second })
	if _, err := c.Create(t.Context(), client.Settings{}, ""); err != nil {
		t.Fatal(err)
	}
	calls := s.Calls("POST /v1/tasks")
	if len(calls) != 3 {
		t.Fatalf("%d calls, want 3", len(calls))
	}
	for i := 1; i < len(calls); i++ {
		if waited := calls[i].At.Sub(calls[i-1].At); waited < time.Second {
			t.Errorf("call %d came after %v, the server asked for 1s", i, waited)
		}
	}
	if n := s.Tasks()["Submitted"]; n != 1 {
		t.Errorf("%d tasks were made, want 1", n)
	}
}

func TestRefusalIsNotRepeated(t *testing.T) {
	t.Parallel()
	s, _ := start(t)
	c := dial(t, client.Config{URL: s.URL, Application: clienttest.Application, Secret: "wrong"})
	_, err := c.Get(t.Context(), "task-001", 0)
	if p := problem(t, err); p.Status != http.StatusUnauthorized {
		t.Errorf("got %v, want 401", p)
	}
	if n := len(s.Calls("GET")); n != 1 {
		t.Errorf("%d calls, want 1", n)
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

func TestInterruptionEndsAtOnce(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	s.Fail(func(f *clienttest.Faults) { f.Busy, f.RetryAfter = 1, time.Minute })
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := c.Get(ctx, "task-001", 0); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want Canceled", err)
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

func TestBatchKeepsOrderAndProblems(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	items := []client.BatchItem{
		{Key: "a"},
		{Key: "b", Settings: client.Settings{Languages: []string{"xxx"}}},
		{Key: "c"},
		{Key: "a"},
	}
	results, err := c.CreateBatch(t.Context(), items)
	if err != nil {
		t.Fatal(err)
	}
	if results[0].Task.ID == results[2].Task.ID || results[0].Task.ID != results[3].Task.ID {
		t.Error("keys and tasks do not belong together")
	}
	if p := results[1].Problem; p == nil || p.Code != "language_unknown" {
		t.Errorf("second item: %v, want language_unknown", p)
	}
}

func TestListGoesFromPageToPage(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	for range 5 {
		send(t, c, "a letter")
	}
	var ids []string
	for after := ""; ; {
		page, next, err := c.List(t.Context(), "Queued", after, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, task := range page {
			ids = append(ids, task.ID)
		}
		if after = next; after == "" {
			break
		}
	}
	if diff := cmp.Diff([]string{"task-001", "task-002", "task-003", "task-004", "task-005"}, ids); diff != "" {
		t.Errorf("tasks listed (-want +got):\n%s", diff)
	}
}

func TestEraseWaitsForWorkers(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	task := send(t, c, "a letter")
	s.Fail(func(f *clienttest.Faults) { f.Held = 1 })
	gone, err := c.Erase(t.Context(), task.ID)
	if err != nil || gone.Erased.IsZero() {
		t.Fatalf("Erase = %+v, %v", gone, err)
	}
	calls := s.Calls("DELETE")
	if len(calls) != 2 || calls[1].At.Sub(calls[0].At) < time.Second {
		t.Errorf("calls %v: want a second one after Retry-After", calls)
	}
}
