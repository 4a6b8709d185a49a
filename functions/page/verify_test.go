package page_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/storage/memory"
)

// verdict is what a check says of a receipt, whoever makes it.
type verdict struct {
	Refused     string `json:"refused,omitempty"`
	Task        string `json:"task,omitempty"`
	Digest      string `json:"digest,omitempty"`
	Fields      int    `json:"fields,omitempty"`
	Key         string `json:"key,omitempty"`
	Fingerprint string `json:"fingerprint,omitempty"`
	Logged      bool   `json:"logged,omitempty"`
	Index       int64  `json:"index,omitempty"`
	Size        int64  `json:"size,omitempty"`
	Root        string `json:"root,omitempty"`
	LogKey      string `json:"logKey,omitempty"`
}

// judged is what `lethe verify` says.
func judged(receipt []byte, keys []string) verdict {
	v, err := ledger.Verify(receipt, keys)
	switch {
	case errors.Is(err, ledger.ErrUnknownKey):
		return verdict{Refused: "unknown-key"}
	case err != nil:
		return verdict{Refused: "altered"}
	}
	return verdict{
		Task: v.Opening.Task, Digest: v.Opening.Digest, Fields: len(v.Entry.Fields), Key: v.Key, Fingerprint: ledger.Fingerprint(v.Key),
		Logged: v.Logged, Index: v.Index, Size: v.Size, Root: v.Root, LogKey: v.LogKey,
	}
}

// receipts are genuine ones of a log, in it and not in it yet, and of a log whose key the page does not have.
func receipts(t *testing.T, name string, documents int) (made [][]byte, key string) {
	t.Helper()
	private, public, err := ledger.GenerateKey(name)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ledger.ParseSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 1, 12, 0, 0, 120_000_000, time.UTC)
	clock := func() time.Time { return now }
	store := memory.New(clock)
	log := ledger.New(ledger.Config{
		Blobs: store.Blobs(), Records: store, Signer: signer, Region: "westeurope", Program: "lethe test", Keep: 24 * time.Hour, Now: clock,
		Log: slog.New(slog.DiscardHandler),
	})
	for n := range documents {
		o := ledger.Opening{Task: fmt.Sprintf("task-%d", n), Nonce: ledger.NewNonce(), Digest: fmt.Sprintf("%064x", n)}
		if n == 3 {
			o.Digest = "" // never read
		}
		e := ledger.Entry{Kind: ledger.Erased, Subject: o.Subject(), At: now, Fields: []ledger.Field{
			{Name: ledger.FieldReason, Value: "delete-requested"}, ledger.Time(ledger.FieldUploaded, now.Add(-time.Hour)),
			{Name: ledger.FieldDocument, Value: o.Document()},
		}}
		for range 2 { // before and after it is in the log
			receipt, err := log.Receipt(t.Context(), o, e)
			if err != nil {
				t.Fatal(err)
			}
			made = append(made, receipt)
			if err := log.Append(t.Context(), e); err != nil {
				t.Fatal(err)
			}
			if _, err := log.Sequence(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	return made, public
}

// forged are versions of a receipt of which something was changed, left out, doubled or moved.
func forged(receipt []byte) [][]byte {
	var all [][]byte
	for i, c := range receipt {
		other := byte('x')
		if c == other {
			other = 'y'
		}
		all = append(all, slices.Concat(receipt[:i], []byte{other}, receipt[i+1:]))
	}
	lines := bytes.SplitAfter(receipt, []byte("\n"))
	for i := range lines {
		all = append(all,
			bytes.Join(lines[:i], nil),
			bytes.Join(slices.Delete(slices.Clone(lines), i, i+1), nil),
			bytes.Join(slices.Insert(slices.Clone(lines), i, lines[i]), nil),
			bytes.Join(slices.Insert(slices.Clone(lines), i, []byte("\n")), nil))
		if i > 0 {
			swapped := slices.Clone(lines)
			swapped[i-1], swapped[i] = swapped[i], swapped[i-1]
			all = append(all, bytes.Join(swapped, nil))
		}
	}
	return append(all, append(slices.Clone(receipt), 0xff), append(slices.Clone(receipt), '\n'), bytes.ToUpper(receipt), []byte{})
}

// runAssets runs a script beside the page's own code, over cases, and returns what it writes.
func runAssets(t *testing.T, script string, cases []byte) []byte {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed: it runs the page's own code")
	}
	dir := t.TempDir()
	files := map[string][]byte{"cases.json": cases, "package.json": []byte(`{"type":"module"}`)}
	for name, code := range assets(t) {
		files[name] = []byte(code)
	}
	if files["run.mjs"], err = os.ReadFile(script); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), node, filepath.Join(dir, "run.mjs"))
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, complaints.String())
	}
	return out
}

func TestPageJudgesReceiptsAsTheCommandLineDoes(t *testing.T) {
	cases, key := receipts(t, "lethe.test", 9)
	foreign, _ := receipts(t, "lethe.test", 1)
	cases = append(cases, foreign...)
	const proof = "\n\nc2sp.org/tlog-proof"
	signed, _, _ := bytes.Cut(cases[5], []byte(proof))
	_, another, _ := bytes.Cut(cases[17], []byte(proof))
	cases = append(cases, slices.Concat(signed, []byte(proof), another))
	cases = append(cases, forged(cases[5])...)

	input, err := json.Marshal(map[string]any{"keys": key + "\n", "receipts": cases})
	if err != nil {
		t.Fatal(err)
	}
	out := runAssets(t, "testdata/verify.mjs", input)
	var said []verdict
	if err := json.Unmarshal(out, &said); err != nil || len(said) != len(cases) {
		t.Fatalf("%d verdicts on %d receipts: %v", len(said), len(cases), err)
	}
	proven := 0
	for i, receipt := range cases {
		want := judged(receipt, []string{key})
		if said[i] != want {
			t.Errorf("of receipt %d the page says %+v, and lethe verify %+v:\n%s", i, said[i], want, receipt)
		}
		if want.Logged {
			proven++
		}
	}
	if proven == 0 || proven == len(cases) {
		t.Errorf("%d of %d receipts are proven: nothing is told apart", proven, len(cases))
	}
}
