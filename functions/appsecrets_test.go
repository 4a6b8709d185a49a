//go:build linux && cgo

package main_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/functions/verbs"
)

// listedApplication is one of lethe app list --json.
type listedApplication struct {
	ID      string
	Scopes  []string
	Secrets []struct {
		ID      string
		Created time.Time
		Expires *time.Time
		Hash    any
	}
}

// Who looks after secrets sees each with its id and its end, and is told what a rotation ends and when.
func TestSecretsOfApplicationsAreShownWithTheirEnds(t *testing.T) {
	s := startAt(t, t.TempDir())
	app := func(args ...string) (stdout, stderr string) {
		t.Helper()
		cmd := (&desk{t, s.data}).lethe(append(append([]string{"app"}, args...), "--data", s.data)...)
		var out, messages bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &messages
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v: %v: %s", args, err, messages.String())
		}
		return out.String(), messages.String()
	}
	secrets := func() listedApplication {
		t.Helper()
		out, _ := app("list", "--json")
		var all []listedApplication
		if err := json.Unmarshal([]byte(out), &all); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		for _, a := range all {
			if a.ID == s.app {
				return a
			}
		}
		t.Fatalf("%s is not listed: %s", s.app, out)
		return listedApplication{}
	}
	first := secrets()
	if len(first.Secrets) != 1 || first.Secrets[0].ID == "" || first.Secrets[0].Expires != nil || first.Secrets[0].Hash != nil || len(first.Scopes) != 3 {
		t.Fatalf("%+v", first)
	}
	_, told := app("rotate", s.app, "--grace", "24h")
	if want := "The earlier secret " + first.Secrets[0].ID + " ends 20"; !strings.Contains(told, want) || !strings.Contains(told, "(in 23 hours 59 minutes)") {
		t.Errorf("%q does not say %q", told, want)
	}
	second := secrets()
	if len(second.Secrets) != 2 || second.Secrets[0].Expires == nil || second.Secrets[1].Expires != nil {
		t.Fatalf("%+v", second)
	}
	out, _ := app("rotate", s.app, "--json")
	var rotated struct {
		Secret string
		Ends   []struct {
			ID      string
			Expires time.Time
		}
	}
	if err := json.Unmarshal([]byte(out), &rotated); err != nil || rotated.Secret == "" || len(rotated.Ends) != 2 {
		t.Errorf("%v: %s", err, out) // the second ends now, and the first is one too many
	}
	out, _ = app("list")
	header, _, _ := strings.Cut(out, "\n")
	if strings.Join(strings.Fields(header), " ") != "ID NAME SCOPES SECRETS LIMITS" || !strings.Contains(out, "never ends") || !strings.Contains(out, "ended 20") {
		t.Errorf("list: %s", out)
	}
	if _, told = app("revoke", s.app); !strings.Contains(told, "The earlier secret ") || !strings.Contains(told, " ended ") {
		t.Errorf("revoke: %s", told)
	}
	if out, _ = app("list"); !strings.Contains(out, "revoked 20") {
		t.Errorf("list: %s", out)
	}
	if _, code := lethe(t, nil, "app", "create", "--data", s.data, "--languages", "German"); code != verbs.ExitUsage {
		t.Errorf("a language by its name: exit code %d", code)
	}
}

// What is not for eyes is kept off a terminal, whichever verb would write it there.
func TestTerminalGetsNoPDF(t *testing.T) {
	s := start(t)
	d := newDesk(t, "scan.pdf")
	for _, line := range []string{"get 0198c5a2-6d1e-7c3b-9a51-2f0f6b1f7d55 --format pdf", "submit --format pdf scan.pdf", "submit -"} {
		terminal, user := openTerminal(t)
		cmd := d.lethe(strings.Fields(line)...)
		cmd.Env = append(cmd.Env, "LETHE_URL="+s.url, "LETHE_APP="+s.app, "LETHE_SECRET="+s.secret)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = user, user, user
		if code := d.code(cmd.Run()); code != verbs.ExitUsage {
			t.Errorf("%s: exit code %d", line, code)
		}
		terminal.until(t, "or a")
	}
}
