package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

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
		}, "its checkpoint is not"},
		"state lost and a file damaged": {func(w *world) {
			w.forget(t, nil)
			w.putFile(t, "tile/entries/000.p/7", []byte("\x00\x01x"))
		}, "lost"},
		"signing key lost":                {func(w *world) { w.Log = w.process(nil, nil) }, "signing key is not"},
		"a key that nobody vouched for":   {func(w *world) { w.Log = w.process(signer(t, "lethe.test"), nil) }, "vouches"},
		"a key of another name vouched":   {func(w *world) { w.Log = w.process(signer(t, "other.test"), w.Signer) }, "vouches"},
		"checkpoint is no checkpoint":     {func(w *world) { w.putFile(t, "checkpoint", []byte("empty\n")) }, "contradict"},
		"a new log was begun by halves":   {func(w *world) { w.beginHalf(t) }, "begun"},
		"a file of the log was exchanged": {func(w *world) { w.putFile(t, "tile/entries/000.p/7", []byte("\x00\x01x")); w.examine(t) }, "do not belong"},
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

// A new log names the last checkpoint of the one before, and the old files stay.
func TestNewLogIsBoundToTheOneBefore(t *testing.T) {
	for writes := 0; ; writes++ { // each write of the beginning is lost once
		w := newWorld(t)
		kept := w.grow(t, 1, 3)
		if err := w.Append(t.Context(), w.document(9).receipt()); err != nil {
			t.Fatal(err)
		}
		old := w.Signer
		w.Log = w.process(signer(t, "next.test"), nil)
		count := 0
		w.store.After(func(op storagetest.Op, _ string) error {
			if op.Writes() {
				count++
			}
			if count == writes && op.Writes() {
				return fault.New(fault.StorageUnavailable, "write %d is lost", writes)
			}
			return nil
		})
		folder, err := w.Begin(t.Context())
		w.store.Heal()
		if err != nil {
			if folder, err = w.Begin(t.Context()); err != nil {
				t.Fatalf("write %d lost, and then: %v", writes, err)
			}
		}
		if n := w.sequence(t); n != 3 {
			t.Errorf("write %d lost: the new log begins with %d entries, want its key, the old log and what waited", writes, n)
		}
		if err := w.Check(t.Context()); err != nil {
			t.Error(err)
		}
		a := w.audit(t, kept)
		if a.Follows == nil || a.Follows.Origin != "lethe.test" || a.Follows.Size != 7 {
			t.Errorf("audit says %+v of the log before", a.Follows)
		}
		before, err := ledger.Check(t.Context(), below{w, folder}, ledger.Examination{Keys: []string{old.Public()}, Since: kept, Now: w.now})
		if err != nil || before.Size != 7 {
			t.Errorf("the old log in its folder: %+v, %v", before, err)
		}
		if count < writes {
			return
		}
	}
}

// below is a log in a folder of another one's files.
type below struct {
	ledger.Source
	folder string
}

// ReadFile implements ledger.Source.
func (b below) ReadFile(ctx context.Context, path string) ([]byte, error) {
	return b.Source.ReadFile(ctx, b.folder+"/"+path)
}

func TestNewLogNeedsAnotherName(t *testing.T) {
	w := newWorld(t)
	w.grow(t, 1, 3)
	if _, err := w.process(signer(t, "lethe.test"), nil).Begin(t.Context()); err == nil || !strings.Contains(err.Error(), "another name") {
		t.Errorf("a second log of one name: %v", err)
	}
}

// Whichever file of the log is changed, it is noticed within a day of steps of five minutes, and forgiven once it is put back.
func TestChangedFileOfTheLogIsNoticedWithinADay(t *testing.T) {
	w := newWorld(t)
	var entries []ledger.Entry
	for n := 1; n <= 300; n++ {
		entries = append(entries, w.document(n).entries()...)
	}
	for _, e := range entries {
		if err := w.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	w.sequence(t)
	w.examine(t) // the first round, of everything
	for _, path := range []string{"tile/entries/000", "tile/entries/002", "tile/0/001", "tile/1/000.p/3"} {
		good, err := w.ReadFile(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		bad := bytes.Clone(good)
		bad[len(bad)/2] ^= 1
		w.putFile(t, path, bad)
		noticed := false
		for passed := time.Duration(0); passed < ledger.ExaminedWithin; passed += 5 * time.Minute {
			w.now = w.now.Add(5 * time.Minute)
			w.examine(t)
			if noticed = w.Check(t.Context()) != nil; noticed {
				break
			}
		}
		if !noticed {
			t.Errorf("%s: the change is not noticed", path)
		}
		w.putFile(t, path, good)
		for passed := time.Duration(0); passed < 2*ledger.ExaminedWithin; passed += time.Hour {
			w.now = w.now.Add(time.Hour)
			w.examine(t)
		}
		if err := w.Check(t.Context()); err != nil {
			t.Errorf("%s: after it was put back: %v", path, err)
		}
	}
}
