package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/image/draw"

	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
)

// peakGoal is how many times tesseract's memory a worker may take.
const peakGoal = 1.3

// peakMemory compares the most memory that a worker process has on an A4 page of 300 dpi with tesseract's.
func peakMemory(ctx context.Context, bin, dir string, w io.Writer) error {
	for _, page := range []struct {
		name string
		make func(*image.Gray) image.Image
	}{
		{"grey", func(g *image.Gray) image.Image { return g }},
		{"coloured", tinted},
	} {
		path := filepath.Join(dir, "a4-"+page.name+".jpg")
		if err := writeA4(path, page.make); err != nil {
			return err
		}
		var peaks [2]uint64
		for i, command := range [][]string{{bin, "read", path}, {"tesseract", path, "-"}} {
			cmd := exec.CommandContext(ctx, command[0], command[1:]...)
			cmd.Env = append(os.Environ(), "OMP_THREAD_LIMIT=1", "LETHE_WORKERS=1")
			var err error
			if peaks[i], err = peak(cmd); err != nil {
				return err
			}
		}
		if _, err := fmt.Fprintf(w, "Most memory of a worker on a %s A4 page of 300 dpi: %.2f of tesseract's (goal: at most %.1f).\n",
			page.name, float64(peaks[0])/float64(peaks[1]), peakGoal); err != nil {
			return err
		}
	}
	return nil
}

// peak runs a command and returns the most memory that one process of it had. The kernel keeps the maximum of each process from the
// start of its program, so that looking now and then misses only what the last moments add.
func peak(cmd *exec.Cmd) (uint64, error) {
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	var most uint64
	for {
		select {
		case err := <-ended:
			if err == nil && most == 0 {
				err = errors.New("it ended before its memory was seen")
			}
			if err != nil {
				err = fmt.Errorf("%s: %w: %s", cmd.Args[0], err, bytes.TrimSpace(complaint.Bytes()))
			}
			return most, err
		case <-tick.C:
			most = max(most, highest(cmd.Process.Pid))
		}
	}
}

// highest is the most memory that a process or one of its descendants has had, VmHWM of proc_pid_status(5).
func highest(pid int) uint64 {
	var most uint64
	if status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)); err == nil {
		for line := range bytes.Lines(status) {
			if fields := bytes.Fields(line); len(fields) == 3 && string(fields[0]) == "VmHWM:" {
				most, _ = strconv.ParseUint(string(fields[1]), 10, 64) // the kernel's own number
			}
		}
	}
	most <<= 10 // of kB
	for _, child := range children(pid) {
		most = max(most, highest(child))
	}
	return most
}

// writeA4 writes a scanned letter as an A4 page of 300 dpi.
func writeA4(path string, finish func(*image.Gray) image.Image) error {
	drawn, err := ocrtest.Draw(ocrtest.Letter(1), ocrtest.Scanned(), 1)
	if err != nil {
		return err
	}
	page := image.NewGray(image.Rect(0, 0, ocrtest.Width*300/ocrtest.DPI, ocrtest.Height*300/ocrtest.DPI))
	draw.BiLinear.Scale(page, page.Bounds(), drawn, drawn.Bounds(), draw.Src, nil)
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(jpeg.Encode(f, finish(page), &jpeg.Options{Quality: 75}), f.Close())
}

// tinted is a page on yellowish paper.
func tinted(page *image.Gray) image.Image {
	img := image.NewRGBA(page.Bounds())
	for i, v := range page.Pix {
		img.Set(i%page.Stride, i/page.Stride, color.RGBA{v, v, uint8(int(v) * 9 / 10), 0xff})
	}
	return img
}
