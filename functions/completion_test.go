//go:build linux && cgo

package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/functions/verbs"
)

// shell returns the path of a program that tests may lack; the test is skipped then.
func shell(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed", name)
	}
	return path
}

// named is a folder in which the program is called lethe, as completion needs it.
func named(t *testing.T) string {
	t.Helper()
	bin, err := filepath.Abs(program(t))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(bin, filepath.Join(dir, "lethe")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// completions are what shells must offer for what was typed.
func completions() map[string][]string {
	return map[string][]string{
		"lethe sub":                    {"submit"},
		"lethe help exit":              {"exit-codes"},
		"lethe app ro":                 {"rotate"},
		"lethe submit --form":          {"--format"},
		"lethe submit --format txt,pd": {"txt,pdf", "txt,pdfa", "txt,pdfimages"},
		"lethe submit --lang rus+de":   {"rus+deu"},
		"lethe list --state C":         {"Completed"},
		"lethe read --profile ":        {"accurate", "fast"},
		"lethe read --signature re":    {"refuse", "rewrite"},
		"lethe get --format p":         {"pdf", "pdfa", "pdfimages", "pptx", "preview"},
		"lethe app create --scopes su": {"submit"},
		"lethe status ":                nil, // ids are no files
	}
}

func TestCompletionInBash(t *testing.T) {
	const library = "/usr/share/bash-completion/bash_completion"
	if _, err := os.Stat(library); err != nil {
		t.Skip("bash-completion is not installed")
	}
	const script = `source ` + library + `
source <(lethe completion bash) || exit 1
COMP_LINE=$1 COMP_POINT=${#1} COMP_TYPE=9 COMP_KEY=9
read -ra COMP_WORDS <<<"$1"
[[ $1 != *' ' ]] || COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
__start_lethe
printf '%s\n' "${COMPREPLY[@]}"`
	path := named(t)
	for typed, want := range completions() {
		cmd := exec.CommandContext(t.Context(), shell(t, "bash"), "--norc", "-c", script, "bash", typed)
		cmd.Env = append(os.Environ(), "PATH="+path+":"+os.Getenv("PATH"))
		cmd.Dir = path
		out, err := cmd.Output()
		got := slices.DeleteFunc(strings.Split(strings.TrimSpace(string(out)), "\n"), func(s string) bool { return s == "" })
		for i := range got {
			got[i], _, _ = strings.Cut(strings.TrimSpace(strings.ReplaceAll(got[i], "\\", "")), " ")
		}
		if slices.Sort(got); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: bash offers %q, want %q: %v", typed, got, want, err)
		}
	}
}

func TestCompletionInFish(t *testing.T) {
	path := named(t)
	for typed, want := range completions() {
		cmd := exec.CommandContext(t.Context(), shell(t, "fish"), "--no-config", "-c", `lethe completion fish | source; complete -C $argv[1]`, typed)
		cmd.Env = append(os.Environ(), "PATH="+path+":"+os.Getenv("PATH"))
		cmd.Dir = path
		out, err := cmd.Output()
		var got []string
		for line := range strings.Lines(string(out)) {
			value, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
			got = append(got, value)
		}
		if slices.Sort(got); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: fish offers %q, want %q: %v", typed, got, want, err)
		}
	}
}

// Each script is one that its shell can read.
func TestCompletionScriptsAreWellFormed(t *testing.T) {
	for _, name := range []string{"bash", "zsh", "fish", "powershell"} {
		t.Run(name, func(t *testing.T) {
			script, code := lethe(t, nil, "completion", name)
			if code != verbs.ExitOK || len(script) == 0 {
				t.Fatalf("exit code %d", code)
			}
			if name == "powershell" {
				return // there is no package of it
			}
			cmd := exec.CommandContext(t.Context(), shell(t, name), "-n")
			cmd.Stdin = strings.NewReader(string(script))
			if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

// Every command and topic has a manual page that a strict reader of pages has no complaint about.
func TestManualPagesAreWellFormed(t *testing.T) {
	dir := t.TempDir()
	if out, code := lethe(t, nil, "help", "--man", "--output", dir); code != verbs.ExitOK {
		t.Fatalf("exit code %d: %s", code, out)
	}
	pages, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range commands(t) {
		if name := strings.Join(command.path, "-") + ".1"; !slices.Contains(pages, filepath.Join(dir, name)) {
			t.Errorf("there is no page %s", name)
		}
	}
	for _, topic := range []string{"deadlines", "errors", "exit-codes", "formats", "languages", "settings"} {
		if out, code := lethe(t, nil, "help", topic); code != verbs.ExitOK || len(out) == 0 || !slices.Contains(pages, filepath.Join(dir, "lethe-"+topic+".7")) {
			t.Errorf("%s: exit code %d, %s", topic, code, out)
		}
	}
	out, _ := exec.CommandContext(t.Context(), shell(t, "mandoc"), append([]string{"-T", "lint", "-W", "warning"}, pages...)...).CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if !strings.Contains(line, "missing date") { // a page has the date of no build
			t.Error(strings.TrimSpace(line))
		}
	}
}

// Topics say what the program goes by.
func TestHelpTopicsHaveTheWholeTables(t *testing.T) {
	for topic, wants := range map[string][]string{
		"exit-codes": {`(?m)^  0    everything was done$`, `(?m)^  16   `, `(?m)^  130  stopped by a signal$`},
		"settings":   {`LETHE_URL +address`, `LETHE_CA_FILE`, `LETHE_MAX_MIB +largest document`},
		"formats":    {`(?m)^  pdf +\.pdf +application/pdf$`},
		"languages":  {`(?m)^  deu +German$`, `(?m)^  chi_tra +Traditional Chinese$`},
		"errors":     {`document_password_required|document_password`, `language_unknown`},
		"deadlines":  {`1 day after processing ended`, `2 days after its upload began`},
	} {
		out, _ := lethe(t, nil, "help", topic)
		for _, want := range wants {
			if !regexp.MustCompile(want).Match(out) {
				t.Errorf("%s lacks %s:\n%s", topic, want, out)
			}
		}
	}
	if out, code := lethe(t, nil, "help", "no-such-topic"); code != verbs.ExitNoCommand || len(out) > 0 {
		t.Errorf("exit code %d: %s", code, out)
	}
}
