//go:build linux

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/render"
)

// stdinName names standard input on the command line.
const stdinName = "-"

// localDocument is one document to read.
type localDocument struct {
	path   string // as the user knows it; stdinName for standard input
	name   string // of its results, without their extensions: its path below the folder that was named, or its last part
	below  bool   // it was found below a folder: nobody said that it is a document
	stream bool   // it can be read only once, from its beginning to its end
}

// String names the document for people.
func (d localDocument) String() string {
	if d.path == stdinName {
		return "standard input"
	}
	return verbs.Printable(d.path)
}

// foundDocuments are the documents that arguments name, and what was left out below folders.
type foundDocuments struct {
	documents  []localDocument
	unreadable []error // folders that cannot be listed
	hidden     int     // files and folders
	links      int     // to folders, or to nothing
	special    int     // neither files nor folders

	places map[string]bool // absolute paths of documents
}

// find lists the documents that arguments name.
func (v *readVerb) find(args []string) (*foundDocuments, error) {
	found := &foundDocuments{places: map[string]bool{}}
	for _, arg := range args {
		if arg == stdinName {
			if verbs.Terminal(v.stdin) {
				return nil, errors.New("standard input is a terminal: let a file or a pipe be standard input, or name a file")
			}
			if err := found.add(localDocument{path: stdinName, name: "stdin", stream: true}); err != nil {
				return nil, err
			}
			continue
		}
		info, err := os.Stat(arg)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, verbs.File(fmt.Errorf("%s: no such file or folder", arg))
		case err != nil:
			return nil, verbs.File(err)
		case info.IsDir() && !v.recursive:
			return nil, fmt.Errorf("%s is a folder: give --recursive to read the documents below it", arg)
		case info.IsDir():
			err = v.walk(arg, info, found)
		default:
			err = found.add(localDocument{path: arg, name: filepath.Base(arg), stream: !info.Mode().IsRegular()})
		}
		if err != nil {
			return nil, err
		}
	}
	if len(found.documents) == 0 && len(found.unreadable) == 0 {
		return nil, errors.New("there are no files below the folder, hidden ones left out")
	}
	return found, nil
}

// add takes a document, once however often it is named.
func (f *foundDocuments) add(d localDocument) error {
	place := d.path
	if d.path != stdinName {
		var err error
		if place, err = filepath.Abs(d.path); err != nil {
			return fmt.Errorf("look at %s: %w", d.path, err)
		}
	}
	if !f.places[place] {
		f.places[place] = true
		f.documents = append(f.documents, d)
	}
	return nil
}

// walk lists the files below a folder. It enters no links, which may lead in a circle, and not the folder for results.
func (v *readVerb) walk(arg string, folder fs.FileInfo, found *foundDocuments) error {
	own := v.ownOutputs()
	if sameFile(folder, own) {
		return errors.New("results cannot go to the folder that is read: they would be read the next time")
	}
	root, err := filepath.EvalSymlinks(arg)
	if err != nil {
		return fmt.Errorf("list %s: %w", arg, err)
	}
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		name, relErr := filepath.Rel(root, path)
		if relErr != nil {
			return relErr
		}
		shown := filepath.Join(arg, name)
		if err != nil {
			found.unreadable = append(found.unreadable, fmt.Errorf("%s: %s", shown, explain(err)))
			return nil
		}
		if path != root && strings.HasPrefix(entry.Name(), ".") {
			found.hidden++
			return skipFolder(entry)
		}
		info, err := os.Stat(path)
		switch {
		case err != nil || info.IsDir() && entry.Type()&fs.ModeSymlink != 0:
			found.links++
		case sameFile(info, own):
			return skipFolder(entry)
		case info.IsDir():
		case info.Mode().IsRegular():
			return found.add(localDocument{path: shown, name: name, below: true})
		default:
			found.special++
		}
		return nil
	})
}

func skipFolder(entry fs.DirEntry) error {
	if entry.IsDir() {
		return filepath.SkipDir
	}
	return nil
}

// ownOutputs are what results go to, as far as it exists: the output folder, and a file that standard output is.
func (v *readVerb) ownOutputs() []fs.FileInfo {
	var own []fs.FileInfo
	if v.out != "" {
		if info, err := os.Stat(v.out); err == nil {
			own = append(own, info)
		}
	} else if f, ok := v.stdout.(*os.File); ok {
		if info, err := f.Stat(); err == nil {
			own = append(own, info)
		}
	}
	return own
}

func sameFile(info fs.FileInfo, others []fs.FileInfo) bool {
	for _, other := range others {
		if os.SameFile(info, other) {
			return true
		}
	}
	return false
}

// inode identifies an existing file, whichever way leads to it.
func inode(info fs.FileInfo) [2]uint64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return [2]uint64{s.Dev, s.Ino}
	}
	return [2]uint64{}
}

// longestName is how many bytes a file name may have on the file systems of Linux.
const longestName = 255

// resultPath is where the result of a document in a format goes.
func resultPath(out string, d localDocument, format render.Format) string {
	return filepath.Join(out, d.name+format.Extension())
}

// placeResults refuses documents whose results would overwrite each other or a document, or cannot have their names.
func (f *foundDocuments) placeResults(out string, wanted []render.Format) error {
	read := map[[2]uint64]bool{}
	for _, d := range f.documents {
		if info, err := os.Stat(d.path); err == nil && !d.stream {
			read[inode(info)] = true
		}
	}
	results := map[string]localDocument{}
	for _, d := range f.documents {
		for _, format := range wanted {
			path := resultPath(out, d, format)
			if other, taken := results[path]; taken {
				return fmt.Errorf("the results of %s and %s would both be %s: read them one after the other, with different output folders", other, d, path)
			}
			results[path] = d
			if len(filepath.Base(path)) > longestName {
				return fmt.Errorf("the name of the result of %s would be longer than %d bytes: rename the document", d, longestName)
			}
			if info, err := os.Lstat(path); err == nil && read[inode(info)] {
				return fmt.Errorf("the result of %s would overwrite the document %s: give another output folder", d, path)
			}
		}
	}
	folders := map[string]bool{}
	for path, d := range results {
		if info, err := os.Lstat(path); err == nil && info.IsDir() {
			return fmt.Errorf("the result of %s would be %s, which is a folder: give another output folder", d, path)
		}
		for folder := filepath.Dir(path); folder != filepath.Clean(out) && !folders[folder]; folder = filepath.Dir(folder) {
			folders[folder] = true
			if other, taken := results[folder]; taken {
				return fmt.Errorf("the result of %s would be %s, which is a folder for that of %s: read them one after the other, with different output folders", other, folder, d)
			}
			if info, err := os.Stat(folder); err == nil && !info.IsDir() {
				return fmt.Errorf("the result of %s needs a folder %s, where a file is: give another output folder", d, folder)
			}
		}
	}
	return nil
}
