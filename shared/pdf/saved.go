package pdf

import (
	"bufio"
	"bytes"
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
)

var (
	errSyntax = errors.New("unexpected syntax in a saved PDF")
	errBig    = errors.New("a saved PDF has objects larger than the limit")
)

// saved is what must be known of a PDF to add to its pages. It is gathered while PDFium writes the document: in one pass,
// without keeping streams, each object after the other and a single cross-reference table at the end.
type saved struct {
	objects map[int]object
	trailer dictionary
	start   int64 // offset of the cross-reference table
	kept    int
}

type object struct {
	generation int
	raw        string
}

// leaf is a page of the document.
type leaf struct {
	number     int // object number
	resources  string
	dictionary dictionary
}

// readSaved reads a saved PDF to its end.
func readSaved(r io.Reader) (*saved, error) {
	s := &saved{objects: map[int]object{}}
	in := bufio.NewReaderSize(r, 64<<10)
	for {
		row, err := in.ReadString('\n')
		if err != nil {
			return nil, errSyntax
		}
		fields := strings.Fields(row)
		switch {
		case len(fields) == 3 && fields[2] == "obj":
			err = s.object(in, fields)
		case len(fields) == 1 && fields[0] == "xref":
			return s, s.end(in)
		case strings.HasPrefix(row, "%"), len(fields) == 0:
		default:
			err = errSyntax
		}
		if err != nil {
			return nil, err
		}
	}
}

func (s *saved) object(in *bufio.Reader, head []string) error {
	n, err := strconv.Atoi(head[0])
	if err != nil {
		return errSyntax
	}
	generation, err := strconv.Atoi(head[1])
	if err != nil {
		return errSyntax
	}
	raw, keyword, err := body(in)
	if err != nil {
		return err
	}
	if keyword == "stream" {
		return skipStream(in, raw)
	}
	if !worthKeeping(raw) {
		return nil
	}
	if s.kept += len(raw); s.kept > maxKept {
		return errBig
	}
	s.objects[n] = object{generation, raw}
	return nil
}

// body reads an object up to the keyword that ends it.
func body(in *bufio.Reader) (raw, keyword string, err error) {
	var b bytes.Buffer
	for {
		row, err := in.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return "", "", errSyntax
		}
		b.Write(row)
		if b.Len() > maxObject {
			return "", "", errBig
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		text := bytes.TrimRight(b.Bytes(), "\r\n")
		for _, keyword := range []string{"stream", "endobj"} {
			if !bytes.HasSuffix(text, []byte(keyword)) {
				continue
			}
			raw := string(bytes.TrimSpace(text[:len(text)-len(keyword)]))
			// A string may hold the keyword; then what comes before is no complete object.
			scan := scanner{text: raw}
			if _, ok := scan.value(); ok && scan.at == len(raw) {
				return raw, keyword, nil
			}
		}
	}
}

func skipStream(in *bufio.Reader, raw string) error {
	d, ok := parseDictionary(raw)
	if !ok {
		return errSyntax
	}
	value, _ := d.get("/Length")
	length, err := strconv.Atoi(value)
	if err != nil || length < 0 {
		return errSyntax
	}
	if _, err := in.Discard(length); err != nil {
		return errSyntax
	}
	for _, keyword := range []string{"endstream", "endobj"} {
		for row := ""; row == ""; {
			line, err := in.ReadString('\n')
			if err != nil {
				return errSyntax
			}
			row = strings.TrimSpace(line)
			if row != "" && row != keyword {
				return errSyntax
			}
		}
	}
	return nil
}

// worthKeeping reports whether an object may be part of the tree of pages or of the resources of a page.
func worthKeeping(raw string) bool {
	if elements, ok := parseArray(raw); ok {
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
			"/Shading", "/Properties", "/Pages":
			return true
		}
		if e.key == "/Type" && e.value == "/Page" {
			return true
		}
		if _, ok := parseReference(e.value); !ok && !strings.HasPrefix(e.value, "<<") {
			all = false
		}
	}
	return all
}

func (s *saved) end(in *bufio.Reader) error {
	rest, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	text := string(rest)
	table := strings.LastIndex(text, "trailer")
	last := strings.LastIndex(text, "startxref")
	if table < 0 || last < table {
		return errSyntax
	}
	var ok bool
	if s.trailer, ok = parseDictionary(strings.TrimSpace(text[table+len("trailer") : last])); !ok {
		return errSyntax
	}
	fields := strings.Fields(text[last:])
	if len(fields) < 2 {
		return errSyntax
	}
	s.start, err = strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
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
	var enter func(reference, resources string, depth int)
	enter = func(reference, resources string, depth int) {
		n, ok := parseReference(reference)
		if !ok || depth > maxDepth || len(pages) >= limit {
			return
		}
		d, ok := parseDictionary(s.objects[n].raw)
		if !ok {
			return
		}
		if own, ok := d.get("/Resources"); ok {
			resources = own
		}
		kids, ok := d.get("/Kids")
		if !ok {
			pages = append(pages, leaf{n, resources, d})
			return
		}
		if seen[n] {
			return
		}
		seen[n] = true
		elements, _ := parseArray(s.resolve(kids))
		for _, kid := range elements {
			enter(kid, resources, depth+1)
		}
	}
	root, _ := s.trailer.get("/Root")
	catalog, _ := parseDictionary(s.resolve(root))
	tree, _ := catalog.get("/Pages")
	enter(tree, "", 0)
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
	streams := []string{fmt.Sprintf("%d 0 R", content)}
	if original, ok := l.dictionary.get("/Contents"); ok && original != "null" {
		if elements, ok := parseArray(original); ok {
			streams = append(streams, elements...)
		} else if elements, ok := parseArray(s.resolve(original)); ok {
			streams = append(streams, elements...)
		} else {
			streams = append(streams, original)
		}
	}
	resources, ok := s.subdictionary(l.resources)
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

func (s *saved) subdictionary(value string) (dictionary, bool) {
	if value == "" || value == "null" {
		return nil, true
	}
	return parseDictionary(s.resolve(value))
}
