package tesseract

// #include <stdlib.h>
// #include "words.h"
// #include <tesseract/capi.h>
//
// typedef struct Pix Pix;
// void pixDestroy(Pix **pix);
import "C"

import (
	"context"
	"errors"
	"image"
	"runtime"
	"sync/atomic"
	"unsafe"

	"github.com/lethe-ocr/lethe/shared/ocr/reading"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
	"github.com/lethe-ocr/lethe/shared/picture"
)

// mode returns the engine's number of a mode.
func (e *Engine) mode(mode reading.Mode) (C.int, error) {
	switch mode {
	case reading.Auto:
		return C.PSM_AUTO, nil
	case reading.Orientation:
		if e.models.Orientation() {
			return C.PSM_AUTO_OSD, nil
		}
	case reading.SingleBlock:
		return C.PSM_SINGLE_BLOCK, nil
	case reading.Sparse:
		return C.PSM_SPARSE_TEXT, nil
	case reading.SingleLine:
		return C.PSM_SINGLE_LINE, nil
	}
	return 0, errors.ErrUnsupported
}

// recognise runs an initialised engine once over the region that is asked for.
func recognise(ctx context.Context, api unsafe.Pointer, im *picture.Image, mode C.int, ask reading.Ask) (reading.Found, error) {
	var pin runtime.Pinner
	defer pin.Unpin()
	stop := new(atomic.Int32) // which the engine reads, and which may be set as long as a call of AfterFunc still runs
	pin.Pin(stop)
	defer context.AfterFunc(ctx, func() { stop.Store(1) })()

	letters := C.CString(ask.Letters)
	defer C.free(unsafe.Pointer(letters))
	asked := C.lethe_ask{
		letters: letters,
		mode:    mode, stop: (*C.int)(unsafe.Pointer(stop)),
		left: C.int(ask.Region.Min.X), top: C.int(ask.Region.Min.Y),
		symbols: truth(ask.Characters), choices: truth(ask.Characters && ask.Alternatives),
	}
	if ask.Region != image.Rect(0, 0, im.Width(), im.Height()) {
		asked.width, asked.height = C.int(ask.Region.Dx()), C.int(ask.Region.Dy())
	}
	pix := (*C.Pix)(im.Share())
	defer C.pixDestroy(&pix)
	var found C.lethe_found
	switch C.lethe_recognise(api, unsafe.Pointer(pix), &asked, &found) {
	case C.lethe_stopped:
		return reading.Found{}, context.Cause(ctx)
	case C.lethe_refused:
		return reading.Found{}, refusal.New(refusal.PictureRefused)
	}
	defer C.lethe_free(&found)
	return copied(&found), nil
}

func truth(b bool) C.int {
	if b {
		return 1
	}
	return 0
}

// copied is what the engine found, in Go's memory.
func copied(found *C.lethe_found) reading.Found {
	text := func(t C.lethe_text) string {
		return C.GoStringN((*C.char)(unsafe.Add(unsafe.Pointer(found.text), int(t.from))), t.length)
	}
	choices := unsafe.Slice(found.choices, int(found.choice_count))
	symbols := unsafe.Slice(found.symbols, int(found.symbol_count))
	out := reading.Found{Turn: int(found.turn), Words: make([]reading.Word, 0, int(found.word_count))}
	for _, w := range unsafe.Slice(found.words, int(found.word_count)) {
		word := reading.Word{
			Text: text(w.text), Box: rectangle(w.box), Confidence: percent(w.text.confidence),
			Block: int(w.block), Paragraph: int(w.paragraph), Line: int(w.line),
			Baseline: [2]image.Point{
				{X: int(w.baseline[0]), Y: int(w.baseline[1])}, {X: int(w.baseline[2]), Y: int(w.baseline[3])},
			},
			Height: float64(w.height),
		}
		for _, s := range symbols[w.symbols : w.symbols+w.length] {
			c := reading.Character{Text: text(s.text), Box: rectangle(s.box), Confidence: percent(s.text.confidence)}
			for _, other := range choices[s.choices : s.choices+s.length] {
				if t := text(other); t != c.Text {
					c.Alternatives = append(c.Alternatives, reading.Alternative{Text: t, Confidence: percent(other.confidence)})
				}
			}
			word.Characters = append(word.Characters, c)
		}
		out.Words = append(out.Words, word)
	}
	return out
}

// percent keeps a confidence in its range: the engine's own leaves it by rounding.
func percent(c C.float) float64 { return max(0, min(100, float64(c))) }

func rectangle(b C.lethe_box) image.Rectangle {
	return image.Rect(int(b.left), int(b.top), int(b.right), int(b.bottom))
}
