package task_test

import (
	"io"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/task"
)

// A task says which characters may occur, and whether bar codes are looked for, or are all that is wanted.
func TestEngineIsAskedForWhatTheTaskWants(t *testing.T) {
	const code = "4006381333931"
	for choice, shown := range map[task.Barcodes][2]bool{ // the word, the code
		task.BarcodesShown: {true, true},
		task.NoBarcodes:    {true, false},
		task.OnlyBarcodes:  {false, true},
	} {
		inWorld(t, func(t *testing.T, w *world) {
			w.engine.code = code
			o := order()
			o.Settings.Formats = []render.Format{render.JSON}
			o.Settings.Letters, o.Settings.Barcodes = "0123456789", choice
			ref := w.queued(o)
			w.mustProcess(ref, task.Done)
			if w.engine.wanted.Letters != "0123456789" || w.engine.wanted.Barcodes != (choice != task.NoBarcodes) {
				t.Errorf("%q: the engine was asked for %+v", choice, w.engine.wanted)
			}
			stream, err := w.OpenResult(t.Context(), ref, render.JSON)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = stream.Close() }() // it was read
			value, err := io.ReadAll(stream)
			if err != nil {
				t.Fatal(err)
			}
			if got := [2]bool{strings.Contains(string(value), `"text":"`+word), strings.Contains(string(value), code)}; got != shown {
				t.Errorf("%q: text and code are shown: %v, want %v in %s", choice, got, shown, value)
			}
		})
	}
}
