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
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"unsafe"

	"github.com/lethe-ocr/lethe/shared/ocr/traineddata"
)

// Models are the language data of a folder. Its files stay open as long as the process runs, so that they can be used
// where no file can be opened any more.
type Models struct {
	dir     string
	names   []string
	packed  map[string]model // by name
	loading sync.Mutex       // of one that is packed
}

// model is a file of language data.
type model struct {
	path string
	file *os.File
}

// OpenModels opens all language data in a folder that the engine can use; an empty one means the folder where packages install it.
func OpenModels(tessdata string) (*Models, error) {
	folder, err := traineddata.Find(tessdata)
	if err != nil {
		return nil, err
	}
	models := &Models{dir: folder.Path, names: folder.Usable(), packed: map[string]model{}}
	for _, m := range folder.Models {
		if m.Problem != nil {
			continue
		}
		if m.Packed {
			file, err := os.Open(m.Path)
			if err != nil {
				return nil, fmt.Errorf("open language data: %w", err)
			}
			models.packed[m.Name] = model{m.Path, file}
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
	return models, nil
}

// Languages lists the languages as Tesseract's codes, sorted.
func (m *Models) Languages() []string {
	return slices.DeleteFunc(slices.Clone(m.names), func(name string) bool { return name == traineddata.Orientation })
}

// Orientation reports whether there is the model that finds a page's way up.
func (m *Models) Orientation() bool { return slices.Contains(m.names, traineddata.Orientation) }

// Folder returns where they are.
func (m *Models) Folder() string { return m.dir }

// Count returns how many files are open.
func (m *Models) Count() int { return len(m.names) }

// unpacked calls load while the engine can read languages that are packed.
func (m *Models) unpacked(languages []string, load func()) error {
	m.loading.Lock()
	defer m.loading.Unlock()
	var pinned runtime.Pinner
	defer pinned.Unpin()
	for _, name := range languages {
		packed, ok := m.packed[name]
		if !ok {
			continue
		}
		content, err := packed.unpack()
		if err != nil {
			return traineddata.Unusable(err, name)
		}
		path := C.CString(packed.path)
		defer C.free(unsafe.Pointer(path))
		pinned.Pin(&content[0])
		C.lethe_lend(path, (*C.char)(unsafe.Pointer(&content[0])), C.size_t(len(content)))
		defer C.lethe_lend(path, nil, 0)
	}
	load()
	return nil
}

func (m model) unpack() ([]byte, error) {
	info, err := m.file.Stat()
	if err != nil {
		return nil, err
	}
	content := make([]byte, info.Size())
	if _, err := m.file.ReadAt(content, 0); err != nil {
		return nil, err
	}
	content, err = traineddata.Unpack(content)
	if err != nil {
		return nil, fmt.Errorf("%s %w", m.path, err)
	}
	return content, nil
}

var errModels = errors.New("the engine cannot read its language data")

// shut frees what open returned.
func shut(api unsafe.Pointer) { C.lethe_close(api) }

// Init initialises a tesseract::TessBaseAPI with languages from the open files. It fails with a traineddata.Error unless all of them
// are loaded.
func (m *Models) Init(api unsafe.Pointer, languages []string) error {
	folder, names := C.CString(m.dir), C.CString(strings.Join(languages, "+"))
	defer C.free(unsafe.Pointer(folder))
	defer C.free(unsafe.Pointer(names))
	failed := C.int(0)
	if err := m.unpacked(languages, func() { failed = C.lethe_init(api, folder, names) }); err != nil {
		return err
	}
	if failed != 0 {
		return traineddata.Unusable(errModels, languages...)
	}
	return nil
}

// open returns a tesseract::TessBaseAPI with languages from the open files. It fails as Init does.
func (m *Models) open(languages []string) (unsafe.Pointer, error) {
	folder, names := C.CString(m.dir), C.CString(strings.Join(languages, "+"))
	defer C.free(unsafe.Pointer(folder))
	defer C.free(unsafe.Pointer(names))
	quiet := C.int(0)
	if Discards() {
		quiet = 1
	}
	var api unsafe.Pointer
	if err := m.unpacked(languages, func() { api = C.lethe_open(folder, names, quiet) }); err != nil {
		return nil, err
	}
	if api == nil {
		return nil, traineddata.Unusable(errModels, languages...)
	}
	return api, nil
}

// Discards reports whether the engine's messages can be discarded: it crashes at the first one if it cannot open
// the file named. Otherwise they go to standard error.
func Discards() bool {
	f, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return false
	}
	_ = f.Close() // nothing was written
	return true
}
