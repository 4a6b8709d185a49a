//go:build linux

package worker

import (
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// formPage is a page with fields of each kind, and what was asked for.
func formPage() (ocr.Page, ocr.Options) {
	box := ocr.Box{X0: 10, Y0: 10, X1: 90, Y1: 20}
	opt := ocr.Options{Languages: []string{"eng"}, Fields: []ocr.FieldRequest{
		{ID: "name", Kind: ocr.TextField, Box: box},
		{Kind: ocr.BarcodeField, Box: ocr.Box{X0: -5, Y0: 10, X1: 500, Y1: 20}},
		{Kind: ocr.CheckmarkField, Correctable: true},
		{Kind: ocr.TextField, Box: ocr.Box{X0: 200, Y0: 200, X1: 300, Y1: 300}},
	}}
	page := ocr.Page{Number: 1, Width: 100, Height: 50, DPI: 204, Origin: ocr.Recognised, Languages: opt.Languages, Fields: []ocr.Field{
		{ID: "name", Kind: ocr.TextField, Box: box, Confidence: 80, Lines: []ocr.Line{{Box: box, Words: []ocr.Word{{
			Text: "a", Box: box, Confidence: 80, Characters: []ocr.Char{{Text: "a", Box: box, Confidence: 80}},
		}}}}},
		{Kind: ocr.BarcodeField, Box: ocr.Box{X1: 100, Y0: 10, Y1: 20}, Codes: []ocr.Block{{Box: box, Kind: ocr.BarcodeBlock, Value: "4006381333931", Symbology: "EAN-13"}}},
		{Kind: ocr.CheckmarkField, Box: ocr.Box{X1: 100, Y1: 50}, Mark: ocr.MarkCorrected, Confidence: 70},
		{Kind: ocr.TextField, Box: ocr.Box{X0: 100, Y0: 50, X1: 100, Y1: 50}},
	}}
	return page, opt
}

func TestFieldsThatCannotBeTrueAreRefused(t *testing.T) {
	check := newChecker(ocr.DefaultLimits())
	page, opt := formPage()
	if check.page(&page, 1, opt) != nil {
		t.Fatal("a page with fields was refused")
	}
	if check.page(&page, 1, ocr.Options{Languages: opt.Languages}) == nil {
		t.Error("fields that nobody asked for were taken")
	}
	outside := ocr.Box{X0: 50, Y0: 10, X1: 101, Y1: 20}
	for name, lie := range map[string]func(*ocr.Page, *ocr.Options){
		"one too few":           func(p *ocr.Page, _ *ocr.Options) { p.Fields = p.Fields[1:] },
		"one too many":          func(p *ocr.Page, _ *ocr.Options) { p.Fields = append(p.Fields, p.Fields[0]) },
		"a block beside them":   func(p *ocr.Page, _ *ocr.Options) { p.Blocks = []ocr.Block{{}} },
		"another id":            func(p *ocr.Page, _ *ocr.Options) { p.Fields[0].ID = "other" },
		"another kind":          func(p *ocr.Page, _ *ocr.Options) { p.Fields[0].Kind = ocr.BarcodeField },
		"another region":        func(p *ocr.Page, _ *ocr.Options) { p.Fields[0].Box.X0++ },
		"confidence":            func(p *ocr.Page, _ *ocr.Options) { p.Fields[0].Confidence = 101 },
		"a line outside":        func(p *ocr.Page, _ *ocr.Options) { p.Fields[0].Lines[0].Box = outside },
		"a word outside":        func(p *ocr.Page, _ *ocr.Options) { p.Fields[0].Lines[0].Words[0].Box = outside },
		"a character":           func(p *ocr.Page, _ *ocr.Options) { p.Fields[0].Lines[0].Words[0].Characters[0].Text = "\x1b" },
		"text of a bar code":    func(p *ocr.Page, _ *ocr.Options) { p.Fields[1].Lines = p.Fields[0].Lines },
		"a code of text":        func(p *ocr.Page, _ *ocr.Options) { p.Fields[0].Codes = p.Fields[1].Codes },
		"a code without value":  func(p *ocr.Page, _ *ocr.Options) { p.Fields[1].Codes[0].Value = "" },
		"a code that is text":   func(p *ocr.Page, _ *ocr.Options) { p.Fields[1].Codes[0].Kind = ocr.TextBlock },
		"no mark":               func(p *ocr.Page, _ *ocr.Options) { p.Fields[2].Mark = "" },
		"a mark that is none":   func(p *ocr.Page, _ *ocr.Options) { p.Fields[2].Mark = "maybe" },
		"a mark of text":        func(p *ocr.Page, _ *ocr.Options) { p.Fields[0].Mark = ocr.MarkChecked },
		"a correction of text":  func(p *ocr.Page, _ *ocr.Options) { p.Fields[0].Mark = ocr.MarkCorrected },
		"no correction allowed": func(_ *ocr.Page, o *ocr.Options) { o.Fields[2].Correctable = false },
	} {
		page, opt := formPage()
		if lie(&page, &opt); check.page(&page, 1, opt) == nil {
			t.Errorf("%s: it was taken", name)
		}
	}
}
