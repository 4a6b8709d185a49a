//go:build cgo

package gosseract

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/otiai10/gosseract/v2"
	"golang.org/x/image/bmp"

	"github.com/lethe-ocr/lethe/shared/ocr/reading"
	"github.com/lethe-ocr/lethe/shared/ocr/tesseract"
	"github.com/lethe-ocr/lethe/shared/picture"
)

// Engine keeps one client, for the languages that were asked for last.
type Engine struct {
	models    *tesseract.Models
	languages []string
	client    *gosseract.Client // nil before the first picture
}

var _ reading.Engine = (*Engine)(nil)

// New returns an engine with the models.
func New(m *tesseract.Models) *Engine { return &Engine{models: m} }

// Languages implements reading.Engine.
func (e *Engine) Languages() []string { return e.models.Languages() }

// Close implements reading.Engine.
func (e *Engine) Close() error {
	if e.client == nil {
		return nil
	}
	err := e.client.Close()
	e.client = nil
	gosseract.ClearPersistentCache()
	return err
}

// Recognise implements reading.Engine. It does not stop once it has begun.
func (e *Engine) Recognise(ctx context.Context, im *picture.Image, ask reading.Ask) (reading.Found, error) {
	mode, err := e.mode(ask.Mode)
	if err != nil {
		return reading.Found{}, err
	}
	region := ask.Part(im)
	if region.Empty() {
		return reading.Found{}, nil
	}
	if err := ctx.Err(); err != nil {
		return reading.Found{}, err
	}
	if err := e.take(ask.Languages); err != nil {
		return reading.Found{}, err
	}
	encoded, err := encode(im, region)
	if err != nil {
		return reading.Found{}, err
	}
	if err := e.client.SetPageSegMode(mode); err != nil {
		return reading.Found{}, fmt.Errorf("set the mode: %w", err)
	}
	if err := e.client.SetWhitelist(ask.Letters); err != nil {
		return reading.Found{}, fmt.Errorf("set the letters: %w", err)
	}
	if err := e.client.SetImageFromBytes(encoded); err != nil {
		return reading.Found{}, fmt.Errorf("show the picture: %w", err)
	}
	boxes, err := e.client.GetBoundingBoxesVerbose()
	if err != nil {
		return reading.Found{}, fmt.Errorf("recognise: %w", err)
	}
	found := reading.Found{Words: make([]reading.Word, 0, len(boxes))}
	for _, b := range boxes {
		found.Words = append(found.Words, reading.Word{
			Text: b.Word, Box: b.Box.Add(region.Min), Confidence: percent(b.Confidence), Block: b.BlockNum, Paragraph: b.ParNum, Line: b.LineNum,
		})
	}
	if ask.Mode == reading.Orientation { // the engine gives boxes of the picture as it is
		return reading.Found{Turn: reading.Direction(found.Words)}, nil
	}
	if !ask.Characters {
		return found, nil
	}
	symbols, err := e.client.GetBoundingBoxes(gosseract.RIL_SYMBOL)
	if err != nil {
		return reading.Found{}, fmt.Errorf("recognise: %w", err)
	}
	spell(found.Words, symbols, region.Min)
	return found, nil
}

// spell gives words their characters, which come in the same order.
func spell(words []reading.Word, symbols []gosseract.BoundingBox, origin image.Point) {
	for i := range words {
		w := &words[i]
		for rest := w.Text; rest != "" && len(symbols) > 0; symbols = symbols[1:] {
			s := symbols[0]
			after, found := strings.CutPrefix(rest, s.Word)
			if !found {
				break
			}
			if rest = after; s.Word != "" {
				w.Characters = append(w.Characters, reading.Character{Text: s.Word, Box: s.Box.Add(origin), Confidence: percent(s.Confidence)})
			}
		}
	}
}

func (e *Engine) mode(m reading.Mode) (gosseract.PageSegMode, error) {
	switch m {
	case reading.Auto:
		return gosseract.PSM_AUTO, nil
	case reading.Orientation:
		if e.models.Orientation() {
			return gosseract.PSM_AUTO_OSD, nil
		}
	case reading.SingleBlock:
		return gosseract.PSM_SINGLE_BLOCK, nil
	case reading.Sparse:
		return gosseract.PSM_SPARSE_TEXT, nil
	case reading.SingleLine:
		return gosseract.PSM_SINGLE_LINE, nil
	}
	return 0, errors.ErrUnsupported
}

// take makes the client one for the languages.
func (e *Engine) take(languages []string) error {
	if err := e.models.Check(languages); err != nil {
		return err
	}
	if e.client != nil && slices.Equal(e.languages, languages) {
		return nil
	}
	if err := e.Close(); err != nil {
		return fmt.Errorf("free a client: %w", err)
	}
	client := gosseract.NewClient()
	client.Languages, client.TessdataPrefix = slices.Clone(languages), e.models.Folder()
	if err := e.start(client); err != nil {
		return errors.Join(fmt.Errorf("start the engine: %w", err), client.Close())
	}
	e.client, e.languages = client, client.Languages
	return nil
}

// start initialises a client. By itself it opens its models by name when the first picture comes, where no file may be opened any
// more, and forgets the mode over it; it has no call that says otherwise, and leaves an engine that it finds initialised
// as it is.
func (e *Engine) start(client *gosseract.Client) error {
	if tesseract.Discards() {
		if err := client.SetVariable("debug_file", os.DevNull); err != nil {
			return err
		}
	}
	api := reflect.ValueOf(client).Elem().FieldByName("api").UnsafePointer()
	if err := e.models.Init(api, client.Languages); err != nil {
		return err
	}
	const side = 64 // pixels, white: nothing to read
	white := image.NewGray(image.Rect(0, 0, side, side))
	for i := range white.Pix {
		white.Pix[i] = 0xff
	}
	blank, err := encoded(white, 0, 0)
	if err != nil {
		return err
	}
	if err := client.SetImageFromBytes(blank); err != nil {
		return err
	}
	_, err = client.Text()
	return err
}

// encode returns a part of a picture as a BMP file.
func encode(im *picture.Image, part image.Rectangle) ([]byte, error) {
	grey, err := im.Grey()
	if err != nil {
		return nil, err
	}
	defer grey.Close()
	pixels, err := grey.Pixels()
	if err != nil {
		return nil, err
	}
	whole := &image.Gray{Pix: pixels.Data, Stride: pixels.Width, Rect: image.Rect(0, 0, pixels.Width, pixels.Height)}
	cut := image.NewGray(image.Rectangle{Max: part.Size()})
	for y := range part.Dy() {
		copy(cut.Pix[y*cut.Stride:(y+1)*cut.Stride], whole.Pix[whole.PixOffset(part.Min.X, part.Min.Y+y):])
	}
	x, y := im.Resolution()
	return encoded(cut, x, y)
}

// encoded returns a picture as a BMP file with so many pixels an inch.
func encoded(im *image.Gray, x, y int) ([]byte, error) {
	var b bytes.Buffer
	if err := bmp.Encode(&b, im); err != nil {
		return nil, fmt.Errorf("encode picture: %w", err)
	}
	const inchesPerMetre, atX, atY = 39.37, 38, 42 // of the header
	for at, dpi := range map[int]int{atX: x, atY: y} {
		perMetre := math.Round(float64(dpi) * inchesPerMetre)
		binary.LittleEndian.PutUint32(b.Bytes()[at:], uint32(perMetre)) // #nosec G115 -- no resolution is negative
	}
	return b.Bytes(), nil
}

func percent(c float64) float64 { return max(0, min(100, c)) }
