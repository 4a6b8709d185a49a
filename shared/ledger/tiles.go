package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/lethe-ocr/lethe/shared/storage"
)

// checkpointFile is the signed checkpoint beside the tiles, for those who read the log without the service.
const checkpointFile = "checkpoint"

// tileType is the content type of tiles and entry bundles.
const tileType = "application/octet-stream"

// tiles reads and writes the log's files. It is a Source.
type tiles struct{ blobs storage.Blobs }

func blobName(path string) string { return storage.Ledger + "/" + path }

// maxFile bounds a file of the log: an entry bundle of 256 entries.
const maxFile = 256 * (maxEntry + 2)

// ReadFile implements Source.
func (t tiles) ReadFile(ctx context.Context, path string) ([]byte, error) {
	r, _, err := t.blobs.Get(ctx, blobName(path))
	if err != nil {
		return nil, fmt.Errorf("read %s of the ledger: %w", path, err)
	}
	data, err := io.ReadAll(io.LimitReader(r, maxFile))
	if err := errors.Join(err, r.Close()); err != nil {
		return nil, fmt.Errorf("read %s of the ledger: %w", path, err)
	}
	return data, nil
}

func (t tiles) write(ctx context.Context, path string, data []byte) error {
	if _, err := t.blobs.Put(ctx, blobName(path), tileType, bytes.NewReader(data)); err != nil {
		return fmt.Errorf("write %s of the ledger: %w", path, err)
	}
	return nil
}

// hashes returns the stored hashes of a tree.
func (t tiles) hashes(ctx context.Context, tree tlog.Tree) tlog.HashReader {
	return torchwood.TileHashReaderWithContext(ctx, tree, &sourceReader{src: t})
}

// file is one file of the log that is to be written.
type file struct {
	path string
	data []byte
}

// extend returns the tree with entries after those of another, and the files that hold what they add. The same entries after
// the same tree give the same files, so they may be written again after a crash, and by two at once.
func (t tiles) extend(ctx context.Context, tree tlog.Tree, entries []string) (tlog.Tree, []file, error) {
	fresh := map[int64]tlog.Hash{}
	stored := t.hashes(ctx, tree)
	both := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(indexes))
		var old []int64
		for i, index := range indexes {
			if h, ok := fresh[index]; ok {
				found[i] = h
			} else {
				old = append(old, index)
			}
		}
		if len(old) == 0 {
			return found, nil
		}
		read, err := stored.ReadHashes(old)
		if err != nil {
			return nil, err
		}
		for i, index := range indexes {
			if _, ok := fresh[index]; !ok {
				found[i], read = read[0], read[1:]
			}
		}
		return found, nil
	})
	n := tree.N
	for _, e := range entries {
		added, err := tlog.StoredHashes(n, []byte(e), both)
		if err != nil {
			return tree, nil, fmt.Errorf("extend the ledger: %w", err)
		}
		for i, h := range added {
			fresh[tlog.StoredHashIndex(0, n)+int64(i)] = h
		}
		n++
	}
	files, err := t.bundles(ctx, tree.N, entries)
	if err != nil {
		return tree, nil, err
	}
	for _, tile := range tlog.NewTiles(torchwood.TileHeight, tree.N, n) {
		data, err := tlog.ReadTileData(tile, both)
		if err != nil {
			return tree, nil, fmt.Errorf("extend the ledger: %w", err)
		}
		files = append(files, file{torchwood.TilePath(tile), data})
	}
	root, err := tlog.TreeHash(n, both)
	if err != nil {
		return tree, nil, fmt.Errorf("extend the ledger: %w", err)
	}
	return tlog.Tree{N: n, Hash: root}, files, nil
}

// bundles are the entry bundles from entry number first on.
func (t tiles) bundles(ctx context.Context, first int64, entries []string) ([]file, error) {
	var files []file
	for len(entries) > 0 {
		tile := tlog.Tile{H: torchwood.TileHeight, L: -1, N: first / torchwood.TileWidth, W: int(first % torchwood.TileWidth)}
		var bundle []byte
		if tile.W > 0 {
			var err error
			if bundle, err = t.ReadFile(ctx, torchwood.TilePath(tile)); err != nil {
				return nil, err
			}
		}
		for len(entries) > 0 && tile.W < torchwood.TileWidth {
			var err error
			if bundle, err = torchwood.AppendTileEntry(bundle, []byte(entries[0])); err != nil {
				return nil, fmt.Errorf("extend the ledger: %w", err)
			}
			entries = entries[1:]
			tile.W++
			first++
		}
		files = append(files, file{torchwood.TilePath(tile), bundle})
	}
	return files, nil
}

// dropPartial removes the partial files that full ones have replaced since the tree had the size before.
func (t tiles) dropPartial(ctx context.Context, before, after int64) error {
	for _, tile := range tlog.NewTiles(torchwood.TileHeight, before, after) {
		levels := []int{tile.L}
		if tile.L == 0 {
			levels = append(levels, -1) // the entries beside the lowest hashes
		}
		for _, level := range levels {
			full := tlog.Tile{H: torchwood.TileHeight, L: level, N: tile.N, W: torchwood.TileWidth}
			if tile.W < torchwood.TileWidth {
				continue
			}
			if err := t.drop(ctx, blobName(torchwood.TilePath(full))+".p/"); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t tiles) drop(ctx context.Context, prefix string) error {
	partial, err := t.blobs.List(ctx, prefix, "", torchwood.TileWidth)
	if err != nil {
		return fmt.Errorf("list partial files of the ledger: %w", err)
	}
	for _, b := range partial {
		if err := t.blobs.Delete(ctx, b.Name); err != nil {
			return fmt.Errorf("remove partial file of the ledger: %w", err)
		}
	}
	return nil
}
