package pdf

import (
	"io"

	"github.com/lethe-ocr/lethe/shared/pdf/contentstream"
)

// resident holds objects of a saved PDF in memory, with their streams: all that some of its pages are drawn with.
type resident struct {
	objects map[int]kept
	fonts   map[int]*contentstream.Font // by object number
	decoded map[int][]byte              // streams without their filters; nil for those that cannot be decoded
	size    int                         // bytes of decoded
	names   nameIndex
}

type kept struct {
	raw  string // of a stream, its dictionary
	data []byte // of a stream, as stored
	is   bool   // it is a stream
}

const (
	maxDecoded  = 32 << 20 // bytes of one content stream
	maxResident = 96 << 20 // bytes of the content streams of pages that are edited together
)

// collect reads the objects of a saved PDF that are wanted. clean is as for readSaved.
func collect(r io.Reader, wanted map[int]bool, clean func(raw string) (string, bool)) (*resident, error) {
	c := &resident{objects: map[int]kept{}, fonts: map[int]*contentstream.Font{}, decoded: map[int][]byte{}}
	_, _, err := scanSaved(r, func(p part) error {
		if !wanted[p.number] {
			return nil
		}
		if clean != nil {
			p.raw, _ = clean(p.raw)
		}
		k := kept{raw: p.raw}
		if p.stream != nil {
			data, err := io.ReadAll(p.stream)
			if err != nil {
				return errSyntax
			}
			k.data, k.is = data, true
		}
		c.objects[p.number] = k
		return nil
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// resolve returns the object that value refers to, or value itself.
func (c *resident) resolve(value string) string {
	if n, ok := parseReference(value); ok {
		return c.objects[n].raw
	}
	return value
}

func (c *resident) dictionary(value string) dictionary { return dictionaryOf(c.resolve(value)) }

// stream returns what the stream of a number holds; false for one that cannot be decoded.
func (c *resident) stream(number int) ([]byte, bool) {
	if data, ok := c.decoded[number]; ok {
		return data, data != nil
	}
	c.decoded[number] = nil
	k := c.objects[number]
	if !k.is {
		return nil, false
	}
	filters, ok := c.filters(dictionaryOf(k.raw))
	if !ok {
		return nil, false
	}
	data, err := contentstream.Decode(k.data, filters, min(maxDecoded, maxResident-c.size))
	if err != nil {
		return nil, false
	}
	c.size += len(data)
	if data == nil {
		data = []byte{}
	}
	c.decoded[number] = data
	return data, true
}

// filters reads the filters of a stream (ISO 32000-1, table 5).
func (c *resident) filters(d dictionary) ([]contentstream.Filter, bool) {
	if _, external := d.get("/F"); external {
		return nil, false
	}
	list := func(key string) []string {
		value, ok := d.get(key)
		if value = c.resolve(value); !ok || value == "" || value == "null" {
			return nil
		}
		if elements, ok := parseArray(value); ok {
			return elements
		}
		return []string{value}
	}
	parameters := list("/DecodeParms")
	var filters []contentstream.Filter
	for i, name := range list("/Filter") {
		f := contentstream.Filter{Name: contentstream.DecodeName(c.resolve(name))}
		if i < len(parameters) {
			p := c.dictionary(parameters[i])
			if early, ok := p.get("/EarlyChange"); ok {
				f.LateLZW = c.resolve(early) == "0"
			}
			if predictor, ok := p.get("/Predictor"); ok {
				f.Predicted = c.resolve(predictor) != "1"
			}
		}
		filters = append(filters, f)
	}
	return filters, true
}
