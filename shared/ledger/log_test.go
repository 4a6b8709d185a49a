package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
)

func TestAuditorComputesTheLongestLifeFromTheLogAlone(t *testing.T) {
	w := newWorld(t)
	const documents = 300 // more than one bundle
	var entries []ledger.Entry
	for n := 1; n <= documents; n++ {
		entries = append(entries, w.document(n).entries()...)
	}
	slices.SortStableFunc(entries, func(a, b ledger.Entry) int { return a.At.Compare(b.At) })
	for batch := range slices.Chunk(entries, 100) {
		for _, e := range batch {
			if err := w.Append(t.Context(), e); err != nil {
				t.Fatal(err)
			}
		}
		w.sequence(t)
	}
	w.now = w.now.Add(documents * time.Minute)
	a := w.audit(t, nil)
	if a.Documents != documents || a.Erased != documents || a.Open != 0 || len(a.Breaches) != 0 {
		t.Errorf("audit says %+v", a)
	}
	if want := documents * time.Minute; a.LongestAfterUpload != want || a.LongestAfterProcessing != want-time.Minute {
		t.Errorf("longest lives are %v and %v, want %v and a minute less", a.LongestAfterUpload, a.LongestAfterProcessing, want)
	}
	if a.Size != 3*documents+1 { // and the key
		t.Errorf("the log has %d entries", a.Size)
	}
}

func TestAuditorNamesBrokenPromises(t *testing.T) {
	cases := map[string]struct {
		change func(*document)
		open   bool
		want   string
	}{
		"late after upload":     {func(d *document) { d.ended, d.gone = time.Time{}, d.uploaded.Add(49*time.Hour) }, false, "after upload"},
		"late after processing": {func(d *document) { d.gone = d.ended.Add(25 * time.Hour) }, false, "after processing"},
		"never erased":          {func(*document) {}, true, "has no receipt"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			d := w.document(1)
			c.change(&d)
			err := w.Append(t.Context(), ledger.Entry{Kind: ledger.Accepted, Subject: d.Subject(), At: d.uploaded, Fields: []ledger.Field{ledger.Time(ledger.FieldUploaded, d.uploaded)}})
			if !c.open {
				err = errors.Join(err, w.Append(t.Context(), d.receipt()))
			}
			if err != nil {
				t.Fatal(err)
			}
			w.sequence(t)
			w.now = w.now.Add(50 * time.Hour)
			if a := w.audit(t, nil); len(a.Breaches) != 1 || !strings.Contains(a.Breaches[0], c.want) {
				t.Errorf("breaches are %q", a.Breaches)
			}
		})
	}
}

func TestReceiptProvesItselfWithThePublicKeyAlone(t *testing.T) {
	w := newWorld(t)
	d := w.document(7)
	public := []string{w.Signer.Public()}
	if err := w.tell(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	early, err := w.Receipt(t.Context(), d.Opening, d.receipt())
	if err != nil {
		t.Fatal(err)
	}
	if v, err := ledger.Verify(early, public); err != nil || v.Logged || v.Opening != d.Opening {
		t.Errorf("before it is logged: %+v, %v", v, err)
	}
	w.sequence(t)
	late, err := w.Receipt(t.Context(), d.Opening, d.receipt())
	if err != nil {
		t.Fatal(err)
	}
	v, err := ledger.Verify(late, public)
	if err != nil || !v.Logged || v.Opening != d.Opening || !v.Entry.At.Equal(d.gone) {
		t.Errorf("once it is logged: %+v, %v", v, err)
	}
	if _, err := ledger.Verify(late, []string{signer(t, "lethe.test").Public()}); err == nil {
		t.Error("another key verifies the receipt")
	}
}

// Every byte of a receipt counts: with any one changed it proves nothing, or still exactly the same.
func TestChangedReceiptProvesNothing(t *testing.T) {
	w := newWorld(t)
	for n := range 3 {
		if err := w.tell(t.Context(), w.document(n)); err != nil {
			t.Fatal(err)
		}
	}
	d := w.document(3)
	if err := w.tell(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	w.sequence(t)
	receipt, err := w.Receipt(t.Context(), d.Opening, d.receipt())
	if err != nil {
		t.Fatal(err)
	}
	public := []string{w.Signer.Public()}
	want, err := ledger.Verify(receipt, public)
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for i := range receipt {
		changed := []byte(string(receipt))
		changed[i] ^= 1
		got, err := ledger.Verify(changed, public)
		if err != nil {
			refused++
			continue
		}
		if got.Opening != want.Opening || got.Entry.Text() != want.Entry.Text() {
			t.Fatalf("byte %d changed, and the receipt proves something else: %q", i, changed)
		}
	}
	if refused < len(receipt)*9/10 {
		t.Errorf("only %d of %d changes were noticed", refused, len(receipt))
	}
}

func TestEntriesTellNothingOfTheTask(t *testing.T) {
	w := newWorld(t)
	d := w.document(5)
	if err := w.tell(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	w.sequence(t)
	bundle, err := w.File(t.Context(), "tile/entries/000.p/4")
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{d.Task, d.Nonce, d.Digest} {
		if strings.Contains(string(bundle), secret) {
			t.Errorf("%s is in the log", secret)
		}
	}
}

func TestProcessesThatSequenceAtOncePlaceEachEntryOnce(t *testing.T) {
	w := newWorld(t)
	others := []*ledger.Log{w.Log, w.process(w.Signer, nil), w.process(w.Signer, nil)}
	var group sync.WaitGroup
	errs := make([]error, len(others))
	for i, l := range others {
		group.Go(func() {
			for n := range 40 {
				d := w.document(n)
				d.Task = fmt.Sprintf("task-%d-%d", i, n)
				err := l.Append(t.Context(), d.receipt())
				if err == nil && n%4 == 0 {
					_, err = l.Sequence(t.Context())
				}
				errs[i] = errors.Join(errs[i], err)
			}
		})
	}
	group.Wait()
	w.sequence(t)
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	if a := w.audit(t, nil); a.Size != 121 || a.Reasons["delete-requested"] != 120 {
		t.Errorf("audit says %+v", a)
	}
}

// Whatever write fails, before or after its effect: nothing is lost, nothing is placed twice, the log stays whole.
func TestNoLostWriteHarmsTheLog(t *testing.T) {
	for _, after := range []bool{false, true} {
		for fail := 1; ; fail++ {
			w := newWorld(t)
			for n := range 5 {
				if err := w.tell(t.Context(), w.document(n)); err != nil {
					t.Fatal(err)
				}
			}
			w.sequence(t)
			kept, err := w.Checkpoint(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for n := 5; n < 10; n++ {
				if err := w.tell(t.Context(), w.document(n)); err != nil {
					t.Fatal(err)
				}
			}
			count := 0
			hook := func(op storagetest.Op, _ string) error {
				if op.Writes() {
					count++
				}
				if op.Writes() && count == fail {
					return fault.New(fault.StorageUnavailable, "write %d is lost", fail)
				}
				return nil
			}
			if after {
				w.store.After(hook)
			} else {
				w.store.Before(hook)
			}
			_, _ = w.Sequence(t.Context()) // fails here or there; the next one must mend it
			w.store.Heal()
			w.sequence(t)
			if a := w.audit(t, kept); a.Size != 31 || a.Erased != 10 || a.Since != 16 {
				t.Fatalf("write %d lost (after %t): audit says %+v", fail, after, a)
			}
			if count < fail {
				t.Logf("%d writes, each lost once", fail-1)
				break
			}
		}
	}
}

func TestRewrittenLogIsNoticed(t *testing.T) {
	w := newWorld(t)
	d := w.document(1)
	if err := w.tell(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	w.sequence(t)
	kept, err := w.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	other := newWorld(t)
	other.Log = other.process(w.Signer, nil)
	for n := range 5 {
		if err := other.tell(t.Context(), other.document(n)); err != nil {
			t.Fatal(err)
		}
	}
	other.sequence(t)
	if _, err := ledger.Check(t.Context(), other, ledger.Examination{Keys: []string{w.Signer.Public()}, Since: kept, Now: w.now}); err == nil || !strings.Contains(err.Error(), "rewritten") {
		t.Errorf("audit of another history: %v", err)
	}
}

func TestNewKeyIsTrustedOnlyWithTheOldOnesVoucher(t *testing.T) {
	w := newWorld(t)
	w.sequence(t)
	kept, err := w.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	old, fresh := w.Signer, signer(t, "lethe.test")
	alone := w.process(fresh, nil)
	if err := alone.Append(t.Context(), w.document(1).receipt()); err != nil {
		t.Fatal(err)
	}
	if _, err := alone.Sequence(t.Context()); err == nil {
		t.Error("a key that is not cross-signed signs")
	}
	for _, l := range []*ledger.Log{w.process(fresh, old), w.process(fresh, nil)} {
		if err := l.Append(t.Context(), w.document(2).receipt()); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Sequence(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, trusted := range []*ledger.Signer{old, fresh} {
		a, err := ledger.Check(t.Context(), w, ledger.Examination{Keys: []string{trusted.Public()}, Since: nil, Now: w.now})
		if err != nil || len(a.Keys) != 2 {
			t.Errorf("audit: %+v, %v", a, err)
		}
	}
	if _, err := ledger.Check(t.Context(), w, ledger.Examination{Keys: []string{old.Public()}, Since: kept, Now: w.now}); err != nil {
		t.Errorf("consistency over the change of key: %v", err)
	}
	if _, err := ledger.Check(t.Context(), w, ledger.Examination{Keys: []string{signer(t, "lethe.test").Public()}, Since: nil, Now: w.now}); err == nil {
		t.Error("an unknown key is convinced")
	}
}

func TestWithoutKeyEntriesWaitAndNothingIsSigned(t *testing.T) {
	w := newWorld(t)
	key := w.Signer
	w.Log = w.process(nil, nil)
	d := w.document(1)
	if err := w.tell(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if n := w.sequence(t); n != 0 {
		t.Errorf("%d entries were placed", n)
	}
	if _, err := w.Receipt(context.Background(), d.Opening, d.receipt()); !errors.Is(err, fault.ReceiptUnavailable) {
		t.Errorf("receipt without a key: %v", err)
	}
	w.Log = w.process(key, nil)
	if n := w.sequence(t); n != 4 {
		t.Errorf("with the key %d entries were placed", n)
	}
}

func FuzzParseEntry(f *testing.F) {
	f.Add("lethe/v1 receipt\nsubject abc\nat 2026-03-01T12:00:00Z\nreason fetched\n")
	f.Fuzz(func(t *testing.T, text string) {
		e, err := ledger.ParseEntry(text)
		if err == nil && e.Text() != text {
			t.Errorf("%q is read and written as %q", text, e.Text())
		}
	})
}

func FuzzVerify(f *testing.F) {
	private, public, err := ledger.GenerateKey("lethe.test")
	if err != nil || private == "" {
		f.Fatal(err)
	}
	f.Add([]byte("lethe-receipt/v1\ntask a\nnonce b\ninput unread\n\nlethe/v1 receipt\nsubject c\nat x\n\n— lethe.test abc\n\nnot yet logged\n"))
	f.Fuzz(func(t *testing.T, receipt []byte) {
		if _, err := ledger.Verify(receipt, []string{public}); err == nil {
			t.Error("a receipt that nobody signed is verified")
		}
	})
}
