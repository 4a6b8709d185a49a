package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	// unfinishedFile is in a folder that Make has begun and not ended.
	unfinishedFile = "unfinished"
	// unfinishedSuffix ends the name that such a folder has.
	unfinishedSuffix = ".unfinished"
)

// ErrUnfinished means that a folder is one that Make has begun and not ended. Nothing serves from it.
var ErrUnfinished = errors.New("this data folder is only half made: remove it, and make it again")

// Make makes a folder with the key given and lets fill put records and blobs there. It is made under another name beside its own, which it
// gets once it is whole, so that at its own name there is never half of one. What is there already stays as it is: the error is
// fs.ErrExist then.
func Make(ctx context.Context, cfg Config, key []byte, fill func(*Store) error) (err error) {
	cfg.Dir = filepath.Clean(cfg.Dir)
	if _, err := os.Lstat(cfg.Dir); err == nil {
		return fmt.Errorf("make the data folder %s: %w", cfg.Dir, fs.ErrExist)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("look at the data folder: %w", err)
	}
	if len(key) != secretSize {
		return fmt.Errorf("the key of a data folder has %d bytes, not %d", secretSize, len(key))
	}
	final := cfg.Dir
	cfg.Dir += unfinishedSuffix
	if err := os.Mkdir(cfg.Dir, dirMode); err != nil {
		return fmt.Errorf("make the data folder beside its place (if an earlier call was stopped, remove what it left): %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(cfg.Dir))
		}
	}()
	mark := filepath.Join(cfg.Dir, unfinishedFile)
	err = os.WriteFile(mark, nil, fileMode)
	if err == nil {
		err = os.WriteFile(filepath.Join(cfg.Dir, keyFile), key, fileMode)
	}
	if err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	if err := filled(ctx, cfg, fill); err != nil {
		return err
	}
	if err := errors.Join(os.Remove(mark), os.Rename(cfg.Dir, final)); err != nil {
		return fmt.Errorf("bring the data folder to its place: %w", err)
	}
	return nil
}

// filled opens the folder that is being made, and closes it.
func filled(ctx context.Context, cfg Config, fill func(*Store) error) (err error) {
	cfg.Server, cfg.making = true, true
	store, err := Open(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if err := store.Records.Check(ctx); err != nil {
		return err
	}
	return fill(store)
}

// Key returns the folder's key.
func (s *Store) Key() []byte { return s.key }
