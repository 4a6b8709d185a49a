// Package ocr is the engine-neutral page model and the Engine that fills it. Every result format is written from this
// model alone, so formats cannot disagree about a word, its position or its confidence.
package ocr

// Box is a rectangle in whole pixels of the page as displayed: origin top left, X0 and Y0 inside, X1 and Y1 outside.
type Box struct {
	X0 int `json:"x0" doc:"Left, in pixels."`
	Y0 int `json:"y0" doc:"Top, in pixels."`
	X1 int `json:"x1" doc:"Right, in pixels."`
	Y1 int `json:"y1" doc:"Bottom, in pixels."`
}

// Empty reports whether the box holds no pixel.
func (b Box) Empty() bool { return b.X0 >= b.X1 || b.Y0 >= b.Y1 }

// Width returns the width in pixels.
func (b Box) Width() int { return b.X1 - b.X0 }

// Height returns the height in pixels.
func (b Box) Height() int { return b.Y1 - b.Y0 }

// Room returns how many pixels lie between two boxes, negative where they overlap, along the axis on which they are farther apart.
func (b Box) Room(o Box) int { return max(o.X0-b.X1, b.X0-o.X1, o.Y0-b.Y1, b.Y0-o.Y1) }

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
	Text       string  `json:"text" doc:"What it reads."`
	Box        Box     `json:"box" doc:"Where it is, in pixels of the page as displayed."`
	Confidence float64 `json:"confidence" doc:"From 0 to 100."`
	Font       int     `json:"font,omitempty" doc:"Place in the fonts of the page, counted from 1; missing if nothing is known."`
	Characters []Char  `json:"characters,omitempty" doc:"Its characters, if they were asked for."`
}

// Char is a character as a reader sees it: one code point or several, such as a letter with its accents.
type Char struct {
	Text       string  `json:"text" doc:"What it reads."`
	Box        Box     `json:"box" doc:"Where it is, in pixels of the page as displayed."`
	Confidence float64 `json:"confidence" doc:"From 0 to 100."`

	Variants []Variant `json:"variants,omitempty" doc:"What else it may read, the likeliest first, if that was asked for."`
}

// Variant is another way to read a character.
type Variant struct {
	Text       string  `json:"text" doc:"What it reads."`
	Confidence float64 `json:"confidence" doc:"From 0 to 100."`
}

// Font is how words are set. What is not known is zero.
type Font struct {
	Family string  `json:"family,omitempty" doc:"As the document names it."`
	Size   float64 `json:"size,omitempty" doc:"In points."`
	Style  Style   `json:"style,omitempty" doc:"A sum of 1 bold, 2 italic, 4 fixed width, 8 serif and 16 small capitals."`
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
	Box      Box       `json:"box" doc:"Where it is, in pixels of the page as displayed."`
	Baseline *Baseline `json:"baseline,omitempty" doc:"The line on which its letters stand, if it is known."`
	Words    []Word    `json:"words" doc:"In reading order."`
}

// Baseline is the line on which letters stand, from its start to its end in reading direction, in pixels of the page as
// displayed. It may lie outside the box of its line.
type Baseline struct {
	X0 int `json:"x0" doc:"Left, in pixels."`
	Y0 int `json:"y0" doc:"Top, in pixels."`
	X1 int `json:"x1" doc:"Right, in pixels."`
	Y1 int `json:"y1" doc:"Bottom, in pixels."`
}

// Paragraph is a run of lines.
type Paragraph struct {
	Box   Box    `json:"box" doc:"Where it is, in pixels of the page as displayed."`
	Lines []Line `json:"lines" doc:"From the first to the last."`
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
	MRZBlock       BlockKind = "mrz"       // paragraphs, and what they say as a machine-readable zone
)

// Block is a region of a page, such as a column of text.
type Block struct {
	Box        Box         `json:"box" doc:"Where it is, in pixels of the page as displayed."`
	Kind       BlockKind   `json:"kind,omitempty" doc:"table, picture, separator, barcode or mrz; missing for text."`
	Origin     Origin      `json:"origin,omitempty" doc:"recognised, text-layer, blank or failed."`
	Paragraphs []Paragraph `json:"paragraphs" doc:"Of text."`
	Rows       []Row       `json:"rows,omitempty" doc:"Rows of a table from the top; in a cell, how many it spans if more than one."`
	Value      string      `json:"value,omitempty" doc:"Of a barcode."`
	Symbology  string      `json:"symbology,omitempty" doc:"Kind of the barcode."`
	MRZ        *MRZ        `json:"mrz,omitempty" doc:"What a machine-readable zone says."`
}

// Row is a row of a table.
type Row struct {
	Box   Box    `json:"box" doc:"Where it is, in pixels of the page as displayed."`
	Cells []Cell `json:"cells" doc:"In reading order; a cell that spans several rows stands in the first."`
}

// Cell is a cell of a table.
type Cell struct {
	Box        Box         `json:"box" doc:"Where it is, in pixels of the page as displayed."`
	Columns    int         `json:"columns,omitempty" doc:"How many columns it spans, if more than one."`
	Rows       int         `json:"rows,omitempty" doc:"Rows of a table from the top; in a cell, how many it spans if more than one."`
	Paragraphs []Paragraph `json:"paragraphs" doc:"Of text."`
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
	Number     int      `json:"number" doc:"From 1."`
	Width      int      `json:"width" doc:"In pixels."`
	Height     int      `json:"height" doc:"In pixels."`
	DPI        int      `json:"dpi" doc:"Pixels an inch."`
	DPIY       int      `json:"dpiY,omitempty" doc:"Pixels an inch of the height, where pixels are not square."`
	Angle      int      `json:"angle" doc:"Clockwise turn in degrees that makes the text upright: 0, 90, 180 or 270."`
	Origin     Origin   `json:"origin" doc:"recognised, text-layer, blank or failed."`
	Languages  []string `json:"languages,omitempty" doc:"Codes of the languages that it was read in, as asked for or chosen."`
	Confidence float64  `json:"confidence" doc:"From 0 to 100."`
	Blocks     []Block  `json:"blocks" doc:"Regions of the page in reading order."`
	Fonts      []Font   `json:"fonts,omitempty" doc:"That words refer to."`
	Failure    *Failure `json:"failure,omitempty" doc:"Why the page could not be read."`

	Fields []Field `json:"fields,omitempty" doc:"Of a form, in the order in which they were asked for."`

	HiddenWords int    `json:"hidden_words,omitempty" doc:"Words of the text layer that do not show; they are in none of the blocks."`
	Notes       []Note `json:"notes,omitempty" doc:"What else there is to know of the page."`

	Decisions []Decision `json:"decisions,omitempty" doc:"How the text was chosen, where that was asked for."`
}

// Failure explains a page that could not be read while the rest of the document could.
type Failure struct {
	Code   string `json:"code" doc:"An error code."`
	Detail string `json:"detail" doc:"A sentence for people."`
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
