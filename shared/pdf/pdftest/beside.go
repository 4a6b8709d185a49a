package pdftest

import "fmt"

// annotations are what lies on the page besides its content.
func annotations() []choice {
	const rect = "/Rect[%g %g %g %g]"
	// add adds an annotation that is 150 points wide and 20 high, 40 points up.
	add := func(s *sheet, subtype, more string) {
		s.annots = append(s.annots, s.add(fmt.Sprintf("<</Type/Annot/Subtype/%s"+rect+"%s>>", subtype, s.x+textX, s.y+40, s.x+textX+150, s.y+60, more)))
	}
	appearance := func(s *sheet, resources, content string) string {
		return fmt.Sprintf("/F 4/AP<</N %d 0 R>>", s.add(Stream("/Type/XObject/Subtype/Form/BBox[0 0 150 20]/Resources<<"+resources+">>", []byte(content))))
	}
	says := func(s *sheet, text string) string {
		s.printed = text
		return appearance(s, fmt.Sprintf("/Font<</F %d 0 R>>", s.add(helvetica)), "BT/F 11 Tf 2 6 Td "+literal(text)+"Tj ET")
	}
	field := func(s *sheet, more string) {
		add(s, "Widget", "/FT/Tx/T(name)/V(Marguerite Osei)/DA(/Helv 11 Tf 0 g)"+more)
		s.catalog += fmt.Sprintf("/AcroForm<</Fields[%d 0 R]/DA(/Helv 11 Tf 0 g)/DR<</Font<</Helv %d 0 R>>>>>>", s.annots[len(s.annots)-1], s.add(helvetica))
	}
	return []choice{
		{"no annotation", nil},
		{"link", func(s *sheet) { add(s, "Link", "/Border[0 0 0]/F 4/A<</S/URI/URI(http://127.0.0.1/)>>") }},
		{"free text", func(s *sheet) {
			add(s, "FreeText", "/Contents(Checked by Brandt)/DA(/Helv 11 Tf)"+says(s, "Checked by Brandt"))
		}},
		{"nested stamp", func(s *sheet) {
			says(s, "Approved by Lindqvist")
			inner := 4 + len(s.objects) // the appearance
			add(s, "Stamp", appearance(s, fmt.Sprintf("/XObject<</N %d 0 R>>", inner), "q /N Do Q"))
		}},
		{"field", func(s *sheet) { field(s, says(s, "Marguerite Osei")) }},
		{"field without appearance", func(s *sheet) {
			field(s, "/F 4")
			s.printed = "Marguerite Osei"
		}},
		{"hidden comment", func(s *sheet) {
			add(s, "Text", "/F 2/Contents(Do not tell anybody)/Open false")
		}},
		{"highlight", func(s *sheet) {
			x, y := s.x+textX, s.y+textY
			s.annots = append(s.annots, s.add(fmt.Sprintf("<</Type/Annot/Subtype/Highlight"+rect+"/QuadPoints[%[1]g %[4]g %[3]g %[4]g %[1]g %[2]g %[3]g %[2]g]/C[1 1 0]/F 4>>",
				x, y-3, x+120, y+11)))
		}},
	}
}

// hidings are the ways in which text lies on a page that does not show.
func hidings() []choice {
	with := func(before, after string) func(*sheet) { return func(s *sheet) { s.hide(before, after) } }
	const place = "26 126 200 18 re f"
	return []choice{
		{"nothing hidden", nil},
		{"white on white", with("1 g", "")},
		{"covered", with("0 g", "1 g "+place)},
		{"blacked out", with("0 g", "0 g "+place)},
		{"clipped away", with("0 0 1 1 re W n", "")},
		{"layer switched off", func(s *sheet) {
			name := s.use("Properties", fmt.Sprintf("%d 0 R", s.group("OFF")))
			s.hide("/OC "+name+" BDC", "EMC")
		}},
		{"transparent", func(s *sheet) { s.hide(s.use("ExtGState", "<</ca 0/CA 0>>")+" gs", "") }},
		{"microscopic", with("0.005 0 0 0.005 200 130 cm", "")},
		{"off the page", with("1 0 0 1 -3000 0 cm", "")},
		{"mode 3", with("3 Tr", "")},
		{"mode 3 in a form", func(s *sheet) {
			under := s.under
			s.hide("", "")
			s.under = under
			font := s.refer("Font", helvetica)
			s.under += s.form("", fmt.Sprintf("BT 3 Tr %s 11 Tf %d 132 Td %s Tj ET", font, textX, literal(s.hidden)))
		}},
	}
}
