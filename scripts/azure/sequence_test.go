package azure_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/scripts/azure/testdata/standin/model"
)

// deployed is a world with a finished stamp.
func deployed(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.done("deploy")
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
	r := w.done("deploy")
	for _, want := range []string{"The stamp of westeurope is ready", endpoint, "Resource changes", "Region: westeurope"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("deploy does not tell %q:\n%s", want, r.stdout)
		}
	}
	s := w.model().Groups[group]
	if s.Tags["state"] != "ready" || !s.Events || len(s.Secrets) != 1 || len(s.Tables.Keys) != 1 || s.App.Program != "v1" || len(s.App.Functions) != 5 {
		t.Errorf("deploy left %+v", s)
	}
	if s.Tags["signing-key"] != s.Tables.Keys[0] {
		t.Errorf("the public key %q is not the ledger's %q", s.Tags["signing-key"], s.Tables.Keys[0])
	}
	if r := w.done("upgrade"); !strings.Contains(r.stdout, "Nothing to do") {
		t.Errorf("upgrade to the same package:\n%s", r.stdout)
	}

	w.pack("v2", "dist/lethe.zip")
	if r := w.done("upgrade"); !strings.Contains(r.stdout, "ready with version v2") || !strings.Contains(r.stdout, "Update strategy: Recreate") {
		t.Errorf("upgrade says:\n%s", r.stdout)
	}
	if s := w.model().Groups[group]; s.App.Program != "v2" || s.Tags["state"] != "ready" || s.Resources[appName].Commit != "v2" || len(s.Secrets) != 1 {
		t.Errorf("upgrade left %+v", s)
	}

	w.change(func(m *model.World) { m.Groups[group].Tables.Sealed = m.Groups[group].App.Key }) // a document waits with its password
	w.done("rotate-key")
	s = w.model().Groups[group]
	if s.Tables.Sealed != s.App.Key {
		t.Error("the old key was removed while the password of a waiting document needed it")
	}
	if len(s.Secrets) != 2 || len(s.Tables.Keys) != 2 || s.Tags["signing-key"] != s.Tables.Keys[1] || s.App.Settings["LETHE_PREVIOUS_KEY"] != "" ||
		s.Tags["state"] != "ready" || s.Resources[appName].Commit != "v2" {
		t.Errorf("rotate-key left %+v", s)
	}

	r = w.done("destroy")
	if m := w.model(); len(m.Groups) != 0 || len(m.DeletedVaults) != 0 {
		t.Errorf("destroy left %+v", m)
	}
	for _, name := range []string{"ledger/checkpoint", "keys"} {
		if _, err := os.Stat(w.path("home/.local/state/lethe/" + group + "/" + name)); err != nil {
			t.Errorf("destroy did not save %s: %v", name, err)
		}
	}
	if receipts, err := os.ReadDir(w.path("home/.local/state/lethe/" + group + "/receipts")); err != nil || len(receipts) != 3 {
		t.Errorf("destroy saved the receipts %v: %v", receipts, err)
	}
	if r := w.done("destroy"); !strings.Contains(r.stdout, "Nothing is left to do") {
		t.Errorf("a second destroy says:\n%s", r.stdout)
	}
	w.done("deploy", "SECRET_FILE="+w.path("another"))
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
			good.done(sc.script)
			want := good.model()
			for _, f := range drawn(failures(good.calls()), 3) {
				t.Run(f.name(), func(t *testing.T) {
					t.Parallel()
					f.madeUpFor(t, sc.script, start.copied(t), want)
				})
			}
		})
	}
}

// failure is one call of a script that fails in one way.
type failure struct {
	call
	mode string
}

func (f failure) name() string {
	return fmt.Sprintf("%d %s %s %s", f.Number, f.mode, f.Name, strings.Join(f.Args[:min(3, len(f.Args))], " "))
}

// failures lists the ways in which calls can fail: before one did anything; after it did everything, with its answer lost; in
// the middle, where it does many things; and with the script itself, which then cannot clear up.
func failures(calls []call) []failure {
	var all []failure
	for _, c := range calls {
		modes := []string{"before"}
		if c.Changes {
			modes = append(modes, "after", "kill")
			if slices.Contains(c.Args, "create") && slices.Contains(c.Args, "lethe-stamp") {
				modes = append(modes, "half")
			}
		}
		for _, mode := range modes {
			all = append(all, failure{c, mode})
		}
	}
	return all
}

// madeUpFor runs a script with the failure, looks at what it says and leaves, and runs it again.
func (f failure) madeUpFor(t *testing.T, script string, w *world, want *model.World) {
	before := w.model()
	r := w.run(script, fmt.Sprintf("STANDIN_FAULT=%d:%s", f.Number, f.mode))
	broken := w.model()
	switch {
	case r.code == 0:
		same(t, want, broken)
		return
	case f.mode != "kill":
		r.stopped(t)
	}
	if changed(before, broken) == "" {
		if strings.Contains(r.stderr, "Stopped at: checking") && !strings.Contains(r.stderr, "Nothing was changed.") {
			t.Errorf("it does not say that nothing was changed:\n%s", r.stderr)
		}
		return // the next run begins as the first did
	}
	finished := cmp.Equal(outline(want), outline(broken))
	wentBack := script == "upgrade" && strings.Contains(r.stderr, "serves again")
	if g := broken.Groups[group]; g != nil && g.Tags["state"] == "ready" && !finished && !wentBack {
		t.Errorf("the stamp is called ready although %s stopped:\n%s", script, r.stderr)
	}
	if !finished {
		w.done(script)
		same(t, want, w.model())
	}
}

// drawn returns a few of many, as RAPID_SEED decides, or all of them in a soak test.
func drawn[T any](all []T, few int) []T {
	if os.Getenv("LETHE_SOAK") != "" {
		return all
	}
	seed, err := strconv.ParseUint(os.Getenv("RAPID_SEED"), 10, 64)
	if err != nil {
		seed = 1
	}
	random := rand.New(rand.NewPCG(seed, seed))
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:few]
}
