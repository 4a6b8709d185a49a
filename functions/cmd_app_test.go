package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/functions/verbs"
)

func TestWhoGetsASecretThatDoesNotGiveARoleIsTold(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	for _, c := range []struct {
		scopes, required, told string
	}{
		{"submit,operator,auditor", "", "does not give auditor, operator: start it with LETHE_OIDC_REQUIRED=false"},
		{"reviewer", "true", "does not give reviewer"},
		{"operator", "false", ""},
		{"submit,admin", "", ""},
	} {
		if c.required != "" {
			t.Setenv("LETHE_OIDC_REQUIRED", c.required)
		}
		made, said, code := call(t, "app", "create", "--init", "--data", data, "--scopes", c.scopes, "--json")
		if code != 0 || strings.Contains(said, "LETHE_OIDC_REQUIRED") != (c.told != "") || !strings.Contains(said, c.told) {
			t.Errorf("%+v: code %d, said %q", c, code, said)
		}
		id := strings.Split(made, `"`)[3]
		if _, said, code := call(t, "app", "rotate", id, "--data", data); code != 0 || !strings.Contains(said, c.told) {
			t.Errorf("%+v rotated: code %d, said %q", c, code, said)
		}
		t.Setenv("LETHE_OIDC_REQUIRED", "true")
	}
	if made, said, code := call(t, "app", "create", "--data", data, "--scopes", "operator", "--oidc-client", "console"); code != 0 || strings.Contains(said, "LETHE_OIDC_REQUIRED") {
		t.Errorf("without a secret: code %d, %s%s", code, made, said)
	}
}

// A grace in the past, and an id that a variable of the shell did not hold, change nothing.
func TestSlipsOfTheShellRotateNothing(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	made, _, _ := call(t, "app", "create", "--init", "--data", data, "--json")
	id := strings.Split(made, `"`)[3]
	before, _, _ := call(t, "app", "list", "--data", data, "--json")
	for _, line := range [][]string{{"app", "rotate", id, "--grace", "-1h"}, {"app", "rotate", id, "--expires-in", "0s"}, {"app", "rotate", ""}, {"app", "revoke", ""}} {
		if _, said, code := call(t, append(line, "--data", data)...); code != verbs.ExitUsage {
			t.Errorf("%q: code %d, said %q", line, code, said)
		}
	}
	if after, _, _ := call(t, "app", "list", "--data", data, "--json"); after != before {
		t.Errorf("the application was %s and is %s", before, after)
	}
}
