package sbom

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/licenseclassifier/v2/assets"
)

const root = "../../.."

// stamped is a folder as scripts/native.sh leaves it.
func stamped(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "stamp"), []byte("tesseract 5.5.0 f2fb34 -O3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func needsPackages(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if out, err := exec.Command("dpkg-query", "-W", "-f", "${db:Status-Abbrev}", name).Output(); err != nil || !strings.HasPrefix(string(out), "ii") {
			t.Skipf("the Debian package %s is not installed; run make package", name)
		}
	}
}

// Every library that the release links is listed with its version and a known licence.
func TestEveryLinkedLibraryIsListed(t *testing.T) {
	needsPackages(t, "libtesseract-dev", "libleptonica-dev", "libpng-dev", "libtiff-dev", "libwebp-dev", "libopenjp2-7-dev", "libdeflate-dev", "liblerc-dev")
	all, err := libraries(t.Context(), Sources{Root: root, Native: stamped(t)})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range all {
		names = append(names, c.Name)
		if c.Version == "" || c.Licence == "" || c.PURL == "" || len(c.Texts) == 0 {
			t.Errorf("%s: version %q, licence %q, %d texts", c.Name, c.Version, c.Licence, len(c.Texts))
		}
	}
	for _, want := range []string{"tesseract", "leptonlib", "glibc", "gcc-12", "tiff", "zlib"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is missing in %v", want, names)
		}
	}
}

// A library that is linked and that nobody can tell the origin of is no release.
func TestLibraryOfUnknownOriginFails(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "scripts"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, script := range map[string]string{"unknown": `libraries="-lnobody"`, "none told": `echo "nothing"`} {
		if err := os.WriteFile(filepath.Join(dir, "scripts", "package.sh"), []byte(script), 0o600); err != nil {
			t.Fatal(err)
		}
		if all, err := libraries(t.Context(), Sources{Root: dir, Native: stamped(t)}); err == nil {
			t.Errorf("%s: %+v", name, all)
		}
	}
}

// The program of the test itself names its modules, as every program does.
func TestModulesOfAProgramAreListedWithTheirLicences(t *testing.T) {
	program := filepath.Join(t.TempDir(), "lethe")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./functions")
	build.Dir, build.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	all, err := modules(t.Context(), Sources{Root: root, Program: program})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, c := range all {
		got[c.Name] = c.Licence
		if c.Licence == "" || c.Version == "" || len(c.Texts) == 0 && c.Name != "pdfium" {
			t.Errorf("%s: version %q, licence %q, %d texts", c.Name, c.Version, c.Licence, len(c.Texts))
		}
	}
	for name, want := range map[string]string{"std": "BSD-3-Clause", "github.com/spf13/cobra": "Apache-2.0", "golang.org/x/term": "BSD-3-Clause"} {
		if got[name] != want {
			t.Errorf("%s is under %q, want %q", name, got[name], want)
		}
	}
}

func TestLicenceThatAsksForMoreIsTold(t *testing.T) {
	for licence, want := range map[string][]string{
		"":                         {"unknown"},
		"MIT AND BSD-3-Clause":     {},
		"MIT AND GPL-2.0-or-later": {"GPL-2.0-or-later"},
		"GPL-3.0-or-later":         {"GPL-3.0-or-later"},
		"GPL-3.0-or-later WITH GCC-exception-3.1":   {},
		"LGPL-2.1-or-later AND AGPL-3.0 AND MIT":    {"LGPL-2.1-or-later", "AGPL-3.0"},
		"LicenseRef-nobody-knows AND Apache-2.0":    {"LicenseRef-nobody-knows"},
		"LicenseRef-public-domain AND BSD-2-Clause": {},
	} {
		if diff := cmp.Diff(want, Component{Licence: licence}.Unfree()); diff != "" {
			t.Errorf("%q: %s", licence, diff)
		}
	}
}

func TestModuleWithoutALicenceHasNone(t *testing.T) {
	known, err := assets.DefaultClassifier()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "README.md"), []byte("# A module\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := Component{Name: "module"}
	if err := c.license(known, dir); err != nil || !slices.Equal(c.Unfree(), []string{"unknown"}) {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestBillOfMaterialsHoldsEveryComponent(t *testing.T) {
	all := []Component{
		{Name: "m.example/a", Version: "v1.0.0", Kind: Module, Licence: "MIT", PURL: "pkg:golang/m.example/a@v1.0.0", Texts: []Text{{"LICENSE", "the text"}}},
		{Name: "zlib", Version: "1:1.2.13", Kind: Library, Licence: "Zlib", PURL: "pkg:deb/debian/zlib@1%3A1.2.13"},
		{Name: "tessdata eng", Version: "4.1.0", Kind: Data, Licence: "Apache-2.0", PURL: "pkg:deb/debian/tesseract-lang@4.1.0#eng", SHA256: strings.Repeat("ab", 32)},
	}
	of := Release{Version: "v1.2.3", SHA256: strings.Repeat("cd", 32), Built: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	var out bytes.Buffer
	if err := WriteCycloneDX(&out, of, all); err != nil {
		t.Fatal(err)
	}
	var bom cyclonedx.BOM
	if err := cyclonedx.NewBOMDecoder(&out, cyclonedx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	if bom.SpecVersion != cyclonedx.SpecVersion1_6 || bom.Metadata.Component.Version != "v1.2.3" || len(*bom.Components) != len(all) {
		t.Fatalf("%+v", bom)
	}
	for i, c := range *bom.Components {
		if c.Name != all[i].Name || c.Version != all[i].Version || c.PackageURL != all[i].PURL || (*c.Licenses)[0].Expression != all[i].Licence {
			t.Errorf("%+v, want %+v", c, all[i])
		}
	}
	if got := *(*bom.Dependencies)[0].Dependencies; len(got) != len(all) {
		t.Errorf("the program depends on %v", got)
	}
	out.Reset()
	if err := WriteLicences(&out, of, all); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Lethe v1.2.3", "m.example/a", "the text", "tessdata eng"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("there is no %q in the list of licences", want)
		}
	}
}

func TestFolderWithoutLanguageDataIsNoRelease(t *testing.T) {
	if all, err := languages(t.Context(), t.TempDir()); err == nil {
		t.Errorf("%+v", all)
	}
	if _, err := tesseract(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}
