//go:build linux && cgo

package main_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/erasure"
)

// securityPage is what customers read.
func securityPage(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// names returns the first group of each match, once.
func names(pattern, text string) map[string]bool {
	found := map[string]bool{}
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		found[m[1]] = true
	}
	return found
}

// testsOfTheTree lists every test and fuzzer.
func testsOfTheTree(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && d.Name() != "..":
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		for name := range names(`(?m)^func ((?:Test|Fuzz)[A-Z]\w*)\(\w+ \*testing\.[TF]\)`, string(text)) {
			all[name] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// The page that customers read claims only what the tree holds: tests, verbs, targets and settings.
func TestSecurityPageClaimsWhatExists(t *testing.T) {
	page := securityPage(t)
	help, err := exec.Command(program(t), "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	for _, claim := range []struct {
		what, pattern string
		known         map[string]bool
	}{
		{"test", "`((?:Test|Fuzz)[A-Z][^`]*)`", testsOfTheTree(t)},
		{"verb", "`lethe ([a-z-]+)", names(`(?m)^  ([a-z-]+) {2,}\S`, string(help))},
		{"target", "`make ([a-z-]+)", names(`(?m)^([a-z-]+):`, string(makefile))},
		{"setting", `(LETHE_[A-Z]\w*)`, names(`(?m)^  (LETHE_\w+) `, config.Usage())},
	} {
		claimed := names(claim.pattern, page)
		if len(claimed) == 0 || len(claim.known) == 0 {
			t.Errorf("%s: %d are claimed, %d are known", claim.what, len(claimed), len(claim.known))
		}
		for name := range claimed {
			if !claim.known[name] {
				t.Errorf("SECURITY.md speaks of the %s %s, which does not exist", claim.what, name)
			}
		}
	}
}

// Each class of copies has its line, with the time and the proof that the inventory names.
func TestSecurityPageListsEveryClassOfCopies(t *testing.T) {
	lines := map[string]string{}
	for line := range strings.Lines(securityPage(t)) {
		for name := range names("^\\| `([a-z-]+)`[^|]*\\|", line) {
			lines[name] = line
		}
	}
	for _, item := range erasure.Inventory() {
		line, ok := lines[string(item.Class)]
		if !ok {
			t.Errorf("%s is not listed", item.Class)
		} else if !strings.Contains(line, "`"+item.Proof+"`") {
			t.Errorf("%s is not proved by %s: %s", item.Class, item.Proof, line)
		}
	}
}
