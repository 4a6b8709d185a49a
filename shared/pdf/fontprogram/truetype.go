package fontprogram

// TrueType reads a font of TrueType outlines, or the tables of an OpenType font beside its outlines (OpenType 1.9).
func TrueType(data []byte) (*Font, error) {
	w := &window{data: data}
	tables := map[string][2]int{}
	for i := range min(w.u16(4), 256) {
		record := 12 + 16*i
		tables[string(w.bytes(record, 4))] = [2]int{w.u32(record + 8), w.u32(record + 12)}
	}
	head, hhea, hmtx, maxp := tables["head"], tables["hhea"], tables["hmtx"], tables["maxp"]
	if w.bad || head[0] == 0 || hhea[0] == 0 || hmtx[0] == 0 || maxp[0] == 0 {
		return nil, ErrDamaged
	}
	em, glyphs, metrics := w.u16(head[0]+18), w.u16(maxp[0]+4), w.u16(hhea[0]+34)
	if w.bad || em == 0 || metrics == 0 {
		return nil, ErrDamaged
	}
	f := &Font{widths: make([]float64, glyphs), Maps: map[Map]Mapping{}}
	for g := range glyphs {
		f.widths[g] = float64(w.u16(hmtx[0]+4*min(g, metrics-1))) * 1000 / float64(em)
	}
	if w.bad {
		return nil, ErrDamaged
	}
	if cmap, ok := tables["cmap"]; ok {
		f.maps(&window{data: w.bytes(cmap[0], min(cmap[1], len(data)))})
	}
	return f, nil
}

// maps reads the character maps. One that is damaged has the glyphs that could be read.
func (f *Font) maps(w *window) {
	for i := range min(w.u16(2), 32) {
		record := 4 + 8*i
		which, at := Map{w.u16(record), w.u16(record + 2)}, w.u32(record+4)
		if w.bad {
			return
		}
		if _, twice := f.Maps[which]; !twice {
			f.Maps[which] = mapping(&window{data: w.data}, at)
		}
	}
}

func mapping(w *window, at int) Mapping {
	m := Mapping{}
	set := func(code, glyph int) {
		if glyph != 0 && !w.bad {
			m[code] = glyph
		}
	}
	switch w.u16(at) {
	case 0:
		for code := range 256 {
			set(code, w.u8(at+6+code))
		}
	case 4:
		segments(w, at, set)
	case 6:
		first := w.u16(at + 6)
		for i := range w.u16(at + 8) {
			set(first+i, w.u16(at+10+2*i))
		}
	case 12:
		left := mostCodes
		for i := range min(w.u32(at+12), mostCodes) {
			group := at + 16 + 12*i
			first, last, glyph := w.u32(group), w.u32(group+4), w.u32(group+8)
			for code := first; code <= last && left > 0 && !w.bad; code++ {
				left--
				set(code, glyph+code-first)
			}
		}
	}
	return m
}

// mostCodes bounds the codes that are taken from one map, whose parts may overlap in a damaged one.
const mostCodes = 1 << 17

// segments reads a map of format 4.
func segments(w *window, at int, set func(code, glyph int)) {
	n := w.u16(at+6) / 2
	ends, starts, deltas, offsets := at+14, at+16+2*n, at+16+4*n, at+16+6*n
	left := mostCodes
	for i := range n {
		first, last, delta, offset := w.u16(starts+2*i), w.u16(ends+2*i), w.u16(deltas+2*i), w.u16(offsets+2*i)
		for code := first; code <= last && code != 0xffff && left > 0 && !w.bad; code++ {
			left--
			glyph := code
			if offset != 0 {
				if glyph = w.u16(offsets + 2*i + offset + 2*(code-first)); glyph == 0 {
					continue
				}
			}
			set(code, (glyph+delta)&0xffff)
		}
	}
}
