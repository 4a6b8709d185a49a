package pdf

import (
	"slices"
	"strings"

	"github.com/lethe-ocr/lethe/shared/pdf/contentstream"
	"github.com/lethe-ocr/lethe/shared/picture/stored"
)

// Clause is a clause of ISO 19005-2, which says what a PDF/A-2 must be.
type Clause string

// The clauses that are looked at for level B.
const (
	ClauseHeader       Clause = "6.1.2"    // the first lines of a file
	ClauseTrailer      Clause = "6.1.3"    // identifiers, no encryption, nothing after the end
	ClauseTable        Clause = "6.1.4"    // of cross-references
	ClauseStrings      Clause = "6.1.6"    // in hexadecimal have pairs of digits
	ClauseStreams      Clause = "6.1.7.1"  // are in the file, with their length
	ClauseFilters      Clause = "6.1.7.2"  // LZW and Crypt are not among them
	ClauseObjects      Clause = "6.1.9"    // indirect ones begin and end with their words
	ClauseInline       Clause = "6.1.10"   // pictures in content have no such filters either
	ClauseLimits       Clause = "6.1.13"   // of numbers, strings, names, saved states
	ClauseContent      Clause = "6.2.2"    // has known operators, and resources of its own
	ClauseIntent       Clause = "6.2.3"    // says the colours of the device
	ClauseProfiles     Clause = "6.2.4.2"  // of colour are such
	ClauseDevice       Clause = "6.2.4.3"  // colours are those of the intent
	ClauseSpots        Clause = "6.2.4.4"  // have an alternative that conforms
	ClauseState        Clause = "6.2.5"    // of graphics has no transfer functions
	ClauseRendering    Clause = "6.2.6"    // intents are known ones
	ClausePictures     Clause = "6.2.8"    // have no alternatives and are not interpolated
	ClauseJPX          Clause = "6.2.8.3"  // has channels and colours that PDF knows
	ClauseForms        Clause = "6.2.9"    // are in the file and no PostScript
	ClauseTransparency Clause = "6.2.10"   // blends in known modes and in a known space
	ClauseFontKinds    Clause = "6.2.11.2" // say what they must
	ClauseCIDs         Clause = "6.2.11.3" // of composite fonts lead to glyphs
	ClauseEmbedded     Clause = "6.2.11.4" // fonts are
	ClauseWidths       Clause = "6.2.11.5" // are those of the font program
	ClauseEncodings    Clause = "6.2.11.6" // of TrueType are of two kinds
	ClauseNotdef       Clause = "6.2.11.8" // no text shows what stands for a glyph that is missing
	ClauseAnnotations  Clause = "6.3"      // are of known kinds, print, and have an appearance
	ClauseFields       Clause = "6.4"      // look as they say
	ClauseActions      Clause = "6.5"      // do not run anything
	ClauseMetadata     Clause = "6.6.2"    // are XMP
	ClauseIdentity     Clause = "6.6.4"    // is said in them
	ClauseFiles        Clause = "6.8"      // are not attached
	ClauseLayers       Clause = "6.9"      // have names and no conditions
	ClauseVariants     Clause = "6.10"     // of pages are none
	ClauseRequirements Clause = "6.11"     // for a reader are none
)

// inspection holds a page and what it is drawn with against the clauses that are about these.
type inspection struct {
	objects *resident
	broken  map[Clause]bool
	seen    map[int]bool // forms, pictures and what else is looked at once
	fonts   map[string]*usedFont
	depth   int
}

func newInspection(objects *resident) *inspection {
	return &inspection{objects: objects, broken: map[Clause]bool{}, seen: map[int]bool{}, fonts: map[string]*usedFont{}}
}

func (i *inspection) breaks(c Clause, when bool) {
	if when {
		i.broken[c] = true
	}
}

// once reports whether a value is looked at for the first time; direct objects are, each time.
func (i *inspection) once(value string) bool {
	n, ok := parseReference(value)
	if !ok {
		return true
	}
	was := i.seen[n]
	i.seen[n] = true
	return !was
}

// page inspects a page and returns the clauses that it breaks.
func (i *inspection) page(d dictionary, streams []string) []Clause {
	var content []byte
	for _, s := range streams {
		n, _ := parseReference(s)
		i.filters(dictionaryOf(i.objects.objects[n].raw))
		data, ok := i.objects.stream(n)
		i.breaks(ClauseStreams, !ok && i.objects.objects[n].is)
		content = append(append(content, data...), '\n')
	}
	value, _ := d.get("/Resources")
	own := i.objects.dictionary(value)
	i.resources(own)
	i.content(content, own)
	i.group(d)
	if _, steps := d.get("/PresSteps"); steps {
		i.breaks(ClauseVariants, true)
	}
	value, _ = d.get("/Annots")
	annotations, _ := parseArray(i.objects.resolve(value))
	for _, a := range annotations {
		i.annotation(i.objects.dictionary(a))
	}
	for _, key := range []string{"/MediaBox", "/CropBox"} {
		if value, ok := d.get(key); ok {
			box, ok := i.objects.numbers(value)
			i.breaks(ClauseLimits, ok && len(box) == 4 && !sized(box[2]-box[0], box[3]-box[1]))
		}
	}
	i.used()
	return i.clauses()
}

// clauses lists what is broken.
func (i *inspection) clauses() []Clause {
	var all []Clause
	for c := range i.broken {
		all = append(all, c)
	}
	slices.Sort(all)
	return all
}

func sized(width, height float64) bool {
	const least = 3 // points
	width, height = max(width, -width), max(height, -height)
	return min(width, height) >= least && max(width, height) <= maxSide
}

// filters looks at the filters of a stream.
func (i *inspection) filters(d dictionary) {
	filters, ok := i.objects.filters(d)
	i.breaks(ClauseStreams, !ok)
	i.breaks(ClauseFilters, slices.ContainsFunc(filters, func(f contentstream.Filter) bool {
		return f.Name == "LZWDecode" || f.Name == "Crypt"
	}))
}

// resources looks at colours that resources define, whether or not they are used by name.
func (i *inspection) resources(d dictionary) {
	value, _ := d.get("/ColorSpace")
	for _, e := range i.objects.dictionary(value) {
		if strings.HasPrefix(e.key, "/Default") {
			i.space(e.value, d)
		}
	}
}

// named returns the resource of a kind and a name as written; one that is missing breaks a clause.
func (i *inspection) named(own dictionary, kind, name string) (string, bool) {
	value, ok := resources{i.objects, own}.entry(kind, contentstream.DecodeName(strings.TrimPrefix(name, "/")))
	i.breaks(ClauseContent, !ok)
	return value, ok
}

// group looks at the space in which the transparent parts of a page or a form blend.
func (i *inspection) group(d dictionary) {
	value, ok := d.get("/Group")
	if !ok {
		return
	}
	if space, ok := i.objects.dictionary(value).get("/CS"); ok {
		before := i.broken[ClauseDevice]
		i.space(space, nil)
		i.breaks(ClauseTransparency, i.broken[ClauseDevice] && !before)
	}
}

// blendModes are those of ISO 32000-1, section 11.3.5.
func blendModes() []string {
	return []string{
		"/Normal", "/Compatible", "/Multiply", "/Screen", "/Overlay", "/Darken", "/Lighten", "/ColorDodge", "/ColorBurn", "/HardLight",
		"/SoftLight", "/Difference", "/Exclusion", "/Hue", "/Saturation", "/Color", "/Luminosity",
	}
}

// state looks at a dictionary of graphics state parameters.
func (i *inspection) state(value string) {
	d := i.objects.dictionary(value)
	_, transfer := d.get("/TR")
	second, has := d.get("/TR2")
	_, phase := d.get("/HTP")
	i.breaks(ClauseState, transfer || has && i.objects.resolve(second) != "/Default" || phase)
	if intent, ok := d.get("/RI"); ok {
		i.intent(i.objects.resolve(intent))
	}
	if mode, ok := d.get("/BM"); ok {
		mode = i.objects.resolve(mode)
		modes, several := parseArray(mode)
		if !several {
			modes = []string{mode}
		}
		for _, m := range modes {
			i.breaks(ClauseTransparency, !slices.Contains(blendModes(), i.objects.resolve(m)))
		}
	}
	if mask, ok := d.get("/SMask"); ok {
		if g, ok := i.objects.dictionary(mask).get("/G"); ok {
			i.object(g)
		}
	}
	if half, ok := d.get("/HT"); ok {
		h := i.objects.dictionary(half)
		kind, _ := h.get("/HalftoneType")
		_, named := h.get("/HalftoneName")
		i.breaks(ClauseState, len(h) > 0 && (kind != "1" && kind != "5" || named))
	}
}

func (i *inspection) intent(name string) {
	i.breaks(ClauseRendering, !slices.Contains([]string{"/RelativeColorimetric", "/AbsoluteColorimetric", "/Perceptual", "/Saturation"}, name))
}

// object looks at an external object: a form or a picture.
func (i *inspection) object(value string) {
	n, ok := parseReference(value)
	if !ok || !i.once(value) {
		return
	}
	d := dictionaryOf(i.objects.objects[n].raw)
	i.filters(d)
	kind, _ := d.get("/Subtype")
	switch i.objects.resolve(kind) {
	case "/Image":
		i.picture(n, d)
	case "/Form":
		i.form(n, d)
	default:
		i.breaks(ClauseForms, true)
	}
}

func (i *inspection) form(n int, d dictionary) {
	_, reference := d.get("/Ref")
	_, program := d.get("/PS")
	second, _ := d.get("/Subtype2")
	_, proxy := d.get("/OPI")
	i.breaks(ClauseForms, reference || program || second == "/PS" || proxy)
	i.group(d)
	value, _ := d.get("/Resources")
	own := i.objects.dictionary(value)
	data, ok := i.objects.stream(n)
	i.breaks(ClauseStreams, !ok)
	i.resources(own)
	i.content(data, own)
}

// picture looks at an image (ISO 32000-1, table 89).
func (i *inspection) picture(n int, d dictionary) {
	_, alternates := d.get("/Alternates")
	_, proxy := d.get("/OPI")
	smooth, _ := d.get("/Interpolate")
	i.breaks(ClausePictures, alternates || proxy || i.objects.resolve(smooth) == "true")
	if intent, ok := d.get("/Intent"); ok {
		i.intent(i.objects.resolve(intent))
	}
	filters, _ := i.objects.filters(d)
	jpx := len(filters) > 0 && filters[len(filters)-1].Name == "JPXDecode"
	if jpx {
		_, ok := stored.JP2(i.objects.objects[n].data)
		i.breaks(ClauseJPX, !ok || len(filters) > 1)
	}
	bits, has := d.get("/BitsPerComponent")
	i.breaks(ClausePictures, has && !jpx && !slices.Contains([]string{"1", "2", "4", "8", "16"}, i.objects.resolve(bits)))
	if space, ok := d.get("/ColorSpace"); ok {
		i.space(space, nil)
	}
	for _, key := range []string{"/SMask", "/Mask"} {
		if mask, ok := d.get(key); ok {
			i.object(mask)
		}
	}
}

// annotation looks at an annotation (ISO 19005-2, sections 6.3 and 6.4).
func (i *inspection) annotation(d dictionary) {
	kind, _ := d.get("/Subtype")
	kind = i.objects.resolve(kind)
	known := []string{
		"/Text", "/Link", "/FreeText", "/Line", "/Square", "/Circle", "/Polygon", "/PolyLine", "/Highlight", "/Underline", "/Squiggly",
		"/StrikeOut", "/Stamp", "/Caret", "/Ink", "/Popup", "/Widget", "/PrinterMark", "/TrapNet", "/Watermark", "/Redact",
	}
	i.breaks(ClauseAnnotations, !slices.Contains(known, kind))
	for _, key := range []string{"/A", "/AA"} {
		if action, ok := d.get(key); ok {
			i.action(action, key == "/AA")
		}
	}
	if kind == "/Popup" {
		return
	}
	flags, _ := d.get("/F")
	f, _ := i.objects.number(flags)
	const invisible, hidden, prints, noView, toggles = 1, 2, 4, 32, 256
	i.breaks(ClauseAnnotations, int(f)&prints == 0 || int(f)&(invisible|hidden|noView|toggles) != 0)
	value, _ := d.get("/AP")
	look := i.objects.dictionary(value)
	normal, has := look.get("/N")
	i.breaks(ClauseAnnotations, len(look) > 1)
	if !has {
		value, _ = d.get("/Rect")
		r, _ := i.objects.numbers(value)
		empty := len(r) == 4 && r[0] == r[2] && r[1] == r[3]
		i.breaks(ClauseAnnotations, kind != "/Link" && !empty)
		return
	}
	n, _ := parseReference(normal)
	if i.objects.objects[n].is {
		i.object(normal)
		return
	}
	for _, e := range i.objects.dictionary(normal) {
		i.object(e.value)
	}
}

// action looks at what happens at a click.
func (i *inspection) action(value string, additional bool) {
	d := i.objects.dictionary(value)
	kind, _ := d.get("/S")
	switch kind {
	case "/GoTo", "/GoToR", "/GoToE", "/Thread", "/URI", "/SubmitForm", "/Named":
	default:
		i.breaks(ClauseActions, len(d) > 0)
	}
	i.breaks(ClauseActions, additional)
}
