package abbyy

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/task"
)

// taskParameters are those about tasks and their files.
func taskParameters() []parameter {
	return []parameter{
		{
			name: "taskId", methods: []string{SubmitImage, ProcessDocument, ProcessFields, GetTaskStatus, DeleteTask},
			required: []string{ProcessDocument, ProcessFields, GetTaskStatus, DeleteTask}, form: "GUID", effect: honoured,
			note: "without it, `submitImage` makes a new task",
			read: func(d *decoder, _ parameter, text string) {
				d.call.TaskID = strings.ToLower(strings.Trim(text, "{}"))
			},
		},
		{
			name: "description", methods: processes(), form: fmt.Sprintf("text of at most %d characters", task.MaxDescription), free: true, effect: honoured,
			note: "told with the task until it is erased",
			read: func(d *decoder, p parameter, text string) {
				if n := utf8.RuneCountInString(text); n > task.MaxDescription {
					d.refuse(p, detailValue, "the text has %d characters; at most %d are allowed", n, task.MaxDescription)
				}
				d.call.Client.Description = text
			},
		},
		{
			name: "pdfPassword", methods: uploads(), form: "text", free: true, effect: honoured,
			note: "erased when processing ends, or with an upload that is kept to be processed again",
			read: func(d *decoder, p parameter, text string) {
				if len(text) > task.MaxPassword {
					d.refuse(p, detailValue, "the password has %d bytes; those of PDF have at most %d", len(text), task.MaxPassword)
				}
				d.call.Password = text
			},
		},
	}
}

// pageParameters are those about the pages of a document and its text.
func pageParameters() []parameter {
	return []parameter{
		{
			name: "language", methods: pages(), form: "list of languages", usual: "English", list: true, effect: honoured,
			note: "see Languages", read: readLanguages,
		},
		{
			name: "profile", methods: documents(), usual: "documentConversion", effect: inPart,
			values: []value{
				{"documentConversion", honoured, "", ""},
				{"documentArchiving", honoured, "all text is found with every profile", ""},
				{"textExtraction", inPart, "all text is found; tables still become tables where the format has them", ""},
				{"barcodeRecognition", honoured, "only bar codes are in the results", string(task.OnlyBarcodes)},
				{"fieldLevelRecognition", ignored, "as documentConversion", ""},
			},
			read: choice(func(d *decoder, chosen []value) { d.call.Settings.Barcodes = task.Barcodes(chosen[0].is) }),
		},
		{
			name: "textType", methods: documents(), usual: "normal", values: textTypes(), list: true, effect: inPart,
			read: choice(func(d *decoder, chosen []value) { d.wish.types(chosen) }),
		},
		{
			name: "imageSource", methods: pages(), usual: "auto", effect: ignored, note: "what is to be corrected is seen from the picture itself",
			values: []value{{"auto", honoured, "", ""}, {"photo", ignored, "as auto", ""}, {"scanner", ignored, "as auto", ""}},
			read:   choice(nothing),
		},
		{
			name: "correctOrientation", methods: pages(), form: "boolean", usual: "true", effect: inPart,
			values: onOff(map[string]effect{"false": ignored}, map[string]string{"false": "text is found whichever way up a page is"}),
			read:   boolean(func(*decoder, bool) {}),
		},
		{
			name: "correctSkew", methods: pages(), form: "boolean", usual: "true", effect: inPart,
			values: onOff(map[string]effect{"false": ignored}, map[string]string{"false": "slanted lines are found as such in any case"}),
			read:   boolean(func(*decoder, bool) {}),
		},
		{
			name: "readBarcodes", methods: documents(), form: "boolean", usual: "true with xml or xmlForCorrectedImage, otherwise false", effect: honoured,
			note: "bar codes are shown in xml, xmlForCorrectedImage and txtUnstructured",
			read: boolean(func(d *decoder, yes bool) { d.barcodes = &yes }),
		},
	}
}

// textTypes are the types of text that a page may have.
func textTypes() []value {
	const same = "read with the same model as normal text"
	const none = "there is no model of these characters"
	return []value{
		{"normal", honoured, "", ""},
		{"typewriter", honoured, same, ""},
		{"matrix", honoured, same, ""},
		{"index", ignored, same, ""},
		{"ocrA", ignored, same, ""},
		{"ocrB", honoured, same, ""},
		{"e13b", refused, none, ""},
		{"cmc7", refused, none, ""},
		{"gothic", inPart, "German, Danish and Slovak, if the model of their print in Fraktur is installed; otherwise refused, or left out beside other types", "gothic"},
	}
}

// resultParameters are those about results.
func resultParameters() []parameter {
	option := func(name string, methods []string, note string, set func(o *render.Options, yes bool)) parameter {
		return parameter{
			name: name, methods: methods, form: "boolean", usual: "false", effect: honoured, note: note,
			read: boolean(func(d *decoder, yes bool) { set(&d.call.Settings.Render, yes) }),
		}
	}
	card := []string{ProcessBusinessCard}
	return []parameter{
		{
			name: "exportFormat", methods: documents(), form: fmt.Sprintf("list of at most %d formats", mostFormats), usual: "rtf", list: true, effect: honoured,
			note: "see Formats", read: readFormats(pageFormats(), mostFormats),
		},
		{
			name: "exportFormat", methods: card, form: "one of `vCard`, `csv` and `xml`", usual: "vCard", list: true, effect: honoured,
			note: "see Formats", read: readFormats(cardFormats(), 1),
		},
		option("xml:writeFormatting", documents(), "", func(o *render.Options, yes bool) { o.Formatting = yes }),
		option("xml:writeRecognitionVariants", documents(), "", func(o *render.Options, yes bool) { o.CharVariants = yes }),
		option("xml:writeWordRecognitionVariants", documents(), "", func(o *render.Options, yes bool) { o.WordVariants = yes }),
		option("txtUnstructured:paragraphAsOneLine", documents(), "", func(o *render.Options, yes bool) { o.JoinLines = yes }),
		{
			name: "pdf:writeTags", methods: documents(), usual: "auto", effect: inPart,
			values: []value{{"auto", honoured, "no tags are written", ""}, {"write", ignored, "as auto", ""}, {"dontWrite", honoured, "", ""}},
			read:   choice(nothing),
		},
		option("xml:writeExtendedCharacterInfo", card, "", func(o *render.Options, yes bool) { o.CharacterDetail = yes }),
		option("xml:writeFieldComponents", card, "", func(o *render.Options, yes bool) { o.Components = yes }),
		option("writeRecognitionVariants", []string{ProcessFields}, "", func(o *render.Options, yes bool) { o.CharVariants = yes }),
	}
}

// readFormats reads names of formats, each at most once.
func readFormats(all []format, most int) func(*decoder, parameter, string) {
	return func(d *decoder, p parameter, text string) {
		names, ok := d.split(p, text)
		if !ok {
			return
		}
		if len(names) > most {
			d.refuse(p, detailValue, "%d formats are given; at most %d are allowed", len(names), most)
			return
		}
		for i, name := range names {
			f, ok := findFormat(all, name)
			if !ok {
				d.refuse(p, detailValue, "format %d is unknown; the formats are: %s", i+1, formatNames(all))
				return
			}
			for _, other := range d.formats {
				if other.is == f.is {
					d.refuse(p, detailValue, "%s is given twice", f.name)
					return
				}
			}
			d.formats = append(d.formats, f)
		}
	}
}

// finishFormats fills in the formats of pages, and whether bar codes are looked for.
func (d *decoder) finishFormats() {
	set := &d.call.Settings
	usual := pageFormats()[0]
	if d.call.Method.Name == ProcessBusinessCard {
		usual = cardFormats()[0]
	}
	if len(d.formats) == 0 {
		d.formats = []format{usual}
	}
	look := false
	for _, f := range d.formats {
		set.Formats = append(set.Formats, f.is)
		look = look || f.is == render.ABBYYOriginal || f.is == render.ABBYYCorrected
	}
	if d.barcodes != nil {
		look = *d.barcodes
	}
	if !look && set.Barcodes == task.BarcodesShown {
		set.Barcodes = task.NoBarcodes
	}
}

// Formats of methods that have one.

func mrzFormats() []render.Format { return []render.Format{render.MRZXML} }

func fieldFormats() []render.Format { return []render.Format{render.FieldXML} }

func formFormats() []render.Format { return []render.Format{render.FieldsXML} }

// wholePage is the box that stands for all of a page.
func wholePage() ocr.Box { return ocr.Box{} }
