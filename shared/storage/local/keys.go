package local

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path"

	"github.com/lethe-ocr/lethe/shared/seal"
)

const secretSize = 32

// Sealer returns what seals passwords in the folder: with a key that follows from the folder's own, which lies beside the
// database and not in it. It also opens what was sealed with the previous key, if there is one.
func (s *Store) Sealer() (*seal.Keys, error) {
	sources := [][]byte{s.key}
	previous, err := readSecret(s.root, previousKeyFile)
	switch {
	case err == nil:
		sources = append(sources, previous)
	case !errors.Is(err, os.ErrNotExist):
		return nil, err
	}
	return seal.New(sources...)
}

// DropPreviousKey removes the previous key, of which nothing stored has need any more.
func (s *Store) DropPreviousKey() error {
	err := s.root.Remove(previousKeyFile)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove previous key: %w", err)
	}
	return nil
}

// secret reads the folder's key, which signs links and seals passwords, or makes it.
func secret(root *os.Root) ([]byte, error) {
	stored, err := readSecret(root, keyFile)
	if !errors.Is(err, os.ErrNotExist) {
		return stored, err
	}
	if err := makeSecret(root); err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	return readSecret(root, keyFile)
}

func readSecret(root *os.Root, name string) ([]byte, error) {
	stored, err := root.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read key: %w", err)
	}
	if len(stored) != secretSize {
		return nil, fmt.Errorf("the file %s has %d bytes, want %d: remove it, and links and passwords given before stop working", name, len(stored), secretSize)
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
	staged := path.Join(stagingDir, stagedKey+rand.Text())
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
