package pdf

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/klippa-app/go-pdfium/requests"
)

// lines is a text with one space between words and no empty lines.
func lines(text string) string {
	var b strings.Builder
	text = strings.NewReplacer("\u202a", "", "\u202b", "", "\u202c", "").Replace(text)
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' || r == '\f' }) {
		if words := strings.Fields(line); len(words) > 0 {
			b.WriteString(strings.Join(words, " ") + "\n")
		}
	}
	return b.String()
}

// similarity is twice the length of the longest common subsequence over the length of both texts.
func similarity(a, b string) float64 {
	x, y := []rune(a), []rune(b)
	row := make([]int, len(y)+1)
	for _, c := range x {
		diagonal := 0
		for j, d := range y {
			above := row[j+1]
			if c == d {
				row[j+1] = diagonal + 1
			} else {
				row[j+1] = max(above, row[j])
			}
			diagonal = above
		}
	}
	return 2 * float64(row[len(y)]) / float64(max(len(x)+len(y), 1))
}

// extracted is the text of a PDF's first page as PDFium gives it.
func extracted(t *testing.T, data []byte) string {
	t.Helper()
	p := open(t, data)
	text := ""
	err := p.look(1, func(v view) error {
		got, err := p.instance.GetPageText(&requests.GetPageText{Page: v.page})
		if err == nil {
			text = got.Text
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// copied is the searchable PDF of a page, of a scan without anything on it.
func (s *galley) copied() []byte {
	return overlaid(s.t, onePage(fmt.Sprintf("/MediaBox[0 0 %g %g]", float64(s.page.Width)*72/200, float64(s.page.Height)*72/200), ""), s.page)
}

func TestTextIsExtractedLineByLineAsItWasRead(t *testing.T) {
	type view struct {
		skew  float64
		angle int
		bare  bool
	}
	views := []view{
		{skew: 0.5}, {skew: -3}, {bare: true}, {skew: 3, bare: true},
		{}, {angle: 90}, {angle: 180}, {angle: 270}, {skew: 3}, {skew: 3, angle: 90}, {skew: 3, angle: 180}, {skew: 3, angle: 270},
	}
	for name, set := range galleys() {
		for _, v := range views {
			if v.skew != 0 && v.angle > 90 && name != "two columns" {
				continue // one page shows that skew goes with every turn
			}
			t.Run(fmt.Sprintf("%s, skewed by %g, turned by %d, bare %t", name, v.skew, v.angle, v.bare), func(t *testing.T) {
				s := newGalley(t, v.skew, v.angle)
				s.bare = v.bare
				set(s)
				data := s.copied()
				want, least := s.written(), 0.99
				if v.skew != 0 {
					least = 0.97
				}
				if got := lines(extracted(t, data)); similarity(want, got) < least {
					t.Errorf("PDFium: similarity %.3f\n%s", similarity(want, got), got)
				}
				got := lines(string(independent(t, data)))
				if v.angle == 90 && name == "two columns" { // poppler gives blocks that are read upwards from the last to the first
					want, got = sorted(want), sorted(got)
				}
				if similarity(want, got) < least {
					t.Errorf("poppler: similarity %.3f\n%s", similarity(want, got), got)
				}
			})
		}
	}
}

func sorted(text string) string {
	return strings.Join(slices.Sorted(strings.SplitSeq(text, "\n")), "\n")
}

func TestWhatIsFoundIsHighlightedWhereItStands(t *testing.T) {
	for name, set := range galleys() {
		if name == "arabic" || name == "hebrew" {
			continue // their characters come in another order
		}
		for _, angle := range []int{0, 90, 180, 270} {
			t.Run(fmt.Sprintf("%s turned by %d", name, angle), func(t *testing.T) {
				s := newGalley(t, 0, angle)
				set(s)
				p := open(t, s.copied())
				var glyphs []glyph
				err := p.look(1, func(v view) (err error) {
					glyphs, err = p.glyphs(v, false)
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				glyphs = slices.DeleteFunc(glyphs, func(g glyph) bool { return unicode.IsSpace(g.char) })
				covered := 0.6 // of the box of a word
				if angle == 90 {
					covered = 0.4 // a heading has the size of what follows, see upwards
				}
				bad, all := 0, 0
				for w := range s.page.Words {
					n := utf8.RuneCountInString(w.Text)
					var shown rect
					for _, g := range glyphs[:n] {
						shown = shown.with(g.box)
					}
					glyphs = glyphs[n:]
					const scale = 72. / 200
					box := rect{float64(w.Box.X0), float64(w.Box.Y0), float64(w.Box.X1), float64(w.Box.Y1)}.through(matrix{a: scale, d: scale})
					turned := upright(angle)
					found, word := shown.through(turned), box.through(turned)
					const room = 4 * scale
					if all++; found.x0 < word.x0-room || found.x1 > word.x1+room || shown.intersect(box).area() < covered*box.area() {
						bad++
						t.Logf("%q is highlighted at %+v, stands at %+v", w.Text, shown, box)
					}
				}
				if bad*50 > all {
					t.Errorf("%d of %d words", bad, all)
				}
			})
		}
	}
}

func TestWordsThatAreThereStayOutOfTheirLine(t *testing.T) {
	s := newGalley(t, 0, 0)
	s.paragraph(200, 300, 1250, 11, 0.28, false, strings.Fields("read the visible word here"))
	words := s.page.Blocks[0].Paragraphs[0].Lines[0].Words
	there := words[2].Box
	at := fmt.Sprintf("BT /F1 11 Tf %g %g Td (visible) Tj ET", float64(there.X0)*0.36, 842.04-300*0.36)
	data := overlaid(t, onePage("/MediaBox[0 0 595.44 842.04]", at), s.page)
	if got := lines(string(independent(t, data))); got != "read the visible word here\n" {
		t.Errorf("poppler: %q", got)
	}
	set := slices.DeleteFunc(locate(t, data), func(f found) bool { return f.Text == "visible" })
	for _, f := range set[1:] {
		if f.YMax != set[0].YMax || f.YMin != set[0].YMin {
			t.Errorf("%+v is not on the line of %+v", f, set[0])
		}
	}
}

// MuPDF shows every space that is there. Behind a word of one letter there are two, without which PDFium has none.
func TestWordsAreOneSpaceApartToMuPDFToo(t *testing.T) {
	tool, err := exec.LookPath("mutool")
	if err != nil {
		t.Skip("mutool is not installed")
	}
	s := newGalley(t, 0, 0)
	words := strings.Fields("What stands between words of any line is one space, be they long or no longer than it is")
	s.paragraph(200, 300, 1250, 11, 0.28, false, words)
	file := filepath.Join(t.TempDir(), "copied.pdf")
	if err := os.WriteFile(file, s.copied(), 0o600); err != nil {
		t.Fatal(err)
	}
	shown, err := exec.CommandContext(t.Context(), tool, "draw", "-q", "-F", "txt", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(string(shown)); got != strings.Join(words, " ") {
		t.Errorf("MuPDF: %q", got)
	}
}
