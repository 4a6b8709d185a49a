package pdf

import (
	"bytes"
	"image"
	"math"
	"slices"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/requests"
)

const (
	alikeDPI    = 72
	alikePixels = 4_000_000 // larger pages are compared at a lower resolution
)

// difference is where two pictures of a page differ.
type difference struct {
	pixels        []bool // nil if the pictures are not of one size
	width, height int
	place         matrix // displayed page → pixels
}

// near reports whether something of the displayed page is within a pixel of a difference.
func (d *difference) near(shown rect) bool {
	at := shown.through(d.place)
	within := func(v float64, size int) int { return int(max(0, min(v, float64(size)))) }
	for y := within(math.Floor(at.y0-1), d.height); y < within(math.Ceil(at.y1+1), d.height); y++ {
		row := d.pixels[y*d.width:]
		if slices.Contains(row[within(math.Floor(at.x0-1), d.width):within(math.Ceil(at.x1+1), d.width)], true) {
			return true
		}
	}
	return false
}

// differ draws two pages and returns where they differ, nil if they look the same: every pixel of them, at 72 dpi in colour.
func (p *Document) differ(a, b int) (*difference, error) {
	before, place, err := p.colours(a)
	if err != nil {
		return nil, err
	}
	after, _, err := p.colours(b)
	if err != nil {
		return nil, err
	}
	if before.Rect != after.Rect || before.Stride != after.Stride {
		return &difference{}, nil
	}
	if bytes.Equal(before.Pix, after.Pix) {
		return nil, nil
	}
	d := &difference{width: before.Rect.Dx(), height: before.Rect.Dy(), place: place}
	d.pixels = make([]bool, d.width*d.height)
	for y := range d.height {
		for x := range d.width {
			at := y*before.Stride + 4*x
			d.pixels[y*d.width+x] = [4]byte(before.Pix[at:]) != [4]byte(after.Pix[at:])
		}
	}
	return d, nil
}

// colours draws a page. place turns points of the displayed page into pixels.
func (p *Document) colours(n int) (drawn *image.RGBA, place matrix, err error) {
	err = p.look(n, func(v view) error {
		dpi := max(1, int(min(alikeDPI, 72*math.Sqrt(alikePixels/(v.width*v.height)))))
		rendered, err := p.instance.RenderPageInDPI(&requests.RenderPageInDPI{
			Page: v.page, DPI: dpi, ImageFormat: requests.RenderImageFormatRGBA, RenderFlags: enums.FPDF_RENDER_FLAG_ANNOT,
		})
		if err != nil {
			return p.fail(err)
		}
		defer rendered.CleanupFunc()
		shown, ok := rendered.Result.RenderedImage.(*image.RGBA)
		if !ok {
			return errNoPicture
		}
		p.used += int64(len(shown.Pix))
		drawn = &image.RGBA{Pix: bytes.Clone(shown.Pix), Stride: shown.Stride, Rect: shown.Rect} // it points into the module's memory
		place = v.scale(dpi)
		return nil
	})
	return drawn, place, err
}
