package azure_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/scripts/azure/testdata/standin/model"
	"github.com/lethe-ocr/lethe/scripts/stamp/scripttest"
)

// deployed is a world with a finished stamp.
func deployed(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.Done("deploy")
	w.change(func(azure *model.World) { azure.Calls = 0 })
	return w
}

// upgradable is a world with a finished stamp and a newer package.
func upgradable(t *testing.T) *world {
	t.Helper()
	w := deployed(t)
	w.pack("v2", "dist/lethe.zip")
	return w
}

func TestAStampIsDeployedUpgradedGivenAnotherKeyAndRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.Done("deploy")
	for _, want := range []string{"The stamp of westeurope is ready", endpoint, "Resource changes", "Region: westeurope"} {
		if !strings.Contains(r.Stdout, want) {
			t.Errorf("deploy does not tell %q:\n%s", want, r.Stdout)
		}
	}
	s := w.model().Groups[group]
	if s.Tags["state"] != "ready" || !s.Events || len(s.Secrets) != 1 || len(s.Tables.Keys) != 1 || s.App.Program != "v1" || len(s.App.Functions) != 5 {
		t.Errorf("deploy left %+v", s)
	}
	if s.Tags["signing-key"] != s.Tables.Keys[0] {
		t.Errorf("the public key %q is not the ledger's %q", s.Tags["signing-key"], s.Tables.Keys[0])
	}
	if r := w.Done("upgrade"); !strings.Contains(r.Stdout, "Nothing to do") {
		t.Errorf("upgrade to the same package:\n%s", r.Stdout)
	}

	w.pack("v2", "dist/lethe.zip")
	if r := w.Done("upgrade"); !strings.Contains(r.Stdout, "ready with version v2") || !strings.Contains(r.Stdout, "Update strategy: Recreate") {
		t.Errorf("upgrade says:\n%s", r.Stdout)
	}
	if s := w.model().Groups[group]; s.App.Program != "v2" || s.Tags["state"] != "ready" || s.Resources[appName].Commit != "v2" || len(s.Secrets) != 1 {
		t.Errorf("upgrade left %+v", s)
	}

	w.change(func(m *model.World) { m.Groups[group].Tables.Sealed = m.Groups[group].App.Key }) // a document waits with its password
	w.Done("rotate-key")
	s = w.model().Groups[group]
	if s.Tables.Sealed != s.App.Key {
		t.Error("the old key was removed while the password of a waiting document needed it")
	}
	if len(s.Secrets) != 2 || len(s.Tables.Keys) != 2 || s.Tags["signing-key"] != s.Tables.Keys[1] || s.App.Settings["LETHE_PREVIOUS_KEY"] != "" ||
		s.Tags["state"] != "ready" || s.Resources[appName].Commit != "v2" {
		t.Errorf("rotate-key left %+v", s)
	}

	r = w.Done("destroy")
	if m := w.model(); len(m.Groups) != 0 || len(m.DeletedVaults) != 0 {
		t.Errorf("destroy left %+v", m)
	}
	for _, name := range []string{"ledger/checkpoint", "keys"} {
		if _, err := os.Stat(w.Path("home/.local/state/lethe/" + group + "/" + name)); err != nil {
			t.Errorf("destroy did not save %s: %v", name, err)
		}
	}
	if receipts, err := os.ReadDir(w.Path("home/.local/state/lethe/" + group + "/receipts")); err != nil || len(receipts) != 3 {
		t.Errorf("destroy saved the receipts %v: %v", receipts, err)
	}
	if r := w.Done("destroy"); !strings.Contains(r.Stdout, "Nothing is left to do") {
		t.Errorf("a second destroy says:\n%s", r.Stdout)
	}
	w.Done("deploy", "SECRET_FILE="+w.Path("another"))
	t.Run("the real az takes every command line", w.parses)
}

// TestEachFailureIsToldAndMadeUpFor lets calls of every script fail in the ways they can, looks at what is left, and runs the
// script again: a few of them, in a soak test all.
func TestEachFailureIsToldAndMadeUpFor(t *testing.T) {
	t.Parallel()
	for _, sc := range []struct {
		script string
		world  func(*testing.T) *world
	}{
		{"deploy", newWorld},
		{"upgrade", upgradable},
		{"rotate-key", deployed},
		{"destroy", deployed},
	} {
		t.Run(sc.script, func(t *testing.T) {
			t.Parallel()
			start := sc.world(t).copied(t)
			good := start.copied(t)
			good.Done(sc.script)
			want := good.model()
			for _, f := range scripttest.Drawn(scripttest.Failures(good.Calls(), many), 2) {
				t.Run(f.Name(), func(t *testing.T) {
					t.Parallel()
					madeUpFor(t, f, sc.script, start.copied(t), want)
				})
			}
		})
	}
}

// many reports whether a call does many things and may stop in the middle.
func many(c scripttest.Call) bool {
	return slices.Contains(c.Args, "create") && slices.Contains(c.Args, "lethe-stamp")
}

// madeUpFor runs a script with the failure, looks at what it says and leaves, and runs it again.
func madeUpFor(t *testing.T, f scripttest.Failure, script string, w *world, want *model.World) {
	before := w.model()
	r := w.Run(script, f.Fault())
	broken := w.model()
	switch {
	case r.Code == 0:
		same(t, want, broken)
		return
	case f.Mode != "kill":
		r.Stopped(t)
	}
	if changed(before, broken) == "" {
		if strings.Contains(r.Stderr, "Stopped at: checking") && !strings.Contains(r.Stderr, "Nothing was changed.") {
			t.Errorf("it does not say that nothing was changed:\n%s", r.Stderr)
		}
		return // the next run begins as the first did
	}
	finished := cmp.Equal(outline(want), outline(broken))
	wentBack := script == "upgrade" && strings.Contains(r.Stderr, "serves again")
	if g := broken.Groups[group]; g != nil && g.Tags["state"] == "ready" && !finished && !wentBack {
		t.Errorf("the stamp is called ready although %s stopped:\n%s", script, r.Stderr)
	}
	if !finished {
		w.Done(script)
		same(t, want, w.model())
	}
}
