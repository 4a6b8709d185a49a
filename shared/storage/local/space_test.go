package local_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/local"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
)

// room is small enough for the disks of these tests.
var room = local.Room{Reserve: 1 << 20, Floor: 2 << 20, Percent: 5}

func serverWithRoom(t *testing.T, dir string) *local.Store {
	t.Helper()
	s, err := local.Open(t.Context(), local.Config{Dir: dir, Server: true, Room: room, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func taskKey(n int) storage.Key {
	return storage.Key{Table: storage.Tasks, Partition: "p", Row: strconv.Itoa(n)}
}

// keepAll stores documents with their records.
func keepAll(t *testing.T, s *local.Store, documents int) (etags []string) {
	t.Helper()
	for n := range documents {
		etag, err := s.Records.Put(t.Context(), storage.Record{Key: taskKey(n), Value: bytes.Repeat([]byte("x"), 2000)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Blobs.Put(t.Context(), "uploads/h/a/"+strconv.Itoa(n), "a/b", strings.NewReader("document")); err != nil {
			t.Fatal(err)
		}
		etags = append(etags, etag)
	}
	return etags
}

// eraseAll does what erasing does: a tombstone, the bytes, the journal, an entry of the ledger.
func eraseAll(t *testing.T, s *local.Store, etags []string) {
	t.Helper()
	for n, etag := range etags {
		if _, err := s.Records.Put(t.Context(), storage.Record{Key: taskKey(n), Value: bytes.Repeat([]byte("t"), 2500), ETag: etag}); err != nil {
			t.Fatalf("write tombstone %d: %v", n, err)
		}
		if err := s.Blobs.Delete(t.Context(), "uploads/h/a/"+strconv.Itoa(n)); err != nil {
			t.Fatalf("erase document %d: %v", n, err)
		}
		if err := s.Records.Scrub(t.Context()); err != nil {
			t.Fatalf("empty the journal %d: %v", n, err)
		}
	}
	if _, err := s.Blobs.Put(t.Context(), "ledger/tile/0", "a/b", strings.NewReader("entry")); err != nil {
		t.Fatalf("write the ledger: %v", err)
	}
}

func TestARefusalForWantOfRoomNamesTheMinimumThatCanBeLowered(t *testing.T) {
	for what, room := range map[string]local.Room{"with a reserve that found no room": {Reserve: 1 << 20, Floor: 1 << 60}, "without a reserve": {Floor: 1 << 60}} {
		s, err := local.Open(t.Context(), local.Config{Dir: t.TempDir(), Server: true, Room: room, Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		err = s.Space.Check(t.Context())
		if !errors.Is(err, fault.StorageFull) || !strings.Contains(err.Error(), "LETHE_FREE_FLOOR_MIB") || strings.Contains(err.Error(), "is full") {
			t.Errorf("%s: %v", what, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestErasingGoesOnOnAFullDisk(t *testing.T) {
	dir, here := storagetest.SmallDisk(t, 16<<20)
	if !here {
		return
	}
	data := filepath.Join(dir, "data")
	s := serverWithRoom(t, data)
	etags := keepAll(t, s, 40)
	free := storagetest.Fill(t, dir)

	eraseAll(t, s, etags)

	if err := s.Space.Check(t.Context()); !errors.Is(err, fault.StorageFull) {
		t.Errorf("intake on a full disk: %v", err)
	}
	if _, err := s.Blobs.Put(t.Context(), "results/h/a/1", "a/b", strings.NewReader("text")); !errors.Is(err, fault.StorageFull) {
		t.Errorf("a result may use the reserve: %v", err)
	}
	if err := s.Space.Restore(t.Context()); !errors.Is(err, fault.StorageFull) {
		t.Errorf("the reserve is made whole on a full disk: %v", err)
	}
	free()
	if err := s.Space.Restore(t.Context()); err != nil {
		t.Fatalf("make the reserve whole: %v", err)
	}
	if err := s.Space.Check(t.Context()); err != nil {
		t.Errorf("intake with room: %v", err)
	}
	if _, err := s.Blobs.Put(t.Context(), "results/h/a/1", "a/b", strings.NewReader("text")); err != nil {
		t.Errorf("a result with room: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestServerStartsOnAFullDiskAndErases(t *testing.T) {
	dir, here := storagetest.SmallDisk(t, 16<<20)
	if !here {
		return
	}
	data := filepath.Join(dir, "data")
	s := serverWithRoom(t, data)
	etags := keepAll(t, s, 40)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	storagetest.Fill(t, dir)

	s = serverWithRoom(t, data)
	if err := s.Records.Check(t.Context()); err != nil {
		t.Errorf("the database: %v", err)
	}
	if err := s.Space.Check(t.Context()); !errors.Is(err, fault.StorageFull) {
		t.Errorf("intake on a full disk: %v", err)
	}
	eraseAll(t, s, etags)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestReserveIsWrittenAndHoldsNoPattern(t *testing.T) {
	dir := t.TempDir()
	s := serverWithRoom(t, dir)
	defer s.Close()
	file := filepath.Join(dir, "reserve")
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	stat, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(content)) != room.Reserve || allocated(t, stat) < room.Reserve {
		t.Errorf("%d bytes, of which %d are on the disk", len(content), allocated(t, stat))
	}
	const part = 4096
	seen := map[string]bool{}
	for at := 0; at < len(content); at += part {
		seen[string(content[at:at+part])] = true
	}
	if len(seen) != len(content)/part {
		t.Error("parts of the reserve are alike: a file system could save them")
	}
}

func TestUploadsInFlightCountAgainstTheFloor(t *testing.T) {
	dir, here := storagetest.SmallDisk(t, 16<<20)
	if !here {
		return
	}
	s := serverWithRoom(t, filepath.Join(dir, "data"))
	defer s.Close()
	free, size, err := s.Space.Free()
	if err != nil {
		t.Fatal(err)
	}
	most := free - s.Space.Floor(size)
	first, err := s.Space.Claim(most - 1000)
	if err != nil {
		t.Fatalf("the first upload: %v", err)
	}
	if _, err := s.Space.Claim(2000); !errors.Is(err, fault.StorageFull) {
		t.Errorf("an upload below the floor: %v", err)
	}
	// What has come is on the disk and no longer only promised.
	if _, err := io.Copy(io.Discard, first.Reader(io.LimitReader(zeros{}, 3000))); err != nil {
		t.Fatal(err)
	}
	second, err := s.Space.Claim(2000)
	if err != nil {
		t.Errorf("an upload for which there is room: %v", err)
	}
	second.Release()
	first.Release()
	all, err := s.Space.Claim(most)
	if err != nil {
		t.Errorf("after all have ended: %v", err)
	}
	all.Release()
}

func TestUploadOfUnknownSizeEndsAtTheFloor(t *testing.T) {
	dir, here := storagetest.SmallDisk(t, 16<<20)
	if !here {
		return
	}
	s := serverWithRoom(t, filepath.Join(dir, "data"))
	defer s.Close()
	claim, err := s.Space.Claim(-1)
	if err != nil {
		t.Fatal(err)
	}
	defer claim.Release()
	body := claim.Reader(io.LimitReader(zeros{}, 64<<20))
	if _, err := s.Blobs.Put(t.Context(), "uploads/h/a/1", "a/b", body); !errors.Is(err, fault.StorageFull) {
		t.Errorf("the upload ends with %v", err)
	}
	if staged, _ := os.ReadDir(filepath.Join(dir, "data", "staging")); len(staged) > 0 {
		t.Error("its bytes are left in staging")
	}
	if err := s.Space.Check(t.Context()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// Whatever is being written when erasing needs the reserve must not take it away.
func TestWritesUnderWayEndWhenTheReserveIsGivenBack(t *testing.T) {
	dir, here := storagetest.SmallDisk(t, 16<<20)
	if !here {
		return
	}
	s := serverWithRoom(t, filepath.Join(dir, "data"))
	defer s.Close()
	etags := keepAll(t, s, 40)
	var free func()
	body := io.MultiReader(
		strings.NewReader("first part"),
		io.LimitReader(readerFunc(func() { free = storagetest.Fill(t, dir); eraseAll(t, s, etags); free() }), 1),
		iotest.ErrReader(errors.New("read on")),
	)
	if _, err := s.Blobs.Put(t.Context(), "uploads/h/b/1", "a/b", body); !errors.Is(err, fault.StorageFull) {
		t.Errorf("the write ends with %v", err)
	}
}

// readerFunc is called for each byte.
type readerFunc func()

func (f readerFunc) Read(p []byte) (int, error) {
	f()
	return copy(p, "x"), nil
}

// zeros never end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestLockRemovedByHandLetsNoSecondServerIn(t *testing.T) {
	dir := t.TempDir()
	open(t, dir, true)
	if err := os.Remove(filepath.Join(dir, "lock")); err != nil {
		t.Fatal(err)
	}
	if s, err := local.Open(t.Context(), local.Config{Dir: dir, Server: true, Now: time.Now}); !errors.Is(err, local.ErrInUse) {
		t.Errorf("second server: %v", err)
		s.Close()
	}
}
