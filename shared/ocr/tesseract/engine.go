//go:build cgo

package tesseract

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unsafe"

	"github.com/lethe-ocr/lethe/shared/ocr/reading"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
	"github.com/lethe-ocr/lethe/shared/picture"
)

// maxHandles is how many sets of languages stay loaded. A handle takes 60 to 200 MB.
const maxHandles = 2

// Engine finds words in pictures. It keeps initialised handles, since loading a model takes as long as an easy page.
type Engine struct {
	models  *Models
	handles []handle // most recently used first
}

// handle is an initialised tesseract::TessBaseAPI.
type handle struct {
	languages string
	api       unsafe.Pointer
}

var _ reading.Engine = (*Engine)(nil)

// New returns an engine with the models.
func New(m *Models) *Engine { return &Engine{models: m} }

// Languages implements reading.Engine.
func (e *Engine) Languages() []string { return e.models.Languages() }

// Close implements reading.Engine.
func (e *Engine) Close() error {
	for _, h := range e.handles {
		shut(h.api)
	}
	e.handles = nil
	return nil
}

// Recognise implements reading.Engine. The engine looks whether ctx has ended before each line; while it looks for lines, which
// takes about a fifth of the time of a page, it does not.
func (e *Engine) Recognise(ctx context.Context, im *picture.Image, ask reading.Ask) (reading.Found, error) {
	mode, err := e.mode(ask.Mode)
	if err != nil {
		return reading.Found{}, err
	}
	if ask.Region = ask.Part(im); ask.Region.Empty() {
		return reading.Found{}, nil
	}
	if err := ctx.Err(); err != nil {
		return reading.Found{}, err
	}
	api, err := e.handle(ask.Languages)
	if err != nil {
		return reading.Found{}, err
	}
	return recognise(ctx, api, im, mode, ask)
}

// handle returns the handle for a set of languages.
func (e *Engine) handle(languages []string) (unsafe.Pointer, error) {
	if err := e.models.Check(languages); err != nil {
		return nil, err
	}
	wanted := strings.Join(languages, "+")
	if i := slices.IndexFunc(e.handles, func(h handle) bool { return h.languages == wanted }); i >= 0 {
		h := e.handles[i]
		e.handles = slices.Insert(slices.Delete(e.handles, i, i+1), 0, h)
		return h.api, nil
	}
	if len(e.handles) == maxHandles { // freed first, so that there are never more
		shut(e.handles[maxHandles-1].api)
		e.handles = e.handles[:maxHandles-1]
	}
	api, err := e.models.open(languages)
	if err != nil {
		return nil, fmt.Errorf("start the engine: %w", err)
	}
	e.handles = slices.Insert(e.handles, 0, handle{wanted, api})
	return api, nil
}

// Check refuses languages that are not installed.
func (m *Models) Check(languages []string) error {
	if len(languages) == 0 {
		return refusal.New(refusal.LanguageMissing) // without one the engine crashes
	}
	for _, l := range languages {
		if !slices.Contains(m.Languages(), l) {
			return refusal.New(refusal.LanguageMissing)
		}
	}
	return nil
}
