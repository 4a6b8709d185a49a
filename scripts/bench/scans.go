package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// searchableGoal is the share of OCRmyPDF's processor time that a searchable PDF may take.
const searchableGoal = 0.45

// searchable is a way to make a PDF with text of a scanned one; the command writes it to standard output.
type searchable struct {
	name    string
	command func(d document) []string
}

// searchables are the ways, Lethe's first. OCRmyPDF by default makes PDF/A with Ghostscript and packs pictures anew; plain, it
// adds the text and no more.
func searchables(bin string) []searchable {
	ocrmypdf := func(options ...string) searchable {
		options = append([]string{"ocrmypdf"}, options...)
		return searchable{strings.Join(options, " "), func(d document) []string {
			return append(options[:len(options):len(options)], "--quiet", "--language", d.lang, d.path, "-")
		}}
	}
	return []searchable{
		{"lethe read --format pdf", func(d document) []string { return []string{bin, "read", "--format", "pdf", "--lang", d.lang, d.path} }},
		ocrmypdf(),
		ocrmypdf("--output-type", "pdf", "-O0"),
	}
}

// scans compares with OCRmyPDF how much processor time searchable PDFs of scans take, one process for each document, how well their
// text is read, and how large they are.
func scans(ctx context.Context, bin, dir string, docs []document, w io.Writer) error {
	for _, tool := range []string{"ocrmypdf", "pdftotext"} {
		if _, err := exec.LookPath(tool); err != nil {
			_, err := fmt.Fprintf(w, "\nSearchable PDFs were not compared with OCRmyPDF: %s is not installed.\n", tool)
			return err
		}
	}
	docs, err := scanned(docs, dir)
	if err != nil {
		return err
	}
	var pages int
	var given float64
	for _, d := range docs {
		info, err := os.Stat(d.path)
		if err != nil {
			return err
		}
		pages, given = pages+d.pages, given+float64(info.Size())
	}
	fmt.Fprintf(w, "\nSearchable PDFs of %d scanned PDFs, %d pages:\n", len(docs), pages)
	var own time.Duration
	for i, s := range searchables(bin) {
		var took time.Duration
		var score, size float64
		for _, d := range docs {
			made, spent, err := output(ctx, s.command(d), nil)
			if err != nil {
				return err
			}
			text, _, err := output(ctx, []string{"pdftotext", "-", "-"}, made)
			if err != nil {
				return err
			}
			took, size, score = took+spent, size+float64(len(made)), score+f1(d, string(text))
		}
		fmt.Fprintf(w, "  %s: F1 %.4f, %.2f times the size of the scans", s.name, score/float64(len(docs)), size/given)
		if i == 0 {
			own = took
		} else {
			fmt.Fprintf(w, "; lethe takes %.2f of its processor time (goal: at most %.2f)", own.Seconds()/took.Seconds(), searchableGoal)
		}
		fmt.Fprintln(w)
	}
	return nil
}

// output runs a command on an input and returns what it wrote to standard output and the processor time it took. Tesseract, by
// whichever program it is run, has one thread, which costs the least.
func output(ctx context.Context, command []string, in []byte) ([]byte, time.Duration, error) {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "OMP_THREAD_LIMIT=1")
	var out bytes.Buffer
	cmd.Stdin, cmd.Stdout = bytes.NewReader(in), &out
	if err := quietly(cmd); err != nil {
		return nil, 0, err
	}
	return out.Bytes(), spent(cmd), nil
}

// scanned are the scanned PDFs among documents, or else one of drawn letters.
func scanned(docs []document, dir string) ([]document, error) {
	var found []document
	for _, d := range docs {
		if d.kind == "pdf-scan" {
			found = append(found, d)
		}
	}
	if len(found) > 0 {
		return found, nil
	}
	letters, err := drawn(dir)
	if err != nil {
		return nil, err
	}
	one := document{path: filepath.Join(dir, "letters.pdf"), lang: "eng", kind: "pdf-scan", pages: len(letters)}
	var pictures [][]byte
	for _, l := range letters {
		picture, err := os.ReadFile(l.path)
		if err != nil {
			return nil, err
		}
		pictures, one.truth = append(pictures, picture), one.truth+l.truth+"\n"
	}
	file, err := pdftest.Scans(len(pictures), pictures...)
	return []document{one}, errors.Join(err, os.WriteFile(one.path, file, 0o600))
}
