//go:build linux && cgo

package main_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/functions/verbs"
)

// The table in README.md is the one in the program.
func TestReadmeListsEveryExitCode(t *testing.T) {
	var want strings.Builder
	for _, e := range verbs.Exits() {
		fmt.Fprintf(&want, "| %d | %s |\n", e.Code, e.Meaning)
	}
	readme := textOf(t, "../README.md")
	if !strings.Contains(readme, "| exit code | meaning |\n| --- | --- |\n"+want.String()+"\n") {
		t.Errorf("README.md lacks\n%s", want.String())
	}
}

// Whichever command is called in a wrong way, the code is the same and nothing is printed as a result.
func TestWrongCommandLinesHaveOneExitCode(t *testing.T) {
	for _, command := range commands(t) {
		wrong := [][]string{{"--no-such-flag"}}
		if regexp.MustCompile(`(?m)^Available Commands:`).MatchString(command.help) {
			wrong = append(wrong, []string{"no-such-command"})
		}
		if takesNothing := regexp.MustCompile(`(?m)^  ` + strings.Join(command.path, " ") + `( \[flags\])?$`); takesNothing.MatchString(command.help) {
			wrong = append(wrong, []string{"one", "argument", "too", "many"})
		}
		for _, args := range wrong {
			args = append(command.path[1:len(command.path):len(command.path)], args...)
			if out, code := lethe(t, nil, args...); code != verbs.ExitUsage || len(out) > 0 {
				t.Errorf("%q: exit code %d, %s", args, code, out)
			}
		}
	}
}

func TestWrongSettingsHaveTheExitCodeOfWrongCommandLines(t *testing.T) {
	for _, command := range []string{"read scan.pdf", "serve", "sweep"} {
		if out, code := lethe(t, []string{"LETHE_MAX_MIB=many"}, strings.Fields(command)...); code != verbs.ExitUsage || len(out) > 0 {
			t.Errorf("%s: exit code %d, %s", command, code, out)
		}
	}
}

// command is one of the program, with its help.
type command struct {
	path []string
	help string
}

// commands lists every command that help texts name.
func commands(t *testing.T) []command {
	t.Helper()
	all := []command{{path: []string{"lethe"}}}
	for i := 0; i < len(all); i++ { // it grows
		all[i].help = help(t, all[i].path[1:]...)
		_, list, _ := strings.Cut(all[i].help, "Available Commands:\n")
		list, _, _ = strings.Cut(list, "\n\n")
		for _, m := range regexp.MustCompile(`(?m)^  ([a-z-]+) `).FindAllStringSubmatch(list, -1) {
			if m[1] != "help" {
				all = append(all, command{path: append(all[i].path[:len(all[i].path):len(all[i].path)], m[1])})
			}
		}
	}
	if len(all) < 20 {
		t.Fatalf("only %d commands", len(all))
	}
	return all
}
