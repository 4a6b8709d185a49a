package abbyy

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/task"
)

// Known is what the service knows that parameters are checked against.
type Known struct {
	Languages []string  // Tesseract's codes of the models that are installed and may be used
	Now       time.Time // for the defaults of lists
}

// Request is what a client sent beside the document.
type Request struct {
	Query    string     // of the address, as it was sent
	Form     url.Values // fields of a multipart body that are no files; the query comes before them
	Settings []byte     // body of a method that has settings: XML
}

// Call is a request that was understood.
type Call struct {
	Method   Method
	TaskID   string // in small letters; of getTaskStatus and the like, empty for a submitImage that makes a task
	Settings task.Settings
	Client   task.ClientText
	Password string // of the document

	From, To       time.Time // of listTasks; both belong to the range
	ExcludeDeleted bool

	// Unmet names what was given and is not honoured as it is documented, as name=value, without text of the client. The page
	// compatibility.md says what happens instead, and the header NotHonoured of the answer has the names.
	Unmet []string
}

const (
	mostParameters = 200      // in one request
	mostClientText = 40 << 10 // bytes of what a client says of fields: it stands in the record of the task
)

// Decode checks what a client asks of the method. Names of parameters and values of lists may be in any case, and an empty value
// counts as not given. An unknown name is left out of account by version 1; version 2 refuses it, since a misspelt name would
// change results silently, unless it is the name of another method's parameter, or of what hosts and caches add, which clients send
// without harm, or a field of a form. The error is an Invalid with all problems, or a fault.
func (m Method) Decode(r Request, known Known) (*Call, error) {
	d := &decoder{call: &Call{Method: m}, known: known}
	if len(known.Languages) == 0 && m.First == Queued {
		return nil, fault.New(fault.EngineUnavailable, "the engine is starting; try again in a moment").Retry(2 * time.Second)
	}
	if slices.Contains(fields(), m.Name) {
		d.field = &ocr.FieldRequest{Page: 1, Kind: fieldKind(m.Name)}
	}
	given, err := d.given(r)
	if err != nil {
		return nil, err
	}
	for _, p := range parameters() {
		if !slices.Contains(p.methods, m.Name) {
			continue
		}
		switch values := given[p.name]; {
		case len(values) > 0:
			p.read(d, p, d.one(p, values))
		case slices.Contains(p.required, m.Name):
			d.refuse(p, detailMissing, "the parameter is missing")
		}
	}
	d.finish(r)
	if len(d.details) > 0 {
		return nil, &Invalid{d.details}
	}
	return d.call, nil
}

// decoder reads the parameters of one call.
type decoder struct {
	call    *Call
	known   Known
	details []Detail

	field *ocr.FieldRequest // that is read now; nil for pages
	where string            // in the settings of processFields
	wish  wish              // of the pages or of the field

	formats  []format
	barcodes *bool // as asked for
}

// wish is what is said of text and concerns several settings.
type wish struct {
	languages  []language
	fraktur    bool // among the types of text
	otherTypes bool // than Fraktur
	letters    string
	places     int
}

// refuse notes a problem. The sentence must hold nothing of what the client sent.
func (d *decoder) refuse(p parameter, code, format string, args ...any) {
	if d.where != "" {
		d.details = append(d.details, Detail{code, "settings: " + d.where + p.element + ": " + fmt.Sprintf(format, args...) + ".", targetSettings})
		return
	}
	d.details = append(d.details, Detail{code, p.name + ": " + fmt.Sprintf(format, args...) + ".", targetOf(p.name)})
}

// unmet takes note of a value that is not honoured as documented.
func (d *decoder) unmet(p parameter, v value) {
	if name := p.name + "=" + v.name; !slices.Contains(d.call.Unmet, name) {
		d.call.Unmet = append(d.call.Unmet, name)
	}
}

// given returns the values of the parameters that the method takes, by their names, without empty ones.
func (d *decoder) given(r Request) (map[string][]string, error) {
	query, ok := parseQuery(r.Query)
	count := len(query)
	for _, values := range r.Form {
		count += len(values)
	}
	if !ok || count > mostParameters {
		return nil, fault.New(fault.BadRequest, "The request has more than %d parameters.", mostParameters)
	}
	m := d.call.Method
	given := map[string][]string{}
	for _, q := range query {
		p, taken, known := parameterOf(m.Name, strings.ToLower(q.name))
		switch {
		case taken:
			if v := p.clean(q.value); v != "" {
				given[p.name] = append(given[p.name], v)
			}
		case m.Version == V2 && !known && q.name != "" && q.value != "":
			d.details = append(d.details, unknownName(q.name))
		}
	}
	inQuery := slices.Collect(maps.Keys(given))
	for name, values := range r.Form {
		p, taken, _ := parameterOf(m.Name, strings.ToLower(name))
		if !taken || slices.Contains(inQuery, p.name) {
			continue
		}
		for _, v := range values {
			if v = p.clean(v); v != "" {
				given[p.name] = append(given[p.name], v)
			}
		}
	}
	return given, nil
}

// unknownName refuses the name of a parameter of the query.
func unknownName(name string) Detail {
	if !nameForm.MatchString(name) {
		return Detail{detailName, "The query has a parameter that is unknown, and whose name no parameter can have; leave it out.", "Query"}
	}
	return Detail{detailName, name + ": the parameter is unknown; correct its name, or leave it out.", targetOf(name)}
}

// nameForm is what a name that is told again may hold.
var nameForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9:._-]{0,63}$`)

// one returns the value of a parameter that may be given several times.
func (d *decoder) one(p parameter, values []string) string {
	switch {
	case p.list:
		return strings.Join(values, ",")
	case len(slices.Compact(slices.Clone(values))) > 1:
		d.refuse(p, detailConflict, "the parameter is given several times with different values")
	}
	return values[0]
}

// finish fills in what follows from several parameters.
func (d *decoder) finish(r Request) {
	call := d.call
	switch call.Method.Name {
	case ProcessImage, ProcessDocument:
		d.finishText()
		d.finishFormats()
	case ProcessBusinessCard:
		d.finishText()
		d.finishFormats()
		d.finishCard()
	case ProcessMRZ:
		d.finishText()
		call.Settings.Formats = mrzFormats()
	case ProcessTextField, ProcessBarcodeField, ProcessCheckmarkField:
		d.finishField()
		call.Client.Fields = []ocr.FieldRequest{*d.field}
		call.Settings.Formats = fieldFormats()
		d.finishForm()
	case ProcessFields:
		d.readSettings(r.Settings)
		call.Settings.Formats = formFormats()
		d.finishForm()
	case ListTasks:
		d.finishRange()
	}
}

// finishForm says of a task with fields what holds for all of them: only their pages are read, and their languages are the task's.
func (d *decoder) finishForm() {
	var numbers []int
	set := &d.call.Settings
	for _, f := range d.call.Client.Fields {
		numbers = append(numbers, f.Page)
		for _, code := range f.Languages {
			if !slices.Contains(set.Languages, code) {
				set.Languages = append(set.Languages, code)
			}
		}
	}
	slices.Sort(numbers)
	set.Pages = ocr.RangesOf(slices.Compact(numbers))
	if len(set.Languages) == 0 { // without a field of text
		set.Languages = d.known.Languages[:min(1, len(d.known.Languages))]
		if slices.Contains(d.known.Languages, usualLanguage) {
			set.Languages = []string{usualLanguage}
		}
	}
	if stored, err := json.Marshal(d.call.Client); err != nil || len(stored) > mostClientText {
		d.details = append(d.details, Detail{
			detailValue, fmt.Sprintf("What is said of the fields has more than %d bytes; read them in several tasks.", mostClientText), targetSettings,
		})
	}
}

// usualLanguage is the model of the language that holds if none is given.
const usualLanguage = "eng"

// fieldKind is the kind of field that a method reads.
func fieldKind(method string) ocr.FieldKind {
	switch method {
	case ProcessBarcodeField:
		return ocr.BarcodeField
	case ProcessCheckmarkField:
		return ocr.CheckmarkField
	default:
		return ocr.TextField
	}
}
