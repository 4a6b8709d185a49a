package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/lethe-ocr/lethe/shared/filelock"
)

// turnLook is how often a process that waits for its turn looks whether it has come.
const turnLook = 50 * time.Millisecond

// TakeTurn waits until no other process sweeps the folder, the server or the verb beside it. The kernel gives the turn of a process
// that was killed to the next.
func (s *Store) TakeTurn(ctx context.Context) (release func(), err error) {
	f, err := s.root.OpenFile(sweepFile, os.O_CREATE|os.O_RDWR, fileMode)
	if err != nil {
		return nil, fmt.Errorf("open lock of sweeps: %w", err)
	}
	look := time.NewTicker(turnLook)
	defer look.Stop()
	for {
		err := filelock.TryLock(f, filelock.Exclusive)
		if err == nil {
			return func() { _ = f.Close() }, nil // nothing was written
		}
		if !errors.Is(err, filelock.ErrHeld) {
			return nil, errors.Join(fmt.Errorf("lock sweeps: %w", err), f.Close())
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), f.Close())
		}
	}
}
