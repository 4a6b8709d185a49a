//go:build linux

package reader

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"hash/crc32"
	"image"
	"image/jpeg"
	"io"
	"iter"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
)

// previewQuality is that of JPEG at which letters of a usual size stay sharp enough to be compared with words.
const previewQuality = 70

// writePreviews writes ocr.Previews of a document, or of one of several files. It holds one picture at a time.
func (e *Engine) writePreviews(ctx context.Context, src ocr.Source, pages iter.Seq2[ocr.Page, error], w io.Writer) error {
	out := zip.NewWriter(w)
	one := func(page ocr.Page) error {
		doc, err := e.page(ctx, src, page.Number)
		if err != nil {
			return err
		}
		return writePreview(out, doc, page, page.Number)
	}
	if len(src.Parts) > 0 {
		e.release()
		defer e.release()
		p := &partsWriter{e: e, parts: src.Parts, each: func(doc opened, page ocr.Page, number int) error {
			return writePreview(out, doc, page, number)
		}}
		one = func(page ocr.Page) error { return p.page(ctx, page) }
	}
	for page, err := range pages {
		if err == nil {
			err = one(page)
		}
		if err != nil {
			return err
		}
	}
	return out.Close()
}

// writePreview draws a page of a file and writes it under its number in the document. There is no picture of one that cannot be drawn,
// nor of one that could not be read: drawing it may be what failed, at the cost of the process.
func writePreview(out *zip.Writer, doc opened, page ocr.Page, number int) error {
	if page.Origin == ocr.Failed {
		return nil
	}
	drawn, err := doc.preview(page.Number, ocr.PreviewSide)
	if _, refused := errors.AsType[*refusal.Error](err); refused {
		return nil
	}
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, drawn, &jpeg.Options{Quality: previewQuality}); err != nil {
		return err
	}
	size := uint64(b.Len()) // #nosec G115 -- not negative
	entry, err := out.CreateRaw(&zip.FileHeader{
		Name: ocr.PreviewName(number), Method: zip.Store, CRC32: crc32.ChecksumIEEE(b.Bytes()), CompressedSize64: size, UncompressedSize64: size,
	})
	if err != nil {
		return err
	}
	_, err = b.WriteTo(entry)
	return err
}

func (d *imageDocument) preview(n, side int) (image.Image, error) {
	drawn, err := d.file.Decode(n-1, d.limits)
	if err != nil {
		return nil, err
	}
	defer drawn.Close()
	small, err := drawn.Within(side)
	if err != nil {
		return nil, err
	}
	defer small.Close()
	pixels, err := small.Pixels()
	if err != nil {
		return nil, err
	}
	return pixels.Image(), nil
}

func (d *pdfDocument) preview(n, side int) (image.Image, error) {
	return d.pdf.Preview(n, side, d.limits)
}
