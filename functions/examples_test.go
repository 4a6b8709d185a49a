//go:build linux && cgo

package main_test

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite testdata/examples.txt with what the examples print now")

// unshown are examples that need more than one server, one document and one person, by what they begin with or have in them.
func unshown(line string) bool {
	for _, part := range []string{
		"lethe serve", "lethe doctor", // they examine or become the machine itself: TestProgramEndsWithEveryExitCodeOfTheTable, doctor_test.go
		"lethe watch",                                                            // it does not end: watch_test.go of package verbs
		"lethe case", "lethe evidence", "lethe ledger begin", "lethe state load", // two people, a quarter, a stopped server, a lost disk: tests of package verbs, cmd_ledger_test.go, cmd_state_test.go
		"lethe webhook",                   // a receiver, and the scope admin: webhook_test.go
		"lethe ledger key", "lethe clock", // the server's own key and clock
		"lethe verify early.receipt", "lethe verify q4", "./copy-of-the-ledger", // what an earlier day left
		"man -l -", "--sign", // a reader of manual pages; a key of the auditor's
	} {
		if strings.Contains(line, part) {
			return true
		}
	}
	return false
}

// untold are examples whose output differs with the time that the log takes, or with what is installed: what counts is that they succeed.
var untold = regexp.MustCompile(`\b(verify|audit|ledger save|access-log|usage|list|curl|keys|lethe languages)\b`)

// Every example of README.md and of the help texts runs, and prints what is recorded of it.
func TestExamplesRunAndPrintWhatTheyDid(t *testing.T) {
	d := newDesk(t, "scan.pdf", "report.pdf", "tax.pdf", "one.tif", "two.tif", "inbox/a.pdf", "inbox/b.pdf", "archive/deep/c.pdf")
	s := startAt(t, filepath.Join(d.dir, ".data"))
	stubs := filepath.Join(d.dir, "bin")
	for name, script := range map[string]string{
		"scanimage": "cat scan.pdf", // a scanner
		"pass":      "echo open sesame",
		"go":        "true", // it makes a sample, and there is one
	} {
		d.put("bin/"+name, []byte("#!/bin/sh\n"+script+"\n"))
		if err := os.Chmod(filepath.Join(stubs, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(shellPath(t), filepath.Join(stubs, "lethe")); err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	for _, line := range examples(t) {
		line = strings.ReplaceAll(line, "http://127.0.0.1:8080", s.url)
		fresh := regexp.MustCompile(`\b0198c5a2-[0-9a-f-]+|\bdelete ID\b`).MatchString(line)
		line = strings.NewReplacer("0198c5a2-6d1e-7c3b-9a51-2f0f6b1f7d55", "$TASK", "delete ID", "delete $TASK", "rotate ID", "rotate $APP", "revoke ID", "revoke $APP").Replace(line)
		if fresh { // the examples erase what they name
			script.WriteString("let ++n; TASK=$(lethe submit --json --format txt,pdf -o fresh$n scan.pdf 2>/dev/null | jq -r .task)\n")
		}
		if strings.Contains(line, "lethe receipt") && fresh {
			script.WriteString("lethe delete $TASK 2>/dev/null\n")
		}
		if strings.Contains(line, "$APP") {
			script.WriteString("APP=$(lethe app create --json 2>/dev/null | jq -r .id)\n")
		}
		if strings.Contains(line, "--subject") {
			script.WriteString("lethe submit --subject 7f3c9a -o about scan.pdf >/dev/null 2>&1\n")
		}
		quiet := ""
		if untold.MatchString(line) {
			quiet = " >/dev/null 2>&1"
		}
		script.WriteString("cat <<'EOF'\n$ " + line + "\nEOF\n{ " + line + "\n}" + quiet + "; echo \"exit $?\"\n")
	}
	cmd := exec.CommandContext(t.Context(), shell(t, "bash"), "-c", script.String())
	cmd.Dir = d.dir
	cmd.Env = append(d.lethe().Env, "PATH="+stubs+":"+os.Getenv("PATH"), "LETHE_URL="+s.url, "LETHE_APP="+s.app, "LETHE_SECRET="+s.secret, "LETHE_LISTEN="+strings.TrimPrefix(s.url, "http://"))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	got := timeless(strings.ReplaceAll(strings.ReplaceAll(out.String(), s.url, "URL"), d.dir, "DESK"))
	if *update {
		if err := os.WriteFile("testdata/examples.txt", []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(textOf(t, "testdata/examples.txt"), got); diff != "" {
		t.Errorf("the examples print something else (-recorded +now); -update records it:\n%s", diff)
	}
	for part := range strings.SplitSeq(got, "\n$ ") {
		if !regexp.MustCompile(`\nexit 0(, or 11 until it is in the log)?\s*$`).MatchString(part) {
			t.Errorf("an example fails: %s", part)
		}
	}
}

// shellPath is where the program is, from the root.
func shellPath(t *testing.T) string {
	t.Helper()
	bin, err := filepath.Abs(program(t))
	if err != nil {
		t.Fatal(err)
	}
	return bin
}

// examples lists the lines of README.md and of the help texts, each once.
func examples(t *testing.T) []string {
	t.Helper()
	var lines []string
	seen := map[string]bool{}
	add := func(line string) {
		line = strings.TrimSpace(regexp.MustCompile(`\s+# .*`).ReplaceAllString(strings.ReplaceAll(line, "bin/lethe", "lethe"), ""))
		if line != "" && !seen[line] && !unshown(line) {
			lines, seen[line] = append(lines, line), true
		}
	}
	for i, block := range strings.Split(textOf(t, "../README.md"), "```") {
		if i%2 == 0 || !strings.HasPrefix(block, "\n") || strings.Contains(block, "make run") {
			continue // prose, another language, or what sets this machine up
		}
		for line := range strings.Lines(strings.ReplaceAll(block, "\\\n", " ")) {
			add(line)
		}
	}
	for _, command := range commands(t) {
		_, section, _ := strings.Cut(command.help, "\nExamples:\n")
		section, _, _ = strings.Cut(section, "\n\n")
		for line := range strings.Lines(section) {
			add(line)
		}
	}
	if len(lines) < 30 {
		t.Fatalf("only %d examples", len(lines))
	}
	return lines
}

// timeless leaves out what differs with each run.
func timeless(text string) string {
	for _, p := range [][2]string{
		{`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`, "ID"},
		{`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`, "TIME"},
		{`\((in|now)[^)]*\)|\([^)]* ago\)`, "(AWAY)"},
		{`secret  \S+`, "secret  SECRET"},
		{`earlier secret \S+`, "earlier secret ID"},
		{`lethe\.example\.org\+\S+`, "KEY"},
		{`sha256:[0-9a-f]{64}`, "DIGEST"},
		{`\bage1[0-9a-z]{58}\b`, "RECIPIENT"},
		{`(\$ lethe verify [^\n]*\n)exit (0|11)\n`, "${1}exit 0, or 11 until it is in the log\n"},
		{` {2,}`, "  "}, // columns are as wide as their texts
	} {
		text = regexp.MustCompile(p[0]).ReplaceAllString(text, p[1])
	}
	return text
}
