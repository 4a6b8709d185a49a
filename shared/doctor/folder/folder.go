// Package folder examines a data folder for the doctor: who may read it, what it lies on, how its database erases.
package folder

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/lethe-ocr/lethe/shared/doctor"
	"github.com/lethe-ocr/lethe/shared/storage/local"
)

// Probe examines a data folder. It opens no document.
type Probe struct{ store *local.Store }

var _ doctor.Probe = (*Probe)(nil)

// New returns the probe of a store's folder.
func New(store *local.Store) *Probe { return &Probe{store: store} }

// Subject implements doctor.Probe.
func (p *Probe) Subject() doctor.Subject { return doctor.OfFolder }

// Inspect implements doctor.Probe.
func (p *Probe) Inspect(ctx context.Context) []doctor.Finding {
	f := doctor.Folder{Unseen: map[doctor.Check]string{}}
	if modes, err := p.modes(ctx); err == nil {
		f.Modes = &modes
	} else {
		f.Unseen[doctor.FolderModes] = "not all of the folder can be listed"
	}
	if err := p.place(&f); err != nil {
		f.Unseen[doctor.FolderPlace] = "the file system cannot be told"
	}
	if err := p.space(&f); err != nil {
		f.Unseen[doctor.FolderSpace] = "free space cannot be told"
	}
	if err := p.store.Records.Check(ctx); err != nil {
		f.Damage = err.Error()
	} else if err := p.database(ctx, &f); err != nil {
		f.Unseen[doctor.Database] = "the database did not answer"
	}
	return f.Judge()
}

// mostEntries bounds the walk: a check that runs daily need not read a million folders.
const mostEntries = 100_000

// modes counts; it keeps no name.
func (p *Probe) modes(ctx context.Context) (doctor.Modes, error) {
	var m doctor.Modes
	err := fs.WalkDir(p.store.Files(), ".", func(_ string, entry fs.DirEntry, err error) error {
		var info fs.FileInfo
		if err == nil {
			info, err = entry.Info()
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, fs.ErrNotExist):
			return nil // erased meanwhile
		case err != nil:
			return err
		case m.Looked == mostEntries:
			m.More = true
			return fs.SkipAll
		}
		m.Looked++
		const others = 0o077
		switch mode := info.Mode(); {
		case !mode.IsDir() && !mode.IsRegular():
			m.Strange++
		case mode.Perm()&others != 0:
			m.Open++
		}
		return nil
	})
	return m, err
}

func (p *Probe) place(f *doctor.Folder) error {
	dir := p.store.Dir()
	var err error
	if f.FileSystem, err = fileSystem(dir); err != nil {
		return err
	}
	path, err := filepath.Abs(dir)
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	f.Synced = synced(path)
	return err
}

func (p *Probe) space(f *doctor.Folder) error {
	free, size, err := p.store.Space.Free()
	if err != nil {
		return err
	}
	held, wanted, err := p.store.Space.Reserve()
	if err != nil {
		return err
	}
	f.Space = &doctor.Space{Free: free, Floor: p.store.Space.Floor(size), Reserve: held, Wanted: wanted}
	return nil
}

// synced names the service whose folder the path lies in. They are known by the names they give their folders.
func synced(path string) string {
	for element := range strings.SplitSeq(path, string(filepath.Separator)) {
		for _, service := range []string{"Dropbox", "OneDrive", "Nextcloud", "ownCloud", "Google Drive", "iCloud"} {
			if rest, ok := strings.CutPrefix(element, service); ok && (rest == "" || strings.HasPrefix(rest, " ")) {
				return service
			}
		}
	}
	return ""
}

func (p *Probe) database(ctx context.Context, f *doctor.Folder) error {
	secure, journal, err := p.store.Records.Erasing(ctx)
	if err == nil {
		f.SecureDelete, f.Journal = &secure, journal
	}
	return err
}
