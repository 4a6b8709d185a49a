package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"github.com/lethe-ocr/lethe/shared/ocr/worker"
)

// overwriting is the setting of Go's runtime that overwrites memory when it is freed, not only when it is used again.
const overwriting = "clobberfree=1"

// overwriteFreed makes a server, whose memory holds documents and secrets, overwrite what it frees. The runtime reads that
// setting once, at its start, so the program begins again in the same process. For other verbs it does nothing.
func overwriteFreed(args []string) error {
	const variable = "GODEBUG"
	given := os.Getenv(variable)
	if len(args) < 2 || !slices.Contains([]string{serveVerb, functionsVerb, lambdaVerb}, args[1]) || strings.Contains(given, overwriting) {
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

// ignoreSignals keeps signals that Go's runtime would catch only to drop them from interrupting this process. To interrupt a
// thread, the kernel writes its registers to memory, and they hold what was being copied, up to 2 KiB. It stays there until the
// same thread is interrupted again, and nothing that overwrites memory reaches it. Without the runtime's own signal, a goroutine
// gives way at its next call instead of within a loop.
func ignoreSignals() error {
	for sig := syscall.Signal(1); sig <= lastSignal; sig++ {
		switch sig {
		case unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGABRT, unix.SIGTERM: // end the server
		case unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU, unix.SIGCONT: // stop it and let it go on
		case unix.SIGCHLD, unix.SIGPIPE, unix.SIGPROF: // below
		default:
			signal.Ignore(sig) // does nothing to faults, which the runtime needs
		}
	}
	// The library is not asked for these: by it, the first would take the exit codes of children away, the second would keep a
	// server alive whose log nobody reads, and the third is never ignored.
	return errors.Join(dispose(unix.SIGCHLD, byDefault), dispose(unix.SIGPIPE, ignored), dispose(unix.SIGPROF, ignored))
}

// lastSignal is the last of the kernel's signals.
const lastSignal syscall.Signal = 64

// What the kernel does with a signal: a child that ends is no reason to interrupt anything by default either.
const (
	byDefault = 0
	ignored   = 1
)

// dispose sets what the kernel does with a signal.
func dispose(sig syscall.Signal, with uint64) error {
	action := [4]uint64{with}                                                                                          // struct sigaction
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&action)), 0, 8, 0, 0) //nolint:gosec // has no wrapper
	if errno != 0 {
		return fmt.Errorf("set what %s does: %w", unix.SignalName(sig), errno)
	}
	return nil
}

// journaled reports whether somebody keeps what is written there: systemd in its journal (systemd.exec(5), JOURNAL_STREAM), or the
// runtime of a container, of which this is the first process or the one that the runtime's own init started, in its log.
func journaled(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	const first = 1
	if os.Getpid() == first || os.Getppid() == first && !term.IsTerminal(int(f.Fd())) {
		return true
	}
	var to unix.Stat_t
	return unix.Fstat(int(f.Fd()), &to) == nil && os.Getenv("JOURNAL_STREAM") == fmt.Sprintf("%d:%d", to.Dev, to.Ino)
}

// descriptors is how many this process may have open. Go's own start has raised that limit as far as it may be.
func descriptors() uint64 {
	limit := unix.Rlimit{Cur: 1024} // what there is nearly everywhere
	_ = unix.Getrlimit(unix.RLIMIT_NOFILE, &limit)
	return limit.Cur
}
