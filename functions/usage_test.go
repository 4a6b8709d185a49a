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

// slip is a wrong way to call a command, and the code that it ends with.
type slip struct {
	code int
	args []string
}

// Whichever command is called in a wrong way, each slip has its code, and nothing is printed as a result.
func TestEachSlipHasOneExitCodeInEveryCommand(t *testing.T) {
	runs := map[string]bool{"lethe clock": true} // though it has others below it
	for _, command := range commands(t) {
		name := strings.Join(command.path, " ")
		slips := []slip{{verbs.ExitUsage, []string{"--no-such-flag"}}}
		if regexp.MustCompile(`(?m)^Available Commands:`).MatchString(command.help) {
			slips = append(slips, slip{verbs.ExitNoCommand, []string{"no-such-command"}})
			if !runs[name] {
				slips = append(slips, slip{verbs.ExitNoArguments, nil})
			}
		}
		_, described, _ := strings.Cut(command.help, "\nUsage:\n")
		described, _, _ = strings.Cut(described, "\n\n")
		switch usage := regexp.MustCompile(`(?m)^  ` + name + `((?: [^-\[ ].*)?)(?: \[flags\])?$`).FindStringSubmatch(described); {
		case usage == nil || len(slips) > 1:
		case usage[1] == "" || strings.HasPrefix(usage[1], " -"):
			slips = append(slips, slip{verbs.ExitUsage, []string{"one", "argument", "too", "many"}})
		default:
			slips = append(slips, slip{verbs.ExitNoArguments, nil})
		}
		for _, s := range slips {
			args := append(command.path[1:len(command.path):len(command.path)], s.args...)
			if out, code := lethe(t, nil, args...); code != s.code || len(out) > 0 {
				t.Errorf("%q: exit code %d, want %d, %s", args, code, s.code, out)
			}
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
