//go:build linux && cgo

package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
	"github.com/lethe-ocr/lethe/shared/render"
)

// formats lists the names of all formats.
func formats() []string {
	var names []string
	for _, f := range render.Formats() {
		names = append(names, string(f))
	}
	return names
}

func TestReadWritesEveryFormatUnderItsNameInTheTable(t *testing.T) {
	dir := t.TempDir()
	scan := filepath.Join(dir, "scan.jpg")
	if err := os.WriteFile(scan, photo(t, ocrtest.Letter(7)), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(program(t), "read", "-o", filepath.Join(dir, "out"), "--format", strings.Join(formats(), ","), scan).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var got, want []string
	for _, f := range render.Formats() {
		want = append(want, "scan.jpg"+f.Extension())
	}
	written, err := os.ReadDir(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range written {
		got = append(got, f.Name())
		if info, err := f.Info(); err != nil || info.Size() == 0 {
			t.Errorf("%s is empty: %v", f.Name(), err)
		}
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("written: %q, want %q", got, want)
	}
}

func TestHelpListsEveryFormat(t *testing.T) {
	for _, verb := range []string{"read", "submit", "get", "app create"} {
		out, err := exec.Command(program(t), append(strings.Fields(verb), "--help")...).CombinedOutput()
		if err != nil || !strings.Contains(string(out), render.Names()) {
			t.Errorf("lethe %s --help does not list %s: %v\n%s", verb, render.Names(), err, out)
		}
	}
}
