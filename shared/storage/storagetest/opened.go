package storagetest

import (
	"bytes"
	"errors"
	"testing"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// limit is more bytes than any document here has.
const limit = 1 << 30

// openedRules are about documents of which parts are read.
func openedRules() map[string]func(*testing.T, Stores) {
	return map[string]func(*testing.T, Stores){
		"PartsAreThoseOfTheDocument":    partsAreThoseOfTheDocument,
		"PartsAreOfOneVersion":          partsAreOfOneVersion,
		"OtherVersionIsNotOpened":       otherVersionIsNotOpened,
		"NothingIsReadOfWhatWasDeleted": nothingIsReadOfWhatWasDeleted,
	}
}

func openDocument(t *testing.T, s Stores, name, etag string) *storage.Opened {
	t.Helper()
	o, err := storage.OpenRanges(t.Context(), s.Blobs, name, etag, limit)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("documents are not read on this system")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.Close(); err != nil {
			t.Error(err)
		}
	})
	return o
}

// fill asks for a part where the file has not all of them.
func fill(t *testing.T, o *storage.Opened, offset, length int64) error {
	t.Helper()
	if o.Ranges == nil {
		return nil
	}
	return o.Ranges.Fill(t.Context(), offset, length)
}

func partsAreThoseOfTheDocument(t *testing.T, s Stores) {
	for _, want := range [][]byte{large(), []byte("a short one")} {
		b := put(t, s, "uploads/a/1", want)
		for _, etag := range []string{b.ETag, ""} {
			o := openDocument(t, s, b.Name, etag)
			if o.Blob.Name != b.Name || o.Blob.Size != b.Size || o.Blob.ETag != b.ETag {
				t.Errorf("got %+v, want %+v", o.Blob, b)
			}
			for _, at := range []int64{b.Size - 5, b.Size / 2, 0} {
				got := make([]byte, 5)
				if err := fill(t, o, at, 5); err != nil {
					t.Fatal(err)
				}
				if _, err := o.File.ReadAt(got, at); err != nil || !bytes.Equal(got, want[at:at+5]) {
					t.Errorf("5 bytes from %d are %q, want %q (%v)", at, got, want[at:at+5], err)
				}
			}
		}
	}
}

func partsAreOfOneVersion(t *testing.T, s Stores) {
	old := large()
	b := put(t, s, "uploads/a/1", old)
	o := openDocument(t, s, b.Name, b.ETag)
	if err := fill(t, o, 0, 10); err != nil {
		t.Fatal(err)
	}
	put(t, s, b.Name, bytes.Repeat([]byte("z"), len(old)))
	err := fill(t, o, b.Size-10, 10)
	if o.Ranges != nil && !errors.Is(err, fault.DocumentChanged) {
		t.Errorf("a part of another version: %v", err)
	}
	for _, at := range []int64{0, b.Size - 10} {
		got := make([]byte, 10)
		if _, readErr := o.File.ReadAt(got, at); readErr != nil || bytes.Equal(got, []byte("zzzzzzzzzz")) {
			t.Errorf("from %d it is %q (%v)", at, got, readErr)
		}
	}
}

func otherVersionIsNotOpened(t *testing.T, s Stores) {
	for _, content := range [][]byte{large(), []byte("a short one")} {
		first := put(t, s, "uploads/a/1", content)
		put(t, s, "uploads/a/1", append([]byte("z"), content...))
		if _, err := storage.OpenRanges(t.Context(), s.Blobs, first.Name, first.ETag, limit); !errors.Is(err, fault.DocumentChanged) {
			t.Errorf("%d bytes: %v", len(content), err)
		}
	}
}

func nothingIsReadOfWhatWasDeleted(t *testing.T, s Stores) {
	b := put(t, s, "uploads/a/1", large())
	o := openDocument(t, s, b.Name, b.ETag)
	if err := s.Blobs.Delete(t.Context(), b.Name); err != nil {
		t.Fatal(err)
	}
	if err := fill(t, o, 0, 10); o.Ranges != nil && !errors.Is(err, fault.NotFound) {
		t.Errorf("a part of a deleted document: %v", err)
	}
	if _, err := storage.OpenRanges(t.Context(), s.Blobs, b.Name, "", limit); !errors.Is(err, fault.NotFound) {
		t.Errorf("opened again: %v", err)
	}
}
