package mrz

import (
	"image"
	"math"
)

// The look of a character: its darkness in a grid of glyphWide × glyphHigh, without its mean, of length 1.
const (
	glyphWide, glyphHigh = 16, 24
	glyphShift           = 1 // grid points by which two looks are moved for them to agree best
)

type look [glyphWide * glyphHigh]float64

// Compare corrects readings of the rows of a zone by how their characters look: all are of one typeface, so that those that the
// readings agree on show how the others would have to look. A zone has many fillers, and what the engine takes them for now and
// then weighs in check digits as much as they do: a K counts 20. cells holds the picture of each character, all of one size.
func Compare(rows [][]string, cells [][]*image.Gray) [][]string {
	looks := make([][]look, len(cells))
	known := map[byte]*example{}
	for i, row := range cells {
		looks[i] = make([]look, len(row))
		for j, im := range row {
			looks[i][j] = lookOf(im)
			if c, sure := agreed(rows[i], j); sure {
				if known[c] == nil {
					known[c] = &example{}
				}
				known[c].add(&looks[i][j])
			}
		}
	}
	corrected := make([][]string, len(rows))
	for i, readings := range rows {
		lines := make([][]byte, len(readings))
		for k := range lines {
			lines[k] = []byte(readings[k])
		}
		for j := range looks[i] {
			if c, ok := judge(readings, j, &looks[i][j], known); ok {
				for k := range lines {
					lines[k][j] = c
				}
			}
		}
		for _, l := range lines {
			corrected[i] = append(corrected[i], string(l))
		}
	}
	return corrected
}

// agreed returns what all readings say of a place, and whether they say the same.
func agreed(readings []string, place int) (byte, bool) {
	for _, r := range readings {
		if r[place] == Unread || r[place] != readings[0][place] {
			return 0, false
		}
	}
	return readings[0][place], len(readings) > 0
}

// judge returns what a character is by its look: one of what the readings say, or a filler. It reports false where that is not
// clear, or what the readings agree on.
func judge(readings []string, place int, seen *look, known map[byte]*example) (byte, bool) {
	const (
		same    = 0.85 // characters agree at least so well with others that are the same, and fillers with nothing else
		clearly = 0.92 // so well they must agree where nothing shows how another that was read looks: an O is much like a Q
		ahead   = 0.05 // by so much better than with what is another one
		enough  = 3    // fillers must be known to go against what all readings say
	)
	filler := known['<']
	if said, sure := agreed(readings, place); sure {
		return '<', said != '<' && filler != nil && filler.count >= enough && filler.sum.agrees(seen) >= same
	}
	var best byte
	first, second, least := -1.0, -1.0, same
	for _, c := range []byte(distinct(column(readings, place) + "<")) {
		switch e := known[c]; {
		case e != nil:
			if score := e.sum.agrees(seen); score > first {
				best, first, second = c, score, first
			} else {
				second = max(second, score)
			}
		case c != '<':
			least = clearly
		}
	}
	return best, first >= least && first >= second+ahead
}

// column returns what each reading that has a character in a place says.
func column(readings []string, place int) string {
	var said []byte
	for _, r := range readings {
		if r[place] != Unread {
			said = append(said, r[place])
		}
	}
	return string(said)
}

// example is how a character looks.
type example struct {
	sum   look
	count int
}

func (e *example) add(l *look) {
	for i, v := range l {
		e.sum[i] += v
	}
	e.count++
}

// agrees returns the correlation of two looks, 1 for the same.
func (l *look) agrees(other *look) float64 {
	best := -1.0
	for dy := -glyphShift; dy <= glyphShift; dy++ {
		for dx := -glyphShift; dx <= glyphShift; dx++ {
			var ab, aa, bb float64
			for y := max(0, -dy); y < min(glyphHigh, glyphHigh-dy); y++ {
				for x := max(0, -dx); x < min(glyphWide, glyphWide-dx); x++ {
					a, b := l[(y+dy)*glyphWide+x+dx], other[y*glyphWide+x]
					ab, aa, bb = ab+a*b, aa+a*a, bb+b*b
				}
			}
			best = max(best, ab/math.Max(math.Sqrt(aa*bb), 1e-9))
		}
	}
	return best
}

// lookOf brings a picture of a character to the grid.
func lookOf(im *image.Gray) look {
	var l look
	mean := 0.0
	w, h := im.Rect.Dx(), im.Rect.Dy()
	for y := range glyphHigh {
		for x := range glyphWide {
			sum, n := 0, 0
			for sy := y * h / glyphHigh; sy < max((y+1)*h/glyphHigh, y*h/glyphHigh+1); sy++ {
				for sx := x * w / glyphWide; sx < max((x+1)*w/glyphWide, x*w/glyphWide+1); sx++ {
					sum, n = sum+255-int(im.Pix[sy*im.Stride+sx]), n+1
				}
			}
			l[y*glyphWide+x] = float64(sum) / float64(n)
			mean += l[y*glyphWide+x]
		}
	}
	mean /= float64(len(l))
	length := 0.0
	for i := range l {
		l[i] -= mean
		length += l[i] * l[i]
	}
	for i := range l {
		l[i] /= math.Max(math.Sqrt(length), 1e-9)
	}
	return l
}
