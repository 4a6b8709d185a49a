package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// bornGoal is the processor time that a page with an honest text layer may take.
const bornGoal = 60 * time.Millisecond

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
	_, err := fmt.Fprintf(w, "\nA page with an honest text layer, in a document of %d: %.2f of the goal of %d ms of processor time, %.1f times pdftotext's; %s.\n",
		bornPages, each[0].Seconds()/bornGoal.Seconds(), bornGoal.Milliseconds(), each[0].Seconds()/each[1].Seconds(), same)
	return err
}

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
	for i := range 5 {
		out, spent, err := output(ctx, command, nil)
		if err != nil {
			return "", 0, err
		}
		if i == 0 || spent < took {
			took = spent
		}
		text = string(out)
	}
	return text, took, nil
}
