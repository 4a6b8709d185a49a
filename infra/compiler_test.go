package infra_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the snapshots and the compiled templates anew")

// Placeholders: nothing here exists.
const (
	subscription = "00000000-0000-0000-0000-000000000001"
	tenant       = "00000000-0000-0000-0000-000000000002"
)

// templates are compiled into files that are deployable without the compiler.
func templates() []string { return []string{"main", "events", "guard"} }

// compiler is Bicep in a copy of this folder, so that nothing it writes lands in the tree.
type compiler struct{ path, dir string }

func newCompiler(t *testing.T) compiler {
	t.Helper()
	path := os.Getenv("BICEP")
	if path == "" {
		found, err := exec.LookPath("bicep")
		if err != nil {
			t.Skip("no Bicep compiler: set BICEP or install it with `az bicep install` and put it on the path")
		}
		path = found
	}
	c := compiler{path: path, dir: t.TempDir()}
	for _, dir := range []string{"azure", "regions"} {
		if err := os.CopyFS(filepath.Join(c.dir, dir), os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// run returns what the compiler prints. Whatever it complains of, warnings too, is an error.
func (c compiler) run(args ...string) error {
	cmd := exec.Command(c.path, args...)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), "ALERT_EMAIL=operations@example.org")
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	err := cmd.Run()
	if complaints.Len() > 0 {
		return errors.New(strings.TrimSpace(complaints.String()))
	}
	return err
}

// evaluate makes the snapshot of a parameter file.
func (c compiler) evaluate(o options) ([]byte, error) {
	args := []string{"snapshot", o.parameters(), "--mode", "overwrite", "--tenant-id", tenant, "--subscription-id", subscription}
	if o.stage == "guard" {
		args = append(args, "--location", o.region)
	} else {
		args = append(args, "--resource-group", "rg-lethe-prod-"+o.region, "--location", o.region)
	}
	if err := c.run(args...); err != nil {
		return nil, err
	}
	made, err := os.ReadFile(filepath.Join(c.dir, strings.TrimSuffix(o.parameters(), ".bicepparam")+".snapshot.json"))
	if err != nil {
		return nil, err
	}
	return ordered(made)
}

// ordered writes JSON with its names in order: the compiler writes outputs in any.
func ordered(text []byte) ([]byte, error) {
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(v)
	return out.Bytes(), err
}

func TestBicepIsFormatted(t *testing.T) {
	c := newCompiler(t)
	if err := c.run("format", "--pattern", "**/*.bicep"); err != nil {
		t.Error(err)
	}
	if err := c.run("format", "--pattern", "**/*.bicepparam"); err != nil {
		t.Error(err)
	}
	for _, dir := range []string{"azure", "regions"} {
		err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.Contains(path, ".bicep") {
				return err
			}
			ours, err := os.ReadFile(filepath.Join(dir, path))
			if err != nil {
				return err
			}
			formatted, err := os.ReadFile(filepath.Join(c.dir, dir, path))
			if diff := cmp.Diff(string(formatted), string(ours)); diff != "" {
				t.Errorf("%s/%s is not formatted, run `bicep format` (-want +got):\n%s", dir, path, diff)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestEveryTemplateBuildsWithoutAWarningAndItsCompiledFormIsCurrent(t *testing.T) {
	c := newCompiler(t)
	for _, args := range [][]string{
		{"build", "--pattern", "azure/*.bicep"},
		{"lint", "--pattern", "azure/**/*.bicep"},
		{"build-params", "--pattern", "**/*.bicepparam"},
	} {
		if err := c.run(args...); err != nil {
			t.Errorf("bicep %s:\n%v", strings.Join(args, " "), err)
		}
	}
	for _, name := range templates() {
		path := filepath.Join("azure", name+".json")
		built, err := os.ReadFile(filepath.Join(c.dir, path))
		if err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(path, built, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		ours, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(template(t, built), template(t, ours)); diff != "" {
			t.Errorf("%s is not what %s.bicep compiles to (-want +got):\n%s", path, name, diff)
		}
	}
}

// template parses a compiled template, without the marks of the compiler that made it.
func template(t *testing.T, text []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	var unmark func(any)
	unmark = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			delete(v, "_generator")
			for _, e := range v {
				unmark(e)
			}
		case []any:
			for _, e := range v {
				unmark(e)
			}
		}
	}
	unmark(v)
	return v
}

func TestEverySnapshotIsCurrent(t *testing.T) {
	c := newCompiler(t)
	known := map[string]bool{}
	for _, o := range deployments(t) {
		known[filepath.Base(o.parameters())] = true
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			got, err := c.evaluate(o)
			if err != nil {
				t.Fatal(err)
			}
			if *update {
				if err := os.WriteFile(o.snapshot(), got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(o.snapshot())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("%s deploys something else than %s says; if that is meant, run with -update (-want +got):\n%s", o.parameters(), o.snapshot(), diff)
			}
		})
	}
	files, err := filepath.Glob("azure/testdata/*.bicepparam")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !known[filepath.Base(file)] {
			t.Errorf("%s has no snapshot: list it in deployments", file)
		}
	}
}

// refusal is a parameter file that must not pass, and what the message has to say.
type refusal struct {
	name, text string
	want       []string
}

// Every parameter file of these cases begins with them.
const (
	inRegion = "param region = 'westeurope'\n"
	withMail = "param alertEmail = 'operations@example.org'\n"
)

// TestParametersOutsideTheirTypesAreRefused shows that such a value never reaches Azure, and that the message names the
// parameter or its line, and what is allowed.
func TestParametersOutsideTheirTypesAreRefused(t *testing.T) {
	c := newCompiler(t)
	cases := []refusal{
		{"unknown region", "param region = 'westeurop'\n" + withMail, []string{"(2,16)", "'westeurope'", "'westeurop'"}},
		{"no region", withMail, []string{`missing an assignment`, `"region"`}},
		{"no e-mail", inRegion, []string{`missing an assignment`, `"alertEmail"`}},
		{"empty e-mail", inRegion + "param alertEmail = ''", []string{"(3,20)", "minimum allowable length is 6"}},
		{"geo-redundant", inRegion + withMail + "param storageRedundancy = 'Standard_GRS'", []string{"(4,27)", "'Standard_LRS' | 'Standard_ZRS'"}},
		{"retention above a day", inRegion + withMail + "param clocks = { processedHours: 25, unprocessedHours: 48 }", []string{"(4,34)", "maximum allowable value is 24"}},
		{"retention above two days", inRegion + withMail + "param clocks = { processedHours: 24, unprocessedHours: 49 }", []string{"(4,56)", "maximum allowable value is 48"}},
		{"no retention", inRegion + withMail + "param clocks = { processedHours: 0, unprocessedHours: 48 }", []string{"(4,34)", "minimum allowable value is 1"}},
		{"half a retention", inRegion + withMail + "param clocks = { processedHours: 24 }", []string{"unprocessedHours"}},
		{"name too long", inRegion + withMail + "param workload = 'documents'", []string{"(4,18)", "maximum allowable length is 8"}},
		{"instance too small", inRegion + withMail + "param size = { memoryMB: 512, maximum: 40 }", []string{"2048 | 4096"}},
		{"parameter of another template", inRegion + withMail + "param topicName = 'egst-lethe'", []string{`"topicName"`, "without being declared"}},
		{"misspelt option", inRegion + withMail + "param privateNetwrok = true", []string{`"privateNetwrok"`, "without being declared"}},
	}
	for i, tc := range cases {
		c.write(t, i, tc)
	}
	err := c.run("build-params", "--pattern", "azure/testdata/refused*.bicepparam")
	if err == nil {
		t.Fatal("all are accepted")
	}
	for i, tc := range cases {
		var about []string
		for line := range strings.Lines(err.Error()) {
			if strings.Contains(line, fmt.Sprintf("/refused%d.bicepparam(", i)) {
				about = append(about, line)
			}
		}
		tc.said(t, strings.Join(about, ""))
	}
}

// TestParametersThatNoTypeCanRefuseAreRefusedByTheTemplate covers what is only seen when the template is evaluated, which
// Azure does before it creates anything.
func TestParametersThatNoTypeCanRefuseAreRefusedByTheTemplate(t *testing.T) {
	c := newCompiler(t)
	for i, tc := range []refusal{
		{"e-mail that is none", inRegion + "param alertEmail = 'operations'", []string{"alertEmail", "operations@example.org"}},
		{"name that storage refuses", inRegion + withMail + "param workload = 'Lethe'", []string{"workload", "small letters and digits"}},
		{"key of another vault", inRegion + withMail + "param previousKeyUri = 'https://kv-other.vault.azure.net/secrets/signing-key/1'", []string{"previousKeyUri names no version of signing-key"}},
		{"setting of the host", inRegion + withMail + "param settings = { AzureWebJobsStorage: '' }", []string{"settings holds AzureWebJobsStorage", "LETHE_"}},
		{"hash without application", inRegion + withMail + "param bootstrapHash = 'ab'", []string{"bootstrapApp and bootstrapHash come together"}},
	} {
		_, err := c.evaluate(c.write(t, i, tc))
		tc.said(t, fmt.Sprint(err))
	}
}

// write makes the parameter file of a case.
func (c compiler) write(t *testing.T, i int, r refusal) options {
	t.Helper()
	o := options{name: fmt.Sprint("refused", i), region: "westeurope"}
	if err := os.WriteFile(filepath.Join(c.dir, o.parameters()), []byte("using '../main.bicep'\n"+r.text), 0o600); err != nil {
		t.Fatal(err)
	}
	return o
}

func (r refusal) said(t *testing.T, message string) {
	t.Helper()
	for _, want := range r.want {
		if !strings.Contains(message, want) {
			t.Errorf("%s: the message lacks %q:\n%s", r.name, want, message)
		}
	}
}

func TestAStampInAnotherRegionThanItsGroupIsRefused(t *testing.T) {
	c := newCompiler(t)
	err := c.run("snapshot", "regions/westeurope.bicepparam", "--mode", "overwrite", "--tenant-id", tenant,
		"--subscription-id", subscription, "--resource-group", "rg", "--location", "eastus2")
	if err == nil || !strings.Contains(err.Error(), "region is westeurope, but the resource group lies in eastus2") {
		t.Errorf("got %v", err)
	}
}
