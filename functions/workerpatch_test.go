//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// patched writes two files into a new folder: a program, and what another one differs in.
func patched(t *testing.T, like, program []byte) workerFile {
	t.Helper()
	dir := t.TempDir()
	f := workerFile{path: filepath.Join(dir, "portable"+zstdSuffix), like: filepath.Join(dir, "fast")}
	for path, content := range map[string][]byte{f.path: zstdOf(t, program, zstd.WithEncoderDictRaw(0, like)), f.like: like} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func program(t *testing.T, name string) []byte {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestPatchedWorkerProgramIsStartedFromAFileThatNobodyChanges(t *testing.T) {
	for name, place := range map[string]func() (*os.File, error){"under no name": unnamed, "in memory": inMemory} {
		t.Run(name, func(t *testing.T) {
			f := patched(t, program(t, "cat"), program(t, "echo"))
			file, err := f.unpack(place)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // as often as workers are needed
				cmd := exec.Command(fmt.Sprintf("/proc/self/fd/%d", file.Fd()), "started")
				cmd.ExtraFiles = []*os.File{os.Stderr, os.Stderr}
				if out, err := cmd.CombinedOutput(); err != nil || string(out) != "started\n" {
					t.Errorf("%q, %v", out, err)
				}
			}
			if _, err := file.WriteAt([]byte("other"), 0); err == nil {
				t.Error("the program can be changed")
			}
			if info, err := file.Stat(); err != nil || info.Mode() != 0o111 {
				t.Errorf("%v, %v", info.Mode(), err)
			}
			if err := file.Close(); err != nil {
				t.Error(err)
			}
			if files, err := os.ReadDir(filepath.Dir(f.path)); err != nil || len(files) != 2 {
				t.Errorf("%v, %v: something was left in the folder", files, err)
			}
		})
	}
}

func TestPatchedWorkerProgramIsStartedWhereTheTemporaryFolderIsMissing(t *testing.T) {
	f := patched(t, program(t, "cat"), program(t, "echo"))
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "none"))
	e, err := f.open()
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(e.path, "started").Output(); err != nil || string(out) != "started\n" {
		t.Errorf("%q, %v", out, err)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

// What is started is nothing but the program that was packed.
func TestDamagedWorkerProgramIsNotUnpacked(t *testing.T) {
	like, wanted := program(t, "cat"), program(t, "echo")
	for what, damage := range map[string]func(f workerFile) error{
		"another program":  func(f workerFile) error { return os.WriteFile(f.like, wanted, 0o600) },
		"a shorter one":    func(f workerFile) error { return os.Truncate(f.like, 100) },
		"a patch cut off":  func(f workerFile) error { return os.Truncate(f.path, 200) },
		"no patch":         func(f workerFile) error { return os.WriteFile(f.path, []byte("#!/bin/sh\n"), 0o600) },
		"an empty patch":   func(f workerFile) error { return os.Truncate(f.path, 0) },
		"a patch too many": func(f workerFile) error { return os.Remove(f.like) },
	} {
		f := patched(t, like, wanted)
		if err := damage(f); err != nil {
			t.Fatal(err)
		}
		if e, err := f.open(); err == nil {
			t.Errorf("%s: %s was made of it", what, e.path)
		}
	}
}
