package local

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// ErrForeign means that a folder holds files and is no data folder. Nothing in it was touched.
var ErrForeign = errors.New("the folder holds other files and is no data folder")

// SigningKeyFile is the ledger's key, which the program keeps in the folder, and an operator may put there before the first start.
const SigningKeyFile = "signing.key"

const (
	// recoveryDir is what a fresh file system has at its root.
	recoveryDir = "lost+found"
	// stagedKey begins the name of the key's staging file.
	stagedKey = keyFile + "-"
)

// IsFolder reports whether there is a data folder at dir: one that has blobs, and the key or the database.
func IsFolder(dir string) (bool, error) {
	blobs, err := stat(dir, blobsDir)
	if err != nil || blobs == nil || !blobs.IsDir() {
		return false, err
	}
	key, err := stat(dir, keyFile)
	if err != nil || key != nil && key.Mode().IsRegular() && key.Size() == secretSize {
		return err == nil, err
	}
	database, err := stat(dir, databaseFile)
	return database != nil && database.Mode().IsRegular(), err
}

// stat describes a file of a folder; nil if it is not there, or there is no folder.
func stat(dir, name string) (fs.FileInfo, error) {
	info, err := os.Stat(filepath.Join(dir, name))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, nil
	}
	return info, err
}

// mayTake returns nil if the folder is a data folder, or may become one: it is not there, or holds nothing but what a first start
// leaves that is killed, and what a file system and an operator put there. It is ErrForeign for any other, and touches nothing.
func mayTake(dir string) error {
	for range 2 { // another process may have been making it between the two looks
		if is, err := IsFolder(dir); is || err != nil {
			return err
		}
		if may, err := begun(dir); may || err != nil {
			return err
		}
	}
	return ErrForeign
}

// begun reports whether all that is in the folder is of a first start that has not come to its end.
func begun(dir string) (bool, error) {
	entries, err := few(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil || len(entries) == many {
		return false, err
	}
	for _, e := range entries {
		if ours, err := begins(dir, e); err != nil || !ours {
			return false, err
		}
	}
	return true, nil
}

// begins reports whether an entry of a folder is one that a first start makes before there is a key, or was put there for it.
func begins(dir string, e fs.DirEntry) (bool, error) {
	switch e.Name() {
	case recoveryDir:
		return e.IsDir(), nil
	case SigningKeyFile:
		return e.Type().IsRegular(), nil
	case lockFile, unfinishedFile:
		return sized(e, 0), nil
	case keyFile:
		return sized(e, secretSize), nil
	case blobsDir:
		inside, err := few(filepath.Join(dir, blobsDir))
		return e.IsDir() && len(inside) == 0, gone(err)
	case stagingDir:
		inside, err := few(filepath.Join(dir, stagingDir))
		for _, staged := range inside {
			if !strings.HasPrefix(staged.Name(), stagedKey) || !sized(staged, secretSize) {
				return false, gone(err)
			}
		}
		return e.IsDir() && len(inside) < many, gone(err)
	default:
		return false, nil
	}
}

// sized reports whether an entry is a file of at most so many bytes. One that is gone meanwhile harms nothing.
func sized(e fs.DirEntry, most int64) bool {
	info, err := e.Info()
	return errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode().IsRegular() && info.Size() <= most
}

// gone is an error unless what was looked at is no folder, or is none any more.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil
	}
	return err
}

// many is how many entries of a folder are looked at. A folder that has begun has fewer.
const many = 64

// few returns the first entries of a folder, at most many.
func few(dir string) ([]fs.DirEntry, error) {
	f, err := os.Open(dir) //nolint:gosec // the operator names it
	if err != nil {
		return nil, err
	}
	entries, err := f.ReadDir(many)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return entries, errors.Join(err, f.Close())
}
