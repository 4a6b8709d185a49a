package aws_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/scripts/aws/testdata/standin/model"
	"github.com/lethe-ocr/lethe/scripts/stamp/scripttest"
)

// finished is what a deployment leaves, made once.
var finished struct {
	sync.Once
	world, secret []byte
}

// deployed is a world with a finished stamp.
func deployed(t *testing.T) *world {
	t.Helper()
	finished.Do(func() {
		w := newWorld(t)
		w.Done("deploy")
		w.change(func(account *model.World) { account.Calls = 0 })
		var err error
		finished.world, err = os.ReadFile(w.Path("world.json"))
		w.Must(err)
		finished.secret, err = os.ReadFile(w.Path("secret"))
		w.Must(err)
	})
	w := newWorld(t)
	w.Must(os.WriteFile(w.Path("world.json"), finished.world, 0o600), os.WriteFile(w.Path("secret"), finished.secret, 0o600))
	return w
}

// upgradable is a world with a finished stamp and a newer package.
func upgradable(t *testing.T) *world {
	t.Helper()
	w := deployed(t)
	w.pack("v2", packaged)
	return w
}

// remembered is what the scripts remember, without what differs from run to run.
func remembered(code *model.Bucket) map[string]string {
	all := map[string]string{}
	if err := json.Unmarshal([]byte(code.Objects["stamp.json"].Text), &all); err != nil {
		return nil
	}
	for name, value := range all {
		if strings.HasSuffix(name, "-key") && value != "" {
			all[name] = "set"
		}
		if value == "" {
			delete(all, name)
		}
	}
	return all
}

func TestAStampIsDeployedUpgradedGivenAnotherKeyAndRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.Done("deploy")
	for _, want := range []string{"The stamp of eu-central-1 is ready", endpoint, "add\tAWS::S3::Bucket\tBucket", "Region: eu-central-1"} {
		if !strings.Contains(r.Stdout, want) {
			t.Errorf("deploy does not tell %q:\n%s", want, r.Stdout)
		}
	}
	s, m := w.stack(), w.model()
	key := m.Secrets[secret].Labelled("AWSCURRENT")
	if remembered(m.Buckets[codeName])["state"] != "ready" || s.App.Program != "v1" || s.App.Key != key || len(s.Tables.Keys) != 1 ||
		s.Parameters["Protection"] != "true" || !m.Buckets[codeName].Closed || !m.Buckets[codeName].Policy {
		t.Errorf("deploy left %+v", s)
	}
	if r := w.Done("upgrade"); !strings.Contains(r.Stdout, "Nothing to do") {
		t.Errorf("upgrade to the same package:\n%s", r.Stdout)
	}

	w.pack("v2", packaged)
	if r := w.Done("upgrade"); !strings.Contains(r.Stdout, "ready with version v2") || !strings.Contains(r.Stdout, "Way back: version v1") {
		t.Errorf("upgrade says:\n%s", r.Stdout)
	}
	if s := w.stack(); s.App.Program != "v2" || s.Parameters["BootstrapHash"] == "" || len(w.model().Secrets[secret].Versions) != 1 {
		t.Errorf("upgrade left %+v", s)
	}

	// A document waits with its password.
	w.change(func(m *model.World) { m.Stacks[stackName].Tables.Sealed = m.Stacks[stackName].App.Key })
	w.Done("rotate-key")
	s, m = w.stack(), w.model()
	if s.Tables.Sealed != s.App.Key {
		t.Error("the old key was removed while the password of a waiting document needed it")
	}
	if v := m.Secrets[secret].Versions; len(v) != 2 || len(v[0].Stages) != 0 || s.App.Previous != "" || s.App.Key != v[1].Value || len(s.Tables.Keys) != 2 || s.App.Program != "v2" {
		t.Errorf("rotate-key left %+v and %+v", s, v)
	}

	w.Done("destroy")
	if m := w.model(); len(m.Stacks) != 0 || len(m.Buckets) != 0 || len(m.Secrets) != 0 {
		t.Errorf("destroy left %+v", m)
	}
	for _, name := range []string{"ledger/checkpoint", "keys"} {
		if _, err := os.Stat(w.Path("home/.local/state/lethe/" + stackName + "/" + name)); err != nil {
			t.Errorf("destroy did not save %s: %v", name, err)
		}
	}
	if receipts, err := os.ReadDir(w.Path("home/.local/state/lethe/" + stackName + "/receipts")); err != nil || len(receipts) != 3 {
		t.Errorf("destroy saved the receipts %v: %v", receipts, err)
	}
	if r := w.Done("destroy"); !strings.Contains(r.Stdout, "Nothing is left to do") {
		t.Errorf("a second destroy says:\n%s", r.Stdout)
	}
	w.Done("deploy", "SECRET_FILE="+w.Path("another"))
	t.Run("the real aws takes every command line", w.parses)
}

// many reports whether a call does many things and may stop in the middle.
func many(c scripttest.Call) bool { return slices.Contains(c.Args, "execute-change-set") }

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
	if code := broken.Buckets[codeName]; code != nil && script != "deploy" && remembered(code)["state"] == "ready" && !finished && !wentBack &&
		!cmp.Equal(before.Stacks[stackName].Parameters, broken.Stacks[stackName].Parameters) {
		t.Errorf("the stamp is called ready although %s stopped:\n%s", script, r.Stderr)
	}
	if !finished {
		w.Done(script)
		same(t, want, w.model())
	}
}
