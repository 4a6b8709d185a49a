package ledger

import (
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"
)

// Verdict is what a receipt proves.
type Verdict struct {
	Opening Opening
	Entry   Entry
	Key     string // the public key that signed the receipt
	Logged  bool   // the log contains the entry
	Index   int64  // its position there
	Size    int64  // of the log that the proof speaks of
	Root    string // of that log's tree, in base64
	LogKey  string // the public key that signed the checkpoint
}

// Gone is when the last copy was gone by what the receipt itself says, and the check had found none.
func (v *Verdict) Gone() time.Time { return (&life{receipts: []Entry{v.Entry}}).gone() }

// ClassErased is what a receipt says of one class of copies.
type ClassErased struct {
	Class           string
	Erased, Checked time.Time // when it was erased, and when the check found none
}

// Copies are the classes of copies that the receipt names.
func (v *Verdict) Copies() []ClassErased {
	var all []ClassErased
	for _, f := range v.Entry.Fields {
		if f.Name != FieldCopy {
			continue
		}
		class, times, _ := strings.Cut(f.Value, " ")
		erased, checked, _ := strings.Cut(times, " ")
		e := Entry{Fields: []Field{{"erased", erased}, {"checked", checked}}}
		all = append(all, ClassErased{class, e.Time("erased"), e.Time("checked")})
	}
	return all
}

// maxReceipt bounds a receipt in bytes.
const maxReceipt = 64 << 10

// Verify checks a receipt with public keys alone: its signature, that its opening opens the entry's commitments, and, once
// it is logged, that the log contains the entry. The digest of the document is the caller's to compare. A receipt that is not in
// the log yet is no error: see Verdict.Logged.
func Verify(receipt []byte, public []string) (Verdict, error) {
	ks, err := parseKeys(public)
	if err != nil {
		return Verdict{}, err
	}
	return ks.verify(receipt)
}

func (ks keys) verify(receipt []byte) (Verdict, error) {
	if len(receipt) > maxReceipt || !strings.HasPrefix(string(receipt), receiptHeading+"\n") {
		return Verdict{}, Failed(ErrAltered, "this is not a receipt: its first line is not %s", receiptHeading)
	}
	signed, proof, ok := cutProof(string(receipt))
	if !ok {
		return Verdict{}, Failed(ErrAltered, "the receipt is cut short or altered: after the signature comes neither a proof nor the words %q", notLogged)
	}
	body, by, err := ks.open([]byte(signed))
	if errors.Is(err, ErrAltered) {
		return Verdict{}, Failed(ErrAltered, "%s; %s", err, ks.where(signed, proof))
	}
	if err != nil {
		return Verdict{}, about("the receipt", err)
	}
	v, text, err := parseBody(body)
	if err != nil {
		return Verdict{}, err
	}
	v.Key = by.public
	if lines := misfits(v); lines != "" {
		return Verdict{}, Failed(ErrAltered, "the receipt's lines %s do not belong together", lines)
	}
	if proof == notLogged+"\n" {
		return v, nil
	}
	if err := ks.include(&v, text, proof); err != nil {
		return Verdict{}, err
	}
	return v, nil
}

// include checks the proof that a log contains the entry.
func (ks keys) include(v *Verdict, text, proof string) error {
	index, hashes, checkpoint, err := parseProof(proof)
	if err != nil {
		return err
	}
	tree, by, err := ks.tree(checkpoint)
	if err != nil {
		return about("the checkpoint in the receipt", err)
	}
	if err := tlog.CheckRecord(hashes, tree.N, tree.Hash, index, tlog.RecordHash([]byte(text))); err != nil {
		return Failed(ErrAltered, "the proof does not lead from the receipt to the checkpoint: the log of %d entries does not contain it as entry %d", tree.N, index)
	}
	v.Logged, v.Index, v.Size, v.Root, v.LogKey = true, index, tree.N, base64.StdEncoding.EncodeToString(tree.Hash[:]), by.public
	return nil
}

// misfits names the lines of a receipt of which one must be wrong.
func misfits(v Verdict) string {
	switch {
	case v.Entry.Subject != v.Opening.Subject():
		return "task, nonce and subject"
	case v.Entry.Value(FieldDocument) != v.Opening.Document():
		return "input and document"
	default:
		return ""
	}
}

// where says which lines of a receipt cannot be those that were signed. The signature covers all of them at once; commitments and
// the log tell them apart.
func (ks keys) where(signed, proof string) string {
	body, _, _ := strings.Cut(signed, "\n\n— ")
	v, text, err := parseBody(body + "\n")
	if err != nil {
		return err.Error()
	}
	if lines := misfits(v); lines != "" {
		return "of the lines " + lines + " one is altered"
	}
	if proof == notLogged+"\n" {
		return "compare it with the log (--log) to learn which line"
	}
	if ks.include(&v, text, proof) == nil {
		return "every line but the first stands in the log as it is"
	}
	return "a line from \"subject\" to \"program\" is not as the log has it: compare it with the log (--log) to learn which"
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
	malformed := Failed(ErrAltered, "the receipt's text has not the form of a receipt")
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

// tree reads a checkpoint that one of the keys signed, and returns that key.
func (ks keys) tree(checkpoint []byte) (tlog.Tree, key, error) {
	text, by, err := ks.open(checkpoint)
	if err != nil {
		return tlog.Tree{}, key{}, err
	}
	c, err := torchwood.ParseCheckpoint(text)
	if err != nil {
		return tlog.Tree{}, key{}, Failed(ErrAltered, "it has not the form of a checkpoint")
	}
	for _, k := range ks {
		if k.Name() == c.Origin {
			return c.Tree, by, nil
		}
	}
	return tlog.Tree{}, key{}, Failed(ErrAltered, "it is of the log %s, and no key given has that name", c.Origin)
}
