package abbyy_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/abbyy"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/field"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/task"
)

func known() abbyy.Known {
	return abbyy.Known{Languages: []string{"deu", "eng", "frk", "jpn"}, Now: noon()}
}

func checkFields(t *testing.T, call *abbyy.Call) {
	t.Helper()
	if err := field.Check(call.Client.Fields); err != nil {
		t.Errorf("what was accepted cannot be read: %v", err)
	}
	if err := call.Settings.Pages.Check(); err != nil {
		t.Errorf("pages: %v", err)
	}
	for _, l := range call.Settings.Languages {
		if !slices.Contains(known().Languages, l) {
			t.Errorf("read in %s, which is not installed", l)
		}
	}
}

// decode returns what a query asks of a method.
func decode(t *testing.T, v abbyy.Version, name, query string) *abbyy.Call {
	t.Helper()
	call, err := method(t, v, name).Decode(abbyy.Request{Query: query}, known())
	if err != nil {
		t.Fatalf("%s?%s: %v", name, query, err)
	}
	return call
}

func TestParametersBecomeSettings(t *testing.T) {
	for _, test := range []struct {
		name, query string
		want        task.Settings
		unmet       []string
	}{
		{"processImage", "", task.Settings{Languages: []string{"eng"}, Formats: []render.Format{render.RTF}, Barcodes: task.NoBarcodes}, nil},
		{
			"processImage", "LANGUAGE=english,%20german&exportformat=PdfSearchable,Txt%2Cxml&xml%3awriteFormatting=True&pdf:writeTags=DontWrite&description=&pdfPassword=&letterSet=",
			task.Settings{
				Languages: []string{"eng", "deu"}, Formats: []render.Format{render.PDF, render.ABBYYText, render.ABBYYOriginal},
				Render: render.Options{Formatting: true},
			}, nil,
		},
		{
			"processBusinessCard", "language=German",
			task.Settings{Languages: []string{"deu", "eng"}, Formats: []render.Format{render.VCard}, Barcodes: task.NoBarcodes}, nil,
		},
		{
			"processImage", "exportFormat=pdfa&pdf:writeTags=write",
			task.Settings{Languages: []string{"eng"}, Formats: []render.Format{render.PDFA}, Barcodes: task.NoBarcodes}, []string{"pdf:writeTags=write"},
		},
		{
			"processDocument", "taskId=" + id + "&profile=BarcodeRecognition&exportFormat=xmlForCorrectedImage,txtUnstructured&txtUnstructured:paragraphAsOneLine=true",
			task.Settings{
				Languages: []string{"eng"}, Formats: []render.Format{render.ABBYYCorrected, render.ABBYYPlain}, Barcodes: task.OnlyBarcodes,
				Render: render.Options{JoinLines: true},
			}, nil,
		},
		{
			"processImage", "exportFormat=xml&readBarcodes=false&xml:writeRecognitionVariants=1&xml:writeWordRecognitionVariants=true&language=Digits",
			task.Settings{
				Languages: []string{"eng"}, Formats: []render.Format{render.ABBYYOriginal}, Barcodes: task.NoBarcodes, Letters: "0123456789",
				Render: render.Options{CharVariants: true, WordVariants: true},
			}, nil,
		},
		{
			"processImage", "exportFormat=txtUnstructured&readBarcodes=TRUE&language=Digits,English&imageSource=photo&correctSkew=false&textType=normal,e13b",
			task.Settings{Languages: []string{"eng"}, Formats: []render.Format{render.ABBYYPlain}},
			[]string{"textType=e13b", "imageSource=photo", "correctSkew=false"},
		},
		{
			"processImage", "exportFormat=docx&language=German&textType=gothic",
			task.Settings{Languages: []string{"frk"}, Formats: []render.Format{render.DOCX}, Barcodes: task.NoBarcodes}, []string{"textType=gothic"},
		},
		{
			"processImage", "exportFormat=docx&language=OldGerman&language=German&textType=gothic,normal",
			task.Settings{Languages: []string{"frk", "deu"}, Formats: []render.Format{render.DOCX}, Barcodes: task.NoBarcodes}, []string{"language=OldGerman", "textType=gothic"},
		},
		{
			"processBusinessCard", "xml:writeFieldComponents=true",
			task.Settings{Languages: []string{"eng"}, Formats: []render.Format{render.VCard}, Barcodes: task.NoBarcodes, Render: render.Options{Components: true}}, nil,
		},
		{"processBusinessCard", "exportFormat=XML", task.Settings{Languages: []string{"eng"}, Formats: []render.Format{render.CardXML}, Barcodes: task.NoBarcodes}, nil},
		{"processMRZ", "", task.Settings{Languages: []string{"eng"}, Formats: []render.Format{render.MRZXML}}, nil},
	} {
		for _, v := range []abbyy.Version{abbyy.V1, abbyy.V2} {
			call := decode(t, v, test.name, test.query)
			if diff := cmp.Diff(test.want, call.Settings); diff != "" {
				t.Errorf("%s?%s (-want +got):\n%s", test.name, test.query, diff)
			}
			slices.Sort(call.Unmet)
			slices.Sort(test.unmet)
			if diff := cmp.Diff(test.unmet, call.Unmet); diff != "" {
				t.Errorf("%s?%s, unmet (-want +got):\n%s", test.name, test.query, diff)
			}
			for _, f := range call.Settings.Formats {
				if !f.Known() {
					t.Errorf("nothing writes the format %s", f)
				}
			}
		}
	}
}

func TestMethodsOfOneFieldAskForIt(t *testing.T) {
	for _, test := range []struct {
		name, query string
		want        ocr.FieldRequest
	}{
		{"processTextField", "", ocr.FieldRequest{Kind: ocr.TextField, Languages: []string{"eng"}}},
		{"processTextField", "region=-1,-1,-1,-1&placeholdersCount=1", ocr.FieldRequest{Kind: ocr.TextField, Languages: []string{"eng"}}},
		{
			"processTextField", "region=10,20,30,40&language=digits&regExp=[0-9]%2B&textType=normal,handprinted&oneTextLine=true&oneWordPerTextLine=true&markingType=CombInFrame&placeholdersCount=7&writingStyle=german",
			ocr.FieldRequest{
				Kind: ocr.TextField, Box: ocr.Box{X0: 10, Y0: 20, X1: 30, Y1: 40}, Languages: []string{"eng"}, Letters: "0123456789", Pattern: "[0-9]+",
				OneLine: true, OneWordPerLine: true, Marking: ocr.FramedComb, Places: 7,
			},
		},
		{"processTextField", "letterSet=%20ab", ocr.FieldRequest{Kind: ocr.TextField, Languages: []string{"eng"}, Letters: " ab"}},
		{"processBarcodeField", "barcodeType=UpcA,ucc128,code128", ocr.FieldRequest{Kind: ocr.BarcodeField, Symbologies: []string{"UPC-A", "Code-128"}}},
		{"processBarcodeField", "barcodeType=pdf417,autodetect&containsBinaryData=true", ocr.FieldRequest{Kind: ocr.BarcodeField}},
		{"processCheckmarkField", "checkmarkType=Square&correctionAllowed=True&region=1,2,3,4", ocr.FieldRequest{
			Kind: ocr.CheckmarkField, Box: ocr.Box{X0: 1, Y0: 2, X1: 3, Y1: 4}, Frame: ocr.SquareFrame, Correctable: true,
		}},
	} {
		call := decode(t, abbyy.V2, test.name, test.query)
		test.want.Page = 1
		if diff := cmp.Diff([]ocr.FieldRequest{test.want}, call.Client.Fields); diff != "" {
			t.Errorf("%s?%s (-want +got):\n%s", test.name, test.query, diff)
		}
		if call.Settings.Pages != "1" || !slices.Equal(call.Settings.Formats, []render.Format{render.FieldXML}) || len(call.Settings.Languages) != 1 {
			t.Errorf("%s?%s: %+v", test.name, test.query, call.Settings)
		}
		checkFields(t, call)
	}
}

func TestTasksPasswordsAndDescriptionsAreTakenOver(t *testing.T) {
	call := decode(t, abbyy.V1, "submitImage", "TASKID="+strings.ToUpper(id)+"&pdfPassword=%20a%2Bb+%zz")
	if call.TaskID != id || call.Password != " a+b %zz" {
		t.Errorf("task %s, password %q", call.TaskID, call.Password)
	}
	text := strings.Repeat("ä", 255)
	if got := decode(t, abbyy.V1, "processImage", "description="+url.QueryEscape(text)).Client.Description; got != text {
		t.Errorf("description %q", got)
	}
	form := url.Values{"Language": {"German"}, "exportFormat": {"txt"}, "file": {"x"}}
	got, err := method(t, abbyy.V2, "processImage").Decode(abbyy.Request{Query: "exportFormat=docx", Form: form}, known())
	if err != nil || !slices.Equal(got.Settings.Languages, []string{"deu"}) || !slices.Equal(got.Settings.Formats, []render.Format{render.DOCX}) {
		t.Errorf("%v: fields of a form give %+v", err, got)
	}
}

func TestRangesOfLists(t *testing.T) {
	day := func(d, h int) time.Time { return time.Date(2026, 11, d, h, 0, 0, 0, time.UTC) }
	for query, want := range map[string][2]time.Time{
		"":                              {noon().AddDate(0, 0, -7), noon()},
		"fromDate=2026-11-01T00:00:00Z": {day(1, 0), noon()},
		"fromDate=2026-11-01&toDate=2026-11-02T03:00:00":                                  {day(1, 0), day(2, 3)},
		"fromdate=2026-11-01T02:00:00+02:00&todate=2026-11-02T02%3A00%3A00.000%2B02%3A00": {day(1, 0), day(2, 0)},
	} {
		call := decode(t, abbyy.V2, "listTasks", query)
		if !call.From.Equal(want[0]) || !call.To.Equal(want[1]) || call.ExcludeDeleted {
			t.Errorf("%s: %s to %s", query, call.From, call.To)
		}
	}
	if !decode(t, abbyy.V1, "listTasks", "excludeDeleted=true").ExcludeDeleted {
		t.Error("deleted tasks are not left out")
	}
}

// problems are refused by both versions; what each detail is about is in version 2 alone.
func TestWrongParametersAreRefusedWithNameAndRemedy(t *testing.T) {
	for _, test := range []struct{ name, query, code, target, message string }{
		{"getTaskStatus", "", "MissingArgument", "TaskId", "taskId: the parameter is missing"},
		{"getTaskStatus", "taskId=", "MissingArgument", "TaskId", "missing"},
		{"processDocument", "exportFormat=txt", "MissingArgument", "TaskId", "missing"},
		{"deleteTask", "", "MissingArgument", "TaskId", "missing"},
		{"processBarcodeField", "region=some_invalid_region", "InvalidParameterValue", "Region", "left, top, right and bottom"},
		{"processTextField", "region=5,5,5,9", "InvalidParameterValue", "Region", "no pixel"},
		{"processTextField", "regExp=(", "InvalidParameterValue", "RegExp", "bracket"},
		{"processTextField", "placeholdersCount=0", "InvalidParameterValue", "PlaceholdersCount", "from 1"},
		{"processTextField", "markingType=x", "InvalidParameterValue", "MarkingType", "simpleText, underlinedText"},
		{"processTextField", "writingStyle=x", "InvalidParameterValue", "WritingStyle", "american"},
		{"processTextField", "textType=cmc7", "InvalidParameterValue", "TextType", "cmc7: there is no model"},
		{"processBarcodeField", "barcodeType=postNet,pdf417", "InvalidParameterValue", "BarcodeType", "not read; the values are: autodetect"},
		{"processCheckmarkField", "checkmarkType=x", "InvalidParameterValue", "CheckmarkType", "empty, circle, square"},
		{"processImage", "language=ChineseSimplified", "InvalidParameterValue", "Language", "not that of a recognition language; the languages installed here are: Digits, English"},
		{"processImage", "language=English,Zulu", "InvalidParameterValue", "Language", "no model of Zulu; the languages installed here are"},
		{"processImage", "language=hebrew", "InvalidParameterValue", "Language", "Hebrew is not installed; the languages installed here are"},
		{"processImage", "exportFormat=txt,html", "InvalidParameterValue", "ExportFormat", "format 2 is unknown; the formats are: rtf, txt"},
		{"processImage", "exportFormat=txt,docx,rtf,xml", "InvalidParameterValue", "ExportFormat", "at most 3"},
		{"processImage", "exportFormat=txt,TXT", "InvalidParameterValue", "ExportFormat", "txt is given twice"},
		{"processBusinessCard", "exportFormat=csv,xml", "InvalidParameterValue", "ExportFormat", "at most 1"},
		{"processBusinessCard", "exportFormat=docx", "InvalidParameterValue", "ExportFormat", "vCard, csv, xml"},
		{"processImage", "profile=x", "InvalidParameterValue", "Profile", "documentConversion"},
		{"processImage", "textType=gothic", "InvalidParameterValue", "TextType", "no model of the languages in Fraktur"},
		{"processImage", "correctSkew=perhaps", "InvalidParameterValue", "CorrectSkew", "neither true nor false"},
		{"processImage", "pdf:writeTags=perhaps", "InvalidParameterValue", "PdfWriteTags", "auto, write, dontWrite"},
		{"processImage", "profile=textExtraction&profile=documentArchiving", "ConflictingParameters", "Profile", "several times"},
		{"processImage", "description=" + strings.Repeat("d", 256), "InvalidParameterValue", "Description", "256 characters; at most 255"},
		{"processImage", "pdfPassword=" + strings.Repeat("p", 128), "InvalidParameterValue", "PdfPassword", "at most 127"},
		{"listTasks", "fromDate=yesterday", "InvalidParameterValue", "FromDate", "no time"},
		{"listTasks", "toDate=2026-13-01T00:00:00Z", "InvalidParameterValue", "ToDate", "no time"},
		{"listTasks", "fromDate=2026-11-30T00:00:00Z&toDate=2026-11-29T00:00:00Z", "ConflictingParameters", "FromDate", "after the end"},
	} {
		_, err := method(t, abbyy.V1, test.name).Decode(abbyy.Request{Query: test.query}, known())
		if r := method(t, abbyy.V1, test.name).RefusalOf(err); r.Status != 450 || !strings.Contains(r.Message, test.message) {
			t.Errorf("%s?%s: %d %s, want %s", test.name, test.query, r.Status, r.Message, test.message)
		}
		m := method(t, abbyy.V2, test.name)
		_, err = m.Decode(abbyy.Request{Query: test.query}, known())
		r := m.RefusalOf(err)
		if r.Status != 400 || r.Code != "InvalidArgument" || len(r.Details) != 1 || r.Details[0].Code != test.code || r.Details[0].Target != test.target {
			t.Errorf("%s?%s: %+v, want %s of %s", test.name, test.query, r, test.code, test.target)
		}
		if fault.KindOf(err) == fault.Internal {
			t.Errorf("%s?%s counts as a fault of the service", test.name, test.query)
		}
	}
}

func TestEveryProblemHasADetail(t *testing.T) {
	m := method(t, abbyy.V2, "processImage")
	_, err := m.Decode(abbyy.Request{Query: "language=x&exportFormat=y&correctSkew=z"}, known())
	if r := m.RefusalOf(err); len(r.Details) != 3 || !strings.Contains(r.Message, "language: ") || !strings.Contains(r.Message, "correctSkew: ") {
		t.Errorf("%+v", r)
	}
}

// A misspelt name would change results without a word; names that clients and hosts add without harm do not count.
func TestUnknownNamesAreRefusedByVersionTwoAlone(t *testing.T) {
	const query = "exportFromat=txt"
	decode(t, abbyy.V1, "processImage", query)
	m := method(t, abbyy.V2, "processImage")
	_, err := m.Decode(abbyy.Request{Query: query}, known())
	if r := m.RefusalOf(err); len(r.Details) != 1 || r.Details[0].Code != "InvalidParameterName" || r.Details[0].Target != "ExportFromat" {
		t.Errorf("%+v", r)
	}
	for _, harmless := range []string{"?", "&&", "exportFromat=", "_=1764504000", "code=abc", "region=1,2,3,4", "taskId=" + id, "country=usa", "=x"} {
		decode(t, abbyy.V2, "processImage", strings.TrimPrefix(harmless, "?"))
	}
	form := abbyy.Request{Form: url.Values{"MAX_FILE_SIZE": {"1"}}}
	if _, err := m.Decode(form, known()); err != nil {
		t.Errorf("a field of a form: %v", err)
	}
}

func TestMethodsThatReadWaitForTheEngine(t *testing.T) {
	if _, err := method(t, abbyy.V1, "processImage").Decode(abbyy.Request{}, abbyy.Known{}); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("without a language: %v", err)
	}
	if _, err := method(t, abbyy.V1, "getTaskStatus").Decode(abbyy.Request{Query: "taskId=" + id}, abbyy.Known{}); err != nil {
		t.Error(err)
	}
}

func TestTooManyParametersAreRefused(t *testing.T) {
	m := method(t, abbyy.V1, "processImage")
	_, err := m.Decode(abbyy.Request{Query: strings.Repeat("a=b&", 201)}, known())
	if r := m.RefusalOf(err); r.Status != 450 {
		t.Errorf("%+v", r)
	}
}

// Whatever a query holds, it is understood or refused as wrong, and what is understood is within bounds.
func FuzzQuery(f *testing.F) {
	for _, query := range []string{
		"language=English&exportFormat=txt,xml", "region=1,2,3,4&regExp=a%2B", "fromDate=2026-11-01T02:00:00+02:00", "taskId=" + id, "a=%zz;b&=&&",
		"textType=gothic,normal&language=German,Digits", "barcodeType=pdf417,ean13", "description=%ff%00",
	} {
		f.Add(query, "processTextField")
		f.Add(query, "processImage")
		f.Add(query, "listTasks")
	}
	f.Fuzz(func(t *testing.T, query, name string) {
		for _, v := range []abbyy.Version{abbyy.V1, abbyy.V2} {
			m, err := v.Find(name)
			if err != nil {
				return
			}
			call, err := m.Decode(abbyy.Request{Query: query, Settings: []byte(form)}, known())
			if err != nil {
				r := m.RefusalOf(err)
				if r.Status != 400 && r.Status != 450 || r.Message == "" || !utf8.ValidString(r.Message) {
					t.Fatalf("%s?%s: %+v", name, query, r)
				}
				parsedIfXML(t, v, v.Refuse(r))
				continue
			}
			checkFields(t, call)
			if utf8.RuneCountInString(call.Client.Description) > 255 || !utf8.ValidString(call.Client.Description) {
				t.Fatal("the description is out of bounds")
			}
			if name == "listTasks" && call.From.After(call.To) {
				t.Fatal("the range ends before it begins")
			}
		}
	})
}

func parsedIfXML(t *testing.T, v abbyy.Version, a abbyy.Answer) {
	t.Helper()
	if v == abbyy.V1 {
		parsed(t, a.Body)
	}
}
