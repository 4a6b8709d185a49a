package mrz

import (
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// paragraph stacks lines of words from a height on.
func paragraph(y int, lines ...string) ocr.Paragraph {
	var p ocr.Paragraph
	for _, text := range lines {
		line := ocr.Line{Box: ocr.Box{X0: 100, Y0: y, X1: 900, Y1: y + 20}}
		for i, w := range strings.Fields(text) {
			line.Words = append(line.Words, ocr.Word{Text: w, Box: ocr.Box{X0: 100 + 20*i, Y0: y, X1: 118 + 20*i, Y1: y + 20}})
		}
		p.Lines = append(p.Lines, line)
		p.Box = p.Box.Union(line.Box)
		y += 30
	}
	return p
}

func words(p *ocr.Page) string {
	var all []string
	for w := range p.Words {
		all = append(all, w.Text)
	}
	return strings.Join(all, " ")
}

func TestZoneGetsABlockOfItsOwnAndNoWordIsLost(t *testing.T) {
	for name, blocks := range map[string][]ocr.Block{
		"in a paragraph":  {{Paragraphs: []ocr.Paragraph{paragraph(100, "Date of issue", td3[0], td3[1][:20]+" "+td3[1][20:], "Below it")}}},
		"paragraphs":      {{Paragraphs: []ocr.Paragraph{paragraph(100, "Date of issue"), paragraph(130, td3[0]), paragraph(160, td3[1]), paragraph(190, "Below it")}}},
		"in three blocks": {{Paragraphs: []ocr.Paragraph{paragraph(100, "Date of issue")}}, {Paragraphs: []ocr.Paragraph{paragraph(130, td3[0])}}, {Paragraphs: []ocr.Paragraph{paragraph(160, td3[1], "Below it")}}},
	} {
		page := ocr.Page{Width: 1000, Height: 500, Blocks: blocks}
		before := words(&page)
		Find(&page)
		if got := words(&page); got != before {
			t.Errorf("%s: words were %s\nand are %s", name, before, got)
		}
		var zones int
		for _, b := range page.Blocks {
			if b.Kind == ocr.MRZBlock && b.MRZ != nil && b.MRZ.Valid && b.Box == (ocr.Box{X0: 100, Y0: 130, X1: 900, Y1: 180}) {
				zones++
			}
		}
		if zones != 1 || len(page.Blocks) != 3 {
			t.Errorf("%s: %d zones in %d blocks", name, zones, len(page.Blocks))
		}
	}
}

func TestZonesOfTwoDocumentsOnAPageAreFound(t *testing.T) {
	page := ocr.Page{Blocks: []ocr.Block{{Paragraphs: []ocr.Paragraph{paragraph(100, append(append([]string{}, td3...), td1...)...)}}}}
	Find(&page)
	if len(page.Blocks) != 2 || page.Blocks[0].MRZ.Format != ocr.TD3 || page.Blocks[1].MRZ.Format != ocr.TD1 {
		t.Errorf("%+v", page.Blocks)
	}
}

func TestLinesThatStandApartAreNoZone(t *testing.T) {
	page := ocr.Page{Blocks: []ocr.Block{{Paragraphs: []ocr.Paragraph{paragraph(100, td3[0]), paragraph(700, td3[1])}}}}
	Find(&page)
	if len(page.Blocks) != 1 || page.Blocks[0].Kind != ocr.TextBlock {
		t.Errorf("%+v", page.Blocks)
	}
}
