package pdftest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The page before it is cropped or turned, in points.
const (
	sheetWidth  = 420
	sheetHeight = 300
)

// sheet is a page in the making. Its origin is the lower left corner of what is shown.
type sheet struct {
	lines     []string
	objects   []string                     // from 5 on; see add
	resources map[string]map[string]string // kind, such as Font, → name → object
	catalog   string                       // entries of the catalog
	tree      string                       // entries of the tree of pages
	entries   string                       // entries of the page
	annots    []int
	groups    string // of optional content
	states    string // which of them is on or off

	box   func(s *sheet) string // entries that say where the page lies
	x, y  float64               // where its lower left corner is
	font  string                // its object
	show  func(string) string   // text → operand of Tj
	paint string                // sets the colour of the text
	wrap  func(s *sheet, text string) string
	pack  func(s *sheet, text string) string
	split bool // content in several streams
	under string
	over  string

	hidden  string
	printed string
}

func newSheet(lines []string) *sheet {
	return &sheet{
		lines: lines, resources: map[string]map[string]string{}, paint: "0 g",
		box:  func(*sheet) string { return fmt.Sprintf("/MediaBox[0 0 %d %d]", sheetWidth, sheetHeight) },
		wrap: func(_ *sheet, text string) string { return text },
		pack: func(_ *sheet, text string) string { return text },
		show: literal,
	}
}

// add adds an object and returns its number.
func (s *sheet) add(object string) int {
	s.objects = append(s.objects, object)
	return 4 + len(s.objects)
}

// use gives a resource a name and returns it with its slash.
func (s *sheet) use(kind, object string) string {
	if s.resources[kind] == nil {
		s.resources[kind] = map[string]string{}
	}
	name := fmt.Sprintf("/%c%d", kind[0], len(s.resources[kind])+1)
	s.resources[kind][name] = object
	return name
}

// refer adds an object and uses it as a resource.
func (s *sheet) refer(kind, object string) string {
	return s.use(kind, fmt.Sprintf("%d 0 R", s.add(object)))
}

// dictionary is all resources so far, for the page and for forms.
func (s *sheet) dictionary() string {
	var b strings.Builder
	b.WriteString("<<")
	for _, kind := range slices.Sorted(maps.Keys(s.resources)) {
		fmt.Fprintf(&b, "/%s<<", kind)
		for _, name := range slices.Sorted(maps.Keys(s.resources[kind])) {
			b.WriteString(name + " " + s.resources[kind][name])
		}
		b.WriteString(">>")
	}
	return b.String() + ">>"
}

// form makes a form of content with all resources so far and returns what draws it.
func (s *sheet) form(entries, content string) string {
	return s.refer("XObject", s.drawing(entries, content)) + " Do\n"
}

// drawing is a form of the size of the page as an object.
func (s *sheet) drawing(entries, content string) string {
	return Stream(fmt.Sprintf("/Type/XObject/Subtype/Form/BBox[0 0 %d %d]/Resources%s%s", sheetWidth, sheetHeight, s.dictionary(), entries), []byte(content))
}

const (
	fontSize    = 12
	lineSpacing = 17
	textX       = 30
	textY       = 265 // of the first baseline
)

// hide adds text that is set with operators of its own before and after and does not show.
func (s *sheet) hide(before, after string) {
	s.hidden = "Withdrawn 9417.00 entry"
	font := s.refer("Font", helvetica)
	s.under += fmt.Sprintf("q %s BT %s 11 Tf %d 132 Td %s Tj ET %s Q\n", before, font, textX, literal(s.hidden), after)
}

const helvetica = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"

// body draws the lines.
func (s *sheet) body() string {
	if len(s.lines) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s BT %s %d Tf %d TL %d %d Td\n", s.paint, s.use("Font", s.font), fontSize, lineSpacing, textX, textY)
	for i, line := range s.lines {
		if i > 0 {
			b.WriteString("T* ")
		}
		fmt.Fprintf(&b, "%s Tj\n", s.show(line))
	}
	return b.String() + "ET\n"
}

func (s *sheet) bytes() []byte {
	text := s.body()
	if text != "" {
		text = "q " + s.wrap(s, text) + " Q\n"
		text = "q " + s.pack(s, text) + " Q\n"
	}
	return s.build(fmt.Sprintf("q 1 0 0 1 %g %g cm\n", s.x, s.y), s.under, text, s.over, "Q\n")
}

// scan draws a picture over all of the page and nothing else.
func (s *sheet) scan(picture int) []byte {
	name := s.use("XObject", fmt.Sprintf("%d 0 R", picture))
	s.annots, s.catalog, s.groups = nil, "", ""
	return s.build(fmt.Sprintf("q %d 0 0 %d %g %g cm %s Do Q\n", sheetWidth, sheetHeight, s.x, s.y, name))
}

func (s *sheet) build(content ...string) []byte {
	if !s.split {
		content = []string{strings.Join(content, "")}
	}
	if s.groups != "" {
		s.catalog += "/OCProperties<</OCGs[" + s.groups + "]/D<<" + s.states + ">>>>"
	}
	var parts []int
	for _, part := range content {
		parts = append(parts, s.add(Stream("", []byte(part))))
	}
	return Build(append([]string{
		"<</Type/Catalog/Pages 2 0 R" + s.catalog + ">>",
		"<</Type/Pages/Kids[3 0 R]/Count 1" + s.tree + ">>",
		"<</Type/Page/Parent 2 0 R/Resources " + s.dictionary() + "/Contents " + list(parts) + "/Annots " + list(s.annots) + s.box(s) + s.entries + ">>",
		"null",
	}, s.objects...)...)
}

// list is an array of references.
func list(objects []int) string {
	var b strings.Builder
	for _, n := range objects {
		fmt.Fprintf(&b, "%d 0 R ", n)
	}
	return "[" + b.String() + "]"
}

// literal is a string of PDF.
func literal(text string) string {
	return "(" + strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`).Replace(text) + ")"
}
