package pdftest

import (
	"fmt"
	"strings"
)

// traits lists what variants differ in. Traits apply in this order; the first choice of each is the plain one.
func traits() []trait {
	return []trait{
		{"colour", colours()},
		{"font", fonts()},
		{"box", boxes()},
		{"turn", entries("/Rotate 0", "/Rotate 90", "/Rotate 180", "/Rotate 270", "/Rotate -90")},
		{"unit", entries("/UserUnit 1", "/UserUnit 2", "/UserUnit 0.5")},
		{"layer", layersOfContent()},
		{"packing", packings()},
		{"painting", paintings()},
		{"backdrop", backdrops()},
		{"annotation", annotations()},
		{"hiding", hidings()},
		{"producer", producers()},
	}
}

// entries are choices that each add an entry to the page.
func entries(all ...string) []choice {
	var choices []choice
	for _, e := range all {
		choices = append(choices, choice{strings.ToLower(e[1:]), func(s *sheet) { s.entries += e }})
	}
	return choices
}

// producers are the writers of the file: the variant's own bytes, or a program that rewrites them.
func producers() []choice {
	return []choice{
		{"as written", nil}, {"object streams", nil}, {"linearized", nil}, {"encrypted", nil}, {"encrypted weakly", nil},
		{"tidied", nil}, {"ghostscript", nil}, {"cairo", nil}, {"mupdf", nil},
	}
}

const tint = "<</FunctionType 2/Domain[0 1]/C0[0 0 0 0]/C1[0.2 0.8 0 0.6]/N 1>>"

func colours() []choice {
	plain := func(operators string) func(*sheet) { return func(s *sheet) { s.paint = operators } }
	space := func(definition, components string) func(*sheet) {
		return func(s *sheet) { s.paint = s.refer("ColorSpace", definition) + " cs " + components + " scn" }
	}
	return []choice{
		{"grey", plain("0 g")},
		{"RGB", plain("0.1 0.1 0.4 rg")},
		{"CMYK", plain("0 0.2 0.1 0.9 k")},
		{"separation", space("[/Separation/Ink/DeviceCMYK "+tint+"]", "1")},
		{"DeviceN", func(s *sheet) {
			mix := s.add(Stream("/FunctionType 4/Domain[0 1 0 1]/Range[0 1 0 1 0 1 0 1]", []byte("{pop 0 exch 0 exch 0 exch}")))
			space(fmt.Sprintf("[/DeviceN[/Ink/Gloss]/DeviceCMYK %d 0 R]", mix), "1 0")(s)
		}},
		{"CalRGB", space("[/CalRGB<</WhitePoint[0.9505 1 1.089]/Gamma[2.2 2.2 2.2]>>]", "0.2 0 0.1")},
		{"Lab", space("[/Lab<</WhitePoint[0.9505 1 1.089]/Range[-100 100 -100 100]>>]", "20 30 -20")},
		{"ICC", func(s *sheet) {
			profile := s.add(Stream("/N 3/Alternate/DeviceRGB", []byte("no profile, so that the alternate counts")))
			s.paint = s.refer("ColorSpace", fmt.Sprintf("[/ICCBased %d 0 R]", profile)) + " cs 0.3 0 0 scn"
		}},
		{"shading", func(s *sheet) {
			s.paint = "/Pattern cs " + s.refer("Pattern", "<</PatternType 2/Shading<</ShadingType 2/ColorSpace/DeviceRGB/Coords[0 0 420 300]"+
				"/Extend[true true]/Function<</FunctionType 2/Domain[0 1]/C0[0.4 0 0]/C1[0 0 0.5]/N 1>>>>>>") + " scn"
		}},
	}
}

func fonts() []choice {
	return []choice{
		{"Helvetica", func(s *sheet) { s.font = helvetica }},
		{"Times in WinAnsi", func(s *sheet) {
			s.font = "<</Type/Font/Subtype/Type1/BaseFont/Times-Roman/Encoding/WinAnsiEncoding>>"
		}},
		{"TrueType", trueType},
		{"composite", composite},
		{"drawn", drawnFont},
		{"renumbered", renumbered},
	}
}

func boxes() []choice {
	lies := func(x, y float64, entries string) func(*sheet) {
		return func(s *sheet) { s.x, s.y, s.box = x, y, func(*sheet) string { return entries } }
	}
	return []choice{
		{"box", nil},
		{"box below zero", lies(-100, -50, "/MediaBox[-100 -50 320 250]")},
		{"box inside out", lies(10, 20, "/MediaBox[430 320 10 20]")},
		{"cropped", lies(60, 40, "/MediaBox[0 0 595 842]/CropBox[60 40 480 340]")},
		{"cropped with all boxes", lies(-20, 30, "/MediaBox[-50 -50 500 500]/CropBox[-20 30 400 330]/TrimBox[0 40 390 320]/ArtBox[0 50 380 310]")},
		{"inherited", func(s *sheet) {
			s.x, s.y, s.tree = 7.5, 3.25, "/MediaBox[7.5 3.25 427.5 303.25]"
			s.box = func(*sheet) string { return "" }
		}},
	}
}

// group makes an optional content group that is ON or OFF, and returns its object number.
func (s *sheet) group(state string) int {
	n := s.add("<</Type/OCG/Name(" + state + ")>>")
	s.groups += fmt.Sprintf("%d 0 R ", n)
	s.states += fmt.Sprintf("/%s[%d 0 R]", state, n)
	return n
}

func layersOfContent() []choice {
	marked := func(s *sheet, object string) {
		inner, name := s.wrap, s.use("Properties", object)
		s.wrap = func(s *sheet, text string) string { return "/OC " + name + " BDC " + inner(s, text) + " EMC" }
	}
	return []choice{
		{"no layer", nil},
		{"layer", func(s *sheet) { marked(s, fmt.Sprintf("%d 0 R", s.group("ON"))) }},
		{"membership", func(s *sheet) {
			marked(s, fmt.Sprintf("%d 0 R", s.add(fmt.Sprintf("<</Type/OCMD/OCGs[%d 0 R]/P/AnyOn>>", s.group("ON")))))
		}},
		{"tagged", func(s *sheet) {
			inner := s.wrap
			s.wrap = func(s *sheet, text string) string { return "/P<</MCID 0>>BDC " + inner(s, text) + " EMC" }
		}},
	}
}

func packings() []choice {
	return []choice{
		{"direct", nil},
		{"form", func(s *sheet) { s.pack = func(s *sheet, text string) string { return s.form("", text) } }},
		{"nested forms", func(s *sheet) {
			s.pack = func(s *sheet, text string) string {
				inner := s.form("/Matrix[0.5 0 0 0.5 0 0]", text)
				return s.form("/Matrix[2 0 0 2 0 0]", s.form("", inner))
			}
		}},
		{"scaled", func(s *sheet) {
			s.pack = func(_ *sheet, text string) string { return "0.01 0 0 0.01 0 0 cm 100 0 0 100 0 0 cm " + text }
		}},
		{"in pieces", func(s *sheet) { s.split = true }},
		{"spaced out", func(s *sheet) { // operators that leave state behind
			s.pack = func(_ *sheet, text string) string {
				return "0.2 Tc 1 Tw 98 Tz " + strings.ReplaceAll(text, " Tj\n", " Tj % said\r\n")
			}
		}},
	}
}

func paintings() []choice {
	state := func(entries string) func(*sheet) {
		return func(s *sheet) {
			inner := s.wrap
			s.wrap = func(s *sheet, text string) string {
				return s.use("ExtGState", "<<"+entries+">>") + " gs " + inner(s, text)
			}
		}
	}
	before := func(operators string) func(*sheet) {
		return func(s *sheet) {
			inner := s.wrap
			s.wrap = func(s *sheet, text string) string { return operators + " " + inner(s, text) }
		}
	}
	return []choice{
		{"painted", nil},
		{"multiplied", state("/BM/Multiply")},
		{"overprinted", state("/OP true/op true/OPM 1")},
		{"sheer", state("/ca 0.7")},
		{"clipped", before("20 120 380 170 re W n")},
		{"stroked", before("2 Tr 0.2 w 0.3 G")},
		{"grouped", func(s *sheet) {
			inner := s.wrap
			s.wrap = func(s *sheet, text string) string {
				return s.form("/Group<</S/Transparency/I true/K true>>", inner(s, text))
			}
		}},
		{"masked", func(s *sheet) {
			inner := s.wrap
			s.wrap = func(s *sheet, text string) string {
				n := s.add(s.drawing("/Group<</S/Transparency/CS/DeviceGray>>", "0.8 g 0 0 420 300 re f"))
				return s.use("ExtGState", fmt.Sprintf("<</SMask<</S/Luminosity/G %d 0 R>>>>", n)) + " gs " + inner(s, text)
			}
		}},
	}
}

func backdrops() []choice {
	picture := func(entries string, data []byte) func(*sheet) {
		return func(s *sheet) {
			name := s.refer("XObject", Stream("/Type/XObject/Subtype/Image/Width 8/Height 8"+entries, data))
			s.under += "q 70 0 0 70 330 20 cm " + name + " Do Q\n"
		}
	}
	shades := make([]byte, 8*8*4)
	for i := range shades {
		shades[i] = byte(i * 37)
	}
	return []choice{
		{"nothing beside", nil},
		{"grey picture", picture("/BitsPerComponent 8/ColorSpace/DeviceGray", shades[:64])},
		{"CMYK picture", picture("/BitsPerComponent 8/ColorSpace/DeviceCMYK", shades)},
		{"indexed picture", picture("/BitsPerComponent 2/ColorSpace[/Indexed/DeviceRGB 3<102030a0b0c0ff80000080ff>]", shades[:16])},
		{"stencil", func(s *sheet) {
			s.under += "0 0.4 0 rg "
			picture("/BitsPerComponent 1/ImageMask true/Decode[1 0]", shades[:8])(s)
		}},
		{"picture with a soft mask", func(s *sheet) {
			mask := s.add(Stream("/Type/XObject/Subtype/Image/Width 8/Height 8/BitsPerComponent 8/ColorSpace/DeviceGray", shades[64:128]))
			picture(fmt.Sprintf("/BitsPerComponent 8/ColorSpace/DeviceRGB/SMask %d 0 R", mask), shades[:192])(s)
		}},
		{"picture in the content", func(s *sheet) {
			s.under += "q 70 0 0 70 330 20 cm BI /W 4 /H 4 /BPC 8 /CS /RGB /F /AHx ID " + fmt.Sprintf("%x", shades[:48]) + "> EI Q\n"
		}},
		{"tiles", func(s *sheet) {
			tile := s.refer("Pattern", Stream("/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 10 10]/XStep 10/YStep 10/Resources<<>>",
				[]byte("0.7 0.8 1 rg 0 0 6 6 re f")))
			s.under += "q /Pattern cs " + tile + " scn 330 20 70 70 re f Q\n"
		}},
		{"shade", func(s *sheet) {
			shade := s.refer("Shading", "<</ShadingType 3/ColorSpace/DeviceCMYK/Coords[365 55 0 365 55 35]/Function<</FunctionType 2/Domain[0 1]/C0[0 0 0 0]/C1[0 1 0.5 0.1]/N 1>>>>")
			s.over += "q 330 20 70 70 re W n " + shade + " sh Q\n"
		}},
	}
}
