package pdftest

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"strings"
)

// Kind is a kind of page that people have, with what its results must hold.
type Kind struct {
	Name string
	Data []byte

	Has  []string // the text, and what is copied from the searchable PDF, holds each of these
	Not  []string // and none of these
	Scan bool     // nothing of the layer is to be believed
	Lies bool     // what is copied from the PDF is not right: the font that is kept for its looks says otherwise
}

// mixed is a page of A4 with two fonts, F and G, where G is as given, and pictures.
type mixed struct {
	content string
	second  string // object of the font G; empty: Helvetica
	entries string // of the page
	catalog string
	more    []string // objects from 7 on
	names   string   // of external objects
}

func (m mixed) bytes() []byte {
	if m.second == "" {
		m.second = helvetica
	}
	return Build(append([]string{
		"<</Type/Catalog/Pages 2 0 R" + m.catalog + ">>",
		"<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F 5 0 R/G 6 0 R>>/XObject<<" + m.names + ">>>>" + m.entries + ">>",
		Stream("", []byte(m.content)),
		helvetica,
		m.second,
	}, m.more...)...)
}

// photograph is a picture as an object.
func photograph(img *image.Gray) string {
	var b bytes.Buffer
	_ = jpeg.Encode(&b, img, &jpeg.Options{Quality: 85}) // to memory
	return Stream(fmt.Sprintf("/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8/ColorSpace/DeviceGray/Filter/DCTDecode",
		img.Rect.Dx(), img.Rect.Dy()), b.Bytes())
}

// set is a line of text in a font.
func set(font string, size, x, y float64, text string) string {
	return fmt.Sprintf("BT /%s %g Tf %g %g Td %s Tj ET\n", font, size, x, y, literal(text))
}

const rows = "Delivery of the timber was late\nThe invoice came on Thursday\nNobody signed for the barrels"

// Kinds returns the kinds that take recognition. draw draws a page of A4 with lines of text in a letter of 11 points, as an
// office scanner sees it; its text begins within the upper third.
func Kinds(draw func(text string) *image.Gray) []Kind {
	scan := draw(rows)
	page := scan.Rect.Dx()
	high := page * 842 / 595
	whole := photograph(crop(scan, 0, 0, page, high))
	full := "q 595 0 0 842 0 0 cm /I Do Q\n"
	lineOf := strings.Split(rows, "\n")
	var kinds []Kind

	for _, size := range []float64{0.5, 0.35} {
		// The upper part of a scanned page, pasted below live text.
		part := photograph(crop(scan, 0, 0, page, high/4))
		kinds = append(kinds, Kind{
			Name: fmt.Sprintf("pasted scan, %g of the page wide", size),
			Data: mixed{
				content: set("F", 12, 60, 780, "Report to Mrs Ashdown of the quay office") + set("F", 12, 60, 120, "Enclosed on page 20418") +
					fmt.Sprintf("q %g 0 0 %g 60 400 cm /I Do Q\n", 2*595*size, 2*842*size/4),
				names: "/I 7 0 R", more: []string{part},
			}.bytes(),
			Has: append([]string{"Report to Mrs Ashdown of the quay office", "Enclosed on page 20418"}, lineOf[0][:12]),
		})
	}

	outlined := Outlined("Certificate of delivery", 60, 700, 22) + Outlined("issued to Harriet Langley", 60, 660, 14)
	kinds = append(kinds,
		Kind{
			Name: "outlined text with a live footer",
			Data: mixed{content: outlined + set("F", 8, 60, 40, "Printed by DraughtBoard 4.1")}.bytes(),
			Has:  []string{"Certificate of delivery", "issued to Harriet Langley", "Printed by DraughtBoard 4.1"},
		},
		Kind{
			Name: "drawing with lettering",
			Data: mixed{content: "1 w 60 300 400 300 re S 60 450 m 460 450 l 260 300 m 260 600 l S " + Outlined("North store", 100, 520, 14) +
				Outlined("Pump room", 300, 350, 14) + set("F", 12, 60, 250, "Plan of the ground floor, scale 1:50")}.bytes(),
			Has: []string{"North store", "Pump room", "Plan of the ground floor"},
		},
		Kind{
			Name: "wrong text of an earlier recognition",
			Data: mixed{content: full + "3 Tr " + set("F", 11, 72, 760, "De1ivery 0f tbe tirnber"), names: "/I 7 0 R", more: []string{whole}}.bytes(),
			Has:  lineOf, Not: []string{"De1ivery", "tirnber"}, Scan: true,
		},
		Kind{
			Name: "earlier recognition in a form, with a Bates stamp",
			Data: mixed{
				content: full + "/X Do " + set("F", 9, 430, 30, "ASH-004417"), names: "/I 7 0 R/X 8 0 R",
				more: []string{whole, Stream("/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</Font<</F 5 0 R>>>>",
					[]byte("3 Tr "+set("F", 11, 72, 760, "De1ivery 0f tbe tirnber")))},
			}.bytes(),
			Has: append([]string{"ASH-004417"}, lineOf...), Not: []string{"De1ivery", "tirnber"},
		},
		Kind{
			Name: "one font of two that lies",
			Data: mixed{
				content: set("F", 12, 60, 780, "This paragraph tells what it shows") +
					set("G", 12, 60, 750, "The second font of this page says other letters") + set("G", 12, 60, 730, "than those which a reader of the paper sees") +
					set("F", 12, 60, 700, "And here is the honest one again"),
				second: "<</Type/Font/Subtype/Type1/BaseFont/Times-Roman/Encoding/WinAnsiEncoding/ToUnicode 7 0 R>>",
				more:   []string{Stream("", []byte(ToUnicode(1, shifted())))},
			}.bytes(),
			Has: []string{"This paragraph tells what it shows", "The second font of this page says other letters", "than those which a reader of the paper sees"},
			Not: []string{"Uif tfdpoe"}, Lies: true,
		},
		Kind{
			Name: "picture as the appearance of a stamp",
			Data: mixed{
				content: set("F", 12, 60, 780, "Minutes of the harbour board, approved"), entries: "/Annots[7 0 R]",
				more: []string{
					"<</Type/Annot/Subtype/Stamp/Rect[60 400 557 576]/F 4/AP<</N 8 0 R>>>>",
					Stream("/Type/XObject/Subtype/Form/BBox[0 0 497 176]/Resources<</XObject<</I 9 0 R>>>>", []byte("q 497 0 0 176 0 0 cm /I Do Q")),
					photograph(crop(scan, 0, 0, page, high/4)),
				},
			}.bytes(),
			Has: []string{"Minutes of the harbour board, approved", lineOf[0]},
		},
		Kind{
			Name: "blacked out in a scan whose layer still tells it",
			Data: mixed{content: full + "0 g 50 600 500 120 re f 3 Tr " + set("F", 11, 72, 650, "Account 77120493"), names: "/I 7 0 R",
				more: []string{whole}}.bytes(),
			Not: []string{"77120493"}, Scan: true,
		},
	)
	return kinds
}

// shifted maps each letter to the next.
func shifted() map[string]rune {
	codes := map[string]rune{}
	for char := rune(firstChar); char <= lastChar; char++ {
		to := char
		if char >= 'a' && char < 'z' || char >= 'A' && char < 'Z' {
			to++
		}
		codes[fmt.Sprintf("%02x", char)] = to
	}
	return codes
}

// crop returns part of a picture.
func crop(img *image.Gray, x0, y0, x1, y1 int) *image.Gray {
	part := image.NewGray(image.Rect(0, 0, x1-x0, y1-y0))
	for y := range part.Rect.Dy() {
		copy(part.Pix[y*part.Stride:][:x1-x0], img.Pix[(y0+y)*img.Stride+x0:])
	}
	return part
}
