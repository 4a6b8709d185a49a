package local

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Config says where the store is.
type Config struct {
	Dir    string // made if it does not exist
	Server bool   // takes the folder for the one server; operator verbs leave it false
	Now    func() time.Time
}

// Store is an open folder.
type Store struct {
	Blobs   *Blobs
	Records *Records
	root    *os.Root
	lock    *os.File
	key     []byte
}

// ErrInUse means that another server has the folder.
var ErrInUse = errors.New("another server is using the data folder")

// names of what lies in the folder.
const (
	databaseFile = "lethe.db"
	keyFile      = "key"
	lockFile     = "lock"
	blobsDir     = "blobs"
	stagingDir   = "staging"
)

const (
	dirMode  = 0o700
	fileMode = 0o600
)

// Open opens the folder, or makes it. A server erases what an earlier one left half written.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	if err := os.MkdirAll(cfg.Dir, dirMode); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	root, err := os.OpenRoot(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("open data folder: %w", err)
	}
	s := &Store{root: root}
	if err := s.open(ctx, cfg); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, cfg Config) error {
	var err error
	if cfg.Server {
		if s.lock, err = takeLock(s.root); err != nil {
			return err
		}
	}
	for _, dir := range []string{blobsDir, stagingDir} {
		if err := s.root.Mkdir(dir, dirMode); err != nil && !errors.Is(err, os.ErrExist) {
			return fmt.Errorf("make folder %s: %w", dir, err)
		}
	}
	if s.key, err = secret(s.root); err != nil {
		return err
	}
	s.Blobs = &Blobs{root: s.root, now: cfg.Now}
	if cfg.Server {
		if err := s.Blobs.sweepStaging(); err != nil {
			return err
		}
	}
	// The journals that SQLite makes take the mode of the database file.
	db, err := s.root.OpenFile(databaseFile, os.O_CREATE|os.O_RDWR, fileMode)
	if err != nil {
		return fmt.Errorf("make database file: %w", err)
	}
	if err := db.Close(); err != nil {
		return fmt.Errorf("make database file: %w", err)
	}
	s.Records, err = openRecords(ctx, filepath.Join(cfg.Dir, databaseFile))
	return err
}

// Close releases the folder.
func (s *Store) Close() error {
	var errs []error
	if s.Records != nil {
		errs = append(errs, s.Records.close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(append(errs, s.root.Close())...)
}

// takeLock holds the lock file until the process ends.
func takeLock(root *os.Root) (*os.File, error) {
	f, err := root.OpenFile(lockFile, os.O_CREATE|os.O_RDWR, fileMode)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = ErrInUse
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

const secretSize = 32

// secret reads the key that signs links, or makes it.
func secret(root *os.Root) ([]byte, error) {
	stored, err := root.ReadFile(keyFile)
	if errors.Is(err, os.ErrNotExist) {
		if err := makeSecret(root); err != nil {
			return nil, fmt.Errorf("make key: %w", err)
		}
		stored, err = root.ReadFile(keyFile)
	}
	if err != nil {
		return nil, fmt.Errorf("read key: %w", err)
	}
	if len(stored) != secretSize {
		return nil, fmt.Errorf("the key file has %d bytes, want %d: remove it, and links issued before stop working", len(stored), secretSize)
	}
	return stored, nil
}

// makeSecret writes the key to a staging file and links it into place, so that nobody ever reads half a key. Of several
// processes that make it at once one wins.
func makeSecret(root *os.Root) error {
	key := make([]byte, secretSize)
	if _, err := rand.Read(key); err != nil {
		return err
	}
	staged := path.Join(stagingDir, keyFile+"-"+rand.Text())
	f, err := root.OpenFile(staged, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fileMode)
	if err != nil {
		return err
	}
	_, err = f.Write(key)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = root.Link(staged, keyFile)
	}
	// A server that starts at this moment may have swept the staging file; that server made a key before it swept.
	if errors.Is(err, os.ErrExist) || errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	if removed := root.Remove(staged); !errors.Is(removed, os.ErrNotExist) {
		err = errors.Join(err, removed)
	}
	return err
}
