package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// shelf is a copy of a log in memory.
type shelf map[string][]byte

// ReadFile implements ledger.Source.
func (s shelf) ReadFile(_ context.Context, path string) ([]byte, error) {
	text, ok := s[path]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return text, nil
}

// WriteFile implements ledger.Target.
func (s shelf) WriteFile(_ context.Context, path string, text []byte) error {
	s[path] = bytes.Clone(text)
	return nil
}

// succeed begins a new log under another name.
func (w *world) succeed(t *testing.T, name string) {
	t.Helper()
	w.Log = w.process(signer(t, name), nil)
	if _, err := w.Begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.sequence(t)
}

// straddling is a document that comes in one log and goes in the next, and what its client was promised.
func (w *world) straddling(t *testing.T) (d document, promises [][]byte) {
	t.Helper()
	d = w.document(1)
	d.gone = d.uploaded.Add(5 * time.Hour)
	for _, e := range d.entries()[:2] {
		if err := w.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	creation := d.promise()
	creation.Uploaded, creation.Digest = time.Time{}, ""
	for _, p := range []ledger.Promise{creation, d.promise()} {
		signed, err := w.Promise(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		promises = append(promises, signed)
	}
	return d, promises
}

// A document that comes in one log and goes in the one begun after it has one life, its promises are kept, and the receipts of
// the old log are found there. Twice over.
func TestLivesGoOnFromLogToLog(t *testing.T) {
	w := newWorld(t)
	keys := []string{w.Signer.Public()}
	d, promises := w.straddling(t)
	early := w.document(2)
	if err := w.tell(t.Context(), early); err != nil {
		t.Fatal(err)
	}
	w.sequence(t)
	old, err := w.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.grow(t, 3, 5)
	for _, name := range []string{"second.test", "third.test"} {
		w.now = w.now.Add(2 * time.Hour)
		w.succeed(t, name)
		keys = append(keys, w.Signer.Public())
		for n := range 20 { // so that where receipts stand in the old log other ones stand in this
			late := w.document(20 + n)
			late.ended, late.gone = w.now, w.now
			err := w.Append(t.Context(), late.entries()[0])
			if n > 0 {
				err = errors.Join(err, w.tell(t.Context(), late))
			}
			if err != nil {
				t.Fatal(err)
			}
			w.sequence(t)
		}
	}
	w.now = d.gone
	if err := w.Append(t.Context(), d.receipt()); err != nil {
		t.Fatal(err)
	}
	w.sequence(t)

	copied := shelf{}
	if _, err := ledger.Copy(t.Context(), w, copied); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		src     ledger.Source
		trusted []string
		vouched bool
	}{{w, keys, true}, {w, keys[2:], false}, {copied, keys, true}} {
		vouched, x := c.vouched, ledger.Examination{Keys: c.trusted, Since: old, Now: w.now}
		if vouched {
			x.Promises = promises
		}
		a, err := ledger.Check(t.Context(), c.src, x)
		if err != nil {
			t.Fatal(err)
		}
		if len(a.Breaches) > 0 || a.LongestAfterUpload != 5*time.Hour || a.Erased != 42 || a.Open != 2 {
			t.Errorf("%d erased, %d alive, longest %v, breaches %q", a.Erased, a.Open, a.LongestAfterUpload, a.Breaches)
		}
		if b := a.Follows; b == nil || b.Origin != "second.test" || b.Vouched != vouched || b.Follows == nil || b.Follows.Origin != "lethe.test" || b.Follows.Folder != "retired/1" {
			t.Errorf("the logs before: %+v", b)
		}
		for _, j := range a.Promises {
			if j.Verdict != ledger.Kept {
				t.Errorf("promise: %+v", j)
			}
		}
	}
	for _, gone := range []document{early, d} {
		receipt, err := w.Receipt(t.Context(), gone.Opening, gone.receipt())
		if err != nil {
			t.Fatal(err)
		}
		if v, err := ledger.Verify(receipt, keys); err != nil || !v.Logged || v.Opening != gone.Opening {
			t.Errorf("receipt of %s: logged %t, %v", gone.Task, v.Logged, err)
		}
	}
	served, err := w.File(t.Context(), "retired/1/checkpoint")
	if err != nil || !bytes.HasPrefix(served, []byte("lethe.test\n")) {
		t.Errorf("the first log's checkpoint is served as %q, %v", served, err)
	}
	for _, path := range []string{"retired/1/../../uploads/x", "retired/01/checkpoint", "retired/1/", "checkpoint", "retired/1/retired/1/checkpoint"} {
		if _, err := w.File(t.Context(), path); err == nil {
			t.Errorf("%s is served", path)
		}
	}
}

// A log that was ended and whose files are lost, or exchanged, is a breach: what it held nobody can tell. It is named once, and
// not again for every document.
func TestLogBeforeThatCannotBeReadIsABreach(t *testing.T) {
	for name, harm := range map[string]func(*world){
		"checkpoint lost": func(w *world) {
			if err := w.store.Blobs.Delete(t.Context(), storage.Ledger+"/retired/1/checkpoint"); err != nil {
				t.Fatal(err)
			}
		},
		"entries lost": func(w *world) { w.putFile(t, "retired/1/tile/entries/000.p/6", nil) },
		"another log in its place": func(w *world) {
			other := newWorld(t)
			other.Log = other.process(w.Signer, nil)
			file := other.grow(t, 1, 3)
			w.putFile(t, "retired/1/checkpoint", file)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			key := w.Signer.Public()
			d, promises := w.straddling(t)
			w.grow(t, 2, 3)
			w.now = w.now.Add(2 * time.Hour)
			w.succeed(t, "next.test")
			if err := w.Append(t.Context(), d.receipt()); err != nil {
				t.Fatal(err)
			}
			w.now = d.gone
			w.sequence(t)
			harm(w)
			a, err := ledger.Check(t.Context(), w, ledger.Examination{Keys: []string{key, w.Signer.Public()}, Now: w.now})
			if err != nil || len(a.Breaches) != 1 || !strings.HasPrefix(a.Breaches[0], "log-before-lost: ") || a.Follows.Unread == "" {
				t.Fatalf("%v; audit says %+v", err, a)
			}
			a, err = ledger.Check(t.Context(), w, ledger.Examination{Keys: []string{key, w.Signer.Public()}, Promises: promises[1:], Now: w.now})
			if err != nil || a.Promises[0].Verdict != ledger.Broken || !strings.Contains(a.Promises[0].Why, "log before") {
				t.Errorf("%v; promises are judged %+v", err, a.Promises)
			}
		})
	}
}

// A copy holds the logs before too, and is never mixed with the copy of another log.
func TestCopyHoldsTheLogsBefore(t *testing.T) {
	w := newWorld(t)
	keys := []string{w.Signer.Public()}
	w.grow(t, 1, 3)
	earlier, copied := shelf{}, shelf{}
	if _, err := ledger.Copy(t.Context(), w, earlier); err != nil {
		t.Fatal(err)
	}
	w.succeed(t, "next.test")
	keys = append(keys, w.Signer.Public())
	w.grow(t, 3, 5)
	for range 2 {
		if _, err := ledger.Copy(t.Context(), w, copied); err != nil {
			t.Fatal(err)
		}
	}
	a, err := ledger.Check(t.Context(), copied, ledger.Examination{Keys: keys, Since: earlier["checkpoint"], Now: w.now.Add(time.Hour)})
	if err != nil || a.Documents != 4 || len(a.Breaches) > 0 {
		t.Fatalf("the copy: %+v, %v", a, err)
	}
	before := len(earlier)
	if _, err := ledger.Copy(t.Context(), w, earlier); err == nil || !strings.Contains(err.Error(), "folder of its own") || len(earlier) != before {
		t.Errorf("a copy of another log: %v", err)
	}
	delete(copied, "retired/1/checkpoint")
	if err := w.store.Blobs.Delete(t.Context(), storage.Ledger+"/retired/1/checkpoint"); err != nil {
		t.Fatal(err)
	}
	missing := sourceWithout{w, "retired/1/checkpoint"}
	if _, err := ledger.Copy(t.Context(), missing, copied); err != nil {
		t.Errorf("what is lost keeps the rest from being copied: %v", err)
	}
}

// sourceWithout is a source on disk or over HTTP that lacks a file.
type sourceWithout struct {
	ledger.Source
	path string
}

// ReadFile implements ledger.Source.
func (s sourceWithout) ReadFile(ctx context.Context, path string) ([]byte, error) {
	if path == s.path {
		return nil, fs.ErrNotExist
	}
	return s.Source.ReadFile(ctx, path)
}
