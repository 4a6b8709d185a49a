//go:build linux

package reader_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/worker/reader"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
	"github.com/lethe-ocr/lethe/shared/picture"
	"github.com/lethe-ocr/lethe/shared/render"
)

// variants are the pages that most pairs of choices are in; with LETHE_SOAK those that every pair is in, and others.
func variants() []pdftest.Variant {
	if os.Getenv("LETHE_SOAK") != "" {
		return pdftest.Variants(1, 520)
	}
	return pdftest.Variants(1, 24)
}

// blind is a recogniser that reads nothing: what comes out is from text layers alone.
type blind struct{}

func (blind) Languages() []string { return []string{"eng"} }

func (blind) Load(context.Context, []string) error { return nil }

func (blind) Read(_ context.Context, im *picture.Image, x, _ int, _ ocr.Options) (ocr.Page, error) {
	width, height := im.Width(), im.Height()
	return ocr.Page{Width: width, Height: height, DPI: x, Origin: ocr.Recognised}, nil
}

func (blind) Close() error { return nil }

// layers is an engine without a recogniser, in this process.
func layers(t *testing.T) *reader.Engine {
	t.Helper()
	e, err := reader.New(reader.Config{Cache: cache, Limits: ocr.DefaultLimits()}, blind{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// rewritten has the producer of a variant write its page.
func rewritten(t *testing.T, v pdftest.Variant, data []byte) []byte {
	t.Helper()
	switch producer := v.Choice("producer"); producer {
	case "as written":
		return data
	case "object streams":
		return run(t, data, "qpdf", "--object-streams=generate", "IN", "OUT")
	case "linearized":
		return run(t, data, "qpdf", "--linearize", "IN", "OUT")
	case "encrypted":
		return run(t, data, "qpdf", "--encrypt", "", "owner", "256", "--", "IN", "OUT")
	case "encrypted weakly":
		return run(t, data, "qpdf", "--allow-weak-crypto", "--encrypt", "", "owner", "128", "--", "IN", "OUT")
	case "tidied":
		return run(t, data, "qpdf", "--normalize-content=y", "--coalesce-contents", "IN", "OUT") //nolint:misspell // its name for it
	case "ghostscript":
		return run(t, data, "gs", "-q", "-dBATCH", "-dNOPAUSE", "-dSAFER", "-dAutoRotatePages=/None", "-sDEVICE=pdfwrite", "-o", "OUT", "IN")
	case "cairo":
		return run(t, data, "pdftocairo", "-pdf", "IN", "OUT")
	case "mupdf":
		return run(t, data, "mutool", "clean", "-gggz", "IN", "OUT")
	default:
		t.Fatalf("unknown producer %q", producer)
		return nil
	}
}

// written reads the only page of a document and returns it with its text and the searchable PDF. change edits the page before
// it is written; nil leaves it.
func written(t *testing.T, e *reader.Engine, read, write []byte, change func(*ocr.Page)) (page ocr.Page, text string, pdf []byte, notes []ocr.Note) {
	t.Helper()
	page, err := e.Recognise(t.Context(), source(t, t.Name(), read), 1, english())
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&page)
	}
	var lines, copied bytes.Buffer
	pages := func(yield func(ocr.Page, error) bool) { yield(page, nil) }
	original := render.Original{
		Engine: writes{e}, Source: source(t, t.Name()+" to write", write), Noted: func(told []ocr.Note) { notes = told },
	}
	err = render.Write(t.Context(), render.Document{Original: original}, pages,
		render.Output{Format: render.TXT, W: &lines}, render.Output{Format: render.PDF, W: &copied})
	if err != nil {
		t.Fatal(err)
	}
	return page, lines.String(), copied.Bytes(), notes
}

// writes is the half of an engine that writes.
type writes struct{ *reader.Engine }

// said are the lines of a text, with one space between words and none at the ends.
func said(text string) []string {
	var lines []string
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' || r == '\f' }) {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// similarity is the share of characters that need no change to make one of the other: 1 where lines are the same.
func similarity(a, b []string) float64 {
	from, to := []rune(strings.Join(a, "\n")), []rune(strings.Join(b, "\n"))
	row := make([]int, len(to)+1) // of the table of distances between their beginnings
	for j := range row {
		row[j] = j
	}
	for i, char := range from {
		diagonal := row[0]
		row[0] = i + 1
		for j := range to {
			change := diagonal
			if char != to[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return 1 - float64(row[len(to)])/float64(max(len(from), len(to), 1))
}

// sorted are the words of lines in the order of the alphabet.
func sorted(lines []string) []string {
	return slices.Sorted(strings.FieldsSeq(strings.Join(lines, " ")))
}

func TestVariantsOfAPageKeepTheirTextAndLooks(t *testing.T) {
	e, viewers := layers(t), map[string]viewer{"poppler": poppler{}, "PDFium": newChrome(t)}
	for i, v := range variants() {
		t.Run(fmt.Sprintf("%d %s", i, v), func(t *testing.T) {
			original := rewritten(t, v, v.Bytes())
			page, text, copied, notes := written(t, e, original, original, nil)
			want := v.Lines()
			if v.Choice("colour") == "shading" && v.Choice("font") != "drawn" && v.Choice("producer") == "cairo" {
				want = nil // it cuts letters out of a shade, so that they are to be recognised
			}
			if printed := v.Annotated(); printed != "" {
				want = append(want, printed)
			}
			if diff := cmp.Diff(want, said(text)); diff != "" {
				t.Errorf("the text: %s", diff)
			}
			redrawn := v.Choice("producer") == "cairo" || v.Choice("producer") == "ghostscript" // they may leave out what is hidden
			if words := len(strings.Fields(v.Hidden())); page.HiddenWords != words && (page.HiddenWords != 0 || !redrawn) {
				t.Errorf("%d words are said to be hidden, want %d", page.HiddenWords, words)
			}
			for name, see := range viewers {
				most := 0
				if v.Choice("hiding") == "microscopic" && name == "poppler" {
					most = 2 // it may draw a dot for such a word
				}
				if n := see.looks(t, original, 72).unlike(see.looks(t, copied, 72)); n > most {
					t.Errorf("%s: %d pixels are others than those of the original", name, n)
				}
				if hidden := v.Hidden(); hidden != "" && strings.Contains(see.text(t, copied), hidden) {
					t.Errorf("%s finds hidden text; the notes are %v", name, notes)
				}
			}
		})
	}
}

// ink marks the pixels that two drawings of a page differ in.
func (p sight) ink(bare sight) [][2]int {
	var marks [][2]int
	for i := 0; i < min(len(p.pixels), len(bare.pixels)); i += 3 {
		if !bytes.Equal(p.pixels[i:i+3], bare.pixels[i:i+3]) {
			marks = append(marks, [2]int{i / 3 % p.width, i / 3 / p.width})
		}
	}
	return marks
}

// The picture of a page stands in a page of the same frame, and its words are written beneath as if they had been recognised.
func TestWordsBeneathAScanSitOnTheirInk(t *testing.T) {
	const dpi = 144
	e, pdfium := layers(t), newChrome(t)
	for i, v := range variants() {
		t.Run(fmt.Sprintf("%d %s", i, v), func(t *testing.T) {
			plain := v.Unturned()
			drawn := pdfium.looks(t, plain.Bytes(), dpi)
			gray := make([]byte, drawn.width*drawn.height)
			for i := range gray {
				gray[i] = drawn.pixels[3*i+1]
			}
			scan := v.Scan(drawn.width, drawn.height, gray)
			page, text, copied, _ := written(t, e, v.Bytes(), scan, func(p *ocr.Page) { p.Origin = ocr.Recognised })
			for name, got := range map[string]string{"poppler": poppler{}.text(t, copied), "PDFium": pdfium.text(t, copied)} {
				want, got := said(text), said(got)
				if diff := cmp.Diff(sorted(want), sorted(got)); diff != "" {
					t.Errorf("%s copies other words than the text has: %s", name, diff)
				}
				// Viewers put words of pages that lie on their sides or heads in an order of their own.
				if page.Angle == 0 && similarity(want, got) < 0.99 {
					t.Errorf("%s copies other lines than the text has: %s", name, cmp.Diff(want, got))
				}
			}
			for name, see := range map[string]viewer{"poppler": poppler{}, "PDFium": pdfium} {
				if n := see.looks(t, scan, 72).unlike(see.looks(t, copied, 72)); n > 0 {
					t.Errorf("%s: %d pixels are others than those of the original", name, n)
				}
			}
			onInk(t, poppler{}.places(t, copied), pdfium.looks(t, v.Bytes(), dpi).ink(pdfium.looks(t, v.Bare(), dpi)), dpi, v.Lines())
		})
	}
}

// onInk checks that each word of the lines lies on ink and that hardly any ink lies outside of words. Ink is that of the
// lines alone.
func onInk(t *testing.T, places []place, ink [][2]int, dpi int, lines []string) {
	t.Helper()
	words := strings.Fields(strings.Join(lines, " "))
	scale := float64(dpi) / 72
	outside := 0
	within := make([]int, len(places))
	for _, mark := range ink {
		x, y, found := (float64(mark[0])+0.5)/scale, (float64(mark[1])+0.5)/scale, false
		for i, p := range places {
			const slack = 1 // point
			if p.x0-slack <= x && x <= p.x1+slack && p.y0-slack <= y && y <= p.y1+slack {
				within[i]++
				found = true
			}
		}
		if !found {
			outside++
		}
	}
	for i, p := range places {
		if slices.Contains(words, p.word) && within[i] == 0 {
			t.Errorf("no ink beneath %q at %.0f, %.0f", p.word, p.x0, p.y0)
		}
	}
	if len(ink) == 0 || outside*20 > len(ink) {
		t.Errorf("%d of %d pixels of ink are under no word", outside, len(ink))
	}
}
