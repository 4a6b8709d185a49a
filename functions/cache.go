//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/config"
)

// cacheFolder returns the folder of the PDF compilation cache: the package's, or one that is made where it is missing. Where
// the settings name none and none can be made it returns an empty name: then each worker process compiles PDFium for itself, which takes seconds.
func cacheFolder(set config.Settings) (string, error) {
	if set.Cache != "" {
		dir, err := ownFolder(set.Cache)
		if err != nil {
			return "", verbs.Setting(fmt.Errorf("LETHE_CACHE: %w", err))
		}
		return dir, nil
	}
	if packaged := packagedFolder("cache"); packaged != "" {
		if dir, err := ownFolder(packaged); err == nil {
			return dir, nil
		}
	}
	// A function app's instance and a container may have no home, or none that they can write to.
	places := []string{filepath.Join(os.TempDir(), fmt.Sprintf("lethe-%d", os.Getuid()))}
	if base, err := os.UserCacheDir(); err == nil {
		places = slices.Insert(places, 0, filepath.Join(base, "lethe"))
	}
	for _, place := range places {
		if dir, err := ownFolder(place); err == nil {
			return dir, nil
		}
	}
	return "", nil
}

// ownFolder makes a folder unless it exists. What lies in it is executed, so it must belong to this user or to root, and
// nobody else may write to it: anybody could have made a folder of this name where all users have their files.
func ownFolder(dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return "", err
	}
	if s, ok := info.Sys().(*syscall.Stat_t); !ok || int(s.Uid) != os.Geteuid() && s.Uid != 0 {
		return "", fmt.Errorf("the folder %s belongs to another user: name one of your own", dir)
	}
	if info.Mode().Perm()&0o022 != 0 {
		return "", fmt.Errorf("others can write to the folder %s: name one of your own that nobody else can write to", dir)
	}
	return filepath.Abs(dir)
}

// fillCache fills the compilation cache unless it was filled since the worker program was installed: loading PDFium takes a
// fraction of a second, compiling it takes seconds in each worker process. Without a cache everything works, more slowly,
// so that no failure counts.
func fillCache(ctx context.Context, set config.Settings) {
	dir, err := cacheFolder(set)
	if err != nil || dir == "" {
		return
	}
	file, err := workerProgram()
	if err != nil {
		return
	}
	program, err := os.Stat(file.path)
	if err != nil {
		return
	}
	filled := filepath.Join(dir, "filled")
	if mark, err := os.Stat(filled); err == nil && mark.ModTime().After(program.ModTime()) {
		return
	}
	if err := warmed(ctx, set); err != nil {
		return
	}
	if err := os.WriteFile(filled, nil, 0o600); err == nil {
		now := time.Now()
		_ = os.Chtimes(filled, now, now) // a file that was there keeps its time when nothing is written
	}
}
