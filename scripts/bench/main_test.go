package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestReportComparesWithTheFirstContender(t *testing.T) {
	docs := []document{
		{path: "a.jpg", truth: "SOLD HERE", kind: "receipt", pages: 1},
		{path: "b.pdf", truth: "one two", kind: "letter", pages: 3},
	}
	plain := &outcome{texts: []string{"sold here", ""}, cpu: map[class]time.Duration{pictures: 2 * time.Second, pdf: 6 * time.Second}, wall: 4 * time.Second, peak: 200 << 20, prepared: 2 * time.Second}
	read := &outcome{texts: []string{"sold here", "one two"}, cpu: map[class]time.Duration{pictures: time.Second, pdf: 3 * time.Second}, wall: 2 * time.Second, peak: 300 << 20}
	served := &outcome{texts: []string{"sold here", "one two"}, cpu: map[class]time.Duration{all: 5 * time.Second}, wall: 3 * time.Second}
	var b strings.Builder
	if err := report(&b, docs, []string{"tesseract", "read", "served"}, []*outcome{plain, read, served}); err != nil {
		t.Fatal(err)
	}
	rows := map[string][]string{}
	for line := range strings.Lines(b.String()) {
		if fields := strings.Fields(line); len(fields) > 0 {
			rows[fields[0]] = fields
		}
	}
	for _, c := range []struct{ name, want string }{
		{"tesseract", "tesseract 0.5000 1.00 1.00 1.00 1.00 1.00 1.00 0"},
		{"read", "read 1.0000 0.50 0.40 0.50 0.50 0.50 1.50 0"},
		{"served", "served 1.0000 0.62 0.50 - - 0.75 0.00 0"},
		{"HTTP", "HTTP over lethe read: 1.25 of its processor time, 1.50 of its time."},
	} {
		if got := strings.Join(rows[c.name], " "); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestEachKindHasItsOwnFigure(t *testing.T) {
	docs := []document{{kind: "receipt", truth: "SOLD HERE"}, {kind: "letter", truth: "one two"}, {kind: "letter", truth: "three four"}}
	var b strings.Builder
	err := byKind(&b, docs, []string{"tesseract", "read"}, []*outcome{{texts: []string{"", "one two", ""}}, {texts: []string{"sold here", "one two", "three four"}}})
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(strings.Fields(b.String()), " ")
	want := "F1 by kind of document: documents tesseract read letter 2 0.5000 1.0000 receipt 1 0.0000 1.0000"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestManifestNamesDocuments(t *testing.T) {
	corpus := t.TempDir()
	for name, content := range map[string]string{
		"manifest.csv": "file,truth,lang,kind,pages,note\nx.pdf,x.txt,rus+eng,letter,3,\n",
		"x.txt":        "truth",
	} {
		if err := os.WriteFile(filepath.Join(corpus, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	docs, err := documents(corpus, "")
	if err != nil {
		t.Fatal(err)
	}
	want := document{filepath.Join(corpus, "x.pdf"), "truth", "rus+eng", "letter", 3}
	if len(docs) != 1 || docs[0] != want {
		t.Errorf("got %v, want %v", docs, want)
	}
	if docs[0].class() != pdf {
		t.Error("a PDF file is not of its class")
	}
}

func TestMemoryOfDescendantsIsCounted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", "echo up; read line; true")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := stdout.Read(make([]byte, 3)); err != nil {
		t.Fatal(err)
	}
	if resident(cmd.Process.Pid) == 0 {
		t.Error("a running process has no memory")
	}
	if resident(os.Getpid()) <= resident(cmd.Process.Pid) {
		t.Error("a process's memory does not hold its child's")
	}
	if err := stdin.Close(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if resident(cmd.Process.Pid) != 0 {
		t.Error("a process that has gone has memory")
	}
}
