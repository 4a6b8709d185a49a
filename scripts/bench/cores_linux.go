package main

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// onCores returns how long a command takes that may use so many cores.
func onCores(ctx context.Context, cores int, name string, args ...string) (time.Duration, error) {
	runtime.LockOSThread() // whose cores the command inherits
	defer runtime.UnlockOSThread()
	var all, some unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		return 0, err
	}
	for i := 0; some.Count() < cores; i++ {
		if all.Count() < cores {
			return 0, errCores
		}
		if all.IsSet(i) {
			some.Set(i)
		}
	}
	if err := unix.SchedSetaffinity(0, &some); err != nil {
		return 0, err
	}
	defer func() { _ = unix.SchedSetaffinity(0, &all) }() // the thread had them before
	began := time.Now()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "LETHE_WORKERS=") }) // one for each core
	err := quietly(cmd)
	return time.Since(began), err
}
