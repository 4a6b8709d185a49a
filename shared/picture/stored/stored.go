// Package stored finds the data of a picture in its file in a form that a PDF takes over as it is, so that neither pixels nor
// size change: PNG's own compressed rows, JPEG 2000 and fax (ISO 32000-1, section 7.4). It decodes nothing but what it must to
// know that readers of PDF can.
package stored

// Coding is how the data are coded.
type Coding int

// The codings.
const (
	Rows Coding = iota // zlib, each row after the number of the predictor that it went through, as in PNG
	JPX                // a file of JPEG 2000
	Fax                // CCITT T.6, which is fax of group 4
)

// Picture is a picture as its file holds it.
type Picture struct {
	Coding Coding
	Parts  [][]byte // of the data, in order; parts of the file, which must not be changed

	Width, Height int // pixels
	Bits          int // of a channel of a pixel, or of its place in the palette
	Channels      int // 1 or 3; 1 if there is a palette
	Palette       []byte
	Clear         []int // the value of each channel of pixels that are not drawn; nil if all are

	Inverted bool // of Fax: what is coded as black is white
}

// Size returns the length of the data in bytes.
func (p *Picture) Size() int {
	n := 0
	for _, part := range p.Parts {
		n += len(part)
	}
	return n
}
