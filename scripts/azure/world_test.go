// Package azure_test runs the scripts of this folder against a model of a subscription: see testdata/standin.
package azure_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lethe-ocr/lethe/scripts/azure/testdata/standin/model"
	"github.com/lethe-ocr/lethe/scripts/stamp/scripttest"
	"github.com/lethe-ocr/lethe/scripts/stamp/standin"
)

const (
	group    = "rg-lethe-prod-westeurope"
	appName  = "func-lethe-ooiaatjxc26"
	vault    = "kv-lethe-ooiaatjxc26"
	endpoint = "https://" + appName + ".azurewebsites.net"
)

// bin is the folder of the stand-in, which is built once.
var bin = sync.OnceValues(func() (string, error) { return scripttest.Build("az") })

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := bin(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// world is a checkout of the scripts with a package in it, beside a model of a subscription.
type world struct{ *scripttest.World }

func newWorld(t *testing.T) *world {
	t.Helper()
	bin, err := bin()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{scripttest.New(t, bin)}
	here, err := os.Getwd()
	w.Must(err, os.MkdirAll(w.Path("infra/regions"), 0o700), os.Symlink(filepath.Join(here, "../../infra/azure"), w.Path("infra/azure")))
	w.Must(os.CopyFS(w.Path("infra/regions"), os.DirFS("../../infra/regions")))
	maps.Copy(w.Env, map[string]string{
		"REGION": "westeurope", "ALERT_EMAIL": "operations@example.org",
		"STANDIN_SNAPSHOT": w.Path("infra/azure/testdata/snapshots/westeurope.json"),
	})
	w.pack("v1", "dist/lethe.zip")
	azure := model.World{SignedIn: true, Groups: map[string]*model.Group{}, DeletedVaults: map[string]bool{}}
	answers, err := os.ReadFile("testdata/answers.json")
	w.Must(err, json.Unmarshal(answers, &azure.Answers))
	standin.Save(w.Path("world.json"), &azure)
	return w
}

// pack makes a package whose program says that it is of this version.
func (w *world) pack(version, path string) {
	w.T.Helper()
	files := map[string]string{"host.json": "{}"}
	for _, name := range []string{"api", "ocr", "poison", "requeue", "retention"} {
		files[name+"/function.json"] = "{}"
	}
	w.Pack(version, path, "lethe", files)
}

// load reads the subscription.
func (w *world) load() *model.World {
	azure := &model.World{}
	standin.Load(w.Path("world.json"), azure)
	return azure
}

// change changes the subscription.
func (w *world) change(how func(*model.World)) {
	azure := w.load()
	how(azure)
	standin.Save(w.Path("world.json"), azure)
}

// model reads what became of the subscription. Nothing may have been done that was not reviewed.
func (w *world) model() *model.World {
	w.T.Helper()
	azure := w.load()
	for _, v := range azure.Violations {
		w.T.Errorf("violation: %s", v)
	}
	return azure
}

// copied is a second world in the same state.
func (w *world) copied(t *testing.T) *world {
	t.Helper()
	c := newWorld(t)
	w.CopyTo(c.World, "infra/regions")
	c.Env["STANDIN_SNAPSHOT"] = c.Path("infra/azure/testdata/snapshots/westeurope.json")
	c.change(func(azure *model.World) { azure.Calls = 0 })
	return c
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
	return cmp.Diff(before, after, cmpopts.IgnoreFields(standin.World{}, "Calls", "Seconds"),
		cmpopts.IgnoreFields(standin.Process{}, "Loads"), cmpopts.IgnoreFields(standin.Service{}, "LastSweep"))
}
