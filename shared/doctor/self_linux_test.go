package doctor

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/lethe-ocr/lethe/shared/ocr/worker/effect"
)

type workers struct {
	missing []effect.Effect
	err     error
}

// Confinement implements Workers.
func (w workers) Confinement(context.Context) (effect.Gap, error) {
	return effect.Gap{Missing: w.missing}, w.err
}

func TestSwapTableIsRead(t *testing.T) {
	const head = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
	for _, tc := range []struct {
		name, table string
		want        []string
	}{
		{"no swap", head, nil},
		{"nothing at all", "", nil},
		{"two devices", head + "/dev/dm-1  partition\t8388604\t0\t-2\n/swap.img  file\t2097148\t12\t-3\n", []string{"/dev/dm-1", "/swap.img"}},
	} {
		if diff := cmp.Diff(tc.want, swaps(tc.table)); diff != "" {
			t.Errorf("%s: %s", tc.name, diff)
		}
	}
}

func TestTheProcessLooksAtItself(t *testing.T) {
	finding := func(t *testing.T, s Self, c Check) Finding {
		t.Helper()
		for _, f := range Run(t.Context(), s) {
			if f.Check == c {
				return f
			}
		}
		t.Fatalf("nothing of %s", c)
		return Finding{}
	}
	outcome := func(t *testing.T, s Self, c Check) Outcome {
		t.Helper()
		return finding(t, s, c).Outcome
	}
	if f := finding(t, Self{Workers: workers{err: errors.New("there is no program")}}, Sandbox); !strings.Contains(f.Found, "there is no program") {
		t.Errorf("why no worker starts is not in %q", f.Found)
	}
	for name, tc := range map[string]struct {
		workers Workers
		want    Outcome
	}{
		"all closed":           {workers{}, OK},
		"network is open":      {workers{missing: []effect.Effect{effect.Network}}, Breach},
		"no worker starts":     {workers{err: errors.New("no")}, Unknown},
		"there are no workers": {nil, Unknown},
	} {
		if got := outcome(t, Self{Workers: tc.workers}, Sandbox); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}

	dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &limit); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(unix.Prctl(unix.PR_SET_DUMPABLE, uintptr(dumpable), 0, 0, 0), unix.Setrlimit(unix.RLIMIT_CORE, &limit)); err != nil {
			t.Error(err)
		}
	})
	set := func(dumpable uintptr) {
		t.Helper()
		closed := unix.Rlimit{Max: limit.Max}
		if err := errors.Join(unix.Prctl(unix.PR_SET_DUMPABLE, dumpable, 0, 0, 0), unix.Setrlimit(unix.RLIMIT_CORE, &closed)); err != nil {
			t.Fatal(err)
		}
	}
	set(1)
	if got := outcome(t, Self{}, CoreDumps); got != Breach {
		t.Errorf("memory that may be dumped is %s", got)
	}
	set(0)
	if got := outcome(t, Self{}, CoreDumps); got != OK {
		t.Errorf("memory that may not be dumped is %s", got)
	}
}
