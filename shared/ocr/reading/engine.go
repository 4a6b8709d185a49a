//go:build cgo

package reading

import (
	"context"
	"image"

	"github.com/lethe-ocr/lethe/shared/picture"
)

// Engine finds words in pictures. It is for one goroutine at a time.
type Engine interface {
	// Languages lists the installed languages as Tesseract's codes, sorted.
	Languages() []string
	// Recognise looks at a grey picture once. A picture without a resolution has the engine make its own estimate. It fails with
	// errors.ErrUnsupported if the engine does not have the mode, with a refusal if the picture or a language is to blame,
	// and soon after ctx ends.
	Recognise(ctx context.Context, im *picture.Image, ask Ask) (Found, error)
	// Close frees what the engine holds.
	Close() error
}

// Mode says what a picture shows.
type Mode int

// The modes.
const (
	Auto        Mode = iota // a page in any layout, upright
	Orientation             // a page in any layout, any way up: Found.Turn alone is wanted
	SingleBlock             // lines of one block
	Sparse                  // pieces of text in no order
	SingleLine              // one line
)

// Ask says what an engine is to find.
type Ask struct {
	Languages []string        // in order of preference; at least one
	Mode      Mode            //
	Region    image.Rectangle // of the picture; empty: all of it

	Letters      string // the characters that may occur; empty: all of the languages
	Characters   bool   // fill Word.Characters
	Alternatives bool   // fill Character.Alternatives as well
}

// Part returns the part of a picture that is asked for; it is empty if the region lies outside.
func (a Ask) Part(im *picture.Image) image.Rectangle {
	if a.Region.Empty() {
		return bounds(im)
	}
	return a.Region.Intersect(bounds(im))
}

// Found is what an engine found in a picture. Everything is in pixels of the whole picture that it was shown.
type Found struct {
	Words []Word // in reading order
	Turn  int    // clockwise, in degrees, that makes the page upright; of Orientation alone
}

// Word is what an engine found of one word.
type Word struct {
	Text       string
	Box        image.Rectangle
	Confidence float64 // 0 to 100

	Block, Paragraph, Line int // counted from 1, a paragraph within its block, a line within its paragraph

	Baseline   [2]image.Point // of the line, from its start to its end; both zero if it is not known
	Height     float64        // of a letter with ascender and descender; 0 if it is not known
	Characters []Character    // only where they were asked for
}

// Character is what an engine found of one character.
type Character struct {
	Text         string
	Box          image.Rectangle
	Confidence   float64       // 0 to 100
	Alternatives []Alternative // what else it may be, the likeliest first; only where they were asked for
}

// Alternative is another way to read a character.
type Alternative struct {
	Text       string
	Confidence float64 // 0 to 100
}
