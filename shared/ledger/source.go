package ledger

import (
	"context"
	"errors"
	"io/fs"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"
)

// sourceReader reads tiles of a Source. It implements torchwood.TileReader.
type sourceReader struct {
	src  Source
	path string // that was read last
	err  error  // of that read
}

// ReadTiles implements torchwood.TileReader.
func (r *sourceReader) ReadTiles(ctx context.Context, wanted []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(wanted))
	for i, tile := range wanted {
		var err error
		if data[i], err = r.ReadEndpoint(ctx, torchwood.TilePath(tile)); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// SaveTiles implements torchwood.TileReader; nothing is kept.
func (*sourceReader) SaveTiles([]tlog.Tile, [][]byte) {}

// ReadEndpoint implements torchwood.TileReader.
func (r *sourceReader) ReadEndpoint(ctx context.Context, path string) (data []byte, err error) {
	data, err = r.src.ReadFile(ctx, path)
	r.path, r.err = path, err
	return data, err
}

// why says why a log could not be read to its end: its source has no such file, does not answer, or gave what does not fit the tree.
func (r *sourceReader) why(err error) error {
	switch {
	case errors.Is(r.err, fs.ErrNotExist):
		return Failed(ErrIncomplete, "the log lacks the file %s", r.path)
	case r.err != nil:
		return r.err
	default:
		return Failed(ErrAltered, "the log was altered: its entries do not give the tree of its checkpoint (%s)", err)
	}
}
