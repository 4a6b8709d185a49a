//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/cpu"

	"github.com/lethe-ocr/lethe/shared/config"
)

// build is a worker program that may lie beside this one.
type build struct {
	name  string
	needs string      // of the processor, in words; empty: nothing
	runs  func() bool // this processor has it
}

// builds are the worker programs, the fastest first. All of them read the same text.
func builds() []build {
	return []build{
		{name: "lethe-worker-x86-64-v3", needs: "AVX2, BMI1, BMI2, F16C, FMA, LZCNT and MOVBE", runs: x86v3},
		{name: "lethe-worker", runs: func() bool { return true }},
	}
}

// x86v3 reports whether the processor has what the psABI calls x86-64-v3, as far as Go knows it: every processor that has these has
// F16C, LZCNT and MOVBE too.
func x86v3() bool {
	return cpu.X86.HasAVX2 && cpu.X86.HasBMI1 && cpu.X86.HasBMI2 && cpu.X86.HasFMA && cpu.X86.HasOSXSAVE
}

// workerProgram returns the worker program that this processor runs best of those beside this program.
func workerProgram() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find the program itself: %w", err)
	}
	return workerIn(filepath.Dir(self), builds())
}

// workerIn returns the first of builds that lies in a folder and that the processor can run.
func workerIn(dir string, builds []build) (string, error) {
	var unfit, names []string
	for _, b := range builds {
		path := filepath.Join(dir, b.name)
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			names = append(names, b.name)
			continue
		}
		if b.runs() {
			return path, nil
		}
		unfit = append(unfit, fmt.Sprintf("%s needs a processor with %s", b.name, b.needs))
	}
	if len(unfit) > 0 {
		return "", fmt.Errorf("no worker program in %s runs on this processor: %s; put %s there, which the package holds", dir, strings.Join(unfit, ", "), names[len(names)-1])
	}
	return "", fmt.Errorf("there is no worker program in %s: put %s there, which the package holds and make build makes", dir, strings.Join(names, " or "))
}

// warmed fills the PDF compilation cache in a process of its own, whose memory goes with it. Where there is no folder for it there
// is nothing to fill.
func warmed(ctx context.Context, set config.Settings) error {
	dir, err := cacheFolder(set)
	if err != nil || dir == "" {
		return err
	}
	path, err := workerProgram()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, path, "warm", dir) //nolint:gosec // a program of ours
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("fill the compilation cache: %w: %s", err, strings.TrimSpace(said.String()))
	}
	return nil
}
