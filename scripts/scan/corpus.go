package main

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
)

// What is kept of the inputs that each fuzzer found interesting: some of every size, so that the file stays small.
const (
	keptInputs = 12
	keptBytes  = 2 << 10
)

// unpack puts the kept inputs where fuzzers look for theirs, beside those of earlier runs on this machine.
func unpack(archive, folder string) error {
	kept, err := txtar.ParseFile(archive)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, f := range kept.Files {
		if !filepath.IsLocal(f.Name) {
			return errors.New("the kept inputs name a place outside their folder")
		}
		path := filepath.Join(folder, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.Data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// keep packs some inputs of every fuzzer.
func keep(archive, folder string, all []fuzzer) error {
	var kept txtar.Archive
	for _, f := range all {
		dir := filepath.Join(folder, f.folder, f.name)
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		var inputs []txtar.File
		for _, e := range entries {
			content, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				return err
			}
			// A line that looks like an archive's own would cut the input in two.
			if len(content) <= keptBytes && !strings.HasPrefix(string(content), "-- ") && !strings.Contains(string(content), "\n-- ") {
				inputs = append(inputs, txtar.File{Name: filepath.ToSlash(filepath.Join(f.folder, f.name, e.Name())), Data: content})
			}
		}
		slices.SortFunc(inputs, func(a, b txtar.File) int {
			return cmp.Or(cmp.Compare(len(a.Data), len(b.Data)), cmp.Compare(a.Name, b.Name))
		})
		n := min(len(inputs), keptInputs)
		for i := range n {
			kept.Files = append(kept.Files, inputs[i*len(inputs)/n])
		}
	}
	if err := os.MkdirAll(filepath.Dir(archive), 0o750); err != nil {
		return err
	}
	return os.WriteFile(archive, txtar.Format(&kept), 0o600)
}
