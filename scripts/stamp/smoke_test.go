// Package stamp_test runs the test of a stamp against the program itself.
package stamp_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

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
