package contentstream

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// edit replaces bytes of a content stream.
type edit struct {
	start, end int
	with       string
}

// Changed is a content stream with text taken out.
type Changed struct {
	Form    *Form          // of which it is a changed copy; nil for the page
	Streams [][]byte       // a form's data, or each stream of a page; nil for one that is as it was
	Names   map[string]int // external objects that its resources must have, by name; the values are those that Store returned

	body   *body
	unread bool
}

// Draws reports whether an external object is drawn by its name among the resources, as far as can be told.
func (c Changed) Draws(name string) bool { return c.unread || c.body.names[name] }

// Replaces reports whether the text that stands for what is drawn (ActualText, Alt, E) in a property list of its resources must go, by its name.
func (c Changed) Replaces(name string) bool { return c.body.replaced[name] }

// Unchanged calls yield for each form that is still drawn as it was.
func (c Changed) Unchanged(yield func(id int)) { c.body.unchanged(yield) }

func (b *body) unchanged(yield func(id int)) {
	for _, c := range b.calls {
		if c.copy == 0 {
			yield(c.child.form.ID)
		}
		c.child.unchanged(yield)
	}
}

// Store keeps a changed copy of a form and returns a number for it.
type Store func(Changed) int

// Rewrite takes out what the caller has marked, and reports the operators of which all or some had to stay although they are
// marked. The page is as it was if no stream and no name is changed. It must be called once.
func (p *Page) Rewrite(store Store) (changed Changed, kept []*Show) {
	kept = p.settle()
	for _, s := range p.Shows {
		s.cut()
	}
	p.unname()
	data, names, _ := p.root.rewrite(func(c Changed) int {
		c.unread = p.Unread > 0
		return store(c)
	})
	changed = Changed{Streams: make([][]byte, len(p.streams)), Names: names, body: p.root, unread: p.Unread > 0}
	if data == nil {
		return changed, kept
	}
	start := 0
	for i, end := range p.streams {
		within := slices.Clone(p.root.edits)
		within = slices.DeleteFunc(within, func(e edit) bool { return e.end <= start || e.start >= end })
		for k := range within {
			e := &within[k]
			if e.start < start {
				e.start, e.with = start, "" // its beginning is in the stream before
			}
			e.start, e.end = e.start-start, min(e.end, end)-start
		}
		if len(within) > 0 {
			changed.Streams[i] = apply(p.root.data[start:end], within)
		}
		start = end + 1
	}
	return changed, kept
}

// settle decides what can go: glyphs of unknown width stay where later glyphs of the line that stay depend on them.
func (p *Page) settle() (kept []*Show) {
	depends := map[int]bool{} // by line
	for i := len(p.Shows) - 1; i >= 0; i-- {
		s := p.Shows[i]
		if s.remove {
			for k := range s.Glyphs {
				s.Glyphs[k].Remove = true
			}
		}
		going := s.removing()
		all := s.remove || going == len(s.Glyphs) && going > 0
		if (going > 0 || s.remove) && (depends[s.Line] || !all) && !s.replaceable(depends[s.Line]) {
			for k := range s.Glyphs {
				s.Glyphs[k].Remove = false
			}
			s.remove, all = false, false
			kept = append(kept, s)
		}
		s.remove = all
		if !all {
			depends[s.Line] = true
		}
	}
	// Whether the operators of a line depend on each other is known now.
	later := map[int]bool{}
	for i := len(p.Shows) - 1; i >= 0; i-- {
		s := p.Shows[i]
		s.followed = later[s.Line]
		later[s.Line] = later[s.Line] || !s.remove
	}
	return kept
}

func (s *Show) removing() int {
	n := 0
	for _, g := range s.Glyphs {
		if g.Remove {
			n++
		}
	}
	return n
}

// replaceable reports whether displacements can stand for the glyphs that go and have others behind them.
func (s *Show) replaceable(followed bool) bool {
	for i := len(s.Glyphs) - 1; i >= 0; i-- {
		g := s.Glyphs[i]
		switch {
		case !g.Remove:
			followed = true
		case followed && (!g.measured || s.size == 0 && g.width != 0):
			return false
		}
	}
	return true
}

// cut notes what becomes of an operator.
func (s *Show) cut() {
	if !s.remove && s.removing() == 0 {
		return
	}
	for m := s.marks; m != nil; m = m.outer {
		m.gone = true
	}
	s.body.edits = append(s.body.edits, edit{s.op.start, s.op.end, s.instead()})
}

// instead returns what takes the place of an operator.
func (s *Show) instead() string {
	var b bytes.Buffer
	if start := s.op.start; start > 0 && isRegular(s.body.data[start-1]) {
		b.WriteByte(' ')
	}
	raw := func(behind int) string {
		i := len(s.op.operands) - 1 - behind
		if i < 0 || s.op.operands[i].kind != number {
			return "0"
		}
		return string(s.body.data[s.op.operands[i].start:s.op.operands[i].end])
	}
	switch s.op.operator {
	case "'":
		b.WriteString("T*")
	case `"`:
		fmt.Fprintf(&b, "%s Tw %s Tc T*", raw(2), raw(1))
	}
	if s.remove && !s.followed {
		if b.Len() == 1 { // only the space
			return ""
		}
		return b.String()
	}
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	b.WriteByte('[')
	s.elements(&b)
	b.WriteString("]TJ")
	return b.String()
}

// elements writes what stays of the text, with displacements for the rest.
func (s *Show) elements(b *bytes.Buffer) {
	var shift float64 // not yet written, in thousandths to the left
	var open bool
	end := func() {
		if open {
			b.WriteByte('>')
			open = false
		}
	}
	glyph := 0
	for i, t := range s.strings {
		if t.bytes == nil {
			shift += t.number
			continue
		}
		for ; glyph < len(s.Glyphs) && s.Glyphs[glyph].element == i; glyph++ {
			g := s.Glyphs[glyph]
			if g.Remove {
				if s.size != 0 {
					shift -= g.width / s.size * 1000
				}
				continue
			}
			if shift != 0 {
				end()
				b.WriteString(decimal(shift))
				shift = 0
			}
			if !open {
				b.WriteByte('<')
				open = true
			}
			until := len(t.bytes)
			if glyph+1 < len(s.Glyphs) && s.Glyphs[glyph+1].element == i {
				until = s.Glyphs[glyph+1].at
			}
			fmt.Fprintf(b, "%X", t.bytes[g.at:until])
		}
	}
	end()
	if shift != 0 && s.followed {
		b.WriteString(decimal(shift))
	}
}

// decimal writes a number as content streams have it: without an exponent.
func decimal(v float64) string {
	s := strconv.FormatFloat(v, 'f', 4, 64)
	for s[len(s)-1] == '0' {
		s = s[:len(s)-1]
	}
	if s[len(s)-1] == '.' {
		s = s[:len(s)-1]
	}
	if s == "-0" {
		return "0"
	}
	return s
}

// unname takes the replacement text from marked content of which glyphs go.
func (p *Page) unname() {
	done := map[*marked]bool{}
	for _, s := range p.Shows {
		for m := s.marks; m != nil && m.gone && !done[m]; m = m.outer {
			done[m] = true
			m.cut()
		}
	}
}

func (m *marked) cut() {
	if m.operand.end == 0 {
		return
	}
	if m.operand.kind == name {
		if m.body.replaced == nil {
			m.body.replaced = map[string]bool{}
		}
		m.body.replaced[DecodeName(string(m.body.data[m.operand.start:m.operand.end]))] = true
		return
	}
	entries := elements(m.body.data, m.operand)
	for i := 0; i+1 < len(entries); i += 2 {
		key, value := entries[i], entries[i+1]
		switch DecodeName(string(m.body.data[key.start:key.end])) {
		case "ActualText", "Alt", "E":
			m.body.edits = append(m.body.edits, edit{start: key.start, end: value.end})
		}
	}
}

// rewrite returns the data of a body with its edits, nil if it has none, and the names that its resources must have.
func (b *body) rewrite(store Store) (data []byte, names map[string]int, whole bool) {
	names = map[string]int{}
	variants := map[string]map[int]string{} // what a name draws, and the names for it; 0 is the form as it is
	type drawn struct {
		call *call
		id   int
	}
	var calls []drawn
	for _, c := range b.calls {
		id := 0
		inner, innerNames, changed := c.child.rewrite(store)
		if changed {
			if inner == nil {
				inner = c.child.data
			}
			id = store(Changed{Form: c.child.form, Streams: [][]byte{inner}, Names: innerNames, body: c.child})
		}
		c.copy = id
		calls = append(calls, drawn{c, id})
		if variants[c.name] == nil {
			variants[c.name] = map[int]string{}
		}
		variants[c.name][id] = ""
	}
	next := 1
	for _, called := range slices.Sorted(maps.Keys(variants)) {
		for i, id := range slices.Sorted(maps.Keys(variants[called])) {
			variants[called][id] = called
			if i > 0 {
				variants[called][id], next = b.free(next)
			}
			if id != 0 {
				names[variants[called][id]] = id
			}
		}
	}
	for _, d := range calls {
		if as := variants[d.call.name][d.id]; as != d.call.name {
			b.edits = append(b.edits, edit{d.call.operand.start, d.call.operand.end, "/" + as})
		}
	}
	slices.SortFunc(b.edits, func(a, c edit) int { return cmp.Compare(a.start, c.start) })
	if len(b.edits) == 0 {
		return nil, names, len(names)+len(b.replaced) > 0
	}
	return apply(b.data, b.edits), names, true
}

// free returns a name that the resources of a body do not have.
func (b *body) free(next int) (string, int) {
	for ; ; next++ {
		called := fmt.Sprintf("LetheForm%d", next)
		if _, taken := b.resources.XObject(called); !taken {
			return called, next + 1
		}
	}
}

// apply returns data with the edits made, which are in the order of their places.
func apply(data []byte, edits []edit) []byte {
	out := make([]byte, 0, len(data))
	at := 0
	for _, e := range edits {
		if e.start < at { // within what is gone already
			continue
		}
		out = append(out, data[at:e.start]...)
		out = append(out, e.with...)
		at = e.end
	}
	return append(out, data[at:]...)
}
