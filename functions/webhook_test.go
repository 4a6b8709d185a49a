//go:build linux && cgo

package main_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/functions/api/apitest"
	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/client"
)

// documentedReceiver runs the receiver that the README shows, at an address of its own, and returns what it prints.
func documentedReceiver(t *testing.T, address, key string) *journal {
	t.Helper()
	text := ""
	for _, program := range regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(textOf(t, "../README.md"), -1) {
		if strings.Contains(program[1], "webhook.NewVerifier") {
			text = strings.Replace(program[1], "127.0.0.1:9000", address, 1)
		}
	}
	if !strings.Contains(text, address) {
		t.Fatal("README.md shows no receiver at 127.0.0.1:9000")
	}
	file, bin := filepath.Join(t.TempDir(), "main.go"), filepath.Join(t.TempDir(), "receiver")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "build", "-o", bin, file).CombinedOutput(); err != nil { // #nosec G204 -- the README's own
		t.Fatalf("%v: %s", err, out)
	}
	printed := &journal{}
	cmd := exec.CommandContext(t.Context(), bin) // #nosec G204 -- built above
	cmd.Env = append(os.Environ(), "WEBHOOK_KEY="+key)
	cmd.Stdout, cmd.Stderr = printed, printed
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() })
	eventually(t, "the receiver listens", func() bool {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	return printed
}

// eventually waits for something that comes by itself.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatalf("in vain: %s", what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func TestApplicationIsToldWhatBecomesOfItsTasks(t *testing.T) {
	s := start(t, "LETHE_WEBHOOKS=true")
	admin := apitest.Caller{T: t, Base: s.url, App: s.app, Key: s.secret}
	owner := admin.Made(access.Submit, access.Read, access.Delete)
	c, err := client.New(client.Config{URL: s.url, Application: s.app, Secret: s.secret})
	if err != nil {
		t.Fatal(err)
	}
	own, err := client.New(client.Config{URL: s.url, Application: owner.App, Secret: owner.Key})
	if err != nil {
		t.Fatal(err)
	}
	address := "127.0.0.1:" + freePort(t)
	keys, err := c.AddWebhook(t.Context(), owner.App, "http://"+address+"/lethe", nil)
	if err != nil {
		t.Fatal(err)
	}
	if unheard, err := c.TestWebhook(t.Context(), owner.App, keys.Webhook.ID); err != nil || unheard.Answered || unheard.Outcome != "unreachable" {
		t.Errorf("nobody listens: %+v, %v", unheard, err)
	}
	printed := documentedReceiver(t, address, keys.Secret)
	if heard, err := c.TestWebhook(t.Context(), owner.App, keys.Webhook.ID); err != nil || !heard.Answered || heard.Webhook.State != "active" {
		t.Fatalf("%+v, %v: %s", heard, err, printed)
	}
	task, err := own.Create(t.Context(), client.Settings{}, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := own.Delete(t.Context(), task.ID); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the receiver is told", func() bool { return strings.Contains(printed.String(), "task.deleted "+task.ID+" 1") })
	eventually(t, "the delivery is written down", func() bool {
		page, _, err := own.Deliveries(t.Context(), time.Time{}, "")
		return err == nil && len(page) == 1 && page[0].Outcome == "delivered" && page[0].Task == task.ID
	})
	if log := s.log.String(); strings.Contains(log, address) || strings.Contains(log, keys.Secret) || !strings.Contains(log, "webhook.delivered") {
		t.Errorf("the log tells the address or the secret, or not of the delivery: %s", log)
	}
	folders, err := filepath.Glob(filepath.Join(s.data, "*", "settings.json"))
	if err != nil || len(folders) != 1 {
		t.Fatalf("data folders %v, %v", folders, err)
	}
	if out, err := exec.Command(program(t), "app", "revoke", owner.App, "--data", filepath.Dir(folders[0])).CombinedOutput(); err != nil { // #nosec G204 -- built by the test
		t.Fatalf("revoke: %v: %s", err, out)
	}
	if left, err := c.Webhooks(t.Context(), owner.App); err != nil || len(left) > 0 {
		t.Errorf("a revoked application has %d webhooks, %v", len(left), err)
	}
}
