package pdf

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const (
	maxObject = 16 << 20  // bytes of one object that is no stream
	maxKept   = 256 << 20 // bytes of objects that are kept, for all of a document
	maxDepth  = 64        // levels of the tree of pages that are entered
	maxNumber = 1 << 23   // the highest number of an object, above PDFium's own limit
	maxLinks  = 32 << 20  // references between objects
)

var (
	errSyntax = errors.New("unexpected syntax in a saved PDF")
	errBig    = errors.New("a saved PDF has objects larger than the limit")
)

// saved is what must be known of a PDF to write it with changes. It is gathered while PDFium writes the document a first time,
// in one pass, without keeping streams; the second time the objects are copied as they pass by.
type saved struct {
	head     string // what precedes the objects
	objects  map[int]object
	trailer  dictionary
	kept     int // bytes of objects
	refers   map[int][]int32
	links    int           // in refers
	lengths  map[int]int64 // of streams, in bytes as stored
	images   map[int]dictionary
	dropped  map[int]bool // what must not be in the copy
	replaced map[int]bool // what someone else writes
	reached  map[int]bool // what the copy holds
}

type object struct {
	generation int
	raw        string
}

// leaf is a page of the document.
type leaf struct {
	number     int        // object number
	dictionary dictionary // with what it inherits
}

// inheritable are the keys of pages that are handed down the tree (ISO 32000-1, table 30).
var inheritable = []string{"/Resources", "/MediaBox", "/CropBox", "/Rotate"}

// readSaved reads a saved PDF to its end. clean, which may be nil, changes objects before they are looked at.
func readSaved(r io.Reader, clean func(raw string) (string, bool)) (*saved, error) {
	s := &saved{
		objects: map[int]object{}, refers: map[int][]int32{}, lengths: map[int]int64{}, images: map[int]dictionary{}, dropped: map[int]bool{}, replaced: map[int]bool{},
	}
	head, rest, err := scanSaved(r, func(p part) error {
		raw, ok := p.raw, true
		if clean != nil {
			raw, ok = clean(raw)
		}
		if !ok {
			s.dropped[p.number] = true
			return nil
		}
		if err := s.link(p.number, raw); err != nil {
			return err
		}
		if p.stream != nil {
			s.lengths[p.number] = p.length
			if d := dictionaryOf(raw); d.isImage() {
				if s.kept += len(raw); s.kept > maxKept {
					return errBig
				}
				s.images[p.number] = d
			}
			return nil
		}
		if !worthKeeping(raw) {
			return nil
		}
		if s.kept += len(raw); s.kept > maxKept {
			return errBig
		}
		s.objects[p.number] = object{p.generation, raw}
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.head = head
	return s, s.end(rest)
}

// isImage reports whether a dictionary is that of a picture.
func (d dictionary) isImage() bool {
	kind, _ := d.get("/Subtype")
	return kind == "/Image"
}

// worthKeeping reports whether an object may be part of the tree of pages or of the resources of a page, or lead to a page.
func worthKeeping(raw string) bool {
	if elements, ok := parseArray(raw); ok {
		if len(elements) > 0 && len(elements) <= maxDestination {
			return true
		}
		for _, e := range elements {
			if _, ok := parseReference(e); !ok {
				return false
			}
		}
		return true
	}
	d, ok := parseDictionary(raw)
	if !ok {
		return false
	}
	all := true
	for _, e := range d {
		switch e.key {
		case "/Kids", "/Contents", "/Font", "/XObject", "/ExtGState", "/ProcSet", "/ColorSpace", "/Pattern",
			"/Shading", "/Properties", "/Pages", "/Producer", "/Creator", "/CreationDate", "/OCGs":
			return true
		}
		if e.key == "/Type" && e.value == "/Page" || e.key == "/S" && e.value == "/GoTo" {
			return true
		}
		if _, ok := parseReference(e.value); !ok && !strings.HasPrefix(e.value, "<<") {
			all = false
		}
	}
	return all
}

// maxDestination is how many elements an array has that says what part of a page to show (ISO 32000-2, section 12.3.2.2).
const maxDestination = 6

func (s *saved) end(text string) error {
	table := strings.LastIndex(text, "trailer")
	last := strings.LastIndex(text, "startxref")
	if table < 0 || last < table {
		return errSyntax
	}
	var ok bool
	if s.trailer, ok = parseDictionary(strings.TrimSpace(text[table+len("trailer") : last])); !ok {
		return errSyntax
	}
	return nil
}

// size returns the first object number that is free.
func (s *saved) size() (int, error) {
	value, _ := s.trailer.get("/Size")
	size, err := strconv.Atoi(value)
	if err != nil || size < 1 {
		return 0, fmt.Errorf("%w: size", errSyntax)
	}
	return size, nil
}

// pages lists the pages in order, as many as there are or as are asked for.
func (s *saved) pages(limit int) []leaf {
	var pages []leaf
	seen := map[int]bool{}
	var enter func(reference string, inherited dictionary, depth int)
	enter = func(reference string, inherited dictionary, depth int) {
		n, ok := parseReference(reference)
		if !ok || depth > maxDepth || len(pages) >= limit {
			return
		}
		d, ok := parseDictionary(s.objects[n].raw)
		if !ok {
			return
		}
		for _, key := range inheritable {
			if value, ok := d.get(key); ok {
				inherited = inherited.with(key, value)
			}
		}
		kids, ok := d.get("/Kids")
		if !ok {
			for _, e := range inherited {
				d = d.with(e.key, e.value)
			}
			pages = append(pages, leaf{n, d})
			return
		}
		if seen[n] {
			return
		}
		seen[n] = true
		elements, _ := parseArray(s.resolve(kids))
		for _, kid := range elements {
			enter(kid, inherited, depth+1)
		}
	}
	root, _ := s.trailer.get("/Root")
	catalog, _ := parseDictionary(s.resolve(root))
	tree, _ := catalog.get("/Pages")
	enter(tree, nil, 0)
	return pages
}

// resolve returns the object that value refers to, or value itself. It returns nothing for objects that were not kept.
func (s *saved) resolve(value string) string {
	if n, ok := parseReference(value); ok {
		return s.objects[n].raw
	}
	return value
}

// addText makes content the first of a page's content streams and its font known under resource. It returns the page as
// it was if its dictionaries are not what they should be. Being first, the content starts from the initial graphics state
// and is under everything else, so that nothing depends on how the original leaves the state.
func (s *saved) addText(l leaf, content, font int, resource string) (dictionary, bool) {
	streams := append([]string{reference(content)}, s.streams(l)...)
	value, _ := l.dictionary.get("/Resources")
	resources, ok := s.subdictionary(value)
	if !ok {
		return nil, false
	}
	inherited, _ := resources.get("/Font")
	fonts, ok := s.subdictionary(inherited)
	if !ok {
		return nil, false
	}
	fonts = fonts.with("/"+resource, fmt.Sprintf("%d 0 R", font))
	resources = resources.with("/Font", fonts.String())
	return l.dictionary.
		with("/Contents", "["+strings.Join(streams, " ")+"]").
		with("/Resources", resources.String()), true
}

// streams returns the references to a page's content streams.
func (s *saved) streams(l leaf) []string {
	original, ok := l.dictionary.get("/Contents")
	if !ok || original == "null" {
		return nil
	}
	if elements, ok := parseArray(original); ok {
		return elements
	}
	if elements, ok := parseArray(s.resolve(original)); ok {
		return elements
	}
	return []string{original}
}

func (s *saved) subdictionary(value string) (dictionary, bool) {
	if value == "" || value == "null" {
		return nil, true
	}
	return parseDictionary(s.resolve(value))
}
