//go:build linux

package reader

import (
	"context"
	"io"
	"iter"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/language"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
	"github.com/lethe-ocr/lethe/shared/pdf"
	"github.com/lethe-ocr/lethe/shared/picture"
)

// pdfDocument is an open PDF.
type pdfDocument struct {
	runtime *pdf.Runtime
	pdf     *pdf.Document
	limits  ocr.Limits

	recogniser Recogniser // of fonts whose text may not be what they show
}

func openPDF(runtime *pdf.Runtime, content *io.SectionReader, password string, limits ocr.Limits, recogniser Recogniser) (opened, error) {
	pdf, err := runtime.Open(content, content.Size(), password)
	if err != nil {
		return nil, err
	}
	if pdf.Restricted() {
		pdf.Close()
		return nil, refusal.New(refusal.Restricted)
	}
	return &pdfDocument{runtime: runtime, pdf: pdf, limits: limits, recogniser: recogniser}, nil
}

func (d *pdfDocument) mediaType() string { return ocr.PDF }
func (d *pdfDocument) pages() int        { return d.pdf.Pages() }

func (d *pdfDocument) info() (ocr.Info, error) {
	signatures, err := d.pdf.Signatures()
	return ocr.Info{Type: ocr.PDF, Pages: d.pdf.Pages(), Encrypted: d.pdf.Encrypted(), Locked: d.pdf.Locked(), Signatures: signatures}, err
}

// draw takes the text layer where the page shows it, and draws what else is to be read.
func (d *pdfDocument) draw(ctx context.Context, n int, opt ocr.Options) (sheet, error) {
	d.pdf.CheckFonts(func(line pdf.Raster) (ocr.Page, error) { return d.line(ctx, line, opt) })
	reading, err := d.pdf.Read(n, opt.Characters, d.limits)
	if err != nil || reading.Page != nil {
		return sheet{page: reading.Page}, err
	}
	image, err := d.image(reading.Raster)
	return sheet{
		image: image, dpi: reading.Raster.DPI, merge: reading.Merge, scattered: reading.Scattered, part: !reading.Whole(),
	}, err
}

func (d *pdfDocument) drawing(n int) (*picture.Image, error) {
	raster, err := d.pdf.Raster(n, d.limits)
	if err != nil {
		return nil, err
	}
	return d.image(raster)
}

// line reads a few lines of text, in one pass: where languages are still to be chosen, in those that the lines themselves show.
func (d *pdfDocument) line(ctx context.Context, raster pdf.Raster, opt ocr.Options) (ocr.Page, error) {
	image, err := d.image(raster)
	if err != nil {
		return ocr.Page{}, err
	}
	defer image.Close()
	opt = ocr.Options{Languages: opt.Languages, Profile: ocr.Fast, Choose: opt.Choose}
	if opt.Choose {
		looked, err := d.recogniser.Read(ctx, image, raster.DPI, raster.DPI, opt)
		if err != nil {
			return ocr.Page{}, err
		}
		if opt.Choose = false; len(looked.Languages) > 0 {
			opt.Languages = looked.Languages
		} else {
			opt.Languages = language.Usual(opt.Languages)
		}
	}
	return d.recogniser.Read(ctx, image, raster.DPI, raster.DPI, opt)
}

func (d *pdfDocument) image(raster pdf.Raster) (*picture.Image, error) {
	if raster.JPEG == nil {
		return picture.NewGray(raster.Gray, raster.Stride, raster.Width, raster.Height, raster.DPI)
	}
	return picture.Decode(raster.JPEG, picture.StoredJPEG, 0, d.limits)
}

func (d *pdfDocument) write(
	_ context.Context, opt ocr.PDFOptions, pages iter.Seq2[ocr.Page, error], w io.Writer,
) ([]ocr.Note, error) {
	writer, err := d.runtime.NewWriter(d.pdf, opt, w)
	if err != nil {
		return nil, err
	}
	defer writer.Close()
	writer.Limits = d.limits
	for page, err := range pages {
		if err != nil {
			return nil, err
		}
		if err := writer.Page(page, nil); err != nil {
			return nil, err
		}
	}
	if err := writer.Finish(); err != nil {
		return nil, err
	}
	return writer.Notes(), nil
}

func (d *pdfDocument) close() { d.pdf.Close() }
