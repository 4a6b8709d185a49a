package local_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/lethe-ocr/lethe/shared/seal"
)

func TestPasswordsOpenWithTheKeyOfTheirFolderOnly(t *testing.T) {
	dir := t.TempDir()
	sealed, by, err := sealer(t, dir).Seal("the password", "app/task")
	if err != nil {
		t.Fatal(err)
	}
	if secret, err := sealer(t, dir).Open(sealed, by, "app/task"); secret != "the password" || err != nil { // another process, or a later one
		t.Errorf("opened: %q, %v", secret, err)
	}
	if secret, err := sealer(t, t.TempDir()).Open(sealed, by, "app/task"); err == nil {
		t.Errorf("another folder opens it: %q", secret)
	}
	database, err := os.ReadFile(filepath.Join(dir, "lethe.db"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(filepath.Join(dir, "key"))
	if err != nil || len(key) != 32 || bytes.Contains(database, key) {
		t.Errorf("the key lies in the database, or %v", err)
	}
}

func TestPreviousKeyOpensPasswordsUntilItIsDropped(t *testing.T) {
	dir := t.TempDir()
	sealed, by, err := sealer(t, dir).Seal("the password", "app/task")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "key"), filepath.Join(dir, "key.previous")); err != nil {
		t.Fatal(err)
	}
	replaced := sealer(t, dir)
	if secret, err := replaced.Open(sealed, by, "app/task"); secret != "the password" || err != nil || replaced.Current(by) || !replaced.Replaced() {
		t.Errorf("opened beside the new key: %q, %v", secret, err)
	}
	s := open(t, dir, false)
	for range 2 {
		if err := s.DropPreviousKey(); err != nil {
			t.Fatal(err)
		}
	}
	after := sealer(t, dir)
	if secret, err := after.Open(sealed, by, "app/task"); err == nil || after.Replaced() {
		t.Errorf("opened without the previous key: %q", secret)
	}
}

func sealer(t *testing.T, dir string) *seal.Keys {
	t.Helper()
	keys, err := open(t, dir, false).Sealer()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}
