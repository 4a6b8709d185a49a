package azure_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// parses lets the real azure-cli parse every command line that the scripts called.
func (w *world) parses(t *testing.T) {
	t.Helper()
	const python = "/usr/bin/python3" // Debian's, which has Debian's azure-cli
	if err := exec.CommandContext(t.Context(), python, "-c", "import azure.cli.core").Run(); err != nil {
		t.Skip("no azure-cli of Debian: apt-get install azure-cli")
	}
	var lines strings.Builder
	seen := map[string]bool{}
	for _, c := range w.calls() {
		if c.Name != "az" {
			continue
		}
		line, err := json.Marshal(c.Args)
		w.must(err)
		if !seen[string(line)] {
			seen[string(line)] = true
			lines.WriteString(string(line) + "\n")
		}
	}
	if len(seen) < 40 {
		t.Errorf("only %d command lines", len(seen))
	}
	cmd := exec.CommandContext(t.Context(), python, "testdata/parse.py")
	cmd.Env = append(os.Environ(), "HOME="+w.path("az"), "AZURE_CONFIG_DIR="+w.path("az"), "AZURE_CORE_COLLECT_TELEMETRY=no", "AZURE_CORE_ONLY_SHOW_ERRORS=yes")
	cmd.Stdin = strings.NewReader(lines.String())
	var complaints strings.Builder
	cmd.Stderr = &complaints
	refused, err := cmd.Output()
	if err != nil || len(refused) > 0 {
		t.Errorf("%v\n%s%s", err, refused, complaints.String())
	}
}

// TestTheTestOfAStampPassesAgainstARealServer runs smoke.sh against the program itself.
func TestTheTestOfAStampPassesAgainstARealServer(t *testing.T) {
	t.Parallel()
	lethe := os.Getenv("LETHE_BIN")
	if lethe == "" {
		t.Skip("LETHE_BIN names no program: make build, then LETHE_BIN=$PWD/bin/lethe")
	}
	serve := exec.CommandContext(t.Context(), lethe, "serve", "--ephemeral")
	serve.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
	out, err := serve.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = serve.Process.Signal(os.Interrupt)
		_ = serve.Wait() // it was told to end
	})
	var at struct{ URL, App, Secret string }
	if err := json.NewDecoder(out).Decode(&at); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = out.Read(make([]byte, 1<<20)) }()
	script, err := filepath.Abs("smoke.sh")
	if err != nil {
		t.Fatal(err)
	}
	smoke := exec.CommandContext(t.Context(), script)
	smoke.Env = append(os.Environ(), "LETHE_URL="+at.URL, "LETHE_APP="+at.App, "LETHE_SECRET="+at.Secret)
	said, err := smoke.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	for _, want := range []string{"sent to its upload link", "recognised in", "long words were read", "signed by the stamp's key"} {
		if !strings.Contains(string(said), want) {
			t.Errorf("it does not say %q:\n%s", want, said)
		}
	}
	smoke = exec.CommandContext(t.Context(), script)
	smoke.Env = append(os.Environ(), "LETHE_URL="+at.URL, "LETHE_APP="+at.App, "LETHE_SECRET=wrong")
	if said, err := smoke.CombinedOutput(); err == nil {
		t.Errorf("it passes with a wrong secret:\n%s", said)
	}
}
