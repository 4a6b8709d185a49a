package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// firstBound is how long the program may take from its start to the result of a tiny page.
const firstBound = 150 * time.Millisecond

// firstResult measures the time from the start of the program to the result of a tiny page: what a document waits for beside its own
// recognition. The shortest of several runs is what the program needs; the rest is of other programs.
func firstResult(ctx context.Context, bin, dir string, w io.Writer) error {
	path := filepath.Join(dir, "tiny.png")
	if err := writeTiny(path); err != nil {
		return err
	}
	var least time.Duration
	for i := range 5 {
		began := time.Now()
		if err := quietly(exec.CommandContext(ctx, bin, "read", path)); err != nil {
			return err
		}
		if took := time.Since(began); i == 0 || took < least {
			least = took
		}
	}
	_, err := fmt.Fprintf(w, "From the start to the result of a tiny page: %.0f ms (bound %d).\n", milliseconds(least), firstBound.Milliseconds())
	return err
}

// writeTiny writes a picture of one stroke, as of the letter l.
func writeTiny(path string) error {
	img := image.NewGray(image.Rect(0, 0, 120, 60))
	for i := range img.Pix {
		img.Pix[i] = 0xff
	}
	for y := 15; y < 45; y++ {
		for x := 58; x < 62; x++ {
			img.SetGray(x, y, color.Gray{})
		}
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(png.Encode(f, img), f.Close())
}
