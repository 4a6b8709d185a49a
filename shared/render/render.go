// Package render writes the results of a document from the page model alone, one page at a time. Every page passes
// through one clean-up first, so no format can disagree with another about a word, and no document can break a format.
// Memory is bounded by the largest page.
package render

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
)

// Format is a result format.
type Format string

// The formats.
const (
	TXT  Format = "txt"  // plain text in UTF-8, pages separated by a form feed
	JSON Format = "json" // see Result
	HOCR Format = "hocr" // hOCR 1.2 in XHTML
	ALTO Format = "alto" // ALTO 4.4
	TSV  Format = "tsv"  // the table of Tesseract's tsv output
	PDF  Format = "pdf"  // searchable PDF, written by the engine and not by this package
)

// Formats lists every format.
func Formats() []Format { return []Format{TXT, JSON, HOCR, ALTO, TSV, PDF} }

// ParseFormat returns the format of that name.
func ParseFormat(name string) (Format, error) {
	if f := Format(name); slices.Contains(Formats(), f) {
		return f, nil
	}
	names := make([]string, 0, len(Formats()))
	for _, f := range Formats() {
		names = append(names, string(f))
	}
	return "", fault.New(fault.FormatUnknown, "A result format is unknown; the formats are %s.", strings.Join(names, ", "))
}

// FromModel reports whether Write can write the format.
func (f Format) FromModel() bool { return f != PDF && slices.Contains(Formats(), f) }

// MediaType returns the media type for a Content-Type header. ALTO has no registered type of its own.
func (f Format) MediaType() string {
	switch f {
	case TXT:
		return "text/plain; charset=utf-8"
	case JSON:
		return "application/json"
	case HOCR:
		return "text/vnd.hocr+html; charset=utf-8"
	case ALTO:
		return "application/xml"
	case TSV:
		return "text/tab-separated-values; charset=utf-8"
	case PDF:
		return "application/pdf"
	default:
		return "application/octet-stream"
	}
}

// Extension returns the file name extension with its dot. It is the empty string for an unknown format.
func (f Format) Extension() string {
	switch f {
	case ALTO:
		return ".alto.xml"
	case TXT, JSON, HOCR, TSV, PDF:
		return "." + string(f)
	default:
		return ""
	}
}

// Document is what a result says about the document besides its pages. It holds nothing that a user wrote.
type Document struct {
	ID        string    // the task's id; empty if there is none
	Languages []string  // as asked for, Tesseract's codes in order of preference
	Created   time.Time // when it was recognised; left out if zero
	Software  string    // version of this program
	Pages     int       // how many pages follow; zero if unknown
}

// softwareName goes into the formats that name their maker.
const softwareName = "Lethe"

// renderer appends one format to the buffer it was made with. The calls are begin, page for each page, end.
type renderer interface {
	begin(doc Document) error
	page(p ocr.Page) error
	end() error
}

func newRenderer(f Format, b *bytes.Buffer) (renderer, error) {
	switch f {
	case TXT:
		return &text{b: b}, nil
	case JSON:
		return &jsonDocument{b: b}, nil
	case HOCR:
		return &hocr{markup: newMarkup(b)}, nil
	case ALTO:
		return &alto{markup: newMarkup(b)}, nil
	case TSV:
		return &table{b: b}, nil
	case PDF:
		return nil, fault.New(fault.InternalError, "PDF is not written from the page model.")
	default:
		return nil, fault.New(fault.FormatUnknown, "A result format is unknown.")
	}
}

// Write writes the document in the format. Pages come in ascending order of their numbers, at least one. After an error,
// which may be one of the sequence, what was written is not a valid result: discard it.
func Write(w io.Writer, f Format, doc Document, pages iter.Seq2[ocr.Page, error]) error {
	var b bytes.Buffer
	r, err := newRenderer(f, &b)
	if err != nil {
		return err
	}
	if err := r.begin(doc); err != nil {
		return fmt.Errorf("render %s: %w", f, err)
	}
	count, last := 0, 0
	for p, err := range pages {
		if err != nil {
			return err
		}
		// Identifiers in the output derive from the number, so it must not come twice.
		if p.Number <= last {
			return fault.New(fault.InternalError, "Page %d comes after page %d.", p.Number, last)
		}
		count, last = count+1, p.Number
		if err := r.page(clean(p)); err != nil {
			return fmt.Errorf("render %s: page %d: %w", f, p.Number, err)
		}
		if _, err := b.WriteTo(w); err != nil {
			return fmt.Errorf("write %s: %w", f, err)
		}
	}
	if count == 0 || doc.Pages > 0 && count != doc.Pages {
		return fault.New(fault.InternalError, "The result has %d pages of %d.", count, doc.Pages)
	}
	if err := r.end(); err != nil {
		return fmt.Errorf("render %s: %w", f, err)
	}
	if _, err := b.WriteTo(w); err != nil {
		return fmt.Errorf("write %s: %w", f, err)
	}
	return nil
}
