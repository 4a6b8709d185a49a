package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// tree makes a folder under git with some files.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	git(t, dir, "init", "-q")
	return dir
}

func TestEveryFuzzerIsFoundAndNothingThatLooksLikeOne(t *testing.T) {
	dir := tree(t, map[string]string{
		"a/a_test.go":        "package a\n\nimport \"testing\"\n\nfunc FuzzA(f *testing.F) {}\n\nfunc FuzzB(tests *testing.F) {}\n",
		"b/deep/b_test.go":   "//go:build linux\n\npackage b\n\nimport . \"testing\"\n\nfunc FuzzC(f *F) {}\n",
		"c/c_test.go":        "package c\n\n// func FuzzD(f *testing.F) {}\nconst text = `\nfunc FuzzE(f *testing.F) {}\n`\n\nfunc (x T) FuzzF() {}\n",
		"d/not_a_test_go.go": "package d\n\nfunc FuzzG() {}\n",
	})
	got, err := findFuzzers(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if want := []fuzzer{{"a", "FuzzA"}, {"a", "FuzzB"}, {"b/deep", "FuzzC"}}; !slices.Equal(got, want) {
		t.Errorf("found %v, want %v", got, want)
	}
	if got, want := within(got, "b,c"), []fuzzer{{"b/deep", "FuzzC"}}; !slices.Equal(got, want) {
		t.Errorf("in two folders there are %v, want %v", got, want)
	}
}

func TestTreeWithoutFuzzersHasNotBeenFuzzed(t *testing.T) {
	if examined, _, err := fuzzers(t.Context(), tree(t, nil), "", false, time.Second); err == nil {
		t.Error(examined)
	}
}

// A fuzzer whose rule an input breaks is a finding, and the input is kept where the next test run finds it.
func TestInputThatBreaksAFuzzerIsFoundAndKept(t *testing.T) {
	dir := tree(t, map[string]string{
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
	})
	examined, found, err := fuzzers(t.Context(), dir, "", false, 10*time.Second)
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
