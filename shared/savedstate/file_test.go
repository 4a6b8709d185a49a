package savedstate

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/lethe-ocr/lethe/shared/storage"
)

func nothing(Item) error { return nil }

func newIdentity(t *testing.T) *age.X25519Identity {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// written returns a file with those items.
func written(t *testing.T, to age.Recipient, items ...Item) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := NewWriter(&file, to, Header{Region: "westeurope", Saved: time.Unix(1_700_000_000, 0).UTC()})
	for _, i := range items {
		err = errors.Join(err, w.Add(i))
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func examples() []Item {
	return []Item{
		{Record: &Record{Table: storage.Applications, Partition: "applications", Row: "a", Value: []byte(`{"id":"a"}`)}},
		{Record: &Record{Table: storage.State, Partition: "ledger", Row: "head", Value: []byte(`{}`)}},
		{Record: &Record{Table: storage.Receipts, Partition: "ab", Row: "abc", Value: []byte(`1`), Due: time.Unix(1_800_000_000, 0).UTC()}},
		{Ledger: &File{Name: "tile/0/000", Data: bytes.Repeat([]byte{7}, 70<<10)}},
		{Key: &File{Name: "signing.key", Data: []byte("PRIVATE+KEY+x")}},
	}
}

func TestWhatWasWrittenIsRead(t *testing.T) {
	id := newIdentity(t)
	var got []Item
	h, err := Read(bytes.NewReader(written(t, id.Recipient(), examples()...)), id, func(i Item) error {
		got = append(got, i)
		return nil
	})
	if err != nil || h.Region != "westeurope" || !reflect.DeepEqual(got, examples()) {
		t.Fatalf("read %+v and %d items: %v", h, len(got), err)
	}
}

func TestAnAlteredOrCutFileIsRefused(t *testing.T) {
	id := newIdentity(t)
	file := written(t, id.Recipient(), examples()...)
	for at := 0; at < len(file); at += step(at) {
		if _, err := Read(bytes.NewReader(file[:at]), id, nothing); !errors.Is(err, ErrDamaged) {
			t.Errorf("cut at byte %d of %d: %v", at, len(file), err)
		}
		bad := bytes.Clone(file)
		bad[at] ^= 1
		if _, err := Read(bytes.NewReader(bad), id, nothing); !errors.Is(err, ErrDamaged) {
			t.Errorf("altered at byte %d of %d: %v", at, len(file), err)
		}
	}
	if _, err := Read(bytes.NewReader(append(bytes.Clone(file), 0)), id, nothing); !errors.Is(err, ErrDamaged) {
		t.Errorf("a byte more: %v", err)
	}
}

// step goes closely through the head of an age file, and in large steps through the chunks behind it.
func step(at int) int {
	if at < 256 {
		return 8
	}
	return 4 << 10
}

func TestAnotherKeyDoesNotOpenIt(t *testing.T) {
	file := written(t, newIdentity(t).Recipient(), examples()...)
	if _, err := Read(bytes.NewReader(file), newIdentity(t), nothing); !errors.Is(err, ErrDamaged) {
		t.Fatal(err)
	}
}

func TestAFileThatWasNotEndedIsRefused(t *testing.T) {
	id := newIdentity(t)
	var file bytes.Buffer
	w, err := NewWriter(&file, id.Recipient(), Header{})
	for _, i := range examples() {
		err = errors.Join(err, w.Add(i))
	}
	if err := errors.Join(err, w.sealed.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(&file, id, nothing); !errors.Is(err, ErrDamaged) {
		t.Fatal(err)
	}
}

func TestNoRecordOfADocumentIsWrittenOrRead(t *testing.T) {
	id := newIdentity(t)
	for _, table := range append(storage.Tables(), "unknown") {
		i := Item{Record: &Record{Table: table, Partition: "p", Row: "r"}}
		want := table.Saved() == storage.SavedWhole
		var file bytes.Buffer
		w, err := NewWriter(&file, id.Recipient(), Header{})
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
		if _, err := Read(&file, id, nothing); !errors.Is(err, ErrForeign) {
			t.Errorf("a file with table %s: %v", table, err)
		}
	}
}

func TestAnotherVersionIsRefused(t *testing.T) {
	id := newIdentity(t)
	var file bytes.Buffer
	w, err := NewWriter(&file, id.Recipient(), Header{})
	if err != nil {
		t.Fatal(err)
	}
	file.Reset()
	sealed, err := age.Encrypt(&file, id.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	w.sealed = sealed
	if err := errors.Join(w.put(line{Header: &Header{Version: Version + 1}}), w.sealed.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(&file, id, nothing); !errors.Is(err, ErrVersion) {
		t.Fatal(err)
	}
}
