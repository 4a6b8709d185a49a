package azure_test

import (
	"encoding/json"
	"os"
	"os/exec"
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
	for _, c := range w.Calls() {
		if c.Name != "az" {
			continue
		}
		line, err := json.Marshal(c.Args)
		w.Must(err)
		if !seen[string(line)] {
			seen[string(line)] = true
			lines.WriteString(string(line) + "\n")
		}
	}
	if len(seen) < 40 {
		t.Errorf("only %d command lines", len(seen))
	}
	cmd := exec.CommandContext(t.Context(), python, "testdata/parse.py")
	cmd.Env = append(os.Environ(), "HOME="+w.Path("az"), "AZURE_CONFIG_DIR="+w.Path("az"), "AZURE_CORE_COLLECT_TELEMETRY=no", "AZURE_CORE_ONLY_SHOW_ERRORS=yes")
	cmd.Stdin = strings.NewReader(lines.String())
	var complaints strings.Builder
	cmd.Stderr = &complaints
	refused, err := cmd.Output()
	if err != nil || len(refused) > 0 {
		t.Errorf("%v\n%s%s", err, refused, complaints.String())
	}
}
