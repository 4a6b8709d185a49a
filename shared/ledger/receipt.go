package ledger

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

const (
	receiptHeading = "lethe-receipt/v1"
	proofHeading   = "c2sp.org/tlog-proof@v1"
	notLogged      = "not yet logged"
)

// placeVersion is the version of the format of placeNote.
const placeVersion = 1

// place is what is stored about the entry of a receipt.
type placeNote struct {
	Index int64 `json:"index"`
}

func placeKey(subject string) storage.Key {
	return storage.Key{Table: storage.Receipts, Partition: subject[:min(2, len(subject))], Row: subject}
}

// remember notes where a receipt stands. Of two entries about one task the first counts.
func (l *Log) remember(ctx context.Context, subject string, index int64) error {
	value, err := storage.Encode(placeVersion, placeNote{index})
	if err != nil {
		return fmt.Errorf("encode place of a receipt: %w", err)
	}
	rec := storage.Record{Key: placeKey(subject), Value: value, Due: l.Now().Add(l.Keep)}
	if _, err := l.Records.Put(ctx, rec); err != nil && !errors.Is(err, fault.AlreadyExists) {
		return fmt.Errorf("remember place of a receipt: %w", err)
	}
	return nil
}

// Receipt returns the signed text that proves an erasure. Once the entry is sequenced, the receipt contains the proof that
// the log contains it; before that it says so.
func (l *Log) Receipt(ctx context.Context, o Opening, e Entry) ([]byte, error) {
	h, signer, err := l.signing(ctx)
	if err != nil {
		return nil, err
	}
	e.Fields = append(e.Fields, l.origin()...)
	text, proof := e.Text(), []byte(notLogged+"\n")
	logged, found, err := l.find(ctx, h, o.Subject())
	if err != nil {
		return nil, err
	}
	if found != nil {
		text, proof = logged, found
	}
	digest := "unread"
	if o.Digest != "" {
		digest = "sha256:" + o.Digest
	}
	body := fmt.Sprintf("%s\ntask %s\nnonce %s\ninput %s\n\n%s", receiptHeading, o.Task, o.Nonce, digest, text)
	signed, err := note.Sign(&note.Note{Text: body}, signer)
	if err != nil {
		return nil, fmt.Errorf("sign receipt: %w", err)
	}
	return bytes.Join([][]byte{signed, proof}, []byte("\n")), nil
}

// find returns the text of a receipt's entry in the log and the proof that it is there; no proof if it is not. An entry that
// was sequenced before this log began is in an earlier one.
func (l *Log) find(ctx context.Context, h head, subject string) (text string, proof []byte, err error) {
	rec, err := l.Records.Get(ctx, placeKey(subject))
	if errors.Is(err, fault.NotFound) {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	var at placeNote
	if err := storage.Decode(rec.Value, placeVersion, &at); err != nil {
		return "", nil, fmt.Errorf("decode place of a receipt: %w", err)
	}
	text, proof, err = prove(ctx, l.tiles, h.tree(), h.Checkpoint, at.Index, subject)
	for folder := h.Retired; err == nil && proof == nil && folder != ""; folder = before(folder) {
		text, proof, err = proveRetired(ctx, below{l.tiles, folder}, at.Index, subject)
	}
	return text, proof, err
}

// proveRetired is prove in a log before. One that lacks files proves nothing: it may be what was lost.
func proveRetired(ctx context.Context, src Source, index int64, subject string) (text string, proof []byte, err error) {
	signed, err := src.ReadFile(ctx, checkpointFile)
	if err != nil {
		return "", nil, unread(ctx, err)
	}
	body, _, _ := strings.Cut(string(signed), "\n\n")
	c, err := torchwood.ParseCheckpoint(body + "\n")
	if err != nil {
		return "", nil, nil //nolint:nilerr // damage is why the log ended
	}
	text, proof, err = prove(ctx, src, c.Tree, string(signed), index, subject)
	return text, proof, unread(ctx, err)
}

// prove returns the entry with that index and the proof that a tree contains it, if it is the receipt about the subject.
func prove(ctx context.Context, src Source, tree tlog.Tree, checkpoint string, index int64, subject string) (text string, proof []byte, err error) {
	if index >= tree.N {
		return "", nil, nil // placed, and not published yet
	}
	reader, err := torchwood.NewClient(&sourceReader{src: src})
	if err != nil {
		return "", nil, fmt.Errorf("read the ledger: %w", err)
	}
	entry, hashes, err := reader.Entry(ctx, tree, index)
	if err != nil {
		return "", nil, fmt.Errorf("prove a receipt: %w", err)
	}
	if e, err := ParseEntry(string(entry)); err != nil || e.Kind != Erased || e.Subject != subject {
		return "", nil, nil //nolint:nilerr // the place is one in another log
	}
	return string(entry), formatProof(index, hashes, checkpoint), nil
}

// formatProof writes a proof of inclusion as c2sp.org/tlog-proof says.
func formatProof(index int64, hashes tlog.RecordProof, checkpoint string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\nindex %d\n", proofHeading, index)
	for _, h := range hashes {
		fmt.Fprintln(&b, base64.StdEncoding.EncodeToString(h[:]))
	}
	fmt.Fprintf(&b, "\n%s", checkpoint)
	return b.Bytes()
}

// parseProof reads what formatProof writes.
func parseProof(text string) (index int64, hashes tlog.RecordProof, checkpoint []byte, err error) {
	malformed := Failed(ErrAltered, "the proof that the log contains the receipt cannot be read: a line of it is altered")
	top, signed, ok := strings.Cut(text, "\n\n")
	lines := strings.Split(top, "\n")
	if !ok || len(lines) < 2 || lines[0] != proofHeading {
		return 0, nil, nil, malformed
	}
	number, ok := strings.CutPrefix(lines[1], "index ")
	if index, err = strconv.ParseInt(number, 10, 64); !ok || err != nil || index < 0 {
		return 0, nil, nil, malformed
	}
	for _, line := range lines[2:] {
		raw, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(raw) != tlog.HashSize || len(hashes) > 62 {
			return 0, nil, nil, malformed
		}
		hashes = append(hashes, tlog.Hash(raw))
	}
	return index, hashes, []byte(signed), nil
}
