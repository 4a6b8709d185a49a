package effect_test

import (
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr/worker/effect"
)

func TestGapNamesEffectsAndWhatTheKernelLacks(t *testing.T) {
	gap := effect.Gap{Missing: []effect.Effect{effect.Network, effect.Cores}, Lacks: []string{"Landlock", "seccomp filters"}}
	if want := "not closed: network, core dumps; the kernel gives no Landlock and no seccomp filters"; gap.String() != want {
		t.Errorf("%q, want %q", gap, want)
	}
}
