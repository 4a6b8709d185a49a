package local

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// Blobs implements storage.Blobs, storage.Opener and storage.Staging on files.
type Blobs struct {
	root  *os.Root
	now   func() time.Time
	space *Space
}

var (
	_ storage.Blobs   = (*Blobs)(nil)
	_ storage.Opener  = (*Blobs)(nil)
	_ storage.Staging = (*Blobs)(nil)
)

// A blob is one file: its name, a comma, and its content type in hex. A comma is in no blob name, so the two cannot be
// confused, and sorts before all that is but "!".
const typeMark = ","

func fileOf(name, contentType string) string {
	return path.Join(blobsDir, name) + typeMark + hex.EncodeToString([]byte(contentType))
}

// parse splits a file's name.
func parse(file string) (base, contentType string, ok bool) {
	base, encoded, ok := strings.Cut(file, typeMark)
	decoded, err := hex.DecodeString(encoded)
	return base, string(decoded), ok && err == nil
}

// Put writes to a staging file, syncs it, and renames it into place.
func (b *Blobs) Put(ctx context.Context, name, contentType string, r io.Reader) (storage.Blob, error) {
	return b.put(ctx, name, contentType, r, false)
}

// Create is Put for a name that must not exist: fault.AlreadyExists if it does.
func (b *Blobs) Create(ctx context.Context, name, contentType string, r io.Reader) (storage.Blob, error) {
	return b.put(ctx, name, contentType, r, true)
}

func (b *Blobs) put(ctx context.Context, name, contentType string, r io.Reader, createOnly bool) (storage.Blob, error) {
	if err := storage.CheckBlob(name, contentType); err != nil {
		return storage.Blob{}, err
	}
	if err := storage.CheckContext(ctx); err != nil {
		return storage.Blob{}, err
	}
	if createOnly {
		// Asked again when the name is given; asked here so that a second upload costs no disk.
		old, err := b.files(name)
		if err != nil {
			return storage.Blob{}, err
		}
		if len(old) > 0 {
			return storage.Blob{}, taken()
		}
	}
	staged, err := b.stage(ctx, name, r)
	if err != nil {
		return storage.Blob{}, err
	}
	// Described before it has its name: afterwards another call may have replaced or removed it.
	stat, err := b.root.Lstat(staged)
	if err != nil {
		return storage.Blob{}, errors.Join(unavailable(err), b.unlink(staged))
	}
	if err := b.commit(ctx, staged, name, contentType, createOnly); err != nil {
		return storage.Blob{}, errors.Join(err, b.unlink(staged))
	}
	return describe(name, fileOf(name, contentType), stat), nil
}

func taken() error {
	return fault.New(fault.AlreadyExists, "the document was uploaded before; create a new task for another one")
}

// stage writes everything to a file that is no blob yet. Only the ledger may be written while erasing uses the reserve.
func (b *Blobs) stage(ctx context.Context, name string, r io.Reader) (string, error) {
	source := &reader{ctx: ctx, r: r}
	if !strings.HasPrefix(name, storage.Ledger+"/") {
		source.may = b.space.writable
		if err := source.may(); err != nil {
			return "", err
		}
	}
	staged := path.Join(stagingDir, stagedName(name, b.now()))
	f, err := b.root.OpenFile(staged, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fileMode)
	if err != nil {
		return "", unavailable(err)
	}
	_, err = io.Copy(f, source)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		// The time of a blob is the store's, like every time that it is compared with.
		now := b.now()
		err = b.root.Chtimes(staged, now, now)
	}
	if err == nil {
		return staged, nil
	}
	if source.err == nil {
		if source.may == nil && full(err) {
			b.space.giveBack() // the ledger tries again
		}
		err = unavailable(err)
	}
	return "", errors.Join(fmt.Errorf("write blob: %w", err), b.unlink(staged))
}

// reader ends when its context does or nothing may be written any more, and remembers that the source failed.
type reader struct {
	ctx context.Context
	r   io.Reader
	may func() error // nil for always
	err error
}

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	if r.err = storage.CheckContext(r.ctx); r.err == nil && r.may != nil {
		r.err = r.may()
	}
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}

// commit gives a staged file its name. A blob of another content type under the same name is another file: it goes.
func (b *Blobs) commit(ctx context.Context, staged, name, contentType string, createOnly bool) error {
	target := fileOf(name, contentType)
	folder := path.Dir(target)
	old, err := b.files(name)
	if err != nil {
		return err
	}
	if createOnly && len(old) > 0 {
		return taken()
	}
	for {
		if err := storage.CheckContext(ctx); err != nil {
			return err
		}
		place := b.root.Rename
		if createOnly {
			place = b.link // fails if the name exists, unlike a rename
		}
		err := b.root.MkdirAll(folder, dirMode)
		if errors.Is(err, os.ErrExist) || errors.Is(err, os.ErrNotExist) {
			continue // a folder was made or removed as empty by another call a moment ago
		}
		if err == nil {
			err = place(staged, target)
		}
		if errors.Is(err, os.ErrExist) {
			return taken()
		}
		if errors.Is(err, os.ErrNotExist) && b.exists(staged) {
			continue // likewise
		}
		if err != nil {
			return unavailable(err)
		}
		break
	}
	for _, file := range old {
		if file != target {
			if err := b.unlink(file); err != nil {
				return err
			}
		}
	}
	// The name is durable when every folder on the way to it is: any of them may be new.
	for dir := folder; dir != "."; dir = path.Dir(dir) {
		if err := b.syncDir(dir); err != nil {
			return err
		}
	}
	return nil
}

func (b *Blobs) link(staged, target string) error {
	if err := b.root.Link(staged, target); err != nil {
		return err
	}
	return b.root.Remove(staged)
}

func (b *Blobs) exists(file string) bool {
	_, err := b.root.Lstat(file)
	return err == nil
}

// files lists the files of a blob: none or one, two for a moment while its content type changes.
func (b *Blobs) files(name string) ([]string, error) {
	dir, base := path.Split(path.Join(blobsDir, name))
	f, err := b.root.Open(path.Clean(dir))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, unavailable(err)
	}
	names, err := f.Readdirnames(-1)
	if err = errors.Join(err, f.Close()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, unavailable(err)
	}
	var found []string
	for _, n := range names {
		if strings.HasPrefix(n, base+typeMark) {
			found = append(found, dir+n)
		}
	}
	return found, nil
}

// Open opens the blob's own file.
func (b *Blobs) Open(ctx context.Context, name string) (*os.File, storage.Blob, error) {
	if err := errors.Join(storage.CheckBlob(name, "-"), storage.CheckContext(ctx)); err != nil {
		return nil, storage.Blob{}, err
	}
	files, err := b.files(name)
	if err != nil {
		return nil, storage.Blob{}, err
	}
	for _, file := range files {
		f, err := b.root.Open(file)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, storage.Blob{}, unavailable(err)
		}
		stat, err := f.Stat()
		if err != nil {
			return nil, storage.Blob{}, errors.Join(unavailable(err), f.Close())
		}
		return f, describe(name, file, stat), nil
	}
	return nil, storage.Blob{}, fault.New(fault.ThingNotFound, "there is no such blob")
}

// Get opens a blob. A file that is replaced keeps its content for whoever has it open.
func (b *Blobs) Get(ctx context.Context, name string) (io.ReadCloser, storage.Blob, error) {
	f, blob, err := b.Open(ctx, name)
	if err != nil {
		return nil, storage.Blob{}, err
	}
	return f, blob, nil
}

// GetRange reads a part of the file that has the name now.
func (b *Blobs) GetRange(ctx context.Context, name, etag string, offset, length int64) (io.ReadCloser, error) {
	if err := storage.CheckRange(etag, offset, length); err != nil {
		return nil, err
	}
	f, blob, err := b.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	if err = blob.Pinned(etag); err == nil {
		if _, err = f.Seek(min(offset, blob.Size), io.SeekStart); err == nil {
			return storage.Head(f, length), nil
		}
		err = unavailable(err)
	}
	return nil, errors.Join(err, f.Close())
}

// Stat describes a blob.
func (b *Blobs) Stat(ctx context.Context, name string) (storage.Blob, error) {
	f, blob, err := b.Open(ctx, name)
	if err != nil {
		return storage.Blob{}, err
	}
	return blob, f.Close()
}

// describe uses what the file system knows. The inode changes with every Put, the times distinguish two uses of one inode.
func describe(name, file string, stat fs.FileInfo) storage.Blob {
	_, contentType, _ := parse(path.Base(file))
	version := strconv.FormatInt(stat.ModTime().UnixNano(), 36)
	if n, ok := inode(stat); ok {
		version += "-" + strconv.FormatUint(n, 36)
	}
	return storage.Blob{Name: name, Size: stat.Size(), ETag: version, ContentType: contentType, Created: stat.ModTime().UTC()}
}

// Delete removes the file, and folders that are empty then.
func (b *Blobs) Delete(ctx context.Context, name string) error {
	if err := errors.Join(storage.CheckBlob(name, "-"), storage.CheckContext(ctx)); err != nil {
		return err
	}
	files, err := b.files(name)
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := b.unlink(file); err != nil {
			return err
		}
		if err := b.syncDir(path.Dir(file)); err != nil {
			return err
		}
	}
	for dir := path.Dir(path.Join(blobsDir, name)); dir != blobsDir; dir = path.Dir(dir) {
		if b.root.Remove(dir) != nil {
			break // not empty, or gone: either way there is nothing to do
		}
	}
	return nil
}

func (b *Blobs) unlink(file string) error {
	err := b.space.spend(func() error { return b.root.Remove(file) })
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return unavailable(err)
	}
	return nil
}

// syncDir makes names in a folder durable. A folder that is gone needs no sync.
func (b *Blobs) syncDir(dir string) error {
	f, err := b.root.Open(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return unavailable(err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return unavailable(err)
	}
	return nil
}

// unavailable classifies an error of the file system. Its path is not passed on.
func unavailable(err error) error {
	var known *fault.Error
	if errors.As(err, &known) {
		return err
	}
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err
	} else if l, ok := errors.AsType[*os.LinkError](err); ok {
		err = l.Err
	}
	if full(err) {
		return fault.Wrap(err, fault.StorageFull, "the disk of the data folder is full: free some space")
	}
	return fault.Wrap(err, fault.StorageUnavailable, "the data folder cannot be used; see the server's log")
}
