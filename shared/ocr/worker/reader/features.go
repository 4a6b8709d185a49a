//go:build linux

package reader

import (
	"context"
	"image"
	"math"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/barcode"
	"github.com/lethe-ocr/lethe/shared/ocr/mrz"
	"github.com/lethe-ocr/lethe/shared/ocr/table"
	"github.com/lethe-ocr/lethe/shared/picture"
)

// fields reads regions of page n, and nothing else of it. They are read as they show, in a text layer too: what people see in
// a form may be drawn over what it says.
func (e *Engine) fields(ctx context.Context, doc opened, n int, opt ocr.Options) (ocr.Page, error) {
	dpi := e.drawn.dpi
	if e.drawn.page != nil {
		dpi = e.drawn.page.DPI
	}
	whole, closeWhole, err := e.whole(doc, n)
	if err != nil {
		return ocr.Page{}, err
	}
	defer closeWhole()
	x, y := resolution(whole, dpi)
	opt.Features = ocr.Features{Alternatives: opt.Alternatives}
	page, err := e.recogniser.Read(ctx, whole, x, y, opt)
	page.Number = n
	return page, err
}

// features finds on a page what was asked for beside its words.
func (e *Engine) features(page *ocr.Page, doc opened, opt ocr.Options) error {
	if opt.MRZ {
		mrz.Find(page)
	}
	tables := opt.Tables && page.Origin != ocr.Blank
	if !tables && !opt.Barcodes { // a page without words can show codes
		return nil
	}
	whole, closeWhole, err := e.whole(doc, page.Number)
	if err != nil {
		return err
	}
	defer closeWhole()
	seen, err := greyOf(whole, page, rulesDPI)
	if err != nil {
		return err
	}
	if tables && !table.Find(page, seen.rules()) {
		page.Notes = append(page.Notes, ocr.Note{Code: ocr.TablesUnread})
	}
	if opt.Barcodes {
		codes, left := seen.codes()
		page.Blocks = append(page.Blocks, codes...)
		if left > 0 {
			page.Notes = append(page.Notes, ocr.Note{Code: ocr.BarcodesUnread, Count: left})
		}
	}
	return nil
}

// codes returns a block for each bar code, in the pixels of the page, and how many areas that may show others were left out.
func (g grey) codes() (blocks []ocr.Block, left int) {
	found := barcode.Find(&image.Gray{Pix: g.Data, Stride: g.Width, Rect: image.Rect(0, 0, g.Width, g.Height)})
	for _, c := range found.Codes {
		box := ocr.Box{
			X0: int(float64(c.Box.Min.X) / g.x), Y0: int(float64(c.Box.Min.Y) / g.y),
			X1: int(float64(c.Box.Max.X) / g.x), Y1: int(float64(c.Box.Max.Y) / g.y),
		}
		blocks = append(blocks, ocr.Block{Box: box, Kind: ocr.BarcodeBlock, Value: c.Value, Symbology: c.Symbology})
	}
	return blocks, found.Left
}

// whole returns a picture of the whole page: the one that was recognised, or one that is drawn now.
func (e *Engine) whole(doc opened, n int) (*picture.Image, func(), error) {
	if e.drawn.image != nil && !e.drawn.part {
		return e.drawn.image, func() {}, nil
	}
	drawn, err := doc.drawing(n)
	if err != nil {
		return nil, nil, err
	}
	return drawn, drawn.Close, nil
}

const (
	rulesDPI   = 200
	mostPixels = 16e6 // of a copy in which something is looked for
)

// grey is a copy of a page in which something is looked for. Its pixels are square.
type grey struct {
	table.Grey
	x, y float64 // its pixels for one of the page
}

// greyOf copies a picture of a page, at no more than a resolution.
func greyOf(im *picture.Image, page *ocr.Page, dpi float64) (grey, error) {
	x, y := page.Resolution()
	finest := float64(max(x, y, 1))
	inches := float64(page.Width) / float64(max(x, 1)) * float64(page.Height) / float64(max(y, 1))
	dpi = min(dpi, finest, math.Sqrt(mostPixels/max(inches, 1e-9)))
	scaled, err := im.Grey()
	if err != nil {
		return grey{}, err
	}
	defer func() { scaled.Close() }()
	toX := dpi / float64(max(x, 1)) * float64(page.Width) / float64(im.Width())
	toY := dpi / float64(max(y, 1)) * float64(page.Height) / float64(im.Height())
	if toX != 1 || toY != 1 {
		smaller, err := scaled.Scale(toX, toY)
		if err != nil {
			return grey{}, err
		}
		scaled.Close()
		scaled = smaller
	}
	pixels, err := scaled.Pixels()
	if err != nil {
		return grey{}, err
	}
	return grey{
		Grey: table.Grey{Width: pixels.Width, Height: pixels.Height, Data: pixels.Data, DPI: int(math.Round(dpi))},
		x:    float64(pixels.Width) / float64(page.Width), y: float64(pixels.Height) / float64(page.Height),
	}, nil
}

// rules returns the lines of the page in its own pixels.
func (g grey) rules() table.Rules {
	rules := table.FindRules(g.Grey)
	for _, lines := range [][]table.Rule{rules.Across, rules.Down} {
		for i, r := range lines {
			lines[i] = table.Rule{X0: r.X0 / g.x, Y0: r.Y0 / g.y, X1: r.X1 / g.x, Y1: r.Y1 / g.y}
		}
	}
	return rules
}
