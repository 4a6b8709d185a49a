//go:build linux && cgo

package main_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// compiler stands in for go: it notes what the folder of the build holds while it works, and writes a program or fails.
const compiler = `#!/bin/sh
for word; do [ "$last" != -o ] || out=$word; last=$word; done
cat "$FOLDER"/lethe* >>"$NOTES"
[ "$last" != "$FAILS" ] || exit 1
printf new >"$out"
`

func TestBuildLeavesARunningServerItsWorkerProgram(t *testing.T) {
	for what, fails := range map[string]string{"built": "", "the program fails": "./functions", "the worker program fails": "./functions/worker"} {
		t.Run(what, func(t *testing.T) {
			tools, folder, notes := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "notes")
			for _, name := range []string{"lethe", "lethe-worker", "lethe-worker-x86-64-v3", "lethe-worker-older"} {
				if err := os.WriteFile(filepath.Join(folder, name), []byte("old"), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile(filepath.Join(tools, "go"), []byte(compiler), 0o700); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), "../scripts/build.sh", folder)
			cmd.Env = append(os.Environ(), "VERSION=test", "PATH="+tools+":"+os.Getenv("PATH"), "FOLDER="+folder, "NOTES="+notes, "FAILS="+fails)
			if out, err := cmd.CombinedOutput(); (err == nil) != (fails == "") {
				t.Fatalf("%v\n%s", err, out)
			}
			seen, err := os.ReadFile(notes)
			if calls := strings.Count(string(seen), "oldoldoldold"); err != nil || calls == 0 || len(seen) != calls*len("oldoldoldold") {
				t.Errorf("while it was built the folder held %q, %v", seen, err)
			}
			left := map[string]string{}
			entries, err := os.ReadDir(folder)
			for _, e := range entries {
				content, unread := os.ReadFile(filepath.Join(folder, e.Name()))
				left[e.Name()], err = string(content), errors.Join(err, unread)
			}
			if err != nil {
				t.Fatal(err)
			}
			if fails != "" {
				if len(left) != 4 || left["lethe"] != "old" || left["lethe-worker-older"] != "old" {
					t.Errorf("a build that failed left %v", left)
				}
				return
			}
			worker := left["lethe-worker"] + left["lethe-worker-x86-64-v3"]
			if len(left) != 2 || left["lethe"] != "new" || worker != "new" {
				t.Errorf("the build left %v", left)
			}
		})
	}
}
