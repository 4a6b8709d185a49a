package contentstream

import (
	"maps"
	"math"
)

// state is the part of the graphics state that places text.
type state struct {
	matrix                                           Matrix
	font                                             *Font
	size, charSpace, wordSpace, scale, leading, rise float64
	mode                                             int
	clip                                             *clip

	// Viewers keep these in the graphics state, although text objects cannot hold q and Q.
	text, lines Matrix
	line        int  // number of the line, see Show
	placed      bool // text is known: no glyph of unknown width came before on the line
}

func initial() state {
	unit := Matrix{A: 1, D: 1}
	return state{matrix: unit, text: unit, lines: unit, scale: 1, placed: true}
}

// reader follows a page and the forms in it.
type reader struct {
	page   *Page
	bytes  int
	glyphs int
	begun  int // lines
	depth  int
	marks  *marked
	within map[int]bool // forms that are being read
}

// stack is the state of one content stream.
type stack struct {
	*reader
	body *body
	state
	saved    []state
	clipping []*Show // of the open text object
}

func (r *reader) read(b *body, from state) error {
	if r.bytes += len(b.data); r.bytes > maxBytes {
		return ErrLimit
	}
	outer := r.marks
	s := stack{reader: r, body: b, state: from}
	scan := scanner{data: b.data}
	for {
		op, ok := scan.next()
		if !ok {
			break
		}
		if err := s.operator(op); err != nil {
			return err
		}
	}
	r.marks = outer
	return nil
}

func (s *stack) operator(op operation) error {
	switch op.operator {
	case "q":
		if len(s.saved) == maxSaved {
			return ErrLimit
		}
		s.saved = append(s.saved, s.state)
	case "Q":
		if n := len(s.saved); n > 0 {
			s.state, s.saved = s.saved[n-1], s.saved[:n-1]
		}
	case "cm":
		s.matrix = s.numbers(op).then(s.matrix)
	case "Do":
		return s.draw(op)
	case "gs":
		if font, size := s.body.resources.FontOfState(s.name(op, 0)); font != nil {
			s.font, s.size = font, size
		}
	case "BDC", "BMC", "EMC":
		s.mark(op)
	case "f", "F", "f*", "B", "B*", "b", "b*", "S", "s", "sh", "BI":
		s.paint()
	case "Tj", "TJ", "'", `"`:
		return s.show(op)
	default:
		s.textState(op)
	}
	return nil
}

func (s *stack) textState(op operation) {
	switch op.operator {
	case "BT":
		s.begin(Matrix{A: 1, D: 1})
	case "ET":
		if len(s.clipping) > 0 {
			s.clip = &clip{shows: s.clipping, outer: s.clip}
			s.clipping = nil
		}
	case "Tc":
		s.charSpace = s.number(op, 0)
	case "Tw":
		s.wordSpace = s.number(op, 0)
	case "Tz":
		s.scale = s.number(op, 0) / 100
	case "TL":
		s.leading = s.number(op, 0)
	case "Ts":
		s.rise = s.number(op, 0)
	case "Tr":
		s.mode = int(max(-1, min(s.number(op, 0), 8)))
	case "Tf":
		s.size = s.number(op, 0)
		s.font = s.body.resources.Font(s.name(op, 1))
	case "Td":
		s.move(s.number(op, 1), s.number(op, 0))
	case "TD":
		s.leading = -s.number(op, 0)
		s.move(s.number(op, 1), s.number(op, 0))
	case "Tm":
		s.begin(s.numbers(op))
	case "T*":
		s.move(0, -s.leading)
	}
}

// begin begins a line at a matrix.
func (s *stack) begin(m Matrix) {
	s.lines, s.text, s.placed = m, m, true
	s.begun++
	s.line = s.begun
}

func (s *stack) move(x, y float64) { s.begin(Matrix{A: 1, D: 1, E: x, F: y}.then(s.lines)) }

// operand returns the operand that has as many behind it.
func (s *stack) operand(op operation, behind int) (operand, bool) {
	i := len(op.operands) - 1 - behind
	if i < 0 {
		return operand{}, false
	}
	return op.operands[i], true
}

func (s *stack) raw(o operand) []byte { return s.body.data[o.start:o.end] }

func (s *stack) number(op operation, behind int) float64 {
	o, ok := s.operand(op, behind)
	if !ok || o.kind != number {
		return 0
	}
	v := float(s.raw(o))
	if math.Abs(v) > math.MaxFloat32 {
		return 0
	}
	return v
}

func (s *stack) numbers(op operation) Matrix {
	return Matrix{s.number(op, 5), s.number(op, 4), s.number(op, 3), s.number(op, 2), s.number(op, 1), s.number(op, 0)}
}

func (s *stack) name(op operation, behind int) string {
	o, ok := s.operand(op, behind)
	if !ok || o.kind != name {
		return ""
	}
	return DecodeName(string(s.raw(o)))
}

// paint notes that something is painted through the clipping paths of text.
func (s *stack) paint() {
	for c := s.clip; c != nil && !c.painted; c = c.outer {
		c.painted = true
		for _, show := range c.shows {
			show.Clips = true
		}
	}
}

// mark follows marked content (ISO 32000-1, section 14.6).
func (s *stack) mark(op operation) {
	if op.operator == "EMC" {
		if s.marks != nil && s.marks.body == s.body {
			s.marks = s.marks.outer
		}
		return
	}
	m := &marked{body: s.body, outer: s.marks}
	if o, ok := s.operand(op, 0); ok && op.operator == "BDC" && (o.kind == dictionary || o.kind == name) {
		m.operand = o
	}
	s.marks = m
}

// draw follows a form.
func (s *stack) draw(op operation) error {
	o, ok := s.operand(op, 0)
	if !ok || o.kind != name {
		return nil
	}
	called := s.name(op, 0)
	if s.body.names == nil {
		s.body.names = map[string]bool{}
	}
	s.body.names[called] = true
	form, ok := s.body.resources.XObject(called)
	switch {
	case !ok:
		return nil
	case form == nil:
		s.paint()
		return nil
	case s.within[form.ID]:
		return nil // viewers do not draw a form within itself
	case form.Unread:
		s.page.Unread++
		s.paint()
		return nil
	}
	if s.glyphs++; s.glyphs > maxGlyphs || s.depth == maxForms {
		return ErrLimit
	}
	c := &call{operand: o, name: called, child: &body{data: form.Data, resources: form.Resources, form: form}}
	s.body.calls = append(s.body.calls, c)
	if s.within == nil {
		s.within = map[int]bool{}
	}
	inner := s.state
	inner.matrix = form.Matrix.then(s.matrix)
	s.within[form.ID] = true
	s.depth++
	err := s.read(c.child, inner)
	s.depth--
	delete(s.within, form.ID)
	if form.Inherits {
		maps.Copy(s.body.names, c.child.names)
	}
	return err
}

// show follows an operator that shows text.
func (s *stack) show(op operation) error {
	o, ok := s.operand(op, 0)
	if !ok {
		return nil
	}
	switch op.operator {
	case `"`:
		s.wordSpace, s.charSpace = s.number(op, 2), s.number(op, 1)
		s.move(0, -s.leading)
	case "'":
		s.move(0, -s.leading)
	}
	show := &Show{Mode: s.mode, body: s.body, op: op, Line: s.line, size: s.size, marks: s.marks}
	show.op.operands = append([]operand(nil), op.operands...)
	for _, e := range s.strings(o, op.operator) {
		switch e.kind {
		case literal, hexadecimal:
			show.strings = append(show.strings, text{bytes: decodeString(s.raw(e), e.kind)})
		case number:
			show.strings = append(show.strings, text{number: float(s.raw(e))})
		}
	}
	shown := 0
	for i, t := range show.strings {
		if t.bytes == nil {
			s.step(-t.number / 1000 * s.size)
			continue
		}
		shown += len(t.bytes)
		if s.glyphs += len(t.bytes); s.glyphs > maxGlyphs {
			return ErrLimit
		}
		s.place(show, i, t.bytes)
	}
	if shown == 0 {
		return nil
	}
	if s.font != nil && s.font.Procedure {
		show.Mode = 0
	}
	if show.Mode >= 4 && show.Mode <= 7 {
		s.clipping = append(s.clipping, show)
	}
	if show.Mode != 3 && show.Mode != 7 {
		s.paint()
	}
	s.page.Shows = append(s.page.Shows, show)
	return nil
}

// strings returns the elements of what an operator shows.
func (s *stack) strings(o operand, operator string) []operand {
	if operator != "TJ" {
		return []operand{o}
	}
	if o.kind != array {
		return nil
	}
	return elements(s.body.data, o)
}

// place adds the glyphs of a string: one for all of it if its codes cannot be told apart.
func (s *stack) place(show *Show, element int, codes []byte) {
	across := Matrix{A: s.size * s.scale, D: s.size, F: s.rise}
	if s.font == nil || s.font.Bytes < 1 {
		trm := across.then(s.text).then(s.matrix)
		show.Glyphs = append(show.Glyphs, Glyph{
			Placed: s.placed && s.font != nil, X: trm.E, Y: trm.F, Advance: math.Hypot(trm.A, trm.B) / 2, element: element,
		})
		s.placed = false
		return
	}
	for at := 0; at < len(codes); at += s.font.Bytes {
		code := 0
		for _, c := range codes[at:min(at+s.font.Bytes, len(codes))] {
			code = code<<8 | int(c)
		}
		g := Glyph{element: element, at: at}
		var width float64
		if width, g.measured = s.font.Width(code); g.measured {
			g.width = width/1000*s.size + s.charSpace
			if s.font.Bytes == 1 && code == ' ' {
				g.width += s.wordSpace
			}
		}
		g.Placed = s.placed
		trm := across.then(s.text).then(s.matrix)
		g.X, g.Y = trm.E, trm.F
		s.step(g.width)
		after := across.then(s.text).then(s.matrix)
		g.Advance = math.Hypot(after.E-g.X, after.F-g.Y)
		if !g.measured {
			g.Advance, s.placed = math.Hypot(trm.A, trm.B)/2, false
		}
		show.Glyphs = append(show.Glyphs, g)
	}
}

// step moves along the line, in units of text space without horizontal scaling.
func (s *stack) step(width float64) {
	s.text = Matrix{A: 1, D: 1, E: width * s.scale}.then(s.text)
}
