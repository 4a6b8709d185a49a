package local

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/lethe-ocr/lethe/shared/storage"
)

// List walks folders in the order of the names below them.
func (b *Blobs) List(ctx context.Context, prefix, after string, limit int) ([]storage.Blob, error) {
	if err := errors.Join(storage.CheckList(prefix, limit), storage.CheckContext(ctx)); err != nil {
		return nil, err
	}
	w := walk{b: b, ctx: ctx, prefix: prefix, after: after, limit: limit}
	container, _, _ := strings.Cut(prefix, "/")
	err := w.folder(container)
	return w.found, err
}

// walk collects blobs below a prefix.
type walk struct {
	b             *Blobs
	ctx           context.Context //nolint:containedctx // a walk is one call
	prefix, after string
	limit         int
	found         []storage.Blob
}

// folder visits one folder. Names of folders are compared with the slash that follows them, so that the order is that of
// whole names.
func (w *walk) folder(dir string) error {
	if err := storage.CheckContext(w.ctx); err != nil {
		return err
	}
	entries, err := w.b.entries(path.Join(blobsDir, dir))
	if err != nil {
		return err
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(sortKey(a), sortKey(b)) })
	for _, e := range entries {
		if len(w.found) == w.limit {
			return nil
		}
		base, _, ok := parse(e.Name())
		name := dir + "/" + e.Name()
		switch {
		case e.IsDir() && w.reaches(name+"/"):
			err = w.folder(name)
		case !e.IsDir() && ok && strings.HasPrefix(dir+"/"+base, w.prefix) && dir+"/"+base > w.after:
			err = w.add(dir+"/"+base, name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func sortKey(e fs.DirEntry) string {
	if e.IsDir() {
		return e.Name() + "/"
	}
	base, _, _ := parse(e.Name())
	return base
}

// reaches reports whether a folder can hold names that are wanted.
func (w *walk) reaches(folder string) bool {
	inside := strings.HasPrefix(folder, w.prefix) || strings.HasPrefix(w.prefix, folder)
	passed := folder < w.after && !strings.HasPrefix(w.after, folder)
	return inside && !passed
}

func (w *walk) add(name, file string) error {
	stat, err := w.b.root.Lstat(path.Join(blobsDir, file))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return unavailable(err)
	}
	w.found = append(w.found, describe(name, file, stat))
	return nil
}

// entries reads a folder; an absent one is empty.
func (b *Blobs) entries(dir string) ([]fs.DirEntry, error) {
	f, err := b.root.Open(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, unavailable(err)
	}
	entries, err := f.ReadDir(-1)
	if err = errors.Join(err, f.Close()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, unavailable(err)
	}
	return entries, nil
}
