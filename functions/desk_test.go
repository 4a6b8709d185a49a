//go:build linux && cgo

package main_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// desk is a folder in which a person uses lethe read.
type desk struct {
	t   *testing.T
	dir string
}

// newDesk holds documents: each is a page with its own name on it, unless it has another content.
func newDesk(t *testing.T, documents ...string) *desk {
	t.Helper()
	d := &desk{t, t.TempDir()}
	for _, name := range documents {
		d.put(name, pdftest.Text(words(name)))
	}
	return d
}

// words are the text of a document.
func words(name string) string { return "This is the page of " + name + " in words." }

func (d *desk) put(name string, content []byte) {
	d.t.Helper()
	path := filepath.Join(d.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// command is lethe read, to be run on the desk.
func (d *desk) command(args ...string) *exec.Cmd {
	bin, err := filepath.Abs(program(d.t))
	if err != nil {
		d.t.Fatal(err)
	}
	cmd := exec.CommandContext(d.t.Context(), bin, append([]string{"read"}, args...)...)
	cmd.Dir = d.dir
	return cmd
}

// read runs lethe read and returns its exit code and what it wrote.
func (d *desk) read(stdin io.Reader, args ...string) (code int, stdout, stderr string) {
	d.t.Helper()
	cmd := d.command(args...)
	var out, messages bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &out, &messages
	return d.code(cmd.Run()), out.String(), messages.String()
}

func (d *desk) code(err error) int {
	d.t.Helper()
	ended, failed := errors.AsType[*exec.ExitError](err)
	if err != nil && !failed {
		d.t.Fatal(err)
	}
	if failed {
		return ended.ExitCode()
	}
	return 0
}

// files lists the files below a folder of the desk, sorted.
func (d *desk) files(folder string) []string {
	d.t.Helper()
	var all []string
	root := filepath.Join(d.dir, folder)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path == root {
			return nil
		}
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(root, path)
		all = append(all, name)
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

// twoPages has a page that can be read, and one that is larger than any limit.
func twoPages(name string) []byte {
	return pdftest.Build(
		"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 2/Kids[3 0 R 4 0 R]>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F 6 0 R>>>>/Contents 5 0 R>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 2000000 2000000]>>",
		pdftest.Stream("", []byte("BT/F 10 Tf 40 780 Td("+words(name)+")Tj ET")),
		"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
	)
}
