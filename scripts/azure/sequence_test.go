package azure_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// deployed is a world with a finished stamp.
func deployed(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.done("deploy")
	w.set(map[string]any{"Calls": 0})
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

	w.done("rotate-key")
	s = w.model().Groups[group]
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

// TestEachFailureIsToldAndMadeUpFor lets every call of every script fail in every way it can, looks at what is left, and
// runs the script again.
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
			before := start.model()
			good := start.copied(t)
			good.done(sc.script)
			want := good.model()
			var repeated sync.Map // outlines that the script has gone on from
			for _, c := range good.calls() {
				for _, mode := range modes(c) {
					t.Run(fmt.Sprintf("%d %s %s %s", c.Number, mode, c.Name, strings.Join(c.Args[:min(3, len(c.Args))], " ")), func(t *testing.T) {
						t.Parallel()
						w := start.copied(t)
						r := w.run(sc.script, fmt.Sprintf("STANDIN_FAULT=%d:%s", c.Number, mode))
						broken := w.model()
						switch {
						case r.code == 0:
							same(t, want, broken)
							return
						case mode != "kill":
							r.stopped(t)
						}
						if cmp.Equal(before, broken) {
							if strings.Contains(r.stderr, "Stopped at: checking") && !strings.Contains(r.stderr, "Nothing was changed.") {
								t.Errorf("it does not say that nothing was changed:\n%s", r.stderr)
							}
							return // the next run begins as the first did
						}
						left := fmt.Sprint(broken.outline())
						finished := left == fmt.Sprint(want.outline())
						wentBack := sc.script == "upgrade" && strings.Contains(r.stderr, "serves again")
						if broken.Groups[group].Tags["state"] == "ready" && !finished && !wentBack {
							t.Errorf("the stamp is called ready although %s stopped:\n%s", sc.script, r.stderr)
						}
						if _, seen := repeated.LoadOrStore(left, true); finished || seen && !soak() {
							return
						}
						w.done(sc.script)
						same(t, want, w.model())
					})
				}
			}
		})
	}
}

// modes are the ways in which a call can fail: before it did anything; after it did everything, with its answer lost; in the
// middle, where it does many things; and with the script itself, which then cannot clear up.
func modes(c call) []string {
	all := []string{"before"}
	if !c.Changes {
		return all
	}
	all = append(all, "after")
	many := slices.Contains(c.Args, "create") && slices.Contains(c.Args, "lethe-stamp")
	if many {
		all = append(all, "half")
	}
	if many || soak() {
		all = append(all, "kill")
	}
	return all
}

func soak() bool { return os.Getenv("LETHE_SOAK") != "" }
