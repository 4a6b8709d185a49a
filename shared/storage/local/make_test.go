package local_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/local"
)

var madeKey = bytes.Repeat([]byte{7}, 32)

func entries(t *testing.T, dir string) []string {
	t.Helper()
	found, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range found {
		names = append(names, e.Name())
	}
	return names
}

func TestAMadeFolderHasItsKeyAndWhatWasPutThere(t *testing.T) {
	at := filepath.Join(t.TempDir(), "data")
	cfg := local.Config{Dir: at, Now: time.Now}
	err := local.Make(t.Context(), cfg, madeKey, func(s *local.Store) error {
		if _, err := os.Stat(at); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the folder has its name before it is whole: %v", err)
		}
		_, err := s.Records.Put(t.Context(), storage.Record{Key: storage.Key{Table: storage.Applications, Partition: "p", Row: "r"}, Value: []byte("v")})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if names := entries(t, filepath.Dir(at)); len(names) != 1 {
		t.Errorf("beside the folder there are %q", names)
	}
	s, err := local.Open(t.Context(), local.Config{Dir: at, Server: true, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	saved, err := s.Records.Saved(t.Context())
	if err := errors.Join(err, s.Close()); err != nil || len(saved) != 1 || !bytes.Equal(s.Key(), madeKey) {
		t.Errorf("%d records, the key is the one given: %t; %v", len(saved), bytes.Equal(s.Key(), madeKey), err)
	}
}

func TestAFolderThatIsThereIsNotMade(t *testing.T) {
	at := t.TempDir()
	err := local.Make(t.Context(), local.Config{Dir: at, Now: time.Now}, madeKey, func(*local.Store) error { return nil })
	if !errors.Is(err, fs.ErrExist) || len(entries(t, at)) > 0 || len(entries(t, filepath.Dir(at))) != 1 {
		t.Errorf("%v; the folder now holds %q", err, entries(t, at))
	}
}

func TestAFolderThatCannotBeFilledIsNotThere(t *testing.T) {
	in := t.TempDir()
	refused := errors.New("refused")
	err := local.Make(t.Context(), local.Config{Dir: filepath.Join(in, "data"), Now: time.Now}, madeKey, func(*local.Store) error { return refused })
	if !errors.Is(err, refused) || len(entries(t, in)) > 0 {
		t.Errorf("%v, left: %q", err, entries(t, in))
	}
}

// A process that is killed cleans nothing up.
func TestNobodyServesFromAFolderThatIsHalfMade(t *testing.T) {
	in := t.TempDir()
	cfg := local.Config{Dir: filepath.Join(in, "data"), Now: time.Now}
	var half []string
	err := local.Make(t.Context(), cfg, madeKey, func(*local.Store) error {
		// What a kill at this moment leaves.
		names := entries(t, in)
		if len(names) != 1 {
			t.Fatalf("there are %q", names)
		}
		copied := filepath.Join(in, names[0]+".killed")
		if err := os.CopyFS(copied, os.DirFS(filepath.Join(in, names[0]))); err != nil {
			t.Fatal(err)
		}
		half = append(half, copied, filepath.Join(in, names[0]))
		for _, dir := range half {
			for _, server := range []bool{true, false} {
				if s, err := local.Open(t.Context(), local.Config{Dir: dir, Server: server, Now: time.Now}); !errors.Is(err, local.ErrUnfinished) {
					t.Errorf("a half made folder opens: %v, %v", s, err)
				}
			}
		}
		if err := local.Make(t.Context(), cfg, madeKey, func(*local.Store) error { return nil }); err == nil {
			t.Error("two at once make one folder")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
