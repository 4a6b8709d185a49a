package pdf

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// drawnWith are the entries of a page that say how it is drawn.
var drawnWith = []string{"/Resources", "/Contents", "/Group", "/Annots", "/MediaBox", "/CropBox", "/Rotate", "/UserUnit"}

// needed returns the objects that a page is drawn with: what it leads to but for other pages.
func (r *removal) needed(l leaf) map[int]bool {
	found := map[int]bool{}
	var next []int
	enter := func(n int) bool {
		if !found[n] && !r.known.dropped[n] && !r.ofTree(n) {
			found[n] = true
			next = append(next, n)
		}
		return true
	}
	for _, e := range append(r.drawing(l.dictionary), entry{value: r.layers()}) {
		for n := range referred(e.value) {
			enter(n)
		}
	}
	for len(next) > 0 {
		n := next[len(next)-1]
		next = next[:len(next)-1]
		for _, to := range r.known.refers[n] {
			enter(int(to))
		}
	}
	return found
}

// ofTree reports whether an object is a page or holds pages together.
func (r *removal) ofTree(n int) bool {
	raw := r.known.objects[n].raw
	if !strings.HasPrefix(raw, "<<") {
		return false
	}
	d := dictionaryOf(raw)
	kind, _ := d.get("/Type")
	return kind == "/Page" || kind == "/Pages" || kind == "/Catalog"
}

// drawing returns the entries of a page by which it is drawn.
func (r *removal) drawing(page dictionary) dictionary {
	var kept dictionary
	for _, e := range page {
		if slices.Contains(drawnWith, e.key) {
			kept = append(kept, e)
		}
	}
	return kept
}

// layers returns what the document says of its optional content (ISO 32000-1, section 8.11.4).
func (r *removal) layers() string {
	root, _ := r.known.trailer.get("/Root")
	layers, _ := dictionaryOf(r.known.resolve(root)).get("/OCProperties")
	return layers
}

// size returns how many bytes of streams are among the objects needed and not among those that are there.
func (r *removal) size(needed, there map[int]bool) int64 {
	var size int64
	for n := range needed {
		if !there[n] {
			size += r.known.lengths[n]
		}
	}
	return size
}

// trial makes a document of pages, each as it was and as it would be, and opens it.
func (r *removal) trial(objects *resident, pages []edited) (*Document, error) {
	var b bytes.Buffer
	out := newEmitter(&b)
	out.next = r.writer.out.next
	out.printf("%%PDF-1.7\n")
	for n, o := range objects.objects {
		p := part{number: n, raw: o.raw}
		if o.is {
			p.stream = bytes.NewReader(o.data)
		}
		if err := out.copied(p); err != nil {
			return nil, err
		}
	}
	for n, s := range r.streams {
		out.ready(n, s)
	}
	tree, catalog := out.reserve(), out.reserve()
	var kids strings.Builder
	for _, p := range pages {
		for _, d := range []dictionary{p.leaf.dictionary, p.after} {
			n := out.reserve()
			out.object(n, 0, r.drawing(d).with("/Type", "/Page").with("/Parent", reference(tree)).String())
			fmt.Fprintf(&kids, "%d 0 R ", n)
		}
	}
	out.object(tree, 0, fmt.Sprintf("<</Type/Pages/Count %d/Kids[%s]>>", 2*len(pages), kids.String()))
	root := dictionary{{"/Type", "/Catalog"}, {"/Pages", reference(tree)}}
	if layers := r.layers(); layers != "" {
		root = root.with("/OCProperties", layers)
	}
	out.object(catalog, 0, root.String())
	if err := out.finish("/Root " + reference(catalog)); err != nil {
		return nil, err
	}
	return r.writer.source.runtime.Open(bytes.NewReader(b.Bytes()), int64(b.Len()), "")
}
