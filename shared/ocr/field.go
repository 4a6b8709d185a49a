package ocr

// FieldKind says what a field of a form holds.
type FieldKind string

// The kinds.
const (
	TextField      FieldKind = "text"
	BarcodeField   FieldKind = "barcode"
	CheckmarkField FieldKind = "checkmark"
)

// FieldRequest asks for one field of a form: a region of a page and what is known of what it holds.
type FieldRequest struct {
	ID   string    `json:"id,omitempty"`   // as the client calls it; the answer has it too
	Page int       `json:"page,omitempty"` // from 1; 0 for every page
	Kind FieldKind `json:"kind"`
	Box  Box       `json:"box"` // in pixels of the page as displayed; empty for the whole page

	// Of text.
	Languages      []string `json:"languages,omitempty"` // Tesseract's codes; none for those of the page
	Letters        string   `json:"letters,omitempty"`   // the characters that may occur; empty for all
	Pattern        string   `json:"pattern,omitempty"`   // regular expression of a word, in the dialect of package field
	OneLine        bool     `json:"one_line,omitempty"`
	OneWordPerLine bool     `json:"one_word_per_line,omitempty"`
	Marking        Marking  `json:"marking,omitempty"`
	Places         int      `json:"places,omitempty"` // boxes for one character each, if Marking has such; 0 if that is unknown

	// Of bar codes.
	Symbologies []string `json:"symbologies,omitempty"` // as in Block.Symbology; none for all

	// Of check marks.
	Frame       Frame `json:"frame,omitempty"`
	Correctable bool  `json:"correctable,omitempty"` // a mark that was crossed out or blackened counts as corrected
}

// Marking is what is printed in a text field for people to write in.
type Marking string

// The markings.
const (
	NoMarking   Marking = ""
	Underline   Marking = "underline"   // a line under the text
	TextFrame   Marking = "frame"       // a frame around the text
	GreyBoxes   Marking = "grey-boxes"  // a grey or white box for each character on a ground of the other
	BoxSeries   Marking = "box-series"  // a frame for each character
	Comb        Marking = "comb"        // teeth on a line between characters
	FramedComb  Marking = "framed-comb" // the same in a frame
	Partitioned Marking = "partitioned" // one frame, divided by full lines
)

// Frame is what is printed around a check mark.
type Frame string

// The frames.
const (
	NoFrame     Frame = "" // on white
	CircleFrame Frame = "circle"
	SquareFrame Frame = "square"
)

// Field is what was found where a FieldRequest asked.
type Field struct {
	ID         string    `json:"id,omitempty" doc:"As the client calls it."`
	Kind       FieldKind `json:"kind" doc:"text, barcode or checkmark."`
	Box        Box       `json:"box" doc:"The region, in pixels of the page as displayed."`
	Lines      []Line    `json:"lines,omitempty" doc:"Of text: each word with its characters."`
	Codes      []Block   `json:"codes,omitempty" doc:"Of bar codes: each that was read, as a block."`
	Mark       Mark      `json:"mark,omitempty" doc:"Of a check mark: unchecked, checked or corrected."`
	Confidence float64   `json:"confidence" doc:"From 0 to 100."`
}

// Mark is the state of a check mark.
type Mark string

// The states.
const (
	MarkUnchecked Mark = "unchecked"
	MarkChecked   Mark = "checked"
	MarkCorrected Mark = "corrected" // checked, and then crossed out or blackened
)
