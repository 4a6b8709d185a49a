package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/lethe-ocr/lethe/shared/ocr/worker"
)

// overwriting is the setting of Go's runtime that overwrites memory when it is freed, not only when it is used again.
const overwriting = "clobberfree=1"

// overwriteFreed makes a server, whose memory holds documents and secrets, overwrite what it frees. The runtime reads that
// setting once, at its start, so the program begins again in the same process. For other verbs it does nothing.
func overwriteFreed(args []string) error {
	const variable = "GODEBUG"
	given := os.Getenv(variable)
	if len(args) < 2 || args[1] != serveVerb && args[1] != functionsVerb || strings.Contains(given, overwriting) {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the program itself: %w", err)
	}
	setting := overwriting
	if given != "" {
		setting = given + "," + overwriting
	}
	if err := os.Setenv(variable, setting); err != nil {
		return err
	}
	return fmt.Errorf("start again: %w", syscall.Exec(self, args, os.Environ())) //nolint:gosec // the program itself
}

// hideMemory keeps the memory of this process, which holds secrets and text, from core dumps and from other processes of its
// user.
func hideMemory() error { return worker.Hide() }

// descriptors is how many this process may have open. Go's own start has raised that limit as far as it may be.
func descriptors() uint64 {
	limit := unix.Rlimit{Cur: 1024} // what there is nearly everywhere
	_ = unix.Getrlimit(unix.RLIMIT_NOFILE, &limit)
	return limit.Cur
}
