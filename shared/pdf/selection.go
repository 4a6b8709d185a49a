package pdf

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
)

// leaveOut takes the pages that were not asked for out of a document that is written anew, with what only they lead to: their
// annotations, form fields that show on none of the others, and pictures that all pages name and only they draw. What tells
// of the document as a whole goes too, since it holds words of pages that are left out or counts pages: bookmarks, named
// destinations, labels, threads and the structure. drawn is what the pages that stay name in their contents.
func (w *Writer) leaveOut(known *saved, drawn map[int]*drawnNames) error {
	if !w.options.Partial() {
		return nil
	}
	leaves := known.pages(w.source.pages)
	if len(leaves) != w.source.pages {
		return refusal.New(refusal.PDFUncopyable)
	}
	var kept []leaf
	stay := map[int]bool{}
	for _, n := range w.options.Pages.Of(len(leaves)) {
		l := leaves[n-1]
		l.dictionary = drawn[n].narrow(known, l.dictionary)
		kept = append(kept, l)
		stay[l.number] = true
		for _, annotation := range known.annotations(l) {
			stay[annotation] = true
		}
	}
	for _, l := range leaves {
		for _, n := range append(known.annotations(l), l.number) {
			if !stay[n] {
				known.dropped[n] = true
			}
		}
	}
	if err := known.plant(kept); err != nil {
		return refusal.New(refusal.PDFUncopyable)
	}
	known.dropBarren()
	return nil
}

// annotations lists the annotations of a page that are objects of their own.
func (s *saved) annotations(l leaf) []int {
	value, _ := l.dictionary.get("/Annots")
	elements, _ := parseArray(s.resolve(value))
	var numbers []int
	for _, e := range elements {
		if n, ok := parseReference(e); ok {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

// plant makes a tree of these pages alone and takes out of the catalog what tells of others.
func (s *saved) plant(pages []leaf) error {
	value, _ := s.trailer.get("/Root")
	root, ok := parseReference(value)
	catalog, isDictionary := parseDictionary(s.objects[root].raw)
	value, _ = catalog.get("/Pages")
	tree, named := parseReference(value)
	if !ok || !isDictionary || !named {
		return errSyntax
	}
	var kids []string
	for _, l := range pages {
		kids = append(kids, reference(l.number))
		if err := s.replace(l.number, l.dictionary.with("/Parent", reference(tree)).without("/B").String()); err != nil {
			return err
		}
	}
	node := fmt.Sprintf("<</Type/Pages/Count %d/Kids[%s]>>", len(kids), strings.Join(kids, " "))
	if err := s.replace(tree, node); err != nil {
		return err
	}
	for _, key := range []string{"/Outlines", "/PageLabels", "/StructTreeRoot", "/MarkInfo", "/Threads", "/Dests", "/OpenAction", "/PageMode"} {
		catalog = catalog.without(key)
	}
	if names, ok := catalog.get("/Names"); ok {
		catalog = catalog.with("/Names", dictionaryOf(s.resolve(names)).without("/Dests").String())
	}
	return s.replace(root, catalog.String())
}

// dropBarren drops nodes of trees, such as that of form fields, of which all children were dropped.
func (s *saved) dropBarren() {
	again := true
	for level := 0; again && level < maxDepth; level++ {
		again = false
		for n, o := range s.objects {
			if s.dropped[n] || !strings.Contains(o.raw, "/Kids") {
				continue
			}
			kids, _ := dictionaryOf(o.raw).get("/Kids")
			elements, _ := parseArray(s.resolve(kids))
			barren := len(elements) > 0 && !slices.ContainsFunc(elements, func(e string) bool {
				kid, ok := parseReference(e)
				return !ok || !s.dropped[kid]
			})
			if barren {
				s.dropped[n], again = true, true
			}
		}
	}
}
