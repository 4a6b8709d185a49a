package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/storage/memory"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
)

// noon is when every test begins.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// world is a log over storage in memory that can be made to fail.
type world struct {
	*ledger.Log
	store *storagetest.Faulty
	now   time.Time
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{now: noon}
	m := memory.New(w.clock)
	w.store = storagetest.NewFaulty(storagetest.Stores{Blobs: m.Blobs(), Records: m, Agenda: m})
	w.Log = w.process(signer(t, "lethe.test"), nil)
	return w
}

func (w *world) clock() time.Time { return w.now }

// process is one more process over the same storage.
func (w *world) process(key, previous *ledger.Signer) *ledger.Log {
	return ledger.New(ledger.Config{
		Blobs: w.store.FaultyBlobs(), Records: w.store.FaultyRecords(), Signer: key, Previous: previous,
		Region: "westeurope", Program: "lethe test", Keep: 30 * 24 * time.Hour, Now: w.clock, Log: slog.New(slog.DiscardHandler),
	})
}

func signer(t testing.TB, name string) *ledger.Signer {
	t.Helper()
	private, public, err := ledger.GenerateKey(name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ledger.ParseSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	if s.Public() != public {
		t.Fatalf("public half is %s, want %s", s.Public(), public)
	}
	return s
}

// ReadFile makes the world a source for audits, as a copy of its storage is.
func (w *world) ReadFile(ctx context.Context, path string) ([]byte, error) {
	return folder{w.store.Blobs}.ReadFile(ctx, path)
}

// document is one life: the opening and what its receipt says.
type document struct {
	ledger.Opening
	uploaded, ended, gone time.Time
}

func (w *world) document(n int) document {
	return document{
		Opening:  ledger.Opening{Task: fmt.Sprintf("task-%d", n), Nonce: ledger.NewNonce(), Digest: fmt.Sprintf("%064x", n)},
		uploaded: w.now, ended: w.now.Add(time.Minute), gone: w.now.Add(time.Duration(n) * time.Minute),
	}
}

func (d document) receipt() ledger.Entry {
	return ledger.Entry{Kind: ledger.Erased, Subject: d.Subject(), At: d.gone, Fields: []ledger.Field{
		{Name: ledger.FieldReason, Value: "delete-requested"}, ledger.Time(ledger.FieldUploaded, d.uploaded),
		ledger.Time(ledger.FieldEnded, d.ended), {Name: ledger.FieldDocument, Value: d.Document()},
	}}
}

// entries is everything that a log says of a document.
func (d document) entries() []ledger.Entry {
	return []ledger.Entry{
		{Kind: ledger.Accepted, Subject: d.Subject(), At: d.uploaded, Fields: []ledger.Field{ledger.Time(ledger.FieldUploaded, d.uploaded)}},
		{Kind: ledger.Processed, Subject: d.Subject(), At: d.ended, Fields: []ledger.Field{ledger.Time(ledger.FieldEnded, d.ended)}},
		d.receipt(),
	}
}

// tell hands in everything about a document.
func (w *world) tell(ctx context.Context, d document) error {
	var errs []error
	for _, e := range d.entries() {
		errs = append(errs, w.Append(ctx, e))
	}
	return errors.Join(errs...)
}

func (w *world) sequence(t testing.TB) int {
	t.Helper()
	n, err := w.Sequence(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// audit checks the whole log with the key of the world.
func (w *world) audit(t *testing.T, since []byte) *ledger.Audit {
	t.Helper()
	a, err := ledger.Check(t.Context(), w, ledger.Examination{Keys: []string{w.Signer.Public()}, Since: since, Now: w.now})
	if err != nil {
		t.Fatal(err)
	}
	return a
}
