package page_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"hash/crc32"
	"slices"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// preview is a result with pictures of pages 1 and 3, and where its directory begins.
func preview(t *testing.T) (file []byte, directory int) {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for n, picture := range map[int]string{1: "first", 3: "third"} {
		size := uint64(len(picture))
		entry, err := w.CreateRaw(&zip.FileHeader{
			Name: ocr.PreviewName(n), CRC32: crc32.ChecksumIEEE([]byte(picture)), CompressedSize64: size, UncompressedSize64: size,
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := entry.Write([]byte(picture)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), bytes.Index(b.Bytes(), []byte("PK\x01\x02"))
}

func TestPageFindsThePicturesOfAResultAndTakesNothingElseForOne(t *testing.T) {
	type file struct {
		Content []byte `json:"content"`
		Ranges  bool   `json:"ranges"`
		Expired bool   `json:"expired"`
	}
	whole, directory := preview(t)
	files := []file{{whole, true, false}, {whole, false, false}, {whole, true, true}}
	want := []string{"first none third, asked 3", "first none third, asked 1", "first none third, asked 3"}
	for n := range whole {
		files = append(files, file{whole[:n], true, false})
	}
	for i := directory; i < len(whole); i++ {
		files = append(files, file{slices.Concat(whole[:i], []byte{whole[i] ^ 0x81}, whole[i+1:]), true, false})
	}
	input, err := json.Marshal(map[string]any{"files": files})
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	if err := json.Unmarshal(runAssets(t, "testdata/previews.mjs", input), &found); err != nil || len(found) != len(files) {
		t.Fatalf("%d files, %d answers, %v", len(files), len(found), err)
	}
	if !slices.Equal(found[:3], want) {
		t.Errorf("%q, want %q", found[:3], want)
	}
	for n, got := range found[3:][:len(whole)] {
		if got != "damaged" {
			t.Errorf("of %d bytes: %s", n, got)
		}
	}
}
