package derivative_test

import (
	"bytes"
	"encoding/json"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math"
	"testing"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/derivative"
)

func limits() ocr.Limits { return ocr.Limits{Bytes: 1 << 20, Pages: 10, Pixels: 1_000_000} }

func decoder(mediaType string) func(*bytes.Reader) (image.Image, error) {
	return map[string]func(*bytes.Reader) (image.Image, error){
		ocr.PNG:  func(r *bytes.Reader) (image.Image, error) { return png.Decode(r) },
		ocr.JPEG: func(r *bytes.Reader) (image.Image, error) { return jpeg.Decode(r) },
		ocr.GIF:  func(r *bytes.Reader) (image.Image, error) { return gif.Decode(r) },
		ocr.BMP:  func(r *bytes.Reader) (image.Image, error) { return bmp.Decode(r) },
		ocr.TIFF: func(r *bytes.Reader) (image.Image, error) { return tiff.Decode(r) },
	}[mediaType]
}

// everyDepth calls try with each depth that a format is written with.
func everyDepth(mediaType string, try func(derivative.Depth)) {
	for _, palette := range []bool{false, true} {
		for samples := range 6 {
			for bits := range 33 {
				d := derivative.Depth{Bits: bits, Samples: samples, Palette: palette}
				p := derivative.Page{Width: 1, Height: 1, Depth: d}
				if p.Check(mediaType, limits()) == nil {
					try(d)
				}
			}
		}
	}
}

func TestEveryDepthOfEveryFormatShowsTheSheet(t *testing.T) {
	ink := derivative.Ink{Density: 5, Lines: 3, Height: 2}
	for _, mediaType := range []string{ocr.PNG, ocr.JPEG, ocr.GIF, ocr.BMP, ocr.TIFF} {
		everyDepth(mediaType, func(d derivative.Depth) {
			// A reader that other people wrote does not know all that the engine knows.
			unknown := mediaType == ocr.BMP && (d.Bits < 8 || d.Samples == 4) ||
				mediaType == ocr.TIFF && (d.Bits == 2 || d.Bits == 4 || d.Samples == 2 || d.Palette && d.Bits < 8)
			p := derivative.Page{Width: 203, Height: 301, DPIX: 200, DPIY: 200, Depth: d, Ink: ink}
			var b bytes.Buffer
			if err := derivative.Write(&b, derivative.Plan{Type: mediaType, Pages: []derivative.Page{p}}); err != nil {
				t.Errorf("%s %+v: %v", mediaType, d, err)
				return
			}
			if unknown {
				return
			}
			img, err := decoder(mediaType)(bytes.NewReader(b.Bytes()))
			if err != nil {
				t.Errorf("%s %+v: %v", mediaType, d, err)
				return
			}
			if img.Bounds() != image.Rect(0, 0, 203, 301) {
				t.Errorf("%s %+v: %v", mediaType, d, img.Bounds())
				return
			}
			wrong := 0
			for i, v := range derivative.Draw(203, 301, ink, 0).Grey() {
				r, g, b, a := img.At(i%203, i/203).RGBA()
				for _, c := range []uint32{r, g, b} {
					if math.Abs(float64(c>>8)-float64(v)) > 60 || a != 0xffff {
						wrong++
					}
				}
			}
			if wrong > 0 {
				t.Errorf("%s %+v: %d samples are not those of the sheet", mediaType, d, wrong)
			}
		})
	}
}

func TestOnlyNumbersInTheirRangesPass(t *testing.T) {
	good := derivative.Page{Width: 10, Height: 10, Depth: derivative.Depth{Bits: 8, Samples: 1}}
	boxed := derivative.Page{Boxes: &derivative.Boxes{Media: derivative.Rect{0, 0, 595.28, 841.89}}}
	for _, c := range []struct {
		name      string
		mediaType string
		from      derivative.Page
		change    func(*derivative.Page)
		ok        bool
	}{
		{name: "a picture", mediaType: ocr.PNG, from: good, ok: true},
		{name: "a page", mediaType: ocr.PDF, from: boxed, ok: true},
		{name: "unknown type", mediaType: "image/x", from: good},
		{name: "too many pixels", mediaType: ocr.PNG, from: good, change: func(p *derivative.Page) { p.Width = 65_000; p.Height = 65_000 }},
		{name: "no pixels", mediaType: ocr.PNG, from: good, change: func(p *derivative.Page) { p.Width = 0 }},
		{name: "resolution", mediaType: ocr.PNG, from: good, change: func(p *derivative.Page) { p.DPIX = 1 << 40 }},
		{name: "orientation", mediaType: ocr.JPEG, from: good, change: func(p *derivative.Page) { p.Orientation = 9 }},
		{name: "orientation of PNG", mediaType: ocr.PNG, from: good, change: func(p *derivative.Page) { p.Orientation = 3 }},
		{name: "depth", mediaType: ocr.PNG, from: good, change: func(p *derivative.Page) { p.Depth.Bits = 7 }},
		{name: "ink", mediaType: ocr.PNG, from: good, change: func(p *derivative.Page) { p.Ink.Lines = 9 }},
		{name: "boxes of a picture", mediaType: ocr.PNG, from: good, change: func(p *derivative.Page) { p.Boxes = boxed.Boxes }},
		{name: "pixels of a PDF", mediaType: ocr.PDF, from: boxed, change: func(p *derivative.Page) { p.Width = 5 }},
		{name: "PDF without boxes", mediaType: ocr.PDF, from: derivative.Page{}},
		{name: "box with more digits than paper has", mediaType: ocr.PDF, from: boxed, change: func(p *derivative.Page) {
			p.Boxes = &derivative.Boxes{Media: derivative.Rect{0, 0, 595.2812345, 842}}
		}},
		{name: "box without end", mediaType: ocr.PDF, from: boxed, change: func(p *derivative.Page) {
			p.Boxes = &derivative.Boxes{Media: derivative.Rect{0, 0, math.Inf(1), 842}}
		}},
		{name: "box that is no number", mediaType: ocr.PDF, from: boxed, change: func(p *derivative.Page) {
			p.Boxes = &derivative.Boxes{Media: derivative.Rect{0, 0, math.NaN(), 842}}
		}},
		{name: "turn", mediaType: ocr.PDF, from: boxed, change: func(p *derivative.Page) {
			p.Boxes = &derivative.Boxes{Media: derivative.Rect{0, 0, 10, 10}, Rotate: 45}
		}},
	} {
		p := c.from
		if c.change != nil {
			c.change(&p)
		}
		if err := p.Check(c.mediaType, limits()); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestEveryDepthHasANearestThatIsWritten(t *testing.T) {
	for _, mediaType := range []string{
		ocr.PNG, ocr.JPEG, ocr.GIF, ocr.BMP, ocr.TIFF, ocr.WebP, ocr.JP2,
	} {
		for bits := range 40 {
			for samples := range 8 {
				d := derivative.Nearest(mediaType, derivative.Depth{Bits: bits, Samples: samples})
				if err := (derivative.Page{Width: 1, Height: 1, Depth: d}).Check(mediaType, limits()); err != nil {
					t.Errorf("%s, %d bits, %d samples: %+v", mediaType, bits, samples, d)
				}
				if again := derivative.Nearest(mediaType, d); again != d {
					t.Errorf("%s: %+v is not its own nearest but %+v", mediaType, d, again)
				}
			}
		}
	}
	if d := derivative.Nearest(ocr.JPEG, derivative.Depth{Bits: 8, Samples: 4}); d.Samples != 3 {
		t.Errorf("four inks become %+v", d)
	}
}

// FuzzPlan writes what passes the check: it must be a picture of the size that the plan says.
func FuzzPlan(f *testing.F) {
	f.Add([]byte(`{"type":"image/png","pages":[{"width":3,"height":2,"dpiX":300,"dpiY":300,"depth":{"bits":8,"samples":3},"ink":{"density":3,"lines":2,"height":1}}]}`))
	f.Add([]byte(`{"type":"image/jpeg","pages":[{"width":3,"height":2,"orientation":6,"depth":{"bits":8,"samples":1},"ink":{"density":7}}]}`))
	f.Add([]byte(`{"type":"image/tiff","pages":[{"width":1,"height":1,"depth":{"bits":1,"samples":1},"ink":{}},{"width":9,"height":1,"depth":{"bits":16,"samples":3},"ink":{}}]}`))
	f.Add([]byte(`{"type":"image/gif","pages":[{"width":1,"height":9,"depth":{"bits":1,"samples":1,"palette":true},"ink":{"density":1,"lines":8}}]}`))
	f.Add([]byte(`{"type":"image/bmp","pages":[{"width":5,"height":5,"depth":{"bits":5,"samples":3},"ink":{"density":4}}]}`))
	small := limits()
	small.Pixels = 10_000
	f.Fuzz(func(t *testing.T, data []byte) {
		var plan derivative.Plan
		if json.Unmarshal(data, &plan) != nil || len(plan.Pages) < 1 || len(plan.Pages) > 3 {
			return
		}
		for _, p := range plan.Pages {
			if p.Check(plan.Type, small) != nil {
				return
			}
		}
		decode := decoder(plan.Type)
		if decode == nil || plan.Type != ocr.TIFF && len(plan.Pages) != 1 {
			return
		}
		var b bytes.Buffer
		if err := derivative.Write(&b, plan); err != nil {
			t.Fatal(err)
		}
		config, _, err := image.DecodeConfig(bytes.NewReader(b.Bytes()))
		if err == nil && (config.Width != plan.Pages[0].Width || config.Height != plan.Pages[0].Height) {
			t.Errorf("%d x %d", config.Width, config.Height)
		}
	})
}
