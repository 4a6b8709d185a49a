package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/storage"
)

const (
	batchEntries = 256
	batchBytes   = 40 << 10 // so that the head fits a record

	backlogEntries = 16 * batchEntries // that are kept in memory while they are sequenced
	listing        = 1000              // records that are listed at once
)

// errOvertaken says that another process is adding entries.
var errOvertaken = errors.New("another process is adding to the ledger")

// Sequence appends every waiting entry to the log and signs a checkpoint over all. It returns how many it appended. A process
// that died in the middle is made up for by the next call; of two calls at once, one does the work.
func (l *Log) Sequence(ctx context.Context) (int, error) {
	if l.Signer == nil {
		waiting, err := l.Records.List(ctx, storage.Query{Table: storage.Pending, Partition: pendingPartition, Limit: 1})
		if err == nil && len(waiting) > 0 {
			l.Log.WarnContext(ctx, logevent.LedgerStuck, "reason", "no signing key")
		}
		return 0, err
	}
	placed, began := 0, l.Now()
	var queue backlog
	for ctx.Err() == nil {
		n, err := l.sequenceOnce(ctx, &queue)
		placed += n
		if errors.Is(err, errOvertaken) {
			return placed, nil
		}
		if err != nil || n == 0 {
			if placed > 0 {
				l.Log.InfoContext(ctx, logevent.LedgerGrown, "entries", placed)
			}
			if err == nil {
				l.whole.Store(&began)
			}
			return placed, err
		}
	}
	return placed, ctx.Err()
}

// Lag returns how long ago every entry that had been handed in stood in the log, as this process found by sequencing. It is not known
// before the first time.
func (l *Log) Lag() (lag time.Duration, known bool) {
	at := l.whole.Load()
	if at == nil {
		return 0, false
	}
	return max(0, l.Now().Sub(*at)), true
}

// sequenceOnce carries out the batch in the head, or makes one and carries it out.
func (l *Log) sequenceOnce(ctx context.Context, queue *backlog) (int, error) {
	h, p, err := l.current(ctx)
	if err != nil {
		return 0, err
	}
	if _, err := l.voucher(h); err != nil {
		return 0, err
	}
	if len(h.Batch) == 0 {
		if err := l.fill(ctx, &h, queue); err != nil || len(h.Batch) == 0 {
			return 0, err
		}
		if err := l.save(ctx, &h); err != nil {
			return 0, overtaken(err)
		}
	}
	n, err := l.place(ctx, &h, p)
	queue.etag = h.etag
	return n, err
}

func overtaken(err error) error {
	if errors.Is(err, fault.ETagMismatch) || errors.Is(err, fault.AlreadyExists) {
		return errOvertaken
	}
	return err
}

// fill puts waiting entries into the head's batch, after a change of key if there is one.
func (l *Log) fill(ctx context.Context, h *head, queue *backlog) error {
	change, err := l.keyChange(h)
	if err != nil {
		return err
	}
	if change != "" {
		h.Batch = append(h.Batch, batch{Text: change})
	}
	if queue.etag != h.etag || len(queue.first) == 0 {
		if queue.first, err = l.oldest(ctx); err != nil {
			return err
		}
	}
	size, taken := 0, 0
	for _, w := range queue.first[:min(len(queue.first), batchEntries)] {
		if size += len(w.text) + len(w.row); size > batchBytes {
			break
		}
		h.Batch = append(h.Batch, batch{Text: w.text, Row: w.row})
		taken++
	}
	queue.first = queue.first[taken:]
	return nil
}

// backlog is what waits longest, as it was while the head had the ETag. Only under that head is it sure that none of it was
// placed meanwhile.
type backlog struct {
	etag  string
	first []waiting // by the time that they bear
}

// waiting is an entry that is not sequenced yet.
type waiting struct {
	at        time.Time
	row, text string
}

// oldest returns the entries that wait and bear the earliest times, in that order, whatever number waits: after an outage the
// log's own time goes on from the oldest.
func (l *Log) oldest(ctx context.Context) ([]waiting, error) {
	var first []waiting
	early := func(most int) {
		slices.SortStableFunc(first, func(a, b waiting) int { return a.at.Compare(b.at) })
		first = first[:min(len(first), most)]
	}
	for query := (storage.Query{Table: storage.Pending, Partition: pendingPartition, Limit: listing}); ; {
		recs, err := l.Records.List(ctx, query)
		if err != nil {
			return nil, fmt.Errorf("list entries that wait: %w", err)
		}
		for _, rec := range recs {
			e, _ := ParseEntry(string(rec.Value)) // what cannot be read stands first
			first = append(first, waiting{e.At, rec.Row, string(rec.Value)})
		}
		if len(recs) < listing {
			early(len(first))
			return first[:min(len(first), backlogEntries)], nil
		}
		query.After = recs[len(recs)-1].Key
		if len(first) >= 2*backlogEntries {
			early(backlogEntries)
		}
	}
}

// keyChange returns the entry that brings the signer's key into use, if it is not yet, and notes it in the head. The first
// key signs itself; a later one must be cross-signed by the one before it.
func (l *Log) keyChange(h *head) (string, error) {
	public := l.Signer.Public()
	if len(h.Keys) > 0 && h.Keys[len(h.Keys)-1] == public {
		return "", nil
	}
	e := Entry{Kind: Key, Subject: "-", At: l.Now(), Fields: []Field{{FieldKey, public}}}
	signers := []note.Signer{l.Signer}
	if len(h.Keys) > 0 {
		last := h.Keys[len(h.Keys)-1]
		if l.Previous == nil || l.Previous.Public() != last || l.Previous.Name() != l.Signer.Name() {
			return "", stuckForeignKey
		}
		e.Fields = append(e.Fields, Field{FieldReplaces, last})
		signers = append(signers, l.Previous)
	}
	signed, err := note.Sign(&note.Note{Text: e.Text()}, signers...)
	if err != nil {
		return "", fmt.Errorf("sign the change of key: %w", err)
	}
	h.Keys = append(h.Keys, public)
	return string(signed), nil
}

// place writes the batch into the log, then moves the head over it.
func (l *Log) place(ctx context.Context, h *head, p published) (int, error) {
	entries := make([]string, len(h.Batch))
	for i, b := range h.Batch {
		entries[i] = b.Text
	}
	before := h.tree()
	after, files, err := l.tiles.extend(ctx, before, entries)
	if err != nil {
		return 0, err
	}
	// Nothing is written, let alone signed, that contradicts what is published.
	if p.tree.N > after.N || p.tree.N == after.N && p.tree != after {
		return 0, stuckFork
	}
	for _, f := range files {
		if err := l.tiles.write(ctx, f.path, f.data); err != nil {
			return 0, err
		}
	}
	for i, b := range h.Batch {
		if err := l.settle(ctx, b, h.Size+int64(i)); err != nil {
			return 0, err
		}
	}
	checkpoint, err := l.sign(after)
	if err != nil {
		return 0, err
	}
	if err := l.tiles.write(ctx, checkpointFile, checkpoint); err != nil {
		return 0, err
	}
	placed := len(h.Batch)
	h.Size, h.Root, h.Checkpoint, h.Batch = after.N, after.Hash[:], string(checkpoint), nil
	if err := l.save(ctx, h); err != nil {
		return 0, overtaken(err)
	}
	// Only now: a call that carries out the same batch again would need them.
	return placed, l.tiles.dropPartial(ctx, before.N, after.N)
}

// settle remembers where a receipt stands and takes the entry off the waiting ones.
func (l *Log) settle(ctx context.Context, b batch, index int64) error {
	if b.Row == "" {
		return nil
	}
	if subject, ok := strings.CutPrefix(b.Row, string(Erased)+"!"); ok {
		if err := l.remember(ctx, subject, index); err != nil {
			return err
		}
	}
	key := storage.Key{Table: storage.Pending, Partition: pendingPartition, Row: b.Row}
	if err := l.Records.Delete(ctx, key, ""); err != nil {
		return fmt.Errorf("take entry off the waiting ones: %w", err)
	}
	return nil
}

// sign makes the checkpoint of a tree. While a change of key is being written both keys sign, so that it convinces
// whoever trusts either.
func (l *Log) sign(tree tlog.Tree) ([]byte, error) {
	signers := []note.Signer{l.Signer}
	if l.Previous != nil && l.Previous.Name() == l.Signer.Name() {
		signers = append(signers, l.Previous)
	}
	text := torchwood.Checkpoint{Origin: l.Signer.Name(), Tree: tree}.String()
	signed, err := note.Sign(&note.Note{Text: text}, signers...)
	if err != nil {
		return nil, fmt.Errorf("sign checkpoint: %w", err)
	}
	return signed, nil
}
