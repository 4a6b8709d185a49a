// Command bench compares `lethe read` with the tesseract command line on the same pages in one run, and the HTTP path with
// `lethe read`. Machines differ, so it prints ratios; the processor time of pages with an honest text layer stands beside its bound.
//
// The pages are those of the folder that LETHE_CORPUS names, by its manifest.csv, else letters that it draws. Tesseract gets
// one process a page with one thread each, as many at once as there are cores. It cannot read PDF: pdftoppm makes the pages
// it gets, which is not counted as its work.
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
		{"lethe read", lethe{bin, "accurate"}.read},
		{"lethe read --profile fast", lethe{bin, "fast"}.read},
		{"lethe over HTTP", lethe{bin, "accurate"}.serve},
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
	if err := born(ctx, bin, dir, w); err != nil {
		return err
	}
	if err := firstResult(ctx, bin, dir, w); err != nil {
		return err
	}
	letters, err := drawn(dir)
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "bench: a long scan, twice")
	if err := twoCores(ctx, bin, dir, letters, w); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "bench: services")
	return services(ctx, bin, w)
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
	fmt.Fprintln(t, "\tpages per core-second\tto tesseract\tpictures alone\tPDF alone\tF1\ttime to tesseract\tpeak memory\tfailed\t")
	for i, o := range outcomes {
		fmt.Fprintf(t, "%s\t%.3f\t%.2f\t%s\t%s\t%.4f\t%.2f\t%d MB\t%d\t\n", names[i], float64(pages[all])/o.total().Seconds(),
			ratio(base, o, all), cell(base, o, pictures), cell(base, o, pdf), meanF1(docs, o), o.wall.Seconds()/base.wall.Seconds(), o.peak>>20, o.failed)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "\nHTTP over lethe read: %.2f of its CPU time, %.2f of its time.\n", served.total().Seconds()/read.total().Seconds(), served.wall.Seconds()/read.wall.Seconds())
	if base.prepared > 0 {
		fmt.Fprintf(w, "Rendering PDF pages for tesseract took another %.2f of its CPU time; with it counted, lethe read is at %.2f.\n",
			base.prepared.Seconds()/base.total().Seconds(), (base.total()+base.prepared).Seconds()/read.total().Seconds())
	}
	fmt.Fprintln(w, "Ratios of pages per core-second: above 1 is cheaper than tesseract. Memory is that of all processes together.")
	return nil
}

// ratio is how many pages per core-second o reads for each that base reads.
func ratio(base, o *outcome, c class) float64 {
	if c == all {
		return base.total().Seconds() / o.total().Seconds()
	}
	return base.cpu[c].Seconds() / o.cpu[c].Seconds()
}

// cell prints a ratio where both were measured on that class alone.
func cell(base, o *outcome, c class) string {
	if base.cpu[c] == 0 || o.cpu[c] == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", ratio(base, o, c))
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
