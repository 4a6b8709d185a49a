package pdf

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// illustrated is a page of words, and its picture: ink where the words are, and a dark square of one colour beneath.
func illustrated(angle int, words ...string) (ocr.Page, *Picture) {
	page := recognised(850, 1100, 100, angle, words)
	grey := image.NewGray(image.Rect(0, 0, 850, 1100))
	draw.Draw(grey, grey.Bounds(), image.White, image.Point{}, draw.Src)
	for w := range page.Words {
		ink := image.Rect(w.Box.X0+2, w.Box.Y0+2, w.Box.X1-2, w.Box.Y1-2)
		draw.Draw(grey, ink, image.Black, image.Point{}, draw.Src)
	}
	draw.Draw(grey, photographed(), image.NewUniform(color.Gray{Y: 60}), image.Point{}, draw.Src)
	return page, &Picture{Pixels: grey.Pix, Format: Gray, Stride: grey.Stride, Width: 850, Height: 1100}
}

func photographed() image.Rectangle { return image.Rect(600, 800, 760, 960) }

// set writes pages of text and pictures.
func set(t *testing.T, page ocr.Page, pic *Picture) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := shared.NewWriter(nil, ocr.PDFOptions{Kind: ocr.TextAndPictures}, &out)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Page(page, pic); err != nil {
		t.Fatal(err)
	}
	if err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	check(t, out.Bytes())
	return out.Bytes()
}

func TestTextOfPicturesIsSetAsTextAndTheRestStaysAPicture(t *testing.T) {
	for _, angle := range []int{0, 90, 180, 270} {
		page, pic := illustrated(angle, append(english(), "слово", "λόγος", "Łódź", "שלום", "文字")...)
		page.Fonts = []ocr.Font{{Style: ocr.Bold}, {Style: ocr.Italic}, {Style: ocr.FixedWidth}}
		out := set(t, page, pic)
		if share := inPlace(page, 0.72, locate(t, out)); share < 0.95 {
			t.Errorf("angle %d: %.2f of the words are in place", angle, share)
		}
		if n := bytes.Count(out, []byte("/Subtype/Image")); n < 2 || n > 4 { // the square, and the words without letters in the fonts
			t.Errorf("angle %d: there are %d pictures", angle, n)
		}
		if !bytes.Contains(out, []byte("/BaseFont/GoRegular")) {
			t.Errorf("angle %d: no font is embedded", angle)
		}
	}
}

// inPlace is the share of words that are found with their middle in the box: that of visible text is as high as its font.
func inPlace(page ocr.Page, scale float64, all []found) float64 {
	good, count := 0, 0
	for w := range page.Words {
		count++
		x, y := scale*float64(w.Box.X0+w.Box.X1)/2, scale*float64(w.Box.Y0+w.Box.Y1)/2
		for _, f := range all {
			if f.Text == string(visual(w.Text)) && x > f.XMin && x < f.XMax && y > f.YMin && y < f.YMax {
				good++
				break
			}
		}
	}
	return float64(good) / float64(count)
}

func TestVisibleTextIsDrawnWhereItWasAndPicturesKeepTheirPlace(t *testing.T) {
	page, pic := illustrated(0, "Word", "another", "words", "here")
	p := open(t, set(t, page, pic))
	var raster Raster
	if err := p.look(1, func(v view) (err error) {
		raster, err = p.render(v, 100)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	dark := func(r image.Rectangle) (share float64) {
		n := 0
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				if raster.Gray[y*raster.Stride+x] < 128 {
					n++
				}
			}
		}
		return float64(n) / float64(r.Dx()*r.Dy())
	}
	for w := range page.Words {
		if share := dark(image.Rect(w.Box.X0, w.Box.Y0, w.Box.X1, w.Box.Y1)); share < 0.05 || share > 0.7 {
			t.Errorf("%.2f of the place of %s is dark: that is no letters", share, w.Text)
		}
	}
	if share := dark(photographed().Inset(4)); share < 0.99 {
		t.Errorf("%.2f of the picture is dark", share)
	}
}

func TestPagesOfTextAloneHaveNoPicture(t *testing.T) {
	page, pic := illustrated(0, "Word", "another")
	hidden := photographed()
	pic.erase(hidden.Inset(-20))
	if out := set(t, page, pic); bytes.Contains(out, []byte("/Subtype/Image")) {
		t.Error("there is a picture")
	}
}

func TestPageOfManyPicturesIsOne(t *testing.T) {
	page, pic := illustrated(0, "Word")
	for y := 0; y < 1100; y += 64 {
		for x := 0; x < 850; x += 64 {
			for i := range 32 * 32 {
				pic.Pixels[min(y+i/32, 1099)*pic.Stride+min(x+i%32, 849)] = 0
			}
		}
	}
	if out := set(t, page, pic); bytes.Count(out, []byte("/Subtype/Image")) != 1 {
		t.Errorf("there are %d pictures", bytes.Count(out, []byte("/Subtype/Image")))
	}
}

func TestHostileWordsAreNoOperators(t *testing.T) {
	page, pic := illustrated(0, "(", ")", "\\", "> Tj", "<", "BT", strings.Repeat("W", 500))
	page.Blocks[0].Paragraphs[0].Lines[0].Words[0].Box = ocr.Box{X0: -5, Y0: -5, X1: 9000, Y1: 3}
	page.Blocks[0].Paragraphs[0].Lines[0].Words[0].Font = 9
	set(t, page, pic)
}
