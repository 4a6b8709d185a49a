//go:build linux

// Package machine_test tries the guide to one machine.
package machine_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// cannot is the exit code of try.sh where no machine can be booted.
const cannot = 77

func TestGuideWorksStepByStep(t *testing.T) {
	stage := os.Getenv("LETHE_STAGE")
	if stage == "" {
		t.Skip("no package: LETHE_STAGE names no staged folder")
	}
	page := filepath.Join(t.TempDir(), "page.png")
	if out, err := exec.CommandContext(t.Context(), "go", "run", "../../scripts/sample", "-o", page).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	out, err := exec.CommandContext(t.Context(), "./try.sh", filepath.Join(filepath.Dir(stage), "lethe.zip"), page, "Vandermeer").CombinedOutput() //nolint:gosec // the package under test
	t.Logf("%s", out)
	var ended *exec.ExitError
	switch {
	case errors.As(err, &ended) && ended.ExitCode() == cannot:
		t.Skip("see above")
	case err != nil:
		t.Error(err)
	}
}
