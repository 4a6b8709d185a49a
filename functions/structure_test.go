//go:build linux && cgo

package main_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/lethe-ocr/lethe/"

// pack is what `go list` tells of a package.
type pack struct {
	ImportPath string
	Imports    []string
	CgoFiles   []string
}

func packages(t *testing.T) []pack {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,CgoFiles", module+"...")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var all []pack
	for d := json.NewDecoder(out); ; {
		var p pack
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		p.ImportPath = strings.TrimPrefix(p.ImportPath, module)
		all = append(all, p)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	return all
}

func within(path string, folders ...string) bool {
	for _, f := range folders {
		if path == f || strings.HasPrefix(path, f+"/") {
			return true
		}
	}
	return false
}

// forTests reports whether a package serves tests alone.
func forTests(path string) bool { return strings.HasSuffix(path, "test") }

// cloud reports whether a package is a cloud's SDK.
func cloud(path string) bool {
	return within(path, "github.com/Azure", "github.com/aws")
}

func TestDependenciesPointInward(t *testing.T) {
	drivers := []string{
		"shared/storage/azure", "shared/storage/local", "shared/storage/memory",
		"shared/doctor/account", "shared/doctor/folder", "shared/doctor/resourcemanager", // the doctor's, of the places it looks at
	}
	for _, p := range packages(t) {
		for _, imported := range p.Imports {
			ours, isOurs := strings.CutPrefix(imported, module)
			switch {
			case isOurs && forTests(ours) && !forTests(p.ImportPath) && !within(p.ImportPath, "scripts"):
				t.Errorf("%s imports %s: it is for tests", p.ImportPath, ours)
			case within(p.ImportPath, "shared") && isOurs && within(ours, "functions"):
				t.Errorf("%s imports %s: the domain knows nothing of functions", p.ImportPath, ours)
			case within(p.ImportPath, "shared", "functions") && cloud(imported) && !within(p.ImportPath, drivers...):
				t.Errorf("%s imports %s: cloud SDKs belong in drivers", p.ImportPath, imported)
			case imported == "net/http" && within(p.ImportPath, "shared") &&
				!within(p.ImportPath, append(drivers, "shared/httpserver", "shared/access", "shared/trigger", "shared/client")...):
				t.Errorf("%s imports net/http: the domain knows no protocol", p.ImportPath)
			case isOurs && within(ours, drivers...) && p.ImportPath != "functions" && !forTests(p.ImportPath) && !within(p.ImportPath, append(drivers, "scripts")...):
				t.Errorf("%s imports %s: only the composition root joins drivers", p.ImportPath, ours)
			case within(p.ImportPath, "functions") && p.ImportPath != "functions" && !forTests(p.ImportPath) && isOurs && within(ours, "functions"):
				t.Errorf("%s imports %s: functions do not know each other", p.ImportPath, ours)
			}
		}
		// Sentences that a worker writes reach nobody: what it finds it says by a reason of refusal, or it has failed.
		if within(p.ImportPath, "shared/picture", "shared/pdf", "shared/ocr/tesseract", "shared/ocr/derivative", "shared/ocr/worker/reader") &&
			slices.Contains(p.Imports, module+"shared/fault") {
			t.Errorf("%s imports shared/fault and runs in workers: use shared/ocr/refusal", p.ImportPath)
		}
		native := []string{"shared/picture", "shared/ocr/tesseract"}
		if len(p.CgoFiles) > 0 && !slices.Contains(native, p.ImportPath) {
			t.Errorf("%s has native code: it belongs in one of %s", p.ImportPath, native)
		}
		for _, imported := range p.Imports {
			ours := strings.TrimPrefix(imported, module)
			if slices.Contains(native, ours) && !slices.Contains(append(native, "shared/ocr/worker/reader"), p.ImportPath) {
				t.Errorf("%s imports %s: native code runs in worker processes alone", p.ImportPath, ours)
			}
		}
		for _, vague := range []string{"util", "utils", "common", "helpers", "models", "types"} {
			if strings.HasSuffix(p.ImportPath, "/"+vague) {
				t.Errorf("%s says nothing about what it provides", p.ImportPath)
			}
		}
	}
}
