package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
)

var headKey = storage.Key{Table: storage.State, Partition: "ledger", Row: "head"}

// grown is a world whose log holds documents from and up to to, and the checkpoint over them.
func (w *world) grow(t *testing.T, from, to int) []byte {
	t.Helper()
	for n := from; n < to; n++ {
		if err := w.tell(t.Context(), w.document(n)); err != nil {
			t.Fatal(err)
		}
	}
	w.sequence(t)
	kept, err := w.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

// forget loses the log's state, as the loss of a database does, or puts an earlier one back, as its restoration does.
func (w *world) forget(t *testing.T, back *storage.Record) {
	t.Helper()
	if err := w.store.Records.Delete(t.Context(), headKey, ""); err != nil {
		t.Fatal(err)
	}
	if back != nil {
		back.ETag = ""
		if _, err := w.store.Records.Put(t.Context(), *back); err != nil {
			t.Fatal(err)
		}
	}
}

func (w *world) head(t *testing.T) *storage.Record {
	t.Helper()
	rec, err := w.store.Records.Get(t.Context(), headKey)
	if err != nil {
		t.Fatal(err)
	}
	return &rec
}

func (w *world) putFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if _, err := w.store.Blobs.Put(t.Context(), storage.Ledger+"/"+path, "application/octet-stream", bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
}

func TestLossOfStateCannotForkTheLog(t *testing.T) {
	for name, back := range map[string]func(*world) *storage.Record{
		"state lost":                func(*world) *storage.Record { return nil },
		"an earlier state restored": func(w *world) *storage.Record { return w.head(t) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.grow(t, 1, 3)
			earlier := back(w)
			kept := w.grow(t, 3, 6)
			w.forget(t, earlier)
			if err := w.Check(t.Context()); err == nil {
				t.Error("the loss is not told")
			}
			w.grow(t, 6, 8)
			if err := w.Check(t.Context()); err != nil {
				t.Errorf("after the log went on: %v", err)
			}
			if a := w.audit(t, kept); a.Size != 7*3+1 || a.Since != 5*3+1 || len(a.Breaches) > 0 {
				t.Errorf("audit says %+v", a)
			}
		})
	}
}

// A state of the middle of a batch, brought back later, must not write its batch over what stands there.
func TestRestoredBatchDoesNotOverwriteTheLog(t *testing.T) {
	w := newWorld(t)
	w.grow(t, 1, 2)
	var midway *storage.Record
	w.store.After(func(op storagetest.Op, key string) error {
		if op == storagetest.PutRecord && strings.HasSuffix(key, "ledger/head") && midway == nil {
			rec, err := w.store.Records.Get(context.Background(), headKey)
			if err != nil {
				return err
			}
			midway = &rec
			return errors.New("the process died")
		}
		return nil
	})
	for n := 2; n < 4; n++ {
		if err := w.tell(t.Context(), w.document(n)); err != nil {
			t.Fatal(err)
		}
	}
	_, _ = w.Sequence(t.Context())
	w.store.Heal()
	// Another history comes to stand where the batch would: of the same size.
	other := newWorld(t)
	other.Log = other.process(w.Signer, nil)
	other.grow(t, 10, 13)
	for _, path := range []string{"checkpoint", "tile/0/000.p/10", "tile/entries/000.p/10"} {
		file, err := other.ReadFile(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		w.putFile(t, path, file)
	}
	w.forget(t, midway)
	var stuck ledger.Stuck
	if _, err := w.Sequence(t.Context()); !errors.As(err, &stuck) {
		t.Errorf("sequencing over another history: %v", err)
	}
	for _, path := range []string{"checkpoint", "tile/entries/000.p/10"} {
		want, _ := other.ReadFile(t.Context(), path)
		if got, err := w.ReadFile(t.Context(), path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s was overwritten", path)
		}
	}
}

func TestLogThatCannotGoOnSignsNothingAndSaysWhy(t *testing.T) {
	for name, c := range map[string]struct {
		harm func(*world)
		says string
	}{
		"another checkpoint of the same size": {func(w *world) {
			other := newWorld(t)
			other.Log = other.process(w.Signer, nil)
			other.grow(t, 1, 3)
			file, err := other.ReadFile(t.Context(), "checkpoint")
			if err != nil {
				t.Fatal(err)
			}
			w.putFile(t, "checkpoint", file)
		}, "contradict"},
		"state and checkpoint lost": {func(w *world) {
			w.forget(t, nil)
			if err := w.store.Blobs.Delete(t.Context(), storage.Ledger+"/checkpoint"); err != nil {
				t.Fatal(err)
			}
		}, "but not its checkpoint"},
		"state lost and a file damaged": {func(w *world) {
			w.forget(t, nil)
			w.putFile(t, "tile/entries/000.p/7", []byte("\x00\x01x"))
		}, "lost"},
		"signing key lost":                {func(w *world) { w.Log = w.process(nil, nil) }, "but not its signing key"},
		"a key that is not cross-signed":  {func(w *world) { w.Log = w.process(signer(t, "lethe.test"), nil) }, "cross-signed"},
		"cross-signed under another name": {func(w *world) { w.Log = w.process(signer(t, "other.test"), w.Signer) }, "cross-signed"},
		"checkpoint is no checkpoint":     {func(w *world) { w.putFile(t, "checkpoint", []byte("empty\n")) }, "contradict"},
		"a new log was begun by halves":   {func(w *world) { w.beginHalf(t) }, "interrupted"},
		"a file of the log was exchanged": {func(w *world) { w.putFile(t, "tile/entries/000.p/7", []byte("\x00\x01x")); w.examine(t) }, "do not match"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.grow(t, 1, 3)
			c.harm(w)
			before, _ := w.ReadFile(t.Context(), "checkpoint")
			err := w.Check(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("the check says %v, want %q", err, c.says)
			}
			if name == "a file of the log was exchanged" {
				return // it can go on, and intake is closed
			}
			if err := w.Append(t.Context(), w.document(9).receipt()); err != nil {
				t.Errorf("an entry is not taken: %v", err)
			}
			_, _ = w.Sequence(t.Context())
			if after, _ := w.ReadFile(t.Context(), "checkpoint"); !bytes.Equal(before, after) {
				t.Error("a checkpoint was signed")
			}
		})
	}
}

func (w *world) examine(t *testing.T) {
	t.Helper()
	if err := w.Examine(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// beginHalf begins a new log and dies before the old one's files are moved.
func (w *world) beginHalf(t *testing.T) {
	t.Helper()
	next := w.process(signer(t, "next.test"), nil)
	w.store.Before(func(op storagetest.Op, _ string) error {
		if op == storagetest.DeleteBlob {
			return fault.New(fault.StorageUnavailable, "the disk is gone")
		}
		return nil
	})
	if _, err := next.Begin(t.Context()); err == nil {
		t.Fatal("the new log is there")
	}
	w.store.Heal()
	w.Log = next
}

// Files of an earlier time, put back under a newer state, close intake: the log cannot go on from them.
func TestFilesOfAnEarlierTimeCloseIntake(t *testing.T) {
	w := newWorld(t)
	w.grow(t, 1, 3)
	earlier := map[string][]byte{}
	for _, path := range []string{"checkpoint", "tile/0/000.p/7", "tile/entries/000.p/7"} {
		file, err := w.ReadFile(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		earlier[path] = file
	}
	w.grow(t, 3, 5)
	for _, path := range []string{"tile/0/000.p/13", "tile/entries/000.p/13"} {
		if err := w.store.Blobs.Delete(t.Context(), storage.Ledger+"/"+path); err != nil {
			t.Fatal(err)
		}
	}
	for path, file := range earlier {
		w.putFile(t, path, file)
	}
	var stuck ledger.Stuck
	if err := w.Check(t.Context()); !errors.As(err, &stuck) {
		t.Errorf("the check says %v", err)
	}
	if err := w.Append(t.Context(), w.document(9).receipt()); err != nil {
		t.Error(err)
	}
	if _, err := w.Sequence(t.Context()); !errors.As(err, &stuck) {
		t.Errorf("sequencing says %v", err)
	}
	if after, err := w.ReadFile(t.Context(), "checkpoint"); err != nil || !bytes.Equal(after, earlier["checkpoint"]) {
		t.Error("a checkpoint was signed")
	}
}

// A receipt is signed with a key that a published one stands for, or not at all.
func TestReceiptIsNotSignedByAKeyThatNobodyVouchesFor(t *testing.T) {
	w := newWorld(t)
	w.grow(t, 1, 3)
	d, old := w.document(1), w.Signer
	w.Log = w.process(signer(t, "lethe.test"), nil)
	if _, err := w.Receipt(t.Context(), d.Opening, d.receipt()); !errors.Is(err, fault.ReceiptUnavailable) {
		t.Errorf("receipt by a foreign key: %v", err)
	}
	w.Log = w.process(signer(t, "lethe.test"), old) // the change of key is not in the log yet
	receipt, err := w.Receipt(t.Context(), d.Opening, d.receipt())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.Verify(receipt, []string{old.Public()}); err != nil {
		t.Errorf("while the key changes: %v", err)
	}
}

// While the state is lost nobody can tell which keys sign the log: none is published, and none signs, not even as the first.
func TestNobodySignsWhileTheStateIsLost(t *testing.T) {
	w := newWorld(t)
	w.grow(t, 1, 3)
	d, own := w.document(1), w.Signer
	w.forget(t, nil)
	for name, key := range map[string]*ledger.Signer{"a foreign key": signer(t, "lethe.test"), "the log's own": own} {
		l := w.process(key, nil)
		if _, err := l.Receipt(t.Context(), d.Opening, d.receipt()); !errors.Is(err, fault.ReceiptUnavailable) {
			t.Errorf("%s signs a receipt: %v", name, err)
		}
		if _, err := l.Promise(t.Context(), d.promise()); !errors.Is(err, fault.ReceiptUnavailable) {
			t.Errorf("%s signs a promise: %v", name, err)
		}
		if keys, err := l.Keys(t.Context()); !errors.Is(err, fault.ReceiptUnavailable) {
			t.Errorf("%s is published: %v, %v", name, keys, err)
		}
	}
	if kept, err := w.Checkpoint(t.Context()); err != nil || !bytes.HasPrefix(kept, []byte("lethe.test\n7\n")) {
		t.Errorf("what is published is served as %q, %v", kept, err)
	}
	w.sequence(t) // which rebuilds
	if _, err := w.Receipt(t.Context(), d.Opening, d.receipt()); err != nil {
		t.Errorf("after it was rebuilt: %v", err)
	}
}

// A database from a copy knows tombstones whose receipts got their place after the copy was made: they are found all the same.
func TestReceiptsAreFoundAfterTheLossOfState(t *testing.T) {
	w := newWorld(t)
	d := w.document(1)
	if err := w.tell(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	w.sequence(t)
	w.forget(t, nil)
	place := storage.Key{Table: storage.Receipts, Partition: d.Subject()[:2], Row: d.Subject()}
	if err := w.store.Records.Delete(t.Context(), place, ""); err != nil {
		t.Fatal(err)
	}
	w.sequence(t)
	receipt, err := w.Receipt(t.Context(), d.Opening, d.receipt())
	if err != nil {
		t.Fatal(err)
	}
	if v, err := ledger.Verify(receipt, []string{w.Signer.Public()}); err != nil || !v.Logged {
		t.Errorf("the receipt's place is lost: %+v, %v", v, err)
	}
}

// There is a log as long as any of its parts is there: no key may be made beside it.
func TestLogExistsWhileAnyPartIsThere(t *testing.T) {
	w := newWorld(t)
	exists := func() bool {
		t.Helper()
		there, err := w.process(nil, nil).Exists(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return there
	}
	if exists() {
		t.Error("a log exists before anything was written")
	}
	w.grow(t, 1, 2)
	state := w.head(t)
	w.forget(t, nil)
	if !exists() {
		t.Error("without its state the log's files are not seen")
	}
	w.forget(t, state)
	files, err := w.store.Blobs.List(t.Context(), storage.Ledger+"/", "", 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range files {
		if err := w.store.Blobs.Delete(t.Context(), b.Name); err != nil {
			t.Fatal(err)
		}
	}
	if !exists() {
		t.Error("without its files the log's state is not seen")
	}
}
