package fontprogram

import (
	"math"
	"strconv"
	"strings"
)

// CFF reads a Compact Font Format program, also in an OpenType font (Adobe technical notes 5176 and 5177).
func CFF(data []byte) (*Font, error) {
	if len(data) > 4 && string(data[:4]) == "OTTO" {
		w := &window{data: data}
		for i := range min(w.u16(4), 256) {
			if record := 12 + 16*i; string(w.bytes(record, 4)) == "CFF " {
				at, n := w.u32(record+8), w.u32(record+12)
				if inner := w.bytes(at, n); !w.bad {
					return CFF(inner)
				}
			}
		}
		return nil, ErrDamaged
	}
	c := &cff{window: window{data: data}}
	_, at := c.index(c.u8(2))
	tops, at := c.index(at)
	own, _ := c.index(at)
	if c.bad || len(tops) != 1 {
		return nil, ErrDamaged
	}
	top := numbers(tops[0])
	glyphs, _ := c.index(top.offset(17))
	if c.bad || len(glyphs) == 0 {
		return nil, ErrDamaged
	}
	_, keyed := top[1230]
	f := &Font{CIDKeyed: keyed, Names: map[string]int{}, Codes: map[int]int{}, widths: make([]float64, len(glyphs))}
	charset := c.charset(top.offset(15), len(glyphs))
	if keyed {
		f.CIDs = map[int]int{}
		for g, cid := range charset {
			f.CIDs[cid] = g
		}
	} else {
		names := strings.Fields(standard)
		for g, sid := range charset {
			f.Names[stringOf(sid, names, own)] = g
		}
		c.encoding(f, top.offset(16), len(glyphs))
	}
	privates, of := c.privates(top, keyed, len(glyphs))
	scale := 1000 * top.scale()
	for g, program := range glyphs {
		p := privates[min(of(g), len(privates)-1)]
		f.widths[g] = p.width(program) * scale * p.scale
	}
	if c.bad {
		return nil, ErrDamaged
	}
	return f, nil
}

type cff struct{ window }

// index reads an INDEX and returns its parts and where it ends.
func (c *cff) index(at int) ([][]byte, int) {
	n := c.u16(at)
	if n == 0 || c.bad {
		return nil, at + 2
	}
	size := c.u8(at + 2)
	offset := func(i int) int {
		v := 0
		for _, b := range c.bytes(at+3+i*size, size) {
			v = v<<8 | int(b)
		}
		return v
	}
	if size < 1 || size > 4 {
		c.bad = true
		return nil, at
	}
	base := at + 2 + (n+1)*size
	parts := make([][]byte, 0, n)
	for i := range n {
		from, to := offset(i), offset(i+1)
		part := c.bytes(base+from, to-from)
		if c.bad {
			return nil, at
		}
		parts = append(parts, part)
	}
	return parts, base + offset(n)
}

// operators are the operands of a DICT by operator; those of two bytes are 1200 and the second.
type operators map[int][]float64

func (o operators) offset(operator int) int {
	if v := o[operator]; len(v) > 0 {
		return int(max(0, min(v[len(v)-1], math.MaxInt32)))
	}
	return 0
}

// scale is what a unit of the outlines is, of the size.
func (o operators) scale() float64 {
	if m := o[1207]; len(m) == 6 {
		return m[0]
	}
	return 0.001
}

// numbers reads a DICT.
func numbers(data []byte) operators {
	o := operators{}
	var stack []float64
	for i := 0; i < len(data); i++ {
		b := int(data[i])
		switch {
		case b <= 21:
			if b == 12 && i+1 < len(data) {
				i++
				b = 1200 + int(data[i])
			}
			o[b], stack = stack, nil
		case b == 28 && i+2 < len(data):
			stack = append(stack, float64(int16(int(data[i+1])<<8|int(data[i+2])))) // #nosec G115 -- 16 bits
			i += 2
		case b == 29 && i+4 < len(data):
			stack = append(stack, float64(int32(int(data[i+1])<<24|int(data[i+2])<<16|int(data[i+3])<<8|int(data[i+4])))) // #nosec G115 -- 32 bits
			i += 4
		case b == 30:
			var v float64
			v, i = packedReal(data, i+1)
			stack = append(stack, v)
		case b >= 32 && b <= 246:
			stack = append(stack, float64(b-139))
		case b >= 247 && b <= 250 && i+1 < len(data):
			stack = append(stack, float64((b-247)*256+int(data[i+1])+108))
			i++
		case b >= 251 && b <= 254 && i+1 < len(data):
			stack = append(stack, float64(-(b-251)*256-int(data[i+1])-108))
			i++
		}
	}
	return o
}

// packedReal reads a real number of half bytes and returns the place of its last.
func packedReal(data []byte, at int) (float64, int) {
	var text strings.Builder
	for ; at < len(data); at++ {
		for _, half := range []byte{data[at] >> 4, data[at] & 15} {
			switch {
			case half < 10:
				text.WriteByte('0' + half)
			case half == 15:
				v, _ := strconv.ParseFloat(text.String(), 64) // else it is 0
				return v, at
			default:
				text.WriteString([]string{".", "E", "E-", "", "-"}[half-10])
			}
		}
	}
	return 0, at
}

// charset returns the name, or CID, of each glyph by number.
func (c *cff) charset(at, glyphs int) []int {
	ids := make([]int, 1, glyphs)
	if at <= 2 { // predefined; that of ISO Adobe is the numbers themselves
		for len(ids) < glyphs {
			ids = append(ids, len(ids))
		}
		return ids
	}
	format := c.u8(at)
	at++
	for len(ids) < glyphs && !c.bad {
		first, more := c.u16(at), 0
		switch format {
		case 0:
			at += 2
		case 1:
			more = c.u8(at + 2)
			at += 3
		default:
			more = c.u16(at + 2)
			at += 4
		}
		for i := 0; i <= more && len(ids) < glyphs; i++ {
			ids = append(ids, first+i)
		}
	}
	return ids
}

func stringOf(sid int, names []string, own [][]byte) string {
	switch {
	case sid < len(names):
		return names[sid]
	case sid >= firstOfOwn && sid-firstOfOwn < len(own):
		return string(own[sid-firstOfOwn])
	default:
		return "expert" + strconv.Itoa(sid)
	}
}

// encoding reads the program's own encoding.
func (c *cff) encoding(f *Font, at, glyphs int) {
	if at <= 1 { // predefined; that of experts is not looked into
		for code := range 256 {
			if g, ok := f.Names[StandardName(code)]; ok {
				f.Codes[code] = g
			}
		}
		return
	}
	format, n := c.u8(at)&0x7f, c.u8(at+1)
	glyph := 1
	for i := range n {
		switch format {
		case 0:
			f.Codes[c.u8(at+2+i)] = glyph
			glyph++
		case 1:
			first, more := c.u8(at+2+2*i), c.u8(at+3+2*i)
			for k := range more + 1 {
				f.Codes[first+k] = glyph
				glyph++
			}
		}
		if glyph > glyphs {
			return
		}
	}
}

// private is what widths need of a Private DICT, and the scale of its part of the font.
type private struct{ usual, nominal, scale float64 }

// privates returns them, and which of them a glyph has.
func (c *cff) privates(top operators, keyed bool, glyphs int) ([]private, func(glyph int) int) {
	const (
		mostParts = 256  // a glyph names its part in a byte
		longest   = 4096 // bytes of a Private DICT: no operator of it has more than 48 operands
	)
	read := func(o operators, scale float64) private {
		p := private{scale: scale}
		if v := o[18]; len(v) == 2 {
			inner := numbers(c.bytes(int(v[1]), min(int(v[0]), longest)))
			if w := inner[20]; len(w) > 0 {
				p.usual = w[len(w)-1]
			}
			if w := inner[21]; len(w) > 0 {
				p.nominal = w[len(w)-1]
			}
		}
		return p
	}
	if !keyed {
		return []private{read(top, 1)}, func(int) int { return 0 }
	}
	parts, _ := c.index(top.offset(1236))
	if len(parts) > mostParts {
		c.bad = true
	}
	var all []private
	for _, part := range parts[:min(len(parts), mostParts)] {
		o := numbers(part)
		scale := 1.0
		if m := o[1207]; len(m) == 6 {
			if scale = m[0]; len(top[1207]) != 6 {
				scale *= 1000 // the part alone says it
			}
		}
		all = append(all, read(o, scale))
	}
	if len(all) == 0 {
		c.bad = true
		return []private{{}}, func(int) int { return 0 }
	}
	return all, c.selected(top.offset(1237), glyphs)
}

// selected reads FDSelect.
func (c *cff) selected(at, glyphs int) func(int) int {
	if c.u8(at) == 0 {
		return func(g int) int { return c.u8(at + 1 + g) }
	}
	of := make([]int, glyphs)
	for i := range c.u16(at + 1) {
		first, part, next := c.u16(at+3+3*i), c.u8(at+5+3*i), c.u16(at+6+3*i)
		for g := first; g < next && g < glyphs; g++ {
			of[g] = part
		}
	}
	return func(g int) int { return of[g] }
}

// width returns the advance that a charstring of type 2 begins with: one operand more than its first operator takes. It is not a
// number where only the subroutines tell.
func (p private) width(program []byte) float64 {
	var stack []float64
	for i := 0; i < len(program); i++ {
		b := int(program[i])
		odd := false
		switch {
		case b == 28 && i+2 < len(program):
			stack = append(stack, float64(int16(int(program[i+1])<<8|int(program[i+2])))) // #nosec G115 -- 16 bits
			i += 2
			continue
		case b >= 32 && b <= 246:
			stack = append(stack, float64(b-139))
			continue
		case b >= 247 && b <= 250 && i+1 < len(program):
			stack = append(stack, float64((b-247)*256+int(program[i+1])+108))
			i++
			continue
		case b >= 251 && b <= 254 && i+1 < len(program):
			stack = append(stack, float64(-(b-251)*256-int(program[i+1])-108))
			i++
			continue
		case b == 255 && i+4 < len(program):
			stack = append(stack, float64(int32(int(program[i+1])<<24|int(program[i+2])<<16|int(program[i+3])<<8|int(program[i+4])))/65536) // #nosec G115 -- 32 bits
			i += 4
			continue
		case b == 1, b == 3, b == 18, b == 23, b == 19, b == 20: // stems and their masks take pairs
			odd = len(stack)%2 == 1
		case b == 21: // rmoveto
			odd = len(stack) > 2
		case b == 22, b == 4: // hmoveto, vmoveto
			odd = len(stack) > 1
		case b == 14: // endchar, of an accented letter with four
			odd = len(stack) == 1 || len(stack) == 5
		case b == 10, b == 29: // a subroutine may take it
			return math.NaN()
		}
		if odd {
			return p.nominal + stack[0]
		}
		return p.usual
	}
	return p.usual
}
