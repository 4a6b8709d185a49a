package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

const (
	scanPages = 60
	coresGoal = 1.9 // times as fast with two worker processes as with one
)

// twoCores compares how long a scan of many pages takes with one worker process and with two.
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
	for i := range took {
		cmd := exec.CommandContext(ctx, bin, "read", path)
		cmd.Env = append(os.Environ(), fmt.Sprintf("LETHE_WORKERS=%d", i+1))
		began := time.Now()
		if err := quietly(cmd); err != nil {
			return err
		}
		took[i] = time.Since(began)
	}
	_, err = fmt.Fprintf(w, "A scan of %d pages with two worker processes: %.2f times as fast as with one (goal: at least %.1f).\n",
		scanPages, took[0].Seconds()/took[1].Seconds(), coresGoal)
	return err
}
