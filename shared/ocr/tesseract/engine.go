//go:build cgo

package tesseract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"slices"
	"strings"

	"github.com/otiai10/gosseract/v2"

	"github.com/lethe-ocr/lethe/shared/ocr/reading"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
	"github.com/lethe-ocr/lethe/shared/ocr/traineddata"
	"github.com/lethe-ocr/lethe/shared/picture"
)

// maxHandles is how many sets of languages stay loaded. A handle takes 60 to 200 MB.
const maxHandles = 2

// Engine finds words in pictures. It keeps initialised handles, since loading a model takes as long as an easy page.
type Engine struct {
	models  *Models
	handles []handle // most recently used first
}

type handle struct {
	languages string
	client    *gosseract.Client
}

var _ reading.Engine = (*Engine)(nil)

// New returns an engine with the models.
func New(m *Models) *Engine {
	return &Engine{models: m}
}

// Languages implements reading.Engine.
func (e *Engine) Languages() []string {
	return slices.DeleteFunc(slices.Clone(e.models.names), func(name string) bool { return name == traineddata.Orientation })
}

// Close implements reading.Engine.
func (e *Engine) Close() error {
	var failed error
	for _, h := range e.handles {
		if err := h.client.Close(); err != nil {
			failed = err
		}
	}
	e.handles = nil
	return failed
}

// Recognise implements reading.Engine.
func (e *Engine) Recognise(ctx context.Context, im *picture.Image, ask reading.Ask) (reading.Found, error) {
	mode, err := e.mode(ask.Mode)
	if err != nil {
		return reading.Found{}, err
	}
	if err := ctx.Err(); err != nil {
		return reading.Found{}, err
	}
	client, err := e.client(ask.Languages)
	if err != nil {
		return reading.Found{}, err
	}
	if err := client.SetPageSegMode(mode); err != nil {
		return reading.Found{}, fmt.Errorf("set the mode of the engine: %w", err)
	}
	words, err := read(client, im, ask)
	return reading.Found{Words: words}, err
}

func (e *Engine) mode(m reading.Mode) (gosseract.PageSegMode, error) {
	switch m {
	case reading.Auto:
		return gosseract.PSM_AUTO, nil
	case reading.Orientation:
		if slices.Contains(e.models.names, traineddata.Orientation) {
			return gosseract.PSM_AUTO_OSD, nil
		}
	case reading.SingleBlock:
		return gosseract.PSM_SINGLE_BLOCK, nil
	case reading.Sparse:
		return gosseract.PSM_SPARSE_TEXT, nil
	case reading.SingleLine:
		return gosseract.PSM_SINGLE_LINE, nil
	case reading.SingleWord:
		return gosseract.PSM_SINGLE_WORD, nil
	}
	return 0, errors.ErrUnsupported
}

// client returns the handle for a set of languages.
func (e *Engine) client(languages []string) (*gosseract.Client, error) {
	if len(languages) == 0 {
		return nil, refusal.New(refusal.LanguageMissing) // without one the engine crashes
	}
	for _, l := range languages {
		if !slices.Contains(e.Languages(), l) {
			return nil, refusal.New(refusal.LanguageMissing)
		}
	}
	wanted := strings.Join(languages, "+")
	i := slices.IndexFunc(e.handles, func(h handle) bool { return h.languages == wanted })
	if i >= 0 {
		h := e.handles[i]
		e.handles = slices.Insert(slices.Delete(e.handles, i, i+1), 0, h)
		return h.client, nil
	}
	client := gosseract.NewClient()
	client.Languages = slices.Clone(languages)
	client.TessdataPrefix = e.models.dir
	if nowhere() {
		if err := client.SetVariable("debug_file", os.DevNull); err != nil {
			return nil, errors.Join(fmt.Errorf("configure the engine: %w", err), client.Close())
		}
	}
	if err := e.models.load(client, languages); err != nil {
		return nil, errors.Join(fmt.Errorf("start the engine: %w", err), client.Close())
	}
	if err := open(client); err != nil {
		return nil, errors.Join(fmt.Errorf("start the engine: %w", err), client.Close())
	}
	e.handles = slices.Insert(e.handles, 0, handle{wanted, client})
	if len(e.handles) > maxHandles {
		last := e.handles[maxHandles]
		e.handles = e.handles[:maxHandles]
		if err := last.client.Close(); err != nil {
			return nil, fmt.Errorf("free an engine handle: %w", err)
		}
		gosseract.ClearPersistentCache() // its dictionaries
	}
	return client, nil
}

// open has a client open its engine, which it does when it reads for the first time, and apply what it was configured with.
func open(client *gosseract.Client) error {
	const side = 64 // pixels, white: nothing to read
	blank := image.NewGray(image.Rect(0, 0, side, side))
	for i := range blank.Pix {
		blank.Pix[i] = 0xff
	}
	var encoded bytes.Buffer
	if err := png.Encode(&encoded, blank); err != nil {
		return fmt.Errorf("draw a blank page: %w", err)
	}
	if err := client.SetImageFromBytes(encoded.Bytes()); err != nil {
		return fmt.Errorf("show the engine a blank page: %w", err)
	}
	if _, err := client.Text(); err != nil {
		return fmt.Errorf("open the engine: %w", err)
	}
	return nil
}

// nowhere reports whether the engine's messages can be discarded: it crashes at the first one if it cannot open
// the file named. Otherwise they go to standard error.
func nowhere() bool {
	f, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return false
	}
	_ = f.Close() // nothing was written
	return true
}
