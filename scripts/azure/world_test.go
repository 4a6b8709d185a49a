// Package azure_test runs the scripts of this folder against a model of a subscription: see testdata/standin.
package azure_test

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lethe-ocr/lethe/scripts/azure/testdata/standin/model"
)

const (
	group    = "rg-lethe-prod-westeurope"
	appName  = "func-lethe-ooiaatjxc26"
	vault    = "kv-lethe-ooiaatjxc26"
	endpoint = "https://" + appName + ".azurewebsites.net"
)

// standin builds the stand-in once and returns the folder of its names.
var standin = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "standin")
	if err != nil {
		return "", err
	}
	if out, err := exec.Command("go", "build", "-o", filepath.Join(dir, "az"), "./testdata/standin").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the stand-in: %w\n%s", err, out)
	}
	for _, name := range []string{"curl", "lethe-standin", "sleep", "go"} {
		if err := os.Symlink("az", filepath.Join(dir, name)); err != nil {
			return "", err
		}
	}
	return dir, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := standin(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// world is a checkout of the scripts with a package in it, beside a model of a subscription.
type world struct {
	t    *testing.T
	root string
	bin  string
	env  map[string]string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	for _, tool := range []string{"bash", "jq", "unzip"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is missing", tool)
		}
	}
	bin, err := standin()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, root: t.TempDir(), bin: bin, env: map[string]string{"REGION": "westeurope", "ALERT_EMAIL": "operations@example.org", "YES": "1"}}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	w.must(os.Mkdir(w.path("scripts"), 0o700), os.Symlink(here, w.path("scripts/azure")), os.Mkdir(w.path("dist"), 0o700))
	w.must(os.MkdirAll(w.path("infra/regions"), 0o700), os.Symlink(filepath.Join(here, "../../infra/azure"), w.path("infra/azure")))
	w.must(os.CopyFS(w.path("infra/regions"), os.DirFS("../../infra/regions")))
	w.env["SECRET_FILE"] = w.path("secret")
	w.pack("v1", "dist/lethe.zip")
	azure := model.World{SignedIn: true, Groups: map[string]*model.Group{}, DeletedVaults: map[string]bool{}}
	answers, err := os.ReadFile("testdata/answers.json")
	w.must(err, json.Unmarshal(answers, &azure.Answers))
	azure.Save(w.path("world.json"))
	return w
}

func (w *world) path(name string) string { return filepath.Join(w.root, name) }

func (w *world) must(errs ...error) {
	w.t.Helper()
	if err := errors.Join(errs...); err != nil {
		w.t.Fatal(err)
	}
}

// pack makes a package whose program says that it is of this version.
func (w *world) pack(version, path string) {
	w.t.Helper()
	f, err := os.Create(w.path(path))
	w.must(err)
	z := zip.NewWriter(f)
	files := map[string]string{"host.json": "{}", "lethe": "#!/bin/sh\nSTANDIN_VERSION=" + version + " exec lethe-standin \"$@\"\n"}
	for _, name := range []string{"api", "ocr", "poison", "requeue", "retention"} {
		files[name+"/function.json"] = "{}"
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		entry, err := z.Create(name)
		w.must(err)
		_, err = entry.Write([]byte(files[name]))
		w.must(err)
	}
	w.must(z.Close(), f.Close())
}

// change changes the subscription.
func (w *world) change(how func(*model.World)) {
	azure := model.Load(w.path("world.json"))
	how(azure)
	azure.Save(w.path("world.json"))
}

// model reads what became of the subscription. Nothing may have been done that was not reviewed.
func (w *world) model() *model.World {
	w.t.Helper()
	azure := model.Load(w.path("world.json"))
	for _, v := range azure.Violations {
		w.t.Errorf("violation: %s", v)
	}
	return azure
}

// copied is a second world in the same state.
func (w *world) copied(t *testing.T) *world {
	t.Helper()
	c := newWorld(t)
	for _, name := range []string{"dist", "home", "infra/regions"} {
		if _, err := os.Stat(w.path(name)); err == nil {
			w.must(os.RemoveAll(c.path(name)), os.CopyFS(c.path(name), os.DirFS(w.path(name))))
		}
	}
	for _, name := range []string{"world.json", "secret"} {
		if content, err := os.ReadFile(w.path(name)); err == nil {
			w.must(os.WriteFile(c.path(name), content, 0o600))
		}
	}
	secret := c.env["SECRET_FILE"]
	c.env = maps.Clone(w.env)
	c.env["SECRET_FILE"] = secret
	c.change(func(azure *model.World) { azure.Calls = 0 })
	return c
}

// result is how a script ended.
type result struct {
	code           int
	stdout, stderr string
}

// run runs a script with more variables, given as NAME=VALUE.
func (w *world) run(script string, more ...string) result {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), "bash", w.path("scripts/azure/"+script+".sh"))
	cmd.Env = append(cmd.Env, "PATH="+w.bin+":/usr/bin:/bin", "HOME="+w.path("home"), "TMPDIR="+w.t.TempDir(),
		"STANDIN_WORLD="+w.path("world.json"), "STANDIN_SNAPSHOT="+w.path("infra/azure/testdata/snapshots/westeurope.json"))
	for name, value := range w.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Env = append(cmd.Env, more...)
	// A group of its own, which the stand-in can kill.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		w.t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// done runs a script that must succeed.
func (w *world) done(script string, more ...string) result {
	w.t.Helper()
	r := w.run(script, more...)
	if r.code != 0 {
		w.t.Fatalf("%s ended with %d:\n%s\n%s", script, r.code, r.stdout, r.stderr)
	}
	return r
}

// stopped checks how a script speaks that could not end its work.
func (r result) stopped(t *testing.T, texts ...string) {
	t.Helper()
	if r.code == 0 {
		t.Errorf("it ended as if all were well:\n%s", r.stdout)
	}
	for _, want := range append([]string{"Stopped at: ", "To go on: "}, texts...) {
		if !strings.Contains(r.stderr, want) {
			t.Errorf("the message lacks %q:\n%s", want, r.stderr)
		}
	}
	for _, claim := range []string{"is ready", "is removed", "is replaced"} {
		if strings.Contains(r.stdout, claim) {
			t.Errorf("it claims to be done:\n%s", r.stdout)
		}
	}
}

// call is a line of the stand-in's log.
type call struct {
	Number  int
	Changes bool
	Name    string
	Args    []string
}

func (w *world) calls() []call {
	w.t.Helper()
	f, err := os.Open(w.path("world.json.log"))
	w.must(err)
	defer f.Close()
	var all []call
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var c call
		w.must(json.Unmarshal(lines.Bytes(), &c))
		all = append(all, c)
	}
	return all
}

// outline is what must be equal in the end, however often it was tried: no secret, key, time or count of tries.
func outline(s *model.World) map[string]any {
	all := map[string]any{"deleted vaults": s.DeletedVaults}
	for name, g := range s.Groups {
		tags := maps.Clone(g.Tags)
		for tag, value := range tags {
			if strings.HasSuffix(tag, "-key") && value != "" {
				tags[tag] = "set"
			}
		}
		o := map[string]any{"tags": tags, "resources": slices.Sorted(maps.Keys(g.Resources)), "events": g.Events, "ledger": len(g.Tables.Keys), "keys": len(slices.Compact(slices.Sorted(slices.Values(g.Secrets))))}
		if g.App != nil {
			o["package"], o["functions"], o["settings"] = g.App.Package, g.App.Functions, slices.Sorted(maps.Keys(g.App.Settings))
		}
		all[name] = o
	}
	return all
}

// same compares two subscriptions in what must be equal.
func same(t *testing.T, want, got *model.World) {
	t.Helper()
	if diff := cmp.Diff(outline(want), outline(got)); diff != "" {
		t.Errorf("the subscription differs (-want +got):\n%s", diff)
	}
}

// changed tells what a script has changed, and not that it asked or that time went by.
func changed(before, after *model.World) string {
	return cmp.Diff(before, after, cmpopts.IgnoreFields(model.World{}, "Calls", "Seconds"),
		cmpopts.IgnoreFields(model.App{}, "Loads"), cmpopts.IgnoreFields(model.Service{}, "LastSweep"))
}
