package table

import (
	"fmt"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// columns is a page of rows and columns of numbers, one row in three without all of them.
func columns(rows, across int) *ocr.Page {
	page := &ocr.Page{Width: 100 * across, Height: 30 * rows, DPI: dpi, Blocks: []ocr.Block{{Paragraphs: []ocr.Paragraph{{}}}}}
	for y := range rows {
		var l ocr.Line
		for x := range across {
			if y%3 == 2 && x%2 == 1 {
				continue
			}
			box := ocr.Box{X0: 100 * x, Y0: 30 * y, X1: 100*x + 50, Y1: 30*y + 20}
			l.Words, l.Box = append(l.Words, ocr.Word{Text: fmt.Sprint(y * x), Box: box}), l.Box.Union(box)
		}
		p := &page.Blocks[0].Paragraphs[0]
		p.Lines = append(p.Lines, l)
	}
	return page
}

// graph is a grid of lines, each second one down interrupted so that cells must be joined.
func graph(across, down int) Rules {
	var r Rules
	for y := range down + 1 {
		r.Across = append(r.Across, Rule{0, float64(20 * y), float64(20 * across), float64(20 * y)})
	}
	for x := range across + 1 {
		r.Down = append(r.Down, Rule{float64(20 * x), 0, float64(20 * x), float64(20 * down)})
	}
	return r
}

func TestSearchIsBoundedAndTellsWhatItLeftOut(t *testing.T) {
	for name, c := range map[string]struct {
		page     *ocr.Page
		rules    Rules
		complete bool
		tables   int
	}{
		"a page of figures":        {columns(60, 8), Rules{}, true, 1},
		"the densest page":         {columns(300, 20), Rules{}, true, 1},
		"a long receipt":           {columns(700, 4), Rules{}, true, 1},
		"a ruled sheet":            {columns(60, 8), graph(40, 90), true, 1},
		"graph paper":              {columns(60, 8), graph(180, 180), false, 1}, // by its columns alone
		"lines that are not given": {columns(60, 8), Rules{Left: true}, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := &work{mostWork}
			complete := find(c.page, c.rules, w)
			t.Logf("%d steps", mostWork-w.left)
			tables := 0
			for _, b := range c.page.Blocks {
				if b.Kind == ocr.TableBlock {
					tables++
				}
			}
			if complete != c.complete || tables != c.tables {
				t.Errorf("complete is %t with %d tables", complete, tables)
			}
		})
	}
}

func TestSearchEndsWhereItsWorkIsUsedUp(t *testing.T) {
	page := columns(200, 8)
	words := 0
	for range page.Words {
		words++
	}
	w := &work{10_000}
	if find(page, graph(40, 90), w) {
		t.Error("it says that all was looked at")
	}
	left := 0
	for range page.Words {
		left++
	}
	if left != words {
		t.Errorf("%d words are left of %d", left, words)
	}
	const slack = 10_000 // a last step may be as long as a grid has cells
	if w.left < -slack {
		t.Errorf("%d steps more than there are", -w.left)
	}
}
