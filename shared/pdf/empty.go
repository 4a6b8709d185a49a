package pdf

import (
	"errors"
	"io"
	"slices"

	"github.com/lethe-ocr/lethe/shared/pdf/contentstream"
)

const (
	// maxUnpacked bounds the bytes of content streams that are decoded to tell which pages are empty, for all of a document.
	maxUnpacked = 512 << 20

	// maxDrawn bounds the external objects that one stream is said to draw, and the streams of one page that are followed.
	maxDrawn = 1000
)

// emptiness tells pages that draw nothing from those of which PDFium can draw nothing: it passes over a content stream that it
// cannot decode and over an external object that is missing, and what is left looks like an empty page.
type emptiness struct {
	known   *saved
	leaves  []leaf
	streams map[int]drawing
}

// drawing is a stream that may be part of what a page draws.
type drawing struct {
	content   bool     // content of a page or a form; else a picture or something else
	resources string   // of a form; empty for none
	unread    bool     // it cannot be decoded
	draws     []string // names of external objects
}

// draws reports whether page n, counted from 1, draws something although PDFium draws nothing of it. The document is gone
// through once, however many pages are asked for; if that fails, no page is said to.
func (p *Document) draws(n int) bool {
	if p.emptiness == nil {
		p.emptiness = &emptiness{}
		if err := p.ready(n); err == nil {
			_ = p.emptiness.learn(p) // nothing is known then
		}
	}
	return n <= len(p.emptiness.leaves) && p.emptiness.draws(p.emptiness.leaves[n-1])
}

// learn goes through the document twice: for its pages, and for their streams.
func (e *emptiness) learn(p *Document) error {
	known := (*saved)(nil)
	err := p.save(func(in io.Reader) (err error) {
		known, err = readSaved(in, nil)
		return err
	})
	if err != nil {
		return err
	}
	leaves := known.pages(p.pages)
	content := map[int]bool{}
	for _, l := range leaves {
		for _, s := range known.streams(l) {
			if n, ok := parseReference(s); ok {
				content[n] = true
			}
		}
	}
	streams, left := map[int]drawing{}, maxUnpacked
	err = p.save(func(in io.Reader) error {
		_, _, err := scanSaved(in, func(p part) error {
			if p.stream == nil {
				return nil
			}
			d, err := known.drawing(p, content[p.number], &left)
			streams[p.number] = d
			return err
		})
		return err
	})
	if err != nil {
		return err
	}
	e.known, e.leaves, e.streams = known, leaves, streams
	return nil
}

// drawing looks into a stream if it is content. left are the bytes that may still be decoded: what is beyond counts as empty.
func (s *saved) drawing(p part, content bool, left *int) (drawing, error) {
	dictionary := dictionaryOf(p.raw)
	subtype, _ := dictionary.get("/Subtype")
	if !content && s.resolve(subtype) != "/Form" {
		return drawing{}, nil
	}
	d := drawing{content: true}
	d.resources, _ = dictionary.get("/Resources")
	limit := min(maxDecoded, *left)
	if p.length > int64(limit) {
		return d, nil
	}
	data, err := io.ReadAll(p.stream)
	if err != nil {
		return drawing{}, errSyntax
	}
	objects := resident{objects: map[int]kept{}}
	for n := range referred(p.raw) {
		objects.objects[n] = kept{raw: s.objects[n].raw} // of filters that stand in objects of their own
	}
	filters, ok := objects.filters(dictionary)
	if !ok {
		d.unread = true
		return d, nil
	}
	data, err = contentstream.Decode(data, filters, limit)
	if err != nil {
		d.unread = !errors.Is(err, contentstream.ErrTooLong)
		return d, nil
	}
	*left -= len(data)
	_, _ = contentstream.Read([][]byte{data}, (*names)(&d.draws)) // what it drew before it became too much counts
	return d, nil
}

// names are resources of which nothing is known: they note which external objects are asked for.
type names []string

func (*names) Font(string) *contentstream.Font                   { return nil }
func (*names) FontOfState(string) (*contentstream.Font, float64) { return nil, 0 }

func (n *names) XObject(name string) (*contentstream.Form, bool) {
	if len(*n) < maxDrawn && !slices.Contains(*n, name) {
		*n = append(*n, name)
	}
	return nil, true
}

// draws reports whether a page, of which PDFium draws nothing, has content that cannot be decoded, or draws a picture or
// something that is missing. Forms may well be empty.
func (e *emptiness) draws(l leaf) bool {
	own, _ := l.dictionary.get("/Resources")
	seen := map[int]bool{}
	var enter func(number int, resources string) bool
	enter = func(number int, resources string) bool {
		if seen[number] || len(seen) == maxDrawn {
			return false
		}
		seen[number] = true
		d := e.streams[number]
		if d.unread {
			return true
		}
		if d.resources != "" {
			resources = d.resources
		}
		for _, name := range d.draws {
			n, ok := e.external(resources, name)
			if !ok || !e.streams[n].content || enter(n, resources) {
				return true
			}
		}
		return false
	}
	for _, s := range e.known.streams(l) {
		if n, ok := parseReference(s); ok && enter(n, own) {
			return true
		}
	}
	return false
}

// external finds the object that a name stands for among resources.
func (e *emptiness) external(resources, name string) (number int, ok bool) {
	d, _ := e.known.subdictionary(resources)
	value, _ := d.get("/XObject")
	objects, _ := e.known.subdictionary(value)
	for _, o := range objects {
		if contentstream.DecodeName(o.key) == name {
			return parseReference(o.value)
		}
	}
	return 0, false
}
