package contentstream

import (
	"bytes"
	"compress/flate"
	"compress/lzw"
	"encoding/ascii85"
	"errors"
	"io"

	tiff "golang.org/x/image/tiff/lzw"
)

// Filter is one step by which the bytes of a stream are to be decoded.
type Filter struct {
	Name      string // as in ISO 32000-1, table 6, without its slash
	LateLZW   bool   // EarlyChange is 0
	Predicted bool   // the parameters ask for a predictor
}

// The errors of Decode.
var (
	ErrFilter  = errors.New("content stream with a filter that is not for text")
	ErrDamaged = errors.New("content stream with damaged data")
	ErrTooLong = errors.New("content stream longer than the limit")
)

// maxFilters bounds the filters of one stream: writers use one or two.
const maxFilters = 8

// Decode returns what a stream holds, if it has at most limit bytes, also between filters.
func Decode(data []byte, filters []Filter, limit int) ([]byte, error) {
	if len(filters) > maxFilters {
		return nil, ErrFilter
	}
	if len(data) > limit {
		return nil, ErrTooLong
	}
	for _, f := range filters {
		if len(data) == 0 {
			break // an empty stream may keep the names of its filters
		}
		r, err := f.reader(data)
		if err != nil {
			return nil, err
		}
		if data, err = io.ReadAll(io.LimitReader(r, int64(limit)+1)); err != nil {
			return nil, ErrDamaged
		}
		if len(data) > limit {
			return nil, ErrTooLong
		}
	}
	return data, nil
}

func (f Filter) reader(data []byte) (io.Reader, error) {
	if f.Predicted {
		return nil, ErrFilter
	}
	switch f.Name {
	case "FlateDecode", "Fl":
		// The checksum at the end is wrong or missing in many files; viewers do not look at it.
		if len(data) < 2 || data[0]&0x0f != 8 || data[1]&0x20 != 0 {
			return nil, ErrDamaged
		}
		return flate.NewReader(bytes.NewReader(data[2:])), nil
	case "LZWDecode", "LZW":
		if f.LateLZW {
			return lzw.NewReader(bytes.NewReader(data), lzw.MSB, 8), nil
		}
		return tiff.NewReader(bytes.NewReader(data), tiff.MSB, 8), nil
	case "ASCII85Decode", "A85":
		data, _, _ = bytes.Cut(data, []byte("~>"))
		return ascii85.NewDecoder(bytes.NewReader(withoutSpace(data))), nil
	case "ASCIIHexDecode", "AHx":
		return bytes.NewReader(decodeHexadecimal(data)), nil
	case "RunLengthDecode", "RL":
		return &runReader{data: data}, nil
	}
	return nil, ErrFilter
}

// withoutSpace leaves out white space, of which package ascii85 knows only a part.
func withoutSpace(data []byte) []byte {
	kept := make([]byte, 0, len(data))
	for _, c := range data {
		if !isSpace(c) {
			kept = append(kept, c)
		}
	}
	return kept
}

// endOfRuns is the length that ends data packed in runs.
const endOfRuns = 128

// runReader decodes runs of bytes (ISO 32000-1, section 7.4.5).
type runReader struct {
	data    []byte
	pending []byte
}

func (r *runReader) Read(b []byte) (int, error) {
	for len(r.pending) == 0 {
		if len(r.data) == 0 || r.data[0] == endOfRuns {
			return 0, io.EOF
		}
		n := int(r.data[0])
		if n < endOfRuns {
			end := min(n+2, len(r.data))
			r.pending, r.data = r.data[1:end], r.data[end:]
			continue
		}
		if len(r.data) < 2 {
			return 0, io.EOF
		}
		r.pending, r.data = bytes.Repeat(r.data[1:2], 257-n), r.data[2:]
	}
	n := copy(b, r.pending)
	r.pending = r.pending[n:]
	return n, nil
}
