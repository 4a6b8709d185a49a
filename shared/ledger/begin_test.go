package ledger_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
)

// A checkpoint file that is lost, older than the state or unreadable when a new log is begun: the last one that was signed is bound
// in, and stays beside its files.
func TestNewLogIsBoundToTheLastCheckpointThatWasSigned(t *testing.T) {
	for name, file := range map[string]func(older []byte) []byte{
		"lost":       func([]byte) []byte { return nil },
		"older":      func(older []byte) []byte { return older },
		"unreadable": func([]byte) []byte { return []byte("x\n") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			older := w.grow(t, 1, 3)
			w.grow(t, 3, 5)
			key := w.Signer.Public()
			if text := file(older); text != nil {
				w.putFile(t, "checkpoint", text)
			} else if err := w.store.Blobs.Delete(t.Context(), storage.Ledger+"/checkpoint"); err != nil {
				t.Fatal(err)
			}
			w.succeed(t, "next.test")
			a, err := ledger.Check(t.Context(), w, ledger.Examination{Keys: []string{key, w.Signer.Public()}, Since: older, Now: w.now.Add(time.Hour)})
			if err != nil {
				t.Fatal(err)
			}
			if a.Follows == nil || a.Follows.Size != 13 || !a.Follows.Vouched || a.Since != 7 || len(a.Breaches) > 0 {
				t.Errorf("audit says %+v of the log before, %q", a.Follows, a.Breaches)
			}
		})
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
		if a.Follows == nil || a.Follows.Origin != "lethe.test" || a.Follows.Size != 7 || a.Follows.Unread != "" || a.Since != 7 || a.Documents != 3 {
			t.Errorf("audit says %+v of the log before, and %+v", a.Follows, a)
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
