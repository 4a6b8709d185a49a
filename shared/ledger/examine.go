package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// ExaminedWithin is how long one examination of all of the log's files takes at most, while Examine is called at least every
// few minutes.
const ExaminedWithin = 24 * time.Hour

// mostAtOnce bounds what one call makes up for: the files that are due in so long.
const mostAtOnce = time.Hour

// examinationVersion is the version of the format of examination.
const examinationVersion = 1

// examination is how far the log's own files were verified.
type examination struct {
	Next    int64     `json:"next"`              // the bundle of entries to be verified next
	At      time.Time `json:"at"`                // when the last step was made
	Damaged bool      `json:"damaged,omitempty"` // a file was found changed, in this round or the one before
	Bad     bool      `json:"bad,omitempty"`     // in this round

	etag string
}

func examinationKey() storage.Key {
	return storage.Key{Table: storage.State, Partition: "ledger", Row: "examination"}
}

func (l *Log) loadExamination(ctx context.Context) (examination, error) {
	rec, err := l.Records.Get(ctx, examinationKey())
	if errors.Is(err, fault.NotFound) {
		return examination{}, nil
	}
	if err != nil {
		return examination{}, fmt.Errorf("read the examination of the ledger: %w", err)
	}
	x := examination{etag: rec.ETag}
	if err := storage.Decode(rec.Value, examinationVersion, &x); err != nil {
		return examination{}, fmt.Errorf("decode the examination of the ledger: %w", err)
	}
	return x, nil
}

// Examine reads the next of the log's own files and compares them with the published tree, so that a change of any is
// noticed within ExaminedWithin. Each call reads as many as are due since the last one, in whichever process that was. A
// changed file closes intake until a later round finds it as it was.
func (l *Log) Examine(ctx context.Context) error {
	h, _, s, err := l.stand(ctx)
	if err != nil || s != sound || h.Size == 0 {
		return err
	}
	x, err := l.loadExamination(ctx)
	if err != nil {
		return err
	}
	bundles := (h.Size + torchwood.TileWidth - 1) / torchwood.TileWidth
	since := l.Now().Sub(x.At)
	if x.At.IsZero() || since < 0 || since > mostAtOnce {
		since = mostAtOnce
	}
	due := 1 + bundles*int64(since/time.Second)/int64(ExaminedWithin/(2*time.Second)) // twice as fast as needed
	stored := l.tiles.hashes(ctx, h.tree())
	var failed error
	for range min(due, bundles) {
		x.again(bundles)
		good, err := l.sound(ctx, stored, x.Next, h.Size)
		if failed = err; failed != nil {
			break // the next call goes on from here
		}
		if !good {
			l.Log.ErrorContext(ctx, logevent.LedgerStuck, "reason", "a file was changed", "bundle", x.Next)
			x.Damaged, x.Bad = true, true
		}
		x.Next++
	}
	x.again(bundles)
	x.At = l.Now().UTC()
	value, err := storage.Encode(examinationVersion, x)
	if err != nil {
		return fmt.Errorf("encode the examination of the ledger: %w", err)
	}
	_, err = l.Records.Put(ctx, storage.Record{Key: examinationKey(), Value: value, ETag: x.etag})
	return errors.Join(failed, ignoreOvertaken(err)) // another process verified the same files
}

// again begins a new round after the last bundle.
func (x *examination) again(bundles int64) {
	if x.Next >= bundles {
		x.Next, x.Damaged, x.Bad = 0, x.Bad, false
	}
}

func ignoreOvertaken(err error) error {
	if errors.Is(overtaken(err), errOvertaken) {
		return nil
	}
	return err
}

// sound reports whether one bundle of entries and the hashes above it belong to the tree. An error means that storage did not
// answer.
func (l *Log) sound(ctx context.Context, stored tlog.HashReader, n, size int64) (bool, error) {
	tile := tlog.Tile{H: torchwood.TileHeight, L: -1, N: n, W: int(min(torchwood.TileWidth, size-n*torchwood.TileWidth))}
	bundle, err := l.tiles.ReadFile(ctx, torchwood.TilePath(tile))
	if err != nil {
		return false, unread(ctx, err)
	}
	indexes := make([]int64, tile.W)
	for i := range indexes {
		indexes[i] = tlog.StoredHashIndex(0, n*torchwood.TileWidth+int64(i))
	}
	hashes, err := stored.ReadHashes(indexes)
	if err != nil {
		return false, unread(ctx, err)
	}
	for _, want := range hashes {
		entry, rest, err := torchwood.ReadTileEntry(bundle)
		if err != nil || tlog.RecordHash(entry) != want {
			return false, nil //nolint:nilerr // damage is the answer
		}
		bundle = rest
	}
	return len(bundle) == 0, nil
}

// unread returns the error of a read that storage did not answer, and nil for one that shows damage: a file that is missing, or
// whose content contradicts the tree.
func unread(ctx context.Context, err error) error {
	var known *fault.Error
	if ctx.Err() != nil || errors.As(err, &known) && known.Kind != fault.NotFound {
		return err
	}
	return nil
}
