package render

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// form is a page of fields of every kind.
func form() ocr.Page {
	box := ocr.Box{X0: 5, Y0: 5, X1: 95, Y1: 45}
	code := func(value string, x int) ocr.Block {
		return ocr.Block{Kind: ocr.BarcodeBlock, Box: ocr.Box{X0: x, Y0: 50, X1: x + 20, Y1: 70}, Value: value, Symbology: "QR-Code"}
	}
	text := spaced().Blocks[0].Paragraphs[0].Lines[0]
	return ocr.Page{Number: 1, Width: 100, Height: 200, DPI: 200, Origin: ocr.Recognised, Fields: []ocr.Field{
		{ID: "a & b", Kind: ocr.TextField, Box: box, Lines: []ocr.Line{text, text}, Confidence: 80},
		{ID: "none", Kind: ocr.TextField, Box: box},
		{ID: "codes", Kind: ocr.BarcodeField, Box: box, Codes: []ocr.Block{code("A\x1dB", 0), code("ä", 30)}, Confidence: 100},
		{ID: "no code", Kind: ocr.BarcodeField, Box: box},
		{ID: "sure", Kind: ocr.CheckmarkField, Box: box, Mark: ocr.MarkChecked, Confidence: 95},
		{ID: "not sure", Kind: ocr.CheckmarkField, Box: box, Mark: ocr.MarkCorrected, Confidence: 40},
	}}
}

const formBox = ` left="5" top="5" right="95" bottom="45"`

func TestFieldsOfAFormAreWrittenAsTheABBYYInterfaceAnswers(t *testing.T) {
	line := `<line left="10" top="10" right="50" bottom="30"><char left="10" top="10" right="20" bottom="30" suspicious="true">O</char>` +
		`<char left="20" top="10" right="30" bottom="30">1</char><char left="30" top="10" right="40" bottom="30"> </char>` +
		`<char left="40" top="10" right="50" bottom="30">a</char></line>` + "\n"
	want := `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n" +
		`<document xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ` +
		`xsi:schemaLocation="http://ocrsdk.com/schema/resultDescription-1.0.xsd http://ocrsdk.com/schema/resultDescription-1.0.xsd" ` +
		`xmlns="http://ocrsdk.com/schema/resultDescription-1.0.xsd">` + "\n" + `<page index="2">` + "\n" +
		`<text id="a &amp; b"` + formBox + ">\n<value>O1 a\nO1 a</value>\n" + line + line + "</text>\n" +
		`<text id="none"` + formBox + ">\n<value></value>\n</text>\n" +
		`<barcode id="codes"` + formBox + ">\n" + `<value encoding="Base64">QR1C</value>` + "\n" + `<value encoding="Base64">w6Q=</value>` + "\n</barcode>\n" +
		`<barcode id="no code"` + formBox + ">\n" + `<value encoding="Base64"></value>` + "\n</barcode>\n" +
		`<checkmark id="sure"` + formBox + ">\n<value>checked</value>\n</checkmark>\n" +
		`<checkmark id="not sure"` + formBox + ">\n<value>corrected</value>\n</checkmark>\n</page>\n</document>\n"
	p := form()
	p.Number = 3
	if diff := cmp.Diff(want, string(render(t, FieldsXML, Document{}, model()[0], p, model()[5]))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	const variants = `suspicious="true"><charRecVariants><variant charConfidence="41">O</variant><variant charConfidence="40">0</variant></charRecVariants>O</char>`
	if got := string(render(t, FieldsXML, Document{Options: Options{CharVariants: true}}, p)); strings.Count(got, variants) != 2 {
		t.Errorf("there is no %s in\n%s", variants, got)
	}
}

func TestOneFieldIsWrittenAsTheABBYYInterfaceAnswers(t *testing.T) {
	const head = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n" + `<document xmlns="@link" version="1.0">` + "\n"
	char := func(text, from, to, confidence string) string {
		return `<char left="` + from + `" top="10" right="` + to + `" bottom="30" confidence="` + confidence + `">` + text + `</char>`
	}
	line := `<line left="10" top="10" right="50" bottom="30">` + char("O", "10", "20", "41") + char("1", "20", "30", "90") + char(" ", "30", "40", "100") +
		char("a", "40", "50", "99") + "</line>\n"
	for i, want := range []string{
		`<field` + formBox + ` type="text">` + "\n" + "<value encoding=\"UTF-16\">O1 a\nO1 a</value>" + "\n" + line + line + "</field>\n",
		`<field` + formBox + ` type="text">` + "\n" + `<value encoding="UTF-16"></value>` + "\n</field>\n",
		`<field left="0" top="50" right="20" bottom="70" type="barcode">` + "\n" + `<value encoding="Base64">QR1C</value>` + "\n</field>\n" +
			`<field left="30" top="50" right="50" bottom="70" type="barcode">` + "\n" + `<value encoding="Base64">w6Q=</value>` + "\n</field>\n",
		`<field` + formBox + ` type="barcode">` + "\n" + `<value encoding="Base64"></value>` + "\n</field>\n",
		`<field` + formBox + ` type="checkmark">` + "\n" + `<value suspicious="false">checked</value>` + "\n</field>\n",
		`<field` + formBox + ` type="checkmark">` + "\n" + `<value suspicious="true">corrected</value>` + "\n</field>\n",
	} {
		p := form()
		p.Fields = p.Fields[i:]
		next := p
		next.Number++
		if diff := cmp.Diff(head+want+"</document>\n", string(render(t, FieldXML, Document{}, p, next))); diff != "" {
			t.Errorf("%d (-want +got):\n%s", i, diff)
		}
	}
}

func FuzzFields(f *testing.F) {
	f.Add("id", "text", "a", "\x00", 10, 50.0)
	f.Add("<", "barcode", "]]>", "&", -1, 1e300)
	f.Add("\xff", "checkmark", "checked", "\uFFFE", 1<<62, -1.0)
	f.Add("x", "x y", "", "", 0, 0.0)
	f.Fuzz(func(t *testing.T, id, kind, first, second string, x int, confidence float64) {
		box := ocr.Box{X0: x, Y0: -x, X1: 20, Y1: 30}
		word := ocr.Word{Text: first + second, Box: box, Confidence: confidence, Characters: []ocr.Char{
			{Text: first, Box: box, Confidence: confidence, Variants: []ocr.Variant{{Text: second, Confidence: confidence}}}, {Text: second},
		}}
		field := ocr.Field{
			ID: id, Kind: ocr.FieldKind(kind), Box: box, Mark: ocr.Mark(first), Confidence: confidence,
			Lines: []ocr.Line{{Box: box, Words: []ocr.Word{word, word}}}, Codes: []ocr.Block{{Kind: ocr.BarcodeBlock, Value: first}},
		}
		p := ocr.Page{Number: 1, Width: 100, Height: x, Fields: []ocr.Field{field, field}}
		for _, format := range []Format{FieldsXML, FieldXML} {
			root := parse(t, render(t, format, Document{Options: Options{CharVariants: true}}, p))
			for _, e := range root.find(named("value")) {
				if value, err := base64.StdEncoding.DecodeString(e.Text); e.Attrs["encoding"] == "Base64" && (err != nil || string(value) != first) {
					t.Errorf("the value %q is %q, %v", first, e.Text, err)
				}
			}
		}
	})
}
