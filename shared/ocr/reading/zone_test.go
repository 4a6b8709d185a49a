//go:build cgo

package reading_test

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/f64"
	"golang.org/x/image/math/fixed"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/mrz"
)

// zoneFont is the typeface of machine-readable zones, as Debian's package fonts-ocr-b installs it: of its files the one whose glyphs can all be
// drawn here.
const zoneFont = "/usr/share/fonts/opentype/ocr-b/OCRBS.otf"

// zones makes machine-readable zones of made-up people.
type zones struct{ random *rand.Rand }

func (z zones) of(list ...string) string { return list[z.random.IntN(len(list))] }

func (z zones) chars(n int, alphabet string) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[z.random.IntN(len(alphabet))]
	}
	return string(b)
}

const (
	zoneDigits  = "0123456789"
	zoneLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// checked is a text with its check digit (ICAO Doc 9303, part 3, section 4.9).
func checked(text string) string { return text + digitOf(text) }

func digitOf(text string) string {
	sum := 0
	for i, c := range text {
		v := strings.IndexRune(zoneDigits+zoneLetters, c)
		sum += max(v, 0) * []int{7, 3, 1}[i%3]
	}
	return strconv.Itoa(sum % 10)
}

func filled(text string, n int) string { return (text + strings.Repeat("<", n))[:n] }

func (z zones) make(format ocr.MRZFormat) []string {
	state := z.of("UTO", "D<<", "FRA", "GBR", "POL", "ITA", "ESP", "NLD")
	names := z.of("ERIKSSON<<ANNA<MARIA", "MUELLER<<HANS", "O<CONNOR<<ENYA<SIOBHAN", "VAN<DER<MUELEN<<MARIANNE<LOUISE", "KOWALSKI<<ZBIGNIEW", "DUPONT<<QUENTIN<JEAN<XAVIER")
	number := filled(z.chars(1+z.random.IntN(2), zoneLetters)+z.chars(7, zoneDigits+"CFGHJKLMNPRTVWXYZ"), 9)
	date := func() string {
		return fmt.Sprintf("%02d%02d%02d", z.random.IntN(100), 1+z.random.IntN(12), 1+z.random.IntN(28))
	}
	birth, sex, expiry := checked(date()), z.of("M", "F", "<"), checked(date())
	optional := filled(z.of("", z.chars(9, zoneDigits), z.chars(6, zoneLetters)), 14)
	switch format {
	case ocr.TD1:
		a := "I<" + state + checked(number) + strings.Repeat("<", 15)
		b := birth + sex + expiry + state + filled(z.of("", z.chars(8, zoneDigits)), 11)
		return []string{a, b + digitOf(a[5:]+b[:7]+b[8:15]+b[18:]), filled(names, 30)}
	case ocr.TD2:
		b := checked(number) + state + birth + sex + expiry + optional[:7]
		return []string{filled("I<"+state+names, 36), b + digitOf(b[:10]+b[13:20]+b[21:])}
	case ocr.TD3:
		personal := checked(optional)
		if strings.Trim(optional, "<") == "" {
			personal = optional + "<"
		}
		b := checked(number) + state + birth + sex + expiry + personal
		return []string{filled("P<"+state+names, 44), b + digitOf(b[:10]+b[13:20]+b[21:])}
	case ocr.MRVA:
		return []string{filled("V<"+state+names, 44), filled(checked(number)+state+birth+sex+expiry+optional, 44)}
	default:
		return []string{filled("V<"+state+names, 36), filled(checked(number)+state+birth+sex+expiry+optional, 36)}
	}
}

// shot is how a document comes to be a picture.
type shot struct {
	name        string
	dpi         int
	tilt, noise float64 // degrees; standard deviation of grey values
	alone       bool    // the zone is all there is
	photo       bool    // the far end is smaller, and the light falls from one side
	quarters    int     // turned clockwise
}

// scanOf draws the part of a document around a zone: letters of OCR-B at 10 to the inch (part 3, section 4.2).
func scanOf(t *testing.T, lines []string, s shot, seed uint64) *image.Gray {
	t.Helper()
	data, err := os.ReadFile(zoneFont)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := opentype.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	inch := float64(s.dpi)
	face := func(points float64) font.Face {
		f, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: points, DPI: inch})
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	trial := face(100)
	advance, _ := trial.GlyphAdvance('0')
	zone := face(100 * inch / 10 / (float64(advance) / 64))
	im := image.NewGray(image.Rect(0, 0, int(5.1*inch), int(2.2*inch)))
	paper := image.NewUniform(color.Gray{Y: 225})
	draw.Draw(im, im.Rect, paper, image.Point{}, draw.Src)
	put := func(f font.Face, x, y float64, text string) {
		d := font.Drawer{Dst: im, Src: image.NewUniform(color.Gray{Y: 45}), Face: f, Dot: fixed.P(int(x*inch), int(y*inch))}
		d.DrawString(text)
	}
	if !s.alone {
		put(face(9), 0.35, 0.4, "Name  Specimen   Place of birth  Utopia")
		put(face(9), 0.35, 0.65, "Authority  Ministry of the Interior")
	}
	for i, l := range lines {
		put(zone, 0.3, 1.2+float64(i)/4, l)
	}
	if s.alone {
		im = shifted(im.SubImage(image.Rect(int(0.2*inch), int(inch), int((0.4+float64(len(lines[0]))/10)*inch), int((1.1+float64(len(lines))/4)*inch))).(*image.Gray))
	}
	if s.tilt != 0 {
		sin, cos := math.Sincos(s.tilt * math.Pi / 180)
		cx, cy := float64(im.Rect.Dx())/2, float64(im.Rect.Dy())/2
		tilted := image.NewGray(im.Rect)
		draw.Draw(tilted, tilted.Rect, paper, image.Point{}, draw.Src)
		draw.BiLinear.Transform(tilted, f64.Aff3{cos, -sin, cx - cos*cx + sin*cy, sin, cos, cy - sin*cx - cos*cy}, im, im.Rect, draw.Over, nil)
		im = tilted
	}
	if s.photo {
		im = photographed(im)
	}
	random := rand.New(rand.NewPCG(seed, 15)) // a fixed seed is the point
	for i, v := range im.Pix {
		im.Pix[i] = uint8(min(255, max(0, float64(v)+random.NormFloat64()*s.noise)))
	}
	return turned(im, s.quarters)
}

// shifted returns a copy that begins at the origin.
func shifted(im *image.Gray) *image.Gray {
	out := image.NewGray(image.Rectangle{Max: im.Rect.Size()})
	draw.Draw(out, out.Rect, im, im.Rect.Min, draw.Src)
	return out
}

// photographed returns a picture as a camera sees it that is held askew: the right side is farther away and darker.
func photographed(im *image.Gray) *image.Gray {
	const smaller, darker = 0.06, 0.35
	out := image.NewGray(im.Rect)
	w, h := float64(im.Rect.Dx()), float64(im.Rect.Dy())
	for y := range im.Rect.Dy() {
		for x := range im.Rect.Dx() {
			far := float64(x) / w
			near := 1 / (1 - smaller*far)
			sx, sy := float64(x)*(1-smaller)*near, h/2+(float64(y)-h/2)*near
			sum, n := 0, 0
			for dy := range 2 { // a little out of focus
				for dx := range 2 {
					at := image.Pt(min(int(sx)+dx, im.Rect.Dx()-1), min(max(int(sy)+dy, 0), im.Rect.Dy()-1))
					sum, n = sum+int(im.GrayAt(at.X, at.Y).Y), n+1
				}
			}
			out.SetGray(x, y, color.Gray{Y: uint8(float64(sum) / float64(n) * (1 - darker*far))})
		}
	}
	return out
}

// zoneCounts is what was read of zones that were drawn.
type zoneCounts struct {
	Zones, Found, Valid, Exact int

	Wrong     int // valid, and a field with a check digit of its own says what it does not say on the document
	Unchecked int // valid, and another field does
}

// add counts what was read of a zone, and reports whether it was all right.
func (c *zoneCounts) add(page ocr.Page, want []string) bool {
	c.Zones++
	i := slices.IndexFunc(page.Blocks, func(b ocr.Block) bool { return b.Kind == ocr.MRZBlock })
	if i < 0 {
		return false
	}
	c.Found++
	read, truth := page.Blocks[i].MRZ, mrz.Parse(want)
	exact := slices.Equal(read.Lines, want)
	if exact {
		c.Exact++
	}
	if !read.Valid {
		return false
	}
	c.Valid++
	wrong := read.Format != truth.Format
	for _, f := range truth.Fields {
		same := slices.ContainsFunc(read.Fields, func(r ocr.MRZField) bool { return r.Name == f.Name && r.Value == f.Value })
		wrong = wrong || f.Valid != nil && !same
	}
	switch {
	case wrong:
		c.Wrong++
	case !exact:
		c.Unchecked++
	}
	return exact
}

// Zones in OCR-B are found whatever the picture is like, and those whose check digits hold are right. With LETHE_SOAK there are more
// of them, and in every format.
func TestZonesAreReadFromScansAndPhotographs(t *testing.T) {
	if _, err := os.Stat(zoneFont); err != nil {
		t.Skip("the typeface is not installed: apt-get install fonts-ocr-b")
	}
	shots := []shot{
		{name: "photograph", dpi: 300, noise: 6, tilt: 1.5, photo: true},
		{name: "the zone alone", dpi: 300, noise: 3, alone: true},
		{name: "on its side", dpi: 300, noise: 6, quarters: 1},
		{name: "upside down", dpi: 300, noise: 6, quarters: 2},
		{name: "scan", dpi: 200, noise: 10, tilt: 1},
	}
	formats := []ocr.MRZFormat{ocr.TD1, ocr.TD2, ocr.TD3, ocr.MRVA, ocr.MRVB}
	few := shots[:3] // in the first formats
	each := 1
	soak := os.Getenv("LETHE_SOAK") != ""
	if soak {
		each = 2
		for _, dpi := range []int{200, 300, 400} {
			for _, s := range []shot{{noise: 3}, {tilt: 1, noise: 10}, {tilt: -2, noise: 18}, {noise: 3, alone: true}, {noise: 6, tilt: 3, photo: true}} {
				s.dpi = dpi
				s.name = fmt.Sprintf("%d dpi, tilt %v, noise %v, alone %v, photograph %v", dpi, s.tilt, s.noise, s.alone, s.photo)
				shots = append(shots, s)
			}
		}
	}
	r := newReader(t)
	opt := english()
	opt.Features = ocr.Features{MRZ: true}
	z := zones{rand.New(rand.NewPCG(9303, 1))}
	var all zoneCounts
	if !soak {
		shots = few
	}
	for i, s := range shots {
		var counts zoneCounts
		for k, format := range formats {
			if !soak && k != i {
				continue
			}
			for n := range each {
				want := z.make(format)
				page, err := r.Read(t.Context(), grey(t, scanOf(t, want, s, uint64(n)+1)), s.dpi, s.dpi, opt)
				if err != nil {
					t.Fatal(err)
				}
				check(t, page)
				mrz.Find(&page)
				all.add(page, want)
				if !counts.add(page, want) {
					t.Logf("%s, %s: drawn\n%s\nread\n%s", s.name, format, strings.Join(want, "\n"), zoneText(page))
				}
			}
		}
		t.Logf("%s: %+v", s.name, counts)
	}
	t.Logf("all: %+v", all)
	if 10*all.Found < 9*all.Zones {
		t.Errorf("%d of %d zones were found", all.Found, all.Zones)
	}
	if 10*all.Valid < 8*all.Zones || 50*all.Wrong > all.Zones {
		t.Errorf("of %d zones %d were valid, and %d of those wrong", all.Zones, all.Valid, all.Wrong)
	}
}

// zoneText returns what a page says of its zone, or all it says where none was found.
func zoneText(p ocr.Page) string {
	for _, b := range p.Blocks {
		if b.Kind == ocr.MRZBlock {
			return fmt.Sprint(strings.Join(b.MRZ.Lines, "\n"), " valid: ", b.MRZ.Valid)
		}
	}
	return text(p)
}
