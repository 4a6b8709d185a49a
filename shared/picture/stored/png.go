package stored

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"io"
	"slices"
)

// The colour types of PNG that have no channel for transparency (PNG, third edition, 11.2.1).
const (
	greyscale = 0
	truecolor = 2
	indexed   = 3
)

// maxSide bounds a row, which is held in memory.
const maxSide = 65_535

// chunk is a part of a PNG.
type chunk struct {
	name string
	body []byte
}

// PNG returns the rows of a PNG as they are compressed. It reports false for files that a PDF has no way to say: those whose
// rows are interlaced or have a channel for transparency, and damaged ones. A colour of the palette that is partly transparent is
// what it is on white.
func PNG(data []byte) (*Picture, bool) {
	chunks := chunksOf(data)
	if len(chunks) == 0 || chunks[0].name != "IHDR" || len(chunks[0].body) < 13 {
		return nil, false
	}
	header := chunks[0].body
	kind := header[9]
	p := &Picture{
		Coding: Rows, Width: int(binary.BigEndian.Uint32(header)), Height: int(binary.BigEndian.Uint32(header[4:])),
		Bits: int(header[8]), Channels: 1,
	}
	if kind == truecolor {
		p.Channels = 3
	}
	if min(p.Width, p.Height) < 1 || max(p.Width, p.Height) > maxSide {
		return nil, false
	}
	interlaced := header[10] != 0 || header[11] != 0 || header[12] != 0
	if interlaced || !slices.Contains([]byte{greyscale, truecolor, indexed}, kind) || !slices.Contains([]int{1, 2, 4, 8, 16}, p.Bits) {
		return nil, false
	}
	for _, c := range chunks {
		switch c.name {
		case "PLTE":
			if kind == indexed {
				p.Palette = slices.Clone(c.body)
			}
		case "tRNS":
			if !p.clear(c.body) {
				return nil, false
			}
		case "IDAT":
			p.Parts = append(p.Parts, c.body)
		}
	}
	if kind == indexed && !p.hasColours() || !p.complete() {
		return nil, false
	}
	return p, true
}

// clear takes what a PNG says of transparency.
func (p *Picture) clear(body []byte) bool {
	if p.Palette != nil {
		for i, alpha := range body[:min(len(body), len(p.Palette)/3)] {
			for c := range p.Palette[3*i : 3*i+3] {
				p.Palette[3*i+c] = onWhite(p.Palette[3*i+c], alpha)
			}
		}
		return true
	}
	if len(body) != 2*p.Channels {
		return false
	}
	for c := range p.Channels {
		p.Clear = append(p.Clear, int(binary.BigEndian.Uint16(body[2*c:])))
	}
	return true
}

func onWhite(colour, alpha byte) byte {
	return byte((int(colour)*int(alpha) + 255*(255-int(alpha)) + 127) / 255) // #nosec G115 -- at most 255
}

// hasColours reports whether the palette is one, and has a colour for each value that a pixel may have: readers differ where one
// is missing.
func (p *Picture) hasColours() bool {
	if p.Bits > 8 || len(p.Palette) == 0 || len(p.Palette)%3 != 0 || len(p.Palette) > 3<<p.Bits {
		return false
	}
	for len(p.Palette) < 3<<p.Bits {
		p.Palette = append(p.Palette, 0)
	}
	return true
}

// complete reports whether the data are as many rows as there must be, each with a predictor that is one.
func (p *Picture) complete() bool {
	readers := make([]io.Reader, len(p.Parts))
	for i, part := range p.Parts {
		readers[i] = bytes.NewReader(part)
	}
	z, err := zlib.NewReader(io.MultiReader(readers...))
	if err != nil {
		return false
	}
	row := make([]byte, 1+(p.Width*p.Bits*p.Channels+7)/8)
	for range p.Height {
		if _, err := io.ReadFull(z, row); err != nil || row[0] > 4 {
			return false
		}
	}
	n, err := z.Read(row[:1])
	return n == 0 && errors.Is(err, io.EOF) // with a checksum that is right
}

// chunksOf returns the whole chunks of a PNG.
func chunksOf(data []byte) []chunk {
	const signature, head, check = 8, 8, 4 // bytes
	var all []chunk
	for at := signature; at+head+check <= len(data); {
		n := int64(binary.BigEndian.Uint32(data[at:]))
		if n > int64(len(data)-at-head-check) {
			break
		}
		all = append(all, chunk{string(data[at+4 : at+head]), data[at+head : at+head+int(n)]})
		at += head + int(n) + check
	}
	return all
}
