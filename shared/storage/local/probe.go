package local

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// probeFile holds one byte, which is written again and again.
const probeFile = "probe"

// errMoved says that the data folder is no longer where the server opened it.
var errMoved = errors.New("the data folder was moved or replaced while the server was running: put it back, or restart the server")

// Probe writes a byte to the data folder and waits until it is on the disk, in place, so that a full disk is no failure of
// it. It checks whether the folder is still the one that the server opened.
func (s *Store) Probe(context.Context) error {
	opened, err := s.folder.Stat()
	if err != nil {
		return fmt.Errorf("look at data folder: %w", err)
	}
	there, err := os.Stat(s.root.Name())
	if err != nil || !os.SameFile(opened, there) {
		return errMoved
	}
	s.probing.Lock()
	defer s.probing.Unlock()
	if s.probe == nil {
		if s.probe, err = s.root.OpenFile(probeFile, os.O_CREATE|os.O_RDWR, fileMode); err != nil {
			return fmt.Errorf("open probe: %w", unavailable(err))
		}
	}
	_, err = s.probe.WriteAt([]byte{'.'}, 0)
	if err == nil {
		err = s.probe.Sync()
	}
	if err != nil {
		return fmt.Errorf("write probe: %w", unavailable(err))
	}
	return nil
}
