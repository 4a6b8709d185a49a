package pdf

import (
	"bytes"
	"errors"
	"image"
	"math"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/requests"
)

const (
	alikeDPI    = 72
	alikePixels = 4_000_000 // larger pages are compared at a lower resolution
)

// alike reports whether two pages look the same: every pixel of them, at 72 dpi in colour.
func (p *Document) alike(a, b int) (bool, error) {
	before, err := p.colours(a)
	if err != nil {
		return false, err
	}
	after, err := p.colours(b)
	if err != nil {
		return false, err
	}
	return before.Rect == after.Rect && bytes.Equal(before.Pix, after.Pix), nil
}

// colours draws a page.
func (p *Document) colours(n int) (*image.RGBA, error) {
	var drawn *image.RGBA
	err := p.look(n, func(v view) error {
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
			return errors.New("the PDF module did not draw in colour")
		}
		p.used += int64(len(shown.Pix))
		drawn = &image.RGBA{Pix: bytes.Clone(shown.Pix), Stride: shown.Stride, Rect: shown.Rect} // it points into the module's memory
		return nil
	})
	return drawn, err
}
