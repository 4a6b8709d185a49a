package traineddata_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr/traineddata"
)

// data is the smallest file that passes for language data: a table of parts, and a network.
func data(t *testing.T) []byte {
	t.Helper()
	begins := slices.Repeat([]int64{-1}, 24)
	begins[17] = 4 + 8*int64(len(begins))
	var b bytes.Buffer
	for _, v := range []any{int32(len(begins)), begins, []byte("network")} {
		if err := binary.Write(&b, binary.LittleEndian, v); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, to, path string) {
	t.Helper()
	if err := os.Symlink(to, path); err != nil {
		t.Fatal(err)
	}
}

func TestFoldersAndFilesMayBeLinks(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "real", "eng.traineddata"), data(t))
	write(t, filepath.Join(dir, "real", "osd.traineddata"), data(t))
	write(t, filepath.Join(dir, "elsewhere", "deu.traineddata"), data(t))
	link(t, "../elsewhere/deu.traineddata", filepath.Join(dir, "real", "deu.traineddata"))
	link(t, "real", filepath.Join(dir, "link"))
	link(t, filepath.Join(dir, "link"), filepath.Join(dir, "again"))
	if err := os.MkdirAll(filepath.Join(dir, "far", "away"), 0o700); err != nil {
		t.Fatal(err)
	}
	link(t, filepath.Join(dir, "far", "away"), filepath.Join(dir, "aside"))
	t.Chdir(dir)
	for _, given := range []string{"real", "link", "./again/", filepath.Join(dir, "link"), dir + "/aside/../../link"} {
		f, err := traineddata.Find(given)
		if err != nil {
			t.Errorf("%s: %v", given, err)
			continue
		}
		if got := strings.Join(f.Languages(), " "); got != "deu eng" {
			t.Errorf("%s has the languages %q", given, got)
		}
		if want, err := filepath.EvalSymlinks(filepath.Join(dir, "real")); err != nil || f.Path != want {
			t.Errorf("%s is %s, want %s: workers have another working folder", given, f.Path, want)
		}
	}
}

func TestFileThatTheEngineCannotUseIsRefusedByName(t *testing.T) {
	cut := data(t)[:100]
	for name, test := range map[string]struct {
		make func(path string)
		want string
	}{
		"a link to nothing":       {func(p string) { link(t, "/nowhere/deu", p) }, "a link to what is not there"},
		"a link to itself":        {func(p string) { link(t, p, p) }, "leads in a circle"},
		"a folder":                {func(p string) { write(t, filepath.Join(p, "x"), nil) }, "is no file"},
		"an empty file":           {func(p string) { write(t, p, nil) }, "holds no language data"},
		"a placeholder":           {func(p string) { write(t, p, []byte("version https://git-lfs.github.com/spec/v1\n")) }, "holds no language data"},
		"half a download":         {func(p string) { write(t, p, cut) }, "holds no language data"},
		"a table without network": {func(p string) { write(t, p, append([]byte{24, 0, 0, 0}, bytes.Repeat([]byte{0xff}, 24*8)...)) }, "holds no language data"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			bad := filepath.Join(dir, "deu.traineddata")
			test.make(bad)
			if _, err := traineddata.Find(dir); err == nil || !strings.Contains(err.Error(), bad) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("alone: %v, want the name of the file and that it %s", err, test.want)
			}
			write(t, filepath.Join(dir, "eng.traineddata"), data(t))
			f, err := traineddata.Find(dir)
			if err != nil {
				t.Fatalf("beside a good one: %v", err)
			}
			if got := f.Languages(); !slices.Equal(got, []string{"eng"}) {
				t.Errorf("the languages are %q", got)
			}
			if err := f.Problem("deu"); err == nil || !strings.Contains(err.Error(), bad) {
				t.Errorf("the problem of deu is %v", err)
			}
		})
	}
}

func TestFolderWithoutLanguageDataIsRefusedByName(t *testing.T) {
	dir := t.TempDir()
	link(t, "nowhere", filepath.Join(dir, "link"))
	write(t, filepath.Join(dir, "file"), nil)
	for _, given := range []string{dir, filepath.Join(dir, "link"), filepath.Join(dir, "missing"), filepath.Join(dir, "file")} {
		if _, err := traineddata.Find(given); err == nil || !strings.Contains(err.Error(), given) {
			t.Errorf("%s: %v", given, err)
		}
	}
}

func TestNameThatIsNoCodeIsRefused(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "eng.traineddata"), data(t))
	write(t, filepath.Join(dir, "e+n.traineddata"), data(t))
	f, err := traineddata.Find(dir)
	if err != nil || !slices.Equal(f.Languages(), []string{"eng"}) || len(f.Problems()) != 1 {
		t.Errorf("the languages are %q, with the problems %v; %v", f.Languages(), f.Problems(), err)
	}
}
