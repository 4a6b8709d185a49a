package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

const (
	copies        = 5 // of a page with one stroke
	fewPages      = 20
	manyPages     = 100
	longPages     = 1000
	quantileSteps = 20
	tries         = 2 // the least of several short runs is what a program needs; the rest is of other programs
)

// measure reads every page of a corpus by processes of their own, and pages that it makes, and returns what they needed: processor
// time in seconds. Neither content nor names of documents are kept.
func measure(ctx context.Context, bin, corpus string) (result measurement, err error) {
	if corpus == "" {
		return result, errors.New("set LETHE_CORPUS to a folder of pages with a manifest.csv")
	}
	dir, err := os.MkdirTemp("", "lethe-scale-")
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	result, err = steps(ctx, bin, dir)
	if err != nil {
		return result, err
	}
	result.Pages, result.Bytes, result.Corpus, err = corpusPages(ctx, bin, corpus, result.Start)
	result.Inspect = rounded(result.Inspect + result.Bytes*digest())
	result.Machine = fmt.Sprintf("%d virtual cores, %s", runtime.NumCPU(), processorName())
	return result, err
}

// steps measures everything but recognition. What a step takes is what more of it takes, so that the start of processes is in none.
func steps(ctx context.Context, bin, dir string) (result measurement, err error) {
	var strokes []string
	for n := range copies {
		name := filepath.Join(dir, fmt.Sprint("stroke", n, ".jpg"))
		if err := os.WriteFile(name, drawing(), 0o600); err != nil {
			return result, err
		}
		strokes = append(strokes, name)
	}
	read := func(args ...string) (took float64) {
		if err == nil {
			took, err = processor(ctx, bin, append([]string{"read", "--output", dir}, args...)...)
		}
		return took
	}
	born := func(pages int) string {
		path := filepath.Join(dir, fmt.Sprint("born", pages, ".pdf"))
		if err == nil {
			err = os.WriteFile(path, pdftest.Pages(pages, "/Font<</F 5 0 R>>", printed(), "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"), 0o600)
		}
		return path
	}
	few, many, long := born(fewPages), born(manyPages), born(longPages)
	result.Start = read(strokes[0])
	result.Open = rounded(max(0, read(strokes...)-result.Start) / (copies - 1))
	result.Inspect = max(0, read("--pages", "1", long)-read("--pages", "1", few)) / (longPages - fewPages)
	writing := func(path string) float64 {
		return read("--format", "txt,pdf", path) - read("--format", "txt", path)
	}
	result.Assemble = rounded((writing(many) - writing(few)) / (manyPages - fewPages))
	result.Start = rounded(result.Start)
	return result, err
}

// digest is how many seconds the SHA-256 of a byte takes.
func digest() float64 {
	bytes := make([]byte, 32<<20)
	least := math.Inf(1)
	for range 5 {
		began := time.Now()
		sha256.Sum256(bytes)
		least = min(least, time.Since(began).Seconds())
	}
	return least / float64(len(bytes))
}

// printed is a page of 50 lines and 500 words, as an office program writes it.
func printed() string {
	var b strings.Builder
	b.WriteString("BT /F 10 Tf 14 TL 40 790 Td\n")
	for line := range 50 {
		fmt.Fprintf(&b, "(Line %d holds ten words that anybody could read aloud) Tj T*\n", line)
	}
	b.WriteString("ET")
	return b.String()
}

// corpusPages measures each page that has to be recognised, less what the program takes for a page with one stroke, its start above all.
func corpusPages(ctx context.Context, bin, corpus string, first float64) (times []float64, size float64, what string, err error) {
	manifest, err := os.ReadFile(filepath.Join(corpus, "manifest.csv"))
	if err != nil {
		return nil, 0, "", err
	}
	rows, err := csv.NewReader(bytes.NewReader(manifest)).ReadAll()
	if err != nil {
		return nil, 0, "", fmt.Errorf("manifest: %w", err)
	}
	column := func(name string) int { return slices.Index(rows[0], name) }
	file, lang, kind, count := column("file"), column("lang"), column("kind"), column("pages")
	if min(file, lang, kind, count) < 0 {
		return nil, 0, "", errors.New("manifest.csv lacks file, lang, kind or pages")
	}
	var (
		mu        sync.Mutex
		all       []float64 // guarded by mu
		total     int64
		documents int
		group     errgroup.Group
	)
	group.SetLimit(3 * runtime.NumCPU()) // processor time is measured, not how long it takes
	for n, row := range rows[1:] {
		if row[kind] == "pdf-text" {
			continue // its text is taken from the file, at a hundredth of the time
		}
		path := filepath.Join(corpus, row[file])
		pages, err := strconv.Atoi(row[count])
		if err != nil {
			return nil, 0, "", fmt.Errorf("manifest, row %d: %w", n, err)
		}
		info, err := os.Stat(path)
		if err != nil {
			return nil, 0, "", err
		}
		total += info.Size()
		documents++
		for page := range pages {
			group.Go(func() error {
				took, err := processor(ctx, bin, "read", "--lang", row[lang], "--pages", strconv.Itoa(page+1), path)
				mu.Lock()
				defer mu.Unlock()
				all = append(all, max(0, took-first))
				fmt.Fprintf(os.Stderr, "scale: %d pages\n", len(all))
				return err
			})
		}
	}
	if err := group.Wait(); err != nil {
		return nil, 0, "", err
	}
	slices.Sort(all)
	for step := range quantileSteps + 1 {
		at := float64(step) / quantileSteps * float64(len(all)-1)
		i := min(int(at), len(all)-2)
		times = append(times, rounded(all[i]+(at-float64(i))*(all[i+1]-all[i])))
	}
	what = fmt.Sprintf("%d pages that have to be recognised, of %d documents of many kinds", len(all), documents)
	return times, math.Round(float64(total) / float64(len(all))), what, nil
}

// processorName is what the kernel calls the processor, proc(5).
func processorName() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	_, name, _ := strings.Cut(string(text), "model name\t: ")
	name, _, _ = strings.Cut(name, "\n")
	return name
}

func rounded(seconds float64) float64 { return math.Round(seconds*1e4) / 1e4 }

// processor is the least processor time of several runs of the program with its workers. A page that cannot be read counts too.
func processor(ctx context.Context, bin string, args ...string) (float64, error) {
	least := math.Inf(1)
	for range tries {
		cmd := exec.CommandContext(ctx, bin, args...)
		cmd.Env = append(os.Environ(), "LETHE_WORKERS=1")
		var complaint bytes.Buffer
		cmd.Stderr = &complaint
		if err := cmd.Run(); cmd.ProcessState == nil || ctx.Err() != nil || cmd.ProcessState.ExitCode() == 2 {
			return 0, fmt.Errorf("%s %s: %w: %s", bin, args[0], err, strings.TrimSpace(complaint.String()))
		}
		least = min(least, (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds())
		if least > 1.5 {
			break // long enough that little is of other programs
		}
	}
	return least, nil
}

// drawing is a picture of one stroke, as of the letter l.
func drawing() []byte {
	img := image.NewGray(image.Rect(0, 0, 120, 60))
	for i := range img.Pix {
		img.Pix[i] = 0xff
	}
	for y := 15; y < 45; y++ {
		for x := 58; x < 62; x++ {
			img.Pix[y*img.Stride+x] = 0
		}
	}
	var b bytes.Buffer
	_ = jpeg.Encode(&b, img, nil) // a buffer takes everything
	return b.Bytes()
}

// saveMeasurement measures and writes measured.json.
func saveMeasurement(ctx context.Context, bin, corpus, path string) error {
	began := time.Now()
	m, err := measure(ctx, bin, corpus)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "scale: measured in %s\n", time.Since(began).Round(time.Second))
	return os.WriteFile(path, append(text, '\n'), 0o600)
}
