package render

import (
	"context"
	"encoding/xml"
	"io"
	"strconv"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

const (
	drawingSchema = officeSchemas + "drawingml/2006/main"
	slideSchema   = officeSchemas + "presentationml/2006/main"
	slideTypes    = officeTypes + "presentationml."
	point20       = 635 // English metric units, of which drawings count, in a twentieth of a point
)

// pptx writes Office Open XML for PowerPoint: a slide for each page, on it a text box for each line where it stands. All slides
// have the size of the first page; others are fitted into it.
type pptx struct {
	*office
	languages officeLanguages
	size      sheet // of the slides; zero before the first page
	slides    int
	shapes    int // of the slide that is being written
}

func newPPTX(_ context.Context, w io.Writer, doc Document) (Writer, error) {
	o, err := newOffice(w, doc, "ppt/presentation.xml")
	if err != nil {
		return nil, err
	}
	p := &pptx{office: o, languages: officeTags(doc.Languages)}
	p.theme()
	p.part("ppt/slideMasters/slideMaster1.xml", slideTypes+"slideMaster+xml")
	p.root("p:sldMaster")
	p.tree(func() {})
	colours := []xml.Attr{attr("bg1", "lt1"), attr("tx1", "dk1"), attr("bg2", "lt2"), attr("tx2", "dk2")}
	for _, name := range accents() {
		colours = append(colours, attr(name, name))
	}
	p.leaf("p:clrMap", "", colours...)
	p.open("p:sldLayoutIdLst")
	p.leaf("p:sldLayoutId", "", attr("id", "2147483649"), attr("r:id", "rId1"))
	p.close()
	p.close()
	p.relations("ppt/slideMasters/_rels/slideMaster1.xml.rels",
		relation{officeRelations + "/slideLayout", "../slideLayouts/slideLayout1.xml"},
		relation{officeRelations + "/theme", "../theme/theme1.xml"})
	p.part("ppt/slideLayouts/slideLayout1.xml", slideTypes+"slideLayout+xml")
	p.root("p:sldLayout", attr("type", "blank"))
	p.tree(func() {})
	p.close()
	p.relations("ppt/slideLayouts/_rels/slideLayout1.xml.rels", relation{officeRelations + "/slideMaster", "../slideMasters/slideMaster1.xml"})
	return p, p.flush()
}

// accents are the colours of a theme beside those of text and background.
func accents() []string {
	return []string{"accent1", "accent2", "accent3", "accent4", "accent5", "accent6", "hlink", "folHlink"}
}

// root opens the root of a part.
func (p *pptx) root(name string, attrs ...xml.Attr) {
	p.open(name, append([]xml.Attr{
		attr("xmlns:a", drawingSchema), attr("xmlns:r", officeRelations), attr("xmlns:p", slideSchema),
	}, attrs...)...)
}

// theme writes the theme, without which PowerPoint opens nothing: black on white.
func (p *pptx) theme() {
	p.part("ppt/theme/theme1.xml", officeTypes+"theme+xml")
	p.open("a:theme", attr("xmlns:a", drawingSchema), attr("name", "Plain"))
	p.open("a:themeElements")
	p.open("a:clrScheme", attr("name", "Plain"))
	colour := func(name, value string) {
		p.open("a:" + name)
		p.leaf("a:srgbClr", "", attr("val", value))
		p.close()
	}
	for _, name := range []string{"dk1", "lt1", "dk2", "lt2"} {
		colour(name, map[byte]string{'d': "000000", 'l': "FFFFFF"}[name[0]])
	}
	for _, name := range accents() {
		colour(name, "000000")
	}
	p.close()
	p.open("a:fontScheme", attr("name", "Plain"))
	for _, name := range []string{"a:majorFont", "a:minorFont"} {
		p.open(name)
		p.leaf("a:latin", "", attr("typeface", "Arial"))
		p.leaf("a:ea", "", attr("typeface", ""))
		p.leaf("a:cs", "", attr("typeface", ""))
		p.close()
	}
	p.close()
	p.open("a:fmtScheme", attr("name", "Plain"))
	three := func(list string, item func()) {
		p.open(list)
		for range 3 { // what the format demands
			item()
		}
		p.close()
	}
	fill := func() {
		p.open("a:solidFill")
		p.leaf("a:schemeClr", "", attr("val", "phClr"))
		p.close()
	}
	three("a:fillStyleLst", fill)
	three("a:lnStyleLst", func() {
		p.open("a:ln")
		fill()
		p.close()
	})
	three("a:effectStyleLst", func() {
		p.open("a:effectStyle")
		p.leaf("a:effectLst", "")
		p.close()
	})
	three("a:bgFillStyleLst", fill)
	p.close()
	p.close()
	p.close()
}

// tree writes the shapes of a slide.
func (p *pptx) tree(shapes func()) {
	p.open("p:cSld")
	p.open("p:spTree")
	p.open("p:nvGrpSpPr")
	p.leaf("p:cNvPr", "", attr("id", "1"), attr("name", ""))
	p.leaf("p:cNvGrpSpPr", "")
	p.leaf("p:nvPr", "")
	p.close()
	p.leaf("p:grpSpPr", "")
	p.shapes = 1
	shapes()
	p.close()
	p.close()
}

// Page implements Writer.
func (p *pptx) Page(page *ocr.Page) error {
	if p.slides++; p.slides == 1 {
		p.size = sheetOf(page, a4())
	}
	name := "slide" + strconv.Itoa(p.slides) + ".xml"
	languages := officeTags(page.Languages)
	p.part("ppt/slides/"+name, slideTypes+"slide+xml")
	p.root("p:sld")
	p.tree(func() {
		f := p.fit(page)
		for i := range page.Blocks {
			for paragraph := range page.Blocks[i].Text {
				rtl := rightToLeft(*paragraph)
				for _, l := range paragraph.Lines {
					p.line(f.box(l.Box), lineText(l), rtl, languages)
				}
			}
		}
	})
	p.close()
	p.relations("ppt/slides/_rels/"+name+".rels", relation{officeRelations + "/slideLayout", "../slideLayouts/slideLayout1.xml"})
	return p.flush()
}

// fitted is how a page lies on a slide.
type fitted struct {
	page  *ocr.Page
	scale float64 // units a pixel
}

// fit finds the largest scale at which the page has room.
func (p *pptx) fit(page *ocr.Page) fitted {
	width, height := page.Width, page.Height
	if page.Angle%180 != 0 {
		width, height = height, width
	}
	return fitted{page, min(float64(p.size.width)/float64(max(width, 1)), float64(p.size.height)/float64(max(height, 1))) * point20}
}

// box places a box of the page on the slide, upright.
func (f fitted) box(b ocr.Box) ocr.Box {
	w, h := f.page.Width, f.page.Height
	switch f.page.Angle {
	case 90:
		b = ocr.Box{X0: h - b.Y1, Y0: b.X0, X1: h - b.Y0, Y1: b.X1}
	case 180:
		b = ocr.Box{X0: w - b.X1, Y0: h - b.Y1, X1: w - b.X0, Y1: h - b.Y0}
	case 270:
		b = ocr.Box{X0: b.Y0, Y0: w - b.X1, X1: b.Y1, Y1: w - b.X0}
	}
	unit := func(pixels int) int { return int(float64(pixels) * f.scale) }
	return ocr.Box{X0: unit(b.X0), Y0: unit(b.Y0), X1: unit(b.X1), Y1: unit(b.Y1)}
}

// line writes a text box. Letters are about as high as the box, as large as a font can be.
func (p *pptx) line(at ocr.Box, text string, rightToLeft bool, languages officeLanguages) {
	const least, most, hundredth = 100, 400_000, 127 // of a point, and units of it
	size := min(max(at.Height()/hundredth*9/10, least), most)
	p.shapes++
	p.open("p:sp")
	p.open("p:nvSpPr")
	p.leaf("p:cNvPr", "", intAttr("id", p.shapes), attr("name", "Line "+strconv.Itoa(p.shapes-1)))
	p.leaf("p:cNvSpPr", "", attr("txBox", "1"))
	p.leaf("p:nvPr", "")
	p.close()
	p.open("p:spPr")
	p.open("a:xfrm")
	p.leaf("a:off", "", intAttr("x", at.X0), intAttr("y", at.Y0))
	p.leaf("a:ext", "", intAttr("cx", at.Width()), intAttr("cy", at.Height()))
	p.close()
	p.open("a:prstGeom", attr("prst", "rect"))
	p.leaf("a:avLst", "")
	p.close()
	p.close()
	p.open("p:txBody")
	p.leaf("a:bodyPr", "", attr("wrap", "none"), attr("lIns", "0"), attr("tIns", "0"), attr("rIns", "0"), attr("bIns", "0"), attr("anchor", "ctr"))
	p.open("a:p")
	if rightToLeft {
		p.leaf("a:pPr", "", attr("algn", "r"), attr("rtl", "1"))
	}
	for _, r := range runs(text, rightToLeft) {
		attrs := []xml.Attr{intAttr("sz", size)}
		if tag := languages.of(r); tag != "" {
			attrs = append([]xml.Attr{attr("lang", tag)}, attrs...)
		}
		p.open("a:r")
		p.leaf("a:rPr", "", attrs...)
		p.leaf("a:t", r.text)
		p.close()
	}
	p.close()
	p.close()
	p.close()
}

// Close implements Writer.
func (p *pptx) Close() error {
	relations := []relation{{officeRelations + "/slideMaster", "slideMasters/slideMaster1.xml"}, {officeRelations + "/theme", "theme/theme1.xml"}}
	p.part("ppt/presentation.xml", slideTypes+"presentation.main+xml")
	p.root("p:presentation")
	p.open("p:sldMasterIdLst")
	p.leaf("p:sldMasterId", "", attr("id", "2147483648"), attr("r:id", "rId1"))
	p.close()
	p.open("p:sldIdLst")
	for n := 1; n <= p.slides; n++ {
		const first = 255 // ids of slides are above it
		p.leaf("p:sldId", "", intAttr("id", first+n), attr("r:id", relationID(len(relations))))
		relations = append(relations, relation{officeRelations + "/slide", "slides/slide" + strconv.Itoa(n) + ".xml"})
	}
	p.close()
	p.leaf("p:sldSz", "", intAttr("cx", p.size.width*point20), intAttr("cy", p.size.height*point20))
	p.leaf("p:notesSz", "", intAttr("cx", a4().width*point20), intAttr("cy", a4().height*point20))
	p.close()
	p.relations("ppt/_rels/presentation.xml.rels", relations...)
	return p.end()
}
