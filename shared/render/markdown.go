package render

import (
	"context"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// markdown writes CommonMark with the tables of GFM. A comment stands before each page, which readers of
// the finished text do not see.
type markdown struct {
	output
	pages int
}

func newMarkdown(_ context.Context, w io.Writer, _ Document) (Writer, error) {
	return &markdown{output: output{w: w}}, nil
}

// Page implements Writer.
func (m *markdown) Page(p *ocr.Page) error {
	if m.pages++; m.pages > 1 {
		m.b.WriteByte('\n')
	}
	m.b.WriteString("<!-- page " + strconv.Itoa(p.Number))
	if p.Failure != nil {
		m.b.WriteString(": " + codeOf(p.Failure))
	}
	m.b.WriteString(" -->\n")
	for _, part := range structure(p, fieldColumns) {
		m.b.WriteByte('\n')
		switch {
		case part.table != nil:
			m.table(part.table)
		case part.passage.heading > 0:
			m.b.WriteString(strings.Repeat("#", part.passage.heading) + " " + escapeMarkdown(strings.Join(part.passage.lines, " ")) + "\n")
		default:
			lines := make([]string, 0, len(part.passage.lines))
			for _, l := range part.passage.lines {
				lines = append(lines, escapeMarkdown(l))
			}
			m.b.WriteString(strings.Join(lines, "\\\n") + "\n") // a backslash at its end keeps a line
		}
	}
	return m.flush()
}

// codeOf returns the code of a failure without what could end a comment.
func codeOf(f *ocr.Failure) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r == '_' {
			return r
		}
		return -1
	}, f.Code)
}

// table writes a table. Its first row is the head, since there is none without.
func (m *markdown) table(g *grid) {
	for i, r := range g.rows {
		fields := make([]string, g.columns)
		for _, c := range r.cells {
			var lines []string
			for _, p := range c.passages {
				for _, l := range p.lines {
					lines = append(lines, escapeMarkdown(l))
				}
			}
			fields[c.column] = strings.Join(lines, "<br>")
		}
		m.b.WriteString("| " + strings.Join(fields, " | ") + " |\n")
		if i == 0 {
			m.b.WriteString(strings.Repeat("| --- ", g.columns) + "|\n")
		}
	}
}

// Close implements Writer.
func (m *markdown) Close() error { return nil }

var (
	// special matches what means something anywhere: marks of emphasis and deletion, code, links, HTML and entities, columns.
	special = regexp.MustCompile("[\\\\`*_~\\[<|]|&[#A-Za-z]")
	// first matches what means something at the start of a line: headings, quotations, underlines, rules, lists, and the
	// line below the head of a table, which needs no other column.
	first = regexp.MustCompile(`^(?:#{1,6}(?: |$)|>|=+ *$|:-+:? *$|[+-](?:[ -]|$)|[0-9]{1,9}[.)](?: |$))`)
	// closing matches what ends a heading.
	closing = regexp.MustCompile(` #+$`)
)

// escapeMarkdown escapes what would be markup or HTML in a line of text.
func escapeMarkdown(line string) string {
	line = special.ReplaceAllString(line, `\$0`)
	if first.MatchString(line) {
		// The mark, or what stands after the number of a list.
		mark := strings.IndexFunc(line, func(r rune) bool { return r < '0' || r > '9' })
		line = line[:mark] + `\` + line[mark:]
	}
	if at := closing.FindStringIndex(line); at != nil {
		line = line[:at[0]+1] + `\` + line[at[0]+1:]
	}
	return line
}
