package local_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
)

func TestProbeWritesToTheFolderItself(t *testing.T) {
	dir, here := storagetest.SmallDisk(t, 16<<20)
	if !here {
		return
	}
	data := filepath.Join(dir, "data")
	s := serverWithRoom(t, data)
	defer s.Close()
	if err := s.Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	free := storagetest.Fill(t, dir)
	if err := s.Probe(t.Context()); err != nil {
		t.Errorf("on a full disk: %v", err)
	}
	free()

	if err := os.Rename(data, data+".moved"); err != nil {
		t.Fatal(err)
	}
	if err := s.Probe(t.Context()); err == nil || !strings.Contains(err.Error(), "moved") {
		t.Errorf("a folder that was moved: %v", err)
	}
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := s.Probe(t.Context()); err == nil || !strings.Contains(err.Error(), "replaced") {
		t.Errorf("another folder in its place: %v", err)
	}
	if err := os.Remove(data); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(data+".moved", data); err != nil {
		t.Fatal(err)
	}
	if err := s.Probe(t.Context()); err != nil {
		t.Errorf("put back: %v", err)
	}
}

func TestProbeOfAClosedFolderFails(t *testing.T) {
	s := serverWithRoom(t, t.TempDir())
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Probe(t.Context()); err == nil {
		t.Error("a byte was written to what is closed")
	}
}
