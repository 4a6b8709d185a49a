package local_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/local"
)

func TestProcessesThatStartAtOnceShareOneKey(t *testing.T) {
	expires := time.Unix(2_000_000_000, 0)
	for range 20 {
		dir := t.TempDir()
		urls := make([]string, 4)
		var wg sync.WaitGroup
		for i := range urls {
			wg.Go(func() {
				s, err := local.Open(t.Context(), local.Config{Dir: dir, Server: i == 0, Now: time.Now})
				if err != nil {
					t.Error(err)
					return
				}
				links := s.Links(local.LinksConfig{Base: func() string { return "http://h" }})
				link, err := links.UploadLink(t.Context(), "uploads/h/a/1", 0, expires)
				if err := errors.Join(err, s.Close()); err != nil {
					t.Error(err)
				}
				urls[i] = link.URL
			})
		}
		wg.Wait()
		for _, u := range urls[1:] {
			if u != urls[0] {
				t.Fatal("two processes sign with different keys")
			}
		}
		left, err := os.ReadDir(filepath.Join(dir, "staging"))
		if err != nil || len(left) > 0 {
			t.Fatalf("staging holds %v, %v", left, err)
		}
	}
}

// copyFiles copies the files of a folder as they are, which is what a killed process leaves.
func copyFiles(t *testing.T, from string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

func TestRestartErasesWhatAKilledServerLeftInTheLog(t *testing.T) {
	const canary = "CANARY-0815"
	dir := t.TempDir()
	s := open(t, dir, false)
	key := storage.Key{Table: storage.Tasks, Partition: "p", Row: "r"}
	if _, err := s.Records.Put(t.Context(), storage.Record{Key: key, Value: []byte(strings.Repeat(canary, 100))}); err != nil {
		t.Fatal(err)
	}
	if err := s.Records.Delete(t.Context(), key, ""); err != nil {
		t.Fatal(err)
	}
	killed := copyFiles(t, dir)
	if len(found(t, killed, canary)) == 0 {
		t.Fatal("the log shows nothing before the restart: the search proves nothing")
	}
	open(t, killed, true)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for len(found(t, killed, canary)) > 0 {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("an idle server keeps erased bytes in %v", found(t, killed, canary))
		}
	}
}

func TestBlobsAreDatedByTheStoresClock(t *testing.T) {
	clock := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	s, err := local.Open(t.Context(), local.Config{Dir: t.TempDir(), Server: true, Now: func() time.Time { return clock }})
	if err != nil {
		t.Fatal(err)
	}
	put, err := s.Blobs.Put(t.Context(), "uploads/h/a/1", "text/plain", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	stat, err := s.Blobs.Stat(t.Context(), "uploads/h/a/1")
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	if !put.Created.Equal(clock) {
		t.Errorf("created %v, want %v", put.Created, clock)
	}
	if diff := cmp.Diff(put, stat); diff != "" {
		t.Errorf("Put and Stat differ (-put +stat):\n%s", diff)
	}
}

// atEnd calls done when the source is used up.
type atEnd struct {
	source io.Reader
	done   func()
}

func (a atEnd) Read(p []byte) (int, error) {
	n, err := a.source.Read(p)
	if errors.Is(err, io.EOF) {
		a.done()
	}
	return n, err
}

func TestPutCancelledWithItsLastByteLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, true)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := s.Blobs.Put(ctx, "uploads/h/a/1", "text/plain", atEnd{strings.NewReader("secret"), cancel})
	if !errors.Is(err, context.Canceled) || !errors.Is(err, fault.Unavailable) {
		t.Errorf("Put: %v", err)
	}
	if hits := found(t, dir, "secret"); len(hits) > 0 {
		t.Errorf("left: %v", hits)
	}
}

func TestSecondUploadIsRefusedUnread(t *testing.T) {
	s := open(t, t.TempDir(), true)
	if _, err := s.Blobs.Create(t.Context(), "uploads/h/a/1", "text/plain", strings.NewReader("first")); err != nil {
		t.Fatal(err)
	}
	read := errors.New("the second body was read")
	_, err := s.Blobs.Create(t.Context(), "uploads/h/a/1", "text/plain", iotest.ErrReader(read))
	if !errors.Is(err, fault.AlreadyExists) {
		t.Errorf("Create: %v", err)
	}
}

func TestUploadsAtOnceCreateOneBlob(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, true)
	var mu sync.Mutex
	created := 0
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			_, err := s.Blobs.Create(t.Context(), "uploads/h/a/1", "text/plain", strings.NewReader("x"))
			if err != nil && !errors.Is(err, fault.AlreadyExists) {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				created++
			}
		})
	}
	wg.Wait()
	if created != 1 {
		t.Errorf("%d uploads created the blob", created)
	}
}

func TestFoldersThatEmptyDoNotDisturbOtherBlobs(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, true)
	var wg sync.WaitGroup
	for _, name := range []string{"work/h/a/1", "work/h/a/2", "work/h/b/1"} {
		wg.Go(func() {
			for range 30 {
				if _, err := s.Blobs.Put(t.Context(), name, "text/plain", strings.NewReader("x")); err != nil {
					t.Error(err)
				}
				if err := s.Blobs.Delete(t.Context(), name); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	var left []string
	err := filepath.WalkDir(filepath.Join(dir, "blobs"), func(path string, _ fs.DirEntry, err error) error {
		left = append(left, path)
		return err
	})
	if err != nil || len(left) != 1 {
		t.Errorf("left: %v, %v", left, err)
	}
}
