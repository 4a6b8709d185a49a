package verbs_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/task"
)

// people is an identity provider: a token is a person's name and their scope.
type people struct{}

func (people) Verify(_ context.Context, token string) (access.Claims, error) {
	name, scope, ok := strings.Cut(token, "/")
	if !ok {
		return access.Claims{}, fault.New(fault.Unauthorized, "the token is not valid")
	}
	return access.Claims{Subject: "subject-" + name, Roles: []access.Scope{access.Scope(scope)}}, nil
}

// as signs a person in for the verbs that follow.
func (w *world) as(name string, scope access.Scope) {
	w.t.Helper()
	w.t.Setenv("LETHE_TOKEN", name+"/"+string(scope))
}

// submitted is a task that waits for its document, and its owner.
func (w *world) submitted() (owner, id string) {
	w.t.Helper()
	owner = os.Getenv("LETHE_APP")
	accepted, err := w.Tasks.Create(w.t.Context(), task.Order{Application: owner})
	if err != nil {
		w.t.Fatal(err)
	}
	return owner, accepted.Task.Ref.ID
}

func TestTwoPersonsReviewADocument(t *testing.T) {
	w := newWorld(t)
	owner, id := w.submitted()
	w.as("jane", access.Reviewer)
	stdout, _ := w.want(verbs.ExitOK, "case", "open", owner, id, "--reason", "worker killed", "--hours", "2", "--json")
	var c client.Case
	if err := json.Unmarshal([]byte(stdout), &c); err != nil || c.State != "Waiting" || c.OpenedBy != "subject-jane" {
		t.Fatalf("%v: %s", err, stdout)
	}
	copied := filepath.Join(t.TempDir(), "copy")
	w.want(verbs.ExitRefused, "case", "fetch", c.ID, "-o", copied)
	w.want(verbs.ExitRefused, "case", "approve", c.ID)
	w.as("john", access.Reviewer)
	w.want(verbs.ExitOK, "case", "approve", c.ID)
	if stdout, _ = w.want(verbs.ExitOK, "case", "list"); !strings.Contains(stdout, c.ID) || !strings.Contains(stdout, "Open") {
		t.Errorf("list: %s", stdout)
	}
	w.want(verbs.ExitUsage, "case", "fetch", c.ID)
	w.want(verbs.ExitOK, "case", "fetch", c.ID, "-o", copied)
	if content, err := os.ReadFile(copied); err != nil || string(content) != "nothing to read" {
		t.Errorf("%q, %v", content, err)
	}
	if stat, err := os.Stat(copied); err != nil || stat.Mode().Perm() != 0o600 {
		t.Errorf("others may read the copy: %v", err)
	}
	half := filepath.Join(t.TempDir(), "half")
	w.want(verbs.ExitUnreachable, "case", "fetch", c.ID, "--original", "-o", half)
	if _, err := os.Stat(half); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("half a document stayed: %v", err)
	}
	if stdout, _ = w.want(verbs.ExitOK, "case", "close", c.ID); !strings.Contains(stdout, "Closed") {
		t.Errorf("close: %s", stdout)
	}
	w.want(verbs.ExitRefused, "case", "fetch", c.ID, "-o", copied)

	t.Setenv("LETHE_TOKEN", "")
	stdout, _ = w.want(verbs.ExitOK, "access-log")
	for _, want := range []string{"case.opened", "worker killed", "case.approved", "subject-john", "case.read", "case.original", "case.closed", id} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the owner does not see %q in\n%s", want, stdout)
		}
	}
}

func TestBadCasesAreUsage(t *testing.T) {
	w := newWorld(t)
	owner, id := w.submitted()
	w.as("jane", access.Reviewer)
	for name, s := range map[string]struct {
		code int
		args []string
	}{
		"no reason":    {verbs.ExitUsage, []string{"case", "open", owner, id}},
		"nine hours":   {verbs.ExitUsage, []string{"case", "open", owner, id, "--reason", "why", "--hours", "9"}},
		"unknown task": {verbs.ExitGone, []string{"case", "open", owner, unknown, "--reason", "why"}},
		"unknown case": {verbs.ExitGone, []string{"case", "approve", unknown}},
		"odd case":     {verbs.ExitGone, []string{"case", "close", "../applications"}},
	} {
		if code, _, stderr := w.run(t.Context(), "", s.args...); code != s.code {
			t.Errorf("%s: exit code %d, want %d: %s", name, code, s.code, stderr)
		}
	}
}

func TestAccessLogIsReadSinceATimeAndChecked(t *testing.T) {
	w := newWorld(t)
	owner, id := w.submitted()
	w.as("jane", access.Reviewer)
	w.want(verbs.ExitOK, "case", "open", owner, id, "--reason", "why")
	w.as("jill", access.Auditor)
	stdout, _ := w.want(verbs.ExitOK, "access-log", "--json", "--since", "2026-01-01")
	var e client.LogEntry
	if err := json.NewDecoder(strings.NewReader(stdout)).Decode(&e); err != nil || !strings.Contains(e.Text, "act case.opened\n") || e.Nonce == "" || e.Commitment == "" {
		t.Errorf("%v: %s", err, stdout)
	}
	if stdout, _ = w.want(verbs.ExitOK, "access-log", "--since", "2999-01-01T00:00:00Z"); stdout != "" {
		t.Errorf("since a time to come: %s", stdout)
	}
	w.want(verbs.ExitUsage, "access-log", "--since", "yesterday")
	w.as("jane", access.Reviewer)
	w.want(verbs.ExitRefused, "access-log")
}

func TestTokenComesFromAFileAndIsNotPrinted(t *testing.T) {
	w := newWorld(t)
	dir := files(t, map[string]string{"good": "jill/auditor\n", "bad": "secret-token\n", "odd": "two words\n"})
	w.want(verbs.ExitOK, "access-log", "--token-file", filepath.Join(dir, "good"))
	for name, want := range map[string]int{"bad": verbs.ExitRefused, "odd": verbs.ExitSetting, "none": verbs.ExitFile} {
		code, stdout, stderr := w.run(t.Context(), "", "access-log", "--token-file", filepath.Join(dir, name))
		if code != want || strings.Contains(stdout+stderr, "secret-token") {
			t.Errorf("%s: exit code %d, want %d: %s", name, code, want, stderr)
		}
	}
	// A secret that is named on the command line is meant, whatever the environment holds.
	w.as("jill", access.Auditor)
	secret := filepath.Join(files(t, map[string]string{"secret": os.Getenv("LETHE_SECRET")}), "secret")
	w.want(verbs.ExitOK, "list", "--secret-file", secret)
	w.want(verbs.ExitRefused, "list")
}
