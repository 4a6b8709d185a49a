package abbyy

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/field"
)

const (
	mostLetters = 1000    // characters of a letter set
	mostPlaces  = 1000    // for one character each
	mostPixels  = 1 << 20 // a coordinate
)

// fieldParameters are those about one field of a form. Those with an element stand in the settings of processFields too.
func fieldParameters() []parameter {
	one := []string{ProcessTextField}
	text := func(p parameter) parameter {
		p.methods, p.kind, p.element = one, ocr.TextField, p.name
		return p
	}
	return []parameter{
		{
			name: "region", methods: fields(), form: "left,top,right,bottom in pixels", usual: "-1,-1,-1,-1", effect: honoured,
			note: "of the first page; right and bottom lie outside",
			read: func(d *decoder, p parameter, text string) {
				box, problem := region(strings.Split(text, ","))
				if problem != "" {
					d.refuse(p, detailValue, "%s", problem)
					return
				}
				d.field.Box = box
			},
		},
		text(parameter{name: "language", form: "list of languages", usual: "English", list: true, effect: honoured, note: "see Languages", read: readLanguages}),
		text(parameter{
			name: "letterSet", form: "characters that may occur", usual: "those of the languages", free: true, effect: honoured,
			read: func(d *decoder, p parameter, text string) {
				if n := utf8.RuneCountInString(text); n > mostLetters {
					d.refuse(p, detailValue, "%d characters are given; at most %d are allowed", n, mostLetters)
				}
				if strings.ContainsFunc(text, unicode.IsControl) {
					d.refuse(p, detailValue, "a control character is given; list the characters that may be read")
				}
				d.wish.letters = text
			},
		}),
		text(parameter{
			name: "regExp", form: "regular expression of a word", free: true, effect: honoured, note: "a preference: readings that do not match lose",
			read: func(d *decoder, p parameter, text string) {
				if _, err := field.ParsePattern(text); err != nil {
					d.refuse(p, detailValue, "%s", err) // which quotes nothing of it
				}
				d.field.Pattern = text
			},
		}),
		text(parameter{
			name: "textType", usual: "normal", list: true, effect: inPart,
			values: append(textTypes(), value{
				"handprinted", ignored, "read with the model of print, which makes many more mistakes; the confidences tell", "",
			}),
			read: choice(func(d *decoder, chosen []value) { d.wish.types(chosen) }),
		}),
		text(parameter{
			name: "oneTextLine", form: "boolean", usual: "false", effect: honoured,
			read: boolean(func(d *decoder, yes bool) { d.field.OneLine = yes }),
		}),
		text(parameter{
			name: "oneWordPerTextLine", form: "boolean", usual: "false", effect: honoured,
			read: boolean(func(d *decoder, yes bool) { d.field.OneWordPerLine = yes }),
		}),
		text(parameter{
			name: "markingType", usual: "simpleText", effect: honoured,
			values: []value{
				{"simpleText", honoured, "", string(ocr.NoMarking)},
				{"underlinedText", honoured, "", string(ocr.Underline)},
				{"textInFrame", honoured, "", string(ocr.TextFrame)},
				{"greyBoxes", honoured, "", string(ocr.GreyBoxes)},
				{"charBoxSeries", honoured, "", string(ocr.BoxSeries)},
				{"simpleComb", honoured, "", string(ocr.Comb)},
				{"combInFrame", honoured, "", string(ocr.FramedComb)},
				{"partitionedFrame", honoured, "", string(ocr.Partitioned)},
			},
			read: choice(func(d *decoder, chosen []value) { d.field.Marking = ocr.Marking(chosen[0].is) }),
		}),
		text(parameter{
			name: "placeholdersCount", form: "positive number", usual: "1", effect: honoured,
			note: "where the marking has a place for each character; their number is found if it is not given",
			read: func(d *decoder, p parameter, text string) {
				n, err := strconv.Atoi(text)
				if err != nil || n < 1 || n > mostPlaces {
					d.refuse(p, detailValue, "give a number from 1 to %d", mostPlaces)
					return
				}
				d.wish.places = n
			},
		}),
		text(parameter{
			name: "writingStyle", usual: "default", values: writingStyles(), effect: ignored, note: "writing by hand is read with the model of print",
			read: choice(nothing),
		}),
		{
			name: "barcodeType", methods: []string{ProcessBarcodeField}, element: "type", kind: ocr.BarcodeField,
			usual: "autodetect", values: barcodeTypes(), list: true, effect: inPart,
			read: choice(func(d *decoder, chosen []value) {
				d.field.Symbologies = nil
				for _, v := range chosen {
					if v.is == "" { // any
						d.field.Symbologies = nil
						return
					}
					d.field.Symbologies = append(d.field.Symbologies, v.is)
				}
				d.field.Symbologies = unique(d.field.Symbologies)
			}),
		},
		{
			name: "containsBinaryData", methods: []string{ProcessBarcodeField}, element: "containsBinaryData", kind: ocr.BarcodeField,
			form: "boolean", usual: "false", effect: inPart,
			values: onOff(map[string]effect{"true": ignored}, map[string]string{"true": "the value is in Base64 in any case"}),
			read:   boolean(func(*decoder, bool) {}),
		},
		{
			name: "checkmarkType", methods: []string{ProcessCheckmarkField}, element: "type", kind: ocr.CheckmarkField, usual: "empty", effect: honoured,
			values: []value{
				{"empty", honoured, "", string(ocr.NoFrame)}, {"circle", honoured, "", string(ocr.CircleFrame)}, {"square", honoured, "", string(ocr.SquareFrame)},
			},
			read: choice(func(d *decoder, chosen []value) { d.field.Frame = ocr.Frame(chosen[0].is) }),
		},
		{
			name: "correctionAllowed", methods: []string{ProcessCheckmarkField}, element: "correctionAllowed", kind: ocr.CheckmarkField,
			form: "boolean", usual: "false", effect: honoured,
			read: boolean(func(d *decoder, yes bool) { d.field.Correctable = yes }),
		},
	}
}

func writingStyles() []value {
	var styles []value
	for name := range strings.FieldsSeq(`default american german russian polish thai japanese arabic baltic british bulgarian canadian czech
croatian french greek hungarian italian romanian slovak spanish turkish ukrainian common chinese azerbaijan kazakh kirgiz latvian`) {
		v := value{name: name, effect: ignored}
		if name == "default" {
			v.effect = honoured
		}
		styles = append(styles, v)
	}
	return styles
}

// barcodeTypes are the kinds of bar codes, with the names that they have in pages.
func barcodeTypes() []value {
	const none = "this kind is not read"
	return []value{
		{"autodetect", honoured, "all kinds that are read", ""},
		{"aztec", honoured, "", "Aztec"},
		{"codabar", honoured, "", "Codabar"},
		{"code128", honoured, "", "Code-128"},
		{"code39", honoured, "", "Code-39"},
		{"code93", honoured, "", "Code-93"},
		{"dataMatrix", honoured, "", "DataMatrix"},
		{"ean8", honoured, "", "EAN-8"},
		{"ean13", honoured, "", "EAN-13"},
		{"iata25", refused, none, ""},
		{"industrial25", refused, none, ""},
		{"interleaved25", honoured, "", "ITF"},
		{"matrix25", refused, none, ""},
		{"patch", refused, none, ""},
		{"pdf417", refused, none, ""},
		{"postNet", refused, none, ""},
		{"qrCode", honoured, "", "QR-Code"},
		{"ucc128", honoured, "as code128", "Code-128"},
		{"upca", honoured, "", "UPC-A"},
		{"upce", honoured, "", "UPC-E"},
	}
}

// region reads four coordinates. All of them -1 stand for a whole page, as does the box that it returns for them.
func region(parts []string) (box ocr.Box, problem string) {
	const form = "give left, top, right and bottom in whole pixels with commas between them, or -1,-1,-1,-1 for the whole picture"
	if len(parts) != 4 {
		return ocr.Box{}, form
	}
	var at [4]int
	for i, part := range parts {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil {
			return ocr.Box{}, form
		}
		at[i] = n
	}
	box = ocr.Box{X0: at[0], Y0: at[1], X1: at[2], Y1: at[3]}
	switch {
	case at == [4]int{-1, -1, -1, -1}:
		return wholePage(), ""
	case box.X0 < 0 || box.Y0 < 0 || max(box.X1, box.Y1) > mostPixels:
		return ocr.Box{}, "a coordinate lies outside of any picture; " + form
	case box.Empty():
		return ocr.Box{}, "the region holds no pixel: right must be greater than left, and bottom greater than top"
	}
	return box, ""
}
