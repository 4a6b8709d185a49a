//go:build linux

package worker

import (
	"math"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// fullPage is a page with everything that one can hold.
func fullPage() ocr.Page {
	box, holds := ocr.Box{X0: 10, Y0: 10, X1: 90, Y1: 20}, true
	paragraphs := func() []ocr.Paragraph {
		return []ocr.Paragraph{{Box: box, Lines: []ocr.Line{{
			Box: box, Baseline: &ocr.Baseline{X0: 10, Y0: 18, X1: 90, Y1: 19},
			Words: []ocr.Word{{
				Text: "ab", Box: box, Confidence: 90, Font: 1,
				Characters: []ocr.Char{{Text: "a", Box: box, Confidence: 95, Variants: []ocr.Variant{{Text: "o", Confidence: 30}}}, {Text: "b", Box: box, Confidence: 85}},
			}},
		}}}}
	}
	return ocr.Page{
		Number: 1, Width: 100, Height: 50, DPI: 204, DPIY: 98, Origin: ocr.Recognised, Languages: []string{"eng"}, Confidence: 90,
		HiddenWords: 3, Notes: []ocr.Note{{Code: ocr.LayerUnchecked}, {Code: ocr.HiddenTextKept, Count: 3}},
		Decisions: []ocr.Decision{{Box: box, From: ocr.TextLayer, Why: ocr.Shown}, {Box: box, Why: ocr.Hidden}},
		Fonts:     []ocr.Font{{Family: "Garamond", Size: 10.5, Style: ocr.Bold | ocr.SmallCaps}},
		Blocks: []ocr.Block{
			{Box: box, Paragraphs: paragraphs()},
			{Box: box, Kind: ocr.TableBlock, Origin: ocr.TextLayer, Rows: []ocr.Row{{Box: box, Cells: []ocr.Cell{{Box: box, Columns: 2, Paragraphs: paragraphs()}}}}},
			{Box: box, Kind: ocr.PictureBlock},
			{Box: box, Kind: ocr.SeparatorBlock},
			{Box: box, Kind: ocr.BarcodeBlock, Value: "4006381333931", Symbology: "EAN-13"},
			{Box: box, Kind: ocr.MRZBlock, Paragraphs: paragraphs(), MRZ: &ocr.MRZ{
				Format: ocr.TD1, Lines: []string{"A<", "B<", "C<"}, Fields: []ocr.MRZField{{Name: ocr.DocumentNumber, Value: "1", Digit: "1", Valid: &holds}}, Valid: holds,
			}},
		},
	}
}

func TestPagesThatCannotBeTrueAreRefused(t *testing.T) {
	check := newChecker(ocr.DefaultLimits())
	opt := ocr.Options{Languages: []string{"eng"}, Explain: true, Features: ocr.Features{Characters: true, Alternatives: true, Tables: true, Barcodes: true, MRZ: true}}
	if page := fullPage(); check.page(&page, 1, ocr.Options{Languages: opt.Languages, Features: opt.Features}) == nil {
		t.Error("decisions that nobody asked for were taken")
	}
	if page := fullPage(); check.page(&page, 1, opt) != nil {
		t.Fatal("a page with all there is was refused")
	}
	word := func(p *ocr.Page) *ocr.Word { return &p.Blocks[0].Paragraphs[0].Lines[0].Words[0] }
	outside := ocr.Box{X0: 50, Y0: 10, X1: 101, Y1: 20}
	for name, lie := range map[string]func(*ocr.Page){
		"another page":                 func(p *ocr.Page) { p.Number = 2 },
		"resolution of a side":         func(p *ocr.Page) { p.DPIY = -1 },
		"origin of the page":           func(p *ocr.Page) { p.Origin = "heard" },
		"hidden words":                 func(p *ocr.Page) { p.HiddenWords = -1 },
		"note":                         func(p *ocr.Page) { p.Notes[0].Code = "made_up" },
		"count of a note":              func(p *ocr.Page) { p.Notes[1].Count = math.MaxInt },
		"page of a note":               func(p *ocr.Page) { p.Notes[1].Page = -1 },
		"decision":                     func(p *ocr.Page) { p.Decisions[0].Why = "made_up" },
		"decision outside":             func(p *ocr.Page) { p.Decisions[1].Box = outside },
		"source of a decision":         func(p *ocr.Page) { p.Decisions[0].From = ocr.Failed },
		"turn":                         func(p *ocr.Page) { p.Angle = 45 },
		"language nobody asked for":    func(p *ocr.Page) { p.Languages = []string{"deu"} },
		"kind":                         func(p *ocr.Page) { p.Blocks[2].Kind = "poem" },
		"origin of a block":            func(p *ocr.Page) { p.Blocks[0].Origin = ocr.Failed },
		"block outside":                func(p *ocr.Page) { p.Blocks[3].Box = outside },
		"text in a picture":            func(p *ocr.Page) { p.Blocks[2].Paragraphs = p.Blocks[0].Paragraphs },
		"rows in text":                 func(p *ocr.Page) { p.Blocks[0].Rows = p.Blocks[1].Rows },
		"value of text":                func(p *ocr.Page) { p.Blocks[0].Value = "1" },
		"barcode without a value":      func(p *ocr.Page) { p.Blocks[4].Value = "" },
		"barcode of another kind":      func(p *ocr.Page) { p.Blocks[4].Symbology = "made\nup" },
		"barcode too long":             func(p *ocr.Page) { p.Blocks[4].Value = strings.Repeat("1", 10_000) },
		"barcode of no text":           func(p *ocr.Page) { p.Blocks[4].Value = "\xff" },
		"zone of text":                 func(p *ocr.Page) { p.Blocks[0].MRZ = p.Blocks[5].MRZ },
		"zone that says nothing":       func(p *ocr.Page) { p.Blocks[5].MRZ = nil },
		"format of a zone":             func(p *ocr.Page) { p.Blocks[5].MRZ.Format = "TD9" },
		"lines of a zone":              func(p *ocr.Page) { p.Blocks[5].MRZ.Lines[0] = "a<" },
		"number of a zone's lines":     func(p *ocr.Page) { p.Blocks[5].MRZ.Lines = p.Blocks[5].MRZ.Lines[:1] },
		"field of a zone":              func(p *ocr.Page) { p.Blocks[5].MRZ.Fields[0].Name = "made_up" },
		"value of a zone":              func(p *ocr.Page) { p.Blocks[5].MRZ.Fields[0].Value = "1\n" },
		"check digit of a zone":        func(p *ocr.Page) { p.Blocks[5].MRZ.Fields[0].Digit = "11" },
		"zone that holds and does not": func(p *ocr.Page) { p.Blocks[5].MRZ.Fields[0].Valid = new(bool) },
		"row outside":                  func(p *ocr.Page) { p.Blocks[1].Rows[0].Box = outside },
		"cell outside":                 func(p *ocr.Page) { p.Blocks[1].Rows[0].Cells[0].Box = outside },
		"span":                         func(p *ocr.Page) { p.Blocks[1].Rows[0].Cells[0].Columns = math.MaxInt },
		"word of a cell outside":       func(p *ocr.Page) { p.Blocks[1].Rows[0].Cells[0].Paragraphs[0].Lines[0].Words[0].Box = outside },
		"paragraph outside":            func(p *ocr.Page) { p.Blocks[0].Paragraphs[0].Box = outside },
		"line outside":                 func(p *ocr.Page) { p.Blocks[0].Paragraphs[0].Lines[0].Box = outside },
		"baseline far away":            func(p *ocr.Page) { p.Blocks[0].Paragraphs[0].Lines[0].Baseline.Y1 = 101 },
		"word outside":                 func(p *ocr.Page) { word(p).Box = outside },
		"word without text":            func(p *ocr.Page) { word(p).Text = "" },
		"word with a control":          func(p *ocr.Page) { word(p).Text = "a\x1b" },
		"word too long":                func(p *ocr.Page) { word(p).Text = strings.Repeat("a", maxWordBytes+1) },
		"confidence of a word":         func(p *ocr.Page) { word(p).Confidence = 101 },
		"font that there is not":       func(p *ocr.Page) { word(p).Font = 2 },
		"character outside":            func(p *ocr.Page) { word(p).Characters[0].Box = outside },
		"variant without text":         func(p *ocr.Page) { word(p).Characters[0].Variants[0].Text = "" },
		"confidence of a variant":      func(p *ocr.Page) { word(p).Characters[0].Variants[0].Confidence = 101 },
		"character without text":       func(p *ocr.Page) { word(p).Characters[0].Text = "" },
		"confidence of a character":    func(p *ocr.Page) { word(p).Characters[0].Confidence = math.NaN() },
		"size of a font":               func(p *ocr.Page) { p.Fonts[0].Size = math.Inf(1) },
		"style of a font":              func(p *ocr.Page) { p.Fonts[0].Style = 1 << 7 },
		"family with a control":        func(p *ocr.Page) { p.Fonts[0].Family = "a\n" },
		"a failure of its own words":   func(p *ocr.Page) { p.Failure = &ocr.Failure{} },
	} {
		page := fullPage()
		lie(&page)
		if check.page(&page, 1, opt) == nil {
			t.Errorf("%s: let through", name)
		}
	}
}

func TestFeaturesThatNobodyAskedForAreRefused(t *testing.T) {
	check := newChecker(ocr.DefaultLimits())
	all := ocr.Features{Tables: true, Barcodes: true, MRZ: true}
	for name, drop := range map[string]func(*ocr.Features){
		"tables":   func(f *ocr.Features) { f.Tables = false },
		"barcodes": func(f *ocr.Features) { f.Barcodes = false },
		"zones":    func(f *ocr.Features) { f.MRZ = false },
	} {
		page, asked := fullPage(), all
		page.Decisions = nil
		drop(&asked)
		if check.page(&page, 1, ocr.Options{Languages: []string{"eng"}, Features: asked}) == nil {
			t.Errorf("%s: let through", name)
		}
	}
}
