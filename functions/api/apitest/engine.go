package apitest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
)

// engine takes every document for one page of text. What happens to it is in its text: "damaged" fails, "locked" needs a
// password, "smudged" has a second page that cannot be read, "slow" waits until it is released, "countersigned" carries a digital signature, "blackened" has two hidden words,
// and a refusal as JSON is what a worker answers.
type engine struct{ released chan struct{} }

// NewEngine returns the engine of Server.
func NewEngine() ocr.Engine { return &engine{released: make(chan struct{})} }

func text(src ocr.Source) (string, error) {
	content, err := io.ReadAll(io.NewSectionReader(src.File, 0, 1<<20))
	return string(content), err
}

// Inspect implements ocr.Engine.
func (*engine) Inspect(_ context.Context, src ocr.Source) (ocr.Info, error) {
	content, err := text(src)
	var said refusal.Error
	switch {
	case err != nil:
		return ocr.Info{}, err
	case json.Unmarshal([]byte(content), &said) == nil && said.Check() == nil:
		return ocr.Info{}, said.Fault()
	case strings.Contains(content, "damaged"):
		return ocr.Info{}, refusal.New(refusal.PDFDamaged).Fault()
	case strings.Contains(content, "locked") && src.Password == "":
		return ocr.Info{}, refusal.New(refusal.PasswordMissing).Fault()
	default:
		return ocr.Info{Type: "application/pdf", Pages: 1 + min(1, strings.Count(content, "smudged")), Signatures: strings.Count(content, "countersigned")}, nil
	}
}

// Recognise implements ocr.Engine.
func (e *engine) Recognise(ctx context.Context, src ocr.Source, n int, _ ocr.Options) (ocr.Page, error) {
	content, err := text(src)
	if err != nil {
		return ocr.Page{}, err
	}
	if n == 2 {
		return ocr.Page{}, refusal.New(refusal.PageDamaged).Fault()
	}
	if slow(content) {
		select {
		case <-e.released:
		case <-ctx.Done():
			return ocr.Page{}, fault.Wrap(context.Cause(ctx), fault.EngineUnavailable, "the service is shutting down")
		}
	}
	line := ocr.Line{Box: ocr.Box{X1: 1000, Y1: 10}}
	for i, word := range strings.Fields(content) {
		line.Words = append(line.Words, ocr.Word{Text: word, Box: ocr.Box{X0: 10 * i, X1: 10*i + 9, Y1: 10}, Confidence: 90})
	}
	return ocr.Page{
		HiddenWords: 2 * strings.Count(content, "blackened"),
		Number:      n, Width: 1000, Height: 100, DPI: 300, Origin: ocr.Recognised, Confidence: 90,
		Blocks: []ocr.Block{{Box: line.Box, Paragraphs: []ocr.Paragraph{{Box: line.Box, Lines: []ocr.Line{line}}}}},
	}, nil
}

func slow(content string) bool { return strings.Contains(content, "slow") }

// WritePDF implements ocr.Engine.
func (*engine) WritePDF(
	_ context.Context, src ocr.Source, _ ocr.PDFOptions, pages iter.Seq2[ocr.Page, error], w io.Writer,
) ([]ocr.Note, error) {
	for _, err := range pages {
		if err != nil {
			return nil, err
		}
	}
	content, err := text(src)
	if err != nil {
		return nil, err
	}
	var notes []ocr.Note
	if n := strings.Count(content, "countersigned"); n > 0 {
		notes = []ocr.Note{{Code: ocr.SignatureInvalidated, Count: n}}
	}
	_, err = fmt.Fprintf(w, "%%PDF-%s", bytes.TrimSpace([]byte(content)))
	return notes, err
}

// Languages implements ocr.Engine.
func (*engine) Languages() []string { return []string{"deu", "eng"} }
