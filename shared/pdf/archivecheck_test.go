package pdf

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/lethe-ocr/lethe/shared/pdf/contentstream"
)

// checkArchive returns the clauses of ISO 19005-2, level B, that a file breaks. It reads the file by its own table of
// cross-references, as no other part of this package does, and then holds pages against the clauses as the writer does.
func checkArchive(data []byte) []Clause {
	c := archiveCheck{data: data, inspection: newInspection(&resident{
		objects: map[int]kept{}, fonts: map[int]*contentstream.Font{}, decoded: map[int][]byte{},
	})}
	c.breaks(ClauseHeader, !regexp.MustCompile(`^%PDF-1\.[0-7]\r?\n%[\x80-\xff]{4}`).Match(latin1(data[:min(len(data), 32)])))
	if c.table() {
		c.document()
	}
	return c.clauses()
}

// latin1 has each byte as a character.
func latin1(data []byte) []byte {
	chars := make([]rune, len(data))
	for i, b := range data {
		chars[i] = rune(b)
	}
	return []byte(string(chars))
}

type archiveCheck struct {
	*inspection
	data    []byte
	trailer dictionary
}

// table reads the objects that the table of cross-references lists.
func (c *archiveCheck) table() bool {
	end := regexp.MustCompile(`startxref\r?\n(\d+)\r?\n%%EOF\r?\n?$`).FindSubmatch(c.data[max(0, len(c.data)-64):])
	c.breaks(ClauseTrailer, end == nil)
	if end == nil {
		return false
	}
	at, _ := strconv.Atoi(string(end[1]))
	text := string(c.data)
	if at >= len(text) || !strings.HasPrefix(text[at:], "xref\n") {
		c.breaks(ClauseTable, true)
		return false
	}
	s := scanner{text: text, at: at + len("xref\n")}
	for !strings.HasPrefix(s.text[s.at:], "trailer") {
		first, firstErr := strconv.Atoi(s.token())
		s.take(" ")
		n, err := strconv.Atoi(s.token())
		s.space()
		if errors.Join(firstErr, err) != nil || s.at+20*n > len(text) {
			c.breaks(ClauseTable, true)
			return false
		}
		for i := range n {
			row := text[s.at+20*i:][:20]
			if offset, err := strconv.Atoi(row[:10]); err == nil && row[17] == 'n' {
				c.read(first+i, offset)
			} else if err != nil {
				c.breaks(ClauseTable, true)
			}
		}
		s.at += 20 * n
	}
	s.take("trailer")
	s.space()
	raw, _ := s.value()
	c.trailer = dictionaryOf(raw)
	id, _ := c.trailer.get("/ID")
	both, _ := parseArray(id)
	_, encrypted := c.trailer.get("/Encrypt")
	c.breaks(ClauseTrailer, len(both) != 2 || encrypted)
	return !encrypted
}

// read reads an object where the table says that it is.
func (c *archiveCheck) read(n, at int) {
	head := fmt.Sprintf("%d 0 obj", n)
	if at >= len(c.data) || !bytes.HasPrefix(c.data[at:], []byte(head)) {
		c.breaks(ClauseObjects, true)
		return
	}
	s := scanner{text: string(c.data), at: at + len(head)}
	s.space()
	raw, ok := s.value()
	k := kept{raw: strings.TrimSpace(raw)}
	s.space()
	if ok && s.take("stream") {
		if !s.take("\r\n") {
			s.take("\n")
		}
		value, _ := dictionaryOf(raw).get("/Length")
		if _, referred := parseReference(value); referred {
			number, _, _ := strings.Cut(value, " ")
			if m := regexp.MustCompile(`\n` + number + ` 0 obj\n(\d+)\n`).FindSubmatch(c.data[s.at:]); m != nil {
				value = string(m[1])
			}
		}
		length, err := strconv.Atoi(value)
		if err != nil || s.at+length > len(c.data) || !regexp.MustCompile(`^(\r\n|\n|\r)endstream\s+endobj`).Match(c.data[s.at+length:min(len(c.data), s.at+length+40)]) {
			c.breaks(ClauseStreams, true)
			return
		}
		k.data, k.is = c.data[s.at:s.at+length], true
	} else if !ok || !s.take("endobj") {
		c.breaks(ClauseObjects, true)
		return
	}
	c.objects.objects[n] = k
}

// document looks at what is outside of pages, and then at the pages.
func (c *archiveCheck) document() {
	known := &saved{objects: map[int]object{}, trailer: c.trailer}
	for n, o := range c.objects.objects {
		known.objects[n] = object{raw: o.raw}
		c.strings(o.raw)
		if o.is {
			d := dictionaryOf(o.raw)
			_, external := d.get("/F")
			c.breaks(ClauseStreams, external)
			c.filters(d)
		}
		e := editor{dictionary: func(d dictionary) (dictionary, bool) {
			c.anywhere(d)
			return d, true
		}}
		e.value(o.raw, 0)
	}
	value, _ := c.trailer.get("/Root")
	root := c.objects.dictionary(value)
	c.metadata(root)
	c.intents(root)
	_, acts := root.get("/AA")
	c.breaks(ClauseActions, acts)
	_, needs := root.get("/Requirements")
	c.breaks(ClauseRequirements, needs)
	if value, ok := root.get("/OCProperties"); ok {
		value, _ = c.objects.dictionary(value).get("/D")
		d := c.objects.dictionary(value)
		_, named := d.get("/Name")
		_, conditions := d.get("/AS")
		c.breaks(ClauseLayers, !named || conditions)
	}
	if value, ok := root.get("/AcroForm"); ok {
		needs, _ := c.objects.dictionary(value).get("/NeedAppearances")
		_, xfa := c.objects.dictionary(value).get("/XFA")
		c.breaks(ClauseFields, needs == "true" || xfa)
	}
	for _, l := range known.pages(1000) {
		for _, clause := range newInspection(c.objects).page(l.dictionary, known.streams(l)) {
			c.broken[clause] = true
		}
		_, acts := l.dictionary.get("/AA")
		c.breaks(ClauseActions, acts)
	}
}

// strings looks at those of an object.
func (c *archiveCheck) strings(raw string) {
	s := scanner{text: raw}
	for s.at < len(raw) {
		switch {
		case s.take("<<"):
		case raw[s.at] == '(':
			if !s.literal() {
				return
			}
		case raw[s.at] == '<':
			end := strings.IndexByte(raw[s.at:], '>')
			if end < 0 {
				return
			}
			c.breaks(ClauseStrings, odd(raw[s.at+1:s.at+end]))
			s.at += end + 1
		default:
			s.at++
		}
	}
}

// anywhere looks at a dictionary wherever it is.
func (c *archiveCheck) anywhere(d dictionary) {
	kind, _ := d.get("/S")
	forbidden := []string{
		"/Launch", "/Sound", "/Movie", "/ResetForm", "/ImportData", "/JavaScript", "/Hide", "/SetOCGState", "/Rendition", "/Trans", "/GoTo3DView",
	}
	c.breaks(ClauseActions, slices.Contains(forbidden, kind))
	_, attached := d.get("/EF")
	c.breaks(ClauseFiles, attached)
}

func (c *archiveCheck) metadata(root dictionary) {
	value, _ := root.get("/Metadata")
	n, _ := parseReference(value)
	o := c.objects.objects[n]
	_, packed := dictionaryOf(o.raw).get("/Filter")
	var xmp struct {
		Part        string `xml:"RDF>Description>part"`
		Conformance string `xml:"RDF>Description>conformance"`
	}
	err := xml.NewDecoder(io.LimitReader(bytes.NewReader(o.data), 1<<20)).Decode(&xmp)
	c.breaks(ClauseMetadata, !o.is || packed || err != nil)
	c.breaks(ClauseIdentity, o.is && err == nil && (xmp.Part != "2" || xmp.Conformance != "B"))
}

func (c *archiveCheck) intents(root dictionary) {
	value, _ := root.get("/OutputIntents")
	intents, _ := parseArray(c.objects.resolve(value))
	good := false
	for _, intent := range intents {
		d := c.objects.dictionary(intent)
		kind, _ := d.get("/S")
		profile, _ := d.get("/DestOutputProfile")
		good = good || kind == "/GTS_PDFA1" && c.profile(profile)
	}
	c.breaks(ClauseIntent, !good)
}
