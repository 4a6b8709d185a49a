package derivative

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// The files of a derivative.
const (
	PlanFile = "plan.json"    // all that is known of the original, a [Plan]
	PDFFile  = "document.pdf" // of a PDF
)

// PageFile names the picture of page n, counted from 1, of a document that is no PDF.
func PageFile(n int) string { return fmt.Sprintf("page-%04d.png", n) }

// Write writes a derivative as a ZIP file: the plan itself, and pages of synthetic ink. They are PNG pictures of the stored
// size, or what pdf writes of a PDF. The pages must have passed Check.
func Write(w io.Writer, plan Plan, pdf func(io.Writer) error) error {
	archive := zip.NewWriter(w)
	if err := writeFiles(archive, plan, pdf); err != nil {
		return fmt.Errorf("write derivative: %w", err)
	}
	if err := archive.Close(); err != nil {
		return fmt.Errorf("write derivative: %w", err)
	}
	return nil
}

func writeFiles(archive *zip.Writer, plan Plan, pdf func(io.Writer) error) error {
	listing, err := archive.Create(PlanFile)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(listing).Encode(plan); err != nil {
		return err
	}
	if plan.Type == ocr.PDF {
		document, err := archive.Create(PDFFile)
		if err != nil {
			return err
		}
		return pdf(document)
	}
	for n, page := range plan.Pages {
		file, err := archive.CreateHeader(&zip.FileHeader{Name: PageFile(n + 1), Method: zip.Store}) // compressed already
		if err != nil {
			return err
		}
		picture := &image.Gray{
			Pix: Draw(page.Width, page.Height, page.Ink, n).Grey(), Stride: page.Width, Rect: image.Rect(0, 0, page.Width, page.Height),
		}
		if err := png.Encode(file, picture); err != nil {
			return err
		}
	}
	return nil
}
