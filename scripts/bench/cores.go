package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

const (
	scanPages = 60
	coresGoal = 1.9 // times as fast on two cores as on one
	rounds    = 3   // of each; the fastest counts, as anything else on the machine only slows
)

// twoCores compares how long a scan of many pages takes on one core and on two. The program learns from the cores that it may use
// how many worker processes to have.
func twoCores(ctx context.Context, bin, dir string, w io.Writer) error {
	pages, err := drawn(dir)
	if err != nil {
		return err
	}
	var pictures [][]byte
	for _, p := range pages {
		picture, err := os.ReadFile(p.path)
		if err != nil {
			return err
		}
		pictures = append(pictures, picture)
	}
	scan, err := pdftest.Scans(scanPages, pictures...)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "scan.pdf")
	if err := os.WriteFile(path, scan, 0o600); err != nil {
		return err
	}
	var took [2]time.Duration
	for range rounds {
		for i := range took {
			one, err := onCores(ctx, i+1, bin, "read", path)
			if errors.Is(err, errCores) {
				_, err = fmt.Fprintf(w, "One core and two were not compared: %v.\n", err)
				return err
			}
			if err != nil {
				return err
			}
			if took[i] == 0 || one < took[i] {
				took[i] = one
			}
		}
	}
	_, err = fmt.Fprintf(w, "A scan of %d pages on two cores: %.2f times as fast as on one (goal: at least %.1f).\n",
		scanPages, took[0].Seconds()/took[1].Seconds(), coresGoal)
	return err
}

// errCores says that a command cannot be given as many.
var errCores = errors.New("a command cannot be given as many cores here")
