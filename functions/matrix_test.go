//go:build linux && cgo

package main_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/storage/azure/azurite"
)

// caller is how one credential calls a running program.
type caller struct {
	t    *testing.T
	base string
	app  string
	key  string
}

// call returns the status and decodes a success into the value given, unless that is nil.
func (c caller) call(method, path, body string, into any) int {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if c.app != "" {
		req.SetBasicAuth(c.app, c.key)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	// A redirect to a result is an answer.
	noRedirect := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := noRedirect.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err := res.Body.Close(); err != nil {
		c.t.Fatal(err)
	}
	if err == nil && into != nil && res.StatusCode < 300 {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return res.StatusCode
}

// made makes an application with a scope.
func (c caller) made(scopes ...access.Scope) caller {
	c.t.Helper()
	in, err := json.Marshal(map[string]any{"name": "matrix", "scopes": scopes})
	if err != nil {
		c.t.Fatal(err)
	}
	var app struct{ ID, Secret string }
	if status := c.call(http.MethodPost, "/v1/applications", string(in), &app); status != http.StatusCreated {
		c.t.Fatalf("make application: %d", status)
	}
	return caller{c.t, c.base, app.ID, app.Secret}
}

// described is one operation as the program describes it.
type described struct {
	OperationID string                `json:"operationId"`
	Security    []map[string][]string `json:"security"`
}

func (d described) scopes() []string {
	var all []string
	for _, way := range d.Security {
		for _, scopes := range way {
			all = append(all, scopes...)
		}
	}
	return all
}

// The running program lets in whom its description says, and nobody else, in every role. What each operation then answers
// is compared in the table of package api.
func TestRunningProgramLetsInWhomItsDescriptionNames(t *testing.T) {
	t.Run("one machine", func(t *testing.T) {
		s := start(t, "LETHE_OIDC_REQUIRED=false")
		walk(t, caller{t, s.url, s.app, s.secret})
	})
	t.Run("custom handler", func(t *testing.T) { walk(t, handler(t)) })
}

// Whoever deploys the program chooses that secrets make auditors and reviewers. Without the choice they make none.
func TestSecretsGiveNoRoleUnlessThatIsChosen(t *testing.T) {
	s := start(t)
	admin := caller{t, s.url, s.app, s.secret}
	for scope, path := range map[access.Scope]string{access.Operator: "/v1/retention", access.Auditor: "/v1/access-log", access.Reviewer: "/v1/cases"} {
		if status := admin.made(scope).call(http.MethodGet, path, "", nil); status != http.StatusForbidden {
			t.Errorf("a secret for %s opens %s: status %d", scope, path, status)
		}
	}
}

func walk(t *testing.T, admin caller) {
	t.Helper()
	var doc struct {
		Paths map[string]map[string]json.RawMessage
	}
	anybody := caller{t: t, base: admin.base}
	if status := anybody.call(http.MethodGet, "/v1/openapi.json", "", &doc); status != http.StatusOK {
		t.Fatalf("description: %d", status)
	}
	revoked, rotated := admin.made(access.ApplicationScopes()...), admin.made(access.ApplicationScopes()...)
	if status := admin.call(http.MethodDelete, "/v1/applications/"+revoked.app, "", nil); status != http.StatusOK {
		t.Fatalf("revoke: %d", status)
	}
	if status := admin.call(http.MethodPost, "/v1/applications/"+rotated.app+"/secrets", `{"grace_seconds":0}`, nil); status != http.StatusOK {
		t.Fatalf("rotate: %d", status)
	}
	callers := map[string]caller{"nobody": anybody, "wrong secret": {t, admin.base, admin.app, "guess"}, "revoked": revoked, "rotated out": rotated}
	for _, scope := range access.Scopes() {
		callers[string(scope)] = admin.made(scope)
	}
	time.Sleep(6 * time.Second) // a running program notices what became of credentials within five seconds
	calls := 0
	for path, item := range doc.Paths {
		for method, raw := range item {
			var op described
			if err := json.Unmarshal(raw, &op); err != nil || op.OperationID == "" {
				continue // of the whole path
			}
			for name, c := range callers {
				calls++
				got := c.call(strings.ToUpper(method), fill(path), body(method), nil)
				if got == http.StatusTooManyRequests {
					got = http.StatusUnauthorized // who guesses often is not even looked at
				}
				if want := refusal(op, name); want != 0 && got != want || want == 0 && (got == 401 || got == 403 || got >= 500 && op.OperationID != "getReadiness") {
					t.Errorf("%s by %s: status %d, want %d (0 for any but 401, 403 and 500s)", op.OperationID, name, got, want)
				}
			}
		}
	}
	t.Logf("%d answers were compared", calls)
}

// refusal is the status that a caller is refused with, 0 for one that is let in.
func refusal(op described, name string) int {
	scopes := op.scopes()
	switch {
	case len(scopes) == 0:
		return 0
	case !slices.Contains(access.Scopes(), access.Scope(name)):
		return 401
	case !slices.Contains(scopes, name):
		return 403
	default:
		return 0
	}
}

// fill names things that there are not.
func fill(path string) string {
	return strings.NewReplacer("{id}", "0198c5a2-6d1e-7c3b-9a51-2f0f6b1f7d55", "{format}", "txt", "{level}", "0", "{index}", "000", "{number}", "1", "{file}", "checkpoint", "{app}", "nobody").Replace(path)
}

func body(method string) string {
	if method == "post" {
		return "{}"
	}
	return ""
}

// handler runs the program as the Functions host does, over an emulator of its storage.
func handler(t *testing.T) caller {
	t.Helper()
	c, _ := handlerOf(t, azurite.Start(t).Account(t), "", "/readyz", "LETHE_OIDC_REQUIRED=false")
	return c
}

// handlerOf runs it over an account, on a kernel that lacks something, and waits until the path is answered with success.
func handlerOf(t *testing.T, account azurite.Account, lacks, path string, env ...string) (c caller, stop func()) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(ln.Addr().String())
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	c = caller{t, "http://127.0.0.1:" + port, "matrix", "lethe_matrix-secret"}
	key, _, err := ledger.GenerateKey("lethe.test")
	if err != nil {
		t.Fatal(err)
	}
	cmd := run(t, lacks, "functions")
	cmd.Env = append(cmd.Env, "FUNCTIONS_CUSTOMHANDLER_PORT="+port, "Documents="+account.ConnectionString,
		"LETHE_SIGNING_KEY="+key, "LETHE_BOOTSTRAP_APP="+c.app, "LETHE_BOOTSTRAP_HASH="+fmt.Sprintf("%x", sha256.Sum256([]byte(c.key))))
	cmd.Env = append(cmd.Env, env...)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		_ = cmd.Process.Kill() // it never ends by itself
		_ = cmd.Wait()
	})
	t.Cleanup(stop)
	for range 600 {
		res, err := http.Get(c.base + path) //nolint:noctx // the test ends it
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK && c.call(http.MethodGet, "/v1/applications", "", nil) == http.StatusOK {
				return c, stop
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("the handler is not ready: %s", log.String())
	return c, stop
}
