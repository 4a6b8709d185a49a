package storagetest

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

func rangeRules() map[string]func(*testing.T, Stores) {
	return map[string]func(*testing.T, Stores){
		"RangeIsExactlyWhatWasAskedFor": rangeIsExactlyWhatWasAskedFor,
		"RangeIsOfOneVersion":           rangeIsOfOneVersion,
		"RangeNeverMixesVersions":       rangeNeverMixesVersions,
		"RangeThatCannotBeIsRefused":    rangeThatCannotBeIsRefused,
		"RangeOfNothingIsNotFound":      rangeOfNothingIsNotFound,
		"RangeOfUnfinishedIsNotFound":   rangeOfUnfinishedIsNotFound,
		"RangesTogetherAreTheWholeBlob": rangesTogetherAreTheWholeBlob,
		"RangeOfAnEmptyBlobIsEmpty":     rangeOfAnEmptyBlobIsEmpty,
	}
}

// part reads a range whole.
func part(t *testing.T, s Stores, b storage.Blob, offset, length int64) ([]byte, error) {
	t.Helper()
	r, err := s.Blobs.GetRange(t.Context(), b.Name, b.ETag, offset, length)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(r)
	return content, errors.Join(err, r.Close())
}

func rangeIsExactlyWhatWasAskedFor(t *testing.T, s Stores) {
	const content = "0123456789"
	b := put(t, s, "results/a/txt", []byte(content))
	for _, c := range []struct {
		offset, length int64
		want           string
	}{
		{0, 1, "0"}, {0, 10, content}, {3, 4, "3456"}, {9, 1, "9"},
		{8, 100, "89"}, {0, math.MaxInt64, content}, // beyond the end
		{10, 1, ""}, {11, 5, ""}, {1 << 40, 1, ""}, // at the end, and behind it
	} {
		got, err := part(t, s, b, c.offset, c.length)
		if err != nil || string(got) != c.want {
			t.Errorf("%d bytes from %d: %q, %v; want %q", c.length, c.offset, got, err, c.want)
		}
	}
}

func rangeOfAnEmptyBlobIsEmpty(t *testing.T, s Stores) {
	if got, err := part(t, s, put(t, s, "results/a/txt", nil), 0, 1); err != nil || len(got) != 0 {
		t.Errorf("%q, %v", got, err)
	}
}

func rangesTogetherAreTheWholeBlob(t *testing.T, s Stores) {
	want := large()
	b := put(t, s, "uploads/a/1", want)
	var got []byte
	for step := int64(4<<20 - 1); int64(len(got)) < b.Size; {
		next, err := part(t, s, b, int64(len(got)), step)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, next...)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%d bytes came back, want %d in their order", len(got), len(want))
	}
}

func rangeIsOfOneVersion(t *testing.T, s Stores) {
	first := put(t, s, "results/a/txt", []byte("first version"))
	second := put(t, s, "results/a/txt", []byte("second"))
	for name, offset := range map[string]int64{"within both": 0, "within the first alone": 8, "beyond both": 1000} {
		if got, err := part(t, s, first, offset, 3); !errors.Is(err, fault.ETagMismatch) {
			t.Errorf("first version, %s: %q, %v", name, got, err)
		}
	}
	if got, err := part(t, s, second, 0, 3); err != nil || string(got) != "sec" {
		t.Errorf("second version: %q, %v", got, err)
	}
}

func rangeNeverMixesVersions(t *testing.T, s Stores) {
	old := large()
	b := put(t, s, "results/a/pdf", old)
	const skipped = 1000
	r, err := s.Blobs.GetRange(t.Context(), b.Name, b.ETag, skipped, b.Size)
	if err != nil {
		t.Fatal(err)
	}
	head := make([]byte, 1<<20)
	if _, err := io.ReadFull(r, head); err != nil {
		t.Fatal(err)
	}
	put(t, s, b.Name, bytes.Repeat([]byte("z"), len(old)))
	tail, err := io.ReadAll(r)
	if closeErr := r.Close(); closeErr != nil {
		t.Log(closeErr)
	}
	if err == nil && !bytes.Equal(append(head, tail...), old[skipped:]) {
		t.Error("bytes of two versions came from one range without an error")
	}
}

func rangeThatCannotBeIsRefused(t *testing.T, s Stores) {
	b := put(t, s, "results/a/txt", []byte("0123456789"))
	for name, c := range map[string]struct {
		etag           string
		offset, length int64
	}{
		"negative offset":            {b.ETag, -1, 1},
		"most negative offset":       {b.ETag, math.MinInt64, 1},
		"no bytes":                   {b.ETag, 0, 0},
		"negative length":            {b.ETag, 0, -1},
		"most negative length":       {b.ETag, 5, math.MinInt64},
		"end that overflows":         {b.ETag, math.MaxInt64, 1},
		"length that overflows":      {b.ETag, 1, math.MaxInt64},
		"no version":                 {"", 0, 1},
		"any version":                {"*", 0, 1},
		"list of versions":           {b.ETag + `","` + b.ETag, 0, 1},
		"version with a line break":  {b.ETag + "\r\nX: y", 0, 1},
		"version longer than any is": {strings.Repeat("e", 1000), 0, 1},
	} {
		r, err := s.Blobs.GetRange(t.Context(), b.Name, c.etag, c.offset, c.length)
		if !errors.Is(err, fault.BadField) || r != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func rangeOfNothingIsNotFound(t *testing.T, s Stores) {
	b := put(t, s, "results/a/txt", []byte("0123456789"))
	if err := s.Blobs.Delete(t.Context(), b.Name); err != nil {
		t.Fatal(err)
	}
	for _, offset := range []int64{0, 1000} {
		if got, err := part(t, s, b, offset, 1); !errors.Is(err, fault.NotFound) {
			t.Errorf("from %d: %q, %v", offset, got, err)
		}
	}
}

func rangeOfUnfinishedIsNotFound(t *testing.T, s Stores) {
	if s.Stage == nil {
		t.Skip("this driver has no unfinished uploads")
	}
	const name = "uploads/h/a/staged"
	s.Stage(t, name)
	if _, err := s.Blobs.GetRange(t.Context(), name, "etag", 0, 1); !errors.Is(err, fault.NotFound) {
		t.Errorf("%v", err)
	}
}
