package tesseract

// #include <stdlib.h>
// #include "words.h"
//
// typedef struct Pix Pix;
// void pixDestroy(Pix **pix);
import "C"

import (
	"image"
	"reflect"
	"unsafe"

	"github.com/otiai10/gosseract/v2"

	"github.com/lethe-ocr/lethe/shared/ocr/reading"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
	"github.com/lethe-ocr/lethe/shared/picture"
)

// api returns the engine that a client holds, for what the client has no call for.
func api(client *gosseract.Client) unsafe.Pointer {
	return reflect.ValueOf(client).Elem().FieldByName("api").UnsafePointer()
}

// read runs the engine of a client once over a picture.
func read(client *gosseract.Client, im *picture.Image, ask reading.Ask) ([]reading.Word, error) {
	region := ask.Region
	if !region.Empty() {
		if region = region.Intersect(image.Rect(0, 0, im.Width(), im.Height())); region.Empty() {
			return nil, nil
		}
	}
	pix := (*C.Pix)(im.Share())
	defer C.pixDestroy(&pix)
	asked := C.lethe_ask{
		left: C.int(region.Min.X), top: C.int(region.Min.Y), width: C.int(region.Dx()), height: C.int(region.Dy()),
	}
	if ask.Characters {
		asked.characters = 1
	}
	var found C.lethe_words
	defer C.lethe_free_words(&found)
	if C.lethe_recognise(api(client), unsafe.Pointer(pix), asked, &found) != 0 {
		return nil, refusal.New(refusal.PictureRefused)
	}
	words := make([]reading.Word, 0, int(found.length))
	for _, w := range unsafe.Slice(found.words, int(found.length)) {
		one := reading.Word{
			Text: C.GoString(w.text.text), Box: rectangle(w.text), Confidence: float64(w.text.confidence),
			Block: int(w.block), Paragraph: int(w.paragraph), Line: int(w.line),
			Baseline: [2]image.Point{
				{X: int(w.baseline[0]), Y: int(w.baseline[1])}, {X: int(w.baseline[2]), Y: int(w.baseline[3])},
			},
			Height: float64(w.height),
		}
		for _, c := range unsafe.Slice(w.characters, int(w.length)) {
			one.Characters = append(one.Characters, reading.Character{
				Text: C.GoString(c.text), Box: rectangle(c), Confidence: float64(c.confidence),
			})
		}
		words = append(words, one)
	}
	return words, nil
}

func rectangle(t C.lethe_text) image.Rectangle {
	return image.Rect(int(t.left), int(t.top), int(t.right), int(t.bottom))
}
