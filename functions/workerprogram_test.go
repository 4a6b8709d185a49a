//go:build linux

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFastestWorkerThatTheProcessorRunsIsTaken(t *testing.T) {
	of := func(avx2, fma bool) []build {
		return []build{{name: "fast", needs: []feature{{"AVX2", avx2}, {"FMA", fma}}}, {name: "portable", like: "fast"}}
	}
	for _, c := range []struct {
		name   string
		there  []string
		builds []build
		want   string
		says   []string // parts of the refusal; none where a worker is found
		never  string   // is no part of it
	}{
		{"all features", []string{"fast", "portable"}, of(true, true), "fast", nil, ""},
		{"a feature is missing", []string{"fast", "portable"}, of(true, false), "portable", nil, ""},
		{"as a patch", []string{"fast", "portable.zst"}, of(true, false), "portable.zst", nil, ""},
		{"as a patch, and all features", []string{"fast", "portable.zst"}, of(true, true), "fast", nil, ""},
		{"whole and as a patch", []string{"fast", "portable", "portable.zst"}, of(false, false), "portable", nil, ""},
		{"a patch for nothing", []string{"portable.zst"}, of(false, false), "", []string{"there is no worker program", "put portable there"}, ""},
		{"only the portable one", []string{"portable"}, of(true, true), "portable", nil, ""},
		{"none that runs", []string{"fast"}, of(true, false), "", []string{"runs on this processor", "fast needs FMA)", "put portable there"}, "AVX2"},
		{"none at all", nil, of(true, true), "", []string{"there is no worker program", "put fast or portable there"}, ""},
		{"none at all, an old processor", nil, of(false, false), "", []string{"there is no worker program", "put portable there"}, "fast"},
		{"a folder is no program", []string{"portable/"}, of(false, false), "", []string{"there is no worker program"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for _, name := range c.there {
				var err error
				if folder, ok := strings.CutSuffix(name, "/"); ok {
					err = os.Mkdir(filepath.Join(dir, folder), 0o700)
				} else {
					err = os.WriteFile(filepath.Join(dir, name), nil, 0o600)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			found, err := workerIn(dir, c.builds)
			if len(c.says) == 0 {
				if want := filepath.Join(dir, c.want); err != nil || found.path != want || (found.like != "") != strings.HasSuffix(want, zstdSuffix) {
					t.Errorf("%+v, %v, want %q", found, err, want)
				}
				return
			}
			if err == nil || found.path != "" {
				t.Fatalf("%q was found, and no refusal", found.path)
			}
			for _, part := range append(c.says, dir) {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q is not in %q", part, err)
				}
			}
			if c.never != "" && strings.Contains(strings.ReplaceAll(err.Error(), dir, ""), c.never) {
				t.Errorf("%q is in %q", c.never, err)
			}
		})
	}
}

// The last one needs nothing of the processor, so that one of a package always runs.
func TestOneWorkerRunsOnEveryProcessor(t *testing.T) {
	all := builds()
	if last := all[len(all)-1]; last.name != "lethe-worker" || len(last.needs) > 0 {
		t.Errorf("%+v", last)
	}
	for _, b := range all[:len(all)-1] {
		if len(b.needs) == 0 {
			t.Errorf("%s needs nothing, so that none after it is ever taken", b.name)
		}
	}
}

func TestScriptsBuildTheWorkerThatTheProgramStarts(t *testing.T) {
	script, err := os.ReadFile("../scripts/native.sh")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range builds()[0].needs {
		names = append(names, strings.ToLower(f.name))
	}
	if want := "needed='" + strings.Join(names, " ") + "'"; !strings.Contains(string(script), want) {
		t.Errorf("scripts/native.sh decides by something else than %s", want)
	}
}
