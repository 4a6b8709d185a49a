package pdf

import (
	"image"
	"math"

	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"

	"github.com/lethe-ocr/lethe/shared/pdf/layer"
)

const (
	// checkDPI is the resolution in which a page is drawn to hold its text layer against it.
	checkDPI = 100

	// checkPixels bounds these pictures, so large pages are drawn at less: 12 megapixels are A0 at 80 dpi.
	checkPixels = 12_000_000

	// maxPainted bounds the pixels of pictures and shades on a page that is drawn for this: two hundred pages full of them.
	// PDFium paints each, whatever lies over it.
	maxPainted = 200_000_000
)

// drawable reports whether a page can be held against its text layer within reason.
func (c content) drawable(v view) bool {
	dots := float64(coarse(v)) / 72
	return c.painted*dots*dots <= maxPainted
}

// comparison is a page as it is, and as it is without the text of its layer.
type comparison struct {
	without    layer.Picture // the page without the text of its layer
	difference layer.Picture // that the text makes
	scale      matrix        // displayed page → pixels
}

// box returns where something of the displayed page stands in the pictures.
func (d comparison) box(shown rect) layer.Rect {
	at := shown.through(d.scale)
	return layer.Rect{X0: at.x0, Y0: at.y0, X1: at.x1, Y1: at.y1}
}

// draw draws a page twice, with and without its text objects.
func (p *Document) draw(v view, texts []references.FPDF_PAGEOBJECT, coloured bool) (comparison, error) {
	dpi := coarse(v)
	d := comparison{scale: v.scale(dpi)}
	picture, samples := p.gray, 1
	if coloured {
		picture, samples = p.coloured, 3
	}
	with, err := picture(v, dpi)
	if err != nil {
		return comparison{}, err
	}
	err = p.without(texts, func() error {
		d.without, err = picture(v, dpi)
		return err
	})
	d.difference = layer.Difference(with, d.without, samples)
	return d, err
}

// coarse returns the resolution in which a page is held against its text layer.
func coarse(v view) int {
	return max(1, int(min(checkDPI, 72*math.Sqrt(checkPixels/(v.width*v.height)))))
}

// without calls use while text objects are left out of the loaded page.
func (p *Document) without(texts []references.FPDF_PAGEOBJECT, use func() error) error {
	set := func(active bool) error {
		for _, t := range texts {
			_, err := p.instance.FPDFPageObj_SetIsActive(&requests.FPDFPageObj_SetIsActive{PageObject: t, Active: active})
			if err != nil {
				return p.fail(err)
			}
		}
		return nil
	}
	if err := set(false); err != nil {
		return err
	}
	if err := use(); err != nil {
		if !p.broken {
			_ = set(true) // the first error counts
		}
		return err
	}
	return set(true)
}

func (p *Document) gray(v view, dpi int) (layer.Picture, error) {
	raster, err := p.render(v, dpi)
	if err != nil {
		return layer.Picture{}, err
	}
	return layer.Picture{Pix: raster.Gray, Stride: raster.Stride, Width: raster.Width, Height: raster.Height}, nil
}

// coloured draws a page in colour on white, three bytes a pixel.
func (p *Document) coloured(v view, dpi int) (layer.Picture, error) {
	request := p.drawing(v, dpi)
	request.ImageFormat = requests.RenderImageFormatRGBA
	rendered, err := p.instance.RenderPageInDPI(&request)
	if err != nil {
		return layer.Picture{}, p.fail(err)
	}
	defer rendered.CleanupFunc()
	from, ok := rendered.Result.RenderedImage.(*image.RGBA)
	if !ok {
		return layer.Picture{}, errNoPicture
	}
	width, height := from.Rect.Dx(), from.Rect.Dy()
	p.used += 4 * int64(width) * int64(height)
	to := layer.Picture{Pix: make([]byte, 3*width*height), Stride: 3 * width, Width: width, Height: height}
	for y := range height {
		row := from.Pix[y*from.Stride:]
		for x := range width {
			alpha := int(row[4*x+3])
			for c := range 3 {
				to.Pix[y*to.Stride+3*x+c] = byte((int(row[4*x+c])*alpha + 255*(255-alpha)) / 255) // #nosec G115 -- a mean of bytes
			}
		}
	}
	return to, nil
}
