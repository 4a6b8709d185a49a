package infra_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

//go:generate go test -count=1 -run ^(TestEveryTemplateBuildsWithoutAWarningAndItsCompiledFormIsCurrent|TestEverySnapshotIsCurrent)$ . -update

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

// evaluate makes the snapshot of a case: what all of its parameter files deploy.
func (c compiler) evaluate(o options) ([]byte, error) {
	type predicted struct {
		PredictedResources []any `json:"predictedResources"`
	}
	var all predicted
	for _, file := range o.files {
		args := []string{"snapshot", file, "--mode", "overwrite", "--tenant-id", tenant, "--subscription-id", subscription, "--location", o.region}
		if file != testdata("guard") { // which is of the whole subscription
			args = append(args, "--resource-group", "rg-lethe-prod-"+o.region)
		}
		if err := c.run(args...); err != nil {
			return nil, err
		}
		text, err := os.ReadFile(filepath.Join(c.dir, strings.TrimSuffix(file, ".bicepparam")+".snapshot.json"))
		if err != nil {
			return nil, err
		}
		var made predicted
		if err := json.Unmarshal(text, &made); err != nil {
			return nil, err
		}
		all.PredictedResources = append(all.PredictedResources, made.PredictedResources...)
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(all)
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
	if err := c.run("build", "--pattern", "azure/*.bicep"); err != nil { // and every module that they use
		t.Error(err)
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
	used := open().files
	for _, o := range snapshots() {
		used = append(used, o.files...)
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
				t.Errorf("%v deploy something else than %s says; if that is meant, run go generate (-want +got):\n%s", o.files, o.snapshot(), diff)
			}
		})
	}
	files, err := filepath.Glob("azure/testdata/*.bicepparam")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !slices.Contains(used, file) {
			t.Errorf("%s is of no case", file)
		}
	}
}

// TestCasesWithoutASnapshotKeepTheRules evaluates the options in an open network, and a region: in place and names alone it
// may differ from the first.
func TestCasesWithoutASnapshotKeepTheRules(t *testing.T) {
	c := newCompiler(t)
	t.Run("open", func(t *testing.T) { // not in parallel: the settings of the program are variables of the process
		s := c.stamp(t, open())
		for _, finding := range findings(s) {
			t.Error(finding)
		}
		s.loaded(t)
	})
	unique := regexp.MustCompile(`(stlethedoc|stletherun|kv-lethe-|func-lethe-)[a-z0-9]{11}`)
	assignment := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`)
	plain := func(s stamp) string {
		text, err := json.MarshalIndent(s.resources, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		return assignment.ReplaceAllString(unique.ReplaceAllString(strings.ReplaceAll(string(text), s.region, "region"), "$1"), "assignment")
	}
	first := committed(t)[0]
	first.drop(subscriptions, "") // which are of other files
	first.drop(policies, "")
	others := slices.DeleteFunc(regions(t), func(name string) bool { return name == first.region })
	for _, region := range drawn(others, 1) {
		t.Run(region, func(t *testing.T) {
			t.Parallel()
			o := usual(region)
			o.files = o.files[:1]
			if diff := cmp.Diff(plain(first), plain(c.stamp(t, o))); diff != "" {
				t.Errorf("it differs from %s in more than place and names (-want +got):\n%s", first.region, diff)
			}
		})
	}
}

// stamp evaluates a case.
func (c compiler) stamp(t *testing.T, o options) stamp {
	t.Helper()
	text, err := c.evaluate(o)
	if err != nil {
		t.Fatal(err)
	}
	return read(t, o, text)
}

// soak reports whether long tests run whole.
func soak() bool { return os.Getenv("LETHE_SOAK") != "" }

// drawn returns a few of many, as RAPID_SEED decides, or all of them in a soak test.
func drawn[T any](all []T, few int) []T {
	if soak() {
		return all
	}
	seed, err := strconv.ParseUint(os.Getenv("RAPID_SEED"), 10, 64)
	if err != nil {
		seed = 1
	}
	random := rand.New(rand.NewPCG(seed, seed))
	all = slices.Clone(all)
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:few]
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
	for i, tc := range drawn([]refusal{
		{"e-mail that is none", inRegion + "param alertEmail = 'operations'", []string{"alertEmail", "operations@example.org"}},
		{"name that storage refuses", inRegion + withMail + "param workload = 'Lethe'", []string{"workload", "small letters and digits"}},
		{"key of another vault", inRegion + withMail + "param previousKeyUri = 'https://kv-other.vault.azure.net/secrets/signing-key/1'", []string{"previousKeyUri names no version of signing-key"}},
		{"setting of the host", inRegion + withMail + "param settings = { AzureWebJobsStorage: '' }", []string{"settings holds AzureWebJobsStorage", "LETHE_"}},
		{"group in another region", "param region = 'uksouth'\n" + withMail, []string{"region is uksouth, but the resource group lies in westeurope"}},
		{"hash without application", inRegion + withMail + "param bootstrapHash = 'ab'", []string{"bootstrapApp and bootstrapHash come together"}},
	}, 2) {
		_, err := c.evaluate(c.write(t, i, tc))
		tc.said(t, fmt.Sprint(err))
	}
}

// write makes the parameter file of a case.
func (c compiler) write(t *testing.T, i int, r refusal) options {
	t.Helper()
	o := options{files: []string{testdata(fmt.Sprint("refused", i))}, region: "westeurope"}
	if err := os.WriteFile(filepath.Join(c.dir, o.files[0]), []byte("using '../main.bicep'\n"+r.text), 0o600); err != nil {
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
