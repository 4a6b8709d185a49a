package pdf

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/requests"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
)

// Recognition is best between 150 and 300 dpi; below 72 no letter of a usual size can be read.
const (
	usualDPI  = 200
	coarseDPI = 150
	fineDPI   = 300
	leastDPI  = 72

	// coarsestDPI is the resolution below which a picture was made for another size than that of its page, such as a poster.
	coarsestDPI = 36
)

// An embedded image is handed out as it is within these resolutions; the reader scales it as it sees fit.
const (
	leastEmbeddedDPI = 100
	mostEmbeddedDPI  = 600
)

// Raster is a page as pixels: either JPEG or Gray is set. Width and Height are those of the page as displayed, in pixels.
type Raster struct {
	JPEG   []byte // the image that is the page, as embedded; an EXIF orientation in it does not apply
	Gray   []byte // 8 bits a pixel, 255 is white, rows from the top, Stride bytes apart
	Stride int
	Width  int
	Height int
	DPI    int
}

// Raster renders page n, counted from 1, in grey at 200 dpi, or at the resolution of the image that is the page; at less if
// the limit of pixels asks for it, and not at all (fault.PageTooLarge) if that would be under 72 dpi.
func (p *Document) Raster(n int, limits ocr.Limits) (Raster, error) {
	var raster Raster
	err := p.look(n, func(v view) error {
		drawn, err := p.survey(v)
		if err != nil {
			return err
		}
		raster, err = p.raster(v, drawn, limits)
		return err
	})
	return raster, err
}

func (p *Document) raster(v view, drawn content, limits ocr.Limits) (Raster, error) {
	scan, found, err := p.scan(v, drawn)
	if err != nil {
		return Raster{}, err
	}
	dpi := usualDPI
	if found {
		_, tooLarge := fitDPI(v, usualDPI, leastDPI, limits)
		if scan.dpi < coarsestDPI || scan.dpi < leastDPI && tooLarge != nil {
			return p.enlarged(v, scan, limits)
		}
		if scan.jpeg != nil && int64(scan.width)*int64(scan.height) <= limits.Pixels {
			return Raster{JPEG: scan.jpeg, Width: scan.width, Height: scan.height, DPI: int(math.Round(scan.dpi))}, nil
		}
		dpi = int(math.Round(max(coarseDPI, min(scan.dpi, fineDPI))))
	}
	if dpi, err = fitDPI(v, dpi, leastDPI, limits); err != nil {
		return Raster{}, err
	}
	return p.render(v, dpi)
}

// enlarged renders a page that is one picture, at the resolution of the picture: the page has no more detail.
func (p *Document) enlarged(v view, scan scanned, limits ocr.Limits) (Raster, error) {
	for dpi := max(1, int(math.Round(scan.dpi))); ; dpi = dpi / 2 {
		if width, height := v.pixels(max(dpi, 1)); int64(width)*int64(height) <= limits.Pixels {
			return p.render(v, max(dpi, 1))
		}
		if dpi <= 1 {
			return Raster{}, refusal.DrawsTooLarge(limits.Pixels, 1)
		}
	}
}

// fitDPI returns the largest resolution from least to dpi at which the page has no more pixels than the limit.
func fitDPI(v view, dpi, least int, limits ocr.Limits) (int, error) {
	fits := math.Sqrt(float64(limits.Pixels)/(v.width*v.height)) * 72
	for dpi = int(min(float64(dpi), fits)); dpi >= least; dpi-- {
		if width, height := v.pixels(dpi); int64(width)*int64(height) <= limits.Pixels {
			return dpi, nil
		}
	}
	return 0, refusal.DrawsTooLarge(limits.Pixels, least)
}

// drawing asks PDFium to draw a page in grey.
func (p *Document) drawing(v view, dpi int) requests.RenderPageInDPI {
	flags := enums.FPDF_RENDER_FLAG_RENDER_LIMITEDIMAGECACHE
	if v.apart {
		flags |= enums.FPDF_RENDER_FLAG_ANNOT | enums.FPDF_RENDER_FLAG_PRINTING
	}
	if v.paper {
		flags |= enums.FPDF_RENDER_FLAG_PRINTING
	}
	return requests.RenderPageInDPI{
		Page: v.page, DPI: dpi, ImageFormat: requests.RenderImageFormatGrayscale,
		// PDFium draws form fields through its form module only. Document actions are run on demand only, and nothing here
		// asks for them; the build has no JavaScript and no XFA.
		RenderForm: v.apart, Document: &p.document, RenderFlags: flags,
	}
}

func (p *Document) render(v view, dpi int) (Raster, error) {
	request := p.drawing(v, dpi)
	rendered, err := p.instance.RenderPageInDPI(&request)
	if err != nil {
		return Raster{}, p.fail(err)
	}
	defer rendered.CleanupFunc()
	p.used += int64(rendered.Result.Width) * int64(rendered.Result.Height)
	gray, ok := rendered.Result.RenderedImage.(*image.Gray)
	if !ok {
		return Raster{}, errNoPicture
	}
	return Raster{
		Gray:   bytes.Clone(gray.Pix), // it points into the module's memory
		Stride: gray.Stride, Width: gray.Rect.Dx(), Height: gray.Rect.Dy(), DPI: dpi,
	}, nil
}

// scanned is an image that is a whole page.
type scanned struct {
	width, height int // pixels
	dpi           float64
	jpeg          []byte // nil unless the image can stand for the page as it is
}

// scan finds the image that covers the page, if there is exactly one image and it covers 90 % of the page.
func (p *Document) scan(v view, drawn content) (scanned, bool, error) {
	if len(drawn.images) != 1 || drawn.covered < 0.9 {
		return scanned{}, false, nil
	}
	picture := drawn.images[0]
	size, err := p.instance.FPDFImageObj_GetImagePixelSize(
		&requests.FPDFImageObj_GetImagePixelSize{ImageObject: picture.ref})
	if err != nil {
		return scanned{}, false, p.fail(err)
	}
	if size.Width < 1 || size.Height < 1 || size.Width > math.MaxInt32 || size.Height > math.MaxInt32 {
		return scanned{}, false, nil
	}
	s := scanned{width: int(size.Width), height: int(size.Height)}
	horizontal := 72 * float64(s.width) / math.Hypot(picture.place.a, picture.place.b)
	vertical := 72 * float64(s.height) / math.Hypot(picture.place.c, picture.place.d)
	s.dpi = min(horizontal, vertical)
	if math.IsNaN(s.dpi) || math.IsInf(s.dpi, 0) {
		return scanned{}, false, nil
	}
	alone := drawn.visible == drawn.under && drawn.paths == 0 && drawn.others == 0 && !drawn.nested
	if !alone || !fills(picture.place, v) || s.dpi < leastEmbeddedDPI || max(horizontal, vertical) > mostEmbeddedDPI ||
		math.Abs(horizontal-vertical) > 0.02*s.dpi {
		return s, true, nil
	}
	s.jpeg, err = p.embedded(v, picture, s)
	return s, true, err
}

// fills reports whether an image is upright and ends where the page ends, give or take half a percent.
func fills(place matrix, v view) bool {
	near := func(a, b, side float64) bool { return math.Abs(a-b) <= 0.005*side }
	return near(place.a, v.width, v.width) && near(place.d, -v.height, v.height) &&
		near(place.b, 0, v.height) && near(place.c, 0, v.width) &&
		near(place.e, 0, v.width) && near(place.f, v.height, v.height)
}

// embedded returns the JPEG of an image, or nil if it is none, or one whose pixels are not what the page shows.
func (p *Document) embedded(v view, picture picture, s scanned) ([]byte, error) {
	sheer, err := p.instance.FPDFPageObj_HasTransparency(
		&requests.FPDFPageObj_HasTransparency{PageObject: picture.ref})
	if err != nil {
		return nil, p.fail(err)
	}
	filters, err := p.instance.FPDFImageObj_GetImageFilterCount(
		&requests.FPDFImageObj_GetImageFilterCount{ImageObject: picture.ref})
	if err != nil {
		return nil, p.fail(err)
	}
	if v.apart || sheer.HasTransparency || filters.Count != 1 {
		return nil, nil
	}
	filter, err := p.instance.FPDFImageObj_GetImageFilter(
		&requests.FPDFImageObj_GetImageFilter{ImageObject: picture.ref})
	if err != nil {
		return nil, p.fail(err)
	}
	if filter.ImageFilter != "DCTDecode" {
		return nil, nil
	}
	raw, err := p.instance.FPDFImageObj_GetImageDataRaw(
		&requests.FPDFImageObj_GetImageDataRaw{ImageObject: picture.ref})
	if err != nil {
		return nil, p.fail(err)
	}
	config, err := jpeg.DecodeConfig(bytes.NewReader(raw.Data))
	if err != nil || config.Width != s.width || config.Height != s.height {
		return nil, nil
	}
	// Four components may mean inks stored inverted, which only the PDF knows.
	if config.ColorModel == color.CMYKModel {
		return nil, nil
	}
	return raw.Data, nil
}
