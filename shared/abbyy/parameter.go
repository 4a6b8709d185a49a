package abbyy

import (
	"slices"
	"strings"
	"sync"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// effect is what becomes of a parameter or a value that a client gives.
type effect string

// The effects.
const (
	honoured effect = "honoured"
	inPart   effect = "honoured in part"
	ignored  effect = "accepted without effect"
	refused  effect = "refused"
)

// parameter is one that methods take, or an element of the settings of processFields, or both.
type parameter struct {
	name     string
	methods  []string      // that take it
	required []string      // of these, those that do nothing without it
	element  string        // in the settings of processFields; empty for none
	kind     ocr.FieldKind // of the fields whose element it is
	form     string        // what its value is, for people
	usual    string        // value that holds if none is given
	values   []value       // that there are; none where others are possible
	list     bool          // several values, with commas between them
	free     bool          // text in which spaces count
	effect   effect
	note     string // what happens, where the effect alone does not say it
	read     func(d *decoder, p parameter, text string)
}

// value is one of those that a parameter may have.
type value struct {
	name   string
	effect effect
	note   string
	is     string // what it is called elsewhere in the program
}

// clean takes away what does not count in a value.
func (p parameter) clean(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if p.free {
		return text
	}
	return strings.TrimSpace(text)
}

// find returns the value of a name in any case.
func (p parameter) find(name string) (value, bool) {
	i := slices.IndexFunc(p.values, func(v value) bool { return strings.EqualFold(v.name, name) })
	if i < 0 {
		return value{}, false
	}
	return p.values[i], true
}

// names lists the values that are not refused.
func (p parameter) names() string {
	var names []string
	for _, v := range p.values {
		if v.effect != refused {
			names = append(names, v.name)
		}
	}
	return strings.Join(names, ", ")
}

// strangers are parameters of methods that were withdrawn, and what hosts of HTTP functions add, in small letters. They are left
// out of account even where an unknown name is refused.
func strangers() []string {
	return []string{"idtype", "source", "country", "deviceid", "code", "clientid"}
}

// parameters lists all of both versions. They are made once, as a request may name thousands, and never change.
var parameters = sync.OnceValue(func() []parameter {
	return slices.Concat(taskParameters(), pageParameters(), resultParameters(), fieldParameters(), listParameters())
})

// mostValues is how many values a list may have.
const mostValues = 200

// parameterOf returns the parameter of that name, in small letters, that the method takes. Otherwise it reports whether the name is
// one that some method takes.
func parameterOf(method, name string) (p parameter, taken, known bool) {
	for _, p := range parameters() {
		if strings.EqualFold(p.name, name) {
			if slices.Contains(p.methods, method) {
				return p, true, true
			}
			known = true
		}
	}
	return parameter{}, false, known || slices.Contains(strangers(), name) || strings.HasPrefix(name, "_")
}

// elementOf returns the setting of a kind of field.
func elementOf(kind ocr.FieldKind, element string) (parameter, bool) {
	all := parameters()
	i := slices.IndexFunc(all, func(p parameter) bool { return p.kind == kind && p.element == element })
	if i < 0 {
		return parameter{}, false
	}
	return all[i], true
}

// Groups of methods.

func documents() []string { return []string{ProcessImage, ProcessDocument} }

func pages() []string { return append(documents(), ProcessBusinessCard) }

func fields() []string { return []string{ProcessTextField, ProcessBarcodeField, ProcessCheckmarkField} }

func uploads() []string {
	return slices.Concat([]string{ProcessImage, SubmitImage, ProcessBusinessCard, ProcessMRZ}, fields())
}

func processes() []string {
	return slices.Concat(pages(), fields(), []string{ProcessFields, ProcessMRZ})
}

// boolean reads true or false.
func boolean(set func(d *decoder, yes bool)) func(*decoder, parameter, string) {
	return func(d *decoder, p parameter, text string) {
		var yes bool
		switch strings.ToLower(text) {
		case "true", "1":
			yes = true
		case "false", "0":
		default:
			d.refuse(p, detailValue, "the value is neither true nor false")
			return
		}
		if v, ok := p.find(text); ok && v.effect != honoured {
			d.unmet(p, v)
		}
		set(d, yes)
	}
}

// choice reads one of the values, or several where the parameter takes a list. A value that is refused counts as left out beside
// others.
func choice(set func(d *decoder, chosen []value)) func(*decoder, parameter, string) {
	return func(d *decoder, p parameter, text string) {
		var chosen []value
		var rejected []value
		names, ok := d.split(p, text)
		if !ok {
			return
		}
		for i, name := range names {
			v, ok := p.find(name)
			switch {
			case !ok && p.list:
				d.refuse(p, detailValue, "value %d of the list is unknown; the values are: %s", i+1, p.names())
				return
			case !ok:
				d.refuse(p, detailValue, "the value is unknown; the values are: %s", p.names())
				return
			case v.effect == refused:
				rejected = append(rejected, v)
			default:
				chosen = append(chosen, v)
			}
		}
		if len(chosen) == 0 {
			d.refuse(p, detailValue, "%s: %s; the values are: %s", rejected[0].name, rejected[0].note, p.names())
			return
		}
		for _, v := range slices.Concat(chosen, rejected) {
			if v.effect != honoured {
				d.unmet(p, v)
			}
		}
		set(d, chosen)
	}
}

// split parts a list at its commas. It fails if there are too many values.
func (d *decoder) split(p parameter, text string) ([]string, bool) {
	if !p.list {
		return []string{text}, true
	}
	if strings.Count(text, ",") >= mostValues {
		d.refuse(p, detailValue, "the list has more than %d values", mostValues)
		return nil, false
	}
	parts := strings.Split(text, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts, true
}

// nothing takes note of a choice that changes nothing.
func nothing(*decoder, []value) {}

// onOff are the values of a parameter that is true or false and has the given effect for one of them.
func onOff(effects map[string]effect, notes map[string]string) []value {
	var values []value
	for _, name := range []string{"true", "false"} {
		v := value{name: name, effect: honoured, note: notes[name]}
		if e, ok := effects[name]; ok {
			v.effect = e
		}
		values = append(values, v)
	}
	return values
}
