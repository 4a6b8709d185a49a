package pdf

import (
	"bytes"
	"image"
	"image/jpeg"
	"slices"

	"github.com/klippa-app/go-pdfium/requests"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

const (
	// drawnDPI is the resolution of pages that are drawn to be kept.
	drawnDPI = 300

	// leastDrawnDPI is that of pages too large for more, such as plans and banners: what nobody can read there can be looked at.
	leastDrawnDPI = 1

	// mostDrawn bounds the pixels of such a page, which are held several times while it is packed: those of A2 at that resolution.
	mostDrawn = 36_000_000

	// A page with photographs is kept as JPEG of this quality, if it takes so many times less room than without a loss.
	drawnQuality = 90
	worthLoss    = 3
	mostJPEG     = 1<<16 - 1 // pixels of a side
)

// Paint draws page n, counted from 1, as it is shown, with its annotations and forms, for a PDF of pictures.
func (p *Document) Paint(n int, limits ocr.Limits) (*Picture, error) {
	var drawn *Picture
	err := p.look(n, func(v view) (err error) {
		if drawn, err = p.paint(v, limits); err == nil {
			drawn, err = drawn.smallest()
		}
		return err
	})
	return drawn, err
}

// paint draws a page as it is shown, with its annotations and forms.
func (p *Document) paint(v view, limits ocr.Limits) (*Picture, error) {
	limits.Pixels = min(limits.Pixels, mostDrawn)
	dpi, err := fitDPI(v, drawnDPI, leastDrawnDPI, limits)
	if err != nil {
		return nil, err
	}
	return p.paintAt(v, dpi)
}

// Preview draws page n, counted from 1, as it is shown, with its annotations and forms: in at most side pixels of its longer side, and
// not finer than pages that are drawn to be kept.
func (p *Document) Preview(n, side int, limits ocr.Limits) (image.Image, error) {
	var drawn *Picture
	err := p.look(n, func(v view) error {
		fits := int(72 * float64(side) / max(v.width, v.height))
		dpi, err := fitDPI(v, min(drawnDPI, fits), leastDrawnDPI, limits)
		if err != nil {
			return err
		}
		drawn, err = p.paintAt(v, dpi)
		return err
	})
	if err != nil {
		return nil, err
	}
	return drawn.image(), nil
}

// paintAt is paint at a resolution.
func (p *Document) paintAt(v view, dpi int) (*Picture, error) {
	request := p.drawing(v, dpi)
	request.ImageFormat = requests.RenderImageFormatRGBA
	rendered, err := p.instance.RenderPageInDPI(&request)
	if err != nil {
		return nil, p.fail(err)
	}
	defer rendered.CleanupFunc()
	p.used += 4 * int64(rendered.Result.Width) * int64(rendered.Result.Height)
	drawn, ok := rendered.Result.RenderedImage.(*image.RGBA)
	if !ok {
		return nil, errNoPicture
	}
	return onPaper(drawn), nil
}

// onPaper returns a drawing on white, in grey if it has no colour. PDFium does not multiply colours by alpha.
func onPaper(drawn *image.RGBA) *Picture {
	width, height := drawn.Rect.Dx(), drawn.Rect.Dy()
	p := &Picture{Format: RGB, Width: width, Height: height, Stride: 3 * width, Pixels: make([]byte, 3*width*height)}
	grey := true
	at := 0
	for y := range height {
		row := drawn.Pix[y*drawn.Stride:][:4*width]
		for x := 0; x < len(row); x += 4 {
			alpha := int(row[x+3])
			for c := range 3 {
				p.Pixels[at+c] = byte((int(row[x+c])*alpha + 255*(255-alpha)) / 255) // #nosec G115 -- at most 255
			}
			grey = grey && p.Pixels[at] == p.Pixels[at+1] && p.Pixels[at] == p.Pixels[at+2]
			at += 3
		}
	}
	if grey {
		for i := range width * height {
			p.Pixels[i] = p.Pixels[3*i]
		}
		p.Format, p.Stride, p.Pixels = Gray, width, slices.Clip(p.Pixels[:width*height])
	}
	return p
}

// smallest returns a drawing as it is stored: without a loss, but for photographs.
func (p *Picture) smallest() (*Picture, error) {
	lossless, err := p.pack()
	if err != nil {
		return nil, err
	}
	// JPEG would hardly be smaller, or cannot be so large.
	if lossless.Size() < p.Width*p.Height/worthLoss/2 || max(p.Width, p.Height) > mostJPEG {
		return &Picture{Stored: lossless}, nil
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, p.image(), &jpeg.Options{Quality: drawnQuality}); err != nil {
		return nil, err
	}
	if b.Len() > lossless.Size()/worthLoss {
		return &Picture{Stored: lossless}, nil
	}
	return &Picture{JPEG: b.Bytes()}, nil
}

// image returns the pixels, which are grey or of three colours.
func (p *Picture) image() image.Image {
	bounds := image.Rect(0, 0, p.Width, p.Height)
	if p.Format == Gray {
		return &image.Gray{Pix: p.Pixels, Stride: p.Stride, Rect: bounds}
	}
	m := image.NewRGBA(bounds)
	for i := range p.Width * p.Height {
		copy(m.Pix[4*i:], p.Pixels[3*i:3*i+3])
		m.Pix[4*i+3] = 255
	}
	return m
}
