package ledger

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"
)

// Target takes the files of a copy and gives those that it has.
type Target interface {
	Source
	WriteFile(ctx context.Context, path string, text []byte) error
}

// Copy brings a copy of a log up to date and returns how many files it fetched. What the copy has is not fetched again: a
// file of the log never changes. The checkpoint comes last, so that a copy is whole whenever it has one. Nothing is checked
// here; Check does that on the copy.
func Copy(ctx context.Context, from Source, to Target) (int, error) {
	checkpoint, err := from.ReadFile(ctx, "checkpoint")
	if err != nil {
		return 0, fmt.Errorf("read checkpoint: %w", err)
	}
	text, _, _ := strings.Cut(string(checkpoint), "\n\n")
	c, err := torchwood.ParseCheckpoint(text + "\n")
	if err != nil {
		return 0, errors.New("the checkpoint is malformed")
	}
	files := tlog.NewTiles(torchwood.TileHeight, 0, c.N)
	for _, tile := range files {
		if tile.L == 0 {
			tile.L = -1 // the entries beside the lowest hashes
			files = append(files, tile)
		}
	}
	fetched := 0
	for _, tile := range files {
		path := torchwood.TilePath(tile)
		if _, err := to.ReadFile(ctx, path); err == nil {
			continue
		}
		file, err := from.ReadFile(ctx, path)
		if err != nil {
			return fetched, fmt.Errorf("read %s: %w", path, err)
		}
		if err := to.WriteFile(ctx, path, file); err != nil {
			return fetched, fmt.Errorf("write %s: %w", path, err)
		}
		fetched++
	}
	return fetched + 1, to.WriteFile(ctx, "checkpoint", checkpoint)
}
