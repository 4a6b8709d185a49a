//go:build linux

package worker_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr/worker"
	"github.com/lethe-ocr/lethe/shared/ocr/worker/effect"
	"github.com/lethe-ocr/lethe/shared/ocr/worker/workertest"
)

// without has the children of a pool run on a kernel that lacks the mechanisms.
func without(mechanisms ...workertest.Mechanism) func(*worker.Config) {
	return func(c *worker.Config) {
		var names []string
		for _, m := range mechanisms {
			names = append(names, string(m))
		}
		if len(names) > 0 {
			c.Env = append(c.Env, lacksVariable+"="+strings.Join(names, ","))
		}
	}
}

// confinement returns what a child found, and skips the test where the kernel itself cannot do it.
func confinement(t *testing.T, p *worker.Pool) worker.Sandbox {
	t.Helper()
	s, err := p.Sandbox(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("sandbox here: %s; worked: %q", s, s.Worked)
	return s
}

func TestChildCannotEscape(t *testing.T) {
	here32 := calls32(t.Context())
	for name, c := range map[string]struct {
		lacks    []workertest.Mechanism
		readable string // what is expected of the folder that may be read
	}{
		"Landlock":         {readable: "read what is needed"},
		"without Landlock": {lacks: []workertest.Mechanism{workertest.Landlock}},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			if err := os.WriteFile(filepath.Join(folder, "data"), []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
			p := newPool(t, "serve", func(cfg *worker.Config) {
				without(c.lacks...)(cfg)
				cfg.Env = append(cfg.Env, readVariable+"="+folder)
				if here32 {
					cfg.Env = append(cfg.Env, calls32Variable+"=yes")
				}
			})
			s := confinement(t, p)
			if !s.Seccomp {
				t.Skip("the kernel has no seccomp filters")
			}
			if missing := s.Gap().Missing; len(missing) > 0 {
				t.Fatalf("%v are open, and only %v is lacking: %q", missing, s.Gap().Lacks, s.Worked)
			}
			page, err := p.Recognise(t.Context(), document(t, "a", "escape "+folder), 1, options())
			if err != nil {
				t.Fatal(err)
			}
			want := []string{"done"}
			if s.Landlock > 0 && c.readable != "" {
				want = []string{c.readable, "done"}
			}
			if diff := cmp.Diff(want, texts(page)); diff != "" {
				t.Errorf("what worked: %s", diff)
			}
		})
	}
}

func TestAttemptsSucceedWhereNothingPreventsThem(t *testing.T) {
	p := newPool(t, "serve", without(workertest.Landlock, workertest.Seccomp))
	s := confinement(t, p)
	if diff := cmp.Diff(effect.All(), s.Gap().Missing); diff != "" {
		t.Errorf("an effect is said to be prevented by nothing: %s", diff)
	}
	if diff := cmp.Diff([]string{"Landlock", "seccomp filters"}, s.Gap().Lacks); diff != "" {
		t.Error(diff)
	}
}

func TestChildThatCannotBeConfinedGetsNoDocument(t *testing.T) {
	p := newPool(t, "serve", func(c *worker.Config) {
		without(workertest.Seccomp)(c)
		c.Confined = true
	})
	_, err := p.Recognise(t.Context(), document(t, "a", "echo"), 1, options())
	if !errors.Is(err, fault.EngineUnavailable) {
		t.Errorf("got %v", err)
	}
	_, err = p.Sandbox(t.Context())
	open, ok := errors.AsType[*worker.Unconfined](err)
	if !ok {
		t.Fatalf("got %v, want what is open", err)
	}
	for _, e := range []effect.Effect{effect.Network, effect.Programs, effect.Signals, effect.Cores} {
		if !slices.Contains(open.Sandbox.Gap().Missing, e) || !strings.Contains(open.Error(), string(e)) {
			t.Errorf("%s is not named: %v", e, open)
		}
	}
	if !strings.Contains(open.Error(), "seccomp") {
		t.Errorf("what is lacking is not named: %v", open)
	}
	if n := p.Stats().Starts; n != 0 {
		t.Errorf("%d children were taken on", n)
	}
}

func TestChildThatSaysNothingOfItsConfinementGetsNoDocument(t *testing.T) {
	p := newPool(t, "nothing", func(c *worker.Config) { c.Confined = true })
	_, err := p.Recognise(t.Context(), document(t, "a", "echo"), 1, options())
	if _, ok := errors.AsType[*worker.Unconfined](err); !ok {
		t.Errorf("got %v", err)
	}
}

func TestChildThatCanBeConfinedIsTakenOnWhereThatIsRequired(t *testing.T) {
	for name, lacks := range map[string][]workertest.Mechanism{"Landlock": nil, "without Landlock": {workertest.Landlock}} {
		t.Run(name, func(t *testing.T) {
			p := newPool(t, "serve", func(c *worker.Config) {
				without(lacks...)(c)
				c.Confined = true
			})
			if _, err := p.Recognise(t.Context(), document(t, "a", "echo"), 1, options()); err != nil {
				if _, open := errors.AsType[*worker.Unconfined](err); open && !seccompHere() {
					t.Skip("the kernel has no seccomp filters")
				}
				t.Fatal(err)
			}
		})
	}
}
