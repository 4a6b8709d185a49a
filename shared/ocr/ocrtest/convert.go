package ocrtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Convert has a program convert a file, both with the names that the arguments give them. It skips the test where the program is
// not installed.
func Convert(t *testing.T, in []byte, from, to, tool string, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath(tool); err != nil {
		t.Skipf("%s is not installed", tool)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, from), in, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), tool, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", tool, err, out)
	}
	data, err := os.ReadFile(filepath.Join(dir, to))
	if err != nil {
		t.Fatal(err)
	}
	return data
}
