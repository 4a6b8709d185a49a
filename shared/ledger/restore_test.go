package ledger_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
)

// state is what of a world is saved.
type state struct {
	records []storage.Record
	files   map[string][]byte
}

// records of the world that belong to its state, in order.
func (w *world) records(t *testing.T) []storage.Record {
	t.Helper()
	var saved []storage.Record
	for _, table := range storage.Tables() {
		recs, err := w.store.Records.List(t.Context(), storage.Query{Table: table, Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range recs {
			if r.Saved() {
				saved = append(saved, r)
			}
		}
	}
	return saved
}

// filesOf reads the ledger's files as the records have them.
func (w *world) filesOf(t *testing.T, records []storage.Record) state {
	t.Helper()
	s := state{records, map[string][]byte{}}
	err := ledger.Files(t.Context(), records, w.store.Blobs, func(path string, file []byte) error {
		s.files[path] = file
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// anew is another place with that state, and another key.
func (w *world) anew(t *testing.T, s state, name string) *world {
	t.Helper()
	n := newWorld(t)
	n.now = w.now
	n.Log = n.process(signer(t, name), nil)
	for _, r := range s.records {
		r.ETag = ""
		if _, err := n.store.Records.Put(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	for path, file := range s.files {
		if err := ledger.PutFile(t.Context(), n.store.Blobs, path, file); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

func (w *world) restore(t *testing.T, saved time.Time) ledger.Restored {
	t.Helper()
	r, err := w.Restore(t.Context(), saved)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// accept tells of a document that came.
func (w *world) accept(t *testing.T, n int) document {
	t.Helper()
	d := w.document(n)
	if err := w.Append(t.Context(), d.entries()[0]); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAPlaceMadeAnewHasALogOfItsOwnAfterTheSavedOne(t *testing.T) {
	w := newWorld(t)
	kept := w.grow(t, 1, 3)
	alive, erased := w.accept(t, 4), w.accept(t, 6)
	w.sequence(t)
	waiting := w.accept(t, 5)
	if err := w.Append(t.Context(), erased.receipt()); err != nil { // it waits when the state is saved
		t.Fatal(err)
	}
	s, saved := w.filesOf(t, w.records(t)), w.now
	promises := [][]byte{promised(t, w, alive), promised(t, w, waiting), promised(t, w, erased)}
	w.now = w.now.Add(2 * time.Hour) // the state does not know what comes now
	unknown := w.accept(t, 7)
	promises = append(promises, promised(t, w, unknown))
	later := w.grow(t, 8, 9)

	w.now = w.now.Add(100 * time.Hour) // long after every limit
	var origins, roots []string
	for _, name := range []string{"first.test", "second.test"} {
		n := w.anew(t, s, name)
		if r := n.restore(t, saved); r.Origin != "lethe.test" || r.Lost != 2 {
			t.Fatalf("restored %+v, with %s alive and %s waiting", r, alive.Task, waiting.Task)
		}
		n.sequence(t)
		if err := n.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		x := ledger.Examination{Keys: []string{w.Signer.Public(), n.Signer.Public()}, Since: kept, Promises: promises, Now: n.now}
		a, err := ledger.Check(t.Context(), n, x)
		if err != nil {
			t.Fatal(err)
		}
		if a.Lost != 2 || a.Open != 0 || a.Kinds[ledger.Lost] != 2 || a.Follows == nil || !a.Follows.Vouched || !a.Follows.Saved.Equal(saved) {
			t.Errorf("the audit says %+v, after %+v", a, a.Follows)
		}
		var verdicts []string
		for _, j := range a.Promises {
			verdicts = append(verdicts, j.Verdict)
		}
		if want := []string{ledger.Gone, ledger.Gone, ledger.Kept, ledger.Gone}; !slices.Equal(verdicts, want) {
			t.Errorf("promises: %q, want %q", verdicts, want)
		}
		if len(a.Breaches) > 0 {
			t.Errorf("breaches: %q", a.Breaches)
		}
		if _, err := ledger.Check(t.Context(), n, ledger.Examination{Keys: x.Keys, Since: later, Now: n.now}); err == nil {
			t.Error("whoever kept a younger checkpoint of the old log is not told that it ends before that")
		}
		origins, roots = append(origins, a.Origin), append(roots, a.Follows.Root)
	}
	if origins[0] == origins[1] || roots[0] != roots[1] {
		t.Errorf("two places from one state have the logs %q after %q", origins, roots)
	}
}

// promised is the signed promise that a document's client keeps.
func promised(t *testing.T, w *world, d document) []byte {
	t.Helper()
	p, err := w.Promise(t.Context(), ledger.Promise{
		Task: d.Task, Application: "a", Subject: d.Subject(), Created: d.uploaded, Uploaded: d.uploaded, Digest: d.Digest,
		Submission: 24 * time.Hour, Unprocessed: 48 * time.Hour, Processed: 24 * time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A task without a document is lost too, and its promise with it.
func TestThePromiseOfATaskThatGotNoDocumentIsLostWithTheDisk(t *testing.T) {
	w := newWorld(t)
	w.grow(t, 1, 2)
	p, err := w.Promise(t.Context(), ledger.Promise{Task: "t", Subject: "s", Created: w.now, Submission: 24 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	s, saved := w.filesOf(t, w.records(t)), w.now
	w.now = w.now.Add(80 * time.Hour)
	n := w.anew(t, s, "next.test")
	n.restore(t, saved)
	n.sequence(t)
	a, err := ledger.Check(t.Context(), n, ledger.Examination{Keys: []string{w.Signer.Public(), n.Signer.Public()}, Promises: [][]byte{p}, Now: n.now})
	if err != nil || a.Promises[0].Verdict != ledger.Gone {
		t.Fatalf("%+v, %v", a, err)
	}
}

// A log that grows while its files are read: they are those of the records, whatever replaced them since.
func TestFilesAreThoseOfTheRecordsHoweverTheLogGrows(t *testing.T) {
	w := newWorld(t)
	w.grow(t, 1, 4)
	records := w.records(t)
	quiet := w.filesOf(t, records)
	for i := range 300 { // the first files become full, and those that held their beginning go
		if err := w.Commit(t.Context(), string(ledger.Accepted), ledger.Commitment("x", ledger.NewNonce(), string(rune('a'+i%26))), w.now); err != nil {
			t.Fatal(err)
		}
	}
	w.sequence(t)
	grown := w.filesOf(t, records)
	if len(quiet.files) < 3 || len(grown.files) != len(quiet.files) {
		t.Fatalf("%d files, and %d after the log had grown", len(quiet.files), len(grown.files))
	}
	for path, file := range quiet.files {
		if string(grown.files[path]) != string(file) {
			t.Errorf("%s is another one", path)
		}
	}
}

// While entries are sequenced some are off the waiting ones, and not published yet.
func TestNoEntryIsLostThatWasBeingSequencedWhenTheStateWasSaved(t *testing.T) {
	w := newWorld(t)
	w.grow(t, 1, 3)
	d := w.accept(t, 4)
	var s state
	w.store.After(func(op storagetest.Op, name string) error {
		if op.Writes() && s.files == nil && name == storage.Ledger+"/checkpoint" {
			s = state{files: map[string][]byte{}, records: w.records(t)}
		}
		return nil
	})
	w.sequence(t)
	w.store.Heal()
	for _, r := range s.records {
		if r.Table == storage.Pending {
			t.Fatalf("%s still waits", r.Row)
		}
	}
	n := w.anew(t, w.filesOf(t, s.records), "next.test")
	if r := n.restore(t, w.now); r.Lost != 1 {
		t.Errorf("%d documents are lost, not %s", r.Lost, d.Task)
	}
	n.sequence(t)
	if a := n.audit(t, nil); a.Documents != 3 || a.Lost != 1 {
		t.Errorf("of 3 documents the log knows %d, and %d as lost", a.Documents, a.Lost)
	}
}

func TestAPlaceWithoutALogIsMadeAnewWithoutOne(t *testing.T) {
	w := newWorld(t)
	d := w.accept(t, 1)
	s := w.filesOf(t, w.records(t))
	n := w.anew(t, s, "next.test")
	if r := n.restore(t, w.now); r.Origin != "" || r.Lost != 0 {
		t.Errorf("restored %+v", r)
	}
	if n.sequence(t) != 2 {
		t.Errorf("the first log does not begin with its key and %s", d.Task)
	}
}

// A file of the old log that was changed before it was saved stops the loading, and not the first audit after it.
func TestADamagedLogIsNotGoneOnFrom(t *testing.T) {
	w := newWorld(t)
	w.grow(t, 1, 3)
	s := w.filesOf(t, w.records(t))
	for path, file := range s.files {
		if path != "checkpoint" {
			file[len(file)-1] ^= 1
		}
	}
	if _, err := w.anew(t, s, "next.test").Restore(context.Background(), w.now); err == nil {
		t.Error("a damaged log is gone on from")
	}
}
