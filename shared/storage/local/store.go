package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/filelock"
)

// Config says where the store is.
type Config struct {
	Dir    string // made if it does not exist
	Server bool   // takes the folder for the one server; operator verbs leave it false
	Room   Room   // kept by the server
	// Patience is how long another process's use of the database is waited for; 0 for the default of 15 seconds.
	Patience time.Duration
	Now      func() time.Time

	making bool // of a folder that Make has begun
}

// Store is an open folder.
type Store struct {
	Blobs   *Blobs
	Records *Records
	Space   *Space
	root    *os.Root
	folder  *os.File // the folder itself; the one server has it locked
	lock    *os.File
	key     []byte

	probing sync.Mutex
	probe   *os.File // guarded by probing; nil until the first Probe
}

// ErrInUse means that another server has the folder.
var ErrInUse = errors.New("another server is using the data folder")

// names of what lies in the folder.
const (
	databaseFile    = "lethe.db"
	keyFile         = "key"
	previousKeyFile = "key.previous"
	lockFile        = "lock"
	sweepFile       = "sweep.lock"
	blobsDir        = "blobs"
	stagingDir      = "staging"
)

const (
	dirMode  = 0o700
	fileMode = 0o600
)

// Open opens the folder, or makes it. A server erases what an earlier one left half written. A folder of somebody else's files is
// ErrForeign, and stays as it is.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	if err := mayTake(cfg.Dir); err != nil {
		return nil, err
	}
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
	if s.folder, err = s.root.Open("."); err != nil {
		return fmt.Errorf("open data folder: %w", err)
	}
	if _, err := s.root.Lstat(unfinishedFile); err == nil && !cfg.making {
		return ErrUnfinished
	}
	if cfg.Server {
		if err := s.take(); err != nil {
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
	if s.Space, err = openSpace(s.root, s.folder, cfg.Room, cfg.Server); err != nil {
		return err
	}
	s.Blobs = &Blobs{root: s.root, now: cfg.Now, space: s.Space}
	if cfg.Server {
		if _, err := s.Blobs.discard("", time.Time{}); err != nil {
			return err
		}
		// A full disk is no reason not to start: erasing goes on, and Space.Check says why nothing is accepted.
		if err := s.Space.Restore(ctx); err != nil && !errors.Is(err, fault.StorageFull) {
			return err
		}
	}
	if s.Records, err = openRecords(ctx, s.root, filepath.Join(cfg.Dir, databaseFile), s.Space, cmp.Or(cfg.Patience, patience)); err != nil {
		return err
	}
	if cfg.Server && s.Records.Check(ctx) == nil {
		s.Records.Damaged(ctx) // noted: Check reports it
	}
	return nil
}

// Close releases the folder.
func (s *Store) Close() error {
	var errs []error
	if s.Records != nil {
		errs = append(errs, s.Records.close())
	}
	if s.Space != nil {
		errs = append(errs, s.Space.close())
	}
	for _, f := range []*os.File{s.probe, s.lock, s.folder} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(append(errs, s.root.Close())...)
}

// take holds the folder for this server until the process ends. The lock is on the folder itself, which nobody removes under
// a server; the one on the file keeps out servers of an earlier version, which know no other.
func (s *Store) take() error {
	var err error
	if s.lock, err = s.root.OpenFile(lockFile, os.O_CREATE|os.O_RDWR, fileMode); err != nil {
		return fmt.Errorf("open lock: %w", err)
	}
	for _, f := range []*os.File{s.folder, s.lock} {
		err := filelock.TryLock(f, filelock.Exclusive)
		if errors.Is(err, filelock.ErrHeld) {
			return ErrInUse
		}
		if err != nil {
			return fmt.Errorf("lock data folder: %w", err)
		}
	}
	return nil
}

// Dir returns the data folder.
func (s *Store) Dir() string { return s.root.Name() }

// Files gives access to the data folder to those who examine its modes and sizes.
func (s *Store) Files() fs.FS { return s.root.FS() }

// Served reports whether a server has the folder at this moment, of this version or an earlier one. It is for processes that
// are not that server.
func (s *Store) Served() (bool, error) {
	folder, err := s.root.Open(".")
	if err != nil {
		return false, fmt.Errorf("open data folder: %w", err)
	}
	defer func() { _ = folder.Close() }() // nothing was written
	lock, err := s.root.OpenFile(lockFile, os.O_CREATE|os.O_RDWR, fileMode)
	if err != nil {
		return false, fmt.Errorf("open lock: %w", err)
	}
	defer func() { _ = lock.Close() }() // likewise
	for _, f := range []*os.File{folder, lock} {
		err := filelock.TryLock(f, filelock.Shared) // closing gives it back
		if errors.Is(err, filelock.ErrHeld) {
			return true, nil
		}
		if err != nil {
			return false, fmt.Errorf("look at lock: %w", err)
		}
	}
	return false, nil
}
