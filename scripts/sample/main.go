// Command sample makes the documents that the demo and the tests use: letters that look scanned, a degree off, noisy, as
// JPEG inside PDF. The same arguments give the same bytes.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"strings"

	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

func main() {
	out := flag.String("o", "", "file to write; its ending says the kind: pdf, png or jpg")
	words := flag.String("words", "", "file for the distinctive words, one a line")
	pages := flag.Int("pages", 2, "pages of a PDF")
	clean := flag.Bool("clean", false, "as printed instead of as scanned")
	flag.Parse()
	if err := run(*out, *words, *pages, *clean); err != nil {
		fmt.Fprintln(os.Stderr, "sample:", err)
		os.Exit(1)
	}
}

func run(out, words string, pages int, clean bool) error {
	if out == "" || pages < 1 {
		return fmt.Errorf("give -o FILE and at least one page")
	}
	style := ocrtest.Scanned()
	if clean {
		style = ocrtest.Clean()
	}
	var content bytes.Buffer
	var err error
	switch out[strings.LastIndexByte(out, '.')+1:] {
	case "pdf":
		err = writePDF(&content, pages, style)
	case "png":
		pages = 1
		err = writePNG(&content, style)
	case "jpg":
		pages = 1
		err = writeJPEG(&content, 1, style)
	default:
		err = fmt.Errorf("%s: the ending must be pdf, png or jpg", out)
	}
	if err != nil {
		return err
	}
	if err := os.WriteFile(out, content.Bytes(), 0o600); err != nil {
		return err
	}
	if words == "" {
		return nil
	}
	var all []string
	for n := 1; n <= pages; n++ {
		all = append(all, ocrtest.Words(ocrtest.Letter(n))...)
	}
	return os.WriteFile(words, []byte(strings.Join(all, "\n")+"\n"), 0o600)
}

func writePNG(w io.Writer, style ocrtest.Style) error {
	img, err := ocrtest.Draw(ocrtest.Letter(1), style, 1)
	if err != nil {
		return err
	}
	return png.Encode(w, img)
}

func writeJPEG(w io.Writer, n int, style ocrtest.Style) error {
	img, err := ocrtest.Draw(ocrtest.Letter(n), style, uint64(n))
	if err != nil {
		return err
	}
	return jpeg.Encode(w, img, &jpeg.Options{Quality: 60})
}

func writePDF(w io.Writer, pages int, style ocrtest.Style) error {
	pictures := make([][]byte, pages)
	for i := range pages {
		var scan bytes.Buffer
		if err := writeJPEG(&scan, i+1, style); err != nil {
			return err
		}
		pictures[i] = scan.Bytes()
	}
	pdf, err := pdftest.Scans(pages, pictures...)
	if err != nil {
		return err
	}
	_, err = w.Write(pdf)
	return err
}
