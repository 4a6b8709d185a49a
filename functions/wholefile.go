package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/lethe-ocr/lethe/functions/verbs"
)

// writeWhole writes a file whole or not at all, for its owner alone: it gets its name once everything is on the disk.
func writeWhole(file string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+"-*")
	if err != nil {
		return verbs.File(err)
	}
	err = errors.Join(write(f), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
