// Package traineddata finds Tesseract's language data in a folder, and says of each file whether the engine can use it: the
// engine itself tells only that it failed, when the first page comes.
package traineddata

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
)

// Orientation is the name of the model that finds a page's way up. It is not a language.
const Orientation = "osd"

// Error says that language data cannot be used.
type Error struct {
	Languages []string // that are meant, as Tesseract's codes; empty if no language can be used
	cause     error
}

// Unusable returns an Error with a cause that names the files.
func Unusable(cause error, languages ...string) *Error { return &Error{languages, cause} }

// Error returns the cause.
func (e *Error) Error() string { return e.cause.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// suffix is how the files are called.
const suffix = ".traineddata"

// Folder is a folder of language data.
type Folder struct {
	Path   string  // absolute, without links
	Models []Model // by name
}

// Model is a file of language data.
type Model struct {
	Name    string // such as eng
	Path    string
	Size    int64 // bytes
	Packed  bool  // the engine needs what Unpack makes of it
	Problem error // why the engine cannot use it, naming the file; nil if it can
}

// places are the folders where distributions install language data.
func places() []string {
	return []string{"/usr/share/tesseract-ocr/5/tessdata", "/usr/share/tessdata", "/usr/local/share/tessdata"}
}

// Find looks at the folder that is given, or where packages install language data if it is empty. A folder and its files may
// be links. It fails with an Error where there is nothing that the engine can use, and says why.
func Find(given string) (Folder, error) {
	f, err := find(given)
	if err != nil {
		return Folder{}, Unusable(err)
	}
	return f, nil
}

func find(given string) (Folder, error) {
	if given != "" {
		return open(given)
	}
	for _, place := range places() {
		if f, err := open(place); err == nil {
			return f, nil
		}
	}
	return Folder{}, errors.New("no language data found: install a tesseract-ocr-… package or name the folder with LETHE_TESSDATA")
}

func open(dir string) (Folder, error) {
	path, err := filepath.Abs(dir)
	if filepath.IsAbs(dir) {
		path = dir // a link before ".." leads elsewhere than its name says
	}
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	if err != nil {
		return Folder{}, fmt.Errorf("the folder of language data %s %w", dir, why(err))
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return Folder{}, fmt.Errorf("the folder of language data %s %w", dir, why(err))
	}
	f := Folder{Path: path}
	form := regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,31}$`)
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), suffix)
		if !ok {
			continue
		}
		m := Model{Name: name, Path: filepath.Join(path, e.Name())}
		if form.MatchString(name) {
			err = m.examine()
		} else {
			err = errors.New("has a name that is no code of a language, such as eng or chi_sim")
		}
		if err != nil {
			m.Problem = fmt.Errorf("%s %w", filepath.Join(dir, e.Name()), err)
		}
		f.Models = append(f.Models, m)
	}
	if len(f.Languages()) > 0 {
		return f, nil
	}
	if problems := f.Problems(); len(problems) > 0 {
		return Folder{}, errors.Join(problems...)
	}
	return Folder{}, fmt.Errorf("the folder of language data %s holds none: there is no file such as eng%s", dir, suffix)
}

// why says in the words of a sentence about a file what the system says.
func why(err error) error {
	switch {
	case errors.Is(err, syscall.ELOOP), strings.Contains(err.Error(), "too many links"):
		return errors.New("is a link that leads in a circle")
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("is not there, or is a link to what is not there")
	case errors.Is(err, fs.ErrPermission):
		return errors.New("may not be read by this user")
	case errors.Is(err, syscall.ENOTDIR):
		return errors.New("is no folder")
	}
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err
	}
	return fmt.Errorf("cannot be read: %w", err)
}

// The parts of a file that the engine needs one of, by their place in its table.
const (
	mostParts = 1000 // that the engine takes for a table
	legacy    = 3
	network   = 17
)

// examine finds out what a file is, and returns why the engine cannot use it.
func (m *Model) examine() error {
	info, err := os.Stat(m.Path)
	if err != nil {
		return why(err)
	}
	if !info.Mode().IsRegular() {
		return errors.New("is no file")
	}
	file, err := os.Open(m.Path) // #nosec G304 -- the operator's own folder
	if err != nil {
		return why(err)
	}
	defer func() { _ = file.Close() }() // opened for reading
	m.Size = info.Size()
	var h packed
	if binary.Read(file, binary.LittleEndian, &h) == nil && h.Magic == magic {
		m.Packed = true
		return checkTable(file, h.size())
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return why(err)
	}
	return checkTable(file, m.Size)
}

var errNoData = errors.New("holds no language data of Tesseract, or a damaged part of it: install it anew")

// checkTable reads how many parts a file has and where they begin: a number of four bytes, and one of eight for each part, which is
// negative where there is none.
func checkTable(r io.Reader, size int64) error {
	var parts uint32
	if err := binary.Read(r, binary.LittleEndian, &parts); err != nil || parts == 0 || parts > mostParts {
		return errNoData
	}
	begins := make([]int64, parts)
	if err := binary.Read(r, binary.LittleEndian, begins); err != nil {
		return errNoData
	}
	if slices.ContainsFunc(begins, func(at int64) bool { return at >= size }) {
		return errNoData
	}
	has := func(part int) bool { return part < len(begins) && begins[part] > 0 }
	if !has(network) && !has(legacy) {
		return errNoData
	}
	return nil
}

// Usable lists the names of the models that the engine can use, sorted.
func (f Folder) Usable() []string {
	var names []string
	for _, m := range f.Models {
		if m.Problem == nil {
			names = append(names, m.Name)
		}
	}
	slices.Sort(names)
	return names
}

// Languages lists those of them that are languages.
func (f Folder) Languages() []string {
	return slices.DeleteFunc(f.Usable(), func(name string) bool { return name == Orientation })
}

// Problems says why models cannot be used.
func (f Folder) Problems() []error {
	var problems []error
	for _, m := range f.Models {
		if m.Problem != nil {
			problems = append(problems, m.Problem)
		}
	}
	return problems
}

// Problem says why the model of a name cannot be used; nil if it can, or if there is none of that name.
func (f Folder) Problem(name string) error {
	for _, m := range f.Models {
		if m.Name == name {
			return m.Problem
		}
	}
	return nil
}
