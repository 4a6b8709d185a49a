package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestEveryFuzzerOfTheTreeIsFound(t *testing.T) {
	all, err := findFuzzers(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("git", "-C", root, "grep", "--untracked", "-c", "^func Fuzz", "--", "*_test.go").Output()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]bool{}
	for _, f := range all {
		files[f.folder] = true
	}
	for line := range strings.Lines(string(out)) {
		file, _, _ := strings.Cut(line, ":")
		if !files[filepath.Dir(file)] {
			t.Errorf("the fuzzers of %s are missing", file)
		}
	}
}

// A fuzzer whose rule an input breaks is a finding, and the input is kept where the next test run finds it.
func TestInputThatBreaksAFuzzerIsFoundAndKept(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"go.mod": "module planted.example\n\ngo 1.26\n",
		"planted_test.go": `package planted

import "testing"

func FuzzPlanted(f *testing.F) {
	f.Add([]byte("a"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1 {
			t.Fatal("broken")
		}
	})
}
`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	git(t, dir, "init", "-q")
	examined, found, err := fuzzers(t.Context(), dir, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || found[0].ID != "FuzzPlanted" {
		t.Fatalf("%s: %+v", examined, found)
	}
	kept, err := filepath.Glob(filepath.Join(dir, "testdata", "fuzz", "FuzzPlanted", "*"))
	if err != nil || len(kept) != 1 {
		t.Errorf("%v, %v", kept, err)
	}
}
