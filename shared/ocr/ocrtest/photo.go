package ocrtest

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
)

// Light is the share of its full brightness, 0 to 1, that a place of a page has; x and y go from 0 to 1.
type Light func(x, y float64) float64

// Lights returns the ways in which a photographed page is unevenly lit.
func Lights() map[string]Light {
	return map[string]Light{
		"gradient to the right":  func(x, _ float64) float64 { return 1 - 0.7*x },
		"gradient to the corner": func(x, y float64) float64 { return 1 - 0.36*(x+y) },
		"shadow of a head":       func(x, y float64) float64 { return 1 - 0.62*edge(0.5-math.Hypot(x-0.3, y-1), 0.08) },
		"shadow of a phone": func(x, y float64) float64 {
			return 1 - 0.55*edge(min(x-0.25, 0.8-x, y-0.35+0.2*x), 0.006)
		},
		"shadow of a hand": func(x, y float64) float64 {
			fingers := 0.06 * math.Sin(28*y)
			return 1 - 0.58*edge(x-0.6-fingers, 0.015)
		},
		"shadows on both sides": func(x, _ float64) float64 { return 1 - 0.66*max(edge(0.25-x, 0.06), edge(x-0.7, 0.1)) },
		"lamp above": func(x, y float64) float64 {
			return 0.28 + 0.72*math.Exp(-5*math.Pow(math.Hypot(x-0.4, y-0.35), 2))
		},
		"vignette": func(x, y float64) float64 { return 1 - 0.75*min(1, 2.2*math.Pow(math.Hypot(x-0.5, y-0.5), 2)) },
		"fold": func(x, y float64) float64 {
			if y < 0.5 {
				return 1 - 0.2*x
			}
			return 0.42 - 0.1*x
		},
	}
}

// edge is 0 outside of a shadow and 1 inside; depth is the distance into it, soft the width of its half-light.
func edge(depth, soft float64) float64 { return 1 / (1 + math.Exp(-4*depth/soft)) }

// Photo says how a page is photographed.
type Photo struct {
	Light Light      // nil: evenly
	Lamp  [3]float64 // share of red, green and blue in its light; zero is white
	Noise float64    // standard deviation of grey values
	Desk  uint8      // grey of what the page lies on; 0: the page fills the picture
}

// Yellow is the light of a lamp at night.
func Yellow() [3]float64 { return [3]float64{1, 0.82, 0.42} }

// Photograph returns a page as a telephone photographs it: a JPEG of quality 60.
func Photograph(page *image.Gray, p Photo, seed uint64) ([]byte, error) {
	size, border := page.Bounds().Size(), 0
	if p.Desk > 0 {
		border = size.X / 12
	}
	if p.Lamp == [3]float64{} {
		p.Lamp = [3]float64{1, 1, 1}
	}
	if p.Light == nil {
		p.Light = func(float64, float64) float64 { return 1 }
	}
	width, height := size.X+2*border, size.Y+2*border
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	random := rand.New(rand.NewPCG(seed, seed)) // a fixed seed is the point
	for y := range height {
		for x := range width {
			surface := p.Desk
			if at := (image.Point{X: x - border, Y: y - border}); at.In(page.Rect) {
				surface = page.GrayAt(at.X, at.Y).Y
			}
			lit := float64(surface) * p.Light(float64(x)/float64(width), float64(y)/float64(height))
			noise := random.NormFloat64() * p.Noise
			share := func(of float64) uint8 { return uint8(max(0, min(255, lit*of+noise))) }
			img.SetRGBA(x, y, color.RGBA{R: share(p.Lamp[0]), G: share(p.Lamp[1]), B: share(p.Lamp[2]), A: 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 60}); err != nil {
		return nil, fmt.Errorf("encode the photograph: %w", err)
	}
	return b.Bytes(), nil
}
