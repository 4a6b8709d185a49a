package field

import (
	"image"
	"math"
)

// mask is a picture of ink and paper.
type mask struct {
	width, height int
	ink           []bool // rows from the top
}

func newMask(width, height int) mask { return mask{width, height, make([]bool, width*height)} }

func (m mask) at(x, y int) bool {
	return x >= 0 && y >= 0 && x < m.width && y < m.height && m.ink[y*m.width+x]
}

func (m mask) bounds() image.Rectangle { return image.Rect(0, 0, m.width, m.height) }

// Contrast that ink has at least against paper, in levels of grey; noise has less.
const (
	leastContrast = 30
	leastStep     = 20
	inkStep       = 0.2 // of the difference between paper and the darkest ink
	noiseStep     = 4.0 // standard deviations of paper
)

// inkOf finds ink of any kind, pencil beside a printed frame too: what is clearly darker than the paper around it. A picture
// without contrast has none.
func inkOf(im *image.Gray) mask {
	m := newMask(im.Rect.Dx(), im.Rect.Dy())
	soft := softened(im)
	var counts [256]int
	for _, v := range soft {
		counts[v]++
	}
	paper, noise, darkest := levels(counts, len(soft))
	if paper-darkest < leastContrast {
		return m
	}
	step := max(leastStep, inkStep*(paper-darkest), noiseStep*noise)
	local := shade(soft, m.width, paper)
	for i, v := range soft {
		m.ink[i] = float64(v) < local(i%m.width, i/m.width)-step
	}
	return m
}

// shade returns the grey of paper at each place, which it has from the four quarters of a picture.
func shade(soft []byte, width int, paper float64) func(x, y int) float64 {
	const mostShade = 50 // what is darker is ink
	height := len(soft) / width
	var quarters [2][2]float64
	for i := range 2 {
		for j := range 2 {
			var counts [256]int
			n := 0
			for y := i * height / 2; y < (i+1)*height/2; y++ {
				for _, v := range soft[y*width+j*width/2 : y*width+(j+1)*width/2] {
					counts[v]++
					n++
				}
			}
			quarter, lighter := 255, counts[255]
			for ; quarter > 0 && 3*lighter < n; quarter-- {
				lighter += counts[quarter-1]
			}
			quarters[i][j] = paper
			if math.Abs(float64(quarter)-paper) < mostShade {
				quarters[i][j] = float64(quarter)
			}
		}
	}
	part := func(v, size int) float64 { return min(max(2*(float64(v)+0.5)/float64(size)-0.5, 0), 1) } // from middle to middle
	return func(x, y int) float64 {
		across, down := part(x, width), part(y, height)
		top := quarters[0][0]*(1-across) + quarters[0][1]*across
		bottom := quarters[1][0]*(1-across) + quarters[1][1]*across
		return top*(1-down) + bottom*down
	}
}

// softened returns the mean of the 3 × 3 pixels around each.
func softened(im *image.Gray) []byte {
	w, h := im.Rect.Dx(), im.Rect.Dy()
	rows := make([]int, w*h) // sums of three in a row
	for y := range h {
		for x := range w {
			for _, n := range [3]int{max(x-1, 0), x, min(x+1, w-1)} {
				rows[y*w+x] += int(im.Pix[y*im.Stride+n])
			}
		}
	}
	soft := make([]byte, w*h)
	for y := range h {
		for x := range w {
			sum := rows[max(y-1, 0)*w+x] + rows[y*w+x] + rows[min(y+1, h-1)*w+x]
			soft[y*w+x] = uint8(sum / 9) //nolint:gosec // the mean of bytes
		}
	}
	return soft
}

// levels returns the grey of paper and how much it varies, and that of the darkest ink. Paper is the lighter of the two groups
// that part best.
func levels(counts [256]int, total int) (paper, noise, darkest float64) {
	split := Otsu(counts, total)
	light, n, sum, squares := 0, 0, 0.0, 0.0
	for v := 255; v > split; v-- {
		light += counts[v]
	}
	for v := 255; v > split && 2*n < light; v-- {
		n += counts[v]
		paper = float64(v)
	}
	n = 0
	for v := int(paper); v < 256; v++ { // the lighter half, in which no ink is
		d := float64(v) - paper
		n += counts[v]
		sum += float64(counts[v])
		squares += float64(counts[v]) * d * d
	}
	if sum > 0 {
		noise = math.Sqrt(squares / sum)
	}
	few := total/200 + 1
	for v, n := 0, 0; v < 256; v++ {
		if n += counts[v]; n >= few {
			return paper, noise, float64(v)
		}
	}
	return paper, noise, paper
}

// Otsu returns the level up to which pixels are of the darker of the two groups that part best, of counts of each level
// (N. Otsu, 1979).
func Otsu(counts [256]int, total int) int {
	sum := 0.0
	for v, n := range counts {
		sum += float64(v) * float64(n)
	}
	split, best, below, sumBelow := 0, -1.0, 0.0, 0.0
	for v, n := range counts {
		below += float64(n)
		sumBelow += float64(v) * float64(n)
		above := float64(total) - below
		if below == 0 || above == 0 {
			continue
		}
		d := sumBelow/below - (sum-sumBelow)/above
		if between := below * above * d * d; between > best {
			split, best = v, between
		}
	}
	return split
}

// piece is a connected piece of ink.
type piece struct {
	box    image.Rectangle
	pixels []int // places in the mask
}

// pieces returns the connected pieces of a mask, diagonals included, in the order of their first pixels.
func (m mask) pieces() []piece {
	seen := make([]bool, len(m.ink))
	var all []piece
	for start, ink := range m.ink {
		if !ink || seen[start] {
			continue
		}
		seen[start] = true
		p := piece{pixels: []int{start}}
		for i := 0; i < len(p.pixels); i++ {
			x, y := p.pixels[i]%m.width, p.pixels[i]/m.width
			p.box = p.box.Union(image.Rect(x, y, x+1, y+1))
			for ny := max(y-1, 0); ny <= min(y+1, m.height-1); ny++ {
				for nx := max(x-1, 0); nx <= min(x+1, m.width-1); nx++ {
					if n := ny*m.width + nx; m.ink[n] && !seen[n] {
						seen[n] = true
						p.pixels = append(p.pixels, n)
					}
				}
			}
		}
		all = append(all, p)
	}
	return all
}
