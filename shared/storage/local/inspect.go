package local

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/lethe-ocr/lethe/shared/doctor"
)

// Inspection looks at the data folder: who may read it, what it lies on, how the database erases. It opens no document.
type Inspection struct{ store *Store }

var _ doctor.Probe = (*Inspection)(nil)

// Inspection returns the probe of the folder.
func (s *Store) Inspection() *Inspection { return &Inspection{store: s} }

// Subject implements doctor.Probe.
func (i *Inspection) Subject() doctor.Subject { return doctor.OfFolder }

// Inspect implements doctor.Probe.
func (i *Inspection) Inspect(ctx context.Context) []doctor.Finding {
	f := doctor.Folder{Unseen: map[doctor.Check]string{}}
	if modes, err := i.modes(ctx); err == nil {
		f.Modes = &modes
	} else {
		f.Unseen[doctor.FolderModes] = "not all of the folder can be listed"
	}
	if err := i.place(&f); err != nil {
		f.Unseen[doctor.FolderPlace] = "the file system cannot be told"
	}
	if err := i.space(&f); err != nil {
		f.Unseen[doctor.FolderSpace] = "free space cannot be told"
	}
	if err := i.store.Records.Check(ctx); err != nil {
		f.Damage = err.Error()
	} else if err := i.database(ctx, &f); err != nil {
		f.Unseen[doctor.Database] = "the database did not answer"
	}
	return f.Judge()
}

// mostEntries bounds the walk: a check that runs daily need not read a million folders.
const mostEntries = 100_000

// modes counts; it keeps no name.
func (i *Inspection) modes(ctx context.Context) (doctor.Modes, error) {
	var m doctor.Modes
	err := fs.WalkDir(i.store.root.FS(), ".", func(_ string, entry fs.DirEntry, err error) error {
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

func (i *Inspection) place(f *doctor.Folder) error {
	var at unix.Statfs_t
	dir := i.store.root.Name()
	if err := unix.Statfs(dir, &at); err != nil {
		return err
	}
	f.FileSystem = fileSystem(int64(at.Type)) //nolint:unconvert // the type differs between architectures
	path, err := filepath.Abs(dir)
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	f.Synced = synced(path)
	return err
}

func (i *Inspection) space(f *doctor.Folder) error {
	free, size, err := i.store.Space.Free()
	if err != nil {
		return err
	}
	held, err := i.store.Space.held()
	if err != nil {
		return err
	}
	f.Space = &doctor.Space{Free: free, Floor: i.store.Space.Floor(size), Reserve: held, Wanted: i.store.Space.room.Reserve}
	return nil
}

// fileSystem names those that the doctor knows something about. The rest are disks.
func fileSystem(magic int64) string {
	switch magic {
	case unix.NFS_SUPER_MAGIC:
		return "nfs"
	case unix.SMB_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC:
		return "cifs"
	case unix.SMB2_SUPER_MAGIC:
		return "smb2"
	case unix.V9FS_MAGIC:
		return "9p"
	case unix.AFS_SUPER_MAGIC, unix.AFS_FS_MAGIC:
		return "afs"
	case unix.CEPH_SUPER_MAGIC:
		return "ceph"
	case unix.FUSE_SUPER_MAGIC:
		return "fuse"
	case unix.BTRFS_SUPER_MAGIC:
		return "btrfs"
	case 0x2FC12FC1: // OpenZFS, which is not part of the kernel
		return "zfs"
	case unix.TMPFS_MAGIC:
		return "tmpfs"
	default:
		return "a disk of this machine"
	}
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

// database asks a connection like every other of the store: secure_delete is a property of connections.
func (i *Inspection) database(ctx context.Context, f *doctor.Folder) error {
	var secure int
	if err := i.store.Records.db.QueryRowContext(ctx, "PRAGMA secure_delete").Scan(&secure); err != nil {
		return err
	}
	f.SecureDelete = &secure
	return i.store.Records.db.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&f.Journal)
}
