package pdf

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"image/color"
	"image/jpeg"
	"io"

	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
	"github.com/lethe-ocr/lethe/shared/picture/stored"
)

// image writes a picture as an external object.
func (w *Writer) image(number int, pic *Picture) error {
	switch {
	case pic.JPEG != nil:
		return w.jpeg(number, pic.JPEG)
	case pic.Stored != nil:
		return w.stored(number, pic.Stored)
	}
	p, fill, err := pic.lossless()
	if err != nil {
		return err
	}
	w.out.stream(number, imageEntries(p), fill)
	return w.out.err
}

// pack returns the pixels as they are stored.
func (pic *Picture) pack() (*stored.Picture, error) {
	p, fill, err := pic.lossless()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = fill(&b)
	p.Parts = [][]byte{b.Bytes()}
	return p, err
}

// lossless returns how the pixels are stored and what writes them so.
func (pic *Picture) lossless() (*stored.Picture, func(io.Writer) error, error) {
	bits, components := 8, 1
	switch pic.Format {
	case RGB:
		components = 3
	case Bilevel:
		bits = 1
	}
	row := (pic.Width*bits*components + 7) / 8
	if pic.Width < 1 || pic.Height < 1 || pic.Stride < row || len(pic.Pixels) < pic.Stride*(pic.Height-1)+row {
		return nil, nil, refusal.New(refusal.PixelsMissing)
	}
	p := &stored.Picture{Coding: stored.Rows, Width: pic.Width, Height: pic.Height, Bits: bits, Channels: components}
	if few := indexed(pic, row); few != nil {
		p.Bits, p.Channels, p.Palette = few.bits, 1, few.palette
		return p, func(to io.Writer) error { return few.write(to, pic) }, nil
	}
	if pic.Format == Bilevel {
		return p, func(to io.Writer) error { return packRows(to, pic, row, nil) }, nil
	}
	return p, func(to io.Writer) error { return packRows(to, pic, row, newPredictor(row, components)) }, nil
}

// jpeg writes a JPEG as it is.
func (w *Writer) jpeg(number int, data []byte) error {
	config, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return refusal.New(refusal.PageDamaged)
	}
	entries := imageHead(config.Width, config.Height, 8, colorSpace(config.ColorModel)) + "/Filter/DCTDecode"
	if config.ColorModel == color.CMYKModel && adobe(data) {
		entries += "/Decode[1 0 1 0 1 0 1 0]" // Adobe's programs store inks inverted
	}
	w.out.stream(number, entries, func(to io.Writer) error {
		_, err := to.Write(data)
		return err
	})
	return w.out.err
}

// stored writes the data of a picture as its file holds them.
func (w *Writer) stored(number int, p *stored.Picture) error {
	w.out.stream(number, imageEntries(p), func(to io.Writer) error {
		for _, part := range p.Parts {
			if _, err := to.Write(part); err != nil {
				return err
			}
		}
		return nil
	})
	return w.out.err
}

// imageHead returns the entries of an image that say its size and colours. space is an object.
func imageHead(width, height, bits int, space string) string {
	return fmt.Sprintf("/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent %d/ColorSpace%s", width, height, bits, space)
}

// imageEntries returns the entries of an image beside its length (ISO 32000-1, sections 7.4 and 8.9.5).
func imageEntries(p *stored.Picture) string {
	space := "/DeviceGray"
	switch {
	case p.Palette != nil:
		space = fmt.Sprintf("[/Indexed/DeviceRGB %d%s]", len(p.Palette)/3-1, literal(p.Palette))
	case p.Channels == 3:
		space = "/DeviceRGB"
	}
	entries := imageHead(p.Width, p.Height, p.Bits, space)
	if p.Clear != nil {
		entries += "/Mask["
		for _, v := range p.Clear {
			entries += fmt.Sprintf("%d %d ", v, v)
		}
		entries += "]"
	}
	switch p.Coding {
	case stored.JPX:
		entries += "/Filter/JPXDecode"
	case stored.Fax:
		entries += fmt.Sprintf("/Filter/CCITTFaxDecode/DecodeParms<</K -1/Columns %d/Rows %d/BlackIs1 %t>>", p.Width, p.Height, p.Inverted)
	default:
		entries += fmt.Sprintf("/Filter/FlateDecode/DecodeParms<</Predictor 15/BitsPerComponent %d/Columns %d/Colors %d>>", //nolint:misspell // PDF's key
			p.Bits, p.Width, p.Channels)
	}
	return entries
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
		return "/DeviceGray"
	case color.CMYKModel:
		return "/DeviceCMYK"
	default:
		return "/DeviceRGB"
	}
}

// packRows compresses rows, each after a predictor of PNG (PNG, third edition, section 9); without any if predict is nil.
func packRows(to io.Writer, pic *Picture, row int, predict *predictor) error {
	z := zlib.NewWriter(to)
	plain := make([]byte, 1+row)
	for y := range pic.Height {
		line := plain
		if pixels := pic.Pixels[y*pic.Stride:][:row]; predict == nil {
			copy(plain[1:], pixels)
		} else {
			line = predict.row(pixels)
		}
		if _, err := z.Write(line); err != nil {
			return err
		}
	}
	return z.Close()
}

// predictor chooses for each row the predictor of PNG that leaves the smallest differences (PNG, third edition, section 12.7).
type predictor struct {
	pixel int       // bytes
	above []byte    // the row before
	lines [5][]byte // the row after each predictor, its number first
}

func newPredictor(row, pixel int) *predictor {
	p := &predictor{pixel: pixel, above: make([]byte, row)}
	for n := range p.lines {
		p.lines[n] = make([]byte, 1+row)
		p.lines[n][0] = byte(n)
	}
	return p
}

// row returns a row as it is best compressed; it is valid until the next.
func (p *predictor) row(pixels []byte) []byte {
	var sums [5]int
	for i, v := range pixels {
		var left, corner byte
		if i >= p.pixel {
			left, corner = pixels[i-p.pixel], p.above[i-p.pixel]
		}
		up := p.above[i]
		for n, predicted := range [5]byte{0, left, up, byte((int(left) + int(up)) / 2), paeth(left, up, corner)} { // #nosec G115 -- a mean
			d := v - predicted
			p.lines[n][1+i] = d
			sums[n] += min(int(d), 256-int(d))
		}
	}
	best := 0
	for n, sum := range sums {
		if sum < sums[best] {
			best = n
		}
	}
	p.above = append(p.above[:0], pixels...)
	return p.lines[best]
}

func paeth(left, up, corner byte) byte {
	toLeft, toUp, toCorner := int(up)-int(corner), int(left)-int(corner), int(left)+int(up)-2*int(corner)
	toLeft, toUp, toCorner = max(toLeft, -toLeft), max(toUp, -toUp), max(toCorner, -toCorner)
	switch {
	case toLeft <= toUp && toLeft <= toCorner:
		return left
	case toUp <= toCorner:
		return up
	default:
		return corner
	}
}
