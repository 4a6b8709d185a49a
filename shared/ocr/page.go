// Package ocr is the engine-neutral page model and the Engine that fills it. Every result format is written from this
// model alone, so formats cannot disagree about a word, its place or its confidence.
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
	Confidence float64 `json:"confidence"` // 0 to 100; 100 for words of a text layer
}

// Line is one line of text; its words are in reading order.
type Line struct {
	Box   Box    `json:"box"`
	Words []Word `json:"words"`
}

// Paragraph is a run of lines.
type Paragraph struct {
	Box   Box    `json:"box"`
	Lines []Line `json:"lines"`
}

// Block is a region of text, such as a column.
type Block struct {
	Box        Box         `json:"box"`
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
	Number     int      `json:"number"` // from 1
	Width      int      `json:"width"`  // pixels
	Height     int      `json:"height"` // pixels
	DPI        int      `json:"dpi"`    // pixels an inch that Width and Height stand for
	Angle      int      `json:"angle"`  // clockwise turn in degrees (0, 90, 180, 270) that makes the text upright
	Origin     Origin   `json:"origin"`
	Languages  []string `json:"languages,omitempty"` // as asked for, Tesseract's codes
	Confidence float64  `json:"confidence"`          // mean over words weighed by letters; 0 if there are none
	Blocks     []Block  `json:"blocks"`
	Failure    *Failure `json:"failure,omitempty"` // set when Origin is Failed
}

// Failure explains a page that could not be read while the rest of the document could.
type Failure struct {
	Code   string `json:"code"`   // a fault.Code
	Detail string `json:"detail"` // a sentence for people
}

// Words calls yield for each word in reading order until it returns false.
func (p *Page) Words(yield func(Word) bool) {
	for _, b := range p.Blocks {
		for _, g := range b.Paragraphs {
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
