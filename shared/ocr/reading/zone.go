//go:build cgo

package reading

import (
	"cmp"
	"context"
	"image"
	"math"
	"slices"
	"strings"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/mrz"
)

const (
	zoneLetters  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<"
	zoneLanguage = "eng" // its model knows them all
	mostBands    = 2     // of a page that are read
)

// zoneHeights lists the heights of capitals, in pixels, with which a row is read: what the engine makes of a long run of fillers, and of
// letters of this typeface, changes with their size.
func zoneHeights() []float64 { return []float64{24, 18, 32} }

// zones reads the machine-readable zones of a page again, and puts what it read in the place of what the engine had found there:
// its analysis of a page leaves out rows that are fillers for the most part, or cuts them. Where nothing looks like a zone that
// costs a look at the ink. A zone that was read whole before stays. It returns where it read, in the picture turned as the
// reading says.
func (r *Reader) zones(ctx context.Context, s *sheet, best reading, opt ocr.Options) (reading, []image.Rectangle, error) {
	if opt.Letters != "" { // others are not wanted
		return best, nil, nil
	}
	ink, err := s.ink()
	if err != nil {
		return reading{}, nil, err
	}
	size := bounds(s.shown).Size()
	for _, aside := range []int{0, 90} {
		angle := (best.angle + aside) % 360
		upright := make([]image.Rectangle, len(ink))
		for i, p := range ink {
			upright[i] = turnedRect(p, angle, size)
		}
		bands := mrz.Bands(upright)
		if len(bands) == 0 {
			continue
		}
		return r.readBands(ctx, s, best, aside, bands[:min(len(bands), mostBands)], opt)
	}
	return best, nil, nil
}

// readBands reads bands of a page that is turned clockwise by aside beyond the reading.
func (r *Reader) readBands(
	ctx context.Context, s *sheet, best reading, aside int, bands [][]mrz.Row, opt ocr.Options,
) (reading, []image.Rectangle, error) {
	angle := (best.angle + aside) % 360
	square, err := s.square.Turn(angle)
	if err != nil {
		return reading{}, nil, err
	}
	defer square.Close()
	page, err := grayOf(square)
	if err != nil {
		return reading{}, nil, err
	}
	size := bounds(s.shown).Size()
	if angle%180 != 0 {
		size = image.Pt(size.Y, size.X)
	}
	z := zoneReader{reader: r, page: page, scale: s.scale, opt: opt}
	var read []image.Rectangle
	for _, band := range bands {
		rows, valid, err := z.either(ctx, band)
		if err != nil {
			return reading{}, nil, err
		}
		if rows == nil {
			continue
		}
		var where image.Rectangle
		for i := range rows {
			rows[i] = rows[i].turned((360-aside)%360, size)
			where = where.Union(rows[i].Box)
		}
		if before := mrz.Parse(linesIn(best.words, where)); before != nil && before.Valid && !valid {
			continue
		}
		best = rate(inPlace(best.words, rows, where), best.angle)
		read = append(read, where)
	}
	return best, read, nil
}

// turned returns the word in a picture of a size that is turned clockwise.
func (w Word) turned(angle int, size image.Point) Word {
	if angle == 0 {
		return w
	}
	w.Box, w.Baseline = turnedRect(w.Box, angle, size), [2]image.Point{}
	w.Characters = slices.Clone(w.Characters)
	for i := range w.Characters {
		w.Characters[i].Box = turnedRect(w.Characters[i].Box, angle, size)
	}
	return w
}

// inPlace returns words with others in the place of those whose middle lies where they are, as a block of their own.
func inPlace(words, others []Word, where image.Rectangle) []Word {
	at, block := -1, 0
	var kept []Word
	for _, w := range words {
		block = max(block, w.Block)
		if center(w.Box).In(where) {
			if at < 0 {
				at = len(kept)
			}
			continue
		}
		kept = append(kept, w)
	}
	if at < 0 { // below the lowest word that stands above
		at = 0
		for i, w := range kept {
			if w.Box.Max.Y <= where.Min.Y {
				at = i + 1
			}
		}
		for at > 0 && at < len(kept) && kept[at].follows(kept[at-1]) {
			at++
		}
	}
	for i := range others {
		others[i].Block, others[i].Paragraph, others[i].Line = block+1, 1, i+1
	}
	return slices.Insert(kept, at, others...)
}

// linesIn returns the text of each line whose words lie in a place.
func linesIn(words []Word, where image.Rectangle) []string {
	var lines []string
	for line := range runs(words) {
		var text strings.Builder
		for _, w := range line {
			if center(w.Box).In(where) {
				text.WriteString(w.Text)
			}
		}
		if text.Len() > 0 {
			lines = append(lines, text.String())
		}
	}
	return lines
}

// zoneReader reads bands of a page.
type zoneReader struct {
	reader *Reader
	page   *image.Gray // of square pixels, turned so that the rows go from left to right
	scale  float64     // of the picture in which the rows were found
	opt    ocr.Options
}

// either reads a band the way up that it has, or upside down if that says nothing, and reports whether all check digits hold. It
// returns no words if it is no zone either way.
func (z zoneReader) either(ctx context.Context, band []mrz.Row) (words []Word, valid bool, err error) {
	for _, over := range []bool{false, true} {
		words, valid, err = z.band(ctx, band, over)
		if err != nil || words != nil {
			break
		}
	}
	return words, valid, err
}

// band reads the rows of a band one way up. It returns no words if they are no zone beyond doubt.
func (z zoneReader) band(ctx context.Context, band []mrz.Row, over bool) ([]Word, bool, error) {
	n := len(band)
	rows, readings, words := make([]row, n), make([][]string, n), make([]Word, n)
	for i, found := range band {
		rows[i] = row{found, over}
		if over {
			rows[i].Row = band[n-1-i]
		}
	}
	for k, height := range zoneHeights() {
		for i, row := range rows {
			word, places, err := z.row(ctx, row, height)
			if err != nil {
				return nil, false, err
			}
			if k == 0 {
				words[i] = word
			}
			readings[i] = append(readings[i], places)
		}
	}
	cells := make([][]*image.Gray, n)
	for i, row := range rows {
		var err error
		if cells[i], err = z.cells(row); err != nil {
			return nil, false, err
		}
	}
	lines, zone := mrz.Settle(mrz.Compare(readings, cells))
	if zone == nil || !sound(zone) {
		return nil, false, nil
	}
	for i := range words {
		words[i] = rows[i].spelled(words[i], lines[i])
	}
	return words, zone.Valid, nil
}

// sound reports whether check digits leave no doubt that a zone is one: chance lets one in ten hold.
func sound(zone *ocr.MRZ) bool {
	held, all := 0, 0
	for _, f := range zone.Fields {
		if f.Valid == nil {
			continue
		}
		if all++; *f.Valid {
			held++
		}
	}
	return zone.Valid || held >= 2 && 2*held >= all
}

// row is a row of a band, upside down if over.
type row struct {
	mrz.Row
	over bool
}

// row reads a row with letters of a height. It returns the row as one word, where it is in the picture in which it was found, and a
// byte for each of its characters.
func (z zoneReader) row(ctx context.Context, row row, height float64) (Word, string, error) {
	cut, err := z.strip(row, height)
	if err != nil {
		return Word{}, "", err
	}
	strip, err := scaledGray(cut, 1, 1, false)
	if err != nil {
		return Word{}, "", err
	}
	defer strip.Close()
	found, err := z.reader.engine.Recognise(ctx, strip, Ask{
		Languages: z.languages(), Mode: SingleLine, Letters: zoneLetters, Characters: true, Alternatives: z.opt.Alternatives,
	})
	if err != nil {
		return Word{}, "", err
	}
	var characters []Character
	word := Word{}
	for _, w := range found.Words {
		for _, c := range spelling(w) {
			if len(c.Text) == 1 && strings.Contains(zoneLetters, c.Text) {
				characters = append(characters, c)
			}
		}
	}
	slices.SortStableFunc(characters, func(a, b Character) int { return cmp.Compare(center(a.Box).X, center(b.Box).X) })
	pitch := row.Pitch * height / row.Height
	at := make([]float64, len(characters))
	for i, c := range characters {
		at[i] = float64(c.Box.Min.X+c.Box.Max.X)/2/pitch - stripMargin
	}
	places := make([]byte, row.Cells)
	word.Characters = make([]Character, row.Cells)
	for j := range places {
		places[j] = mrz.Unread
	}
	for i, j := range assigned(at, row.Cells) {
		if j >= 0 {
			places[j], word.Characters[j] = characters[i].Text[0], characters[i]
		}
	}
	return word, string(places), nil
}

func (z zoneReader) languages() []string {
	if slices.Contains(z.reader.Languages(), zoneLanguage) {
		return []string{zoneLanguage}
	}
	return z.opt.Languages
}

// spelled returns a word as the text of a row, with its characters where they stand.
func (r row) spelled(w Word, text string) Word {
	w.Text = text
	dx, dy := (r.X1-r.X0)/float64(max(r.Cells-1, 1)), (r.Y1-r.Y0)/float64(max(r.Cells-1, 1))
	sum := 0.0
	for j := range w.Characters {
		at := float64(j)
		if r.over {
			at = float64(r.Cells - 1 - j)
		}
		x, y := r.X0+at*dx, r.Y0+at*dy
		c := &w.Characters[j]
		c.Box = image.Rect(int(x-r.Pitch/2), int(y-r.Height/2), int(math.Ceil(x+r.Pitch/2)), int(math.Ceil(y+r.Height/2)))
		if c.Text != text[j:j+1] {
			*c = Character{Text: text[j : j+1], Box: c.Box, Confidence: doubtedField}
		}
		w.Box = w.Box.Union(c.Box)
		sum += c.Confidence
	}
	w.Confidence, w.Height = sum/float64(max(len(w.Characters), 1)), r.Height
	return w
}
