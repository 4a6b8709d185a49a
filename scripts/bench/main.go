// Command bench compares `lethe read` with what people use in its place, on the same pages in one run: the tesseract command line,
// OCRmyPDF for searchable PDFs and pdftotext for pages with an honest text layer. It compares the HTTP path with `lethe read` too.
// Machines differ, so it prints ratios, and beside them the goals.
//
// The pages are those of the folder that LETHE_CORPUS names, by its manifest.csv, else letters that it draws. Tesseract gets
// one process a page with one thread each, as many at once as there are cores. It cannot read PDF: pdftoppm makes the pages
// it gets.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
)

func main() {
	bin := flag.String("bin", "bin/lethe", "the program")
	limit := flag.Int("documents", 0, "how many documents at most; 0 for all")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *bin, os.Getenv("LETHE_CORPUS"), *limit, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// accurate is the profile that reads a page again where that helps, the usual one.
const accurate = "accurate"

// contender is one way to read all documents.
type contender struct {
	name string
	read func(ctx context.Context, docs []document, dir string) (*outcome, error)
}

func run(ctx context.Context, bin, corpus string, limit int, w io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "lethe-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if bin, err = filepath.Abs(bin); err != nil {
		return err
	}
	docs, err := documents(corpus, dir)
	if err != nil {
		return err
	}
	if limit > 0 && limit < len(docs) {
		docs = docs[:limit]
	}
	outcomes, names := []*outcome{}, []string{}
	for i, c := range []contender{
		{"tesseract", plain},
		{"lethe read", lethe{bin, accurate}.read},
		{"lethe read --profile fast", lethe{bin, "fast"}.read},
		{"lethe over HTTP", lethe{bin, accurate}.serve},
	} {
		fmt.Fprintf(os.Stderr, "bench: %s\n", c.name)
		scratch := filepath.Join(dir, fmt.Sprint("run", i))
		if err := os.Mkdir(scratch, 0o700); err != nil {
			return err
		}
		o, err := measured(ctx, c, docs, scratch)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		outcomes, names = append(outcomes, o), append(names, c.name)
	}
	if err := report(w, docs, names, outcomes); err != nil {
		return err
	}
	if err := byKind(w, docs, names, outcomes); err != nil {
		return err
	}
	for _, part := range []struct {
		name    string
		measure func() error
	}{
		{"each page alone", func() error {
			own, err := lethe{bin, accurate}.alone(ctx, docs)
			if err != nil {
				return err
			}
			return dearest(docs, outcomes[0].each, own, w)
		}},
		{"OCRmyPDF", func() error { return scans(ctx, bin, dir, docs, w) }},
		{"a page with an honest text layer", func() error { return born(ctx, bin, dir, w) }},
		{"memory", func() error { return peakMemory(ctx, bin, dir, w) }},
		{"a tiny page", func() error { return firstResult(ctx, bin, dir, w) }},
		{"a long scan, twice", func() error { return twoCores(ctx, bin, dir, w) }},
		{"telemetry", func() error { return telemetryCost(ctx, bin, dir, docs, w) }},
		{"services", func() error { return services(ctx, bin, w) }},
	} {
		fmt.Fprintf(os.Stderr, "bench: %s\n", part.name)
		if err := part.measure(); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return nil
}

// report prints every contender against the first, and the last against the second.
func report(w io.Writer, docs []document, names []string, outcomes []*outcome) error {
	pages := map[class]int{}
	for _, d := range docs {
		pages[d.class()] += d.pages
		pages[all] += d.pages
	}
	base, read, served := outcomes[0], outcomes[1], outcomes[len(outcomes)-1]
	fmt.Fprintf(w, "%d documents, %d pages (%d of PDF files), %d at once\n\n", len(docs), pages[all], pages[pdf], runtime.NumCPU())
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\tF1\tprocessor time\twith pdftoppm's\tpictures alone\tPDF alone\ttime\tpeak memory\tfailed\t")
	for i, o := range outcomes {
		fmt.Fprintf(t, "%s\t%.4f\t%.2f\t%.2f\t%s\t%s\t%.2f\t%.2f\t%d\t\n", names[i], meanF1(docs, o), o.total().Seconds()/base.total().Seconds(),
			(o.total()+o.prepared).Seconds()/(base.total()+base.prepared).Seconds(), cell(base, o, pictures), cell(base, o, pdf),
			o.wall.Seconds()/base.wall.Seconds(), float64(o.peak)/float64(base.peak), o.failed)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "\nFor what a page costs: lethe read did %.3f pages per core-second.\n", float64(pages[all])/read.total().Seconds())
	fmt.Fprintf(w, "HTTP over lethe read: %.2f of its processor time, %.2f of its time.\n", served.total().Seconds()/read.total().Seconds(), served.wall.Seconds()/read.wall.Seconds())
	fmt.Fprintln(w, "Times and memory are to tesseract's: below 1 is cheaper. pdftoppm draws the pages of PDF files for tesseract. Memory is that of all")
	fmt.Fprintln(w, "processes together. Goals with pdftoppm's time and for pictures: lethe read F1 0.90, 0.65, 0.90; profile fast F1 0.845, 0.50, 0.70.")
	return nil
}

// cell prints the share of base's processor time where both were measured on a class alone.
func cell(base, o *outcome, c class) string {
	if base.cpu[c] == 0 || o.cpu[c] == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", o.cpu[c].Seconds()/base.cpu[c].Seconds())
}

// byKind prints the mean F1 of each kind of document.
func byKind(w io.Writer, docs []document, names []string, outcomes []*outcome) error {
	kinds := map[string][]int{}
	for i, d := range docs {
		kinds[d.kind] = append(kinds[d.kind], i)
	}
	fmt.Fprintln(w, "\nF1 by kind of document:")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "\tdocuments\t%s\t\n", strings.Join(names, "\t"))
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		fmt.Fprintf(t, "%s\t%d\t", kind, len(kinds[kind]))
		for _, o := range outcomes {
			var sum float64
			for _, i := range kinds[kind] {
				sum += f1(docs[i], o.texts[i])
			}
			fmt.Fprintf(t, "%.4f\t", sum/float64(len(kinds[kind])))
		}
		fmt.Fprintln(t)
	}
	return t.Flush()
}

// meanF1 weighs every document alike.
func meanF1(docs []document, o *outcome) float64 {
	var sum float64
	for i, d := range docs {
		sum += f1(d, o.texts[i])
	}
	return sum / float64(len(docs))
}

// f1 compares a text with the document's true one.
func f1(d document, text string) float64 {
	truth := d.truth
	if d.kind == "receipt" { // whose truth is in capitals
		truth, text = strings.ToUpper(truth), strings.ToUpper(text)
	}
	return ocrtest.F1(truth, text)
}
