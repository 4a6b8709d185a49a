package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"
)

// Target takes the files of a copy and gives those that it has.
type Target interface {
	Source
	WriteFile(ctx context.Context, path string, text []byte) error
}

// Copy brings a copy of a log, and of those before it, up to date and returns how many files it fetched. What the copy has is not
// fetched again: a file of the log never changes. The checkpoint comes last, so that a copy is whole whenever it has one. Files
// of a log before that are lost stay lost. Nothing is checked here; Check does that on the copy.
func Copy(ctx context.Context, from Source, to Target) (int, error) {
	return copyLog(ctx, from, to, "")
}

// copyLog copies the log whose files lie in a folder, empty for the present one, and those before it. All folders lie beside
// each other, below the present log.
func copyLog(ctx context.Context, all Source, copied Target, folder string) (int, error) {
	from, to := all, copied
	if folder != "" {
		from, to = below{all, folder}, targetBelow{below{copied, folder}, copied}
	}
	checkpoint, err := from.ReadFile(ctx, checkpointFile)
	if err != nil {
		return 0, fmt.Errorf("read checkpoint: %w", err)
	}
	c, err := claimed(checkpoint)
	if err != nil {
		return 0, err
	}
	if kept, err := to.ReadFile(ctx, checkpointFile); err == nil {
		if origin, _, _ := strings.Cut(string(kept), "\n"); origin != c.Origin {
			return 0, fmt.Errorf("the folder holds a copy of the log %s, and the log is now %s: keep that copy, and give a folder of its own", origin, c.Origin)
		}
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
	older, err := begunAfter(ctx, to, c.N)
	if err != nil {
		return fetched, err
	}
	if older != "" && precedes(older, folder) {
		n, err := copyLog(ctx, all, copied, older)
		fetched += n
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fetched, err
		}
	}
	return fetched + 1, to.WriteFile(ctx, checkpointFile, checkpoint)
}

// targetBelow is the copy of a log before, in a folder of the copy.
type targetBelow struct {
	below
	to Target
}

// WriteFile implements Target.
func (t targetBelow) WriteFile(ctx context.Context, path string, text []byte) error {
	return t.to.WriteFile(ctx, t.folder+"/"+path, text)
}

// begunAfter returns the folder of the log before, as the second entry names it; empty if there is none.
func begunAfter(ctx context.Context, src Source, size int64) (string, error) {
	if size < 2 {
		return "", nil
	}
	first := tlog.Tile{H: torchwood.TileHeight, L: -1, W: int(min(size, torchwood.TileWidth))}
	bundle, err := src.ReadFile(ctx, torchwood.TilePath(first))
	if err != nil {
		return "", fmt.Errorf("read the first entries: %w", err)
	}
	var entry []byte
	for range 2 {
		if entry, bundle, err = torchwood.ReadTileEntry(bundle); err != nil {
			return "", errors.New("the first entries are malformed")
		}
	}
	e, err := ParseEntry(string(entry))
	if err != nil || e.Kind != Begun {
		return "", nil //nolint:nilerr // any other entry
	}
	return e.Value(FieldFolder), nil
}
