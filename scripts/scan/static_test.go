package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// root is the source tree.
const root = "../.."

// needs skips a test without a tool that scripts/setup.sh scan installs.
func needs(t *testing.T, name string) {
	t.Helper()
	if _, err := tool(root, name); err != nil {
		t.Skip(err)
	}
}

func git(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=scan", "-c", "user.email=scan@lethe.example"}, args...)...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v: %s", args, err, out)
	}
}

// The tree's own history holds no secret but those that were looked at.
func TestHistoryHoldsNoSecret(t *testing.T) {
	needs(t, "gitleaks")
	examined, found, err := secrets(t.Context(), root)
	if err != nil {
		t.Skip(err) // such as a clone without its history
	}
	list, err := readAccepted("findings.json")
	if err != nil {
		t.Fatal(err)
	}
	outcome := []Outcome{{Check: "secrets", State: Found, Findings: found}}
	for _, e := range list {
		e.mark(outcome)
	}
	for _, f := range outcome[0].Findings {
		if f.Accepted == "" {
			t.Errorf("%s in %s: %s", f.ID, f.Place, f.Detail)
		}
	}
	t.Log(examined)
}

// A secret that was committed once is found though the next commit took it back.
func TestSecretThatWasTakenBackIsFound(t *testing.T) {
	needs(t, "gitleaks")
	dir := t.TempDir()
	git(t, dir, "init", "-q")
	if err := os.MkdirAll(filepath.Join(dir, ".tools"), 0o700); err != nil {
		t.Fatal(err)
	}
	gitleaks, err := tool(root, "gitleaks")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(gitleaks, filepath.Join(dir, ".tools", "gitleaks")); err != nil {
		t.Fatal(err)
	}
	// Put together here, so that this file holds no secret itself.
	secret := "ghp_" + strings.Repeat("a1B2c3D4", 5)[:36]
	file := filepath.Join(dir, "settings.env")
	if err := os.WriteFile(file, []byte("TOKEN="+secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	git(t, dir, "add", "settings.env")
	git(t, dir, "commit", "-q", "-m", "Add settings")
	git(t, dir, "rm", "-q", "settings.env")
	git(t, dir, "commit", "-q", "-m", "Take them back")
	examined, found, err := secrets(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || !strings.HasPrefix(found[0].Place, "settings.env#") || examined != "2 commits" {
		t.Errorf("%s: %+v", examined, found)
	}
	if len(found) == 1 && strings.Contains(found[0].Place+found[0].Detail, secret) {
		t.Error("the report repeats the secret")
	}
}

func TestOnlyAdvisoriesThatTheProgramCanReachCount(t *testing.T) {
	config := `{"config":{"db":"https://vuln.example","db_last_modified":"2026-03-01T00:00:00Z"}}`
	called := `{"finding":{"osv":"GO-2026-0001","fixed_version":"v1.2.3","trace":[{"module":"m.example","package":"m.example/p","function":"F"},{"package":"lethe/functions"}]}}`
	imported := `{"finding":{"osv":"GO-2026-0002","trace":[{"module":"m.example","package":"m.example/p"}]}}`
	examined, found, err := readAdvisories(strings.NewReader(config + called + imported))
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || found[0].ID != "GO-2026-0001" || found[0].Place != "m.example" || !strings.Contains(examined, "2026-03-01") {
		t.Errorf("%s: %+v", examined, found)
	}
	for name, stream := range map[string]string{"nothing": "", "no database": `{"config":{}}`, "half": config + called[:40]} {
		if _, _, err := readAdvisories(strings.NewReader(stream)); err == nil {
			t.Errorf("%s was taken for an answer", name)
		}
	}
}

func TestToolThatIsMissingIsNamed(t *testing.T) {
	_, _, err := secrets(t.Context(), t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "gitleaks is not installed") {
		t.Errorf("%v", err)
	}
}
