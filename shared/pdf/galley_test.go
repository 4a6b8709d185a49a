package pdf

import (
	"math"
	"strings"
	"testing"
	"unicode"

	imagefont "golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// galley is a page of A4 at 200 dots an inch on which lines are set, with the boxes that an exact recognition would find.
type galley struct {
	t     *testing.T
	skew  float64 // clockwise, degrees
	angle int     // as in ocr.Page
	faces map[float64]imagefont.Face
	page  ocr.Page
	bare  bool // without baselines
}

const galleyWidth, galleyHeight = 1654, 2339 // pixels of the upright page

func newGalley(t *testing.T, skew float64, angle int) *galley {
	s := &galley{t: t, skew: skew, angle: angle, faces: map[float64]imagefont.Face{}}
	s.page = ocr.Page{Number: 1, Width: galleyWidth, Height: galleyHeight, DPI: 200, Angle: angle, Origin: ocr.Recognised, Confidence: 90}
	if angle%180 != 0 {
		s.page.Width, s.page.Height = galleyHeight, galleyWidth
	}
	return s
}

func (s *galley) face(points float64) imagefont.Face {
	if f, ok := s.faces[points]; ok {
		return f
	}
	parsed, err := opentype.Parse(goregular.TTF)
	if err != nil {
		s.t.Fatal(err)
	}
	f, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: points, DPI: 200})
	if err != nil {
		s.t.Fatal(err)
	}
	s.faces[points] = f
	return f
}

// ink returns the width of a word and its ink, relative to its start on the baseline. Letters that the font does not have are
// squares.
func (s *galley) ink(word string, points float64) (advance float64, ink rect) {
	em := points * 200 / 72
	f := s.face(points)
	for _, r := range word {
		box, width, ok := f.GlyphBounds(r)
		g := rect{float64(box.Min.X) / 64, float64(box.Min.Y) / 64, float64(box.Max.X) / 64, float64(box.Max.Y) / 64}
		wide := float64(width) / 64
		if !ok || unicode.Is(unicode.Mn, r) {
			wide = 0.55 * em
			if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) || r >= 0x3000 && r < 0x3100 || r > 0xFF00 {
				wide = em
			}
			g = rect{0.05 * wide, -0.75 * em, 0.95 * wide, 0.1 * em}
		}
		g.x0, g.x1 = g.x0+advance, g.x1+advance
		ink = ink.with(g)
		advance += wide
	}
	return advance, ink
}

// place returns the pixels of a point of the upright page.
func (s *galley) place(x, y float64) (float64, float64) {
	sin, cos := math.Sincos(s.skew * math.Pi / 180)
	x, y = x-galleyWidth/2, y-galleyHeight/2
	x, y = x*cos-y*sin, x*sin+y*cos
	x, y = upright(s.angle).inverse().apply(x, y)
	return x + float64(s.page.Width)/2, y + float64(s.page.Height)/2
}

func (s *galley) box(r rect) ocr.Box {
	var corners rect
	for i, p := range [][2]float64{{r.x0, r.y0}, {r.x1, r.y0}, {r.x0, r.y1}, {r.x1, r.y1}} {
		x, y := s.place(p[0], p[1])
		if i == 0 {
			corners = rect{x, y, x, y}
		}
		corners = corners.union(rect{x, y, x, y})
	}
	return whole(corners, s.page.Width, s.page.Height)
}

// setText is what is set: a text in a size, after a space of so many ems.
type setText struct {
	text   string
	points float64
	space  float64
}

// line sets words from left to right as they are read, or from right to left, and adds them as a line to a paragraph.
func (s *galley) line(par *ocr.Paragraph, x, y float64, leftward bool, words ...setText) {
	l := ocr.Line{}
	start := x
	for i, w := range words {
		em := w.points * 200 / 72
		if i > 0 {
			x += map[bool]float64{false: 1, true: -1}[leftward] * w.space * em
		}
		advance, ink := s.ink(w.text, w.points)
		at := x
		if leftward {
			at = x - advance
		}
		box := s.box(rect{at + ink.x0, y + ink.y0, at + ink.x1, y + ink.y1})
		l.Words = append(l.Words, ocr.Word{Text: w.text, Box: box, Confidence: 90})
		l.Box = l.Box.Union(box)
		x = at
		if !leftward {
			x += advance
		}
	}
	if !s.bare {
		l.Baseline = &ocr.Baseline{}
		round := func(x, y float64) (int, int) { x, y = s.place(x, y); return int(math.Round(x)), int(math.Round(y)) }
		l.Baseline.X0, l.Baseline.Y0 = round(min(start, x), y)
		l.Baseline.X1, l.Baseline.Y1 = round(max(start, x), y)
	}
	par.Lines = append(par.Lines, l)
	par.Box = par.Box.Union(l.Box)
}

// paragraph sets a text with lines of at most width pixels.
func (s *galley) paragraph(x, y, width, points, space float64, leftward bool, words []string) float64 {
	em := points * 200 / 72
	var par ocr.Paragraph
	var line []setText
	used := 0.0
	for i, w := range words {
		advance, _ := s.ink(w, points)
		if used+advance > width && len(line) > 0 {
			s.line(&par, x, y, leftward, line...)
			y += 1.3 * em
			line, used = nil, 0
		}
		line = append(line, setText{w, points, space})
		used += advance + space*em
		if i == len(words)-1 {
			s.line(&par, x, y, leftward, line...)
		}
	}
	s.page.Blocks = append(s.page.Blocks, ocr.Block{Box: par.Box, Paragraphs: []ocr.Paragraph{par}})
	return y + 2.5*em
}

// written is the text of the page as the txt result has it, without empty lines.
func (s *galley) written() string {
	var b strings.Builder
	for i := range s.page.Blocks {
		for g := range s.page.Blocks[i].Text {
			for _, l := range g.Lines {
				for j, w := range l.Words {
					if j > 0 && l.SpaceBefore(j) {
						b.WriteByte(' ')
					}
					b.WriteString(w.Text)
				}
				b.WriteByte('\n')
			}
		}
	}
	return b.String()
}

// galleys are pages of each kind of text.
func galleys() map[string]func(*galley) {
	prose := strings.Fields(strings.Repeat("It will fill a line or two with ill lilies, i.e. all that is left of 1,250 ( or 30 % ) of it . "+
		"See note * on page 12 ' and “ the annex ” — not 30 — says he ; ", 4))
	chinese := strings.Split("今天 天气 很 好 ， 我们 去 公园 。 请 于 三月 五日 前 缴清 费用 ， 联系 电话 零一 零六 五五 二 。", " ")
	arabic := strings.Fields("الكلمات غير المرئية تقع تحت الصفحة حتى يجدها البحث في سنة 2024 كما قال")
	hebrew := strings.Fields("מילים בלתי נראות נמצאות מתחת לעמוד בשנת 1948 כדי שהחיפוש ימצא אותן")
	again := func(words []string, n int) []string {
		return strings.Split(strings.Repeat(strings.Join(words, "\x00")+"\x00", n), "\x00")[:n*len(words)]
	}
	row := func(s *galley, y float64, cells ...string) { // columns are 300 pixels wide
		var par ocr.Paragraph
		var words []setText
		x := 200.0
		for i, c := range cells {
			w := setText{c, 10, 0}
			if i > 0 {
				w.space = (float64(200+i*300) - x) / (10 * 200. / 72)
			}
			words = append(words, w)
			x = float64(200 + i*300)
			advance, _ := s.ink(c, 10)
			x += advance
		}
		s.line(&par, 200, y, false, words...)
		s.page.Blocks = append(s.page.Blocks, ocr.Block{Box: par.Box, Paragraphs: []ocr.Paragraph{par}})
	}
	return map[string]func(*galley){
		"prose":     func(s *galley) { s.paragraph(200, 300, 1250, 11, 0.28, false, prose) },
		"justified": func(s *galley) { s.paragraph(200, 300, 1250, 11, 0.55, false, prose) },
		"spaced line": func(s *galley) {
			s.paragraph(200, 300, 1250, 11, 0.7, false, prose[:9])
			s.paragraph(200, 500, 1250, 11, 0.28, false, strings.Fields("a i 1 l . i"))
		},
		"small print": func(s *galley) { s.paragraph(200, 300, 1250, 6, 0.28, false, prose) },
		"heading": func(s *galley) {
			s.paragraph(200, s.paragraph(200, 300, 1250, 24, 0.28, false, prose[:6]), 1250, 11, 0.28, false, prose)
		},
		"small and large": func(s *galley) {
			var par ocr.Paragraph
			for i := range 6 {
				s.line(&par, 200, 400+float64(i)*80, false, setText{"Total", 20, 0}, setText{"of", 8, 0.3}, setText{"all", 8, 0.3}, setText{"figures", 11, 0.3},
					setText{"is", 8, 0.3}, setText{"480.00", 20, 0.3}, setText{".", 8, 0.3})
			}
			s.page.Blocks = append(s.page.Blocks, ocr.Block{Paragraphs: []ocr.Paragraph{par}})
		},
		"two columns": func(s *galley) {
			s.paragraph(160, 300, 600, 10, 0.28, false, prose)
			s.paragraph(860, 300, 600, 10, 0.28, false, prose)
		},
		"table": func(s *galley) {
			for i := range 12 {
				y := 300 + 45*float64(i)
				row(s, y, "Apples", "12", "1.50", "18.00")
			}
		},
		"chinese": func(s *galley) { s.paragraph(200, 300, 1250, 12, 0, false, again(chinese[1:], 5)) },
		"chinese from top to bottom": func(s *galley) {
			var par ocr.Paragraph
			for i := range 8 {
				l := ocr.Line{}
				for j, r := range []rune("请于三月五日前缴清费用联系电话零一")[i:] {
					x, y := 1400-70*float64(i), 300+40*float64(j)
					l.Words = append(l.Words, ocr.Word{Text: string(r), Box: s.box(rect{x, y, x + 34, y + 34}), Confidence: 90})
				}
				par.Lines = append(par.Lines, l)
			}
			s.page.Blocks = append(s.page.Blocks, ocr.Block{Paragraphs: []ocr.Paragraph{par}})
		},
		"arabic": func(s *galley) { s.paragraph(1450, 300, 1250, 12, 0.28, true, again(arabic, 5)) },
		"hebrew": func(s *galley) { s.paragraph(1450, 300, 1250, 12, 0.28, true, again(hebrew, 5)) },
	}
}
