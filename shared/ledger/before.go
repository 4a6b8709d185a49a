package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"
)

// retiredFolder holds the files of earlier logs, each in a folder of its number.
const retiredFolder = "retired/"

// retired returns the number of an earlier log's folder such as retired/1, and what follows it in a path.
func retired(path string) (number int, rest string, ok bool) {
	inner, ok := strings.CutPrefix(path, retiredFolder)
	if !ok {
		return 0, "", false
	}
	digits, rest, _ := strings.Cut(inner, "/")
	number, err := strconv.Atoi(digits)
	return number, rest, err == nil && number > 0 && strconv.Itoa(number) == digits
}

// before returns the folder of the log before the one in a folder, empty for the first.
func before(folder string) string {
	number, _, ok := retired(folder)
	if !ok || number == 1 {
		return ""
	}
	return retiredFolder + strconv.Itoa(number-1)
}

// precedes reports whether a folder is that of a log before the one in another folder, empty for the present log. Numbers only go
// down: no log comes before itself.
func precedes(folder, other string) bool {
	number, rest, ok := retired(folder)
	last, _, inner := retired(other)
	return ok && rest == "" && (!inner || number < last)
}

// below is a log whose files lie in a folder of another one's.
type below struct {
	src    Source
	folder string
}

// ReadFile implements Source.
func (b below) ReadFile(ctx context.Context, path string) ([]byte, error) {
	return b.src.ReadFile(ctx, b.folder+"/"+path)
}

// Before is the log that another one was begun after, as that one's own entry says.
type Before struct {
	Origin  string
	Size    int64
	Root    string    // in base64
	Signed  string    // SHA-256 of its last signed checkpoint
	Folder  string    // of its files, below those of the present log
	Keys    []string  // public keys that signed it, oldest first
	Vouched bool      // its checkpoint is signed by a key that is trusted, not only named by the log after it
	Unread  string    // why its entries could not be read; empty if they were
	Saved   time.Time // of which time the state is that the place was made anew from after it; zero where no disk was lost
	Follows *Before   // the log before it
}

// precede reads the log before the one that is being read. Its entries count as if they were in this log: documents are followed from log to log.
// They are those of the tree that this log names, so whoever trusts this log need not know the old one's keys.
func (a *auditor) precede(ctx context.Context, e *Entry) error {
	size, err := strconv.ParseInt(e.Value(FieldSize), 10, 64)
	if err != nil || a.Follows != nil {
		return errors.New("the entry about the log before is malformed, or is not the only one")
	}
	b := &Before{Origin: e.Value(FieldOrigin), Size: size, Root: e.Value(FieldRoot), Signed: e.Value(FieldCheckpoint), Folder: e.Value(FieldFolder)}
	keys, within := a.Keys, a.folder
	a.Keys, a.folder = nil, b.Folder
	b.Unread, err = a.readBefore(ctx, b, within)
	b.Keys, b.Follows = a.Keys, a.Follows
	a.Keys, a.folder, a.Follows = keys, within, b
	if saved := e.Time(FieldSaved); !saved.IsZero() {
		b.Saved = saved
		a.losses = append(a.losses, loss{saved, e.At})
	}
	if b.Unread != "" {
		a.blind = later(a.blind, e.At)
		a.breach("log-before-lost: the log %s ended at %s, and %s", b.Origin, e.At, b.Unread)
	}
	return err
}

// readBefore returns why the entries of a log before cannot be read, empty if they were. An error means that nothing is known.
func (a *auditor) readBefore(ctx context.Context, b *Before, within string) (unread string, err error) {
	if !precedes(b.Folder, within) {
		return "it is not said where its files are", nil
	}
	src := below{a.src, b.Folder}
	signed, err := src.ReadFile(ctx, checkpointFile)
	if err != nil {
		return "its checkpoint cannot be read", ctx.Err()
	}
	sum := sha256.Sum256(signed)
	c, err := claimed(signed)
	if err != nil || "sha256:"+hex.EncodeToString(sum[:]) != b.Signed || c.Origin != b.Origin || !b.is(c.Tree) {
		return "its checkpoint is not the one that this log names", nil
	}
	if err := a.entries(ctx, src, c.Tree); err != nil {
		return "its entries cannot be read (" + err.Error() + ")", ctx.Err()
	}
	tree, _, err := a.trusted.tree(signed)
	b.Vouched = err == nil && tree == c.Tree
	return "", nil
}

// is reports whether the log ended with that tree.
func (b *Before) is(tree tlog.Tree) bool {
	return tree.N == b.Size && base64.StdEncoding.EncodeToString(tree.Hash[:]) == b.Root
}

// claimed reads a checkpoint without its signatures.
func claimed(signed []byte) (torchwood.Checkpoint, error) {
	text, _, _ := strings.Cut(string(signed), "\n\n")
	c, err := torchwood.ParseCheckpoint(text + "\n")
	if err != nil {
		return torchwood.Checkpoint{}, Failed(ErrAltered, "the checkpoint has not the form of one")
	}
	return c, nil
}

// grewFrom proves that a log before only grew, up to its end, since a checkpoint kept of it.
func (b *Before) grewFrom(ctx context.Context, src Source, since []byte) (int64, error) {
	old, err := claimed(since)
	if err != nil {
		return 0, about("the checkpoint kept", err)
	}
	if b.is(old.Tree) {
		return old.N, nil
	}
	end := tlog.Tree{N: b.Size}
	hash, err := base64.StdEncoding.DecodeString(b.Root)
	if copy(end.Hash[:], hash); err != nil || old.N >= end.N {
		return 0, Failed(ErrAltered, "this log names another end of the log before than the checkpoint kept")
	}
	return old.N, grew(ctx, below{src, b.Folder}, end, old.Tree)
}

// grew proves that a tree is an extension of an old one.
func grew(ctx context.Context, src Source, tree, old tlog.Tree) error {
	if old.N > tree.N {
		return Failed(ErrAltered, "the log was rolled back: it has %d entries, and had %d when you kept the checkpoint", tree.N, old.N)
	}
	r := &sourceReader{src: src}
	proof, err := tlog.ProveTree(tree.N, old.N, torchwood.TileHashReaderWithContext(ctx, tree, r))
	if err != nil {
		return r.why(err)
	}
	if err := tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash); err != nil {
		return Failed(ErrAltered, "the log was rewritten: its first %d entries are not those of the checkpoint that you kept", old.N)
	}
	return nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
