package abbyy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/field"
)

const (
	mostTemplateID = 20   // characters
	mostFieldID    = 250  // characters
	mostElementsOf = 50   // of a field or a template: each field of a template costs the time of all of its elements
	mostFieldPages = 200  // that one element page applies to
	mostPageNumber = 9999 // of them
	mostProblems   = 20   // that are told
)

// template is a set of settings under a name.
type template struct {
	kind     ocr.FieldKind
	settings []element
}

// readSettings reads what processFields is to read: the element document of taskDescription-1.0.
func (d *decoder) readSettings(settings []byte) {
	if len(settings) == 0 {
		d.settings(detailMissing, "no settings have been sent: send their XML as the body, or as a part of multipart/form-data that has a file name")
		return
	}
	root, problem := parseXML(settings)
	if problem != "" {
		d.settings(detailValue, "%s", problem)
		return
	}
	if root.name != "document" {
		d.settings(detailValue, "the root must be the element document of %s", taskDescription)
		return
	}
	templates := map[string]template{}
	page := 0
	for _, e := range root.children {
		d.where = "" // what is said of another element would have its place
		switch e.name {
		case "fieldTemplates":
			d.readTemplates(e, templates)
		case "page":
			page++
			d.readPage(e, page, templates)
		default:
			d.settings(detailValue, "document may hold fieldTemplates and page alone")
		}
		if len(d.details) >= mostProblems {
			return
		}
	}
	d.where = ""
	switch {
	case page == 0:
		d.settings(detailValue, "document has no element page; it needs one with the fields")
	case len(d.details) == 0 && len(d.call.Client.Fields) == 0:
		d.settings(detailValue, "no page has a field; a page needs elements text, barcode or checkmark")
	}
}

// settings notes a problem that is none of a parameter.
func (d *decoder) settings(code, format string, args ...any) {
	d.details = append(d.details, Detail{code, strings.TrimSuffix("settings: "+d.where, ": ") + ": " + fmt.Sprintf(format, args...) + ".", targetSettings})
}

func (d *decoder) readTemplates(e element, templates map[string]template) {
	for i, t := range e.children {
		d.where = fmt.Sprintf("template %d: ", i+1)
		kind, ok := kindOf(t.name)
		id := t.attribute("id")
		_, again := templates[id]
		switch n := utf8.RuneCountInString(id); {
		case !ok:
			d.settings(detailValue, "a template must be text, barcode or checkmark")
		case n == 0 || n > mostTemplateID:
			d.settings(detailValue, "its id has %d characters; give 1 to %d", n, mostTemplateID)
		case again:
			d.settings(detailValue, "another template has the same id")
		case len(t.children) > mostElementsOf:
			d.tooManyElements(t)
		default:
			templates[id] = template{kind, t.children}
		}
		if len(d.details) >= mostProblems {
			return
		}
	}
}

func (d *decoder) readPage(e element, number int, templates map[string]template) {
	d.where = fmt.Sprintf("page %d: ", number)
	numbers, ok := pageNumbers(e.attribute("applyTo"))
	if !ok {
		d.settings(detailValue, "applyTo must have numbers of pages counted from 0, with commas between them")
		return
	}
	if len(d.call.Client.Fields)+len(e.children)*len(numbers) > field.Most {
		d.settings(detailValue, "there are more than %d fields; read them in several tasks", field.Most)
		return
	}
	var found []ocr.FieldRequest
	for i, f := range e.children {
		d.where = fmt.Sprintf("page %d: field %d: ", number, i+1)
		if r, ok := d.readField(f, templates); ok {
			found = append(found, r)
		}
		if len(d.details) >= mostProblems {
			return
		}
	}
	for _, n := range numbers {
		for _, r := range found {
			r.Page = n + 1
			d.call.Client.Fields = append(d.call.Client.Fields, r)
		}
	}
}

func (d *decoder) tooManyElements(e element) {
	d.settings(detailValue, "it has %d elements; at most %d are allowed", len(e.children), mostElementsOf)
}

// readField reads an element text, barcode or checkmark of a page.
func (d *decoder) readField(e element, templates map[string]template) (ocr.FieldRequest, bool) {
	before := len(d.details)
	kind, ok := kindOf(e.name)
	if !ok {
		d.settings(detailValue, "a field must be text, barcode or checkmark")
		return ocr.FieldRequest{}, false
	}
	if len(e.children) > mostElementsOf {
		d.tooManyElements(e)
		return ocr.FieldRequest{}, false
	}
	settings := e.children
	if name := e.attribute("template"); name != "" {
		t, ok := templates[name]
		if !ok || t.kind != kind {
			d.settings(detailValue, "there is no template of this id for %s above it", kind)
			return ocr.FieldRequest{}, false
		}
		settings = override(t.settings, e.children)
	}
	id := e.attribute("id")
	if utf8.RuneCountInString(id) > mostFieldID || strings.ContainsFunc(id, unicode.IsControl) {
		d.settings(detailValue, "its id must be plain text of at most %d characters", mostFieldID)
	}
	d.field, d.wish = &ocr.FieldRequest{ID: id, Kind: kind}, wish{}
	var problem string
	if d.field.Box, problem = region([]string{
		e.coordinate("left"), e.coordinate("top"), e.coordinate("right"), e.coordinate("bottom"),
	}); problem != "" {
		d.settings(detailValue, "%s", problem)
	}
	d.readElements(kind, settings)
	d.finishField()
	return *d.field, len(d.details) == before
}

// readElements reads what is said of a field.
func (d *decoder) readElements(kind ocr.FieldKind, settings []element) {
	texts := map[string][]string{}
	for _, s := range settings {
		p, ok := elementOf(kind, s.name)
		if !ok {
			d.settings(detailValue, "an element of the field is none of the settings of %s", kind)
			return
		}
		if v := p.clean(s.content()); v != "" {
			texts[s.name] = append(texts[s.name], v)
		}
	}
	for _, p := range parameters() {
		if values := texts[p.element]; p.kind == kind && len(values) > 0 {
			p.read(d, p, d.one(p, values))
		}
	}
}

// override returns the settings of a template without those that a field has itself, and those of the field.
func override(template, own []element) []element {
	var all []element
	for _, s := range template {
		if !slices.ContainsFunc(own, func(o element) bool { return o.name == s.name }) {
			all = append(all, s)
		}
	}
	return append(all, own...)
}

func kindOf(name string) (ocr.FieldKind, bool) {
	switch kind := ocr.FieldKind(name); kind {
	case ocr.TextField, ocr.BarcodeField, ocr.CheckmarkField:
		return kind, true
	default:
		return "", false
	}
}

// coordinate returns one of a region, that of a whole page if it is missing.
func (e element) coordinate(name string) string {
	if text := e.attribute(name); text != "" {
		return text
	}
	return "-1"
}

// pageNumbers reads numbers of pages counted from 0, and ranges such as 0-2, in ascending order without repetitions.
func pageNumbers(text string) ([]int, bool) {
	var numbers []int
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || unicode.IsSpace(r) }) {
		from, to, ranged := strings.Cut(part, "-")
		if !ranged {
			to = from
		}
		first, err1 := strconv.Atoi(from)
		last, err2 := strconv.Atoi(to)
		if err1 != nil || err2 != nil || first < 0 || last < first || last > mostPageNumber || last-first >= mostFieldPages {
			return nil, false
		}
		for n := first; n <= last; n++ {
			numbers = append(numbers, n)
		}
		if len(numbers) > mostFieldPages {
			return nil, false
		}
	}
	slices.Sort(numbers)
	return slices.Compact(numbers), len(numbers) > 0
}
