package savedstate

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/lethe-ocr/lethe/shared/clock"
	"github.com/lethe-ocr/lethe/shared/storage"
)

func nothing(Item) error { return nil }

func to(id *age.X25519Identity) []age.Recipient { return []age.Recipient{id.Recipient()} }

func by(id *age.X25519Identity) []age.Identity { return []age.Identity{id} }

func newIdentity(t *testing.T) *age.X25519Identity {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// written returns a file with those items.
func written(t *testing.T, id *age.X25519Identity, items ...Item) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := NewWriter(&file, to(id), Header{Region: "westeurope", Saved: time.Unix(1_700_000_000, 0).UTC()})
	for _, i := range items {
		err = errors.Join(err, w.Add(i))
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func examples(size int) []Item {
	return []Item{
		{Record: &Record{Table: storage.Applications, Partition: "applications", Row: "a", Value: []byte(`{"id":"a"}`)}},
		{Record: &Record{Table: storage.State, Partition: "ledger", Row: "head", Value: []byte(`{}`)}},
		{Record: &Record{Table: storage.Pending, Partition: "log", Row: "abc", Value: []byte(`1`), Due: time.Unix(1_800_000_000, 0).UTC()}},
		{Ledger: &File{Name: "tile/0/000", Data: bytes.Repeat([]byte{7}, size)}},
		{Key: []byte("the folder's")},
		{Clock: &clock.Anchor{Service: time.Unix(1_700_000_000, 1).UTC(), BootID: "b"}},
	}
}

func TestWhatWasWrittenIsRead(t *testing.T) {
	id := newIdentity(t)
	var got []Item
	h, err := Read(bytes.NewReader(written(t, id, examples(70<<10)...)), by(id), func(i Item) error {
		got = append(got, i)
		return nil
	})
	if err != nil || h.Region != "westeurope" || !reflect.DeepEqual(got, examples(70<<10)) {
		t.Fatalf("read %+v and %d items: %v", h, len(got), err)
	}
}

// Every byte of a file that fits one chunk of age counts, and of a longer one those at the joints too.
func TestAnAlteredOrCutFileIsRefused(t *testing.T) {
	id := newIdentity(t)
	for size, step := range map[int]int{16: 1, 70 << 10: 9973} {
		file := written(t, id, examples(size)...)
		for at := 0; at < len(file); at += step {
			bad := bytes.Clone(file)
			bad[at] ^= 1
			if _, err := Read(bytes.NewReader(bad), by(id), nothing); !errors.Is(err, ErrDamaged) {
				t.Errorf("altered at byte %d of %d: %v", at, len(file), err)
			}
			if step == 1 && at%16 > 0 {
				continue
			}
			if _, err := Read(bytes.NewReader(file[:at]), by(id), nothing); !errors.Is(err, ErrDamaged) {
				t.Errorf("cut at byte %d of %d: %v", at, len(file), err)
			}
		}
		if _, err := Read(bytes.NewReader(append(bytes.Clone(file), 0)), by(id), nothing); !errors.Is(err, ErrDamaged) {
			t.Errorf("a byte more: %v", err)
		}
	}
}

func TestAnotherKeyDoesNotOpenIt(t *testing.T) {
	file := written(t, newIdentity(t), examples(70<<10)...)
	if _, err := Read(bytes.NewReader(file), by(newIdentity(t)), nothing); !errors.Is(err, ErrDamaged) {
		t.Fatal(err)
	}
}

func TestAFileThatWasNotEndedIsRefused(t *testing.T) {
	id := newIdentity(t)
	var file bytes.Buffer
	w, err := NewWriter(&file, to(id), Header{})
	for _, i := range examples(70 << 10) {
		err = errors.Join(err, w.Add(i))
	}
	if err := errors.Join(err, w.sealed.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(&file, by(id), nothing); !errors.Is(err, ErrDamaged) {
		t.Fatal(err)
	}
}

func TestNoRecordOfADocumentIsWrittenOrRead(t *testing.T) {
	id := newIdentity(t)
	for _, table := range append(storage.Tables(), "unknown") {
		i := Item{Record: &Record{Table: table, Partition: "p", Row: "r"}}
		want := table.Saved() == storage.SavedWhole
		var file bytes.Buffer
		w, err := NewWriter(&file, to(id), Header{})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Add(i); (err == nil) != want || err != nil && !errors.Is(err, ErrForeign) {
			t.Errorf("table %s, of which is saved: %s: %v", table, table.Saved(), err)
		}
		if want {
			continue
		}
		if err := errors.Join(w.put(line{Item: &i}), w.Close()); err != nil { // as somebody who has the key might write it
			t.Fatal(err)
		}
		if _, err := Read(&file, by(id), nothing); !errors.Is(err, ErrForeign) {
			t.Errorf("a file with table %s: %v", table, err)
		}
	}
}

func TestNothingButFilesOfALedgerIsTakenForOne(t *testing.T) {
	for _, name := range []string{"", "../key", "uploads/2026", "tile", "retired/0/checkpoint", "retired/1/retired/1/checkpoint", "/checkpoint"} {
		if err := (Item{Ledger: &File{Name: name}}).check(); !errors.Is(err, ErrForeign) {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"checkpoint", "tile/0/000", "tile/entries/x001/234.p/7", "retired/2/checkpoint", "retired/1/tile/1/000"} {
		if err := (Item{Ledger: &File{Name: name}}).check(); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestAnotherVersionIsRefused(t *testing.T) {
	id := newIdentity(t)
	var file bytes.Buffer
	w, err := NewWriter(&file, to(id), Header{})
	if err != nil {
		t.Fatal(err)
	}
	file.Reset()
	sealed, err := age.Encrypt(&file, to(id)...)
	if err != nil {
		t.Fatal(err)
	}
	w.sealed = sealed
	if err := errors.Join(w.put(line{Header: &Header{Version: Version + 1}}), w.sealed.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(&file, by(id), nothing); !errors.Is(err, ErrVersion) {
		t.Fatal(err)
	}
}
