package ocr

import (
	"context"
	"io"
	"iter"
	"os"
	"slices"

	"github.com/lethe-ocr/lethe/shared/ocr/fairqueue"
)

// Engine reads documents. Everything that touches their bytes happens outside the calling process, so a document can
// make a call fail, never the caller. Errors are faults: kind Document is permanent and belongs to the document (or the
// one page), kind Unavailable is transient. All methods may be called from several goroutines at once.
type Engine interface {
	// Inspect finds type, page count and readability of a document without recognising anything.
	Inspect(ctx context.Context, src Source) (Info, error)
	// Recognise reads page number n, counted from 1. It tries once more in a fresh process when the first one died.
	Recognise(ctx context.Context, src Source, n int, opt Options) (Page, error)
	// WritePDF writes a PDF that keeps the appearance of the original, or what else the kind of the options says. pages yields every page once, in order. It
	// returns what is to be told of the result.
	WritePDF(ctx context.Context, src Source, opt PDFOptions, pages iter.Seq2[Page, error], w io.Writer) ([]Note, error)
	// Languages lists the installed languages as Tesseract's codes, sorted, without osd.
	Languages() []string
}

// Source is an open document. The engine reads File by offset only and never closes it.
type Source struct {
	File     *os.File         // readable; a regular file or a sealed memory file
	Fill     Filler           // brings the bytes of File before they are read; nil where they are all there
	ID       string           // the same for the same bytes and password, so that processes can keep it open between pages
	Password string           // opens an encrypted document; empty if none was given
	Owner    string           // on whose behalf it is read: workers go round by the processor time that each owner used
	Place    *fairqueue.Place // to read a page in; it stays the caller's. Nil to have the engine wait for one

	// Parts are the files of a document that consists of several, whose pages follow each other. WritePDF alone takes such a
	// source, whose File and Password are empty: what is found and read of the document is found and read of each file alone.
	Parts []Part
}

// Part is one file of a document that consists of several.
type Part struct {
	File     *os.File // as in Source
	Fill     Filler   // likewise
	Password string   // as in Source
	Pages    int      // in it, as Inspect found
	Locked   bool     // likewise
}

// MaxParts is how many files a document may consist of.
const MaxParts = 100

// Info is what Inspect finds.
type Info struct {
	Type      string `json:"type"`             // media type by content, such as application/pdf
	Pages     int    `json:"pages"`            // at least 1
	Encrypted bool   `json:"encrypted"`        // a password or an owner restriction is set
	Locked    bool   `json:"locked,omitempty"` // it opens with a password only
	Notes     []Note `json:"notes,omitempty"`

	Signatures int `json:"signatures,omitempty"` // digital ones, which hold for the document's bytes as they are
}

// Then returns what is found of a document whose pages are followed by those of another. The zero value is that of none.
func (i Info) Then(next Info) Info {
	if i.Pages == 0 {
		return next
	}
	all := i
	if all.Type != next.Type {
		all.Type = Mixed
	}
	all.Pages += next.Pages
	all.Encrypted, all.Locked = all.Encrypted || next.Encrypted, all.Locked || next.Locked
	all.Signatures += next.Signatures
	all.Notes = slices.Clone(all.Notes)
	for _, n := range next.Notes {
		if n.Page > 0 {
			n.Page += i.Pages
		}
		all.Notes = append(all.Notes, n)
	}
	return all
}

// Mixed is the media type of a document that consists of files of different types (RFC 2046, section 5.1.3).
const Mixed = "multipart/mixed"

// Options says how to read a page.
type Options struct {
	Languages []string `json:"languages"` // Tesseract's codes in order of preference; at least one
	Profile   Profile  `json:"profile"`

	Features

	// Choose has the page looked at instead of read, at a small part of the cost: it comes back with those of Languages that it
	// shows, the likeliest first, and no blocks.
	Choose bool `json:"choose,omitempty"`

	Letters string `json:"letters,omitempty"` // the characters that may occur; empty for all

	// Fields has these regions of the page read and nothing else: it comes back with Fields and no blocks. Their Page is n or 0.
	Fields []FieldRequest `json:"fields,omitempty"`

	Explain   bool `json:"explain,omitempty"` // fill Page.Decisions
	Scattered bool `json:"-"`                 // the picture shows pieces of text here and there on white; set where one is drawn
}

// Features is what to find on a page beside its words. What is not asked for costs nothing.
type Features struct {
	Characters bool `json:"characters,omitempty"` // fill Word.Characters: a page takes about six times the memory
	Tables     bool `json:"tables,omitempty"`     // put words that stand in the cells of a table into blocks with rows
	Barcodes   bool `json:"barcodes,omitempty"`   // add a block for each bar code
	MRZ        bool `json:"mrz,omitempty"`        // put machine-readable zones of travel documents into blocks of their own

	Alternatives bool `json:"alternatives,omitempty"` // fill Char.Variants, with Characters
}

// With returns what either asks for.
func (f Features) With(g Features) Features {
	return Features{
		Characters: f.Characters || g.Characters, Tables: f.Tables || g.Tables, Barcodes: f.Barcodes || g.Barcodes, MRZ: f.MRZ || g.MRZ,
		Alternatives: f.Alternatives || g.Alternatives,
	}
}

// Profile trades time for accuracy.
type Profile string

// The profiles.
const (
	Accurate Profile = "accurate" // default: what is in doubt is read again (package reading)
	Fast     Profile = "fast"     // each page once, turned where that is needed
)

// Profiles lists every profile, the default first.
func Profiles() []Profile { return []Profile{Accurate, Fast} }

// Limits bounds what a document may ask of the engine. Zero values are invalid; see DefaultLimits.
type Limits struct {
	Bytes  int64 `json:"bytes"`  // size of the document
	Pages  int   `json:"pages"`  // pages in it
	Pixels int64 `json:"pixels"` // width × height of one page, decoded or rendered
}

// DefaultLimits are 200 MiB a document, 2,000 pages and 100 megapixels a page.
func DefaultLimits() Limits {
	return Limits{Bytes: 200 << 20, Pages: 2000, Pixels: 100_000_000}
}
