package main

import (
	"archive/tar"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// small is a package in little: what the image is made of is there, each file with its name for content.
func small(t *testing.T) source {
	t.Helper()
	dir := t.TempDir()
	from := source{
		Package: filepath.Join(dir, "dist"), Bill: filepath.Join(dir, "bill"), Authorities: filepath.Join(dir, "authorities"),
		Version: "v1.2", Revision: "c0ffee", Created: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	}
	for _, file := range []string{
		"dist/stage/lethe", "dist/stage/lethe-worker", "dist/stage/lethe-worker-x86-64-v3", "dist/stage/tessdata/eng.traineddata", "dist/stage/host.json",
		"dist/cache/wazero/a", "bill/licences.txt", "bill/sbom.cdx.json",
	} {
		put(t, filepath.Join(dir, file), []byte(file))
	}
	put(t, filepath.Join(dir, "authorities", "one.crt"), authority())
	return from
}

func put(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, content, 0o600)); err != nil {
		t.Fatal(err)
	}
}

// makeImage builds and writes an image, and reads it back from the layout.
func makeImage(t *testing.T, from source) (made, v1.Image) {
	t.Helper()
	img, err := build(from)
	if err != nil {
		t.Fatal(err)
	}
	m, err := write(img, from, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	index, err := layout.ImageIndexFromPath(m.layout)
	if err != nil {
		t.Fatal(err)
	}
	read, err := index.Image(m.digest)
	if err != nil {
		t.Fatal(err)
	}
	return m, read
}

// files are the entries of an image's root by name.
func files(t *testing.T, img v1.Image) map[string]*tar.Header {
	t.Helper()
	root := mutate.Extract(img)
	defer root.Close()
	found := map[string]*tar.Header{}
	for r := tar.NewReader(root); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeDir {
			h.Name = strings.TrimSuffix(h.Name, "/") + "/"
		}
		found[h.Name] = h
	}
}

// tree reads a folder, file by file.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	root := os.DirFS(dir)
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		text, err := fs.ReadFile(root, name)
		found[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestTheSameInputsMakeTheSameImage(t *testing.T) {
	from := small(t)
	one, _ := makeImage(t, from)
	later := time.Now().Add(time.Hour)
	for _, file := range []string{"stage/lethe", "stage/tessdata/eng.traineddata"} {
		if err := errors.Join(os.Chtimes(filepath.Join(from.Package, file), later, later), os.Chmod(filepath.Join(from.Package, file), 0o777)); err != nil { // the time and the rights of a copy are no input
			t.Fatal(err)
		}
	}
	two, _ := makeImage(t, from)
	for name, text := range tree(t, filepath.Dir(one.layout)) {
		if tree(t, filepath.Dir(two.layout))[name] != text {
			t.Errorf("%s differs", name)
		}
	}
	put(t, filepath.Join(from.Package, "stage", "lethe"), []byte("another"))
	if three, _ := makeImage(t, from); three.digest == one.digest {
		t.Error("another program makes the same image")
	}
}

func TestImageHoldsNothingButThePackageAuthoritiesAndFolders(t *testing.T) {
	m, img := makeImage(t, small(t))
	if err := validate.Image(img); err != nil {
		t.Error(err)
	}
	want := map[string]struct {
		mode  int64
		owner int
	}{
		"opt/": {0o755, 0}, "opt/lethe/": {0o755, 0}, "opt/lethe/lethe": {0o755, 0}, "opt/lethe/lethe-worker": {0o755, 0},
		"opt/lethe/lethe-worker-x86-64-v3": {0o755, 0}, "opt/lethe/cache/": {0o755, 0}, "opt/lethe/cache/wazero/": {0o755, 0},
		"opt/lethe/cache/wazero/a": {0o644, 0}, "opt/lethe/tessdata/": {0o755, 0}, "opt/lethe/tessdata/eng.traineddata": {0o644, 0},
		"etc/": {0o755, 0}, "etc/ssl/": {0o755, 0}, "etc/ssl/certs/": {0o755, 0}, "etc/ssl/certs/ca-certificates.crt": {0o644, 0},
		"tmp/": {0o1777, 0}, "var/": {0o755, 0}, "var/lib/": {0o755, 0}, "var/lib/lethe/": {0o700, user},
		"usr/": {0o755, 0}, "usr/share/": {0o755, 0}, "usr/share/doc/": {0o755, 0}, "usr/share/doc/lethe/": {0o755, 0}, "usr/share/doc/lethe/licences.txt": {0o644, 0},
	}
	found := files(t, img)
	for name, h := range found {
		if w, ok := want[name]; !ok || h.Mode != w.mode || h.Uid != w.owner || h.Gid != w.owner || h.ModTime.Unix() != 0 {
			t.Errorf("%s: mode %o, owner %d, group %d, of %s", name, h.Mode, h.Uid, h.Gid, h.ModTime)
		}
	}
	for name := range want {
		if found[name] == nil {
			t.Errorf("there is no %s", name)
		}
	}

	// What a daemon loads is the same image.
	tag, err := name.NewTag("lethe:v1.2")
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := tarball.ImageFromPath(m.archive, &tag)
	if err != nil {
		t.Fatal(err)
	}
	if must(loaded.ConfigName()) != must(img.ConfigName()) {
		t.Error("the archive has another image than the layout")
	}
}

func TestImageRunsAsNobodyAndSaysHow(t *testing.T) {
	_, img := makeImage(t, small(t))
	file, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	c := file.Config
	if c.User != "65532:65532" || !slices.Equal(append(c.Entrypoint, c.Cmd...), []string{"/opt/lethe/lethe", "serve"}) {
		t.Errorf("user %q runs %q %q", c.User, c.Entrypoint, c.Cmd)
	}
	if c.Healthcheck == nil || !slices.Equal(c.Healthcheck.Test, []string{"CMD", "/opt/lethe/lethe", "health"}) {
		t.Errorf("the health check is %+v", c.Healthcheck)
	}
	if _, ok := c.Volumes["/var/lib/lethe"]; !ok || !slices.Contains(c.Env, "LETHE_DATA=/var/lib/lethe") {
		t.Errorf("documents are in %v, with %q", c.Volumes, c.Env)
	}
	for name, want := range map[string]string{"version": "v1.2", "revision": "c0ffee", "created": "2026-03-01T12:00:00Z", "licenses": "Apache-2.0"} {
		if got := c.Labels["org.opencontainers.image."+name]; got != want {
			t.Errorf("the label %s is %q", name, got)
		}
	}
}

// The list is found by whoever looks for what is attached to the image.
func TestListOfWhatTheImageIsMadeOfIsAttached(t *testing.T) {
	from := small(t)
	m, _ := makeImage(t, from)
	var index v1.IndexManifest
	all := tree(t, m.layout)
	if err := json.Unmarshal([]byte(all["index.json"]), &index); err != nil || len(index.Manifests) != 2 {
		t.Fatalf("%v: %s", err, all["index.json"])
	}
	if image := index.Manifests[0]; image.Digest != m.digest || image.Annotations["org.opencontainers.image.ref.name"] != "v1.2" {
		t.Errorf("the image is %+v", image)
	}
	content := func(d v1.Descriptor) string {
		text := all[filepath.Join("blobs", d.Digest.Algorithm, d.Digest.Hex)]
		if digest, size, err := v1.SHA256(strings.NewReader(text)); err != nil || digest != d.Digest || size != d.Size {
			t.Errorf("%+v is %d bytes of %s, %v", d, size, digest, err)
		}
		return text
	}
	list := index.Manifests[1]
	var a attachment
	if err := json.Unmarshal([]byte(content(list)), &a); err != nil {
		t.Fatal(err)
	}
	if list.ArtifactType != string(cycloneDX) || a.ArtifactType != cycloneDX || a.Subject.Digest != m.digest || len(a.Layers) != 1 {
		t.Fatalf("%+v says %+v", list, a)
	}
	if got := content(a.Config); got != "{}" {
		t.Errorf("the configuration is %q", got)
	}
	if got := content(a.Layers[0]); got != "bill/sbom.cdx.json" {
		t.Errorf("the list is %q", got)
	}
}

func TestImageIsRefusedWithoutWhatItNeeds(t *testing.T) {
	for _, missing := range []string{"dist/stage/lethe-worker*", "dist/stage/lethe", "dist/stage/tessdata/*", "dist/cache", "bill/licences.txt", "bill/sbom.cdx.json", "authorities/one.crt"} {
		t.Run(strings.ReplaceAll(missing, "/", " "), func(t *testing.T) {
			from := small(t)
			for _, file := range must(filepath.Glob(filepath.Join(filepath.Dir(from.Package), missing))) {
				if err := os.RemoveAll(file); err != nil {
					t.Fatal(err)
				}
			}
			img, err := build(from)
			if err == nil {
				_, err = write(img, from, t.TempDir())
			}
			if err == nil {
				t.Error("an image was made")
			}
		})
	}
	t.Run("a damaged authority", func(t *testing.T) {
		from := small(t)
		put(t, filepath.Join(from.Authorities, "two.crt"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("none")}))
		if _, err := build(from); err == nil {
			t.Error("an image was made")
		}
	})
}

// authority is a certificate: that of the library's own test server.
func authority() []byte {
	s := httptest.NewTLSServer(http.NotFoundHandler())
	defer s.Close()
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
}
