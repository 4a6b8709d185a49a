// Package ocrtest draws pages that look scanned (text at 200 dpi, skewed, noisy, pale; the same seed gives the same pixels)
// and scores what was recognised against the truth.
package ocrtest

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"strings"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/f64"
	"golang.org/x/image/math/fixed"
)

// DPI is the resolution of the pages; A4 is Width × Height pixels of it.
const (
	DPI    = 200
	Width  = 1654
	Height = 2339
)

// Style says how hard a page is to read.
type Style struct {
	Skew  float64 // degrees clockwise
	Noise float64 // standard deviation of grey values
	Paper uint8   // grey of the paper
	Ink   uint8   // grey of the ink
	Size  float64 // of letters in points
}

// Scanned is a page as an office scanner gives it: a degree off, noisy, pale.
func Scanned() Style { return Style{Skew: 1, Noise: 14, Paper: 232, Ink: 70, Size: 11} }

// Clean is a page as a printer gives it.
func Clean() Style { return Style{Paper: 255, Ink: 0, Size: 11} }

// Draw returns a page with the text, lines broken where they are full.
func Draw(text string, style Style, seed uint64) (*image.Gray, error) {
	face, err := face(style.Size)
	if err != nil {
		return nil, err
	}
	straight := filled(style.Paper)
	write(straight, text, face, style.Ink)
	img := straight
	if style.Skew != 0 {
		img = filled(style.Paper)
		sin, cos := math.Sincos(style.Skew * math.Pi / 180)
		cx, cy := float64(Width)/2, float64(Height)/2
		turn := f64.Aff3{cos, -sin, cx - cos*cx + sin*cy, sin, cos, cy - sin*cx - cos*cy}
		draw.BiLinear.Transform(img, turn, straight, straight.Bounds(), draw.Src, nil)
		edges(img, style.Paper)
	}
	if style.Noise > 0 {
		random := rand.New(rand.NewPCG(seed, seed)) // a fixed seed is the point
		for i, v := range img.Pix {
			img.Pix[i] = uint8(min(255, max(0, float64(v)+random.NormFloat64()*style.Noise)))
		}
	}
	return img, nil
}

// edges fills the corners that turning left black.
func edges(img *image.Gray, paper uint8) {
	for y := range Height {
		row := img.Pix[y*img.Stride : y*img.Stride+Width]
		for x := 0; x < Width && row[x] == 0; x++ {
			row[x] = paper
		}
		for x := Width - 1; x >= 0 && row[x] == 0; x-- {
			row[x] = paper
		}
	}
}

func filled(grey uint8) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, Width, Height))
	for i := range img.Pix {
		img.Pix[i] = grey
	}
	return img
}

func face(size float64) (font.Face, error) {
	parsed, err := opentype.Parse(goregular.TTF)
	if err != nil {
		return nil, fmt.Errorf("parse font: %w", err)
	}
	f, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: size, DPI: DPI, Hinting: font.HintingFull})
	if err != nil {
		return nil, fmt.Errorf("make face: %w", err)
	}
	return f, nil
}

// write sets text with margins of an inch. An empty line ends a paragraph.
func write(img *image.Gray, text string, face font.Face, ink uint8) {
	const margin = DPI
	leading := face.Metrics().Height * 5 / 4
	d := font.Drawer{Dst: img, Src: image.NewUniform(color.Gray{Y: ink}), Face: face, Dot: fixed.P(margin, margin)}
	for paragraph := range strings.SplitSeq(text, "\n") {
		line := ""
		flush := func() {
			d.Dot.X = fixed.I(margin)
			d.DrawString(line)
			d.Dot.Y += leading
			line = ""
		}
		for word := range strings.FieldsSeq(paragraph) {
			longer := strings.TrimSpace(line + " " + word)
			if font.MeasureString(face, longer) > fixed.I(Width-2*margin) {
				flush()
				longer = word
			}
			line = longer
		}
		flush()
	}
}

// Letter returns the text of page n of a made-up letter, counted from 1. No two pages are alike.
func Letter(n int) string {
	subjects := []string{"the harbour survey", "the northern reservoir", "the parish archive", "the orchard lease", "the tramway bridge"}
	people := []string{"Marguerite Hollander", "Ambrose Whitlock", "Philippa Thornbury", "Cornelius Vandermeer", "Beatrix Abernathy"}
	s, p := subjects[n%len(subjects)], people[(n*3)%len(people)]
	return fmt.Sprintf(`Quarterly report, sheet %d

Dear %s,

We write to you about %s, which was inspected on the %d. of September by two surveyors and a clerk of this office. The weather was fair, the ground was dry, and every marker could be found where the register places it.

The surveyors noted %d cracked foundation stones along the eastern boundary, a collapsed drainage channel, and several fences that the neighbouring tenants have moved without permission. None of these findings endangers the public at present, although the channel should be repaired before the winter.

The estimated expense is %d pounds, of which the district council has promised to contribute one third. The remaining amount must be approved at the meeting in November. Please bring the original agreement, the insurance certificate and the photographs that were taken during the previous inspection.

If you would like to examine the measurements yourself, the complete notebook is kept in our archive under number %d and may be consulted on any weekday between nine and four.

With kind regards,
the Surveyor of Works
`, n, p, s, 1+n%28, 3+n%17, 1200+37*n, 48000+n)
}

// Words returns the words of a text that are long enough to mean something when they are found somewhere.
func Words(text string) []string {
	var words []string
	for w := range strings.FieldsFuncSeq(text, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", r)
	}) {
		if len(w) >= 7 {
			words = append(words, w)
		}
	}
	return words
}
