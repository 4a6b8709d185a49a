package picture

// #include <stdint.h>
import "C"

import (
	"runtime/cgo"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/derivative"
	"github.com/lethe-ocr/lethe/shared/picture/stored"
)

// File is a picture file in memory, of which parts may not be there yet.
type File struct {
	Data []byte
	Type string // media type
	// Fill returns true once so many bytes from an offset, all within Data, are there. A TIFF has those filled that are read of it;
	// of other types all have to be there before. Nil where nothing is missing.
	Fill func(offset, length int64) bool
}

// Probe is the function of that name of a file of which parts may be missing.
func (f File) Probe(limits ocr.Limits) ([]Frame, error) { return f.probe(limits) }

// Decode is the function of that name of a file of which parts may be missing.
func (f File) Decode(frame int, limits ocr.Limits) (*Image, error) { return f.decode(frame, limits) }

// Stored is the function of that name of a file of which parts may be missing.
func (f File) Stored(frame int, limits ocr.Limits) (jpeg []byte, p *stored.Picture, orientation int, ok bool) {
	return f.stored(frame, limits)
}

// Survey is the function of that name of a file of which parts may be missing.
func (f File) Survey(frame int, limits ocr.Limits) (derivative.Page, error) {
	return f.survey(frame, limits)
}

// handle is what native code asks by; 0 if nothing is missing. The caller releases it.
func (f File) handle() (handle C.uintptr_t, release func()) {
	if f.Fill == nil {
		return 0, func() {}
	}
	h := cgo.NewHandle(f.Fill)
	return C.uintptr_t(h), h.Delete
}

//export lethe_fill
func lethe_fill(handle C.uintptr_t, offset, length C.uint64_t) C.int {
	if cgo.Handle(handle).Value().(func(offset, length int64) bool)(int64(offset), int64(length)) { // #nosec G115 -- within the file
		return 1
	}
	return 0
}
