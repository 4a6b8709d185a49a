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

	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
	"github.com/lethe-ocr/lethe/shared/picture"
)

// word is what the engine found of one word, in pixels of the picture that it was shown.
type word struct {
	text       string
	box        image.Rectangle
	confidence float64

	block, paragraph, line int // counted from 1, a paragraph within its block, a line within its paragraph

	baseline   [2]image.Point // of the line; both zero if it is not known
	height     float64        // of a letter with ascender and descender; 0 if it is not known
	characters []character    // only where they were asked for
}

// character is what the engine found of one character.
type character struct {
	text       string
	box        image.Rectangle
	confidence float64
}

// api returns the engine that a client holds, for what the client has no call for.
func api(client *gosseract.Client) unsafe.Pointer {
	return reflect.ValueOf(client).Elem().FieldByName("api").UnsafePointer()
}

// read runs the engine of a client once over a picture.
func read(client *gosseract.Client, im *picture.Image, characters bool) ([]word, error) {
	pix := (*C.Pix)(im.Share())
	defer C.pixDestroy(&pix)
	var found C.lethe_words
	defer C.lethe_free_words(&found)
	asked := C.int(0)
	if characters {
		asked = 1
	}
	if C.lethe_recognise(api(client), unsafe.Pointer(pix), asked, &found) != 0 {
		return nil, refusal.New(refusal.PictureRefused)
	}
	words := make([]word, 0, int(found.length))
	for _, w := range unsafe.Slice(found.words, int(found.length)) {
		one := word{
			text: C.GoString(w.text.text), box: rectangle(w.text), confidence: float64(w.text.confidence),
			block: int(w.block), paragraph: int(w.paragraph), line: int(w.line),
			baseline: [2]image.Point{
				{X: int(w.baseline[0]), Y: int(w.baseline[1])}, {X: int(w.baseline[2]), Y: int(w.baseline[3])},
			},
			height: float64(w.height),
		}
		for _, c := range unsafe.Slice(w.characters, int(w.length)) {
			one.characters = append(one.characters, character{C.GoString(c.text), rectangle(c), float64(c.confidence)})
		}
		words = append(words, one)
	}
	return words, nil
}

func rectangle(t C.lethe_text) image.Rectangle {
	return image.Rect(int(t.left), int(t.top), int(t.right), int(t.bottom))
}
