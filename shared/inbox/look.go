package inbox

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// file is something in the inbox.
type file struct {
	name string
	info fs.FileInfo // of the last look; of the file itself, never of what a link leads to
}

// unchanged reports whether a file is the same, of the same size and time, as it was. One that was renamed to the name of another
// is not.
func unchanged(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// mostSeen bounds how many files are remembered from one look to the next. Others have their turn when these are claimed: a look ends
// where no more can be remembered, so that one of many files costs what one of few does.
const mostSeen = 4096

// listed is how many names of the inbox are read at a time.
const listed = 256

// look finds out which files are complete: those that have not changed from one look to the next.
type look struct {
	folder string
	most   int // files that are remembered
	seen   map[string]fs.FileInfo
	left   int  // files that are no documents, or not yet
	taken  int  // files that the receiver took
	more   bool // there are files that are not remembered
}

// at looks at the folder and hands on what is complete, until the receiver's context ends. The receiver tells whether it took the file out
// of the folder. It remembers what is not complete, or was not taken.
func (l *look) at(ctx context.Context, complete func(file) (taken bool)) error {
	folder, err := os.Open(l.folder)
	if err != nil {
		return err
	}
	defer func() { _ = folder.Close() }() // it was read
	next := map[string]fs.FileInfo{}
	met := 0 // of what is remembered of the last look
	l.left, l.taken, l.more = 0, 0, false
	for {
		entries, err := folder.ReadDir(listed)
		for _, e := range entries {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if strings.HasPrefix(e.Name(), ".") || e.IsDir() {
				continue
			}
			info, err := os.Lstat(filepath.Join(l.folder, e.Name()))
			if err != nil {
				continue // it is gone
			}
			if !document(info) {
				l.left++
				continue
			}
			before, ok := l.seen[e.Name()]
			if ok {
				met++
			}
			switch {
			case ok && unchanged(before, info) && complete(file{e.Name(), info}):
				l.taken++
			case len(next) < l.most:
				next[e.Name()] = info
			default:
				l.more = true
			}
		}
		if errors.Is(err, io.EOF) || l.more && met == len(l.seen) {
			l.seen = next
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// unfinished are the endings of files that programs are still writing.
func unfinished() []string {
	return []string{".part", ".partial", ".filepart", ".crdownload", ".tmp", "~"}
}

// document reports whether something may be a document that is complete. Opening a pipe or a device could block or do harm, a link may
// lead anywhere, and an empty file is one that is still to be written.
func document(info fs.FileInfo) bool {
	name := strings.ToLower(info.Name())
	return info.Mode().IsRegular() && info.Size() > 0 &&
		!slices.ContainsFunc(unfinished(), func(ending string) bool { return strings.HasSuffix(name, ending) })
}
