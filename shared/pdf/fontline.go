package pdf

import (
	"image"
	"math"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/requests"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// Recognise reads a picture of a few lines of text.
type Recognise func(Raster) (ocr.Page, error)

const (
	// lineEm is the size in pixels in which text is read to judge its font, and lineDPI what that counts as for the engine.
	lineEm  = 44
	lineDPI = 300

	// enoughGlyphs is the number of glyphs with which a font is judged, if a page has as many, in at most maxRuns runs of text.
	enoughGlyphs = 24
	maxRuns      = 4
	longestRun   = 60

	// runPixels bounds the picture of one run.
	runPixels = 1 << 20
)

// run is a piece of a line in one font.
type run struct {
	from, to int // glyphs
	box      rect
	em       float64
	angle    int
	glyphs   int
	doubted  int // different characters that look like others
}

// lies reads some of the text that is set in a font, and reports whether it is clearly another than the layer says.
func (p *Document) lies(v view, glyphs []glyph, u *usage, look *fontLook) (bool, error) {
	runs := runsOf(glyphs, u, look)
	if len(runs) == 0 {
		return false, nil
	}
	var claim strings.Builder
	sheet := Raster{DPI: lineDPI}
	for _, r := range runs {
		line, err := p.renderRun(v, r)
		if err != nil {
			return false, err
		}
		sheet.stack(line)
		for _, g := range glyphs[r.from:r.to] {
			claim.WriteRune(g.char)
		}
		claim.WriteByte(' ')
	}
	page, err := p.recognise(sheet)
	if err != nil {
		return false, err
	}
	var read strings.Builder
	for w := range page.Words {
		read.WriteString(w.Text)
	}
	return contradicted(folded(claim.String()), folded(read.String()), page.Confidence, look), nil
}

// runsOf picks runs of the words of a font to be read: those with most characters in doubt, then the longest.
func runsOf(glyphs []glyph, u *usage, look *fontLook) []run {
	var runs []run
	for _, w := range u.words {
		next := run{from: w.from, to: w.to, angle: quarter(glyphs[w.from].angle)}
		for _, g := range glyphs[w.from:w.to] {
			next.box = next.box.with(g.box)
			next.em = max(next.em, min(g.box.width(), g.box.height()))
			next.glyphs++
		}
		if set := glyphs[w.from].set; set != nil && set.font.Size > next.em {
			next.em = set.font.Size
		}
		if !(next.box.area() > 0 && next.em > 0) || math.Abs(glyphs[w.from].angle-float64(next.angle)) > slant {
			continue
		}
		if n := len(runs); n > 0 && runs[n-1].joins(next) {
			last := &runs[n-1]
			last.to, last.glyphs, last.box, last.em = next.to, last.glyphs+next.glyphs, last.box.union(next.box), max(last.em, next.em)
			continue
		}
		runs = append(runs, next)
	}
	for i := range runs {
		odd := map[rune]bool{}
		for _, g := range glyphs[runs[i].from:runs[i].to] {
			odd[g.char] = look.checked[g.char] != 0 || !look.outlines && unicode.IsDigit(g.char)
		}
		for _, is := range odd {
			if is {
				runs[i].doubted++
			}
		}
	}
	slices.SortStableFunc(runs, func(a, b run) int {
		if a.doubted != b.doubted {
			return b.doubted - a.doubted
		}
		return b.glyphs - a.glyphs
	})
	n := 0
	for i := range runs {
		if n += runs[i].glyphs; n >= enoughGlyphs || i+1 == maxRuns {
			return runs[:i+1]
		}
	}
	return runs
}

// joins reports whether a word continues a run on its line.
func (r run) joins(next run) bool {
	if next.angle != r.angle || next.from > r.to+maxSpaces || r.glyphs+next.glyphs > longestRun || max(next.em, r.em) > 2*min(next.em, r.em) {
		return false
	}
	a, b := r.box.through(upright(r.angle)), next.box.through(upright(r.angle))
	return b.x0 >= a.x1-0.2*r.em && b.x0 < a.x1+2*r.em && min(a.y1, b.y1)-max(a.y0, b.y0) > 0.2*min(a.height(), b.height())
}

// renderRun draws a run upright, dark on light.
func (p *Document) renderRun(v view, r run) (Raster, error) {
	margin := 0.15 * r.em
	box := rect{r.box.x0 - margin, r.box.y0 - margin, r.box.x1 + margin, r.box.y1 + margin}
	dpi := min(72*lineEm/r.em, 72*math.Sqrt(runPixels/box.area()))
	rendered, err := p.instance.RenderPageInDPI(&requests.RenderPageInDPI{
		Page: v.page, DPI: max(1, int(dpi)), ImageFormat: requests.RenderImageFormatGrayscale,
		Crop:        &requests.RenderPageCrop{X: box.x0, Y: box.y0, Width: box.width(), Height: box.height()},
		RenderFlags: enums.FPDF_RENDER_FLAG_RENDER_LIMITEDIMAGECACHE,
	})
	if err != nil {
		return Raster{}, p.fail(err)
	}
	defer rendered.CleanupFunc()
	gray, ok := rendered.Result.RenderedImage.(*image.Gray)
	if !ok {
		return Raster{}, errNoPicture
	}
	p.used += int64(len(gray.Pix))
	return uprightLine(gray, r.angle), nil
}

// uprightLine turns a picture clockwise by an angle, and makes it dark on light.
func uprightLine(from *image.Gray, angle int) Raster {
	w, h := from.Rect.Dx(), from.Rect.Dy()
	to := Raster{Width: w, Height: h}
	if angle%180 != 0 {
		to.Width, to.Height = h, w
	}
	to.Stride = to.Width
	to.Gray = make([]byte, to.Stride*to.Height)
	sum := 0
	for y := range to.Height {
		for x := range to.Width {
			fx, fy := x, y
			switch angle {
			case 90:
				fx, fy = y, h-1-x
			case 180:
				fx, fy = w-1-x, h-1-y
			case 270:
				fx, fy = w-1-y, x
			}
			value := from.Pix[fy*from.Stride+fx]
			to.Gray[y*to.Stride+x] = value
			sum += int(value)
		}
	}
	if sum < 128*len(to.Gray) {
		for i := range to.Gray {
			to.Gray[i] = 255 - to.Gray[i]
		}
	}
	return to
}

// stack sets a picture beneath others, with white around it.
func (r *Raster) stack(line Raster) {
	const space = lineEm / 2
	width := max(r.Width, line.Width+2*space)
	grown := Raster{Width: width, Stride: width, Height: r.Height + line.Height + 2*space, DPI: r.DPI}
	grown.Gray = slices.Repeat([]byte{255}, grown.Stride*grown.Height)
	for y := range r.Height {
		copy(grown.Gray[y*grown.Stride:], r.Gray[y*r.Stride:][:r.Width])
	}
	for y := range line.Height {
		copy(grown.Gray[(r.Height+space+y)*grown.Stride+space:], line.Gray[y*line.Stride:][:line.Width])
	}
	*r = grown
}

// folded returns the letters and digits of a text, and characters for private use, without case and accents.
func folded(text string) []rune {
	var letters []rune
	for _, c := range norm.NFKD.String(text) {
		if unicode.IsLetter(c) || unicode.IsDigit(c) || unicode.Is(unicode.Co, c) {
			letters = append(letters, unicode.ToLower(c))
		}
	}
	return letters
}

const (
	// sureReading is the confidence from which a reading counts against a font, and honest the share of letters in which it must
	// agree with what the layer says of an honest one.
	sureReading = 65
	honest      = 0.6
)

// contradicted reports whether what was read of a font is clearly another text than that of the layer.
func contradicted(claim, read []rune, confidence float64, look *fontLook) bool {
	if confidence < sureReading || len(read) < max(fewGlyphs, len(claim)/2) {
		return false
	}
	pairs, equal := align(claim, read)
	if float64(equal) < honest*float64(max(len(claim), len(read))) {
		return true
	}
	var odd, digits struct{ all, other int }
	readAs := map[rune]map[rune]int{}
	for _, pair := range pairs {
		other := pair[0] != pair[1] && !lookAlike(pair[0], pair[1])
		if look.checked[pair[0]] != 0 || look.checked[unicode.ToUpper(pair[0])] != 0 {
			odd.all++
			if other {
				odd.other++
			}
		}
		if unicode.IsDigit(pair[0]) {
			digits.all++
			if other && unicode.IsDigit(pair[1]) {
				digits.other++
			}
		}
		if readAs[pair[0]] == nil {
			readAs[pair[0]] = map[rune]int{}
		}
		readAs[pair[0]][pair[1]]++
	}
	return odd.other >= 2 && odd.other*3 >= odd.all*2 || digits.other >= 2 && digits.other*2 >= digits.all || exchanged(readAs) >= 2
}

// exchanged counts the letters that were read as the same other letter wherever they stand, more than once.
func exchanged(readAs map[rune]map[rune]int) int {
	n := 0
	for char, others := range readAs {
		for other, times := range others {
			if len(others) == 1 && times > 1 && char != 0 && other != 0 && other != char && !lookAlike(char, other) {
				n++
			}
		}
	}
	return n
}

// passesFor reports whether a small letter is another one or looks like it in another script: an engine with the languages of
// both takes the one for the other.
func passesFor(read, claimed rune) bool {
	if read == claimed {
		return true
	}
	latin := func(small rune) rune {
		if as := lookalike(small); as != small {
			return as
		}
		return unicode.ToLower(lookalike(unicode.ToUpper(small)))
	}
	return latin(read) == latin(claimed)
}

// align pairs the letters of two texts so that the fewest differ, and counts those that are equal. Letters without a counterpart
// are paired with 0.
func align(a, b []rune) (pairs [][2]rune, equal int) {
	cost := make([][]int, len(a)+1)
	for i := range cost {
		cost[i] = make([]int, len(b)+1)
		for j := range cost[i] {
			switch {
			case i == 0 || j == 0:
				cost[i][j] = i + j
			case passesFor(b[j-1], a[i-1]):
				cost[i][j] = cost[i-1][j-1]
			default:
				cost[i][j] = 1 + min(cost[i-1][j], cost[i][j-1], cost[i-1][j-1])
			}
		}
	}
	for i, j := len(a), len(b); i > 0 || j > 0; {
		switch {
		case i > 0 && j > 0 && passesFor(b[j-1], a[i-1]):
			equal++
			pairs = append(pairs, [2]rune{a[i-1], a[i-1]})
			i, j = i-1, j-1
		case i > 0 && j > 0 && cost[i][j] == cost[i-1][j-1]+1:
			pairs = append(pairs, [2]rune{a[i-1], b[j-1]})
			i, j = i-1, j-1
		case i > 0 && cost[i][j] == cost[i-1][j]+1:
			pairs = append(pairs, [2]rune{a[i-1], 0})
			i--
		default:
			pairs = append(pairs, [2]rune{0, b[j-1]})
			j--
		}
	}
	return pairs, equal
}
