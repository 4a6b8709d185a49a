package main

import (
	"bytes"
	"context"
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
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

const (
	scanPages     = 60 // of the scan by which inspecting and writing are measured
	quantileSteps = 20
	tries         = 3 // the least of several runs is what a program needs; the rest is of other programs
)

// measure reads every page of a corpus by processes of their own, and a scan of many pages, and writes what they needed: processor
// time in seconds, as quantiles. Neither content nor names of documents are kept.
func measure(ctx context.Context, bin, corpus string) (result measurement, err error) {
	if corpus == "" {
		return result, errors.New("set LETHE_CORPUS to a folder of pages with a manifest.csv")
	}
	dir, err := os.MkdirTemp("", "lethe-scale-")
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	read := func(args ...string) (float64, error) {
		return processor(ctx, bin, append([]string{"read", "--output", dir}, args...)...)
	}

	stroke := filepath.Join(dir, "stroke.jpg")
	if err := os.WriteFile(stroke, drawing(), 0o600); err != nil {
		return result, err
	}
	start, err := processor(ctx, bin, "help", "exit-codes")
	if err != nil {
		return result, err
	}
	first, err := read(stroke)
	if err != nil {
		return result, err
	}
	result.Open = rounded(first - start)

	if result.Pages, result.Bytes, err = corpusPages(ctx, bin, corpus, first); err != nil {
		return result, err
	}

	// A scan whose text was recognised once costs little to read: what writing adds to that shows.
	scan := filepath.Join(dir, "scan.pdf")
	if err := letters(scan); err != nil {
		return result, err
	}
	if _, err := processor(ctx, bin, "read", "--format", "pdf", "--output", dir, scan); err != nil {
		return result, err
	}
	layered := scan + ".pdf"
	one, err := read("--format", "txt", "--pages", "1", layered)
	if err != nil {
		return result, err
	}
	text, err := read("--format", "txt", layered)
	if err != nil {
		return result, err
	}
	written, err := read("--format", "txt,json,pdf", layered)
	if err != nil {
		return result, err
	}
	result.Inspect = rounded(max(0, one-first) / scanPages)
	result.Assemble = rounded((written - text) / scanPages)
	return result, nil
}

// corpusPages measures each page that has to be recognised, less what the program takes for a page with one stroke.
func corpusPages(ctx context.Context, bin, corpus string, first float64) (times []float64, size float64, err error) {
	manifest, err := os.ReadFile(filepath.Join(corpus, "manifest.csv"))
	if err != nil {
		return nil, 0, err
	}
	rows, err := csv.NewReader(bytes.NewReader(manifest)).ReadAll()
	if err != nil {
		return nil, 0, fmt.Errorf("manifest: %w", err)
	}
	column := func(name string) int { return slices.Index(rows[0], name) }
	file, lang, kind, count := column("file"), column("lang"), column("kind"), column("pages")
	if min(file, lang, kind, count) < 0 {
		return nil, 0, errors.New("manifest.csv lacks file, lang, kind or pages")
	}
	var all []float64
	var total int64
	for n, row := range rows[1:] {
		if row[kind] == "pdf-text" {
			continue // its text is taken from the file, at a hundredth of the time
		}
		path := filepath.Join(corpus, row[file])
		pages, err := strconv.Atoi(row[count])
		if err != nil {
			return nil, 0, fmt.Errorf("manifest, row %d: %w", n, err)
		}
		info, err := os.Stat(path)
		if err != nil {
			return nil, 0, err
		}
		total += info.Size()
		for page := range pages {
			took, err := processor(ctx, bin, "read", "--lang", row[lang], "--pages", strconv.Itoa(page+1), path)
			if err != nil {
				return nil, 0, err
			}
			all = append(all, max(0, took-first))
		}
		fmt.Fprintf(os.Stderr, "scale: %d of %d documents\n", n+1, len(rows)-1)
	}
	slices.Sort(all)
	for step := range quantileSteps + 1 {
		at := float64(step) / quantileSteps * float64(len(all)-1)
		i := min(int(at), len(all)-2)
		times = append(times, rounded(all[i]+(at-float64(i))*(all[i+1]-all[i])))
	}
	return times, math.Round(float64(total) / float64(len(all))), nil
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
		if least > 2 {
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

// letters writes a scan of letters.
func letters(path string) error {
	var pictures [][]byte
	for n := range 8 {
		img, err := ocrtest.Draw(ocrtest.Letter(n+1), ocrtest.Scanned(), uint64(n+1)) //nolint:gosec // a small number
		if err != nil {
			return err
		}
		var b bytes.Buffer
		if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 60}); err != nil {
			return err
		}
		pictures = append(pictures, b.Bytes())
	}
	scan, err := pdftest.Scans(scanPages, pictures...)
	if err != nil {
		return err
	}
	return os.WriteFile(path, scan, 0o600)
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
