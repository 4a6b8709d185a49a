//go:build linux

package reader_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/oned"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// passport is a page with a table between drawn lines and a machine-readable zone, in Courier.
func passport() []byte {
	var content strings.Builder
	for _, y := range []int{700, 670, 640} {
		fmt.Fprintf(&content, "72 %d m 472 %d l S ", y, y)
	}
	for _, x := range []int{72, 272, 472} {
		fmt.Fprintf(&content, "%d 640 m %d 700 l S ", x, x)
	}
	for _, t := range []struct {
		x, y int
		text string
	}{
		{72, 740, "A passport"}, {80, 680, "Issued by"}, {280, 680, "Utopia"}, {80, 650, "Number"}, {280, 650, "L898902C3"},
		{72, 200, "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"}, {72, 180, "L898902C36UTO7408122F1204159ZE184226B<<<<<10"},
	} {
		fmt.Fprintf(&content, "BT/F 12 Tf %d %d Td(%s)Tj ET ", t.x, t.y, t.text)
	}
	return pdftest.Pages(1, "/Font<</F 5 0 R>>", content.String(), "<</Type/Font/Subtype/Type1/BaseFont/Courier/Encoding/WinAnsiEncoding>>")
}

func TestTablesAndZonesOfATextLayerAreFoundWhereTheyAreAskedFor(t *testing.T) {
	e := layers(t)
	opt := english()
	plain, err := e.Recognise(t.Context(), source(t, "passport", passport()), 1, opt)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range plain.Blocks {
		if b.Kind != ocr.TextBlock {
			t.Errorf("a %s that nobody asked for", b.Kind)
		}
	}
	opt.Features = ocr.Features{Tables: true, MRZ: true}
	page, err := e.Recognise(t.Context(), source(t, "passport", passport()), 1, opt)
	if err != nil {
		t.Fatal(err)
	}
	if text(page) != text(plain) {
		t.Errorf("text was\n%s\nand is\n%s", text(plain), text(page))
	}
	var tables, zones []ocr.Block
	for _, b := range page.Blocks {
		switch b.Kind {
		case ocr.TableBlock:
			tables = append(tables, b)
		case ocr.MRZBlock:
			zones = append(zones, b)
		}
	}
	if len(tables) != 1 || len(tables[0].Rows) != 2 || len(tables[0].Rows[1].Cells) != 2 {
		t.Fatalf("tables: %+v", tables)
	}
	if got := tables[0].Rows[1].Cells[1].Paragraphs[0].Lines[0].Words[0].Text; got != "L898902C3" {
		t.Errorf("the last cell says %q", got)
	}
	if len(zones) != 1 || !zones[0].MRZ.Valid || zones[0].MRZ.Format != ocr.TD3 {
		t.Errorf("zones: %+v", zones)
	}
}

// A Code 128 of "LETHE" drawn as bars of a text layer: it stands on a page of text and on one without a word.
func TestBarCodesAreFoundWhereTheyAreAskedFor(t *testing.T) {
	matrix, err := oned.NewCode128Writer().Encode("LETHE", gozxing.BarcodeFormat_CODE_128, 1, 1, map[gozxing.EncodeHintType]any{gozxing.EncodeHintType_MARGIN: 0})
	if err != nil {
		t.Fatal(err)
	}
	var bars strings.Builder
	for x := range matrix.GetWidth() {
		if matrix.Get(x, 0) {
			fmt.Fprintf(&bars, "%d 500 2 60 re f ", 100+2*x)
		}
	}
	for name, words := range map[string]string{"with text": "BT/F 12 Tf 72 740 Td(Some words of a page)Tj ET ", "alone": ""} {
		t.Run(name, func(t *testing.T) {
			data := pdftest.Pages(1, "/Font<</F 5 0 R>>", words+bars.String(), "<</Type/Font/Subtype/Type1/BaseFont/Courier/Encoding/WinAnsiEncoding>>")
			e := layers(t)
			opt := english()
			for _, asked := range []bool{false, true} {
				opt.Barcodes = asked
				page, err := e.Recognise(t.Context(), source(t, "codes", data), 1, opt)
				if err != nil {
					t.Fatal(err)
				}
				var codes []ocr.Block
				for _, b := range page.Blocks {
					if b.Kind == ocr.BarcodeBlock {
						codes = append(codes, b)
					}
				}
				if !asked {
					if len(codes) > 0 {
						t.Errorf("codes that nobody asked for: %+v", codes)
					}
					continue
				}
				if len(codes) != 1 || codes[0].Value != "LETHE" || codes[0].Symbology != "Code-128" {
					t.Fatalf("codes: %+v", codes)
				}
				x, _ := page.Resolution()
				left, middle := 100*x/72, (codes[0].Box.X0+codes[0].Box.X1)/2
				if want := left + matrix.GetWidth()*x/72; middle < want-x/10 || middle > want+x/10 {
					t.Errorf("its middle is at %d, want %d", middle, want)
				}
			}
		})
	}
}

// A page with more dark areas than are looked at tells how many of them may be codes that are missing.
func TestAreasThatAreNotLookedAtForBarCodesAreTold(t *testing.T) {
	var content strings.Builder
	for i := range 16 * 20 {
		fmt.Fprintf(&content, "%d %d 18 18 re f ", 20+i%16*35, 20+i/16*38)
	}
	doc := pdftest.Pages(1, "", content.String())
	opt := english()
	opt.Features = ocr.Features{Barcodes: true}
	page, err := layers(t).Recognise(t.Context(), source(t, "squares", doc), 1, opt)
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Notes) != 1 || page.Notes[0].Code != ocr.BarcodesUnread || page.Notes[0].Count != 16*20-256 {
		t.Errorf("the notes are %+v", page.Notes)
	}
}
