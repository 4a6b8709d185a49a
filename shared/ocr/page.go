// Package ocr is the engine-neutral page model and the Engine that fills it. Every result format is written from this
// model alone, so formats cannot disagree about a word, its position or its confidence.
package ocr

// Box is a rectangle in whole pixels of the page as displayed: origin top left, X0 and Y0 inside, X1 and Y1 outside.
type Box struct {
	X0 int `json:"x0"`
	Y0 int `json:"y0"`
	X1 int `json:"x1"`
	Y1 int `json:"y1"`
}

// Empty reports whether the box holds no pixel.
func (b Box) Empty() bool { return b.X0 >= b.X1 || b.Y0 >= b.Y1 }

// Width returns the width in pixels.
func (b Box) Width() int { return b.X1 - b.X0 }

// Height returns the height in pixels.
func (b Box) Height() int { return b.Y1 - b.Y0 }

// Union returns the smallest box that holds both. An empty box adds nothing.
func (b Box) Union(o Box) Box {
	switch {
	case b.Empty():
		return o
	case o.Empty():
		return b
	}
	return Box{min(b.X0, o.X0), min(b.Y0, o.Y0), max(b.X1, o.X1), max(b.Y1, o.Y1)}
}

// Word is one word as recognised, in logical (reading) order of its characters.
type Word struct {
	Text       string  `json:"text"`
	Box        Box     `json:"box"`
	Confidence float64 `json:"confidence"`           // 0 to 100; 100 for words of a text layer
	Font       int     `json:"font,omitempty"`       // place in Page.Fonts, counted from 1; 0 if nothing is known
	Characters []Char  `json:"characters,omitempty"` // only where Options.Characters asked for them; together they are Text
}

// Char is a character as a reader sees it: one code point or several, such as a letter with its accents.
type Char struct {
	Text       string  `json:"text"`
	Box        Box     `json:"box"`
	Confidence float64 `json:"confidence"` // 0 to 100
}

// Font is how words are set. What is not known is zero.
type Font struct {
	Family string  `json:"family,omitempty"` // as the document names it
	Size   float64 `json:"size,omitempty"`   // points
	Style  Style   `json:"style,omitempty"`
}

// Style is a set of properties of a font.
type Style uint8

// The properties. They are stored: new ones go to the end.
const (
	Bold Style = 1 << iota
	Italic
	FixedWidth
	Serif
	SmallCaps
)

// Line is one line of text; its words are in reading order.
type Line struct {
	Box      Box       `json:"box"`
	Baseline *Baseline `json:"baseline,omitempty"` // nil if it is not known
	Words    []Word    `json:"words"`
}

// Baseline is the line on which letters stand, from its start to its end in reading direction, in pixels of the page as
// displayed. It may lie outside the box of its line.
type Baseline struct {
	X0 int `json:"x0"`
	Y0 int `json:"y0"`
	X1 int `json:"x1"`
	Y1 int `json:"y1"`
}

// Paragraph is a run of lines.
type Paragraph struct {
	Box   Box    `json:"box"`
	Lines []Line `json:"lines"`
}

// BlockKind says what a block is.
type BlockKind string

// The kinds. Pages that were stored before there were kinds hold text alone.
const (
	TextBlock      BlockKind = ""          // paragraphs
	TableBlock     BlockKind = "table"     // rows of cells
	PictureBlock   BlockKind = "picture"   // nothing to read
	SeparatorBlock BlockKind = "separator" // a rule between other blocks
	BarcodeBlock   BlockKind = "barcode"   // a value
)

// Block is a region of a page, such as a column of text.
type Block struct {
	Box        Box         `json:"box"`
	Kind       BlockKind   `json:"kind,omitempty"`
	Origin     Origin      `json:"origin,omitempty"` // where it differs from the page's
	Paragraphs []Paragraph `json:"paragraphs"`       // of text
	Rows       []Row       `json:"rows,omitempty"`   // of a table, from the top
	Value      string      `json:"value,omitempty"`  // of a barcode
	Symbology  string      `json:"symbology,omitempty"`
}

// Row is a row of a table.
type Row struct {
	Box   Box    `json:"box"`
	Cells []Cell `json:"cells"` // in reading order; a cell that spans several rows stands in the first
}

// Cell is a cell of a table.
type Cell struct {
	Box        Box         `json:"box"`
	Columns    int         `json:"columns,omitempty"` // that it spans; 0 stands for 1
	Rows       int         `json:"rows,omitempty"`    // that it spans; 0 stands for 1
	Paragraphs []Paragraph `json:"paragraphs"`
}

// Origin says where the words of a page come from.
type Origin string

// The origins.
const (
	Recognised Origin = "recognised" // by the OCR engine
	TextLayer  Origin = "text-layer" // taken from a born-digital page
	Blank      Origin = "blank"      // nothing to read on the page
	Failed     Origin = "failed"     // see Page.Failure
)

// Page is one page of a document. All boxes are in pixels of the page as displayed, that is after EXIF orientation and
// PDF /Rotate and before any turn that the engine found necessary to read it (Angle).
type Page struct {
	Number     int      `json:"number"`         // from 1
	Width      int      `json:"width"`          // pixels
	Height     int      `json:"height"`         // pixels
	DPI        int      `json:"dpi"`            // pixels an inch that Width and Height stand for
	DPIY       int      `json:"dpiY,omitempty"` // of Height alone, where pixels are not square; else 0
	Angle      int      `json:"angle"`          // clockwise turn in degrees (0, 90, 180, 270) that makes the text upright
	Origin     Origin   `json:"origin"`
	Languages  []string `json:"languages,omitempty"` // as asked for, Tesseract's codes
	Confidence float64  `json:"confidence"`          // mean over words weighed by letters, less what the dark swallowed; 0 if there are none
	Blocks     []Block  `json:"blocks"`
	Fonts      []Font   `json:"fonts,omitempty"`   // that words refer to
	Failure    *Failure `json:"failure,omitempty"` // set when Origin is Failed

	HiddenWords int    `json:"hidden_words,omitempty"` // of the text layer that do not show; they are in none of the blocks
	Notes       []Note `json:"notes,omitempty"`

	Decisions []Decision `json:"decisions,omitempty"` // only where Options.Explain asked for them
}

// Failure explains a page that could not be read while the rest of the document could.
type Failure struct {
	Code   string `json:"code"`   // a fault.Code
	Detail string `json:"detail"` // a sentence for people
}

// Resolution returns the pixels an inch of each direction.
func (p *Page) Resolution() (x, y int) {
	if p.DPIY == 0 {
		return p.DPI, p.DPI
	}
	return p.DPI, p.DPIY
}

// Text calls yield for each paragraph that the block holds, in reading order, cells of a table row by row, until it returns
// false.
func (b *Block) Text(yield func(*Paragraph) bool) {
	for i := range b.Paragraphs {
		if !yield(&b.Paragraphs[i]) {
			return
		}
	}
	for _, r := range b.Rows {
		for _, c := range r.Cells {
			for i := range c.Paragraphs {
				if !yield(&c.Paragraphs[i]) {
					return
				}
			}
		}
	}
}

// Words calls yield for each word in reading order until it returns false.
func (p *Page) Words(yield func(Word) bool) {
	for i := range p.Blocks {
		for g := range p.Blocks[i].Text {
			for _, l := range g.Lines {
				for _, w := range l.Words {
					if !yield(w) {
						return
					}
				}
			}
		}
	}
}
