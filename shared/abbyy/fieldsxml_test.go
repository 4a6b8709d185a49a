package abbyy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/unicode"

	"github.com/lethe-ocr/lethe/shared/abbyy"
	"github.com/lethe-ocr/lethe/shared/ocr"
)

const form = `<?xml version="1.0" encoding="utf-8"?>
<!-- a form -->
<document xmlns="http://ocrsdk.com/schema/taskDescription-1.0.xsd" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xsi:schemaLocation="http://ocrsdk.com/schema/taskDescription-1.0.xsd http://127.0.0.1:1/taskDescription-1.0.xsd">
  <fieldTemplates>
    <checkmark id="box"><type>square</type></checkmark>
    <text id="dateText">
      <language>English,German</language>
      <letterSet>0123456789/</letterSet>
      <regExp>([0-9][0-9]|[1-9])/[0-9]+</regExp>
      <textType>handprinted</textType>
      <oneTextLine>true</oneTextLine>
      <markingType>charBoxSeries</markingType>
      <placeholdersCount>8</placeholdersCount>
    </text>
  </fieldTemplates>
  <page applyTo="0">
    <checkmark id="basic card" template="box" left="10" top="20" right="30" bottom="40"><correctionAllowed>true</correctionAllowed></checkmark>
    <barcode id="bottom" left="1" top="2" right="3" bottom="4"><type>ean13,qrCode</type></barcode>
    <text id="date" template="dateText" left="510" top="710" right="1190" bottom="834"><letterSet>01&amp; </letterSet><oneTextLine>false</oneTextLine></text>
  </page>
  <page applyTo="1,3"><text id="all"/></page>
</document>`

func settings(t *testing.T, document string) (*abbyy.Call, error) {
	t.Helper()
	return method(t, abbyy.V1, "processFields").Decode(abbyy.Request{Query: "taskId=" + id, Settings: []byte(document)}, known())
}

func TestSettingsOfFieldsWithTemplatesAndWhatOverridesThem(t *testing.T) {
	want := []ocr.FieldRequest{
		{ID: "basic card", Page: 1, Kind: ocr.CheckmarkField, Box: ocr.Box{X0: 10, Y0: 20, X1: 30, Y1: 40}, Frame: ocr.SquareFrame, Correctable: true},
		{ID: "bottom", Page: 1, Kind: ocr.BarcodeField, Box: ocr.Box{X0: 1, Y0: 2, X1: 3, Y1: 4}, Symbologies: []string{"EAN-13", "QR-Code"}},
		{
			ID: "date", Page: 1, Kind: ocr.TextField, Box: ocr.Box{X0: 510, Y0: 710, X1: 1190, Y1: 834}, Languages: []string{"eng", "deu"},
			Letters: "01& ", Pattern: "([0-9][0-9]|[1-9])/[0-9]+", Marking: ocr.BoxSeries, Places: 8,
		},
		{ID: "all", Page: 2, Kind: ocr.TextField, Languages: []string{"eng"}},
		{ID: "all", Page: 4, Kind: ocr.TextField, Languages: []string{"eng"}},
	}
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(strings.Replace(form, "utf-8", "utf-16", 1))
	if err != nil {
		t.Fatal(err)
	}
	prefixed := strings.NewReplacer(`xmlns="`, `xmlns:d="`, "<?", "<?", "<!", "<!", "</", "</d:", "<", "<d:").Replace(form)
	for name, document := range map[string]string{
		"as documented":            form,
		"with another prefix":      prefixed,
		"without a namespace":      strings.Replace(form, `xmlns="http://ocrsdk.com/schema/taskDescription-1.0.xsd"`, "", 1),
		"with a byte order mark":   "\uFEFF" + form,
		"in UTF-16":                utf16,
		"in UTF-16 without a mark": utf16[2:],
		"in UTF-16 with the high byte first, without a mark": swapped(utf16[2:]),
		"said to be in UTF-16 and is not":                    strings.Replace(form, "utf-8", "utf-16", 1),
		"in ISO-8859-1":                                      strings.Replace(form, "utf-8", "iso-8859-1", 1),
	} {
		call, err := settings(t, document)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(want, call.Client.Fields); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff([]string{"eng", "deu"}, call.Settings.Languages); diff != "" || call.Settings.Pages != "1-2,4" || call.TaskID != id {
			t.Errorf("%s: %s, pages %s of %s", name, diff, call.Settings.Pages, call.TaskID)
		}
		if diff := cmp.Diff([]string{"textType=handprinted"}, call.Unmet); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// swapped is text of which each two bytes have changed places.
func swapped(text string) string {
	b := []byte(text)
	for i := 0; i+1 < len(b); i += 2 {
		b[i], b[i+1] = b[i+1], b[i]
	}
	return string(b)
}

func TestSettingsThatCannotBeReadAreRefusedWithTheirPlace(t *testing.T) {
	page := func(s string) string { return "<document><page applyTo=\"0\">" + s + "</page></document>" }
	for document, want := range map[string]string{
		"":       "no settings have been sent",
		"no XML": "outside of the root", "<document>": "not well-formed in line 1", "<form/>": "root must be the element document",
		"<document/>": "no element page", "<document><page applyTo='0'/></document>": "no page has a field",
		"<document/><document/>": "several roots", "<document><other/></document>": "fieldTemplates and page alone",
		"<document><page applyTo='x'/><other/></document>":                                      " settings: document may hold fieldTemplates and page alone",
		"<!DOCTYPE document [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><document>&a;</document>": "document type is not allowed",
		"<document>&a;</document>": "not well-formed", "<?php x?><document/>": "processing instruction",
		"<document xmlns:xi='http://www.w3.org/2001/XInclude'><xi:include href='http://127.0.0.1:1/'/></document>": "not in the namespace",
		"<?xml version='1.0' encoding='koi8-r'?><document/>":                                                       "encoding other than",
		"<document><page><text/></page></document>":                                                                "settings: page 1: applyTo must have numbers",
		"<document><page applyTo='1-'><text/></page></document>":                                                   "applyTo must have numbers",
		"<document><page applyTo='0-9999'><text/></page></document>":                                               "applyTo must have numbers",
		page("<picture/>"):                                    "settings: page 1: field 1: a field must be text, barcode or checkmark",
		page("<text/><text template='none'/>"):                "settings: page 1: field 2: there is no template of this id for text",
		page("<text left='1'/>"):                              "a coordinate lies outside",
		page("<text left='9' top='0' right='9' bottom='5'/>"): "the region holds no pixel",
		page("<text><type>square</type></text>"):              "none of the settings of text",
		page("<text><language>Klingon</language></text>"):     "settings: page 1: field 1: language: name 1 is not that of",
		page("<text><regExp>(</regExp></text>"):               "regExp: the regular expression cannot be used",
		page("<barcode><type>pdf417</type></barcode>"):        "pdf417: this kind is not read",
		page("<checkmark><type>star</type></checkmark>"):      "type: the value is unknown; the values are: empty, circle, square",
		page("<text><textType>normal</textType><oneTextLine>true</oneTextLine><oneTextLine>false</oneTextLine></text>"):          "given several times",
		page("<text id='" + strings.Repeat("i", 251) + "'/>"):                                                                    "its id must be plain text",
		page(strings.Repeat("<text/>", 1001)):                                                                                    "more than 1000 fields",
		"<document><fieldTemplates><text id='" + strings.Repeat("t", 21) + "'/></fieldTemplates></document>":                     "its id has 21 characters; give 1 to 20",
		page("<text>" + strings.Repeat("<oneTextLine/>", 51) + "</text>"):                                                        "settings: page 1: field 1: it has 51 elements; at most 50 are allowed",
		"<document><fieldTemplates><text id='a'>" + strings.Repeat("<oneTextLine/>", 51) + "</text></fieldTemplates></document>": "settings: template 1: it has 51 elements",
		"<document><fieldTemplates><text id='a'/><text id='a'/></fieldTemplates></document>":                                     "another template has the same id",
		strings.Repeat("<document>", 9) + strings.Repeat("</document>", 9):                                                       "nested more than 8 deep",
		page(strings.Repeat(" ", abbyy.MostSettings)):                                                                            "more than 1048576 bytes",
		page(strings.Repeat("<text><letterSet>"+strings.Repeat("abcdefghij", 100)+"</letterSet></text>", 40)):                    "more than 40960 bytes",
	} {
		_, err := settings(t, document)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.100s: %v, want %s", document, err, want)
			continue
		}
		r := method(t, abbyy.V2, "processFields").RefusalOf(err)
		if r.Status != 400 || r.Details[0].Target != "File" {
			t.Errorf("%.100s is refused with %d and %+v", document, r.Status, r.Details)
		}
	}
}

// Whatever the settings are, they are read or refused, and what is read is within bounds.
func FuzzSettings(f *testing.F) {
	f.Add([]byte(form))
	f.Add([]byte("<document><page applyTo='0'><text><letterSet>\u0001</letterSet></text></page></document>"))
	f.Fuzz(func(t *testing.T, document []byte) {
		call, err := settings(t, string(document))
		if err != nil {
			if method(t, abbyy.V1, "processFields").RefusalOf(err).Status != 450 {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		checkFields(t, call)
	})
}
