//go:build cgo

package tesseract

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"slices"
	"strings"

	"github.com/otiai10/gosseract/v2"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
	"github.com/lethe-ocr/lethe/shared/picture"
)

// maxHandles is how many sets of languages stay loaded. A handle takes 60 to 200 MB.
const maxHandles = 2

// Reader reads pages. It keeps initialised engine handles, since loading a model takes as long as an easy page. It is for
// one goroutine at a time.
type Reader struct {
	models  *Models
	handles []handle // most recently used first
}

type handle struct {
	languages string
	client    *gosseract.Client
}

// New returns a reader with the models.
func New(m *Models) *Reader {
	return &Reader{models: m}
}

// Languages lists the installed languages as Tesseract's codes, sorted.
func (r *Reader) Languages() []string {
	return slices.DeleteFunc(slices.Clone(r.models.names), func(name string) bool { return name == orientationModel })
}

// Close frees all handles.
func (r *Reader) Close() error {
	var failed error
	for _, h := range r.handles {
		if err := h.client.Close(); err != nil {
			failed = err
		}
	}
	r.handles = nil
	return failed
}

// recognise runs the engine once over a picture.
func (r *Reader) recognise(im *picture.Image, opt ocr.Options, mode gosseract.PageSegMode) ([]word, error) {
	client, err := r.client(opt.Languages)
	if err != nil {
		return nil, err
	}
	if err := client.SetPageSegMode(mode); err != nil {
		return nil, fmt.Errorf("set the mode of the engine: %w", err)
	}
	return read(client, im, opt.Characters)
}

// client returns the handle for a set of languages.
func (r *Reader) client(languages []string) (*gosseract.Client, error) {
	if len(languages) == 0 {
		return nil, refusal.New(refusal.LanguageMissing) // without one the engine crashes
	}
	for _, l := range languages {
		if !slices.Contains(r.Languages(), l) {
			return nil, refusal.New(refusal.LanguageMissing)
		}
	}
	wanted := strings.Join(languages, "+")
	i := slices.IndexFunc(r.handles, func(h handle) bool { return h.languages == wanted })
	if i >= 0 {
		h := r.handles[i]
		r.handles = slices.Insert(slices.Delete(r.handles, i, i+1), 0, h)
		return h.client, nil
	}
	client := gosseract.NewClient()
	client.Languages = slices.Clone(languages)
	client.TessdataPrefix = r.models.dir
	if nowhere() {
		if err := client.SetVariable("debug_file", os.DevNull); err != nil {
			return nil, errors.Join(fmt.Errorf("configure the engine: %w", err), client.Close())
		}
	}
	if err := r.models.load(client, languages); err != nil {
		return nil, errors.Join(fmt.Errorf("start the engine: %w", err), client.Close())
	}
	if err := open(client); err != nil {
		return nil, errors.Join(fmt.Errorf("start the engine: %w", err), client.Close())
	}
	r.handles = slices.Insert(r.handles, 0, handle{wanted, client})
	if len(r.handles) > maxHandles {
		last := r.handles[maxHandles]
		r.handles = r.handles[:maxHandles]
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

// hasOrientation reports whether the model that finds a page's way up is installed.
func (r *Reader) hasOrientation() bool { return slices.Contains(r.models.names, orientationModel) }
