package pdf

import (
	"math"
	"strconv"

	"github.com/lethe-ocr/lethe/shared/pdf/contentstream"
)

// resources are the named resources of a page or a form.
type resources struct {
	objects    *resident
	dictionary dictionary
}

var _ contentstream.Resources = resources{}

// entry returns the value of a name among the resources of a kind.
func (r resources) entry(kind, name string) (string, bool) {
	value, _ := r.dictionary.get(kind)
	found, ok := r.objects.names.of(kind, r.objects.resolve(value))[name]
	return found, ok
}

// nameIndex holds the values of dictionaries of resources by their names: contents name a resource at each of many thousand operations.
type nameIndex struct {
	last map[string]nameValues        // by kind; the text of the same dictionary is compared without looking at it
	all  map[string]map[string]string // by the text of a dictionary
	size int                          // names in all
}

// nameValues is a dictionary of resources.
type nameValues struct {
	text   string
	values map[string]string
}

// maxNames bounds the names that are held.
const maxNames = 1 << 18

// of returns the values of a dictionary by their names, of several with one name the first.
func (n *nameIndex) of(kind, text string) map[string]string {
	if last, ok := n.last[kind]; ok && last.text == text {
		return last.values
	}
	values, ok := n.all[text]
	if !ok {
		values = map[string]string{}
		for _, e := range dictionaryOf(text) {
			name := contentstream.DecodeName(e.key)
			if _, ok := values[name]; !ok {
				values[name] = e.value
			}
		}
		if n.size += len(values); n.all == nil || n.size > maxNames {
			n.all, n.size = map[string]map[string]string{}, len(values)
		}
		n.all[text] = values
	}
	if n.last == nil {
		n.last = map[string]nameValues{}
	}
	n.last[kind] = nameValues{text, values}
	return values
}

// Font returns what is known of a font.
func (r resources) Font(name string) *contentstream.Font {
	value, ok := r.entry("/Font", name)
	if !ok {
		return nil
	}
	return r.objects.font(value)
}

// FontOfState returns the font that a dictionary of graphics state parameters sets.
func (r resources) FontOfState(name string) (*contentstream.Font, float64) {
	value, ok := r.entry("/ExtGState", name)
	if !ok {
		return nil, 0
	}
	set, ok := r.objects.dictionary(value).get("/Font")
	if !ok {
		return nil, 0
	}
	pair, _ := parseArray(r.objects.resolve(set))
	if len(pair) != 2 {
		return nil, 0
	}
	size, _ := r.objects.number(pair[1])
	return r.objects.font(pair[0]), size
}

// XObject returns a form.
func (r resources) XObject(name string) (*contentstream.Form, bool) {
	value, ok := r.entry("/XObject", name)
	if !ok {
		return nil, false
	}
	number, ok := parseReference(value)
	object := r.objects.objects[number]
	if !ok || !object.is {
		return nil, false
	}
	d := dictionaryOf(object.raw)
	if subtype, _ := d.get("/Subtype"); r.objects.resolve(subtype) != "/Form" {
		return nil, true
	}
	form := &contentstream.Form{ID: number, Matrix: contentstream.Matrix{A: 1, D: 1}, Resources: r, Inherits: true}
	if value, ok := d.get("/Matrix"); ok {
		if v, ok := r.objects.numbers(value); ok && len(v) == 6 {
			form.Matrix = contentstream.Matrix{A: v[0], B: v[1], C: v[2], D: v[3], E: v[4], F: v[5]}
		}
	}
	if own, ok := d.get("/Resources"); ok {
		form.Resources, form.Inherits = resources{r.objects, r.objects.dictionary(own)}, false
	}
	form.Data, ok = r.objects.stream(number)
	form.Unread = !ok
	return form, true
}

// isForm reports whether an external object is a form.
func (r resources) isForm(value string) bool {
	number, _ := parseReference(value)
	subtype, _ := dictionaryOf(r.objects.objects[number].raw).get("/Subtype")
	return r.objects.resolve(subtype) == "/Form"
}

func (c *resident) number(value string) (float64, bool) {
	v, err := strconv.ParseFloat(c.resolve(value), 64)
	return v, err == nil && math.Abs(v) <= math.MaxFloat32
}

func (c *resident) numbers(value string) ([]float64, bool) {
	elements, ok := parseArray(c.resolve(value))
	if !ok {
		return nil, false
	}
	all := make([]float64, 0, len(elements))
	for _, e := range elements {
		v, ok := c.number(e)
		if !ok {
			return nil, false
		}
		all = append(all, v)
	}
	return all, true
}

// font returns what is known of a font by its dictionary, or the reference to it.
func (c *resident) font(value string) *contentstream.Font {
	number, referred := parseReference(value)
	if referred {
		if f, ok := c.fonts[number]; ok {
			return f
		}
	}
	d := c.dictionary(value)
	if len(d) == 0 {
		return nil
	}
	kind, _ := d.get("/Subtype")
	f := &contentstream.Font{Bytes: 1}
	switch c.resolve(kind) {
	case "/Type0":
		f = c.composite(d)
	case "/Type3":
		f.Procedure = true
		f.Width = c.widths(d, 1000*c.scaleOfProcedures(d))
	default:
		f.Width = c.widths(d, 1)
	}
	if referred {
		c.fonts[number] = f
	}
	return f
}

// scaleOfProcedures returns what a unit of a type 3 font is in text space.
func (c *resident) scaleOfProcedures(d dictionary) float64 {
	value, _ := d.get("/FontMatrix")
	if m, ok := c.numbers(value); ok && len(m) == 6 {
		return m[0]
	}
	return 0.001
}

// widths returns the widths of a simple font (ISO 32000-1, section 9.6.2).
func (c *resident) widths(d dictionary, scale float64) func(int) (float64, bool) {
	value, _ := d.get("/Widths")
	all, ok := c.numbers(value)
	if !ok {
		return c.standardWidths(d)
	}
	value, _ = d.get("/FirstChar")
	first, _ := c.number(value)
	value, _ = d.get("/FontDescriptor")
	value, described := c.dictionary(value).get("/MissingWidth")
	missing, known := c.number(value)
	return func(code int) (float64, bool) {
		if i := code - int(first); i >= 0 && i < len(all) {
			return all[i] * scale, true
		}
		return missing * scale, described && known
	}
}

// composite returns what is known of a font of several bytes a code (ISO 32000-1, section 9.7): all where codes are glyphs.
func (c *resident) composite(d dictionary) *contentstream.Font {
	f := &contentstream.Font{Width: func(int) (float64, bool) { return 0, false }}
	if encoding, _ := d.get("/Encoding"); c.resolve(encoding) != "/Identity-H" {
		return f
	}
	value, _ := d.get("/DescendantFonts")
	descendants, _ := parseArray(c.resolve(value))
	if len(descendants) != 1 {
		return f
	}
	descendant := c.dictionary(descendants[0])
	usual := 1000.0
	if value, ok := descendant.get("/DW"); ok {
		if v, ok := c.number(value); ok {
			usual = v
		}
	}
	value, _ = descendant.get("/W")
	special := c.compositeWidths(value)
	f.Bytes = 2
	f.Width = func(code int) (float64, bool) {
		if width, ok := special[code]; ok {
			return width, true
		}
		return usual, true
	}
	return f
}

// maxWidths bounds the widths of one font that are looked at: codes of two bytes, some of them given twice.
const maxWidths = 1 << 17

// compositeWidths reads the widths of glyphs by their codes (ISO 32000-1, section 9.7.4.3). The first of several counts.
func (c *resident) compositeWidths(value string) map[int]float64 {
	elements, _ := parseArray(c.resolve(value))
	found, left := map[int]float64{}, maxWidths
	set := func(code int, width float64) {
		if _, ok := found[code]; !ok && code <= 0xffff {
			found[code] = width
		}
		left--
	}
	for i := 0; i+1 < len(elements) && left > 0; {
		first, ok := c.number(elements[i])
		if !ok || first < 0 || first > 0xffff {
			break
		}
		if widths, ok := c.numbers(elements[i+1]); ok {
			for k, w := range widths {
				set(int(first)+k, w)
			}
			i += 2
			continue
		}
		if i+2 >= len(elements) {
			break
		}
		last, _ := c.number(elements[i+1])
		width, _ := c.number(elements[i+2])
		for code := int(first); code <= int(min(last, 0xffff)) && left > 0; code++ {
			set(code, width)
		}
		i += 3
	}
	return found
}
