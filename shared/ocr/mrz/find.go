package mrz

import (
	"strings"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// place is a line of a page.
type place struct {
	block, paragraph, line int
	text                   string
	box                    ocr.Box
}

// Find gives each machine-readable zone of a page a block of its own. No word is lost, and their order stays.
func Find(page *ocr.Page) {
	for b := 0; b < len(page.Blocks); b++ {
		if page.Blocks[b].Kind != ocr.TextBlock {
			continue
		}
		blocks := split(page.Blocks[b:])
		if blocks == nil {
			continue
		}
		page.Blocks = append(page.Blocks[:b:b], blocks...)
		for page.Blocks[b].Kind != ocr.MRZBlock {
			b++
		}
	}
}

// split looks for a zone that begins in the first of some blocks, and returns all blocks with it apart; nil if there is none.
// The lines of a zone may lie in several blocks that follow each other.
func split(blocks []ocr.Block) []ocr.Block {
	const reach = 3 // a zone has no more lines, so no more blocks
	var lines []place
	for b := range min(reach, len(blocks)) {
		if blocks[b].Kind != ocr.TextBlock {
			break
		}
		for g := range blocks[b].Paragraphs {
			for l := range blocks[b].Paragraphs[g].Lines {
				line := &blocks[b].Paragraphs[g].Lines[l]
				lines = append(lines, place{b, g, l, text(line), line.Box})
			}
		}
	}
	for first := range lines {
		if lines[first].block > 0 {
			return nil
		}
		for _, n := range []int{3, 2} {
			if first+n > len(lines) || !likely(lines[first:first+n]) {
				continue
			}
			var raw []string
			for _, l := range lines[first : first+n] {
				raw = append(raw, l.text)
			}
			if zone := Parse(raw); zone != nil {
				return apart(blocks, lines[first], lines[first+n-1], zone)
			}
		}
	}
	return nil
}

func text(l *ocr.Line) string {
	var b strings.Builder
	for _, w := range l.Words {
		b.WriteString(w.Text)
	}
	return b.String()
}

// likely reports whether lines stand below each other as those of a zone do, and are long enough.
func likely(lines []place) bool {
	const shortest = 22 // characters
	for i, l := range lines {
		if len(l.text) < shortest {
			return false
		}
		if i == 0 {
			continue
		}
		a, b := lines[i-1].box, l.box
		// Along the shorter side lines follow each other, along the other they lie side by side.
		across := min(a.X1, b.X1)-max(a.X0, b.X0) > 0
		down := min(a.Y1, b.Y1)-max(a.Y0, b.Y0) > 0
		if !across && !down {
			return false
		}
		if thick := 4 * max(min(a.Width(), a.Height()), min(b.Width(), b.Height())); gap(a, b) > thick {
			return false
		}
	}
	return true
}

// gap returns the pixels between two boxes.
func gap(a, b ocr.Box) int {
	return max(a.X0-b.X1, b.X0-a.X1, a.Y0-b.Y1, b.Y0-a.Y1, 0)
}

// apart returns the blocks with the lines from first to last in a block of their own.
func apart(blocks []ocr.Block, first, last place, zone *ocr.MRZ) []ocr.Block {
	var out []ocr.Block
	var before, in, after ocr.Block
	before, after = shell(blocks[first.block]), shell(blocks[last.block])
	in = shell(blocks[first.block])
	in.Kind, in.MRZ = ocr.MRZBlock, zone
	for b := 0; b <= last.block; b++ {
		for g, p := range blocks[b].Paragraphs {
			for l, line := range p.Lines {
				switch at := (place{block: b, paragraph: g, line: l}); {
				case at.less(first):
					add(&before, line, l == 0)
				case last.less(at):
					add(&after, line, l == 0)
				default:
					add(&in, line, b == first.block && g == first.paragraph && l == first.line)
				}
			}
		}
	}
	for _, b := range []ocr.Block{before, in, after} {
		if len(b.Paragraphs) > 0 {
			out = append(out, b)
		}
	}
	return append(out, blocks[last.block+1:]...)
}

func (p place) less(o place) bool {
	switch {
	case p.block != o.block:
		return p.block < o.block
	case p.paragraph != o.paragraph:
		return p.paragraph < o.paragraph
	default:
		return p.line < o.line
	}
}

// shell returns a block of the same properties without its text.
func shell(b ocr.Block) ocr.Block { return ocr.Block{Origin: b.Origin} }

// add adds a line, in a paragraph of its own if it begins one.
func add(b *ocr.Block, line ocr.Line, begins bool) {
	if begins || len(b.Paragraphs) == 0 {
		b.Paragraphs = append(b.Paragraphs, ocr.Paragraph{})
	}
	p := &b.Paragraphs[len(b.Paragraphs)-1]
	p.Lines = append(p.Lines, line)
	p.Box = p.Box.Union(line.Box)
	b.Box = b.Box.Union(line.Box)
}
