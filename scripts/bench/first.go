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
	"path/filepath"
	"time"
)

// firstGoal is how long the program may take from its start to the result of a tiny page.
const firstGoal = 150 * time.Millisecond

// firstResult compares the time from the start of the program to the result of a tiny page, which a document waits for beside its own
// recognition, with tesseract's. The shortest of several runs is what a program needs; the rest is of other programs.
func firstResult(ctx context.Context, bin, dir string, w io.Writer) error {
	path := filepath.Join(dir, "tiny.png")
	if err := writeTiny(path); err != nil {
		return err
	}
	var least [2]time.Duration
	for i, command := range [][]string{{bin, "read", path}, {"tesseract", path, "-"}} {
		for n := range 5 {
			began := time.Now()
			if _, _, err := output(ctx, command, nil); err != nil {
				return err
			}
			if took := time.Since(began); n == 0 || took < least[i] {
				least[i] = took
			}
		}
	}
	_, err := fmt.Fprintf(w, "From the start to the result of a tiny page: %.2f of the goal of %d ms, %.2f of tesseract's time.\n",
		least[0].Seconds()/firstGoal.Seconds(), firstGoal.Milliseconds(), least[0].Seconds()/least[1].Seconds())
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
