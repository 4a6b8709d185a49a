//go:build linux && cgo

package main_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
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

// layers are the packages of the program, from what knows nothing of the rest to what joins everything. A package belongs where
// its path, or the longest part of it that is listed, stands.
var layers = []struct {
	name     string
	packages []string
}{
	{"words and rules that need nothing", []string{
		"shared/fault", "shared/logevent", "shared/filelock", "shared/loopback", "shared/seal", "shared/strict", "shared/retention", "shared/ocr/fairqueue", "shared/ocr/worker/effect",
	}},
	{"ports and the page model", []string{"shared/storage", "shared/ocr", "shared/clock"}},
	{"domain", []string{
		"shared/access", "shared/canary", "shared/config", "shared/doctor", "shared/erasure", "shared/ledger", "shared/metering", "shared/render", "shared/request",
		"shared/review", "shared/savedstate", "shared/task", "shared/webhook",
	}},
	{"protocols, drivers and engines", []string{
		"shared/httpserver", "shared/client", "shared/inbox", "shared/telemetry", "shared/trigger", "shared/picture", "shared/pdf", "shared/ocr/reading", "shared/ocr/tesseract", "shared/ocr/gosseract", "shared/ocr/worker",
		"shared/storage/aws", "shared/storage/azure", "shared/storage/local", "shared/storage/memory",
		"shared/doctor/account", "shared/doctor/awsaccount", "shared/doctor/folder", "shared/doctor/resourcemanager", "shared/config/secretsmanager", "shared/abbyy", "shared/webhook/egress",
	}},
	{"functions", []string{"functions/abbyy", "functions/api", "functions/notify", "functions/ocr", "functions/page", "functions/poison", "functions/requeue", "functions/retention", "functions/verbs", "functions/worker"}},
	{"composition", []string{"functions"}},
}

// layer returns the number of a package's layer, -1 for none.
func layer(path string) int {
	found, longest := -1, 0
	for n, l := range layers {
		for _, listed := range l.packages {
			if within(path, listed) && len(listed) > longest {
				found, longest = n, len(listed)
			}
		}
	}
	return found
}

// ours returns the packages of the program and what they import, without those that serve tests alone or people.
func ours(t *testing.T) []pack {
	t.Helper()
	return slices.DeleteFunc(packages(t), func(p pack) bool { return forTests(p.ImportPath) || !within(p.ImportPath, "shared", "functions") })
}

func TestNoArrowRunsBackUp(t *testing.T) {
	for _, p := range ours(t) {
		if layer(p.ImportPath) < 0 {
			t.Errorf("%s stands in no layer: name it in layers", p.ImportPath)
			continue
		}
		for _, imported := range p.Imports {
			imported, isOurs := strings.CutPrefix(imported, module)
			switch {
			case isOurs && forTests(imported):
				t.Errorf("%s imports %s: it is for tests", p.ImportPath, imported)
			case isOurs && layer(imported) > layer(p.ImportPath):
				t.Errorf("%s imports %s: %s know nothing of %s", p.ImportPath, imported, layers[layer(p.ImportPath)].name, layers[layer(imported)].name)
			case isOurs && p.ImportPath != "functions" && within(imported, "functions"):
				t.Errorf("%s imports %s: functions do not know each other", p.ImportPath, imported)
			}
		}
	}
}

// What is one place's own is joined with the rest in one package, so that another place is another file there.
func TestOnlyTheCompositionKnowsAPlace(t *testing.T) {
	clouds := []string{
		"shared/storage/aws", "shared/storage/azure", "shared/doctor/account", "shared/doctor/awsaccount", "shared/doctor/resourcemanager",
		"shared/trigger/lambda", "shared/config/secretsmanager",
	}
	places := append([]string{
		"shared/storage/local", "shared/storage/memory", "shared/doctor/folder", "shared/trigger/azure", "shared/trigger/local",
	}, clouds...)
	for _, p := range ours(t) {
		for _, imported := range p.Imports {
			if within(imported, "github.com/Azure", "github.com/aws") && !within(p.ImportPath, clouds...) {
				t.Errorf("%s imports %s: cloud SDKs belong in drivers", p.ImportPath, imported)
			}
			imported := strings.TrimPrefix(imported, module)
			if within(imported, places...) && p.ImportPath != "functions" && !within(p.ImportPath, places...) {
				t.Errorf("%s imports %s: only the composition root joins it", p.ImportPath, imported)
			}
		}
	}
}

func TestDomainKnowsNoProtocol(t *testing.T) {
	speaks := []string{
		"shared/httpserver", "shared/access", "shared/trigger/azure", "shared/trigger/lambda", "shared/client", "shared/storage/aws", "shared/storage/azure", "shared/storage/local",
		"shared/abbyy", "shared/doctor/awsaccount", "shared/doctor/resourcemanager", "shared/webhook/egress", "shared/telemetry", "functions",
	}
	for _, p := range ours(t) {
		if slices.Contains(p.Imports, "net/http") && !within(p.ImportPath, speaks...) {
			t.Errorf("%s imports net/http: the domain knows no protocol", p.ImportPath)
		}
	}
}

func TestNativeCodeRunsInWorkersAlone(t *testing.T) {
	native := []string{"shared/picture", "shared/ocr/tesseract"}
	for _, p := range packages(t) {
		if len(p.CgoFiles) > 0 && !slices.Contains(native, p.ImportPath) {
			t.Errorf("%s has native code: it belongs in one of %s", p.ImportPath, native)
		}
		if forTests(p.ImportPath) {
			continue
		}
		for _, imported := range p.Imports {
			imported := strings.TrimPrefix(imported, module)
			if slices.Contains(native, imported) && !slices.Contains(append(native, "shared/ocr/reading", "shared/ocr/gosseract", "shared/ocr/worker/reader"), p.ImportPath) {
				t.Errorf("%s imports %s: native code runs in worker processes alone", p.ImportPath, imported)
			}
		}
		// Sentences that a worker writes reach nobody: what it finds it says by a reason of refusal, or it has failed.
		if within(p.ImportPath, "shared/picture", "shared/pdf", "shared/ocr/reading", "shared/ocr/tesseract", "shared/ocr/gosseract", "shared/ocr/derivative", "shared/ocr/worker/reader") &&
			slices.Contains(p.Imports, module+"shared/fault") {
			t.Errorf("%s imports shared/fault and runs in workers: use shared/ocr/refusal", p.ImportPath)
		}
	}
}

// The program holds secrets and speaks to networks; what parses documents is linked into the worker program alone.
func TestOnlyTheWorkerProgramParsesDocuments(t *testing.T) {
	parsing := []string{
		module + "shared/picture", module + "shared/pdf", module + "shared/ocr/tesseract", module + "shared/ocr/worker/reader", "github.com/klippa-app/go-pdfium",
		"github.com/makiuchi-d/gozxing",
	}
	networked := []string{"net/http", "github.com/Azure", "github.com/aws", module + "shared/config", module + "shared/access"}
	named := module + "shared/ocr/language/naming" // for people alone, and 2 MB large
	for program, without := range map[string][]string{"functions": parsing, "functions/worker": append(networked, named)} {
		out, err := exec.Command("go", "list", "-deps", module+program).Output() // #nosec G204 -- of this list
		if err != nil {
			t.Fatal(err)
		}
		for linked := range strings.FieldsSeq(string(out)) {
			if within(linked, without...) {
				t.Errorf("%s links %s", program, linked)
			}
		}
	}
}

// Programs of others import the client: nothing of it is hidden from them, and it brings neither storage nor a server along.
func TestClientIsForOtherModulesToo(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", module+"shared/client").Output()
	if err != nil {
		t.Fatal(err)
	}
	for linked := range strings.FieldsSeq(string(out)) {
		own, isOurs := strings.CutPrefix(linked, module)
		if isOurs && (strings.Contains(own, "internal") || within(own, "functions", "shared/storage", "shared/httpserver", "shared/task")) ||
			within(linked, "github.com/Azure", "github.com/aws", "modernc.org", "github.com/danielgtaylor", "github.com/spf13") {
			t.Errorf("the client links %s", linked)
		}
	}
}

func TestPackagesAreNamedForWhatTheyProvide(t *testing.T) {
	for _, p := range packages(t) {
		for _, vague := range []string{"util", "utils", "common", "helpers", "models", "types"} {
			if strings.HasSuffix(p.ImportPath, "/"+vague) {
				t.Errorf("%s says nothing about what it provides", p.ImportPath)
			}
		}
	}
}

// The linker leaves out methods that nothing calls, unless a function that it keeps finds methods by name. Of the clients of clouds
// the program would then hold every operation: 13 MB more.
func TestProgramLeavesOutMethodsThatNothingCalls(t *testing.T) {
	build := exec.Command("bash", "-euc", `. scripts/flags.sh; CGO_ENABLED=0 go build "${flags[@]}" -ldflags "$link -dumpdep" -o "$0" ./functions`, filepath.Join(t.TempDir(), "lethe"))
	build.Dir = ".."
	kept, err := build.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %.2000s", err, kept)
	}
	var finders []string
	told := false
	for line := range strings.Lines(string(kept)) { // function -> what it needs
		function, _, _ := strings.Cut(line, " -> ")
		told = told || function == "main.main"
		if function, finds := strings.CutSuffix(function, " <ReflectMethod>"); finds && !slices.Contains(finders, function) {
			finders = append(finders, function)
		}
	}
	if !told {
		t.Fatal("the linker does not tell what needs what")
	}
	for _, function := range finders {
		t.Errorf("%s finds methods by name, so that every exported one is kept", function)
	}
}
