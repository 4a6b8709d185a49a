package ledger

import (
	"errors"
	"fmt"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"
)

// Verdict is what a receipt proves.
type Verdict struct {
	Opening Opening
	Entry   Entry
	Logged  bool  // the log contains the entry
	Index   int64 // its position there
	Size    int64 // of the log that the proof speaks of
}

// maxReceipt bounds a receipt in bytes.
const maxReceipt = 64 << 10

// Verify checks a receipt with public keys alone: its signature, that its opening opens the entry's commitments, and, once
// it is logged, that the log contains the entry. The digest of the document is the caller's to compare.
func Verify(receipt []byte, public []string) (Verdict, error) {
	ks, err := parseKeys(public)
	if err != nil {
		return Verdict{}, err
	}
	malformed := errors.New("this is not a receipt")
	if len(receipt) > maxReceipt || !strings.HasPrefix(string(receipt), receiptHeading+"\n") {
		return Verdict{}, malformed
	}
	signed, proof, ok := cutProof(string(receipt))
	if !ok {
		return Verdict{}, malformed
	}
	body, err := ks.open([]byte(signed))
	if err != nil {
		return Verdict{}, err
	}
	v, text, err := parseBody(body)
	if err != nil {
		return Verdict{}, err
	}
	if v.Entry.Subject != v.Opening.Subject() || v.Entry.Value(FieldDocument) != v.Opening.Document() {
		return Verdict{}, errors.New("the receipt's opening does not belong to its entry")
	}
	if proof == notLogged+"\n" {
		return v, nil
	}
	index, hashes, checkpoint, err := parseProof(proof)
	if err != nil {
		return Verdict{}, err
	}
	tree, err := ks.tree(checkpoint)
	if err != nil {
		return Verdict{}, err
	}
	if err := tlog.CheckRecord(hashes, tree.N, tree.Hash, index, tlog.RecordHash([]byte(text))); err != nil {
		return Verdict{}, errors.New("the log of that checkpoint does not contain the receipt")
	}
	v.Logged, v.Index, v.Size = true, index, tree.N
	return v, nil
}

// cutProof separates the signed text from what follows its signatures.
func cutProof(receipt string) (signed, proof string, ok bool) {
	for _, begin := range []string{proofHeading + "\n", notLogged + "\n"} {
		if i := strings.Index(receipt, "\n\n"+begin); i >= 0 {
			return receipt[:i+1], receipt[i+2:], true
		}
	}
	return "", "", false
}

// parseBody reads the signed text of a receipt.
func parseBody(body string) (Verdict, string, error) {
	malformed := errors.New("the receipt's text is malformed")
	top, text, ok := strings.Cut(body, "\n\n")
	lines := strings.Split(top, "\n")
	if !ok || len(lines) != 4 {
		return Verdict{}, "", malformed
	}
	var v Verdict
	var digest string
	for i, into := range []*string{&v.Opening.Task, &v.Opening.Nonce, &digest} {
		if *into, ok = strings.CutPrefix(lines[i+1], []string{"task ", "nonce ", "input "}[i]); !ok {
			return Verdict{}, "", malformed
		}
	}
	if digest != "unread" {
		if v.Opening.Digest, ok = strings.CutPrefix(digest, "sha256:"); !ok {
			return Verdict{}, "", malformed
		}
	}
	var err error
	if v.Entry, err = ParseEntry(text); err != nil || v.Entry.Kind != Erased {
		return Verdict{}, "", malformed
	}
	return v, text, nil
}

// tree reads a checkpoint that one of the keys signed.
func (ks keys) tree(checkpoint []byte) (tlog.Tree, error) {
	text, err := ks.open(checkpoint)
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("checkpoint: %w", err)
	}
	c, err := torchwood.ParseCheckpoint(text)
	if err != nil {
		return tlog.Tree{}, errors.New("the checkpoint is malformed")
	}
	for _, k := range ks {
		if k.Name() == c.Origin {
			return c.Tree, nil
		}
	}
	return tlog.Tree{}, errors.New("the checkpoint is of another log than the key")
}
