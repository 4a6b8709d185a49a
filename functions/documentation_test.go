//go:build linux && cgo

package main_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/erasure"
	"github.com/lethe-ocr/lethe/shared/ocr/worker/effect"
)

// documentation lists the pages that people read, seen from this folder.
func documentation() []string {
	return []string{"../README.md", "../SECURITY.md", "../.github/CONTRIBUTING.md", "../infra/README.md", "../infra/data-protection.md", "../infra/scale.md", "../shared/abbyy/compatibility.md", "testdata/asvs.md"}
}

// textOf returns the text of a page.
func textOf(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// names returns the first group of each match, once.
func names(pattern, text string) map[string]bool {
	found := map[string]bool{}
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		found[m[1]] = true
	}
	return found
}

// inTree returns the names that the pattern's group has in files of the tree whose path ends in one of the endings.
func inTree(t *testing.T, pattern string, endings ...string) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && d.Name() != "..":
			return filepath.SkipDir
		case d.IsDir() || !slices.ContainsFunc(endings, func(e string) bool { return strings.HasSuffix(path, e) }):
			return nil
		}
		text, err := os.ReadFile(path)
		for name := range names(pattern, string(text)) {
			all[name] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// help returns what the program says about a command.
func help(t *testing.T, command ...string) string {
	t.Helper()
	out, err := exec.Command(program(t), slices.Concat(command, []string{"--help"})...).Output()
	if err != nil {
		t.Fatalf("lethe %s --help: %v", strings.Join(command, " "), err)
	}
	return string(out)
}

// The pages claim only what exists: tests, targets of make, settings, files and links.
func TestDocumentationClaimsWhatExists(t *testing.T) {
	settings := names(`(?m)^  (LETHE_\w+) `, config.Usage())
	for name := range names(`(LETHE_[A-Z_]+)`, help(t, "submit")) {
		settings[name] = true
	}
	for name := range inTree(t, `(LETHE_[A-Z_]+)`, ".sh", "Makefile") {
		settings[name] = true
	}
	claims := []struct {
		what, pattern string
		known         map[string]bool
	}{
		{"test", "`((?:Test|Fuzz|Benchmark)[A-Z][^`]*)`", inTree(t, `(?m)^func ((?:Test|Fuzz|Benchmark)[A-Z]\w*)\(\w+ \*testing\.[TFB]\)`, "_test.go")},
		{"target", "(?m)(?:^|`|&& )(?:[A-Z_]+=\\S+ )?make ([a-z-]+)", names(`(?m)^([a-z-]+):`, textOf(t, "../Makefile"))},
		{"setting", `(LETHE_[A-Z]\w*)`, settings},
	}
	for _, path := range documentation() {
		text := textOf(t, path)
		for _, claim := range claims {
			for name := range names(claim.pattern, text) {
				if !claim.known[name] {
					t.Errorf("%s names the %s %s, which does not exist", path, claim.what, name)
				}
			}
		}
		for name := range names("`((?:functions|shared|infra|scripts|\\.ci|\\.github)/[^` …]*)`", text) {
			if found, err := filepath.Glob(filepath.Join("..", name)); err != nil || len(found) == 0 {
				t.Errorf("%s names the file %s, which does not exist", path, name)
			}
		}
		for link := range names(`\]\(([^)\s]+)\)`, text) {
			target, anchor, _ := strings.Cut(link, "#")
			if strings.Contains(target, "://") {
				continue
			}
			file := path
			if target != "" {
				file = filepath.Join(filepath.Dir(path), target)
			}
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s links to %s: %v", path, link, err)
			} else if anchor != "" && !anchors(textOf(t, file))[anchor] {
				t.Errorf("%s links to %s: no heading has that name", path, link)
			}
		}
	}
	for _, claim := range claims {
		if len(claim.known) == 0 {
			t.Errorf("no %s is known", claim.what)
		}
	}
}

// anchors returns the names by which headings of a page can be linked to.
func anchors(text string) map[string]bool {
	found := map[string]bool{}
	for heading := range names(`(?m)^#+ (.+)$`, text) {
		name := regexp.MustCompile(`[^a-z0-9 -]`).ReplaceAllString(strings.ToLower(heading), "")
		found[strings.ReplaceAll(name, " ", "-")] = true
	}
	return found
}

// Each command line that a page shows names a command of the program and flags that it takes.
func TestDocumentedCommandsAndFlagsExist(t *testing.T) {
	var (
		invocation = regexp.MustCompile("(?:^|[`(]|&& |[A-Z]=\\S+ )(?:bin/)?lethe ((?:[^`\n#&|)$]|\\$\\w)+)")
		word       = regexp.MustCompile(`^[a-z][a-z-]*$`)
		texts      = map[string]string{}
	)
	helpOf := func(command ...string) string {
		key := strings.Join(command, " ")
		if _, known := texts[key]; !known {
			texts[key] = help(t, command...)
		}
		return texts[key]
	}
	subcommands := func(command ...string) map[string]bool {
		_, list, _ := strings.Cut(helpOf(command...), "Available Commands:\n")
		list, _, _ = strings.Cut(list, "\n\n")
		return names(`(?m)^  ([a-z-]+)`, list)
	}
	for _, path := range documentation() {
		seen := 0
		for line := range strings.Lines(textOf(t, path)) {
			for _, m := range invocation.FindAllStringSubmatch(line, -1) {
				seen++
				words := strings.Fields(m[1])
				if strings.HasPrefix(words[0], "-") {
					continue // a flag of the program itself
				}
				command := words[:1]
				if !subcommands()[command[0]] {
					t.Errorf("%s: lethe has no command %s: %s", path, command[0], strings.TrimSpace(line))
					continue
				}
				if below := subcommands(command...); len(below) > 0 && len(words) > 1 && word.MatchString(words[1]) {
					if command = words[:2]; !below[words[1]] {
						t.Errorf("%s: lethe %s has no command %s", path, words[0], words[1])
						continue
					}
				}
				for _, w := range words[len(command):] {
					flag, _, _ := strings.Cut(w, "=")
					if strings.HasPrefix(flag, "-") && flag != "-" && !strings.Contains(helpOf(command...), " "+flag) {
						t.Errorf("%s: lethe %s has no flag %s", path, strings.Join(command, " "), flag)
					}
				}
			}
		}
		if seen == 0 && path == "../README.md" {
			t.Errorf("%s shows no command", path)
		}
	}
}

// The Go program of the README compiles against the client.
func TestDocumentedProgramCompiles(t *testing.T) {
	programs := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(textOf(t, "../README.md"), -1)
	if len(programs) == 0 {
		t.Fatal("README.md shows no Go program")
	}
	for _, text := range programs {
		file := filepath.Join(t.TempDir(), "main.go")
		if err := os.WriteFile(file, []byte(text[1]), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("go", "vet", file).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	}
}

// Customers read about each class of copies; the proof of each is in the inventory itself.
func TestSecurityPageListsEveryClassOfCopies(t *testing.T) {
	listed := map[string]bool{}
	for line := range strings.Lines(textOf(t, "../SECURITY.md")) {
		if cells := strings.Split(line, "|"); len(cells) == 4 {
			for class := range names("`([a-z-]+)`", cells[1]) {
				listed[class] = true
			}
		}
	}
	for _, item := range erasure.Inventory() {
		if !listed[string(item.Class)] {
			t.Errorf("%s is not listed", item.Class)
		}
	}
}

// A promise that nobody reads to its end is none: the page stays within eight printed pages.
func TestSecurityPageIsShort(t *testing.T) {
	if words := len(regexp.MustCompile(`\S*\w\S*`).FindAllString(textOf(t, "../SECURITY.md"), -1)); words > 4000 {
		t.Errorf("SECURITY.md has %d words; it may have 4,000", words)
	}
}

// What workers are kept from is said in the words of the list that they are tried by.
func TestDocumentationSaysWhatWorkersCannotDo(t *testing.T) {
	for _, path := range []string{"../README.md", "../SECURITY.md"} {
		if said := strings.Join(strings.Fields(textOf(t, path)), " "); !strings.Contains(said, "cannot "+effect.Sentence()) {
			t.Errorf("%s does not say that workers cannot %s", path, effect.Sentence())
		}
	}
}

// Whoever follows README.md in a clone leaves nothing there that git shows: a release is made only of a tree without such.
func TestCommandsOfTheReadmeLeaveNothingThatGitShows(t *testing.T) {
	ignored := map[string]bool{}
	for line := range strings.Lines(textOf(t, "../.gitignore")) {
		ignored[strings.Trim(line, "/\n")] = true
	}
	written := map[string]bool{}
	for _, block := range regexp.MustCompile("(?ms)^```\\w*\n(.*?)^```$").FindAllStringSubmatch(textOf(t, "../README.md"), -1) {
		for name := range names(`(?: -o|--output|--save|ledger save| >) ([a-z][\w.-]*)`, block[1]) {
			written[name] = true
		}
	}
	if len(written) < 5 {
		t.Errorf("only %v are written by commands", written)
	}
	for name := range written {
		if !ignored[name] {
			t.Errorf("a command writes %s, which .gitignore does not name", name)
		}
	}
}
