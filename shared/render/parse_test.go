package render

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// placed is a word as a reader of a result finds it.
type placed struct {
	Page       int
	Text       string
	Box        ocr.Box
	Confidence float64
}

func modelWords(pages []ocr.Page) []placed {
	var words []placed
	for _, p := range pages {
		p = clean(p)
		for w := range p.Words {
			words = append(words, placed{p.Number, w.Text, w.Box, w.Confidence})
		}
	}
	return words
}

// parseWords reads the words of a result back, with a parser for its format that trusts nothing.
func parseWords(f Format, data []byte) ([]placed, error) {
	switch f {
	case JSON:
		return jsonWords(data)
	case HOCR:
		return hocrWords(data)
	case ALTO:
		return altoWords(data)
	case TSV:
		return tsvWords(data)
	case ABBYYXML:
		return abbyyWords(data)
	default:
		return nil, fmt.Errorf("no words with boxes in %s", f)
	}
}

func jsonWords(data []byte) ([]placed, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var r Result
	if err := d.Decode(&r); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one value")
	}
	return modelWords(r.Pages), nil
}

func tsvWords(data []byte) ([]placed, error) {
	var words []placed
	rows := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	for _, row := range rows[1:] {
		cells := strings.Split(row, "\t")
		if len(cells) != 12 {
			return nil, fmt.Errorf("%d columns", len(cells))
		}
		if cells[0] != "5" {
			continue
		}
		n, err := integers(cells[1:10]...)
		if err != nil {
			return nil, err
		}
		confidence, err := strconv.ParseFloat(cells[10], 64)
		if err != nil {
			return nil, err
		}
		box := ocr.Box{X0: n[5], Y0: n[6], X1: n[5] + n[7], Y1: n[6] + n[8]}
		words = append(words, placed{n[0], cells[11], box, confidence})
	}
	return words, nil
}

// element is any XML element with its attributes and text.
type element struct {
	Name     string
	Attrs    map[string]string
	Text     string
	Children []*element
}

// parseXML decodes strictly and requires one root.
func parseXML(data []byte) (*element, error) {
	d := xml.NewDecoder(bytes.NewReader(data))
	d.Strict = true
	top := &element{}
	stack := []*element{top}
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		here := stack[len(stack)-1]
		switch t := t.(type) {
		case xml.StartElement:
			e := &element{Name: t.Name.Local, Attrs: map[string]string{}}
			for _, a := range t.Attr {
				if a.Name.Space == "" {
					e.Attrs[a.Name.Local] = a.Value
				}
			}
			here.Children = append(here.Children, e)
			stack = append(stack, e)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			here.Text += string(t)
		}
	}
	if len(top.Children) != 1 {
		return nil, fmt.Errorf("%d roots", len(top.Children))
	}
	return top.Children[0], nil
}

// all yields e and everything in it, in document order.
func (e *element) all(yield func(*element) bool) bool {
	if !yield(e) {
		return false
	}
	for _, c := range e.Children {
		if !c.all(yield) {
			return false
		}
	}
	return true
}

// find returns the elements that the condition holds for.
func (e *element) find(where func(*element) bool) []*element {
	var found []*element
	e.all(func(e *element) bool {
		if where(e) {
			found = append(found, e)
		}
		return true
	})
	return found
}

func named(name string) func(*element) bool {
	return func(e *element) bool { return e.Name == name }
}

func ofClass(name string) func(*element) bool {
	return func(e *element) bool { return e.Attrs["class"] == name }
}

// properties splits an hOCR title.
func (e *element) properties() map[string][]string {
	m := make(map[string][]string)
	for p := range strings.SplitSeq(e.Attrs["title"], ";") {
		if fields := strings.Fields(p); len(fields) > 0 {
			m[fields[0]] = fields[1:]
		}
	}
	return m
}

func hocrWords(data []byte) ([]placed, error) {
	root, err := parseXML(data)
	if err != nil {
		return nil, err
	}
	var words []placed
	for _, page := range root.find(ofClass("ocr_page")) {
		number, err := integers(page.properties()["ppageno"]...)
		if err != nil || len(number) != 1 {
			return nil, fmt.Errorf("ppageno: %w", err)
		}
		for _, w := range page.find(ofClass("ocrx_word")) {
			p := w.properties()
			n, err := integers(p["bbox"]...)
			if err != nil || len(n) != 4 {
				return nil, fmt.Errorf("bbox of %d numbers: %w", len(n), err)
			}
			confidence, err := strconv.ParseFloat(strings.Join(p["x_wconf"], " "), 64)
			if err != nil {
				return nil, err
			}
			words = append(words, placed{number[0] + 1, w.Text, ocr.Box{X0: n[0], Y0: n[1], X1: n[2], Y1: n[3]}, confidence})
		}
	}
	return words, nil
}

func altoWords(data []byte) ([]placed, error) {
	root, err := parseXML(data)
	if err != nil {
		return nil, err
	}
	var words []placed
	for _, page := range root.find(named("Page")) {
		number, err := strconv.Atoi(page.Attrs["PHYSICAL_IMG_NR"])
		if err != nil {
			return nil, err
		}
		for _, s := range page.find(func(e *element) bool { return e.Name == "String" || e.Name == "HYP" }) {
			if s.Name == "HYP" {
				words[len(words)-1].Text += s.Attrs["CONTENT"]
				continue
			}
			n, err := integers(s.Attrs["HPOS"], s.Attrs["VPOS"], s.Attrs["WIDTH"], s.Attrs["HEIGHT"])
			if err != nil {
				return nil, err
			}
			confidence, err := strconv.ParseFloat(s.Attrs["WC"], 64)
			if err != nil || confidence < 0 || confidence > 1 {
				return nil, fmt.Errorf("WC %v: %w", confidence, err)
			}
			box := ocr.Box{X0: n[0], Y0: n[1], X1: n[0] + n[2], Y1: n[1] + n[3]}
			words = append(words, placed{number, s.Attrs["CONTENT"], box, math.Round(confidence*10000) / 100})
		}
	}
	return words, nil
}

// abbyyWords puts words together from their characters. Confidences are whole numbers, and pages have none: they are counted.
func abbyyWords(data []byte) ([]placed, error) {
	if err := checkABBYY(data); err != nil {
		return nil, err
	}
	root, err := parseXML(data)
	if err != nil {
		return nil, err
	}
	var words []placed
	for i, page := range root.find(named("page")) {
		for _, c := range page.find(named("charParams")) {
			n, err := integers(c.Attrs["l"], c.Attrs["t"], c.Attrs["r"], c.Attrs["b"])
			if err != nil {
				return nil, err
			}
			box := ocr.Box{X0: n[0], Y0: n[1], X1: n[2], Y1: n[3]}
			confidence, read := c.Attrs["charConfidence"]
			switch value, err := strconv.Atoi(confidence); {
			case !read && c.Text != " ", read && err != nil:
				return nil, fmt.Errorf("the confidence of %q is %q", c.Text, confidence)
			case !read:
			case c.Attrs["wordFirst"] == "1":
				words = append(words, placed{i + 1, c.Text, box, float64(value)})
			default:
				w := &words[len(words)-1]
				w.Text, w.Box = w.Text+c.Text, w.Box.Union(box)
			}
		}
	}
	return words, nil
}

func integers(fields ...string) ([]int, error) {
	numbers := make([]int, 0, len(fields))
	for _, f := range fields {
		n, err := strconv.Atoi(f)
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}
