//go:build linux

package main

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/errgroup"
)

// zstdOf returns content as zstd packs it.
func zstdOf(t *testing.T, content []byte, how ...zstd.EOption) []byte {
	t.Helper()
	var packed bytes.Buffer
	w, err := zstd.NewWriter(&packed, how...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

const cachedModule = "wazero-v1-linux/module"

// packedModule is a packed cache of one module.
func packedModule(t *testing.T, content []byte) (folder string) {
	t.Helper()
	folder = t.TempDir()
	file := filepath.Join(folder, cachedModule+zstdSuffix)
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, zstdOf(t, content), 0o600)); err != nil {
		t.Fatal(err)
	}
	return folder
}

// filesBelow returns the files of a folder by their names in it.
func filesBelow(t *testing.T, folder string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		files[path[len(folder)+1:]] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestPackedCacheIsUnpackedAsItWasByAnyNumberOfProcessesAtOnce(t *testing.T) {
	module := bytes.Repeat([]byte("compiled code of PDFium "), 100_000)
	packed, dir := packedModule(t, module), t.TempDir()
	left := filepath.Join(dir, cachedModule+".new") // by a process that was killed
	if err := errors.Join(os.MkdirAll(filepath.Dir(left), 0o700), os.WriteFile(left, append(module, "more"...), 0o600)); err != nil {
		t.Fatal(err)
	}
	var all errgroup.Group
	for range 8 {
		all.Go(func() error { return unpackCache(packed, dir) })
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	if found := filesBelow(t, dir); !maps.Equal(found, map[string]string{cachedModule: string(module)}) {
		t.Errorf("there are %d files, or others than packed", len(found))
	}
}

// What lies in the cache is executed: nothing but what was packed gets there.
func TestDamagedCacheIsNotUnpacked(t *testing.T) {
	module := []byte("compiled code of PDFium, compiled code of PDFium, compiled code of PDFium, and more of it")
	whole := zstdOf(t, module)
	unpacked := func(packed []byte, dir string) (map[string]string, error) {
		folder := packedModule(t, module)
		if err := os.WriteFile(filepath.Join(folder, cachedModule+zstdSuffix), packed, 0o600); err != nil {
			t.Fatal(err)
		}
		err := unpackCache(folder, dir)
		return filesBelow(t, dir), err
	}
	damaged := [][]byte{[]byte("no zstd"), module, append(whole[:len(whole):len(whole)], "more"...)}
	for i := range whole {
		damaged = append(damaged, whole[:i])
	}
	for _, d := range damaged {
		if files, err := unpacked(d, t.TempDir()); err == nil || len(files) > 0 {
			t.Errorf("%q is unpacked to %q: %v", d, files, err)
		}
	}
	for i := range whole { // a bit that says nothing may be another one
		d := bytes.Clone(whole)
		d[i] ^= 0x10
		if files, err := unpacked(d, t.TempDir()); err == nil && files[cachedModule] != string(module) || err != nil && len(files) > 0 {
			t.Errorf("%q is unpacked to %q: %v", d, files, err)
		}
	}
	dir := t.TempDir()
	if _, err := unpacked(whole, dir); err != nil {
		t.Fatal(err)
	}
	if files, err := unpacked(whole[:20], dir); err == nil || !maps.Equal(files, map[string]string{cachedModule: string(module)}) {
		t.Errorf("of what was there before, %q is left: %v", files, err)
	}
}

func TestCacheIsNotUnpackedWhereNothingCanBeWritten(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, filepath.Dir(cachedModule)), nil, 0o600); err != nil { // a file where a folder belongs
		t.Fatal(err)
	}
	if err := unpackCache(packedModule(t, []byte("code")), dir); err == nil {
		t.Error("it was unpacked")
	}
	if err := unpackCache(packedModule(t, []byte("code")), filepath.Join(dir, "none")); err == nil {
		t.Error("it was unpacked into a folder that is not there")
	}
}
