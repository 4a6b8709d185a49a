// Package hostiletest makes documents that are damaged, oversized, nested, encrypted or lie about themselves. They
// are made from small good ones that the package writes itself, and are the same bytes each time.
package hostiletest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/lethe-ocr/lethe/shared/fault"
)

// Completed is the end of a task that has no fault.
const Completed fault.Code = ""

// Document is one hostile document.
type Document struct {
	Name     string        // family and defect
	Content  func() []byte // made when it is wanted: some are tens of megabytes
	Password string        // sent along
	Ends     []fault.Code  // how its task may end
}

// MayEnd reports whether a task of the document may end with a code.
func (d Document) MayEnd(code fault.Code) bool { return slices.Contains(d.Ends, code) }

// The ends. A set of several is for damage that one version of a decoder repairs and another refuses.
func fine() []fault.Code { return []fault.Code{Completed} }
func refused() []fault.Code {
	return []fault.Code{fault.DocumentDamaged, fault.PageDamaged, fault.PageUnsupported}
}
func lenient() []fault.Code  { return append(refused(), Completed) }
func tooLarge() []fault.Code { return []fault.Code{fault.PageTooLarge} }
func foreign() []fault.Code  { return []fault.Code{fault.DocumentUnknownType} }

// costly are the ends of a document that asks for more time or memory than a page has, if the decoder does not see
// through it.
func costly() []fault.Code {
	return append(lenient(), fault.PageTime, fault.PageMemory, fault.PageTooLarge)
}

// Documents returns the whole corpus. Names are unique.
func Documents() []Document {
	return slices.Concat(
		pngs(), pngBombs(), jpegs(), jpegMetadata(), gifs(), bmps(), webps(), jp2s(),
		tiffs(), tiffTags(), tiffCodecs(),
		pdfFiles(), pdfReferences(), pdfTrees(), pdfFilters(), pdfPictures(), pdfDrawings(), pdfBudget(), pdfFonts(), pdfActive(), pdfEncrypted(),
		polyglots(), strangers(),
	)
}

// Good returns the small good document of each format that most of the corpus is made from.
func Good() map[string][]byte {
	return map[string][]byte{
		"PDF": goodPDF(), "TIFF": goodTIFF(), "PNG": goodPNG(), "JPEG": goodJPEG(), "BMP": goodBMP(), "GIF": goodGIF(), "WebP": goodWebP(),
		"JPEG 2000": goodJP2(),
	}
}

// family collects documents of one format.
type family struct {
	name string
	all  []Document
}

func (f *family) add(ends []fault.Code, name string, content []byte) {
	f.lazy(ends, name, func() []byte { return content })
}

func (f *family) lazy(ends []fault.Code, name string, content func() []byte) {
	f.all = append(f.all, Document{Name: f.name + ": " + name, Content: content, Ends: ends})
}

// cut adds copies that break off, spread over the file, and after each of the places given. first is how many bytes make
// the type known.
func (f *family) cut(good []byte, first int, at ...int) {
	const parts = 8
	for i := 1; i < parts; i++ {
		at = append(at, len(good)*i/parts)
	}
	at = append(at, len(good)-1)
	slices.Sort(at)
	for _, n := range slices.Compact(at) {
		switch {
		case n < 1 || n >= len(good):
		case n < first:
			f.add(foreign(), fmt.Sprintf("cut after %d bytes", n), good[:n])
		default:
			f.add(lenient(), fmt.Sprintf("cut after %d of %d bytes", n, len(good)), good[:n])
		}
	}
}

// flip adds copies in which one bit of each of n places between from and to is turned over.
func (f *family) flip(ends []fault.Code, good []byte, n, from, to int) {
	random := rand.New(rand.NewPCG(uint64(len(good)), uint64(from)))
	used := map[int]bool{}
	for len(used) < n {
		bit := 8*from + random.IntN(8*(min(to, len(good))-from))
		if used[bit] {
			continue
		}
		used[bit] = true
		bad := slices.Clone(good)
		bad[bit/8] ^= 1 << (bit % 8)
		f.add(ends, fmt.Sprintf("bit %d of byte %d flipped", bit%8, bit/8), bad)
	}
}

// extremes adds copies in which one field of a header, two or four bytes long, is none, one, the largest or on the edge of a
// sign, in either byte order: two of these in turn for each field. mend, unless nil, makes sums right again.
func (f *family) extremes(good []byte, from, to, step int, mend func([]byte)) {
	ends := append(costly(), fault.DocumentUnknownType, fault.DocumentTooLarge, fault.DocumentTooManyPages)
	values := []string{"\x00\x00\x00\x00", "\xff\xff\xff\xff", "\x01\x00\x00\x00", "\x7f\xff\xff\xff", "\x00\x00\x00\x01", "\xff\xff\xff\x7f", "\x80\x00\x00\x00"}
	for at := from; at+step <= min(to, len(good)); at += step {
		for n := range 2 {
			value := []byte(values[(2*(at-from)/step+n)%len(values)])
			if step == 2 {
				value = []byte{value[0], value[3]}
			}
			bad := with(good, at, value...)
			if mend != nil {
				mend(bad)
			}
			f.add(ends, fmt.Sprintf("%x at byte %d of %d", value, at, len(good)), bad)
		}
	}
}

// with returns a copy with bytes written over a place.
func with(good []byte, at int, over ...byte) []byte {
	bad := slices.Clone(good)
	copy(bad[at:], over)
	return bad
}

// noise returns bytes that look random and are the same each time.
func noise(n int) []byte {
	random := rand.New(rand.NewPCG(uint64(n), 7))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return b
}

// sorted orders documents by name, for lists that come from a map.
func sorted(all []Document) {
	slices.SortFunc(all, func(a, b Document) int { return strings.Compare(a.Name, b.Name) })
}
