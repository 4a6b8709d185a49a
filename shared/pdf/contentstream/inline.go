package contentstream

import (
	"bytes"
	"compress/zlib"
	"io"
)

// inlineImage moves past an inline image, the operator BI of which has been read (ISO 32000-1, section 8.9.7). Its data may hold
// the bytes that end it. The end is computed where the data tell it, and otherwise is the first that cannot be data.
func (s *scanner) inlineImage() {
	entries, ok := s.imageEntries()
	if !ok {
		return
	}
	data := min(s.at+1, len(s.data)) // a single white-space character follows ID
	if n, ok := s.length(entries, s.data[data:]); ok && data+n <= len(s.data) {
		at := data + n
		for at < len(s.data) && isSpace(s.data[at]) {
			at++
		}
		if endsImage(s.data, at) {
			s.at = at + 2
			return
		}
	}
	for at := data; ; at += 2 {
		i := bytes.Index(s.data[at:], []byte("EI"))
		if i < 0 {
			s.at = len(s.data)
			return
		}
		at += i
		if (at == data || isSpace(s.data[at-1])) && endsImage(s.data, at) && plausible(s.data[at+2:]) {
			s.at = at + 2
			return
		}
	}
}

// endsImage reports whether the operator EI stands at a place.
func endsImage(data []byte, at int) bool {
	return bytes.HasPrefix(data[at:], []byte("EI")) && (at+2 == len(data) || !isRegular(data[at+2]))
}

// plausible reports whether what follows may be operators rather than the data of an image.
func plausible(rest []byte) bool {
	for _, c := range rest[:min(len(rest), 24)] {
		if c >= 0x7f || c < ' ' && !isSpace(c) {
			return false
		}
	}
	return true
}

// imageEntries is what the dictionary of an inline image says of the length of its data.
type imageEntries struct {
	width, height, bits, components int
	filters                         [][]byte
}

// imageEntries reads the dictionary up to and including ID.
func (s *scanner) imageEntries() (imageEntries, bool) {
	e := imageEntries{bits: 8, components: -1}
	var key []byte
	for {
		s.space()
		if s.at >= len(s.data) {
			return e, false
		}
		from := s.at
		kind, keyword := s.object()
		if keyword == "ID" {
			return e, true
		}
		raw := s.data[from:s.at]
		if key == nil {
			if kind == name {
				key = raw
			}
			continue
		}
		e.entry(s.data, string(key), operand{kind, from, s.at})
		key = nil
	}
}

func (e *imageEntries) entry(data []byte, key string, value operand) {
	raw := data[value.start:value.end]
	switch key {
	case "/W", "/Width":
		e.width = int(float(raw))
	case "/H", "/Height":
		e.height = int(float(raw))
	case "/BPC", "/BitsPerComponent":
		e.bits = int(float(raw))
	case "/IM", "/ImageMask":
		if string(raw) == "true" {
			e.bits, e.components = 1, 1
		}
	case "/CS", "/ColorSpace":
		e.components = components(data, value)
	case "/F", "/Filter":
		e.filters = nil
		if value.kind == name {
			e.filters = [][]byte{raw}
		}
		if value.kind == array {
			for _, f := range elements(data, value) {
				e.filters = append(e.filters, data[f.start:f.end])
			}
		}
	}
}

// components returns how many numbers a pixel has in a colour space, or -1 where only the resources tell.
func components(data []byte, space operand) int {
	raw := string(data[space.start:space.end])
	if space.kind == array {
		parts := elements(data, space)
		if len(parts) == 0 {
			return -1
		}
		raw = string(data[parts[0].start:parts[0].end])
	}
	switch raw {
	case "/G", "/DeviceGray", "/CalGray", "/I", "/Indexed":
		return 1
	case "/RGB", "/DeviceRGB", "/CalRGB", "/Lab":
		return 3
	case "/CMYK", "/DeviceCMYK":
		return 4
	}
	return -1
}

// maxSearched bounds how many bytes are looked at in one stream to find the ends of its images, beyond what is passed by. When
// they are used up, ends are searched for.
const maxSearched = 64 << 20

// length returns how many bytes the data of an image have, where that can be told before their end is seen.
func (s *scanner) length(e imageEntries, data []byte) (length int, ok bool) {
	if len(e.filters) == 0 {
		if e.components < 1 || e.width < 1 || e.height < 1 || e.bits < 1 || e.bits > 16 ||
			e.width > maxSearched || e.height > maxSearched {
			return 0, false
		}
		row := (e.width*e.components*e.bits + 7) / 8
		return row * e.height, true
	}
	if s.searched >= maxSearched {
		return 0, false
	}
	until := func(end string) (int, bool) {
		i := bytes.Index(data, []byte(end))
		if i < 0 {
			s.searched += len(data)
			return 0, false
		}
		s.searched += i
		return i + len(end), true
	}
	switch string(e.filters[0]) {
	case "/Fl", "/FlateDecode":
		return s.deflated(data)
	case "/A85", "/ASCII85Decode":
		return until("~>")
	case "/AHx", "/ASCIIHexDecode":
		return until(">")
	case "/RL", "/RunLengthDecode":
		return s.runs(data)
	case "/DCT", "/DCTDecode":
		return until("\xff\xd9")
	}
	return 0, false
}

func (s *scanner) deflated(data []byte) (int, bool) {
	r := bytes.NewReader(data) // a ByteReader, so that nothing behind the data is read
	z, err := zlib.NewReader(r)
	if err != nil {
		return 0, false
	}
	n, err := io.Copy(io.Discard, io.LimitReader(z, int64(maxSearched-s.searched)))
	s.searched += int(n) + len(data) - r.Len()
	return len(data) - r.Len(), err == nil
}

// runs returns where data packed in runs end (ISO 32000-1, section 7.4.5).
func (s *scanner) runs(data []byte) (int, bool) {
	at := 0
	defer func() { s.searched += at }()
	for at < len(data) {
		switch n := int(data[at]); {
		case n == endOfRuns:
			return at + 1, true
		case n < endOfRuns:
			at += n + 2
		default:
			at += 2
		}
	}
	return 0, false
}
