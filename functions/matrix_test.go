//go:build linux && cgo

package main_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/functions/api/apitest"
	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/storage/azure/azurite"
)

// The running program lets in whom its description says, and nobody else, in every role. What each operation then answers
// is compared in the table of package api.
func TestRunningProgramLetsInWhomItsDescriptionNames(t *testing.T) {
	t.Run("one machine", func(t *testing.T) {
		s := start(t, "LETHE_OIDC_REQUIRED=false")
		apitest.CompareAccess(t, apitest.Caller{T: t, Base: s.url, App: s.app, Key: s.secret})
	})
	t.Run("custom handler", func(t *testing.T) { apitest.CompareAccess(t, handler(t)) })
}

// Whoever deploys the program chooses that secrets make auditors and reviewers. Without the choice they make none.
func TestSecretsGiveNoRoleUnlessThatIsChosen(t *testing.T) {
	s := start(t)
	admin := apitest.Caller{T: t, Base: s.url, App: s.app, Key: s.secret}
	for scope, path := range map[access.Scope]string{access.Operator: "/v1/retention", access.Auditor: "/v1/access-log", access.Reviewer: "/v1/cases"} {
		if status := admin.Made(scope).Call(http.MethodGet, path, "", nil); status != http.StatusForbidden {
			t.Errorf("a secret for %s opens %s: status %d", scope, path, status)
		}
	}
}

// handler runs the program as the Functions host does, over an emulator of its storage.
func handler(t *testing.T) apitest.Caller {
	t.Helper()
	c, _ := handlerOf(t, azurite.Start(t).Account(t), "", "/readyz", "LETHE_OIDC_REQUIRED=false")
	return c
}

// handlerOf runs it over an account, on a kernel that lacks something, and waits until the path is answered with success. stop tells it to
// end, and waits for that.
func handlerOf(t *testing.T, account azurite.Account, lacks, path string, env ...string) (c apitest.Caller, stop func()) {
	t.Helper()
	port := freePort(t)
	c = apitest.Caller{T: t, Base: "http://127.0.0.1:" + port, App: "matrix", Key: "lethe_matrix-secret"}
	key, _, err := ledger.GenerateKey("lethe.test")
	if err != nil {
		t.Fatal(err)
	}
	cmd := run(t, lacks, "functions")
	cmd.Env = append(cmd.Env, "FUNCTIONS_CUSTOMHANDLER_PORT="+port, "Documents="+account.ConnectionString,
		"LETHE_SIGNING_KEY="+key, "LETHE_BOOTSTRAP_APP="+c.App, "LETHE_BOOTSTRAP_HASH="+fmt.Sprintf("%x", sha256.Sum256([]byte(c.Key))))
	cmd.Env = append(cmd.Env, env...)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := sync.OnceFunc(func() { _ = cmd.Wait() })
	stop = func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		ended()
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it never ends by itself
		ended()
	})
	for range int(patience / (100 * time.Millisecond)) {
		res, err := http.Get(c.Base + path) //nolint:noctx // the test ends it
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK && c.Call(http.MethodGet, "/v1/applications", "", nil) == http.StatusOK {
				return c, stop
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("the handler is not ready: %s", log.String())
	return c, stop
}
