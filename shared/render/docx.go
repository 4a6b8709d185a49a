package render

import (
	"context"
	"encoding/xml"
	"io"
	"strconv"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

const (
	wordSchema  = officeSchemas + "wordprocessingml/2006/main"
	wordTypes   = officeTypes + "wordprocessingml."
	wordColumns = 63 // of a table; Word opens none with more
)

// docx writes Office Open XML for Word: a page for each page, of its size, with headings, paragraphs and tables.
type docx struct {
	*office
	languages officeLanguages // of the document
	sheet     sheet           // of the pages since the last section
	pages     int
	broken    bool // a page break stands before what comes next
}

// sheet is the size of a page in twentieths of a point.
type sheet struct{ width, height int }

// a4 is the size of a first page that has none.
func a4() sheet { return sheet{11_906, 16_838} }

// sheetOf returns the size of a page as it is read, upright, and another one's for a page that has none.
func sheetOf(p *ocr.Page, another sheet) sheet {
	const least, most = 1440, 31_680 // of Word
	x, y := p.Resolution()
	width, height := points20(p.Width, x), points20(p.Height, y)
	if p.Angle%180 != 0 {
		width, height = height, width
	}
	if width <= 0 || height <= 0 || p.Failure != nil { // what could not be read was not measured
		return another
	}
	return sheet{min(max(width, least), most), min(max(height, least), most)}
}

// margin is at most 2 cm.
func (s sheet) margin() int { return min(1134, s.width/10, s.height/10) }

func newDOCX(_ context.Context, w io.Writer, doc Document) (Writer, error) {
	o, err := newOffice(w, doc, "word/document.xml")
	if err != nil {
		return nil, err
	}
	d := &docx{office: o, languages: officeTags(doc.Languages), sheet: a4()}
	d.relations("word/_rels/document.xml.rels", relation{officeRelations + "/styles", "styles.xml"})
	d.part("word/styles.xml", wordTypes+"styles+xml")
	d.styles()
	d.part("word/document.xml", wordTypes+"document.main+xml")
	d.open("w:document", attr("xmlns:w", wordSchema))
	d.open("w:body")
	return d, d.flush()
}

// value writes an element of one attribute.
func (d *docx) value(name, value string) { d.leaf("w:"+name, "", attr("w:val", value)) }

func (d *docx) styles() {
	d.open("w:styles", attr("xmlns:w", wordSchema))
	d.open("w:docDefaults")
	d.open("w:rPrDefault")
	d.open("w:rPr")
	d.leaf("w:rFonts", "", attr("w:ascii", "Arial"), attr("w:hAnsi", "Arial"), attr("w:cs", "Arial"))
	d.value("sz", "22")
	d.value("szCs", "22")
	d.lang(d.languages)
	d.close()
	d.close()
	d.open("w:pPrDefault")
	d.open("w:pPr")
	d.leaf("w:spacing", "", attr("w:after", "120"))
	d.close()
	d.close()
	d.close()
	d.style("paragraph", "Normal", "Normal", func() { d.leaf("w:qFormat", "") }, attr("w:default", "1"))
	for level, size := range []string{"36", "30", "26"} {
		n := strconv.Itoa(level + 1)
		d.style("paragraph", "Heading"+n, "heading "+n, func() {
			d.value("basedOn", "Normal")
			d.value("next", "Normal")
			d.leaf("w:qFormat", "")
			d.open("w:pPr")
			d.leaf("w:keepNext", "")
			d.leaf("w:spacing", "", attr("w:before", "240"), attr("w:after", "120"))
			d.value("outlineLvl", strconv.Itoa(level))
			d.close()
			d.open("w:rPr")
			d.leaf("w:b", "")
			d.leaf("w:bCs", "")
			d.value("sz", size)
			d.value("szCs", size)
			d.close()
		})
	}
	d.style("table", "TableGrid", "Table Grid", func() {
		d.open("w:tblPr")
		d.open("w:tblBorders")
		for _, side := range []string{"top", "left", "bottom", "right", "insideH", "insideV"} {
			d.leaf("w:"+side, "", attr("w:val", "single"), attr("w:sz", "4"), attr("w:space", "0"), attr("w:color", "auto"))
		}
		d.close()
		d.close()
	})
	d.close()
}

func (d *docx) style(kind, id, name string, properties func(), attrs ...xml.Attr) {
	d.open("w:style", append([]xml.Attr{attr("w:type", kind), attr("w:styleId", id)}, attrs...)...)
	d.value("name", name)
	properties()
	d.close()
}

// lang names the languages that are known.
func (d *docx) lang(l officeLanguages) {
	var attrs []xml.Attr
	for _, a := range []xml.Attr{attr("w:val", l.western), attr("w:eastAsia", l.eastAsian), attr("w:bidi", l.complexScript)} {
		if a.Value != "" {
			attrs = append(attrs, a)
		}
	}
	if len(attrs) > 0 {
		d.leaf("w:lang", "", attrs...)
	}
}

// Page implements Writer.
func (d *docx) Page(p *ocr.Page) error {
	size := sheetOf(p, d.sheet)
	if d.pages > 0 && size != d.sheet {
		d.blank(func() {
			d.flat()
			d.section()
		})
	}
	d.broken = d.pages > 0 && size == d.sheet
	d.sheet = size
	d.pages++
	languages := officeTags(p.Languages).without(d.languages)
	parts := structure(p, wordColumns)
	for _, part := range parts {
		if part.table == nil {
			d.paragraph(part.passage, languages)
			continue
		}
		d.breakPage()
		d.table(part.table, languages)
	}
	if len(parts) == 0 && !d.broken {
		d.blank(d.flat) // without it, the break before the next page would stand first in its section, where it breaks nothing
	}
	d.breakPage()
	return d.flush()
}

// blank writes a paragraph of no text and hardly any height, for what only a paragraph can hold.
func (d *docx) blank(properties func()) {
	d.open("w:p")
	d.open("w:pPr")
	properties()
	d.close()
	d.close()
}

// flat are the properties of a paragraph that takes no room. They stand before others that a blank paragraph has.
func (d *docx) flat() {
	d.leaf("w:spacing", "", attr("w:before", "0"), attr("w:after", "0"), attr("w:line", "20"), attr("w:lineRule", "exact"))
}

// breakPage makes the paragraph that holds the break between pages, if there was no other one.
func (d *docx) breakPage() {
	if d.broken {
		d.blank(func() {
			d.leaf("w:pageBreakBefore", "")
			d.flat()
		})
		d.broken = false
	}
}

func (d *docx) paragraph(p passage, languages officeLanguages) {
	d.open("w:p")
	if p.heading > 0 || d.broken || p.rightToLeft {
		d.open("w:pPr")
		if p.heading > 0 {
			d.value("pStyle", "Heading"+strconv.Itoa(p.heading))
		}
		if d.broken {
			d.leaf("w:pageBreakBefore", "")
			d.broken = false
		}
		if p.rightToLeft {
			d.leaf("w:bidi", "")
		}
		d.close()
	}
	for i, line := range p.lines {
		if i > 0 {
			d.open("w:r")
			d.leaf("w:br", "")
			d.close()
		}
		for _, r := range runs(line, p.rightToLeft) {
			d.run(r, languages)
		}
	}
	d.close()
}

func (d *docx) run(r run, languages officeLanguages) {
	d.open("w:r")
	if r.rightToLeft || languages != (officeLanguages{}) {
		d.open("w:rPr")
		if r.rightToLeft {
			d.leaf("w:rtl", "")
		}
		d.lang(languages)
		d.close()
	}
	d.leaf("w:t", r.text, attr("xml:space", "preserve"))
	d.close()
}

func (d *docx) table(t *grid, languages officeLanguages) {
	d.open("w:tbl")
	d.open("w:tblPr")
	d.value("tblStyle", "TableGrid")
	if t.rightToLeft {
		d.leaf("w:bidiVisual", "")
	}
	d.leaf("w:tblW", "", attr("w:w", "0"), attr("w:type", "auto"))
	d.close()
	width := (d.sheet.width - 2*d.sheet.margin()) / t.columns
	d.open("w:tblGrid")
	for range t.columns {
		d.leaf("w:gridCol", "", intAttr("w:w", width))
	}
	d.close()
	for _, row := range t.rows {
		d.open("w:tr")
		for _, c := range row.cells {
			d.cell(c, width, languages)
		}
		d.close()
	}
	d.close()
	d.blank(d.flat) // without it, tables after each other were one
}

func (d *docx) cell(c cell, width int, languages officeLanguages) {
	d.open("w:tc")
	d.open("w:tcPr")
	d.leaf("w:tcW", "", intAttr("w:w", width*c.columns), attr("w:type", "dxa"))
	if c.columns > 1 {
		d.value("gridSpan", strconv.Itoa(c.columns))
	}
	switch {
	case c.continued:
		d.leaf("w:vMerge", "")
	case c.rows > 1:
		d.value("vMerge", "restart")
	}
	d.close()
	for _, p := range c.passages {
		d.paragraph(p, languages)
	}
	if len(c.passages) == 0 {
		d.leaf("w:p", "")
	}
	d.close()
}

// section ends the pages of one size.
func (d *docx) section() {
	d.open("w:sectPr")
	size := []xml.Attr{intAttr("w:w", d.sheet.width), intAttr("w:h", d.sheet.height)}
	if d.sheet.width > d.sheet.height {
		size = append(size, attr("w:orient", "landscape"))
	}
	d.leaf("w:pgSz", "", size...)
	margin := d.sheet.margin()
	d.leaf("w:pgMar", "", intAttr("w:top", margin), intAttr("w:right", margin), intAttr("w:bottom", margin), intAttr("w:left", margin),
		intAttr("w:header", margin/2), intAttr("w:footer", margin/2), intAttr("w:gutter", 0))
	d.close()
}

// Close implements Writer.
func (d *docx) Close() error {
	d.section()
	d.close() // body
	d.close() // document
	return d.end()
}
