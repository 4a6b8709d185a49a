package render

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// abbyyRule is what the schema of FineReader 10 says of an element, as far as results use it.
type abbyyRule struct {
	attributes string         // in their order, each with the name of its kind; those that must be there have an exclamation mark
	children   *regexp.Regexp // their names in order, each followed by a space
	text       bool           // it may hold text
}

// abbyyKinds are the kinds of attributes.
func abbyyKinds() map[string]*regexp.Regexp {
	return map[string]*regexp.Regexp{
		"int":      regexp.MustCompile(`^-?\d+$`),
		"float":    regexp.MustCompile(`^\d+\.\d*$`),
		"one":      regexp.MustCompile(`^1$`),
		"any":      regexp.MustCompile(``),
		"empty":    regexp.MustCompile(`^$`),
		"version":  regexp.MustCompile(`^1\.0$`),
		"schema":   regexp.MustCompile(`^http://www\.abbyy\.com/FineReader_xml/FineReader10-schema-v1\.xml http://www\.abbyy\.com/FineReader_xml/FineReader10-schema-v1\.xml$`),
		"rotation": regexp.MustCompile(`^(Normal|RotatedClockwise|RotatedUpsidedown|RotatedCounterclockwise)$`),
		"block":    regexp.MustCompile(`^(Text|Table|Picture|Barcode|Separator|SeparatorsBox|Checkmark|GroupCheckmark)$`),
		"align":    regexp.MustCompile(`^(Left|Center|Right|Justified|CjkJustified|ThaiJustified)$`),
		"role":     regexp.MustCompile(`^(text|tableText|heading|tableHeading|pictureCaption|tableCaption|contents|footnote|endnote|rt|garb|other|barcode|headingNumber)$`),
		"rule":     regexp.MustCompile(`^(Unknown|Black|Dotted)$`),
		"code":     regexp.MustCompile(`^[A-Z0-9]+$`),
	}
}

func abbyyRules() map[string]abbyyRule {
	const corners = "l=int! t=int! r=int! b=int! "
	order := func(children string) *regexp.Regexp { return regexp.MustCompile("^" + children + "$") }
	return map[string]abbyyRule{
		"document": {
			attributes: "xsi:schemaLocation=schema! version=version! producer=any! pagesCount=int mainLanguage=any languages=empty!",
			children:   order("(documentData )?(page )*"),
		},
		"documentData":    {children: order("(paragraphStyles )?")},
		"paragraphStyles": {children: order("(paragraphStyle )*")},
		"paragraphStyle":  {attributes: "id=any! name=any! mainFontStyleId=any! role=role! roleLevel=int align=align!", children: order("(fontStyle )*")},
		"fontStyle":       {attributes: "id=any! baseFont=one ff=any! fs=float!", children: order("")},
		"page":            {attributes: "width=int! height=int! resolution=int! originalCoords=one rotation=rotation", children: order("(block )*")},
		"block":           {attributes: "blockType=block! blockName=empty! " + corners, children: order("(region )?(text )*(row )*(separatorsBox )?(separator )?(barcodeInfo )?")},
		"region":          {children: order("(rect )+")},
		"rect":            {attributes: corners, children: order("")},
		"text":            {children: order("(par )*")},
		"par":             {attributes: "style=any", children: order("(line )*")},
		"line":            {attributes: "baseline=int! " + corners, children: order("(formatting )*")},
		"formatting":      {attributes: "lang=any! ff=any fs=float bold=one italic=one smallcaps=one", children: order("((wordRecVariants )?(charParams )+)*")},
		"charParams":      {attributes: corners + "suspicious=one wordFirst=one charConfidence=int", children: order("(charRecVariants )?"), text: true},
		"charRecVariants": {children: order("(charRecVariant )+")},
		"charRecVariant":  {attributes: "charConfidence=int!", children: order(""), text: true},
		"wordRecVariants": {children: order("(wordRecVariant )+")},
		"wordRecVariant":  {attributes: "wordNormal=one wordNumeric=one wordIdentifier=one", children: order("variantText ")},
		"variantText":     {children: order("(charParams )+")},
		"row":             {children: order("(cell )*")},
		"cell":            {attributes: "colSpan=int rowSpan=int width=int! height=int!", children: order("(text )*")},
		"separator":       {attributes: "thickness=int! type=rule!", children: order("start end ")},
		"start":           {attributes: "x=int! y=int!", children: order("")},
		"end":             {attributes: "x=int! y=int!", children: order("")},
		"barcodeInfo":     {attributes: "type=code!", children: order("")},
	}
}

// checkABBYY holds a result against the structure of the format.
func checkABBYY(data []byte) error {
	root, err := parseXML(data)
	if err != nil {
		return err
	}
	if root.Name != "document" || !bytes.HasPrefix(data, []byte(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`)) ||
		!bytes.Contains(data, []byte(`<document xmlns="`+abbyyNamespace+`"`)) {
		return fmt.Errorf("the root is %s", root.Name)
	}
	rules := abbyyRules()
	for _, e := range root.find(func(*element) bool { return true }) {
		rule, ok := rules[e.Name]
		if !ok {
			return fmt.Errorf("there is no element %s", e.Name)
		}
		var names strings.Builder
		for _, c := range e.Children {
			names.WriteString(c.Name + " ")
		}
		if !rule.children.MatchString(names.String()) {
			return fmt.Errorf("%s holds %s", e.Name, names.String())
		}
		tight := e.Name == "formatting" || e.Name == "wordRecVariants" || e.Name == "wordRecVariant" || e.Name == "variantText" || e.Name == "charRecVariants"
		if blank := strings.TrimSpace(e.Text) == ""; !blank && !rule.text || tight && e.Text != "" || rule.text && e.Text == "" {
			return fmt.Errorf("%s holds the text %q", e.Name, e.Text)
		}
	}
	return checkAttributes(data, rules)
}

// checkAttributes holds attributes and their order against the rules.
func checkAttributes(data []byte, rules map[string]abbyyRule) error {
	kinds := abbyyKinds()
	d := xml.NewDecoder(bytes.NewReader(data))
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		left := slices.DeleteFunc(start.Attr, func(a xml.Attr) bool { return a.Name.Space == "xmlns" || a.Name.Local == "xmlns" })
		for _, rule := range strings.Fields(rules[start.Name.Local].attributes) {
			name, kind, _ := strings.Cut(rule, "=")
			kind, required := strings.CutSuffix(kind, "!")
			space, local, ok := strings.Cut(name, ":")
			if !ok {
				space, local = "", name
			}
			switch {
			case len(left) > 0 && left[0].Name == xml.Name{Space: space, Local: local}:
				if !kinds[kind].MatchString(left[0].Value) {
					return fmt.Errorf("%s has %s=%q", start.Name.Local, name, left[0].Value)
				}
				left = left[1:]
			case required:
				return fmt.Errorf("%s has no %s", start.Name.Local, name)
			}
		}
		if len(left) > 0 {
			return fmt.Errorf("%s has %v, which is unknown or out of order", start.Name.Local, left)
		}
	}
}

// features is a page with every kind of block.
func features() ocr.Page {
	box := ocr.Box{X0: 10, Y0: 10, X1: 110, Y1: 30}
	word := ocr.Word{Text: "O!", Box: box, Confidence: 50, Characters: []ocr.Char{
		{Text: "O", Box: ocr.Box{X0: 10, Y0: 10, X1: 60, Y1: 30}, Confidence: 41.4, Variants: []ocr.Variant{{Text: "0", Confidence: 40}, {Text: "\x00"}}},
		{Text: "!", Box: ocr.Box{X0: 60, Y0: 10, X1: 110, Y1: 30}, Confidence: 99},
	}}
	lines := ocr.Line{Box: box, Words: []ocr.Word{word}, Baseline: &ocr.Baseline{X0: 10, Y0: 27, X1: 110, Y1: 29}}
	return ocr.Page{
		Number: 1, Width: 300, Height: 100, DPI: 200, Origin: ocr.Recognised, Languages: []string{"deu"},
		Blocks: []ocr.Block{
			block(paragraph(lines)),
			{Kind: ocr.PictureBlock, Box: box},
			{Kind: ocr.SeparatorBlock, Box: ocr.Box{X0: 20, Y0: 5, X1: 24, Y1: 95}},
			{Kind: ocr.BarcodeBlock, Box: box, Value: "4006381333931", Symbology: "EAN-13"},
			{Kind: ocr.TableBlock, Box: box, Rows: []ocr.Row{{Box: box, Cells: []ocr.Cell{{Box: box, Columns: 2, Rows: 3, Paragraphs: []ocr.Paragraph{paragraph(lines)}}}}}},
		},
	}
}

func TestABBYYXMLHasTheStructureOfFineReader10(t *testing.T) {
	for name, pages := range map[string][]ocr.Page{
		"every kind of page": append(model(), tabular()), "every kind of block": {features()}, "hostile page": {hostile()},
	} {
		for _, doc := range []Document{{}, {Pages: len(pages), Languages: []string{"deu", "eng"}, Software: "1.2"}} {
			result := render(t, ABBYYXML, doc, pages...)
			if err := checkABBYY(result); err != nil {
				t.Errorf("%s: %v\n%s", name, err, result)
			}
		}
	}
	good := string(render(t, ABBYYXML, Document{Pages: 1, Options: Options{Formatting: true}}, features()))
	for _, want := range []string{
		`<charParams l="10" t="10" r="60" b="30" suspicious="1" wordFirst="1" charConfidence="41"><charRecVariants>` +
			`<charRecVariant charConfidence="41">O</charRecVariant><charRecVariant charConfidence="40">0</charRecVariant></charRecVariants>O</charParams>`,
		`<line baseline="28" `, `<barcodeInfo type="EAN13">`, `<cell colSpan="2" rowSpan="3" width="100" height="20">`, `<formatting lang="GermanStandard">`,
		`<separator thickness="4" type="Black"><start x="22" y="5"></start><end x="22" y="95"></end></separator>`, `blockType="Picture"`,
	} {
		if !strings.Contains(good, want) {
			t.Errorf("there is no %s in\n%s", want, good)
		}
	}
	// The checker is one: each of these breaks a rule.
	for from, to := range map[string]string{
		`</document>`: ``, `<page width="300" `: `<page `, `blockType="Picture"`: `blockType="Image"`, `<rect l="10" `: `<rect `,
		`<barcodeInfo type="EAN13">`: `<barcodeInfo type="ean">`, `<par>`: `<par level="1">`, `<formatting lang="GermanStandard">`: "<formatting lang=\"x\">\n",
		`<region>`: `<text></text><region>`, `<row>`: `<tr></tr><row>`, abbyyNamespace + `" xmlns:xsi`: `urn:other" xmlns:xsi`,
		`<charParams l="10" t="10"`: `<charParams t="10" l="10"`, `<end x="22" y="95">`: `<end y="95" x="22">`, `suspicious="1" wordFirst="1"`: `wordFirst="1" suspicious="1"`,
	} {
		broken := strings.Replace(good, from, to, 1)
		if broken == good || checkABBYY([]byte(broken)) == nil {
			t.Errorf("with %q in the place of %q nothing is found", to, from)
		}
	}
}
