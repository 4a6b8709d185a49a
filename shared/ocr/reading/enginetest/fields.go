//go:build cgo

package enginetest

import (
	"fmt"
	"image"
	"image/color"
	"math/rand/v2"
	"strings"
	"testing"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/f64"
	"golang.org/x/image/math/fixed"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
	"github.com/lethe-ocr/lethe/shared/ocr/reading"
)

// Form is a drawn page with text fields, one in each row, and what each says.
type Form struct {
	Image *image.Gray
	Boxes []ocr.Box
	Texts []string

	marking ocr.Marking
	thick   int
	ground  uint8
	face    font.Face
}

// Rows of a form, in pixels at 200 dpi.
const (
	formWidth = 900
	rowHeight = 90
	rowLeft   = 60
	pitch     = 38 // of boxes for a character each
	formSize  = 12 // points
)

// NewForm draws a form at 200 dpi: print of 12 points, lines of 1 to 3 pixels, a little noise, half a degree off if it is skewed.
func NewForm(t testing.TB, marking ocr.Marking, texts []string, skewed bool) *Form {
	t.Helper()
	parsed, err := opentype.Parse(goregular.TTF)
	if err != nil {
		t.Fatal(err)
	}
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: formSize, DPI: ocrtest.DPI, Hinting: font.HintingFull})
	if err != nil {
		t.Fatal(err)
	}
	f := &Form{Image: image.NewGray(image.Rect(0, 0, formWidth, rowHeight*(len(texts)+1))), Texts: texts, marking: marking, face: face}
	random := rand.New(rand.NewPCG(7, uint64(len(marking)))) // #nosec G404 -- a fixed seed is the point
	f.fill(f.Image.Rect, 240)
	for i, text := range texts {
		f.thick, f.ground = 1+i%3, uint8(190+10*(i%3))
		f.Boxes = append(f.Boxes, f.row(text, rowHeight/2+i*rowHeight))
	}
	if skewed {
		straight := f.Image
		f.Image = image.NewGray(straight.Rect)
		f.fill(f.Image.Rect, 240)
		const sin, cos = 0.0087, 0.99996 // half a degree; the edge stays within the page's margin
		draw.BiLinear.Transform(f.Image, f64.Aff3{cos, -sin, 4, sin, cos, -4}, straight, straight.Rect, draw.Src, nil)
	}
	for i, v := range f.Image.Pix {
		if v == 0 && skewed {
			v = f.Image.Pix[max(i-1, 0)]
		}
		f.Image.Pix[i] = uint8(min(255, max(0, float64(v)+random.NormFloat64()*6)))
	}
	return f
}

func (f *Form) fill(r image.Rectangle, level uint8) {
	draw.Draw(f.Image, r, image.NewUniform(color.Gray{Y: level}), image.Point{}, draw.Src)
}

// row draws a field and returns its region.
func (f *Form) row(text string, top int) ocr.Box {
	const high, base = 46, 34
	places := max(len([]rune(text)), 4) + 2
	right := rowLeft + places*pitch
	across := func(y int) { f.fill(image.Rect(rowLeft, y, right, y+f.thick), 60) }
	down := func(x, from int) { f.fill(image.Rect(x, from, x+f.thick, top+high), 60) }
	switch f.marking {
	case ocr.Underline:
		across(top + base + 6)
	case ocr.TextFrame:
		across(top)
		across(top + high)
		down(rowLeft, top)
		down(right-f.thick, top)
	case ocr.BoxSeries:
		for i := range places {
			x := rowLeft + i*pitch
			f.fill(image.Rect(x, top, x+pitch-6, top+high), 60)
			f.fill(image.Rect(x, top, x+pitch-6, top+high).Inset(f.thick), 240)
		}
	case ocr.GreyBoxes:
		f.fill(image.Rect(rowLeft-6, top-6, right, top+high+6), f.ground)
		for i := range places {
			f.fill(image.Rect(rowLeft+i*pitch, top, rowLeft+i*pitch+pitch-6, top+high), 245)
		}
	case ocr.Comb, ocr.FramedComb, ocr.Partitioned:
		across(top + high - f.thick)
		if f.marking != ocr.Comb {
			across(top)
		}
		for i := range places + 1 {
			from := top + high*2/3
			if f.marking == ocr.Partitioned || f.marking == ocr.FramedComb && i%places == 0 {
				from = top
			}
			down(rowLeft+i*pitch-f.thick*(i/places), from)
		}
	}
	d := font.Drawer{Dst: f.Image, Src: image.NewUniform(color.Gray{Y: 20}), Face: f.face, Dot: fixed.P(rowLeft+8, top+base)}
	for i, r := range []rune(text) {
		if f.marking != ocr.NoMarking && f.marking != ocr.Underline && f.marking != ocr.TextFrame {
			wide := d.MeasureString(string(r)).Ceil()
			d.Dot = fixed.P(rowLeft+i*pitch+(pitch-6-wide)/2, top+base)
		}
		d.DrawString(string(r))
	}
	return ocr.Box{X0: rowLeft - 8, Y0: top - 8, X1: right + 8, Y1: top + high + 12}
}

// FormTexts are made up: words, numbers and codes, as forms ask for.
func FormTexts(n int) []string {
	random := rand.New(rand.NewPCG(5, 3)) // #nosec G404 -- a fixed seed is the point
	names := []string{"HOLLANDER", "WHITLOCK", "Thornbury", "VANDERMEER", "Abernathy", "LISBON", "Northfield"}
	const capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	var texts []string
	for i := range n {
		switch i % 3 {
		case 0:
			texts = append(texts, names[random.IntN(len(names))])
		case 1:
			texts = append(texts, fmt.Sprint(100000+random.IntN(9000000)))
		default:
			texts = append(texts, fmt.Sprintf("%c%c%05d", capitals[random.IntN(len(capitals))], capitals[random.IntN(len(capitals))], random.IntN(100000)))
		}
	}
	return texts
}

// ReadForm reads the fields of a form and returns what they say, without spaces. change completes what is asked for; nil leaves it.
func ReadForm(t *testing.T, e reading.Engine, f *Form, change func(i int, q *ocr.FieldRequest)) []string {
	t.Helper()
	var asked []ocr.FieldRequest
	for i, box := range f.Boxes {
		q := ocr.FieldRequest{ID: fmt.Sprint(i), Kind: ocr.TextField, Box: box, OneLine: true, Marking: f.marking}
		if change != nil {
			change(i, &q)
		}
		asked = append(asked, q)
	}
	im := Picture(t, f.Image)
	page, err := reading.New(e).Read(t.Context(), im, ocrtest.DPI, ocrtest.DPI, ocr.Options{Languages: []string{"eng"}, Fields: asked})
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Fields) != len(asked) || len(page.Blocks) > 0 {
		t.Fatalf("%d fields for %d, and %d blocks", len(page.Fields), len(asked), len(page.Blocks))
	}
	var texts []string
	for i, found := range page.Fields {
		var text strings.Builder
		for _, l := range found.Lines {
			for _, w := range l.Words {
				text.WriteString(w.Text)
				var spelt strings.Builder
				for _, c := range w.Characters {
					spelt.WriteString(c.Text)
					if !inBox(c.Box, found.Box) || c.Confidence < 0 || c.Confidence > 100 {
						t.Errorf("%q of %q is at %v, outside %v", c.Text, w.Text, c.Box, found.Box)
					}
				}
				if spelt.String() != w.Text || !inBox(w.Box, found.Box) {
					t.Errorf("%q at %v is spelt %q, in %v", w.Text, w.Box, spelt.String(), found.Box)
				}
			}
		}
		if found.ID != asked[i].ID || found.Kind != asked[i].Kind || found.Confidence < 0 || found.Confidence > 100 {
			t.Errorf("asked for %+v, got %+v", asked[i], found)
		}
		texts = append(texts, text.String())
	}
	return texts
}

func inBox(b, in ocr.Box) bool {
	return b.X0 >= in.X0 && b.Y0 >= in.Y0 && b.X1 <= in.X1 && b.Y1 <= in.Y1 && !b.Empty()
}

func emptyForms(t *testing.T, e reading.Engine) {
	for _, marking := range markings() {
		f := NewForm(t, marking, []string{"", "", "", ""}, true)
		for _, text := range ReadForm(t, e, f, nil) {
			if text != "" {
				t.Errorf("%q: %q is read where nothing is written", marking, text)
			}
		}
	}
}

func markings() []ocr.Marking {
	return []ocr.Marking{
		ocr.NoMarking, ocr.Underline, ocr.TextFrame, ocr.GreyBoxes, ocr.BoxSeries, ocr.Comb, ocr.FramedComb, ocr.Partitioned,
	}
}

func inForms(t *testing.T, e reading.Engine) {
	for _, marking := range markings() {
		for _, skewed := range []bool{false, true} {
			f := NewForm(t, marking, FormTexts(12), skewed)
			right := 0
			got := ReadForm(t, e, f, nil)
			for i, text := range f.Texts {
				if got[i] == text {
					right++
				} else {
					t.Logf("%q: %q is read as %q", marking, text, got[i])
				}
			}
			t.Logf("%q, skewed %v: %d of %d", marking, skewed, right, len(f.Texts))
			if 4*right < 3*len(f.Texts) {
				t.Errorf("%q, skewed %v: %d of %d are read", marking, skewed, right, len(f.Texts))
			}
		}
	}
}
