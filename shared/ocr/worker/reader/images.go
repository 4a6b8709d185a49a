//go:build linux

package reader

import (
	"bytes"
	"context"
	"fmt"
	"image/color"
	"image/jpeg"
	"io"
	"iter"

	"golang.org/x/sys/unix"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
	"github.com/lethe-ocr/lethe/shared/pdf"
	"github.com/lethe-ocr/lethe/shared/picture"
	"github.com/lethe-ocr/lethe/shared/picture/stored"
)

// assumedDPI stands for the resolution of an image that does not state one.
const assumedDPI = 200

// imageDocument is an open image file, mapped into memory: it is read where the decoder needs it and never copied. Where parts are
// missing, a TIFF has those filled that are read of it, and other files, which are one page, are filled whole.
type imageDocument struct {
	runtime func(context.Context) (*pdf.Runtime, error)
	file    picture.File
	frames  []picture.Frame
	limits  ocr.Limits
}

func openImages(
	ctx context.Context, src ocr.Source, size int64, mediaType string, limits ocr.Limits,
	runtime func(context.Context) (*pdf.Runtime, error),
) (opened, error) {
	file := picture.File{Type: mediaType}
	mapping := unix.MAP_PRIVATE
	switch {
	case src.Fill == nil:
	case mediaType == ocr.TIFF:
		mapping = unix.MAP_SHARED // which shows what is filled later
		file.Fill = func(offset, length int64) bool { return src.Fill.Fill(ctx, offset, length) == nil }
	default:
		if err := src.Fill.Fill(ctx, 0, size); err != nil {
			return nil, fmt.Errorf("read document: %w", err)
		}
	}
	var err error
	if file.Data, err = unix.Mmap(int(src.File.Fd()), 0, int(size), unix.PROT_READ, mapping); err != nil { // #nosec G115 -- a descriptor
		return nil, fmt.Errorf("map document: %w", err)
	}
	d := &imageDocument{runtime: runtime, file: file, limits: limits}
	if d.frames, err = file.Probe(limits); err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

func (d *imageDocument) mediaType() string { return d.file.Type }
func (d *imageDocument) pages() int        { return len(d.frames) }

func (d *imageDocument) info() (ocr.Info, error) {
	info := ocr.Info{Type: d.file.Type, Pages: len(d.frames)}
	if n := picture.LeftOut(d.file.Data, d.file.Type); n > 0 {
		info.Notes = append(info.Notes, ocr.Note{Code: ocr.FirstFrameOnly, Count: n})
	}
	return info, nil
}

func (d *imageDocument) close() {
	// An error would mean that the address is wrong. The process that maps documents is short-lived either way.
	_ = unix.Munmap(d.file.Data)
}

func (d *imageDocument) draw(_ context.Context, n int, _ ocr.Options) (sheet, error) {
	image, err := d.file.Decode(n-1, d.limits)
	return sheet{image: image}, err
}

func (d *imageDocument) drawing(n int) (*picture.Image, error) {
	return d.file.Decode(n-1, d.limits)
}

func (d *imageDocument) write(
	ctx context.Context, opt ocr.PDFOptions, pages iter.Seq2[ocr.Page, error], w io.Writer,
) ([]ocr.Note, error) {
	runtime, err := d.runtime(ctx)
	if err != nil {
		return nil, err
	}
	writer, err := runtime.NewWriter(nil, opt, w)
	if err != nil {
		return nil, err
	}
	defer writer.Close()
	written := 0
	// unread writes the pages up to one as they are.
	unread := func(to int) error {
		if opt.Partial() {
			return nil
		}
		for written++; written < to; written++ {
			if err := d.writePage(writer, ocr.Page{Number: written, Origin: ocr.Failed}, opt.Kind); err != nil {
				return err
			}
		}
		return nil
	}
	for page, err := range pages {
		if err != nil {
			return nil, err
		}
		if page.Number < 1 || page.Number > len(d.frames) {
			return nil, refusal.NoPage(page.Number, len(d.frames))
		}
		if err := unread(page.Number); err != nil {
			return nil, err
		}
		if err := d.writePage(writer, page, opt.Kind); err != nil {
			return nil, err
		}
	}
	if err := unread(len(d.frames) + 1); err != nil {
		return nil, err
	}
	if err := writer.Finish(); err != nil {
		return nil, err
	}
	return writer.Notes(), nil
}

// writePage writes one page with its text, if it has any.
func (d *imageDocument) writePage(writer *pdf.Writer, page ocr.Page, kind ocr.PDFKind) error {
	if frame := d.frames[page.Number-1]; page.Origin == ocr.Failed {
		// Its size was never found out, or only by a reader that failed.
		page.Width, page.Height, page.DPI, page.DPIY = frame.Width, frame.Height, frame.DPI, frame.DPIY
	}
	if page.DPI < 1 {
		page.DPI = assumedDPI
	}
	return writer.Page(page, d.picture(page.Number, kind))
}

// picture returns page n as it is drawn, as the file holds it if a PDF can hold that too. A page that cannot be decoded is drawn
// blank. An archive has no colours of inks, and what pictures are cut out of are pixels.
func (d *imageDocument) picture(n int, kind ocr.PDFKind) *pdf.Picture {
	plain, pixelsOnly := kind == ocr.Archive, kind == ocr.TextAndPictures
	if d.file.Type == ocr.JPEG && !pixelsOnly {
		if c, err := jpeg.DecodeConfig(bytes.NewReader(d.file.Data)); err == nil && (!plain || c.ColorModel != color.CMYKModel) {
			return &pdf.Picture{JPEG: d.file.Data, Orientation: picture.Orientation(d.file.Data, d.file.Type)}
		}
	}
	image, err := d.file.Decode(n-1, d.limits)
	if err != nil {
		return nil
	}
	defer image.Close()
	if pixelsOnly {
		return drawnPixels(image)
	}
	held, ok := d.held(n)
	if fax, bilevel := image.Fax(); bilevel && (!ok || held.Stored != nil && held.Stored.Coding == stored.Rows && fax.Size() < held.Stored.Size()) {
		return &pdf.Picture{Stored: fax}
	}
	if ok {
		return held
	}
	return drawnPixels(image)
}

// drawnPixels returns an image as its pixels.
func drawnPixels(image *picture.Image) *pdf.Picture {
	pixels, err := image.Pixels()
	if err != nil {
		return nil
	}
	format := pdf.Gray
	if pixels.Channels == 3 {
		format = pdf.RGB
	}
	return &pdf.Picture{
		Pixels: pixels.Data, Format: format, Stride: pixels.Width * pixels.Channels, Width: pixels.Width, Height: pixels.Height,
	}
}

// held returns page n as the file holds it.
func (d *imageDocument) held(n int) (*pdf.Picture, bool) {
	data, kept, orientation, ok := d.file.Stored(n-1, d.limits)
	if !ok {
		return nil, false
	}
	if data != nil {
		if _, err := jpeg.DecodeConfig(bytes.NewReader(data)); err != nil {
			return nil, false
		}
	}
	return &pdf.Picture{JPEG: data, Stored: kept, Orientation: orientation}, true
}
