package canary

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// word is what every canary says, and what must be read back.
const word = "CANARY"

// page draws the word, large enough for any engine.
func page() ([]byte, error) {
	small := image.NewGray(image.Rect(0, 0, 120, 40))
	draw.Draw(small, small.Bounds(), image.White, image.Point{}, draw.Src)
	d := font.Drawer{Dst: small, Src: image.NewUniform(color.Black), Face: basicfont.Face7x13, Dot: fixed.P(20, 25)}
	d.DrawString(word)
	large := image.NewGray(image.Rect(0, 0, 720, 240))
	draw.CatmullRom.Scale(large, large.Bounds(), small, small.Bounds(), draw.Src, nil)
	var b bytes.Buffer
	if err := png.Encode(&b, large); err != nil {
		return nil, fmt.Errorf("draw the canary's page: %w", err)
	}
	return b.Bytes(), nil
}
