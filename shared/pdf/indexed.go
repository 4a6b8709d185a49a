package pdf

import (
	"compress/zlib"
	"io"
)

// palette is what the pixels of a picture are places in.
type palette struct {
	palette []byte          // red, green and blue of each colour
	place   map[uint32]byte // of a colour
	bits    int             // of a place
}

// indexed returns the palette of a picture of few colours, nil for others: such a picture is smaller with one, and the same.
func indexed(pic *Picture, row int) *palette {
	if pic.Format == Bilevel {
		return nil
	}
	most := 256
	if pic.Format == Gray {
		most = 16 // with more, a place is as long as a pixel
	}
	p := &palette{place: map[uint32]byte{}}
	last, first := uint32(0), true
	for y := range pic.Height {
		for at := y * pic.Stride; at < y*pic.Stride+row; at += pic.Format.bytes() {
			c := pic.Format.colour(pic.Pixels[at:])
			if !first && c == last {
				continue
			}
			last, first = c, false
			if _, ok := p.place[c]; ok {
				continue
			}
			if len(p.place) == most {
				return nil
			}
			p.place[c] = byte(len(p.place))                                 // #nosec G115 -- below 256
			p.palette = append(p.palette, byte(c>>16), byte(c>>8), byte(c)) // #nosec G115 -- parts of it
		}
	}
	for p.bits = 1; 1<<p.bits < len(p.place); p.bits *= 2 {
	}
	return p
}

// bytes returns the length of a pixel; a row of bits has none.
func (f Format) bytes() int {
	if f == RGB {
		return 3
	}
	return 1
}

func (f Format) colour(pixel []byte) uint32 {
	if f == RGB {
		return uint32(pixel[0])<<16 | uint32(pixel[1])<<8 | uint32(pixel[2])
	}
	return uint32(pixel[0]) * 0x010101
}

// write compresses the places of the pixels, without a predictor: neighbours in a palette need not be alike.
func (p *palette) write(to io.Writer, pic *Picture) error {
	z := zlib.NewWriter(to)
	line := make([]byte, 1+(pic.Width*p.bits+7)/8)
	for y := range pic.Height {
		clear(line)
		for x := range pic.Width {
			place := p.place[pic.Format.colour(pic.Pixels[y*pic.Stride+x*pic.Format.bytes():])]
			at := x * p.bits
			line[1+at/8] |= place << (8 - p.bits - at%8)
		}
		if _, err := z.Write(line); err != nil {
			return err
		}
	}
	return z.Close()
}
