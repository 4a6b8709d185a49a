package render

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"unicode/utf16"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// rtf writes Rich Text Format 1.9: a page for each page, of its size, with headings, paragraphs and tables. All that is not
// ASCII is written as numbers.
type rtf struct {
	output
	sheet  sheet // of the page before
	pages  int
	broken bool // a page break stands before what comes next
}

// rtfBlank is a paragraph of no text and hardly any height.
const rtfBlank = `\pard\plain\sl-20\slmult0\fs2\par` + "\n"

// The sizes of text and of headings, in half points.
var rtfSizes = [...]int{22, 36, 30, 26}

func newRTF(_ context.Context, w io.Writer, doc Document) (Writer, error) {
	r := &rtf{output: output{w: w}, sheet: a4()}
	r.b.WriteString(`{\rtf1\ansi\ansicpg1252\uc0\deff0{\fonttbl{\f0\fswiss Arial;}}` + "\n")
	r.b.WriteString(`{\stylesheet{\s0\fs22 Normal;}`)
	for level := 1; level < len(rtfSizes); level++ {
		fmt.Fprintf(&r.b, `{\s%d\sbasedon0\snext0\b\fs%d\outlinelevel%d heading %d;}`, level, rtfSizes[level], level-1, level)
	}
	r.b.WriteString("}\n" + `{\*\generator `)
	r.text(software(doc))
	r.b.WriteString(";}\n")
	if t := doc.Created.UTC(); !doc.Created.IsZero() {
		fmt.Fprintf(&r.b, `{\info{\creatim\yr%d\mo%d\dy%d\hr%d\min%d\sec%d}}`+"\n", t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second())
	}
	return r, nil
}

// Page implements Writer.
func (r *rtf) Page(p *ocr.Page) error {
	size := sheetOf(p, r.sheet)
	switch {
	case r.pages == 0:
		r.section(size)
	case size != r.sheet:
		r.b.WriteString(`\sect`) //nolint:misspell // a word of the format
		r.section(size)
	default:
		r.broken = true // not \page, of which several after each other count as one in some programs
	}
	r.sheet = size
	r.pages++
	parts := structure(p, wordColumns)
	for _, part := range parts {
		if part.table != nil {
			r.breakPage()
			r.table(part.table)
			continue
		}
		r.paragraph(part.passage, "")
		r.b.WriteString(`\par` + "\n")
	}
	if len(parts) == 0 && !r.broken {
		r.b.WriteString(rtfBlank) // without it, the break before the next page would stand first in its section, where it breaks nothing
	}
	r.breakPage()
	return r.flush()
}

// breakPage makes the paragraph that holds the break between pages, if there was no other one.
func (r *rtf) breakPage() {
	if r.broken {
		r.b.WriteString(`\pard\plain\pagebb\sl-20\slmult0\fs2\par` + "\n")
		r.broken = false
	}
}

// section begins pages of another size.
func (r *rtf) section(s sheet) {
	m := s.margin()
	fmt.Fprintf(&r.b, `\sectd\pgwsxn%d\pghsxn%d\marglsxn%d\margrsxn%d\margtsxn%d\margbsxn%d`, s.width, s.height, m, m, m, m)
	if s.width > s.height {
		r.b.WriteString(`\lndscpsxn`)
	}
	r.b.WriteByte('\n')
}

// paragraph writes a paragraph up to its end. What stands in a cell says so.
func (r *rtf) paragraph(p passage, in string) {
	fmt.Fprintf(&r.b, `\pard\plain%s\s%d\sa120\fs%d`, in, p.heading, rtfSizes[p.heading])
	if r.broken {
		r.b.WriteString(`\pagebb`)
		r.broken = false
	}
	if p.heading > 0 {
		fmt.Fprintf(&r.b, `\b\keepn\outlinelevel%d`, p.heading-1)
	}
	if p.rightToLeft {
		r.b.WriteString(`\rtlpar`)
	}
	for i, l := range p.lines {
		if i > 0 {
			r.b.WriteString(`\line`)
		}
		for _, run := range runs(l, p.rightToLeft) {
			if run.rightToLeft {
				r.b.WriteString(`{\rtlch `)
			} else {
				r.b.WriteString(`{\ltrch `)
			}
			r.text(run.text)
			r.b.WriteByte('}')
		}
	}
}

func (r *rtf) table(g *grid) {
	width := (r.sheet.width - 2*r.sheet.margin()) / g.columns
	for _, row := range g.rows {
		r.b.WriteString(`\trowd\trgaph108\trleft0`)
		if g.rightToLeft {
			r.b.WriteString(`\rtlrow`)
		}
		for _, c := range row.cells {
			switch {
			case c.continued:
				r.b.WriteString(`\clvmrg`)
			case c.rows > 1:
				r.b.WriteString(`\clvmgf`)
			}
			for _, side := range "tlbr" {
				fmt.Fprintf(&r.b, `\clbrdr%c\brdrs\brdrw10`, side)
			}
			r.b.WriteString(`\cellx` + strconv.Itoa(width*(c.column+c.columns)))
		}
		r.b.WriteByte('\n')
		for _, c := range row.cells {
			for i, p := range c.passages {
				if i > 0 {
					r.b.WriteString(`\par` + "\n")
				}
				r.paragraph(p, `\intbl`)
			}
			if len(c.passages) == 0 {
				r.b.WriteString(`\pard\plain\intbl`)
			}
			r.b.WriteString(`\cell` + "\n")
		}
		r.b.WriteString(`\row` + "\n")
	}
	r.b.WriteString(rtfBlank) // without it, tables after each other were one
}

// text writes text. Characters beyond the first plane are two numbers, and numbers are of 16 bits with a sign.
func (r *rtf) text(s string) {
	for _, c := range s {
		switch {
		case c == '\\' || c == '{' || c == '}':
			r.b.WriteByte('\\')
			r.b.WriteRune(c)
		case c >= ' ' && c <= '~':
			r.b.WriteRune(c)
		default:
			for _, unit := range utf16.Encode([]rune{c}) {
				fmt.Fprintf(&r.b, `\u%d `, int16(unit)) // #nosec G115 -- as the format has them
			}
		}
	}
}

// Close implements Writer.
func (r *rtf) Close() error {
	r.b.WriteString("}\n")
	return r.flush()
}
