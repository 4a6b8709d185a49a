package pdf

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"image/color"
	"image/jpeg"
	"io"
	"strings"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
)

// Format says how the pixels of a Picture are stored.
type Format int

// The formats.
const (
	Gray    Format = iota // 8 bits a pixel, 255 is white
	RGB                   // 24 bits a pixel
	Bilevel               // 1 bit a pixel, the leftmost in the highest bit, 1 is white
)

// Picture is a page of an image document: either JPEG or Pixels is set.
type Picture struct {
	JPEG        []byte // embedded as it is
	Orientation int    // as in EXIF, 1 to 8, how the stored image is turned for display; 0 counts as 1

	Pixels []byte // rows from the top, Stride bytes apart
	Format Format
	Stride int
	Width  int // of the stored image, before Orientation
	Height int
}

// maxSide is the longest side of a page in points (ISO 32000-1, annex C).
const maxSide = 14_400

// picture writes a page of an image document.
func (w *Writer) picture(page ocr.Page, pic *Picture) error {
	if page.Width < 1 || page.Height < 1 || page.DPI < 1 {
		return refusal.New(refusal.AreaMissing)
	}
	x, y := page.Resolution()
	width, height := 72/float64(x)*float64(page.Width), 72/float64(y)*float64(page.Height)
	if over := max(width, height) / maxSide; over > 1 {
		width, height = width/over, height/over
	}

	number, content := w.out.reserve(), w.out.reserve()
	var drawing bytes.Buffer
	resources := ""
	if pic != nil {
		image := w.out.reserve()
		if err := w.image(image, pic); err != nil {
			return err
		}
		m := oriented(pic.Orientation, width, height)
		fmt.Fprintf(&drawing, "q %s %s %s %s %s %s cm/Page Do Q\n",
			decimal(m.a), decimal(m.b), decimal(m.c), decimal(m.d), decimal(m.e), decimal(m.f))
		resources = fmt.Sprintf("/XObject<</Page %d 0 R>>", image)
	}
	if page.Origin == ocr.Recognised || page.Origin == ocr.TextLayer {
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

func (w *Writer) image(number int, pic *Picture) error {
	dict := func(width, height, bits int, space string) string {
		return fmt.Sprintf("/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent %d/ColorSpace/%s",
			width, height, bits, space)
	}
	if pic.JPEG != nil {
		config, err := jpeg.DecodeConfig(bytes.NewReader(pic.JPEG))
		if err != nil {
			return refusal.New(refusal.PageDamaged)
		}
		entries := dict(config.Width, config.Height, 8, colorSpace(config.ColorModel)) + "/Filter/DCTDecode"
		if config.ColorModel == color.CMYKModel && adobe(pic.JPEG) {
			entries += "/Decode[1 0 1 0 1 0 1 0]" // Adobe's programs store inks inverted
		}
		w.out.stream(number, entries, func(to io.Writer) error {
			_, err := to.Write(pic.JPEG)
			return err
		})
		return w.out.err
	}
	space, bits, components := "DeviceGray", 8, 1
	switch pic.Format {
	case RGB:
		space, components = "DeviceRGB", 3
	case Bilevel:
		bits = 1
	}
	row := (pic.Width*bits*components + 7) / 8
	if pic.Width < 1 || pic.Height < 1 || pic.Stride < row || len(pic.Pixels) < pic.Stride*(pic.Height-1)+row {
		return refusal.New(refusal.PixelsMissing)
	}
	// PNG's prediction from the row above halves the size of scans.
	parameters := fmt.Sprintf("/Filter/FlateDecode/DecodeParms<</Predictor 15/BitsPerComponent %d/Columns %d/Colors %d>>", //nolint:misspell // PDF's key
		bits, pic.Width, components)
	w.out.stream(number, dict(pic.Width, pic.Height, bits, space)+parameters, func(to io.Writer) error {
		return pack(to, pic, row, pic.Format == Bilevel)
	})
	return w.out.err
}

// adobe reports whether a JPEG has the marker segment of Adobe's programs among those before its first scan (ISO/IEC 10918-6,
// section 6.5.3).
func adobe(jpeg []byte) bool {
	const app14, startOfScan, fill = 0xee, 0xda, 0xff
	for at := 2; at+4 <= len(jpeg) && jpeg[at] == 0xff; {
		marker, n := jpeg[at+1], int(binary.BigEndian.Uint16(jpeg[at+2:]))
		switch {
		case marker == fill:
			at++
			continue
		case marker == startOfScan || n < 2:
			return false
		case marker == app14 && bytes.HasPrefix(jpeg[at+4:], []byte("Adobe")):
			return true
		}
		at += 2 + n
	}
	return false
}

func colorSpace(model color.Model) string {
	switch model {
	case color.GrayModel:
		return "DeviceGray"
	case color.CMYKModel:
		return "DeviceCMYK"
	default:
		return "DeviceRGB"
	}
}

// pack compresses rows, each after PNG's filter Up (2) or, if plain, None (0).
func pack(to io.Writer, pic *Picture, row int, plain bool) error {
	z := zlib.NewWriter(to)
	line := make([]byte, 1+row)
	above := make([]byte, row)
	for y := range pic.Height {
		pixels := pic.Pixels[y*pic.Stride:][:row]
		if plain {
			copy(line[1:], pixels)
		} else {
			line[0] = 2
			for x, v := range pixels {
				line[1+x] = v - above[x]
			}
			above = pixels
		}
		if _, err := z.Write(line); err != nil {
			return err
		}
	}
	return z.Close()
}

func (w *Writer) finishPictures() error {
	if len(w.pages) == 0 {
		return refusal.New(refusal.PDFEmpty)
	}
	w.font.write(w.out)
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
	w.out.object(catalog, 0, fmt.Sprintf("<</Type/Catalog/Pages %d 0 R>>", w.tree))
	return w.out.finish(fmt.Sprintf("/Root %d 0 R", catalog))
}
