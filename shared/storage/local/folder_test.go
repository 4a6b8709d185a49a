package local_test

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/storage/local"
)

// tree is what a folder holds: folders by their name and a slash, and the content of files.
type tree map[string]string

func (tr tree) plant(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, content := range tr {
		at, err := filepath.Join(dir, name), error(nil)
		if name[len(name)-1] == '/' {
			err = os.MkdirAll(at, 0o700)
		} else {
			err = errors.Join(os.MkdirAll(filepath.Dir(at), 0o700), os.WriteFile(at, []byte(content), 0o600))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// grown reads a folder.
func grown(t *testing.T, dir string) tree {
	t.Helper()
	tr := tree{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			tr[name+"/"] = ""
			return err
		}
		content, err := fs.ReadFile(os.DirFS(dir), name)
		tr[name] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

var aKey = string(bytes.Repeat([]byte{7}, 32))

func TestAFolderOfOtherFilesIsNeitherTakenNorTouched(t *testing.T) {
	for what, planted := range map[string]tree{
		"scans":                              {"scan-1.pdf": "%PDF", "scan-2.pdf": "%PDF"},
		"one hidden file":                    {".profile": ""},
		"something in staging":               {"staging/s.txt": "s"},
		"something longer than a key":        {"staging/key-s": aKey + "s"},
		"a folder in staging":                {"staging/key-s/": ""},
		"something among blobs":              {"blobs/holiday.jpg": "s", "staging/": ""},
		"blobs and a key of another kind":    {"blobs/s": "s", "key": "-----BEGIN PRIVATE KEY-----"},
		"a file of the name of the blobs":    {"blobs": "s"},
		"a file of the name of the staging":  {"staging": "s"},
		"a database and no blobs":            {"lethe.db": "s"},
		"a lock that somebody writes":        {"lock": "4711"},
		"files of a start, and another file": {"lock": "", "blobs/": "", "staging/": "", "s.txt": "s"},
		"a file of the name of lost+found":   {"lost+found": "s"},
	} {
		for _, server := range []bool{false, true} {
			dir := planted.plant(t)
			before := grown(t, dir)
			s, err := local.Open(t.Context(), local.Config{Dir: dir, Server: server, Room: local.Room{Reserve: 1}, Now: time.Now})
			if s != nil {
				err = errors.Join(err, s.Close())
			}
			if !errors.Is(err, local.ErrForeign) {
				t.Errorf("%s (server %t): %v", what, server, err)
			}
			if is, err := local.IsFolder(dir); is || err != nil {
				t.Errorf("%s is a data folder: %t, %v", what, is, err)
			}
			if diff := cmp.Diff(before, grown(t, dir)); diff != "" {
				t.Errorf("%s (server %t) was touched: %s", what, server, diff)
			}
		}
	}
	crowd := tree{}
	for name := range 200 {
		crowd[filepath.Join("staging", "key-"+string(rune('a'+name)))] = ""
	}
	if _, err := local.Open(t.Context(), local.Config{Dir: crowd.plant(t), Now: time.Now}); !errors.Is(err, local.ErrForeign) {
		t.Errorf("more than a start that was killed leaves: %v", err)
	}
}

// What a first start makes, in its order, and what was in the folder before: a kill after any of it keeps no later start away.
func TestAFirstStartThatWasKilledIsResumed(t *testing.T) {
	steps := []tree{
		{"lock": ""}, {"blobs/": ""}, {"staging/": ""}, {"staging/key-ABC": ""}, {"staging/key-ABC": aKey[:9]}, {"staging/key-ABC": aKey},
		{"key": aKey}, {"reserve": "half"}, {"lethe.db": ""}, {"lethe.db-wal": ""},
	}
	for _, there := range []tree{{}, {"lost+found/": ""}, {"signing.key": "PRIVATE+KEY"}} {
		left := tree{}
		for i := range len(steps) + 1 {
			for _, server := range []bool{true, false} {
				dir := left.plant(t)
				if err := os.CopyFS(dir, os.DirFS(there.plant(t))); err != nil {
					t.Fatal(err)
				}
				s, err := local.Open(t.Context(), local.Config{Dir: dir, Server: server, Room: local.Room{Reserve: 10}, Now: time.Now})
				if err != nil {
					t.Fatalf("after %d steps in %v: %v", i, there, err)
				}
				if err := errors.Join(s.Records.Check(t.Context()), s.Close()); err != nil {
					t.Errorf("after %d steps in %v: %v", i, there, err)
				}
				if is, err := local.IsFolder(dir); !is || err != nil {
					t.Errorf("after %d steps in %v it is no data folder: %v", i, there, err)
				}
			}
			if i < len(steps) {
				maps.Copy(left, steps[i])
			}
		}
	}
}

func TestADataFolderThatLostAFileIsStillKnown(t *testing.T) {
	for _, lost := range []string{"key", "lethe.db", "lock", "staging"} {
		dir := t.TempDir()
		made, err := local.Open(t.Context(), local.Config{Dir: dir, Server: true, Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		if err := made.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(dir, lost)); err != nil {
			t.Fatal(err)
		}
		if is, err := local.IsFolder(dir); !is || err != nil {
			t.Errorf("without %s: %t, %v", lost, is, err)
		}
		s, err := local.Open(t.Context(), local.Config{Dir: dir, Server: true, Now: time.Now})
		if err != nil {
			t.Errorf("without %s: %v", lost, err)
			continue
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
