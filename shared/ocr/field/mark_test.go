package field_test

import (
	"bytes"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"golang.org/x/image/vector"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/field"
)

// form draws what a scanner sees of a field for a check mark.
type form struct {
	*rand.Rand
	side    float64 // of the frame, pixels
	turn    float64 // radians
	shake   float64 // of a hand, in sides
	x, y    float64 // middle of the frame
	ink     *image.Alpha
	printed *image.Alpha
}

// at is a point of the field, whose frame reaches from -1 to 1.
func (f *form) at(x, y float64) (float32, float32) {
	sin, cos := math.Sincos(f.turn)
	x, y = x*f.side/2, y*f.side/2
	return float32(f.x + x*cos - y*sin), float32(f.y + x*sin + y*cos)
}

// line draws a line of a thickness in pixels.
func line(on *image.Alpha, thick float64, points ...[2]float32) {
	for i := 1; i < len(points); i++ {
		z := vector.NewRasterizer(on.Rect.Dx(), on.Rect.Dy())
		dx, dy := float64(points[i][0]-points[i-1][0]), float64(points[i][1]-points[i-1][1])
		length := max(math.Hypot(dx, dy), 1e-6)
		nx, ny := float32(-dy/length*thick/2), float32(dx/length*thick/2)
		a, b := points[i-1], points[i]
		z.MoveTo(a[0]+nx, a[1]+ny)
		z.LineTo(b[0]+nx, b[1]+ny)
		z.LineTo(b[0]-nx, b[1]-ny)
		z.LineTo(a[0]-nx, a[1]-ny)
		z.ClosePath()
		z.Draw(on, on.Rect, image.Opaque, image.Point{})
	}
}

// stroke draws by hand through points of the field.
func (f *form) stroke(thick float64, points ...[2]float64) {
	var path [][2]float32
	before := points[0]
	for i, p := range points {
		px, py := p[0]+f.NormFloat64()*f.shake, p[1]+f.NormFloat64()*f.shake
		if i > 0 { // a bend halfway
			mx, my := f.at((before[0]+px)/2+f.NormFloat64()*f.shake/2, (before[1]+py)/2+f.NormFloat64()*f.shake/2)
			path = append(path, [2]float32{mx, my})
		}
		x, y := f.at(px, py)
		path = append(path, [2]float32{x, y})
		before = p
	}
	line(f.ink, thick, path...)
}

func (f *form) frame(kind ocr.Frame, thick float64) {
	var path [][2]float32
	switch kind {
	case ocr.SquareFrame:
		for _, p := range [][2]float64{{-1, -1}, {1, -1}, {1, 1}, {-1, 1}, {-1, -1}} {
			x, y := f.at(p[0], p[1])
			path = append(path, [2]float32{x, y})
		}
	case ocr.CircleFrame:
		for i := range 65 {
			sin, cos := math.Sincos(2 * math.Pi * float64(i) / 64)
			x, y := f.at(cos, sin)
			path = append(path, [2]float32{x, y})
		}
	default:
		return
	}
	line(f.printed, thick, path...)
}

// marks are ways to mark a field, and what they mean where corrections are possible.
func marks() map[string]ocr.Mark {
	return map[string]ocr.Mark{
		"nothing": ocr.MarkUnchecked, "specks": ocr.MarkUnchecked, "shade": ocr.MarkUnchecked,
		"tick": ocr.MarkChecked, "cross": ocr.MarkChecked, "large cross": ocr.MarkChecked, "slash": ocr.MarkChecked, "half": ocr.MarkChecked,
		"blackened": ocr.MarkCorrected, "crossed-out tick": ocr.MarkCorrected, "crossed-out cross": ocr.MarkCorrected, "scribble": ocr.MarkCorrected,
	}
}

func (f *form) mark(how string, thick float64) {
	cross := func(r float64) {
		f.stroke(thick, [2]float64{-r, -r}, [2]float64{r, r})
		f.stroke(thick, [2]float64{-r, r}, [2]float64{r, -r})
	}
	tick := func() { f.stroke(thick, [2]float64{-0.7, 0}, [2]float64{-0.2, 0.65}, [2]float64{0.8, -0.8}) }
	zigzag := func(n int, width float64) {
		var points [][2]float64
		for i := range n + 1 {
			side := width
			if i%2 == 0 {
				side = -width
			}
			points = append(points, [2]float64{side, -0.85 + 1.7*float64(i)/float64(n)})
		}
		f.stroke(thick, points...)
	}
	switch how {
	case "specks":
		for range 1 + f.IntN(6) {
			x, y := f.at(f.Float64()*2-1, f.Float64()*2-1)
			r := float32(0.5 + 0.03*f.side*f.Float64())
			line(f.ink, float64(2*r), [2]float32{x - r, y}, [2]float32{x + r, y})
		}
	case "tick":
		tick()
	case "cross":
		cross(0.75)
	case "large cross":
		cross(1.25)
	case "slash":
		f.stroke(thick, [2]float64{-0.8, 0.8}, [2]float64{0.8, -0.8})
	case "half": // a tick that begins within and leaves the frame
		f.stroke(thick, [2]float64{-0.3, 0.1}, [2]float64{0.1, 0.7}, [2]float64{1.4, -1.3})
	case "blackened":
		thick = max(thick, f.side/8)
		zigzag(11, 0.85)
		zigzag(11, -0.85)
	case "crossed-out tick":
		tick()
		zigzag(3+f.IntN(3), 1.1)
	case "crossed-out cross":
		cross(0.75)
		zigzag(3+f.IntN(3), 1.1)
	case "scribble":
		zigzag(8+f.IntN(4), 0.9)
	}
}

// drawn is a field as scanned.
func drawn(frame ocr.Frame, how string, seed uint64) *image.Gray {
	f := &form{Rand: rand.New(rand.NewPCG(seed, 16))}
	f.side = 22 + 50*f.Float64()
	f.turn = (f.Float64()*2 - 1) * 3 * math.Pi / 180
	f.shake = 0.02 + 0.1*f.Float64()
	wide, high := int(f.side*(1.08+0.5*f.Float64()))+4, int(f.side*(1.08+0.5*f.Float64()))+4
	f.x = float64(wide)/2 + (f.Float64()*2-1)*(float64(wide)-f.side*1.08)/2
	f.y = float64(high)/2 + (f.Float64()*2-1)*(float64(high)-f.side*1.08)/2
	size := image.Rect(0, 0, wide, high)
	f.ink, f.printed = image.NewAlpha(size), image.NewAlpha(size)
	f.frame(frame, max(1, f.side*(0.02+0.05*f.Float64())))
	f.mark(how, max(1.2, f.side*(0.03+0.08*f.Float64())))

	paper, ink, printed := 215+40*f.Float64(), 10+130*f.Float64(), 10+110*f.Float64()
	noise := 14 * f.Float64() * f.Float64()
	im := image.NewGray(size)
	for i := range im.Pix {
		level := paper
		if how == "shade" {
			level -= 25 * float64(i%im.Stride) / float64(wide)
		}
		for _, layer := range []struct {
			alpha *image.Alpha
			level float64
		}{{f.printed, printed}, {f.ink, ink}} {
			a := float64(layer.alpha.Pix[i]) / 255
			level = min(level, level*(1-a)+layer.level*a)
		}
		im.Pix[i] = uint8(min(255, max(0, level+f.NormFloat64()*noise)))
	}
	if f.IntN(3) == 0 {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, im, &jpeg.Options{Quality: 40 + f.IntN(50)}); err != nil {
			panic(err)
		}
		again, err := jpeg.Decode(&b)
		if err != nil {
			panic(err)
		}
		draw.Draw(im, im.Rect, again, image.Point{}, draw.Src)
	}
	return im
}

// accuracy reads so many of each mark. It counts those read rightly and, of all others, those that are not said to be doubtful.
func accuracy(t *testing.T, frame ocr.Frame, correctable bool, first, n uint64) (right, sureErrors, total int) {
	t.Helper()
	const doubtful = 60
	for how, want := range marks() {
		if want == ocr.MarkCorrected && !correctable {
			want = ocr.MarkChecked
		}
		missed := 0
		for seed := first; seed < first+n; seed++ {
			im := drawn(frame, how, seed)
			got, confidence := field.ReadMark(im, frame, correctable)
			if confidence < 0 || confidence > 100 {
				t.Fatalf("confidence %v", confidence)
			}
			total++
			if got == want {
				right++
				continue
			}
			missed++
			if confidence >= doubtful {
				sureErrors++
			}
			if dir := os.Getenv("MARKS_KEEP"); dir != "" {
				keep(t, fmt.Sprintf("%s/%s-%s-%v-%d-%s-%.0f.pgm", dir, frame, how, correctable, seed, got, confidence), im)
			}
		}
		if missed > 0 {
			t.Logf("%q, %s, correctable %v: %d of %d missed", frame, how, correctable, missed, n)
		}
	}
	return right, sureErrors, total
}

func keep(t *testing.T, name string, im *image.Gray) {
	t.Helper()
	if err := os.WriteFile(name, fmt.Appendf(nil, "P5 %d %d 255\n%s", im.Rect.Dx(), im.Rect.Dy(), im.Pix), 0o600); err != nil {
		t.Fatal(err)
	}
}

// The thresholds were chosen on seeds below 1000.
func TestCheckMarksAreToldApart(t *testing.T) {
	for _, frame := range []ocr.Frame{ocr.NoFrame, ocr.SquareFrame, ocr.CircleFrame} {
		for _, correctable := range []bool{false, true} {
			const least = 0.985
			right, sure, total := accuracy(t, frame, correctable, 1000, 60)
			share := float64(right) / float64(total)
			t.Logf("frame %q, correctable %v: %.1f %% of %d right, %d wrong and sure", frame, correctable, 100*share, total, sure)
			if share < least || 100*sure > total {
				t.Errorf("frame %q, correctable %v: %.3f are right, want %.3f; %d of %d are wrong and sure", frame, correctable, share, least, sure, total)
			}
		}
	}
}

func TestRegionsWithoutAMarkAreSeenAsSuch(t *testing.T) {
	for _, frame := range []ocr.Frame{ocr.NoFrame, ocr.SquareFrame, ocr.CircleFrame} {
		for _, size := range []int{0, 1, 3, 8, 200} {
			for _, grey := range []uint8{0, 128, 255} {
				im := image.NewGray(image.Rect(0, 0, size, size))
				for i := range im.Pix {
					im.Pix[i] = grey
				}
				if mark, confidence := field.ReadMark(im, frame, true); mark != ocr.MarkUnchecked || confidence < 0 || confidence > 100 {
					t.Errorf("%q of %d pixels at %d: %q, %v", frame, size, grey, mark, confidence)
				}
			}
		}
	}
}

func FuzzReadMark(f *testing.F) {
	f.Add([]byte{0, 255, 9}, uint8(20), uint8(30))
	f.Fuzz(func(t *testing.T, pixels []byte, width, height uint8) {
		im := image.NewGray(image.Rect(0, 0, int(width), int(height)))
		for i := range im.Pix {
			if len(pixels) > 0 {
				im.Pix[i] = pixels[i%len(pixels)]
			}
		}
		for _, frame := range []ocr.Frame{ocr.NoFrame, ocr.SquareFrame, ocr.CircleFrame} {
			if _, confidence := field.ReadMark(im, frame, true); !(confidence >= 0 && confidence <= 100) {
				t.Errorf("confidence %v", confidence)
			}
		}
	})
}
