package pdf

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
	"github.com/lethe-ocr/lethe/shared/picture/stored"
)

// Format says how the pixels of a Picture are stored.
type Format int

// The formats.
const (
	Gray    Format = iota // 8 bits a pixel, 255 is white
	RGB                   // 24 bits a pixel
	Bilevel               // 1 bit a pixel, the leftmost in the highest bit, 1 is white
)

// Picture is a page of an image document: JPEG, Stored or Pixels is set.
type Picture struct {
	JPEG        []byte          // embedded as it is
	Stored      *stored.Picture // embedded as it is
	Orientation int             // as in EXIF, 1 to 8, how the stored image is turned for display; 0 counts as 1

	Pixels []byte // rows from the top, Stride bytes apart
	Format Format
	Stride int
	Width  int // of the stored image, before Orientation
	Height int
}

// maxSide is the longest side of a page in points (ISO 32000-1, annex C).
const maxSide = 14_400

// leastSide is the shortest side of a page in points (the same).
const leastSide = 3

// sides returns the size in points that a page of pictures gets which is so large: every program shows it, and a PDF/A may have it.
func sides(width, height float64) (float64, float64) {
	if over := max(width, height) / maxSide; over > 1 {
		width, height = width/over, height/over
	}
	if under := leastSide / min(width, height); under > 1 {
		width, height = min(width*under, maxSide), min(height*under, maxSide)
	}
	return width, height
}

// picture writes a page of an image document.
func (w *Writer) picture(page ocr.Page, pic *Picture) error {
	if page.Width < 1 || page.Height < 1 || page.DPI < 1 {
		return refusal.New(refusal.AreaMissing)
	}
	x, y := page.Resolution()
	width, height := 72/float64(x)*float64(page.Width), 72/float64(y)*float64(page.Height)
	width, height = sides(width, height)

	if w.options.Kind == ocr.TextAndPictures && pic != nil && pic.Pixels != nil && page.Origin == ocr.Recognised {
		return w.apart(page, pic, width, height)
	}
	number, content := w.out.reserve(), w.out.reserve()
	var drawing bytes.Buffer
	resources := ""
	if pic != nil {
		image := w.out.reserve()
		if err := w.image(image, pic); err != nil {
			return err
		}
		drawing.Write(drawImage(oriented(pic.Orientation, width, height)))
		resources = fmt.Sprintf("/XObject<</Page %d 0 R>>", image)
	}
	if !w.textless() && (page.Origin == ocr.Recognised || page.Origin == ocr.TextLayer) {
		place := matrix{a: width / float64(page.Width), d: -height / float64(page.Height), f: height}
		drawing.Write(w.font.invisible(page, place, fontResource, func(ocr.Box) bool { return false }))
		resources += fmt.Sprintf("/Font<</%s %d 0 R>>", fontResource, w.font.number)
	}
	w.out.packed(content, "", drawing.Bytes())
	w.out.object(number, 0, fmt.Sprintf("<</Type/Page/Parent %d 0 R/MediaBox[0 0 %s %s]/Resources<<%s>>/Contents %d 0 R>>",
		w.tree, decimal(width), decimal(height), resources, content))
	w.pages = append(w.pages, number)
	return w.out.err
}

// oriented maps the unit square that an image fills to the page, for each EXIF orientation.
func oriented(orientation int, w, h float64) matrix {
	switch orientation {
	case 2:
		return matrix{-w, 0, 0, h, w, 0}
	case 3:
		return matrix{-w, 0, 0, -h, w, h}
	case 4:
		return matrix{w, 0, 0, -h, 0, h}
	case 5:
		return matrix{0, -h, -w, 0, w, h}
	case 6:
		return matrix{0, -h, w, 0, 0, h}
	case 7:
		return matrix{0, h, w, 0, 0, 0}
	case 8:
		return matrix{0, h, -w, 0, w, 0}
	default:
		return matrix{w, 0, 0, h, 0, 0}
	}
}

func (w *Writer) finishPictures() error {
	if len(w.pages) == 0 {
		return refusal.New(refusal.PDFEmpty)
	}
	if !w.textless() {
		w.font.write(w.out)
	}
	if w.faces != nil {
		w.faces.write(w.out)
	}
	return w.finishPages()
}

// finishPages writes what holds the pages together.
func (w *Writer) finishPages() error {
	var kids strings.Builder
	for _, n := range w.pages {
		fmt.Fprintf(&kids, "%d 0 R ", n)
	}
	w.out.object(w.tree, 0, fmt.Sprintf("<</Type/Pages/Count %d/Kids[%s]>>", len(w.pages), kids.String()))
	catalog := w.out.reserve()
	entries := ""
	if w.archives() {
		entries = fmt.Sprintf("/OutputIntents%s/Metadata %d 0 R", w.intents(), w.xmp)
		w.writeIntents()
	}
	w.out.object(catalog, 0, fmt.Sprintf("<</Type/Catalog/Pages %d 0 R%s>>", w.tree, entries))
	return w.out.finish(fmt.Sprintf("/Root %d 0 R", catalog) + w.identifier())
}
