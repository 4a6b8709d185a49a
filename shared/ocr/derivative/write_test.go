package derivative_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"io"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/derivative"
)

func limits() ocr.Limits { return ocr.Limits{Bytes: 1 << 20, Pages: 10, Pixels: 1_000_000} }

// files unpacks a derivative.
func files(t *testing.T, derived []byte) map[string][]byte {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(derived), int64(len(derived)))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if all[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestDerivativeHoldsThePlanAndASheetOfEachPage(t *testing.T) {
	plan := derivative.Plan{Type: ocr.TIFF, Pages: []derivative.Page{
		{Width: 203, Height: 301, DPIX: 200, DPIY: 100, Orientation: 6, Depth: derivative.Depth{Bits: 1, Samples: 1}, Ink: derivative.Ink{Density: 5, Lines: 3, Height: 2}},
		{Width: 9, Height: 1, Depth: derivative.Depth{Bits: 16, Samples: 3}},
	}}
	var b bytes.Buffer
	if err := derivative.Write(&b, plan, nil); err != nil {
		t.Fatal(err)
	}
	all := files(t, b.Bytes())
	var told derivative.Plan
	if err := json.Unmarshal(all[derivative.PlanFile], &told); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(plan, told); diff != "" || len(all) != 3 {
		t.Errorf("%d files; %s", len(all), diff)
	}
	for n, page := range plan.Pages {
		img, err := png.Decode(bytes.NewReader(all[derivative.PageFile(n+1)]))
		if err != nil {
			t.Fatal(err)
		}
		want := &image.Gray{Pix: derivative.Draw(page.Width, page.Height, page.Ink, n).Grey(), Stride: page.Width, Rect: image.Rect(0, 0, page.Width, page.Height)}
		if diff := cmp.Diff(image.Image(want), img); diff != "" {
			t.Errorf("page %d is not its sheet: %.200s", n+1, diff)
		}
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
		{name: "depth", mediaType: ocr.PNG, from: good, change: func(p *derivative.Page) { p.Depth.Bits = 65 }},
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

// FuzzPlan writes what passes the check: pictures of the sizes that the plan says.
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
		if json.Unmarshal(data, &plan) != nil || len(plan.Pages) < 1 || len(plan.Pages) > 3 || plan.Type == ocr.PDF {
			return
		}
		for _, p := range plan.Pages {
			if p.Check(plan.Type, small) != nil {
				return
			}
		}
		var b bytes.Buffer
		if err := derivative.Write(&b, plan, nil); err != nil {
			t.Fatal(err)
		}
		all := files(t, b.Bytes())
		for n, page := range plan.Pages {
			config, err := png.DecodeConfig(bytes.NewReader(all[derivative.PageFile(n+1)]))
			if err != nil || config.Width != page.Width || config.Height != page.Height {
				t.Errorf("page %d: %d x %d, %v", n+1, config.Width, config.Height, err)
			}
		}
	})
}
