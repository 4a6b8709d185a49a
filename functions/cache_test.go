//go:build linux && cgo

package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/functions/verbs"
)

// What lies in the cache is executed. In a folder for temporary files anybody could put it there.
func TestCacheOfOthersIsNotUsed(t *testing.T) {
	temp := t.TempDir()
	everybodys := filepath.Join(temp, "lethe-"+strconv.Itoa(os.Getuid()))
	if err := os.Mkdir(everybodys, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(everybodys, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, place := range []string{everybodys, os.TempDir()} { // to take rights away from the latter would break it
		cmd := exec.CommandContext(t.Context(), program(t), "warm")
		cmd.Env = append(os.Environ(), "LETHE_CACHE="+place)
		out, _ := cmd.CombinedOutput()
		said := string(out)
		if code := cmd.ProcessState.ExitCode(); code != verbs.ExitSetting || !strings.Contains(said, "LETHE_CACHE") ||
			!strings.Contains(said, "name one of your own") || strings.Contains(said, "chmod") {
			t.Errorf("a cache that others can write to: exit code %d, %s", code, said)
		}
	}
	// Where nobody named it there is no cache, and everything works.
	env := []string{"LETHE_CACHE=", "HOME=/dev/null", "XDG_CACHE_HOME=", "TMPDIR=" + temp}
	if _, code := lethe(t, env, "warm"); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if entries, err := os.ReadDir(everybodys); err != nil || len(entries) > 0 {
		t.Errorf("it was filled: %v, %v", entries, err)
	}
}

// A person of a container has no home, and the first command fills the cache for those that follow.
func TestReadNeedsNoHomeAndFillsTheCache(t *testing.T) {
	d := newDesk(t)
	d.put("line.jpg", photo(t, "one line"))
	temp := t.TempDir()
	cache := filepath.Join(temp, "lethe-"+strconv.Itoa(os.Getuid()))
	if warm := os.Getenv("LETHE_CACHE"); warm != "" { // compiling takes seconds
		if err := os.CopyFS(cache, os.DirFS(warm)); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(filepath.Join(cache, "filled")); err != nil {
			t.Fatal(err)
		}
	}
	for _, place := range []string{"/dev/null", temp} { // nowhere to write, and a folder for temporary files
		env := []string{"LETHE_CACHE=", "HOME=/dev/null", "XDG_CACHE_HOME=", "TMPDIR=" + place}
		if out, code := lethe(t, env, "read", filepath.Join(d.dir, "line.jpg")); code != 0 {
			t.Errorf("with %s to write to: exit code %d, %s", place, code, out)
		}
	}
	if _, err := os.Stat(filepath.Join(cache, "filled")); err != nil {
		t.Error(err)
	}
}
