package pdf

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
)

// A PDF/A-2 of level B (ISO 19005-2) is the copy of a document of which every page conforms: pages that do not are drawn and become
// pictures with their text. What is outside of pages and cannot be in a PDF/A is left out.

// archiveHead begins a PDF/A.
const archiveHead = "%PDF-1.7\n%\xE2\xE3\xCF\xD3\n"

// archives reports whether the PDF is to be a PDF/A.
func (w *Writer) archives() bool { return w.options.Kind == ocr.Archive }

// archived is what was decided of a document that becomes a PDF/A.
type archived struct {
	pictures []pagePicture       // pages that become pictures
	drawing  map[int]int         // object numbers of what draws them, by page
	text     map[int]int         // of their text
	objects  map[int]pagePicture // those that are drawn, by the object number of the picture
}

// archive decides which pages stay and puts pictures in the place of the others.
func (w *Writer) archive(source *Document, known *saved, streams map[int]newStream, numbers map[int]int) (*archived, error) {
	known.head = archiveHead
	a := &archived{drawing: map[int]int{}, text: map[int]int{}, objects: map[int]pagePicture{}}
	r := &removal{writer: w, source: source, known: known}
	var leaves []leaf
	there := map[int]bool{} // a page may be in the tree twice
	for _, l := range known.pages(w.source.pages) {
		if !there[l.number] && numbers[l.number] > 0 {
			there[l.number] = true
			leaves = append(leaves, l)
		}
	}
	var batch []int
	wanted, size := map[int]bool{}, int64(0)
	flush := func() error {
		err := w.inspect(source, known, leaves, numbers, batch, wanted, streams, a)
		batch, wanted, size = nil, map[int]bool{}, 0
		return err
	}
	for i, l := range leaves {
		needed := r.needed(l)
		more := r.size(needed, wanted)
		if more > pageBytes {
			if err := w.picturePage(known, l, numbers[l.number], nil, a); err != nil {
				return nil, err
			}
			continue
		}
		if size+more > batchBytes || len(batch) == batchPages {
			if err := flush(); err != nil {
				return nil, err
			}
		}
		batch, size = append(batch, i), size+more
		maps.Copy(wanted, needed)
	}
	if err := flush(); err != nil {
		return nil, err
	}
	return a, w.archiveCatalog(known, len(a.pictures) > 0)
}

// numbers are those of pages, from 1, by the numbers of their objects; the first of a page that is in the tree twice.
func (s *saved) numbers(limit int) map[int]int {
	numbers := map[int]int{}
	for i, l := range s.pages(limit) {
		if numbers[l.number] == 0 {
			numbers[l.number] = i + 1
		}
	}
	return numbers
}

// inspect looks at pages that are held in memory together.
func (w *Writer) inspect(
	source *Document, known *saved, leaves []leaf, numbers map[int]int, batch []int, wanted map[int]bool, streams map[int]newStream, a *archived,
) error {
	if len(batch) == 0 {
		return nil
	}
	var objects *resident
	err := source.save(func(in io.Reader) (err error) {
		objects, err = collect(in, wanted, w.cleaner(&disarm{}, &mute{}))
		return err
	})
	if err != nil {
		return refusal.New(refusal.PDFUncopyable)
	}
	for n, s := range streams {
		objects.objects[n] = kept{raw: "<<" + s.entries + "/Filter/FlateDecode>>", data: s.packed, is: true}
	}
	for _, i := range batch {
		l := leaves[i]
		l.dictionary = l.dictionary.without("/AA").without("/PresSteps")
		clauses := newInspection(objects).page(l.dictionary, known.streams(l))
		if w.restless && widgets(objects, l.dictionary) {
			clauses = append(clauses, ClauseFields)
		}
		if len(clauses) > 0 {
			if err := w.picturePage(known, l, numbers[l.number], objects, a); err != nil {
				return err
			}
			continue
		}
		// Its resources, which may be handed down, must be its own.
		if err := known.replace(l.number, l.dictionary.String()); err != nil {
			return refusal.New(refusal.PDFUncopyable)
		}
	}
	return nil
}

// widgets reports whether a page has fields of a form.
func widgets(objects *resident, page dictionary) bool {
	value, _ := page.get("/Annots")
	annotations, _ := parseArray(objects.resolve(value))
	return slices.ContainsFunc(annotations, func(a string) bool {
		kind, _ := objects.dictionary(a).get("/Subtype")
		return kind == "/Widget"
	})
}

// picturePage puts a picture in the place of a page: the one that it consists of if that conforms, or a drawing.
func (w *Writer) picturePage(known *saved, l leaf, n int, objects *resident, a *archived) error {
	p, err := w.pictureOf(n, known, l)
	if err != nil {
		return err
	}
	if p.image > 0 {
		i := newInspection(objects)
		if objects != nil {
			i.object(reference(p.image))
		}
		if objects == nil || len(i.broken) > 0 {
			p.image = 0
		}
	}
	w.notes = append(w.notes, ocr.Note{Code: ocr.PageDrawn, Page: n})
	if p.image == 0 {
		p.image, p.place = w.out.reserve(), matrix{a: p.width, d: p.height}
		a.objects[p.image] = p
	}
	a.pictures = append(a.pictures, p)
	a.drawing[n] = w.out.reserve()
	contents, fonts := reference(a.drawing[n]), ""
	if _, ok := w.whole[n]; ok {
		a.text[n] = w.out.reserve()
		contents += " " + reference(a.text[n])
		fonts = fmt.Sprintf("/Font<</%s %s>>", fontResource, reference(w.font.number))
	}
	parent, _ := l.dictionary.get("/Parent")
	box := fmt.Sprintf("[0 0 %s %s]", decimal(p.width), decimal(p.height))
	err = known.replace(l.number, fmt.Sprintf("<</Type/Page/Parent %s/MediaBox%s/CropBox%s/Rotate 0/Resources<</XObject<</Page %s>>%s>>/Contents[%s]>>",
		parent, box, box, reference(p.image), fonts, contents))
	if err != nil {
		return refusal.New(refusal.PDFUncopyable)
	}
	return nil
}

// write writes the pages that became pictures, one after the other.
func (a *archived) write(w *Writer) error {
	for _, p := range a.pictures {
		w.out.packed(a.drawing[p.page], "", drawImage(p.place))
		if n, ok := a.text[p.page]; ok {
			w.out.ready(n, w.whole[p.page])
		}
		if _, drawn := a.objects[p.image]; !drawn {
			continue
		}
		if err := w.paintPage(p.page, p.image); err != nil {
			return err
		}
	}
	return w.out.err
}

// keepWhole keeps the text of a page for the case that it becomes a picture.
func (w *Writer) keepWhole(page ocr.Page, width, height float64) {
	width, height = sides(width, height)
	if page.Width < 1 || page.Height < 1 {
		return
	}
	place := matrix{a: width / float64(page.Width), d: -height / float64(page.Height), f: height}
	text := w.font.invisible(page, place, fontResource, func(ocr.Box) bool { return false })
	if len(text) == 0 {
		return
	}
	var packed bytes.Buffer
	_ = deflate(&packed, text) // to memory
	w.whole[page.Number] = newStream{packed: packed.Bytes()}
}

// catalogOfArchive are the entries of a catalogue that a PDF/A keeps.
var catalogOfArchive = []string{
	"/Type", "/Pages", "/PageLabels", "/Names", "/Dests", "/ViewerPreferences", "/PageLayout", "/PageMode", "/Outlines", "/Lang",
	"/StructTreeRoot", "/MarkInfo", "/OCProperties", "/AcroForm", "/OpenAction",
}

// archiveCatalog writes the root of the document anew. What marks the structure of pages does not hold where some became pictures.
func (w *Writer) archiveCatalog(known *saved, pictures bool) error {
	value, _ := known.trailer.get("/Root")
	root, ok := parseReference(value)
	catalog := dictionaryOf(known.objects[root].raw)
	if !ok || len(catalog) == 0 {
		return refusal.New(refusal.PDFUncopyable)
	}
	catalog = slices.DeleteFunc(slices.Clone(catalog), func(e entry) bool {
		return !slices.Contains(catalogOfArchive, e.key) || pictures && (e.key == "/StructTreeRoot" || e.key == "/MarkInfo")
	})
	if value, ok := catalog.get("/Names"); ok {
		catalog = catalog.without("/Names")
		if names, ok := dictionaryOf(known.resolve(value)).get("/Dests"); ok {
			catalog = catalog.with("/Names", "<</Dests "+names+">>")
		}
	}
	if value, ok := catalog.get("/OCProperties"); ok {
		layers := dictionaryOf(known.resolve(value))
		catalog = catalog.with("/OCProperties", known.namedLayers(layers).String())
	}
	value, _ = known.trailer.get("/Info")
	w.describes = describe(dictionaryOf(w.mentions.clean(known.resolve(value))))
	catalog = catalog.with("/OutputIntents", w.intents()).with("/Metadata", reference(w.xmp))
	if err := known.replace(root, catalog.String()); err != nil {
		return refusal.New(refusal.PDFUncopyable)
	}
	return nil
}

// namedLayers gives configurations of layers a name and takes conditions and incomplete orders out (ISO 19005-2, section 6.9).
func (s *saved) namedLayers(layers dictionary) dictionary {
	named := 0
	configuration := func(value string) string {
		d := dictionaryOf(s.resolve(value)).without("/AS").without("/Order")
		named++
		return d.with("/Name", "(Layers "+strconv.Itoa(named)+")").String()
	}
	if value, ok := layers.get("/D"); ok {
		layers = layers.with("/D", configuration(value))
	}
	if value, ok := layers.get("/Configs"); ok {
		var all []string
		configs, _ := parseArray(s.resolve(value))
		for _, c := range configs {
			all = append(all, configuration(c))
		}
		layers = layers.with("/Configs", "["+strings.Join(all, " ")+"]")
	}
	return layers
}

// intents reserves the objects of the output intent and of the metadata, and returns the former's entry.
func (w *Writer) intents() string {
	w.profile, w.xmp = w.out.reserve(), w.out.reserve()
	return fmt.Sprintf("[<</Type/OutputIntent/S/GTS_PDFA1/OutputConditionIdentifier(sRGB)/Info(sRGB)/DestOutputProfile %d 0 R>>]", w.profile)
}

// writeIntents writes them. Metadata are not packed, so that programs find them that do not know PDF.
func (w *Writer) writeIntents() {
	w.out.packed(w.profile, "/N 3", sRGB())
	w.out.stream(w.xmp, "/Type/Metadata/Subtype/XML", func(to io.Writer) error {
		_, err := to.Write(metadata(w.describes))
		return err
	})
}

// conforming takes out of a dictionary what a PDF/A must not have and a page does not look different without.
func (w *Writer) conforming(d dictionary) (dictionary, bool) {
	kind, _ := d.get("/Type")
	subtype, _ := d.get("/Subtype")
	if _, placed := d.get("/Rect"); placed && subtype != "" {
		return conformingAnnotation(d, subtype)
	}
	if action, ok := d.get("/S"); ok && (kind == "" || kind == "/Action") &&
		slices.Contains([]string{"/ResetForm", "/Hide", "/SetOCGState", "/Trans", "/Sound", "/Movie"}, action) && slices.ContainsFunc(d, operandOfAction) {
		return nil, false
	}
	if value, ok := d.get("/NeedAppearances"); ok {
		w.restless = w.restless || value == "true"
		d = d.without("/NeedAppearances")
	}
	switch {
	case subtype == "/Image":
		d = d.without("/Alternates").without("/OPI").without("/Interpolate")
	case kind == "/FontDescriptor":
		d = d.without("/CharSet").without("/CIDSet")
	case kind == "/ExtGState":
		d = d.without("/HT")
	}
	if value, ok := d.get("/Metadata"); ok {
		if _, referred := parseReference(value); referred {
			d = d.without("/Metadata")
		}
	}
	return d, true
}

// operandOfAction reports whether an entry is one that such actions have.
func operandOfAction(e entry) bool {
	return slices.Contains([]string{"/T", "/Fields", "/State", "/H", "/Trans", "/Sound", "/Movie", "/Type", "/Next"}, e.key)
}

// conformingAnnotation has an annotation that shows print too, and drops one that does not show.
func conformingAnnotation(d dictionary, subtype string) (dictionary, bool) {
	const hidden, prints, noView, toggles = 2, 4, 32, 256
	value, _ := d.get("/F")
	flags, _ := strconv.Atoi(value)
	if flags&(hidden|noView) != 0 || subtype == "/Popup" {
		return nil, false
	}
	d = d.with("/F", strconv.Itoa(flags&^toggles|prints)).without("/AA")
	if subtype == "/Widget" {
		d = d.without("/A")
	}
	if value, ok := d.get("/AP"); ok {
		look := dictionaryOf(value)
		if normal, ok := look.get("/N"); ok && len(look) > 1 {
			d = d.with("/AP", "<</N "+normal+">>")
		}
	}
	return d, true
}
