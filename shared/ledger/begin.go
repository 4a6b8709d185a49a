package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// Begin ends a log that cannot go on, because its key or its files are lost, and begins a new one under the signer's name. The
// old log's files move to a folder of their own beside the new ones; the first entry of the new log after its key names the old
// one's last checkpoint, so that nobody can deny that there was one. Whatever waits goes into the new log. It may be called
// again after it failed in the middle. No other process may write the log meanwhile. It returns the folder.
func (l *Log) Begin(ctx context.Context) (string, error) { return l.begin(ctx, nil) }

// begin is Begin with what else the entry about the log before is to say.
func (l *Log) begin(ctx context.Context, more []Field) (string, error) {
	if l.Signer == nil {
		return "", stuckNoKey
	}
	h, err := l.load(ctx)
	if err != nil {
		return "", err
	}
	if h.Begun == "" {
		p, err := l.published(ctx)
		if err != nil && !errors.Is(err, stuckFork) {
			return "", err
		}
		if p.signed == nil && h.Size == 0 && h.Retired != "" {
			return h.Retired, nil // done by a call whose answer was lost
		}
		if p.signed == nil && h.Size == 0 {
			return "", errors.New("there is no log to be ended; the next start begins one by itself")
		}
		if h.Checkpoint != "" && p.tree.N < h.Size { // the file is lost, or an older one, and the head still has it
			p = published{[]byte(h.Checkpoint), h.tree()}
			if err := l.tiles.write(ctx, checkpointFile, p.signed); err != nil {
				return "", err
			}
		}
		if strings.HasPrefix(string(p.signed), l.Signer.Name()+"\n") {
			return "", fmt.Errorf("the old log is named %s too: give the new key another name, so that the two cannot be taken for one", l.Signer.Name())
		}
		if err := l.unbatch(ctx, h, p); err != nil {
			return "", err
		}
		if h, err = l.successor(ctx, h.etag, p, more); err != nil {
			return "", err
		}
	}
	folder := h.Begun
	if err := l.retire(ctx, folder); err != nil {
		return "", err
	}
	h.Begun, h.Retired = "", folder
	return h.Retired, l.save(ctx, &h)
}

// unbatch lets the entries that were being sequenced wait again, unless they are published: some of them may be off the waiting ones
// already.
func (l *Log) unbatch(ctx context.Context, h head, p published) error {
	if p.tree.N > h.Size {
		return nil
	}
	for _, b := range h.Batch {
		if b.Row == "" {
			continue // the log's own
		}
		rec := storage.Record{Key: storage.Key{Table: storage.Pending, Partition: pendingPartition, Row: b.Row}, Value: []byte(b.Text)}
		if _, err := l.Records.Put(ctx, rec); err != nil && !errors.Is(err, fault.AlreadyExists) {
			return fmt.Errorf("let an entry wait again: %w", err)
		}
	}
	return nil
}

// successor writes the head of the new log, whose first batch binds the old one in.
func (l *Log) successor(ctx context.Context, etag string, p published, more []Field) (head, error) {
	folder, err := l.unused(ctx)
	if err != nil {
		return head{}, err
	}
	next := head{etag: etag, Begun: folder}
	e := Entry{Kind: Key, Subject: "-", At: l.Now(), Fields: []Field{{FieldKey, l.Signer.Public()}}}
	signed, err := note.Sign(&note.Note{Text: e.Text()}, l.Signer)
	if err != nil {
		return head{}, fmt.Errorf("sign the first key: %w", err)
	}
	origin, _, _ := strings.Cut(string(p.signed), "\n")
	sum := sha256.Sum256(p.signed)
	begun := Entry{Kind: Begun, Subject: "-", At: l.Now(), Fields: append([]Field{
		{FieldOrigin, origin}, {FieldSize, strconv.FormatInt(p.tree.N, 10)},
		{FieldRoot, base64.StdEncoding.EncodeToString(p.tree.Hash[:])}, {FieldCheckpoint, "sha256:" + hex.EncodeToString(sum[:])},
		{FieldFolder, folder},
	}, append(more, l.origin()...)...)}
	next.Keys = []string{l.Signer.Public()}
	next.Batch = []batch{{Text: string(signed)}, {Text: begun.Text()}}
	return next, l.save(ctx, &next)
}

// retire moves the files of the old log away.
func (l *Log) retire(ctx context.Context, folder string) error {
	const most = 500
	after := ""
	for {
		files, err := l.Blobs.List(ctx, blobName(""), after, most)
		if err != nil {
			return fmt.Errorf("list the ledger's files: %w", err)
		}
		for _, b := range files {
			after = b.Name
			path := strings.TrimPrefix(b.Name, blobName(""))
			if strings.HasPrefix(path, retiredFolder) {
				continue
			}
			data, err := l.tiles.ReadFile(ctx, path)
			if err == nil {
				err = l.tiles.write(ctx, folder+"/"+path, data)
			}
			if err == nil {
				err = l.Blobs.Delete(ctx, b.Name)
			}
			if err != nil {
				return fmt.Errorf("move the old log's files: %w", err)
			}
		}
		if len(files) < most {
			return nil
		}
	}
}

// unused returns the first folder for an old log's files that holds none.
func (l *Log) unused(ctx context.Context) (string, error) {
	for n := 1; ; n++ {
		folder := retiredFolder + strconv.Itoa(n)
		files, err := l.Blobs.List(ctx, blobName(folder+"/"), "", 1)
		if err != nil {
			return "", fmt.Errorf("look for a folder for the old log: %w", err)
		}
		if len(files) == 0 {
			return folder, nil
		}
	}
}
