package pdf

import (
	"bytes"
	"hash/maphash"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
	"github.com/lethe-ocr/lethe/shared/pdf/contentstream"
)

// removal takes text that does not show, and text of earlier recognitions, out of the pages of a document that is written anew.
// Pages are edited in batches: the objects that they are drawn with are read into memory, their content streams are rewritten,
// and a small document is made of each page as it was and as it would be. Where PDFium does not draw both alike, pixel for
// pixel, the page stays as it was.
type removal struct {
	writer  *Writer
	source  *Document // to be saved
	known   *saved
	streams map[int]newStream
	copies  map[uint64]int // object numbers of changed forms, by what is in them
	forms   map[int]int    // those of which there are changed copies, and a page with one
	drawn   map[int]bool   // those that pages draw as they were
	page    int            // that is edited
	seed    maphash.Seed
}

// newStream is a stream that replaces one of the original.
type newStream struct {
	entries string // of its dictionary, beside filter and length
	packed  []byte
}

const (
	batchBytes = 48 << 20  // of streams of the pages that are edited together
	pageBytes  = 160 << 20 // of streams of one page; pages of more stay as they are
	batchPages = 40
	newBytes   = 128 << 20 // of streams that replace others, packed, for all of a document
)

// edited is a page with text taken out.
type edited struct {
	number int // of the page, from 1
	leaf   leaf
	hidden *hiddenText // nil if it is not known
	after  dictionary  // nil if nothing can be taken out
	unread bool        // its content streams cannot be decoded or followed
}

// removeHidden replaces the pages of known that hold text to be taken out. What stays is noted.
func (w *Writer) removeHidden(source *Document, known *saved) (*removal, error) {
	r := removal{
		writer: w, source: source, known: known, streams: map[int]newStream{}, copies: map[uint64]int{},
		forms: map[int]int{}, drawn: map[int]bool{}, seed: maphash.MakeSeed(),
	}
	leaves := known.pages(w.source.pages)
	done := map[int]bool{} // a page may be in the tree twice
	var pages []edited
	for _, n := range w.stale {
		if n <= len(leaves) && !done[leaves[n-1].number] {
			done[leaves[n-1].number] = true
			pages = append(pages, edited{number: n, leaf: leaves[n-1]})
		}
	}
	if err := r.batches(pages); err != nil {
		return nil, err
	}
	// Pages often name forms of others among their resources. What they do not draw must not stay for their sake.
	pages = nil
	for i, l := range leaves {
		if !done[l.number] && len(r.forms) > 0 && r.names(l) {
			done[l.number] = true
			pages = append(pages, edited{number: i + 1, leaf: l, hidden: &hiddenText{}})
		}
	}
	return &r, r.batches(pages)
}

// names reports whether a page leads to a form of which there is a changed copy.
func (r *removal) names(l leaf) bool {
	for n := range r.needed(l) {
		if _, ok := r.forms[n]; ok {
			return true
		}
	}
	return false
}

// remaining notes forms of which the text was taken out of a copy, and which the document still leads to although no page draws
// them as they were: through a page that cannot be read, a pattern or an annotation.
func (r *removal) remaining() {
	for _, n := range slices.Sorted(maps.Keys(r.forms)) {
		page := r.forms[n]
		told := slices.ContainsFunc(r.writer.notes, func(n ocr.Note) bool { return n.Code == ocr.HiddenTextKept && n.Page == page })
		if r.known.reached[n] && !r.drawn[n] && !told {
			r.note(page, max(1, r.writer.hidden[page]))
		}
	}
}

// batches edits pages, as many together as fit into memory.
func (r *removal) batches(pages []edited) error {
	var batch []edited
	wanted, size := map[int]bool{}, int64(0)
	for _, p := range pages {
		needed := r.needed(p.leaf)
		more := r.size(needed, wanted)
		if more > pageBytes {
			r.keep(p)
			continue
		}
		if size+more > batchBytes || len(batch) == batchPages {
			if err := r.batch(batch, wanted); err != nil {
				return err
			}
			batch, wanted, size = nil, map[int]bool{}, 0
			more = r.size(needed, wanted)
		}
		batch, size = append(batch, p), size+more
		maps.Copy(wanted, needed)
	}
	return r.batch(batch, wanted)
}

// batch edits pages that are held in memory together.
func (r *removal) batch(pages []edited, wanted map[int]bool) error {
	if len(pages) == 0 {
		return nil
	}
	var objects *resident
	err := r.source.save(func(in io.Reader) (err error) {
		objects, err = collect(in, wanted, r.writer.cleaner(&disarm{}, &mute{}))
		return err
	})
	if err != nil {
		return refusal.New(refusal.PDFUncopyable)
	}
	for i := range pages {
		p := &pages[i]
		if p.hidden != nil {
			continue
		}
		if err := r.writer.source.look(p.number, func(v view) (err error) {
			p.hidden, err = r.writer.source.hiddenText(v)
			return err
		}); err != nil {
			continue
		}
		if r.writer.hidden[p.number] > 0 {
			r.writer.mentions.learn(p.number, p.hidden.glyphs)
		}
		p.hidden.glyphs = nil
	}
	for try := range tries {
		pages = r.attempt(objects, pages, try)
	}
	return nil
}

// tries is how often a page is edited: where it would look different, what is at the differences stays (once more if glyphs share
// places), and at last all but what modes of rendering hide.
const tries = 4

// attempt edits pages, compares each with what it was and replaces those that look the same. It returns the others, to be tried
// again.
func (r *removal) attempt(objects *resident, pages []edited, try int) (again []edited) {
	var changed []edited
	for _, p := range pages {
		if p.hidden != nil && r.weight() <= newBytes {
			p.after = r.edit(objects, &p)
		}
		if p.after == nil {
			r.keep(p)
			continue
		}
		changed = append(changed, p)
	}
	if len(changed) == 0 {
		return nil
	}
	trial, err := r.trial(objects, changed)
	if err != nil {
		for _, p := range changed {
			r.keep(p)
		}
		return nil
	}
	defer trial.Close()
	for i, p := range changed {
		difference, err := trial.differ(2*i+1, 2*i+2)
		switch {
		case err == nil && difference == nil:
			if r.replace(p) != nil {
				r.keep(p) // with its edit there would be too many references
				continue
			}
			left, err := trial.hiddenLeft(2*i+2, p.hidden)
			if err != nil {
				left = p.hidden.words()
			}
			r.note(p.number, left)
		case err != nil || try+1 == tries:
			r.keep(p)
		default:
			if p.hidden.spare(difference); try+2 == tries {
				p.hidden.spareAll()
			}
			p.after = nil
			again = append(again, p)
		}
	}
	return again
}

// edit takes text out of a page and returns its dictionary as it would be, or nil if nothing is changed.
func (r *removal) edit(objects *resident, p *edited) dictionary {
	var numbers []int
	var streams [][]byte
	for _, s := range r.known.streams(p.leaf) {
		n, ok := parseReference(s)
		if !ok || !objects.objects[n].is {
			continue // viewers pass over it, too
		}
		data, ok := objects.stream(n)
		if !ok {
			p.unread = true
			return nil
		}
		numbers, streams = append(numbers, n), append(streams, data)
	}
	value, _ := p.leaf.dictionary.get("/Resources")
	own := resources{objects, objects.dictionary(value)}
	page, err := contentstream.Read(streams, own)
	if err != nil {
		p.unread = true
		return nil
	}
	for _, s := range page.Shows {
		if s.Clips {
			p.hidden.clipping(s)
		}
	}
	p.hidden.count(page.Shows)
	for i, s := range page.Shows {
		p.hidden.mark(s)
		if i > 0 && p.hidden.follows(page.Shows[i-1], s) {
			s.Remove()
		}
	}
	r.page = p.number
	changed, _ := page.Rewrite(r.form)
	changed.Unchanged(func(form int) { r.drawn[form] = true })
	var contents []string
	same := true
	for i, n := range numbers {
		if changed.Streams[i] != nil {
			n, same = r.add("", changed.Streams[i]), false
		}
		contents = append(contents, reference(n))
	}
	named := own.changed(changed)
	if same && (len(named) == 0 || named.String() == own.dictionary.String()) {
		return nil
	}
	return p.leaf.dictionary.
		with("/Contents", "["+strings.Join(contents, " ")+"]").
		with("/Resources", named.String())
}

// form adds a changed copy of a form. Copies that are the same are one object.
func (r *removal) form(c contentstream.Changed) int {
	inner := c.Form.Resources.(resources)
	d := dictionaryOf(inner.objects.objects[c.Form.ID].raw)
	for _, key := range []string{"/Filter", "/DecodeParms", "/Length"} {
		d = d.without(key)
	}
	if len(c.Names) > 0 || !c.Form.Inherits {
		d = d.with("/Resources", inner.changed(c).String())
	}
	entries := strings.TrimSuffix(strings.TrimPrefix(d.String(), "<<"), ">>")
	key := maphash.String(r.seed, strconv.Itoa(len(entries))+entries+string(c.Streams[0]))
	if n, ok := r.copies[key]; ok && r.streams[n].entries == entries {
		return n
	}
	n := r.add(entries, c.Streams[0])
	r.copies[key], r.forms[c.Form.ID] = n, r.page
	return n
}

// add adds a stream and returns its number.
func (r *removal) add(entries string, data []byte) int {
	n := r.writer.out.reserve()
	var packed bytes.Buffer
	_ = deflate(&packed, data) // to memory
	r.streams[n] = newStream{entries, packed.Bytes()}
	return n
}

// changed returns resources for a changed stream. Forms that nothing draws are left out: their text would stay in the file.
func (r resources) changed(c contentstream.Changed) dictionary {
	d := r.dictionary
	if value, ok := d.get("/XObject"); ok {
		d = d.with("/XObject", r.drawn(value, c).String())
	}
	if value, ok := d.get("/Properties"); ok {
		lists := r.objects.dictionary(value)
		for i, e := range lists {
			if c.Replaces(contentstream.DecodeName(e.key)) {
				lists[i].value = r.objects.dictionary(e.value).without("/ActualText").without("/Alt").without("/E").String()
			}
		}
		d = d.with("/Properties", lists.String())
	}
	return d
}

// drawn returns the external objects of a changed stream.
func (r resources) drawn(value string, c contentstream.Changed) dictionary {
	var kept dictionary
	for _, e := range r.objects.dictionary(value) {
		name := contentstream.DecodeName(e.key)
		if _, replaced := c.Names[name]; !replaced && (c.Draws(name) || !r.isForm(e.value)) {
			kept = append(kept, e)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Names)) {
		kept = append(kept, entry{"/" + contentstream.EncodeName(name), reference(c.Names[name])})
	}
	return kept
}

func (r *removal) weight() int {
	size := 0
	for _, s := range r.streams {
		size += len(s.packed)
	}
	return size
}

// replace puts an edited page in the place of the original, which stays where that fails.
func (r *removal) replace(p edited) error {
	for n, s := range r.streams {
		if err := r.known.link(n, "<<"+s.entries+">>"); err != nil {
			return err
		}
	}
	return r.known.replace(p.leaf.number, p.after.String())
}

// keep notes that a page stays as it was.
func (r *removal) keep(p edited) {
	words := r.writer.hidden[p.number]
	if p.hidden != nil {
		words = p.hidden.words()
	}
	if _, stale := r.writer.hidden[p.number]; stale && p.unread {
		words = max(words, 1)
	}
	r.note(p.number, words)
}

func (r *removal) note(number, words int) {
	if words > 0 {
		r.writer.notes = append(r.writer.notes, ocr.Note{Code: ocr.HiddenTextKept, Page: number, Count: words})
	}
}
