// Package aws_test runs the scripts of this folder against a model of an account: see testdata/standin.
package aws_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lethe-ocr/lethe/scripts/aws/testdata/standin/model"
	"github.com/lethe-ocr/lethe/scripts/stamp/scripttest"
	"github.com/lethe-ocr/lethe/scripts/stamp/standin"
)

const (
	stackName = "lethe-eu-central-1"
	codeName  = "lethe-code-000000000001-eu-central-1"
	bucket    = stackName + "-000000000001"
	secret    = stackName + "-signing-key"
	endpoint  = "https://letheeucentral1.lambda-url.eu-central-1.on.aws"
	packaged  = "dist/lethe-lambda.zip"
)

// bin is the folder of the stand-in, which is built once.
var bin = sync.OnceValues(func() (string, error) { return scripttest.Build("aws") })

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := bin(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// world is a checkout of the scripts with a package in it, beside a model of an account.
type world struct{ *scripttest.World }

func newWorld(t *testing.T) *world {
	t.Helper()
	bin, err := bin()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{scripttest.New(t, bin)}
	here, err := os.Getwd()
	w.Must(err, os.MkdirAll(w.Path("infra/aws/regions"), 0o700), os.Symlink(filepath.Join(here, "../../infra/aws/stamp.yaml"), w.Path("infra/aws/stamp.yaml")))
	w.Must(os.CopyFS(w.Path("infra/aws/regions"), os.DirFS("../../infra/aws/regions")))
	maps.Copy(w.Env, map[string]string{"REGION": "eu-central-1", "ALERT_EMAIL": "operations@example.org"})
	w.pack("v1", packaged)
	standin.Save(w.Path("world.json"), &model.World{
		SignedIn: true, Free: 1000,
		Buckets: map[string]*model.Bucket{}, Stacks: map[string]*model.Stack{}, Secrets: map[string]*model.Secret{},
	})
	return w
}

// pack makes a package whose program says that it is of this version.
func (w *world) pack(version, path string) {
	w.T.Helper()
	w.Pack(version, path, "bootstrap", map[string]string{"tessdata/eng.traineddata": "words"})
}

func (w *world) load() *model.World {
	account := &model.World{}
	standin.Load(w.Path("world.json"), account)
	return account
}

// change changes the account.
func (w *world) change(how func(*model.World)) {
	account := w.load()
	how(account)
	standin.Save(w.Path("world.json"), account)
}

// model reads what became of the account. Nothing may have been done that was not reviewed.
func (w *world) model() *model.World {
	w.T.Helper()
	account := w.load()
	for _, v := range account.Violations {
		w.T.Errorf("violation: %s", v)
	}
	return account
}

// stack is the stamp's own.
func (w *world) stack() *model.Stack {
	w.T.Helper()
	s := w.model().Stacks[stackName]
	if s == nil {
		w.T.Fatal("there is no stack")
	}
	return s
}

// copied is a second world in the same state.
func (w *world) copied(t *testing.T) *world {
	t.Helper()
	c := newWorld(t)
	w.CopyTo(c.World, "infra/aws/regions")
	c.change(func(account *model.World) { account.Calls = 0 })
	return c
}

// outline is what must be equal in the end, however often it was tried: no secret, key, time or count of tries.
func outline(w *model.World) map[string]any {
	all := map[string]any{"buckets": slices.Sorted(maps.Keys(w.Buckets)), "secrets": slices.Sorted(maps.Keys(w.Secrets))}
	if code := w.Buckets[codeName]; code != nil {
		all["closed"], all["policy"] = code.Closed, code.Policy
		all["memory"] = remembered(code)
	}
	for name, s := range w.Stacks {
		parameters := maps.Clone(s.Parameters)
		for _, name := range []string{"BootstrapApp", "BootstrapHash", "Started"} {
			delete(parameters, name)
		}
		all[name] = map[string]any{
			"parameters": parameters, "program": s.App.Program, "ledger": len(s.Tables.Keys),
			"stopped": s.App.Stopped, "previous": s.App.Previous != "",
		}
	}
	return all
}

// same compares two accounts in what must be equal.
func same(t *testing.T, want, got *model.World) {
	t.Helper()
	if diff := cmp.Diff(outline(want), outline(got)); diff != "" {
		t.Errorf("the account differs (-want +got):\n%s", diff)
	}
}

// changed tells what a script has changed, and not that it asked or that time went by.
func changed(before, after *model.World) string {
	return cmp.Diff(before, after, cmpopts.IgnoreFields(standin.World{}, "Calls", "Seconds"),
		cmpopts.IgnoreFields(standin.Process{}, "Loads"), cmpopts.IgnoreFields(standin.Service{}, "LastSweep"), cmpopts.EquateEmpty())
}
