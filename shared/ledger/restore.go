package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// loss is a time of which a log cannot tell: from when the state of a place was saved until the place was made anew from it.
type loss struct{ saved, anew time.Time }

// lostBetween reports whether what may have happened in a span of time was lost. What happened shortly before a state was saved need not
// have been told by then.
func (a *auditor) lostBetween(from, to time.Time) bool {
	return slices.ContainsFunc(a.losses, func(l loss) bool { return from.Before(l.anew) && to.After(l.saved.Add(-Sequencing)) })
}

// Restored is what became of a log whose place was made anew.
type Restored struct {
	Origin string // of the log before; empty if there was none
	Size   int64  // its entries
	Lost   int    // documents that were alive when the state was saved
}

// Restore goes on from the files and records of a log as they were saved at a time, in a place that is made anew since its disk was
// lost. What the old log said after that time nobody here knows, so it ends where it was saved, and a new one under the signer's own
// name begins after it as Begin says: two places made from one state never sign one log. Each document that the old log knows as
// alive gets an entry that it was lost. The old log is verified whole before.
func (l *Log) Restore(ctx context.Context, saved time.Time) (Restored, error) {
	h, err := l.load(ctx)
	if err != nil {
		return Restored{}, err
	}
	if h.Size == 0 { // nothing was published: the place's own key begins the first log
		if err := l.unbatch(ctx, h, published{}); err != nil || h.etag == "" {
			return Restored{}, err
		}
		if err := l.Records.Delete(ctx, headKey(), h.etag); err != nil {
			return Restored{}, fmt.Errorf("drop a log that was never published: %w", err)
		}
		return Restored{}, nil
	}
	a, err := check(ctx, notExist{l.tiles}, Examination{Keys: h.Keys, Now: l.Now()}, "")
	if err != nil {
		return Restored{}, fmt.Errorf("verify the saved ledger: %w", err)
	}
	alive, err := l.alive(ctx, a, h)
	if err != nil {
		return Restored{}, err
	}
	for _, subject := range alive {
		e := Entry{Kind: Lost, Subject: subject, At: l.Now(), Fields: []Field{Time(FieldSaved, saved)}}
		if err := l.Append(ctx, e); err != nil {
			return Restored{}, err
		}
	}
	if _, err := l.begin(ctx, []Field{Time(FieldSaved, saved)}); err != nil {
		return Restored{}, err
	}
	return Restored{Origin: a.Origin, Size: a.Size, Lost: len(alive)}, nil
}

// alive are the subjects of documents that a log, and what waits for it, know as accepted and not as erased, in order.
func (l *Log) alive(ctx context.Context, a *auditor, h head) ([]string, error) {
	open := map[string]bool{}
	for subject, life := range a.lives {
		if len(life.uploaded) > 0 && life.gone().IsZero() && !life.lost {
			open[subject] = true
		}
	}
	texts := make([]string, 0, len(h.Batch))
	for _, b := range h.Batch {
		texts = append(texts, b.Text)
	}
	for query := (storage.Query{Table: storage.Pending, Partition: pendingPartition, Limit: listing}); ; {
		recs, err := l.Records.List(ctx, query)
		if err != nil {
			return nil, fmt.Errorf("list entries that wait: %w", err)
		}
		for _, rec := range recs {
			texts = append(texts, string(rec.Value))
		}
		if len(recs) < listing {
			break
		}
		query.After = recs[len(recs)-1].Key
	}
	erased := map[string]bool{}
	for _, text := range texts {
		e, err := ParseEntry(text)
		if err != nil {
			continue // it is no document's
		}
		open[e.Subject] = open[e.Subject] || e.Kind == Accepted && a.lives[e.Subject] == nil
		erased[e.Subject] = erased[e.Subject] || e.Kind == Erased
	}
	maps.DeleteFunc(open, func(subject string, alive bool) bool { return !alive || erased[subject] })
	return slices.Sorted(maps.Keys(open)), nil
}

// notExist tells of a file that is not there as Source says.
type notExist struct{ src Source }

// ReadFile implements Source.
func (n notExist) ReadFile(ctx context.Context, path string) ([]byte, error) {
	file, err := n.src.ReadFile(ctx, path)
	if errors.Is(err, fault.NotFound) {
		err = fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	return file, err
}

// asOf is a log as it was when a checkpoint was signed, in files that have grown since.
type asOf struct {
	files      Source
	checkpoint []byte
}

// ReadFile implements Source. A file that was full since replaced those that held its beginning.
func (o asOf) ReadFile(ctx context.Context, path string) ([]byte, error) {
	if path == checkpointFile {
		return o.checkpoint, nil
	}
	file, err := o.files.ReadFile(ctx, path)
	if !errors.Is(err, fault.NotFound) {
		return file, err
	}
	tile, malformed := torchwood.ParseTilePath(path)
	if malformed != nil || tile.W == torchwood.TileWidth {
		return nil, err
	}
	width := tile.W
	tile.W = torchwood.TileWidth
	full, missing := o.files.ReadFile(ctx, torchwood.TilePath(tile))
	if missing != nil {
		return nil, err
	}
	if tile.L >= 0 {
		return full[:min(len(full), width*tlog.HashSize)], nil
	}
	rest := full
	for range width {
		if _, rest, err = torchwood.ReadTileEntry(rest); err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
	}
	return full[:len(full)-len(rest)], nil
}

// Files gives every file of the log to visit, and of those before it, as they belong to a head that was read from the records: with
// them the log goes on, or is verified, from there. There are none before the first checkpoint.
func Files(ctx context.Context, records []storage.Record, blobs storage.Blobs, visit func(path string, file []byte) error) error {
	at := slices.IndexFunc(records, func(r storage.Record) bool { return r.Key == headKey() })
	if at < 0 {
		return nil
	}
	h, err := decodeHead(records[at])
	if err != nil || h.Size == 0 {
		return err
	}
	from := notExist{asOf{tiles{blobs}, []byte(h.Checkpoint)}}
	_, err = Copy(ctx, from, &visited{from: from, visit: visit, seen: map[string]bool{}})
	return err
}

// visited is a copy that gives away what is written to it.
type visited struct {
	from  Source
	visit func(string, []byte) error
	seen  map[string]bool
}

// ReadFile implements Target.
func (v *visited) ReadFile(ctx context.Context, path string) ([]byte, error) {
	if !v.seen[path] {
		return nil, fs.ErrNotExist
	}
	return v.from.ReadFile(ctx, path)
}

// WriteFile implements Target.
func (v *visited) WriteFile(_ context.Context, path string, text []byte) error {
	v.seen[path] = true
	return v.visit(path, text)
}

// PutFile puts a file that Files gave into the storage of a place that has no log. The error is a fault for what is no file of a log.
func PutFile(ctx context.Context, blobs storage.Blobs, path string, file []byte) error {
	if !IsFile(path) {
		return fault.New(fault.ThingNotFound, "this is no file of a ledger")
	}
	return tiles{blobs}.write(ctx, path, file)
}

// IsFile reports whether a path is that of a file of a log, or of one before it.
func IsFile(path string) bool {
	if _, inner, old := retired(path); old {
		path = inner
	}
	_, err := torchwood.ParseTilePath(path)
	return err == nil || path == checkpointFile
}

// originOf is the name of the log that signed a checkpoint.
func originOf(checkpoint string) string {
	origin, _, _ := strings.Cut(checkpoint, "\n")
	return origin
}

// Origin returns the name of the log, empty before its first checkpoint.
func (l *Log) Origin(ctx context.Context) (string, error) {
	h, err := l.load(ctx)
	return originOf(h.Checkpoint), err
}
