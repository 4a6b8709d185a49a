package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// Config is what a Log needs.
type Config struct {
	Blobs    storage.Blobs
	Records  storage.Records
	Signer   *Signer       // nil: entries wait, nothing is signed
	Previous *Signer       // the key before it, while the change is being written; nil for none
	Region   string        // written into entries
	Program  string        // name and version, likewise
	Keep     time.Duration // how long the position of a receipt is stored
	Now      func() time.Time
	Offset   func() time.Duration // of UTC against Now, as an operator corrected it; nil for none
	Log      *slog.Logger
}

// Log is the append-only log of one stamp. Append may be called by many processes at once; Sequence gives entries their
// place, and of several calls at once one does.
type Log struct {
	Config
	tiles   tiles
	vouched atomic.Bool               // the signing key was seen among those published
	whole   atomic.Pointer[time.Time] // every entry handed in before stands in the log; nil while that is not known
}

// New returns the log over its storage.
func New(cfg Config) *Log { return &Log{Config: cfg, tiles: tiles{cfg.Blobs}} }

// pendingPartition holds every waiting entry.
const pendingPartition = "log"

// Append hands an entry in. It is durable on return and part of the log after the next Sequence. Handing in the same kind
// for the same subject again changes nothing while the first one waits.
func (l *Log) Append(ctx context.Context, e Entry) error {
	e.Fields = append(e.Fields, l.origin()...)
	_, err := l.Records.Put(ctx, storage.Record{Key: pendingKey(e), Value: []byte(e.Text())})
	if errors.Is(err, fault.AlreadyExists) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("hand entry to the ledger: %w", err)
	}
	return nil
}

// origin are the fields that tell where and when an entry was made: the same for all entries that are made now.
func (l *Log) origin() []Field {
	fields := []Field{{FieldRegion, l.Region}, {FieldProgram, l.Program}}
	if l.Offset != nil && l.Offset() != 0 {
		fields = append(fields, Field{FieldOffset, l.Offset().String()})
	}
	return fields
}

// Correct records a correction of the clock: UTC was shown as from and is shown as to, at one moment of the log's own time.
func (l *Log) Correct(ctx context.Context, elapsed, from, to time.Time) error {
	return l.Append(ctx, Entry{
		Kind: Clock, Subject: Commitment("clock", NewNonce(), to.String()), At: elapsed,
		Fields: []Field{Time(FieldFrom, from), Time(FieldTo, to), Time(FieldElapsed, elapsed)},
	})
}

// Commit hands in an entry that is a commitment alone.
func (l *Log) Commit(ctx context.Context, kind, subject string, at time.Time) error {
	return l.Append(ctx, Entry{Kind: Kind(kind), Subject: subject, At: at})
}

func pendingKey(e Entry) storage.Key {
	return storage.Key{Table: storage.Pending, Partition: pendingPartition, Row: string(e.Kind) + "!" + e.Subject}
}

// head is the log's state: the tree that is published, and what is being added to it. Whoever adds writes the whole batch
// into the head first; from then on everybody who carries it out writes the same bytes.
type head struct {
	Version    int      `json:"v"`
	Size       int64    `json:"size"`
	Checkpoint string   `json:"checkpoint,omitempty"` // signed note
	Root       []byte   `json:"root,omitempty"`
	Keys       []string `json:"keys,omitempty"` // public keys, oldest first
	Batch      []batch  `json:"batch,omitempty"`
	Begun      string   `json:"begun,omitempty"`   // where files of the log before are being moved to, while a new one is begun
	Retired    string   `json:"retired,omitempty"` // where they are

	etag string
}

// tree is the tree that the head has published.
func (h *head) tree() tlog.Tree {
	t := tlog.Tree{N: h.Size}
	copy(t.Hash[:], h.Root)
	return t
}

// batch is one entry that is being sequenced.
type batch struct {
	Text string `json:"text"`
	Row  string `json:"row,omitempty"` // of the pending record; empty for an entry of the log's own
}

const headVersion = 1

func headKey() storage.Key {
	return storage.Key{Table: storage.State, Partition: "ledger", Row: "head"}
}

// load returns the head, an empty one for a new log.
func (l *Log) load(ctx context.Context) (head, error) {
	rec, err := l.Records.Get(ctx, headKey())
	if errors.Is(err, fault.NotFound) {
		return head{}, nil
	}
	if err != nil {
		return head{}, fmt.Errorf("read the ledger's head: %w", err)
	}
	return decodeHead(rec)
}

func decodeHead(rec storage.Record) (head, error) {
	h := head{etag: rec.ETag}
	if err := json.Unmarshal(rec.Value, &h); err != nil {
		return head{}, fmt.Errorf("decode the ledger's head: %w", err)
	}
	if h.Version > headVersion {
		return head{}, fmt.Errorf("the ledger's head has format %d, this program writes %d", h.Version, headVersion)
	}
	return h, nil
}

// save writes the head if it is still as it was read.
func (l *Log) save(ctx context.Context, h *head) error {
	h.Version = headVersion
	value, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("encode the ledger's head: %w", err)
	}
	if h.etag, err = l.Records.Put(ctx, storage.Record{Key: headKey(), Value: value, ETag: h.etag}); err != nil {
		return fmt.Errorf("write the ledger's head: %w", err)
	}
	return nil
}

// Checkpoint returns the signed checkpoint; a fault of kind NotFound before the first. While the state is lost it is the one
// that was published.
func (l *Log) Checkpoint(ctx context.Context) ([]byte, error) {
	h, err := l.load(ctx)
	if err != nil || h.Checkpoint != "" {
		return []byte(h.Checkpoint), err
	}
	signed, err := l.tiles.ReadFile(ctx, checkpointFile)
	if errors.Is(err, fault.NotFound) {
		err = fault.New(fault.ThingNotFound, "the ledger has no checkpoint yet")
	}
	return signed, err
}

// Keys returns the public keys that signed the log so far, oldest first; of a log that is to begin the one that will. While
// nobody knows which they are, the error is ReceiptUnavailable.
func (l *Log) Keys(ctx context.Context) ([]string, error) {
	h, err := l.authority(ctx)
	if stuck, ok := errors.AsType[Stuck](err); ok {
		return nil, fault.Wrap(stuck, fault.ReceiptUnavailable, "the ledger's state is lost, and with it the list of keys that signed it; /readyz tells the operator what to do")
	}
	if err == nil && len(h.Keys) == 0 && l.Signer != nil {
		return []string{l.Signer.Public()}, nil
	}
	return h.Keys, err
}

// Exists reports whether there ever was a log in the storage, as far as that can be seen: its state or one of its files is there.
func (l *Log) Exists(ctx context.Context) (bool, error) {
	h, err := l.load(ctx)
	if err != nil || h.etag != "" {
		return h.etag != "", err
	}
	files, err := l.Blobs.List(ctx, blobName(""), "", 1)
	if err != nil {
		return false, fmt.Errorf("look for files of a ledger: %w", err)
	}
	return len(files) > 0, nil
}

// File returns one file of the log by its path, such as tile/0/000 or tile/entries/000.p/7, or one of a log before it, such as
// retired/1/checkpoint.
func (l *Log) File(ctx context.Context, path string) ([]byte, error) {
	tile := path
	_, inner, old := retired(path)
	if old {
		tile = inner
	}
	if _, err := torchwood.ParseTilePath(tile); err != nil && (!old || tile != checkpointFile) {
		return nil, fault.New(fault.ThingNotFound, "the ledger has no such file; paths are those of c2sp.org/tlog-tiles")
	}
	return l.tiles.ReadFile(ctx, path)
}
