package local_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"

	"github.com/lethe-ocr/lethe/shared/storage"
)

func TestSealedSecretOpensWithItsFolderAndSubjectOnly(t *testing.T) {
	dir := t.TempDir()
	mine, err := open(t, dir, true).Sealer()
	if err != nil {
		t.Fatal(err)
	}
	sealed := mine.Seal("the password", "app/task")
	if bytes.Contains(sealed, []byte("password")) || bytes.Equal(sealed, mine.Seal("the password", "app/task")) {
		t.Error("the sealed form tells something of the secret")
	}
	again, err := open(t, dir, false).Sealer() // another process, or a later one
	if err != nil {
		t.Fatal(err)
	}
	if secret, err := again.Open(sealed, "app/task"); secret != "the password" || err != nil {
		t.Errorf("opened: %q, %v", secret, err)
	}
	other, err := open(t, t.TempDir(), true).Sealer()
	if err != nil {
		t.Fatal(err)
	}
	if secret, err := other.Open(sealed, "app/task"); err == nil {
		t.Errorf("another folder opens it: %q", secret)
	}
	if secret, err := mine.Open(sealed, "app/other"); err == nil {
		t.Errorf("it opens for another subject: %q", secret)
	}
	if secret, err := mine.Open(sealed[:len(sealed)-1], "app/task"); err == nil {
		t.Errorf("a part of it opens: %q", secret)
	}
}

func TestRefreshDisturbsNobody(t *testing.T) {
	s := open(t, t.TempDir(), true)
	key := storage.Key{Table: storage.Tasks, Partition: "p", Row: "r"}
	if _, err := s.Records.Put(t.Context(), storage.Record{Key: key, Value: []byte("value")}); err != nil {
		t.Fatal(err)
	}
	var users sync.WaitGroup
	for n := range 6 {
		users.Go(func() {
			for i := range 30 {
				if _, err := s.Records.Get(t.Context(), key); err != nil {
					t.Errorf("read: %v", err)
				}
				mine := storage.Key{Table: storage.Tasks, Partition: "p", Row: strings.Repeat("x", n+1) + strings.Repeat("y", i+1)}
				if _, err := s.Records.Put(t.Context(), storage.Record{Key: mine, Value: []byte("value")}); err != nil {
					t.Errorf("write: %v", err)
				}
			}
		})
	}
	for range 20 {
		if err := s.Records.Refresh(t.Context()); err != nil {
			t.Errorf("refresh: %v", err)
		}
	}
	users.Wait()
}
