package tesseract

// #cgo CXXFLAGS: -std=c++17
// #cgo LDFLAGS: -ltesseract
// #cgo linux LDFLAGS: -Wl,-z,now
// // Functions of libraries are bound at the start of the program: to bind one later writes the thread's registers to memory.
// #include <stdlib.h>
// #include "load.h"
import "C"

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"unsafe"

	"github.com/otiai10/gosseract/v2"

	"github.com/lethe-ocr/lethe/shared/ocr/traineddata"
)

// Models are the language data of a folder. Its files stay open as long as the process runs, so that they can be used
// where no file can be opened any more.
type Models struct {
	dir   string
	names []string
}

// OpenModels opens all language data in a folder that the engine can use; an empty one means the folder where packages install it.
func OpenModels(tessdata string) (*Models, error) {
	folder, err := traineddata.Find(tessdata)
	if err != nil {
		return nil, err
	}
	for _, m := range folder.Models {
		if m.Problem != nil {
			continue
		}
		// Spelt as the engine spells it: the folder, a stroke and the name.
		path := C.CString(m.Path)
		failed := C.lethe_hold(path)
		C.free(unsafe.Pointer(path))
		if failed != 0 {
			return nil, fmt.Errorf("open language data %s: %w", m.Path, syscall.Errno(failed)) // #nosec G115 -- errno is positive
		}
	}
	return &Models{dir: folder.Path, names: folder.Usable()}, nil
}

// Count returns how many files are open.
func (m *Models) Count() int { return len(m.names) }

var errModels = errors.New("the engine cannot read its language data")

// load gives an engine its languages from the open files. The client would have the engine open them by name when the first
// page comes, and has no way to say otherwise; it finds the engine initialised as it wants it, and leaves it so.
func (m *Models) load(client *gosseract.Client, languages []string) error {
	folder, names := C.CString(m.dir), C.CString(strings.Join(languages, "+"))
	defer C.free(unsafe.Pointer(folder))
	defer C.free(unsafe.Pointer(names))
	if C.lethe_load(api(client), folder, names) != 0 {
		return errModels
	}
	return nil
}
