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
	needs []feature // of the processor
	like  string    // name of another one: a package may hold what differs from it instead, called as this one with zstdSuffix
}

// feature is what a processor may have.
type feature struct {
	name string
	here bool // this processor has it
}

// lacks names what this processor does not have of what the program needs.
func (b build) lacks() []string {
	var names []string
	for _, f := range b.needs {
		if !f.here {
			names = append(names, f.name)
		}
	}
	return names
}

// builds are the worker programs, the fastest first. All of them read the same text. The first needs what the psABI calls x86-64-v3:
// every processor that has the features that Go knows has F16C, LZCNT and MOVBE too.
func builds() []build {
	return []build{
		{name: "lethe-worker-x86-64-v3", needs: []feature{
			{"AVX2", cpu.X86.HasAVX2}, {"BMI1", cpu.X86.HasBMI1}, {"BMI2", cpu.X86.HasBMI2}, {"FMA", cpu.X86.HasFMA},
		}},
		{name: "lethe-worker", like: "lethe-worker-x86-64-v3"},
	}
}

// workerProgram returns the worker program that this processor runs best of those beside this program.
func workerProgram() (workerFile, error) {
	self, err := os.Executable()
	if err != nil {
		return workerFile{}, fmt.Errorf("find the program itself: %w", err)
	}
	return workerIn(filepath.Dir(self), builds())
}

// workerIn returns the first of builds that lies in a folder and that the processor can run.
func workerIn(dir string, builds []build) (workerFile, error) {
	isFile := func(path string) bool {
		info, err := os.Stat(path)
		return err == nil && info.Mode().IsRegular()
	}
	var unfit, wanted []string
	for _, b := range builds {
		found := workerFile{path: filepath.Join(dir, b.name)}
		there, lacks := isFile(found.path), b.lacks()
		if !there && b.like != "" {
			found = workerFile{path: found.path + zstdSuffix, like: filepath.Join(dir, b.like)}
			there = isFile(found.path) && isFile(found.like)
		}
		switch {
		case there && len(lacks) == 0:
			return found, nil
		case there:
			unfit = append(unfit, fmt.Sprintf("%s needs %s", b.name, strings.Join(lacks, ", ")))
		case len(lacks) == 0:
			wanted = append(wanted, b.name)
		}
	}
	remedy := fmt.Sprintf("put %s there, which the package holds and make build makes", strings.Join(wanted, " or "))
	if len(unfit) > 0 {
		return workerFile{}, fmt.Errorf("no worker program in %s runs on this processor (%s): %s", dir, strings.Join(unfit, "; "), remedy)
	}
	return workerFile{}, fmt.Errorf("there is no worker program in %s: %s", dir, remedy)
}

// warmed fills the PDF compilation cache: with what the package brings packed, or else in a process of its own, whose memory goes with
// it. Where there is no folder for it there is nothing to fill.
func warmed(ctx context.Context, set config.Settings) error {
	dir, err := cacheFolder(set)
	if err != nil || dir == "" {
		return err
	}
	if packed := packagedFolder(packedCache); packed != "" {
		return unpackCache(packed, dir)
	}
	file, err := workerProgram()
	if err != nil {
		return err
	}
	program, err := file.open()
	if err != nil {
		return err
	}
	defer func() { _ = program.Close() }()                     // memory alone
	cmd := exec.CommandContext(ctx, program.path, "warm", dir) //nolint:gosec // a program of ours
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("fill the compilation cache: %w: %s", err, strings.TrimSpace(said.String()))
	}
	return nil
}
