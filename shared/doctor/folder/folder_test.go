package folder_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/doctor"
	"github.com/lethe-ocr/lethe/shared/doctor/folder"
	"github.com/lethe-ocr/lethe/shared/storage/local"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
)

func TestInspectionOfRealFolders(t *testing.T) {
	const canary = "canary-name"
	ok := map[doctor.Check]doctor.Outcome{doctor.FolderModes: doctor.OK, doctor.FolderPlace: doctor.OK, doctor.FolderSpace: doctor.OK, doctor.Database: doctor.OK}
	for _, tc := range []struct {
		name   string
		below  string // the data folder lies below a folder of this name
		spoil  func(t *testing.T, dir string)
		breach doctor.Check
	}{
		{name: "healthy"},
		{name: "folder open to the group", breach: doctor.FolderModes, spoil: func(t *testing.T, dir string) { chmod(t, dir, 0o750) }},
		{name: "container open to all", breach: doctor.FolderModes, spoil: func(t *testing.T, dir string) { chmod(t, filepath.Join(dir, "blobs"), 0o755) }},
		{name: "document open to the group", breach: doctor.FolderModes, spoil: func(t *testing.T, dir string) {
			err := filepath.WalkDir(filepath.Join(dir, "blobs"), func(path string, entry fs.DirEntry, err error) error {
				if err == nil && entry.Type().IsRegular() {
					chmod(t, path, 0o640)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}},
		{name: "database open to all", breach: doctor.FolderModes, spoil: func(t *testing.T, dir string) { chmod(t, filepath.Join(dir, "lethe.db"), 0o644) }},
		{name: "link to elsewhere", breach: doctor.FolderModes, spoil: func(t *testing.T, dir string) {
			if err := os.Symlink(t.TempDir(), filepath.Join(dir, canary)); err != nil {
				t.Fatal(err)
			}
		}},
		{name: "in a synchronised folder", below: "Dropbox (Company)", breach: doctor.FolderPlace},
		{name: "in a folder of a like name", below: "Dropboxes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), tc.below, "data")
			store, err := local.Open(t.Context(), local.Config{Dir: dir, Now: time.Now})
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := store.Close(); err != nil {
					t.Error(err)
				}
			}()
			if _, err := store.Blobs.Put(t.Context(), "results/2026112408/app/task/txt", "text/plain", strings.NewReader("text")); err != nil {
				t.Fatal(err)
			}
			if tc.spoil != nil {
				tc.spoil(t, dir)
			}
			want := map[doctor.Check]doctor.Outcome{}
			for check := range ok {
				want[check] = doctor.OK
			}
			if tc.breach != "" {
				want[tc.breach] = doctor.Breach
			}
			got := map[doctor.Check]doctor.Outcome{}
			for _, f := range doctor.Run(t.Context(), folder.New(store)) {
				if f.Check == doctor.WallClock || f.Check == doctor.LinkAddress {
					continue // for probes of their own
				}
				if f.Check == doctor.FolderPlace && f.Outcome == doctor.Unknown {
					t.Skipf("the temporary folder is on a file system that nothing good is known of: %s", f.Found)
				}
				if strings.Contains(f.Found, canary) || strings.Contains(f.Found, dir) {
					t.Errorf("%s tells a name: %s", f.Check, f.Found)
				}
				got[f.Check] = f.Outcome
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestInspectionOfAClosedDatabaseIsUnknown(t *testing.T) {
	store, err := local.Open(t.Context(), local.Config{Dir: filepath.Join(t.TempDir(), "data"), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, f := range doctor.Run(t.Context(), folder.New(store)) {
		if f.Check != doctor.FolderPlace && f.Outcome != doctor.Unknown {
			t.Errorf("%s is %s", f.Check, f.Outcome)
		}
	}
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func TestInspectionOfAFullDiskIsABreach(t *testing.T) {
	dir, here := storagetest.SmallDisk(t, 16<<20)
	if !here {
		return
	}
	s, err := local.Open(t.Context(), local.Config{
		Dir: filepath.Join(dir, "data"), Server: true, Room: local.Room{Reserve: 1 << 20, Floor: 2 << 20}, Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	outcome := func() doctor.Outcome {
		for _, f := range doctor.Run(t.Context(), folder.New(s)) {
			if f.Check == doctor.FolderSpace {
				return f.Outcome
			}
		}
		return ""
	}
	if o := outcome(); o != doctor.OK {
		t.Errorf("with room: %s", o)
	}
	storagetest.Fill(t, dir)
	if o := outcome(); o != doctor.Breach {
		t.Errorf("on a full disk: %s", o)
	}
}
