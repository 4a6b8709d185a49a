package pdf

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
)

// crossReference is the latest cross-reference section of a PDF, to which that of a later revision refers.
type crossReference struct {
	start   int64 // its offset
	stream  bool  // it is a stream, not a table (ISO 32000-1, section 7.5.8)
	trailer dictionary
	size    int // the first object number that is free
}

const (
	maxTail    = 2048    // bytes at the end of a PDF in which the place of the latest section is looked for
	maxSection = 8 << 20 // bytes from a section's start in which its trailer is looked for
)

// latest finds the latest section. It reports false where the document's bytes are not such that a revision can be added to them:
// encrypted, with something before its header, or repaired by PDFium to be read at all.
func (p *Document) latest() (crossReference, bool) {
	var s crossReference
	header, err := p.bytes(0, 5)
	if p.encrypted || err != nil || string(header) != "%PDF-" {
		return s, false
	}
	tail, err := p.bytes(max(0, p.size-maxTail), maxTail)
	if err != nil {
		return s, false
	}
	found := regexp.MustCompile(`startxref\s+(\d{1,12})\s+%%EOF\s*$`).FindSubmatch(tail)
	if found == nil {
		return s, false
	}
	if s.start, err = strconv.ParseInt(string(found[1]), 10, 64); err != nil || s.start <= 0 || s.start >= p.size {
		return s, false
	}
	text, err := p.bytes(s.start, maxSection)
	if err != nil {
		return s, false
	}
	var entries string
	if bytes.HasPrefix(text, []byte("xref")) {
		_, after, ok := strings.Cut(string(text), "trailer")
		if !ok {
			return s, false
		}
		entries = after
	} else if begin := regexp.MustCompile(`^\d+\s+\d+\s+obj\s*`).FindIndex(text); begin != nil {
		s.stream, entries = true, string(text[begin[1]:])
	} else {
		return s, false
	}
	s.trailer = dictionaryOf(strings.TrimLeft(entries, " \t\r\n"))
	if kind, _ := s.trailer.get("/Type"); s.stream && kind != "/XRef" {
		return s, false
	}
	size, _ := s.trailer.get("/Size")
	s.size, err = strconv.Atoi(size)
	return s, err == nil && s.size > 0 && s.size <= maxNumber
}

// bytes reads from an offset, to the end of the document at most.
func (p *Document) bytes(offset, count int64) ([]byte, error) {
	if _, err := p.reader.Seek(offset, io.SeekStart); err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(p.reader, min(count, p.size-offset)))
}

// revise writes the original's bytes as they are and the text as a later revision (ISO 32000-1, section 7.5.6), so that
// signatures still hold for what they were made of. It reports false, and has written nothing, where that cannot be: a certified
// document allows no such change.
func (w *Writer) revise(source *Document) (bool, error) {
	last, ok := source.latest()
	if !ok {
		return false, nil
	}
	certified, muted := false, w.muted()
	var known *saved
	err := source.save(func(r io.Reader) (err error) {
		known, err = readSaved(r, func(raw string) (string, bool) {
			certified = certified || strings.Contains(raw, "/DocMDP")
			muted.clean(raw) // finds out whether there are such fonts
			return raw, true
		})
		return err
	})
	if err != nil {
		return false, refusal.New(refusal.PDFUncopyable)
	}
	size, err := known.size()
	root, _ := last.trailer.get("/Root")
	saved, _ := known.trailer.get("/Root")
	was, stated := parseReference(root)
	is, _ := parseReference(saved)
	if err != nil || certified || !stated || was != is {
		return false, nil
	}
	w.out.next = max(size, last.size)
	muted.reserve(w.out)
	if err := source.replaceFonts(known, muted); err != nil {
		return false, refusal.New(refusal.PDFUncopyable)
	}
	removed, err := w.removeHidden(source, known)
	if err != nil {
		return false, err
	}
	contents, err := w.place(known)
	if err != nil {
		return false, refusal.New(refusal.PDFUncopyable)
	}
	known.reach()
	w.notes = nil // whatever was taken out of the later revision is in the first
	for _, n := range slices.Sorted(maps.Keys(w.hidden)) {
		if count := w.hidden[n]; count > 0 {
			w.notes = append(w.notes, ocr.Note{Code: ocr.HiddenTextKept, Page: n, Count: count})
		}
	}
	return true, w.writeRevision(source, last, known, func() { w.writeChanges(known, muted, removed.streams, contents) })
}

// replaceFonts puts the fonts that are to lose their claims into a later revision.
func (p *Document) replaceFonts(known *saved, muted *mute) error {
	if !muted.foundSimple && !muted.foundComposite {
		return nil
	}
	return p.save(func(r io.Reader) error {
		_, _, err := scanSaved(r, func(font part) error {
			raw := muted.clean(font.raw)
			if font.stream != nil || raw == font.raw {
				return nil
			}
			known.objects[font.number] = object{font.generation, raw}
			return known.replace(font.number, raw)
		})
		return err
	})
}

func (w *Writer) writeRevision(source *Document, last crossReference, known *saved, write func()) error {
	if _, err := source.reader.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if _, err := io.CopyN(w.out, source.reader, source.size); err != nil {
		return err
	}
	if len(known.replaced) == 0 {
		return w.out.err
	}
	w.out.printf("\n")
	write()
	var entries strings.Builder
	for _, key := range []string{"/Root", "/Info", "/ID"} {
		if value, ok := last.trailer.get(key); ok {
			fmt.Fprintf(&entries, "%s %s", key, value)
		}
	}
	fmt.Fprintf(&entries, "/Prev %d", last.start)
	if last.stream {
		return w.out.finishStream(entries.String())
	}
	return w.out.finish(entries.String())
}

// finishStream is finish for a document whose cross-reference sections are streams.
func (e *emitter) finishStream(entries string) error {
	self := e.reserve()
	start := e.at
	e.written[self] = location{offset: start}
	var index strings.Builder
	var rows []byte
	numbers := slices.Sorted(maps.Keys(e.written))
	for _, n := range numbers {
		fmt.Fprintf(&index, "%d 1 ", n)
		rows = append(rows, 1)                                                      // in use, and not in another stream
		rows = binary.BigEndian.AppendUint64(rows, uint64(e.written[n].offset))     // #nosec G115 -- offsets are positive
		rows = binary.BigEndian.AppendUint16(rows, uint16(e.written[n].generation)) // #nosec G115 -- at most 65,535
	}
	e.printf("%d 0 obj\n<</Type/XRef%s/Size %d/W[1 8 2]/Index[%s]/Length %d>>\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n",
		self, entries, self+1, index.String(), len(rows), rows, start)
	return e.err
}
