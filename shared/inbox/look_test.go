//go:build unix

package inbox

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// between lets something happen between the two looks.
func (s *scene) between(do func()) {
	s.cfg.Wait = func(ctx context.Context, _ time.Duration) error { do(); return ctx.Err() }
}

func (s *scene) rename(from, to string) {
	s.t.Helper()
	if err := os.Rename(filepath.Join(s.inbox, from), filepath.Join(s.inbox, to)); err != nil {
		s.t.Fatal(err)
	}
}

func TestOnlyFilesThatAreCompleteAreTaken(t *testing.T) {
	t.Parallel()
	s := newScene(t, map[string]string{
		"whole.pdf": "whole", "grows.pdf": "gro", "touched.pdf": "touched", "replaced.pdf": "old", "new": "newer", "was.part": "was", "copy.PDF.part": "co", ".hidden.pdf": "hid",
		"empty.pdf": "", "gone.pdf": "gone",
	})
	then := time.Now().Add(-time.Hour)
	for _, name := range []string{"replaced.pdf", "new"} { // nothing but the file itself tells them apart
		if err := os.Chtimes(filepath.Join(s.inbox, name), then, then); err != nil {
			t.Fatal(err)
		}
	}
	s.put("new", "new")
	if err := os.Chtimes(filepath.Join(s.inbox, "new"), then, then); err != nil {
		t.Fatal(err)
	}
	s.between(func() {
		s.put("grows.pdf", "grown")
		if err := os.Chtimes(filepath.Join(s.inbox, "touched.pdf"), then, then); err != nil {
			t.Error(err)
		}
		s.rename("new", "replaced.pdf")
		s.rename("was.part", "was.pdf")
		if err := os.Remove(filepath.Join(s.inbox, "gone.pdf")); err != nil {
			t.Error(err)
		}
	})
	totals, err := s.run()
	if want := (Totals{Done: 1, Left: 2}); err != nil || totals != want {
		t.Errorf("%+v, %v; want %+v", totals, err, want)
	}
	s.between(func() {})
	if totals, err = s.run(); err != nil || totals.Done != 4 {
		t.Errorf("second run: %+v, %v", totals, err)
	}
	got := s.files(s.out)
	maps.DeleteFunc(got, func(name, _ string) bool { return strings.HasSuffix(name, ".json") })
	want := map[string]string{
		"whole.pdf.txt": "txt of whole", "grows.pdf.txt": "txt of grown", "touched.pdf.txt": "txt of touched", "replaced.pdf.txt": "txt of new",
		"was.pdf.txt": "txt of was",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
}

// A name is another user's: no name leads out of the folders, is lost, or becomes a flag or a line of its own.
func TestNamesAreHostile(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ä", 125) + ".pdf"
	names := []string{
		"-rf", "line\nbreak.pdf", "tab\t.pdf", "bad\xff\xfe.pdf", "x..\\..\\up.pdf", "a:b*?.pdf", "right\u202eleft.pdf", long, strings.Repeat("x", 255), "a b.pdf",
		"record.json", strings.Repeat("y", 100) + "." + strings.Repeat("z", 100), "$(reboot).pdf", "%s%n.pdf",
	}
	contents := map[string]string{}
	for i, name := range names {
		contents[name] = fmt.Sprintf("letter %d", i)
	}
	s := newScene(t, contents)
	outside := filepath.Join(t.TempDir(), "secret")
	err := errors.Join(
		os.WriteFile(outside, []byte("secret"), 0o600),
		os.Symlink(outside, filepath.Join(s.inbox, "link.pdf")),
		os.Symlink("/dev/zero", filepath.Join(s.inbox, "device.pdf")),
		syscall.Mkfifo(filepath.Join(s.inbox, "pipe.pdf"), 0o600),
		os.Mkdir(filepath.Join(s.inbox, "folder.pdf"), 0o700),
	)
	if err != nil {
		t.Fatal(err)
	}
	totals, err := s.run()
	if want := (Totals{Done: len(names), Left: 3}); err != nil || totals != want {
		t.Errorf("%+v, %v; want %+v", totals, err, want)
	}
	for _, folder := range []string{s.out, s.don} {
		found := s.files(folder)
		for name := range found {
			if strings.ContainsAny(name, "\n\t\\:*?\u202e") || !utf8.ValidString(name) || name[0] == '-' {
				t.Errorf("%q is no name for a file", name)
			}
		}
		for i := range names {
			letter := fmt.Sprintf("letter %d", i)
			if !slices.ContainsFunc(slices.Collect(maps.Values(found)), func(content string) bool { return content == letter || content == "txt of "+letter }) {
				t.Errorf("%q is not in %s", names[i], folder)
			}
		}
	}
	if left := s.files(s.inbox); len(left) != 4 {
		t.Errorf("%q are left in the inbox, want the link, the device, the pipe and the folder", slices.Collect(maps.Keys(left)))
	}
}

// A link that takes a file's place at the last moment is not followed.
func TestLinkThatTakesTheFilesPlaceIsNotFollowed(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	outside := filepath.Join(t.TempDir(), "secret")
	key := "6c84fb90-12c4-11e1-840d-7b25c5ee775a"
	folder := filepath.Join(s.inbox, Claims, key)
	err := errors.Join(os.WriteFile(outside, []byte("secret"), 0o600), os.MkdirAll(folder, 0o700), os.Symlink(outside, filepath.Join(folder, "scan.pdf")))
	if err != nil {
		t.Fatal(err)
	}
	if totals, err := s.run(); err != nil || totals.Failed != 1 || len(s.sent) > 0 {
		t.Errorf("%+v, %v; sent %q", totals, err, s.sent)
	}
	if kept, err := os.ReadFile(outside); err != nil || string(kept) != "secret" {
		t.Errorf("the file behind the link: %q, %v", kept, err)
	}
}

// Files are remembered from look to look up to a number, and all have their turn: in as many looks as it takes to remember them, and one.
func TestLookRemembersAFewFiles(t *testing.T) {
	t.Parallel()
	for _, files := range []int{listed, 2 * listed, 5*listed + 1} {
		dir := t.TempDir()
		for n := range files {
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(n)), []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		l := look{folder: dir, most: listed}
		complete, looks := 0, 0
		for looks < 2 || l.more || l.taken > 0 {
			looks++
			err := l.at(t.Context(), func(f file) bool {
				complete++
				return os.Remove(filepath.Join(dir, f.name)) == nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if len(l.seen) > l.most {
				t.Fatalf("%d files are remembered", len(l.seen))
			}
		}
		if most := (files+listed-1)/listed + 2; complete != files || looks > most {
			t.Errorf("%d of %d files were complete in %d looks, want %d at most", complete, files, looks, most)
		}
	}
}

// Files that nobody may take do not keep others from their turn.
func TestFilesThatCannotBeTakenLeaveRoomForTheOthers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const files = 3*listed + 7
	for n := range files {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(n)), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l := look{folder: dir, most: 2 * listed}
	taken := 0
	for range 20 {
		err := l.at(t.Context(), func(f file) bool {
			if strings.HasSuffix(f.name, "7") { // about a tenth
				return false
			}
			taken++
			return os.Remove(filepath.Join(dir, f.name)) == nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || taken+len(left) != files || len(left) > files/9 {
		t.Errorf("%d files were taken, %d are left, %v", taken, len(left), err)
	}
}

func TestOnceWorksOffMoreFilesThanAreRemembered(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	s.cfg.seen = 10
	const documents = listed + 21
	for n := range documents {
		s.put(fmt.Sprintf("letter %d.pdf", n), fmt.Sprintf("letter %d", n))
	}
	looks := 0
	s.between(func() { looks++ })
	s.cfg.Parallel = 4
	if totals, err := s.run(); err != nil || totals.Done != documents {
		t.Fatalf("%+v, %v", totals, err)
	}
	t.Logf("%d documents in %d looks", documents, looks+1)
	if len(s.files(s.inbox)) > 0 || len(s.files(s.don)) != documents || len(s.tasks) != documents {
		t.Errorf("%d are left, %d done, %d tasks", len(s.files(s.inbox)), len(s.files(s.don)), len(s.tasks))
	}
}
