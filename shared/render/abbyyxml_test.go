package render

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// abbyyRule is what the schema of FineReader 10 says of an element, as far as results use it.
type abbyyRule struct {
	required, optional string         // attributes, each with the name of its kind
	children           *regexp.Regexp // their names in order, each followed by a space
	text               bool           // it may hold text
}

// abbyyKinds are the kinds of attributes.
func abbyyKinds() map[string]*regexp.Regexp {
	return map[string]*regexp.Regexp{
		"int":      regexp.MustCompile(`^-?\d+$`),
		"bool":     regexp.MustCompile(`^(0|1|true|false)$`),
		"any":      regexp.MustCompile(``),
		"version":  regexp.MustCompile(`^1\.0$`),
		"rotation": regexp.MustCompile(`^(Normal|RotatedClockwise|RotatedUpsidedown|RotatedCounterclockwise)$`),
		"block":    regexp.MustCompile(`^(Text|Table|Picture|Barcode|Separator|SeparatorsBox|Checkmark|GroupCheckmark)$`),
		"rule":     regexp.MustCompile(`^(Unknown|Black|Dotted)$`),
		"code":     regexp.MustCompile(`^[A-Z0-9]+$`),
	}
}

func abbyyRules() map[string]abbyyRule {
	const corners = "l=int t=int r=int b=int"
	order := func(children string) *regexp.Regexp { return regexp.MustCompile("^" + children + "$") }
	return map[string]abbyyRule{
		"document":        {required: "version=version producer=any", optional: "pagesCount=int mainLanguage=any languages=any", children: order("(page )*")},
		"page":            {required: "width=int height=int resolution=int", optional: "originalCoords=bool rotation=rotation", children: order("(block )*")},
		"block":           {required: "blockType=block", optional: corners + " blockName=any", children: order("(region )?(text )*(row )*(separatorsBox )?(separator )?(barcodeInfo )?")},
		"region":          {children: order("(rect )+")},
		"rect":            {required: corners, children: order("")},
		"text":            {children: order("(par )*")},
		"par":             {children: order("(line )*")},
		"line":            {required: "baseline=int " + corners, children: order("(formatting )*")},
		"formatting":      {required: "lang=any", children: order("(charParams )*")},
		"charParams":      {required: corners, optional: "suspicious=bool wordFirst=bool charConfidence=int", children: order("(charRecVariants )?"), text: true},
		"charRecVariants": {children: order("(charRecVariant )*")},
		"charRecVariant":  {optional: "charConfidence=int", children: order(""), text: true},
		"row":             {children: order("(cell )*")},
		"cell":            {required: "width=int height=int", optional: "colSpan=int rowSpan=int", children: order("(text )*")},
		"separator":       {required: "thickness=int type=rule", children: order("start end ")},
		"start":           {required: "x=int y=int", children: order("")},
		"end":             {required: "x=int y=int", children: order("")},
		"barcodeInfo":     {required: "type=code", children: order("")},
	}
}

// checkABBYY holds a result against the structure of the format.
func checkABBYY(data []byte) error {
	root, err := parseXML(data)
	if err != nil {
		return err
	}
	if root.Name != "document" || !bytes.Contains(data, []byte(`xmlns="`+abbyyNamespace+`"`)) {
		return fmt.Errorf("the root is %s", root.Name)
	}
	rules, kinds := abbyyRules(), abbyyKinds()
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
		if blank := strings.TrimSpace(e.Text) == ""; !blank && !rule.text || e.Name == "formatting" && e.Text != "" || rule.text && e.Text == "" {
			return fmt.Errorf("%s holds the text %q", e.Name, e.Text)
		}
		left := len(e.Attrs)
		for _, a := range strings.Fields(rule.required + " " + rule.optional) {
			name, kind, _ := strings.Cut(a, "=")
			value, there := e.Attrs[name]
			if there {
				left--
			}
			if there && !kinds[kind].MatchString(value) || !there && slices.Contains(strings.Fields(rule.required), a) {
				return fmt.Errorf("%s has %s=%q", e.Name, name, value)
			}
		}
		if left > 0 && e.Name != "document" { // which names its schema
			return fmt.Errorf("%s has attributes that there are not: %v", e.Name, e.Attrs)
		}
	}
	return nil
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
	good := string(render(t, ABBYYXML, Document{Pages: 1}, features()))
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
	} {
		broken := strings.Replace(good, from, to, 1)
		if broken == good || checkABBYY([]byte(broken)) == nil {
			t.Errorf("with %q in the place of %q nothing is found", to, from)
		}
	}
}
