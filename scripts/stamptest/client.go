// Package stamptest drives a running stamp in tests as its clients do, through HTTP alone, and holds what every stamp must show,
// whatever it runs on.
package stamptest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/ledger"
)

// The first credentials of a new stamp, and the word in every document of these tests.
const (
	Application = "end-to-end"
	Secret      = "lethe_end-to-end-secret"
	Canary      = "CANARY"
)

// Settings are those that a new stamp needs: the first application, and a signing key, whose public half is returned too.
func Settings(t *testing.T) (settings map[string]string, public string) {
	t.Helper()
	hash := sha256.Sum256([]byte(Secret))
	private, public, err := ledger.GenerateKey("lethe.test")
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"LETHE_BOOTSTRAP_APP": Application, "LETHE_BOOTSTRAP_HASH": hex.EncodeToString(hash[:]), "LETHE_SIGNING_KEY": private,
	}, public
}

// Client is the application of a stamp.
type Client struct {
	Base     string // address of the stamp, without a slash at its end
	Uploaded int    // status of an upload that succeeded
}

// Request sends a client's request and decodes the answer into the value given, unless that is nil.
func (c Client) Request(ctx context.Context, method, path string, body string, into any) (int, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.Base+path, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.SetBasicAuth(Application, Secret)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 16<<20))
	if err != nil || into == nil || res.StatusCode >= http.StatusBadRequest {
		return res.StatusCode, err
	}
	if plain, ok := into.(*string); ok {
		*plain = string(text)
		return res.StatusCode, nil
	}
	return res.StatusCode, json.Unmarshal(text, into)
}

// Try is Request for answers that may not come: the status is zero then.
func (c Client) Try(t *testing.T, method, path string, into any) int {
	t.Helper()
	status, err := c.Request(t.Context(), method, path, "", into)
	if err != nil {
		return 0
	}
	return status
}

// Created is the answer to a new task.
type Created struct {
	ID     string
	Upload struct {
		URL, Method string
		Headers     map[string]string
	}
}

// Create makes a task with the settings, which are JSON.
func (c Client) Create(t *testing.T, settings string) Created {
	t.Helper()
	var made Created
	if status, err := c.Request(t.Context(), http.MethodPost, "/v1/tasks", settings, &made); err != nil || status != http.StatusCreated {
		t.Fatalf("create: %d, %v", status, err)
	}
	return made
}

// Submit makes a task and sends the document through its link. It returns the task's id.
func (c Client) Submit(t *testing.T, document []byte) string {
	t.Helper()
	made := c.Create(t, `{"formats":["txt"]}`)
	c.Send(t, made, document)
	return made.ID
}

// Send puts a document through the link of a task that was just made.
func (c Client) Send(t *testing.T, made Created, document []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), made.Upload.Method, made.Upload.URL, bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range made.Upload.Headers {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != c.Uploaded {
		t.Fatalf("upload: %d", res.StatusCode)
	}
}

// State returns the state of a task; empty if it is not to be had.
func (c Client) State(t *testing.T, id string) string {
	t.Helper()
	var got struct{ State string }
	if c.Try(t, http.MethodGet, "/v1/tasks/"+id, &got) != http.StatusOK {
		return ""
	}
	return got.State
}

// AwaitState waits for a state of the task. One that failed is the end of the test, unless that is awaited.
func (c Client) AwaitState(t *testing.T, id, state string) {
	t.Helper()
	Await(t, "the task is "+state, func() bool {
		got := c.State(t, id)
		if got == "ProcessingFailed" && state != got {
			t.Fatal("the task failed")
		}
		return got == state
	})
}

// Erase deletes the task and waits until it is erased.
func (c Client) Erase(t *testing.T, id string) {
	t.Helper()
	Await(t, "the task is erased", func() bool {
		return c.Try(t, http.MethodDelete, "/v1/tasks/"+id, nil) == http.StatusOK
	})
}

// patience is how long a busy machine may take for anything that a test waits for.
const patience = 15 * time.Minute

// Await waits until it is so.
func Await(t *testing.T, what string, so func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-ctx.Done():
			t.Fatalf("not so after %s: %s", patience, what)
		case <-tick.C:
		}
	}
}
