package ledger

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/lethe-ocr/lethe/shared/event"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

const (
	receiptHeading = "lethe-receipt/v1"
	proofHeading   = "c2sp.org/tlog-proof@v1"
	notLogged      = "not yet logged"
)

// place is what is remembered of a receipt's entry.
type placeNote struct {
	Index int64 `json:"index"`
}

func placeKey(subject string) storage.Key {
	return storage.Key{Table: storage.Receipts, Partition: subject[:min(2, len(subject))], Row: subject}
}

// remember notes where a receipt stands. Of two entries about one task the first counts.
func (l *Log) remember(ctx context.Context, subject string, index int64) error {
	value, err := json.Marshal(placeNote{index})
	if err != nil {
		return fmt.Errorf("encode place of a receipt: %w", err)
	}
	rec := storage.Record{Key: placeKey(subject), Value: value, Due: l.Now().Add(l.Keep)}
	if _, err := l.Records.Put(ctx, rec); err != nil && !errors.Is(err, fault.AlreadyExists) {
		return fmt.Errorf("remember place of a receipt: %w", err)
	}
	return nil
}

// Receipt returns the signed text that proves an erasure. Once the entry has its place, the receipt holds the proof that
// the log contains it; before that it says so.
func (l *Log) Receipt(ctx context.Context, o Opening, e Entry) ([]byte, error) {
	h, err := l.load(ctx)
	if err != nil {
		return nil, err
	}
	signer, err := l.voucher(h)
	if err != nil {
		l.Log.WarnContext(ctx, event.ReceiptUnsigned)
		return nil, fault.Wrap(err, fault.ReceiptUnavailable, "this stamp has no signing key that a published key vouches for, so it cannot sign receipts; /readyz tells its operator why")
	}
	e.Fields = append(e.Fields, l.origin()...)
	text, proof := e.Text(), []byte(notLogged+"\n")
	logged, found, err := l.find(ctx, o.Subject())
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

// find returns the text of a receipt's entry in the log and the proof that it is there; no proof if it is not.
func (l *Log) find(ctx context.Context, subject string) (text string, proof []byte, err error) {
	rec, err := l.Records.Get(ctx, placeKey(subject))
	if errors.Is(err, fault.NotFound) {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	var at placeNote
	if err := json.Unmarshal(rec.Value, &at); err != nil {
		return "", nil, fmt.Errorf("decode place of a receipt: %w", err)
	}
	h, err := l.load(ctx)
	if err != nil || at.Index >= h.Size {
		return "", nil, err // placed, and not published yet
	}
	tree := tlog.Tree{N: h.Size}
	copy(tree.Hash[:], h.Root)
	reader, err := torchwood.NewClient(sourceReader{l.tiles})
	if err != nil {
		return "", nil, fmt.Errorf("read the ledger: %w", err)
	}
	entry, hashes, err := reader.Entry(ctx, tree, at.Index)
	if err != nil {
		return "", nil, fmt.Errorf("prove a receipt: %w", err)
	}
	return string(entry), formatProof(at.Index, hashes, h.Checkpoint), nil
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
	malformed := errors.New("the proof of inclusion is malformed")
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
