package pdf

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
)

// pagePicture is what a page of a PDF becomes as a picture.
type pagePicture struct {
	page          int // number, from 1
	width, height float64
	image         int    // object number of the picture in the original that is the page; 0 if the page is drawn
	place         matrix // unit square → points of the page from its bottom left corner, of that picture
}

// writePictures writes the pages as pictures. One that is a picture already keeps its bytes.
func (w *Writer) writePictures(source *Document) error {
	known, err := w.learnPictures(source)
	if err != nil {
		return err
	}
	leaves := known.pages(w.source.pages)
	wanted := ocr.PageRanges("")
	if w.options.Partial() {
		wanted = w.options.Pages
	}
	var pages []pagePicture
	known.reached = map[int]bool{}
	for _, n := range wanted.Of(w.source.pages) {
		var l leaf
		if n <= len(leaves) {
			l = leaves[n-1]
		}
		p, err := w.pictureOf(n, known, l)
		if err != nil {
			return err
		}
		pages = append(pages, p)
		known.reachFrom(p.image)
	}
	if err := w.protect(source); err != nil {
		return err
	}
	if err := w.copy(source, known, &mute{}); err != nil {
		return err
	}
	w.tree = w.out.reserve()
	for _, p := range pages {
		if err := w.pagePicture(p); err != nil {
			return err
		}
	}
	return w.finishPages()
}

// learnPictures saves the document to find out what pictures are in it.
func (w *Writer) learnPictures(source *Document) (*saved, error) {
	var known *saved
	err := source.save(func(r io.Reader) (err error) {
		known, err = readSaved(r, nil)
		return err
	})
	if err != nil {
		return nil, refusal.New(refusal.PDFUncopyable)
	}
	if w.out.next, err = known.size(); err != nil {
		return nil, refusal.New(refusal.PDFUncopyable)
	}
	return known, nil
}

// pictureOf finds out what a page becomes.
func (w *Writer) pictureOf(n int, known *saved, l leaf) (pagePicture, error) {
	p := pagePicture{page: n}
	err := w.source.look(n, func(v view) error {
		p.width, p.height = sides(v.width, v.height)
		drawn, err := w.source.survey(v)
		if err != nil {
			return err
		}
		p.image, p.place, err = w.source.onlyPicture(v, drawn, known, l)
		p.place = p.place.then(matrix{a: p.width / v.width, d: p.height / v.height})
		return err
	})
	return p, err
}

// onlyPicture returns the object number and the place of the picture that is all that a page shows, or 0.
func (p *Document) onlyPicture(v view, drawn content, known *saved, l leaf) (int, matrix, error) {
	alone := len(drawn.images) == 1 && drawn.visible == drawn.under && drawn.paths == 0 && drawn.others == 0 && !drawn.nested && !v.apart
	if !alone {
		return 0, matrix{}, nil
	}
	shown := drawn.images[0]
	sheer, err := p.instance.FPDFPageObj_HasTransparency(&requests.FPDFPageObj_HasTransparency{PageObject: shown.ref})
	if err != nil {
		return 0, matrix{}, p.fail(err)
	}
	if sheer.HasTransparency || p.clipped(shown, v) {
		return 0, matrix{}, nil
	}
	raw, err := p.instance.FPDFImageObj_GetImageDataRaw(&requests.FPDFImageObj_GetImageDataRaw{ImageObject: shown.ref})
	if err != nil {
		return 0, matrix{}, nil //nolint:nilerr // then it is drawn
	}
	flip := matrix{a: 1, d: -1, f: v.height}
	return known.pictureNamed(l, int64(len(raw.Data))), shown.place.then(flip), nil
}

// clipped reports whether a clipping path may hide a part of a picture that is on the page.
func (p *Document) clipped(shown picture, v view) bool {
	path, err := p.instance.FPDFPageObj_GetClipPath(&requests.FPDFPageObj_GetClipPath{PageObject: shown.ref})
	if err != nil {
		return false // there is none
	}
	count, err := p.instance.FPDFClipPath_CountPaths(&requests.FPDFClipPath_CountPaths{ClipPath: path.ClipPath})
	if err != nil || count.Count <= 0 {
		return false
	}
	visible := rect{0, 0, 1, 1}.through(shown.place).intersect(rect{0, 0, v.width, v.height})
	for i := range count.Count {
		if !p.clipsNothing(path.ClipPath, i, visible, v) {
			return true
		}
	}
	return false
}

// clipsNothing reports whether a part of a clipping path is a rectangle around all that is visible.
func (p *Document) clipsNothing(clip references.FPDF_CLIPPATH, part int, visible rect, v view) bool {
	count, err := p.instance.FPDFClipPath_CountPathSegments(&requests.FPDFClipPath_CountPathSegments{ClipPath: clip, PathIndex: part})
	if err != nil || count.Count < 4 || count.Count > 5 {
		return false
	}
	var corners [][2]float64
	for i := range count.Count {
		segment, err := p.instance.FPDFClipPath_GetPathSegment(&requests.FPDFClipPath_GetPathSegment{ClipPath: clip, PathIndex: part, SegmentIndex: i})
		if err != nil {
			return false
		}
		at, err := p.instance.FPDFPathSegment_GetPoint(&requests.FPDFPathSegment_GetPoint{PathSegment: segment.PathSegment})
		if err != nil {
			return false
		}
		x, y := v.display.apply(float64(at.X), float64(at.Y))
		corners = append(corners, [2]float64{x, y})
	}
	box := rect{corners[0][0], corners[0][1], corners[0][0], corners[0][1]}
	for _, c := range corners {
		box = box.union(rect{c[0], c[1], c[0], c[1]})
	}
	const slack = 0.5 // points
	for _, c := range corners {
		if min(c[0]-box.x0, box.x1-c[0]) > slack || min(c[1]-box.y0, box.y1-c[1]) > slack {
			return false
		}
	}
	return box.x0 <= visible.x0+slack && box.y0 <= visible.y0+slack && box.x1 >= visible.x1-slack && box.y1 >= visible.y1-slack
}

// pictureNamed returns the object number of the only picture among the resources of a page that has so many bytes, or 0.
func (s *saved) pictureNamed(l leaf, size int64) int {
	value, _ := l.dictionary.get("/Resources")
	own, _ := s.subdictionary(value)
	value, _ = own.get("/ColorSpace")
	spaces, _ := s.subdictionary(value)
	if slices.ContainsFunc(spaces, func(e entry) bool { return strings.HasPrefix(e.key, "/Default") }) {
		return 0 // the page says what its colours mean
	}
	value, _ = own.get("/XObject")
	objects, _ := s.subdictionary(value)
	found := 0
	for _, e := range objects {
		n, ok := parseReference(e.value)
		image, is := s.images[n]
		if !ok || !is || s.lengths[n] != size || n == found {
			continue
		}
		_, stencil := image.get("/ImageMask")
		_, masked := image.get("/SMask")
		if stencil || masked || found != 0 {
			return 0
		}
		found = n
	}
	return found
}

// reachFrom adds an object, and those that it leads to, to what the copy holds. There is no object 0.
func (s *saved) reachFrom(n int) {
	for next := []int{n}; len(next) > 0; {
		n, next = next[len(next)-1], next[:len(next)-1]
		if n == 0 || s.reached[n] {
			continue
		}
		s.reached[n] = true
		for _, to := range s.refers[n] {
			next = append(next, int(to))
		}
	}
}

// pagePicture writes a page.
func (w *Writer) pagePicture(p pagePicture) error {
	image, place := p.image, p.place
	if image == 0 {
		image, place = w.out.reserve(), matrix{a: p.width, d: p.height}
		if err := w.paintPage(p.page, image); err != nil {
			return err
		}
	}
	number, content := w.out.reserve(), w.out.reserve()
	w.out.packed(content, "", drawImage(place))
	w.out.object(number, 0, fmt.Sprintf("<</Type/Page/Parent %d 0 R/MediaBox[0 0 %s %s]/Resources<</XObject<</Page %d 0 R>>>>/Contents %d 0 R>>",
		w.tree, decimal(p.width), decimal(p.height), image, content))
	w.pages = append(w.pages, number)
	return w.out.err
}

// paintPage draws a page and writes the drawing under the number of an object.
func (w *Writer) paintPage(page, image int) error {
	return w.source.look(page, func(v view) error {
		drawn, err := w.source.paint(v, w.limits())
		if err != nil {
			return err
		}
		if drawn, err = drawn.smallest(); err != nil {
			return err
		}
		return w.image(image, drawn)
	})
}

// drawImage is the content that draws the picture of a page in a place.
func drawImage(m matrix) []byte { return drawNamed("Page", m) }

// drawNamed draws an image of that name.
func drawNamed(name string, m matrix) []byte {
	return fmt.Appendf(nil, "q %s %s %s %s %s %s cm/%s Do Q\n",
		decimal(m.a), decimal(m.b), decimal(m.c), decimal(m.d), decimal(m.e), decimal(m.f), name)
}
