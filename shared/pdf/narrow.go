package pdf

import (
	"bytes"
	"io"
	"regexp"

	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
	"github.com/lethe-ocr/lethe/shared/pdf/contentstream"
)

// drawnNames is what the content of a page names. Many programs give all pages one dictionary of pictures, through which each
// page leads to those of all others.
type drawnNames struct {
	contents [][]byte
	others   map[int]bool // pictures and forms that pages name which are left out
	bare     map[int]bool // forms that use the names of the page
}

// escaped finds names that are not spelled as they are.
var escaped = regexp.MustCompile(`/[^\s/<>\[\](){}%]*#`)

// drawnNames reads the contents of those pages that stay and name pictures which pages that are left out name too, by page. It
// knows nothing of a page whose contents cannot be decoded, or are more than what is held in memory for a page.
func (w *Writer) drawnNames(source *Document, known *saved) (map[int]*drawnNames, error) {
	if !w.options.Partial() {
		return nil, nil //nolint:nilnil // nothing is left out
	}
	leaves := known.pages(w.source.pages)
	stay := map[int]bool{}
	for _, n := range w.options.Pages.Of(len(leaves)) {
		stay[n] = true
	}
	others := map[int]bool{}
	for i, l := range leaves {
		if !stay[i+1] {
			for _, e := range known.pictures(l.dictionary) {
				if n, ok := parseReference(e.value); ok {
					others[n] = true
				}
			}
		}
	}
	pages, wanted, size := map[int][]int{}, map[int]bool{}, int64(0)
	for i, l := range leaves {
		if !stay[i+1] || !known.namesAny(l.dictionary, others) {
			continue
		}
		numbers := []int{}
		for _, s := range known.streams(l) {
			n, _ := parseReference(s)
			if !wanted[n] {
				size += known.lengths[n]
			}
			numbers, wanted[n] = append(numbers, n), true
		}
		if size > pageBytes {
			break // the pages from here on keep what they name
		}
		pages[i+1] = numbers
	}
	if len(pages) == 0 {
		return nil, nil //nolint:nilnil // nothing is shared
	}
	bare := map[int]bool{}
	var objects *resident
	err := source.save(func(r io.Reader) (err error) {
		objects, err = collect(r, wanted, func(raw string) (string, bool) { return raw, true })
		return err
	})
	if err == nil {
		err = source.save(func(r io.Reader) error {
			_, _, err := scanSaved(r, func(p part) error {
				if others[p.number] && p.stream != nil {
					d := dictionaryOf(p.raw)
					kind, _ := d.get("/Subtype")
					_, own := d.get("/Resources")
					bare[p.number] = kind == "/Form" && !own
				}
				return nil
			})
			return err
		})
	}
	if err != nil {
		return nil, refusal.New(refusal.PDFUncopyable)
	}
	drawn := map[int]*drawnNames{}
	for page, numbers := range pages {
		d := &drawnNames{others: others, bare: bare}
		for _, n := range numbers {
			data, ok := objects.stream(n)
			if !ok || escaped.Match(data) {
				d = nil
				break
			}
			d.contents = append(d.contents, data)
		}
		drawn[page] = d
	}
	return drawn, nil
}

// pictures lists the pictures and forms that a page names.
func (s *saved) pictures(page dictionary) dictionary {
	resources, _ := page.get("/Resources")
	named, _ := dictionaryOf(s.resolve(resources)).get("/XObject")
	return dictionaryOf(s.resolve(named))
}

// namesAny reports whether a page names one of these objects.
func (s *saved) namesAny(page dictionary, numbers map[int]bool) bool {
	for _, e := range s.pictures(page) {
		if n, ok := parseReference(e.value); ok && numbers[n] {
			return true
		}
	}
	return false
}

// narrow takes out of the resources of a page what it shares with pages that are left out and does not draw.
func (d *drawnNames) narrow(known *saved, page dictionary) dictionary {
	if d == nil {
		return page
	}
	var kept dictionary
	for _, e := range known.pictures(page) {
		n, ok := parseReference(e.value)
		named := d.names(e.key)
		if named && d.bare[n] {
			return page // what that form draws is not known
		}
		if !ok || !d.others[n] || named {
			kept = append(kept, e)
		}
	}
	value, _ := page.get("/Resources")
	return page.with("/Resources", dictionaryOf(known.resolve(value)).with("/XObject", kept.String()).String())
}

// names reports whether a name, as it is written among resources, may stand in the contents: all of it, since /Im1 is the
// picture of another page than /Im10.
func (d *drawnNames) names(written string) bool {
	name := []byte("/" + contentstream.DecodeName(written))
	for _, content := range d.contents {
		for {
			at := bytes.Index(content, name)
			if at < 0 {
				break
			}
			if content = content[at+len(name):]; len(content) == 0 || isSpace(content[0]) || isDelimiter(content[0]) {
				return true
			}
		}
	}
	return false
}
