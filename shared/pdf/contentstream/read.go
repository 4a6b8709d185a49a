package contentstream

import (
	"errors"
	"slices"
)

// Resources finds what the names in a content stream stand for.
type Resources interface {
	// Font returns nil for a font that is not there.
	Font(name string) *Font
	// FontOfState returns the font and its size that a dictionary of graphics state parameters sets, or nil.
	FontOfState(name string) (*Font, float64)
	// XObject reports whether there is an external object of that name. It returns nil for one that is no form.
	XObject(name string) (*Form, bool)
}

// Font is what must be known of a font to place its glyphs.
type Font struct {
	Bytes     int                                           // of a character code, 1 or 2; 0 if the codes cannot be told apart
	Width     func(code int) (thousandths float64, ok bool) // of a glyph, of a unit of text space
	Procedure bool                                          // glyphs are drawn by procedures (type 3), whatever the mode
}

// Form is a form object.
type Form struct {
	ID        int // the same for the same object
	Matrix    Matrix
	Data      []byte    // decoded
	Resources Resources // its own, or those of the stream that draws it
	Inherits  bool      // Resources are those of the stream that draws it
	Unread    bool      // Data could not be decoded
}

// Matrix is a transformation: x' = A·x + C·y + E, y' = B·x + D·y + F (ISO 32000-1, section 8.3.3).
type Matrix struct{ A, B, C, D, E, F float64 }

// then returns the transformation that applies m first and n to its result.
func (m Matrix) then(n Matrix) Matrix {
	e, f := n.apply(m.E, m.F)
	return Matrix{n.A*m.A + n.C*m.B, n.B*m.A + n.D*m.B, n.A*m.C + n.C*m.D, n.B*m.C + n.D*m.D, e, f}
}

func (m Matrix) apply(x, y float64) (float64, float64) {
	return m.A*x + m.C*y + m.E, m.B*x + m.D*y + m.F
}

// Show is one use of an operator that shows text.
type Show struct {
	Mode   int     // of rendering, 0 to 7 (ISO 32000-1, table 106); as if 0 for glyphs that are drawn by procedures
	Glyphs []Glyph // one for each string if the font's codes cannot be told apart
	Clips  bool    // it is part of a clipping path through which something is painted
	Line   int     // operators of the same number follow each other on a line, each where the one before ends

	remove   bool // all of it
	body     *body
	op       operation
	strings  []text
	size     float64
	marks    *marked
	followed bool // glyphs that stay come after it on its line
}

// Invisible reports whether it leaves no marks by its mode alone.
func (s *Show) Invisible() bool { return (s.Mode == 3 || s.Mode == 7) && !s.Clips }

// Remove takes out all of it.
func (s *Show) Remove() { s.remove = true }

// Removed reports whether all of it is marked to be taken out.
func (s *Show) Removed() bool {
	return s.remove || len(s.Glyphs) > 0 && !slices.ContainsFunc(s.Glyphs, func(g Glyph) bool { return !g.Remove })
}

// Glyph is one character code that is shown.
type Glyph struct {
	Placed  bool    // X and Y are known
	X, Y    float64 // its origin, in user space of the page
	Advance float64 // distance to the origin of the next, in user space; a guess where widths are not known
	Remove  bool    // set by the caller to take it out

	width    float64 // advance in text space, without horizontal scaling
	measured bool
	element  int // of Show.strings
	at       int // first byte in it
}

// text is an element of what is shown: a string, or a number that moves the next.
type text struct {
	bytes  []byte // nil for a number
	number float64
}

// body is one use of a content stream: the page's, or a form's at one place.
type body struct {
	data      []byte
	resources Resources
	form      *Form // nil for the page
	edits     []edit
	calls     []*call
	replaced  map[string]bool // property lists of which the replacement text goes
	names     map[string]bool // of external objects that it draws, or forms do that inherit its resources
}

// call draws a form.
type call struct {
	operand operand // the name
	name    string
	child   *body
	copy    int // what is drawn instead; 0 for the form as it is
}

// marked is marked content with replacement text that is open.
type marked struct {
	body    *body
	operand operand // its property list: a dictionary, or the name of one; without extent if there is none
	outer   *marked
	gone    bool
}

// clip is a clipping path of text, and those around it.
type clip struct {
	shows   []*Show
	outer   *clip
	painted bool
}

// Page is a page that was read.
type Page struct {
	Shows  []*Show // in the order of drawing
	Unread int     // forms that could not be decoded

	root    *body
	streams []int // where each stream ends in root.data
}

// ErrLimit says that a page's content streams add up to more than is read.
var ErrLimit = errors.New("content streams beyond the limit")

const (
	maxBytes  = 64 << 20  // of all streams, counted as often as they are drawn
	maxGlyphs = 1_000_000 // and operators that show text, and uses of forms
	maxForms  = 28        // forms within forms; viewers stop there or earlier
	maxSaved  = 4096      // graphics states that are saved
)

// Read follows the content streams of a page, which are one stream in parts.
func Read(streams [][]byte, resources Resources) (*Page, error) {
	p := &Page{root: &body{resources: resources}}
	for _, s := range streams {
		if len(p.root.data)+len(s) > maxBytes {
			return nil, ErrLimit
		}
		p.root.data = append(append(p.root.data, s...), '\n')
		p.streams = append(p.streams, len(p.root.data)-1)
	}
	r := reader{page: p}
	if err := r.read(p.root, initial()); err != nil {
		return nil, err
	}
	return p, nil
}
