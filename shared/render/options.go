package render

import (
	"slices"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// Options says how results are written beyond their format. The zero value is what every format does by default; a format for
// which an option means nothing leaves it out of account.
type Options struct {
	Formatting      bool `json:"formatting,omitempty"`       // of XML of the ABBYY interface: fonts, sizes and styles
	CharVariants    bool `json:"char_variants,omitempty"`    // of the same and of fields: what else a character may read
	WordVariants    bool `json:"word_variants,omitempty"`    // of the same: what else a word may read
	NoBarcodes      bool `json:"no_barcodes,omitempty"`      // bar codes are neither looked for nor written
	BarcodesOnly    bool `json:"barcodes_only,omitempty"`    // nothing but bar codes is written, in formats that can hold them
	JoinLines       bool `json:"join_lines,omitempty"`       // of plain text in reading order: a paragraph is one line
	Components      bool `json:"components,omitempty"`       // of business cards: the parts of names, numbers and addresses
	CharacterDetail bool `json:"character_detail,omitempty"` // of business cards: characters with their positions
	Untagged        bool `json:"untagged,omitempty"`         // of PDFs: without the structure of the text
}

// of returns a page without the blocks that are not to be written.
func (o Options) of(p ocr.Page) ocr.Page {
	if o.NoBarcodes || o.BarcodesOnly {
		p.Blocks = slices.DeleteFunc(slices.Clone(p.Blocks), func(b ocr.Block) bool {
			return (b.Kind == ocr.BarcodeBlock) != o.BarcodesOnly
		})
	}
	return p
}
