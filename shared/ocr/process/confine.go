//go:build linux

package process

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/landlock-lsm/go-landlock/landlock"
	llsyscall "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

const (
	// maxOpenFiles is enough for the language data, the document, and what the runtimes hold open.
	maxOpenFiles = 128
)

// Sandbox says what is in force in a child. Each field is the result of an attempt to do what must not work.
type Sandbox struct {
	Network      bool `json:"network"`      // no sockets can be made
	Filesystem   bool `json:"filesystem"`   // no file but those of the engine can be opened, none for writing
	Exec         bool `json:"exec"`         // no programs or processes can be started
	Signals      bool `json:"signals"`      // no other process can be signalled, traced or read
	Core         bool `json:"core"`         // no core dumps, and no other process of the user can read the memory
	AddressSpace bool `json:"addressSpace"` // the kernel limits it; set by the pool
	Landlock     int  `json:"landlock"`     // the kernel's Landlock ABI, 0 if it has none
}

// String lists what is in force and what is missing, in a form for people.
func (s Sandbox) String() string {
	var on, off []string
	for _, m := range []struct {
		name string
		held bool
	}{
		{"network", s.Network}, {"file system", s.Filesystem}, {"programs", s.Exec}, {"signals", s.Signals},
		{"core dumps", s.Core}, {"address space", s.AddressSpace},
	} {
		if m.held {
			on = append(on, m.name)
		} else {
			off = append(off, m.name)
		}
	}
	text := "closed: " + orNone(on)
	if len(off) > 0 {
		text += "; not closed here: " + orNone(off)
	}
	return fmt.Sprintf("%s (Landlock ABI %d)", text, s.Landlock)
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	return strings.Join(names, ", ")
}

// Confine takes from the calling process for good what reading documents does not need: opening files except for reading
// below the given files and folders, network, new processes, other processes, core dumps. Paths that do not exist are
// ignored. It takes effect on every thread, as far as the kernel allows; the result says what holds.
//
// RLIMIT_NPROC is not used: it counts the threads of all processes of the user, so another program could stop a child.
func Confine(paths ...string) Sandbox {
	hideErr := Hide()
	// Errors are not looked at, here and below: what counts is what the attempts in probe find.
	for limit, value := range map[int]uint64{
		unix.RLIMIT_NOFILE: maxOpenFiles,
		unix.RLIMIT_FSIZE:  0,
	} {
		_ = unix.Setrlimit(limit, &unix.Rlimit{Cur: value, Max: value})
	}
	abi, err := llsyscall.LandlockGetABIVersion()
	if err != nil {
		abi = 0
	}
	_ = restrictFiles(paths)
	_ = restrictCalls()
	s := probe()
	s.Core = hideErr == nil
	s.Landlock = abi
	return s
}

// Hide turns core dumps of the calling process off and closes its memory and its environment to other processes of the
// same user. The program that owns a Pool should call it too: without Landlock nothing else keeps a child from them.
func Hide() error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("turn core dumps off: %w", err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("turn core dumps off: %w", err)
	}
	return nil
}

func restrictFiles(paths []string) error {
	var files, folders []string
	for _, p := range paths {
		info, err := os.Stat(p)
		switch {
		case err != nil:
		case info.IsDir():
			folders = append(folders, p)
		default:
			files = append(files, p)
		}
	}
	const readFile = llsyscall.AccessFSReadFile
	rules := []landlock.Rule{
		landlock.PathAccess(readFile, files...),
		landlock.PathAccess(readFile|llsyscall.AccessFSReadDir, folders...),
		// Native libraries point their messages there.
		landlock.PathAccess(readFile|llsyscall.AccessFSWriteFile, os.DevNull),
	}
	return landlock.V11.BestEffort().Restrict(rules...)
}

// probe tries what must not work.
func probe() Sandbox {
	var s Sandbox
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	s.Network = err != nil
	closeIf(fd, err)

	fd, err = unix.Open("/", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	s.Filesystem = err != nil
	closeIf(fd, err)

	// The path does not exist, so nothing is executed where it is allowed.
	s.Exec = unix.Exec("/proc/self/none", []string{"none"}, nil) == unix.EPERM

	s.Signals = unix.Kill(os.Getppid(), 0) == unix.EPERM
	return s
}

func closeIf(fd int, err error) {
	if err == nil {
		_ = unix.Close(fd) // nothing was written
	}
}

// onThread runs f on one thread, for calls whose effect on the other threads starts from the calling one.
func onThread(f func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return f()
}
