package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// A release has the command line for people's machines: with its licences, a list of what it is made of, and a checksum.
func TestReleaseHasTheClientForEverySystem(t *testing.T) {
	needs(t, "cyclonedx-gomod")
	systems := []string{runtime.GOOS + "/" + runtime.GOARCH} // the others take minutes to compile
	if os.Getenv("LETHE_SOAK") != "" {
		systems = []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64"}
	}
	release := func() string {
		dir := filepath.Join(t.TempDir(), "release")
		cmd := exec.CommandContext(t.Context(), filepath.Join(root, "scripts", "release.sh"), append([]string{dir}, systems...)...)
		cmd.Env = append(os.Environ(), "VERSION=v1.2")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return dir
	}
	dir := release()
	if out, err := exec.CommandContext(t.Context(), "sh", "-c", "cd "+dir+" && sha256sum --check --strict SHA256SUMS").CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	for _, system := range systems {
		name := "lethe-v1.2-" + strings.ReplaceAll(system, "/", "-")
		program, archive := "lethe", name+".tar.gz"
		if strings.HasPrefix(system, "windows/") {
			program, archive = "lethe.exe", name+".zip"
		}
		files := unpacked(t, filepath.Join(dir, archive))
		if len(files) != 3 || len(files[name+"/LICENSE"]) == 0 || !bytes.Contains(files[name+"/licences.txt"], []byte("=== github.com/spf13/cobra: ")) {
			t.Errorf("%s has %d files", archive, len(files))
		}
		var list struct {
			SerialNumber string
			Metadata     struct {
				Timestamp string
				Component struct {
					Name, Version string
					Hashes        []struct{ Content string }
				}
			}
			Components []struct{ Name string }
		}
		raw, err := os.ReadFile(filepath.Join(dir, name+".cdx.json"))
		if err = errors.Join(err, json.Unmarshal(raw, &list)); err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(files[name+"/"+program])
		if c := list.Metadata.Component; c.Name != "lethe" || c.Version != "v1.2" || len(c.Hashes) != 1 || c.Hashes[0].Content != hex.EncodeToString(sum[:]) {
			t.Errorf("the list is of %+v", c)
		}
		if list.SerialNumber+list.Metadata.Timestamp != "" {
			t.Error("the list differs with each build")
		}
		if !slices.ContainsFunc(list.Components, func(c struct{ Name string }) bool { return c.Name == "github.com/spf13/cobra" }) {
			t.Errorf("the list has %d components, and not what reads command lines", len(list.Components))
		}
		if system != runtime.GOOS+"/"+runtime.GOARCH {
			continue
		}
		file := filepath.Join(t.TempDir(), program)
		if err := os.WriteFile(file, files[name+"/"+program], 0o700); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.CommandContext(t.Context(), file, "version").Output(); err != nil || string(out) != "lethe v1.2\n" {
			t.Errorf("says %q, %v", out, err)
		}
	}
	if len(systems) == 1 {
		return
	}
	again := release()
	if one, two := content(t, filepath.Join(dir, "SHA256SUMS")), content(t, filepath.Join(again, "SHA256SUMS")); one != two {
		t.Errorf("two builds differ:\n%s\n%s", one, two)
	}
}

func content(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// unpacked reads the files of an archive.
func unpacked(t *testing.T, file string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	packed := []byte(content(t, file))
	if strings.HasSuffix(file, ".zip") {
		r, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range r.File {
			in, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			if files[f.Name], err = io.ReadAll(in); err != nil {
				t.Fatal(err)
			}
		}
		return files
	}
	plain, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(plain); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeDir {
			continue
		}
		if files[h.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}
