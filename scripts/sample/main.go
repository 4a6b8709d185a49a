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
	"time"

	"github.com/go-pdf/fpdf"

	"github.com/lethe-ocr/lethe/scripts/sample/page"
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
	style := page.Scanned()
	if clean {
		style = page.Clean()
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
		all = append(all, page.Words(page.Letter(n))...)
	}
	return os.WriteFile(words, []byte(strings.Join(all, "\n")+"\n"), 0o600)
}

func writePNG(w io.Writer, style page.Style) error {
	img, err := page.Draw(page.Letter(1), style, 1)
	if err != nil {
		return err
	}
	return png.Encode(w, img)
}

func writeJPEG(w io.Writer, n int, style page.Style) error {
	img, err := page.Draw(page.Letter(n), style, uint64(n))
	if err != nil {
		return err
	}
	return jpeg.Encode(w, img, &jpeg.Options{Quality: 60})
}

func writePDF(w io.Writer, pages int, style page.Style) error {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetCreationDate(time.Unix(0, 0).UTC())
	pdf.SetModificationDate(time.Unix(0, 0).UTC())
	pdf.SetCatalogSort(true)
	for n := 1; n <= pages; n++ {
		var scan bytes.Buffer
		if err := writeJPEG(&scan, n, style); err != nil {
			return err
		}
		name := fmt.Sprint("page", n)
		pdf.RegisterImageOptionsReader(name, fpdf.ImageOptions{ImageType: "JPG"}, &scan)
		pdf.AddPage()
		pdf.ImageOptions(name, 0, 0, 210, 297, false, fpdf.ImageOptions{ImageType: "JPG"}, 0, "")
	}
	return pdf.Output(w)
}
