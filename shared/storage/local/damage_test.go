package local_test

import (
	"crypto/rand"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/local"
)

// scribble writes random bytes over a part of a file.
func scribble(t *testing.T, file string, at, length int64) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	garbage := make([]byte, length)
	_, _ = rand.Read(garbage) // never fails
	_, err = f.WriteAt(garbage, at)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestDamagedDatabaseIsToldAndNothingInItCountsAsAbsent(t *testing.T) {
	const page = 4096
	for name, damage := range map[string]func(t *testing.T, file string, size int64){
		"its header":  func(t *testing.T, file string, _ int64) { scribble(t, file, 0, 100) },
		"all of it":   func(t *testing.T, file string, size int64) { scribble(t, file, 0, size) },
		"the middle":  func(t *testing.T, file string, size int64) { scribble(t, file, 3*page, size-5*page) },
		"its end":     func(_ *testing.T, file string, size int64) { _ = os.Truncate(file, size/2) },
		"no database": func(_ *testing.T, file string, _ int64) { _ = os.WriteFile(file, []byte("hello"), 0) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := serverWithRoom(t, dir)
			keepAll(t, s, 100)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(dir, "lethe.db")
			stat, err := os.Stat(file)
			if err != nil {
				t.Fatal(err)
			}
			damage(t, file, stat.Size())

			s = serverWithRoom(t, dir)
			defer s.Close()
			if err := s.Records.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "damaged") || !strings.Contains(err.Error(), "move it away") {
				t.Errorf("the check says %v", err)
			}
			for n := range 100 {
				if _, err := s.Records.Get(t.Context(), taskKey(n)); errors.Is(err, fault.NotFound) {
					t.Fatalf("record %d counts as absent", n)
				}
			}
			blobs, err := s.Blobs.List(t.Context(), "uploads/", "", 1000)
			if err != nil || len(blobs) != 100 {
				t.Errorf("%d documents can be found, %v", len(blobs), err)
			}
			for _, b := range blobs {
				if err := s.Blobs.Delete(t.Context(), b.Name); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestLockedDatabaseIsToldAndTriedAgain(t *testing.T) {
	dir := t.TempDir()
	s := serverWithRoom(t, dir)
	keepAll(t, s, 1)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	other, err := sql.Open("sqlite", filepath.Join(dir, "lethe.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	other.SetMaxOpenConns(1)
	if _, err := other.ExecContext(t.Context(), "PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}

	s, err = local.Open(t.Context(), local.Config{Dir: dir, Server: true, Room: room, Now: time.Now, Patience: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Records.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "locked") {
		t.Errorf("the check says %v", err)
	}
	if err := s.Blobs.Delete(t.Context(), "uploads/h/a/0"); err != nil {
		t.Errorf("erase: %v", err)
	}
	if _, err := s.Records.Get(t.Context(), taskKey(0)); !errors.Is(err, fault.Unavailable) {
		t.Errorf("read a record: %v", err)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); s.Records.Check(t.Context()) != nil; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the database is not tried again")
		}
	}
	if _, err := s.Records.Get(t.Context(), taskKey(0)); err != nil {
		t.Errorf("read a record: %v", err)
	}
}

// handlesOf counts the descriptors of this process on the files of a database.
func handlesOf(t *testing.T, file string) int {
	t.Helper()
	open, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, fd := range open {
		if to, err := os.Readlink(fd); err == nil && strings.HasPrefix(to, file) {
			n++
		}
	}
	return n
}

func TestWaitingCallsHoldNoDescriptors(t *testing.T) {
	dir := t.TempDir()
	s := serverWithRoom(t, dir)
	defer s.Close()
	file := filepath.Join(dir, "lethe.db")
	other, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	other.SetMaxOpenConns(1)
	if _, err := other.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	const calls, most = 700, 8*3 + 3
	ended := make(chan error, calls)
	for n := range calls {
		go func() {
			_, err := s.Records.Put(t.Context(), storage.Record{Key: taskKey(n), Value: []byte("x")})
			ended <- err
		}()
	}
	for range 20 {
		if n := handlesOf(t, file); n > most {
			t.Errorf("%d waiting calls hold %d descriptors", calls, n)
		}
		time.Sleep(10 * time.Millisecond)
	}
	if _, err := other.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	for range calls {
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	}
}
