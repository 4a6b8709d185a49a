package local_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/local"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
)

func open(t *testing.T, dir string, server bool) *local.Store {
	t.Helper()
	s, err := local.Open(t.Context(), local.Config{Dir: dir, Server: server, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestConformance(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storagetest.Stores {
		s := open(t, t.TempDir(), true)
		links := serve(t, s, local.LinksConfig{
			MaxSize: 20 << 20, Now: time.Now, Open: (&linked{}).open, Expect: expectAll,
			Admit:    func(context.Context, string) error { return nil },
			Landed:   func(context.Context, string, string) error { return nil },
			Repeated: func(context.Context, string, string) error { return fault.New(fault.AlreadyExists, "another document") },
		})
		return storagetest.Stores{Blobs: s.Blobs, Records: s.Records, Agenda: s.Records, Links: links, BindsSize: true}
	})
}

func TestConformanceBesideAServer(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storagetest.Stores {
		dir := t.TempDir()
		server, verb := open(t, dir, true), open(t, dir, false)
		return storagetest.Stores{Blobs: verb.Blobs, Records: server.Records, Agenda: verb.Records}
	})
}

func TestSecondServerIsRefused(t *testing.T) {
	dir := t.TempDir()
	open(t, dir, true)
	if _, err := local.Open(t.Context(), local.Config{Dir: dir, Server: true, Now: time.Now}); !errors.Is(err, local.ErrInUse) {
		t.Errorf("second server: %v", err)
	}
}

func TestVerbKnowsWhetherAServerHasTheFolder(t *testing.T) {
	dir := t.TempDir()
	verb := open(t, dir, false)
	is := func(want bool) {
		t.Helper()
		if served, err := verb.Served(); err != nil || served != want {
			t.Errorf("served: %v, %v; want %v", served, err, want)
		}
	}
	is(false)
	server, err := local.Open(t.Context(), local.Config{Dir: dir, Server: true, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	is(true)
	if err := os.Remove(filepath.Join(dir, "lock")); err != nil { // by hand, by somebody who thought it stale
		t.Fatal(err)
	}
	is(true)
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	is(false)
}

// found lists the files below dir that contain any of the needles.
func found(t *testing.T, dir string, needles ...string) []string {
	t.Helper()
	var hits []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, n := range needles {
			if bytes.Contains(content, []byte(n)) || strings.Contains(path, n) {
				hits = append(hits, path+": "+n)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return hits
}

func TestErasedValuesLeaveNoBytesInAnyFile(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, true)
	const canary = "CANARY-4711-document-password"
	key := storage.Key{Table: storage.Tasks, Partition: "p", Row: "r"}
	for range 50 { // over more than one page of the database
		etag, err := s.Records.Put(t.Context(), storage.Record{Key: key, Value: []byte(strings.Repeat(canary, 300))})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Blobs.Put(t.Context(), "work/h/a/1", "text/plain", strings.NewReader(canary)); err != nil {
			t.Fatal(err)
		}
		if len(found(t, dir, canary)) == 0 {
			t.Fatal("the canary is nowhere to be found before it is erased: the search proves nothing")
		}
		if _, err := s.Records.Put(t.Context(), storage.Record{Key: key, Value: []byte("{}"), ETag: etag}); err != nil {
			t.Fatal(err)
		}
		if err := s.Records.Delete(t.Context(), key, ""); err != nil {
			t.Fatal(err)
		}
		if err := s.Blobs.Delete(t.Context(), "work/h/a/1"); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Records.Scrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	if hits := found(t, dir, canary); len(hits) > 0 {
		t.Errorf("erased bytes are still in %v", hits)
	}
}

func TestEverythingIsTheOwnersAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := open(t, dir, true)
	if _, err := s.Blobs.Put(t.Context(), "results/h/a/txt", "text/plain", strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Records.Put(t.Context(), storage.Record{Key: storage.Key{Table: storage.Tasks, Partition: "p", Row: "r"}}); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestServerErasesWhatAnEarlierOneLeftHalfWritten(t *testing.T) {
	dir := t.TempDir()
	open(t, dir, false)
	if err := os.WriteFile(filepath.Join(dir, "staging", "left"), []byte("half a document"), 0o600); err != nil {
		t.Fatal(err)
	}
	open(t, dir, false)
	if len(found(t, dir, "half a document")) == 0 {
		t.Error("an operator verb erased what a running server may be writing")
	}
	open(t, dir, true)
	if hits := found(t, dir, "half a document"); len(hits) > 0 {
		t.Errorf("left: %v", hits)
	}
}
