package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
)

// Stuck is why a log cannot go on: a sentence for its operator that names the remedy. What was signed stays true, entries
// wait, and nothing is signed that contradicts it.
type Stuck string

// Error implements error.
func (s Stuck) Error() string { return string(s) }

// The reasons.
const (
	stuckNoKey      Stuck = "there is no signing key: create one with `lethe keygen` and set LETHE_SIGNING_KEY"
	stuckKeyLost    Stuck = "there is a ledger but not its signing key: restore the key, or start a new log with `lethe ledger begin`"
	stuckForeignKey Stuck = "no published key has cross-signed the signing key: set LETHE_PREVIOUS_KEY to the key before it, or start a new log with `lethe ledger begin`"
	stuckCheckpoint Stuck = "there are files of a ledger but not its checkpoint: restore it from a copy, or start a new log with `lethe ledger begin`"
	stuckFork       Stuck = "the ledger's state and its published checkpoint contradict each other: restore its files from a copy, or start a new log with `lethe ledger begin`"
	stuckDamaged    Stuck = "files of the ledger do not match its checkpoint: restore them from a copy made by `lethe ledger save`"
	stuckLost       Stuck = "the ledger's state was lost and is being rebuilt from its files"
	stuckBegun      Stuck = "starting a new log was interrupted: run `lethe ledger begin` again"
)

// published is the checkpoint beside the tiles and the tree that it claims; an empty one if there is none.
type published struct {
	signed []byte
	tree   tlog.Tree
}

func (l *Log) published(ctx context.Context) (published, error) {
	signed, err := l.tiles.ReadFile(ctx, checkpointFile)
	if errors.Is(err, fault.NotFound) {
		return published{}, nil
	}
	if err != nil {
		return published{}, err
	}
	text, _, _ := strings.Cut(string(signed), "\n\n")
	c, err := torchwood.ParseCheckpoint(text + "\n")
	if err != nil {
		return published{}, stuckFork
	}
	return published{signed, c.Tree}, nil
}

// state is how a head stands to what is published.
type state int

const (
	sound    state = iota
	fresh          // there is no log yet
	unshown        // the checkpoint file is older than the head, or missing
	outlived       // the head was lost, or is older than the checkpoint
)

// stand reads the head and holds it against the published checkpoint. Two that differ are read once more: another process may
// be between its two writes.
func (l *Log) stand(ctx context.Context) (head, published, state, error) {
	var (
		before string
		p      published
	)
	for again := false; ; again = true {
		var err error
		if p, err = l.published(ctx); err != nil {
			return head{}, p, sound, err
		}
		h, err := l.load(ctx)
		if err != nil {
			return head{}, p, sound, err
		}
		s, err := l.compare(ctx, h, p)
		if s == sound && err == nil || again && before == h.etag {
			return h, p, s, err
		}
		before = h.etag
	}
}

func (l *Log) compare(ctx context.Context, h head, p published) (state, error) {
	if h.Begun != "" {
		return sound, stuckBegun
	}
	switch {
	case p.signed == nil && h.etag == "":
		return fresh, l.empty(ctx)
	case p.signed == nil && h.Size == 0:
		return fresh, nil // the first batch is on its way
	case p.signed == nil, p.tree.N < h.Size:
		return unshown, nil
	case p.tree.N == h.Size && p.tree != h.tree():
		return sound, stuckFork
	case p.tree.N == h.Size, len(h.Batch) > 0 && p.tree.N == h.Size+int64(len(h.Batch)):
		return sound, nil // the batch is published and the head is about to be; place holds one against the other
	default:
		return outlived, nil
	}
}

// empty is an error unless no file of a log is there.
func (l *Log) empty(ctx context.Context) error {
	files, err := l.Blobs.List(ctx, blobName(""), "", 1)
	if err == nil && len(files) > 0 {
		return stuckCheckpoint
	}
	return err
}

// current returns the head to go on from. One that was lost is rebuilt from the log's own files; whatever contradicts what was
// published is an error.
func (l *Log) current(ctx context.Context) (head, published, error) {
	h, p, s, err := l.stand(ctx)
	if err != nil {
		return head{}, p, err
	}
	switch s {
	case outlived:
		h, err = l.rebuild(ctx, h.etag, p)
	case unshown:
		if err = l.proves(ctx, h, p); err == nil {
			err = l.tiles.write(ctx, checkpointFile, []byte(h.Checkpoint))
		}
	case sound, fresh:
	}
	return h, p, err
}

// proves checks that the tiles hold the head's tree and that it is an extension of the published one.
func (l *Log) proves(ctx context.Context, h head, p published) error {
	stored := l.tiles.hashes(ctx, h.tree())
	if p.tree.N == 0 {
		if root, err := tlog.TreeHash(h.Size, stored); err != nil || root != h.tree().Hash {
			return stuckDamaged
		}
		return nil
	}
	proof, err := tlog.ProveTree(h.Size, p.tree.N, stored)
	if err != nil {
		return stuckDamaged
	}
	if tlog.CheckTree(proof, h.Size, h.tree().Hash, p.tree.N, p.tree.Hash) != nil {
		return stuckFork
	}
	return nil
}

// rebuild makes the head anew from the published checkpoint and the entries below it. The keys are those that the entries
// brought into use; one of them must have signed the checkpoint. Where receipts stand is remembered again: tombstones that come
// from a copy of the database may be older than their receipts.
func (l *Log) rebuild(ctx context.Context, etag string, p published) (head, error) {
	reader, err := torchwood.NewClient(&sourceReader{src: l.tiles})
	if err != nil {
		return head{}, fmt.Errorf("read the ledger: %w", err)
	}
	h := head{etag: etag, Size: p.tree.N, Root: p.tree.Hash[:], Checkpoint: string(p.signed)}
	for index, entry := range reader.AllEntries(ctx, p.tree, 0) {
		text, _, signed := strings.Cut(string(entry), "\n\n") // as changes of key are
		if signed {
			text += "\n"
		}
		e, err := ParseEntry(text)
		if err != nil {
			return head{}, stuckDamaged
		}
		switch {
		case e.Kind == Key:
			h.Keys = append(h.Keys, e.Value(FieldKey))
		case e.Kind == Begun:
			h.Retired = e.Value(FieldFolder)
		case e.Kind == Erased && l.Now().Sub(e.At) < l.Keep:
			if err := l.remember(ctx, e.Subject, index); err != nil {
				return head{}, err
			}
		}
	}
	if err := reader.Err(); err != nil {
		l.Log.ErrorContext(ctx, logevent.LedgerStuck, "reason", "its files cannot be read", "kind", fault.KindOf(err))
		return head{}, stuckDamaged
	}
	ks, err := parseKeys(h.Keys)
	if err != nil {
		return head{}, stuckDamaged
	}
	if tree, _, err := ks.tree(p.signed); err != nil || tree != p.tree {
		return head{}, stuckFork
	}
	if err := l.save(ctx, &h); err != nil {
		return head{}, overtaken(err)
	}
	l.Log.WarnContext(ctx, logevent.LedgerRebuilt, "entries", h.Size, "keys", len(h.Keys))
	return h, nil
}

// authority returns the head that says which keys sign the log. While the state is lost no key counts: not even as the first
// one of a new log.
func (l *Log) authority(ctx context.Context) (head, error) {
	h, err := l.load(ctx)
	if err != nil || len(h.Keys) > 0 {
		return h, err
	}
	h, _, s, err := l.stand(ctx)
	if err == nil && s == outlived {
		err = stuckLost
	}
	return h, err
}

// signing returns the head and who signs under it: a fault ReceiptUnavailable if nobody may.
func (l *Log) signing(ctx context.Context) (head, note.Signer, error) {
	h, err := l.authority(ctx)
	var signer note.Signer
	if err == nil {
		signer, err = l.voucher(h)
	}
	if stuck, ok := errors.AsType[Stuck](err); ok {
		l.Log.WarnContext(ctx, logevent.ReceiptUnsigned)
		err = fault.Wrap(stuck, fault.ReceiptUnavailable, "this stamp has no signing key that a published key has cross-signed, so it can sign neither receipts nor promises; /readyz tells the operator why")
	}
	return h, signer, err
}

// voucher returns the signer that a published key has cross-signed: the key itself, or the one before it while the change is being
// written. The first key of a new log stands for itself.
func (l *Log) voucher(h head) (note.Signer, error) {
	if l.Signer == nil {
		if h.Size > 0 {
			return nil, stuckKeyLost
		}
		return nil, stuckNoKey
	}
	switch {
	case len(h.Keys) == 0, slices.Contains(h.Keys, l.Signer.Public()):
		return l.Signer, nil
	case l.Previous != nil && l.Previous.Name() == l.Signer.Name() && slices.Contains(h.Keys, l.Previous.Public()):
		return l.Previous, nil
	default:
		return nil, stuckForeignKey
	}
}

// Check says whether the log can go on: its head and its published checkpoint agree, a published key has cross-signed the signing
// key, and no file was found changed. A Stuck names the remedy. It costs a few reads, however long the log is.
func (l *Log) Check(ctx context.Context) error {
	h, p, s, err := l.stand(ctx)
	if err != nil {
		return err
	}
	switch s {
	case outlived:
		return stuckLost
	case unshown: // files of an earlier time may have been put back
		if err := l.proves(ctx, h, p); err != nil {
			return err
		}
	case sound, fresh:
	}
	if _, err := l.voucher(h); err != nil {
		return err
	}
	x, err := l.loadExamination(ctx)
	if err == nil && x.Damaged {
		err = stuckDamaged
	}
	return err
}
