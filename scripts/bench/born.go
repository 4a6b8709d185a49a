package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// bornBound is the processor time that a page with an honest text layer may take.
const bornBound = 60 * time.Millisecond

const bornPages = 10

// born measures pages with an honest text layer: the processor time of one in a document of ten beyond what a document of one
// page takes, which is mostly the start of programs, and whether the text is that of pdftotext.
func born(ctx context.Context, bin, dir string, w io.Writer) error {
	file := func(pages int) (string, error) {
		path := filepath.Join(dir, fmt.Sprintf("born%d.pdf", pages))
		return path, os.WriteFile(path, pdftest.Pages(pages, "/Font<</F 5 0 R>>", bornContent(), "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"), 0o600)
	}
	read := func(path string) []string { return []string{bin, "read", path} }
	poppler := func(path string) []string { return []string{"pdftotext", path, "-"} }
	var lines [2][]string
	var each [2]time.Duration
	for i, command := range []func(string) []string{read, poppler} {
		var spent [2]time.Duration
		for j, pages := range []int{1, bornPages} {
			path, err := file(pages)
			if err != nil {
				return err
			}
			text, took, err := cheapest(ctx, command(path))
			if err != nil {
				return err
			}
			lines[i], spent[j] = strings.Fields(text), took
		}
		each[i] = (spent[1] - spent[0]) / (bornPages - 1)
	}
	same := "the text is the same"
	if !slices.Equal(lines[0], lines[1]) {
		same = "THE TEXT DIFFERS"
	}
	_, err := fmt.Fprintf(w, "\nA page with an honest text layer, in a document of %d: %.1f ms of processor time (bound %d), pdftotext %.1f; %s.\n",
		bornPages, milliseconds(each[0]), bornBound.Milliseconds(), milliseconds(each[1]), same)
	return err
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// bornContent is a page of 50 lines and 500 words.
func bornContent() string {
	var b strings.Builder
	b.WriteString("BT /F 10 Tf 14 TL 40 790 Td\n")
	for i := range 50 {
		fmt.Fprintf(&b, "(Line %d of a letter about the harbour and its keepers) Tj T*\n", i+1)
	}
	return b.String() + "ET"
}

// cheapest runs a command a few times and returns what it wrote and the least processor time it took.
func cheapest(ctx context.Context, command []string) (text string, took time.Duration, err error) {
	for i := range 3 {
		cmd := exec.CommandContext(ctx, command[0], command[1:]...)
		var out bytes.Buffer
		cmd.Stdout = &out
		if err := quietly(cmd); err != nil {
			return "", 0, err
		}
		if s := spent(cmd); i == 0 || s < took {
			took = s
		}
		text = out.String()
	}
	return text, took, nil
}
