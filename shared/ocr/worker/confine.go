//go:build linux

package worker

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/landlock-lsm/go-landlock/landlock"
	llsyscall "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// maxOpenFiles is enough for the document and what the runtimes hold open; the language data comes on top.
const maxOpenFiles = 128

// Sandbox says what confines a child. Which effects it prevents is what attempts to bring them about have shown.
type Sandbox struct {
	Prevented    []Effect `json:"prevented"`    // nothing that was tried had the effect
	Worked       []string `json:"worked"`       // what did work, in words
	Landlock     int      `json:"landlock"`     // the kernel's Landlock ABI, 0 if it has none
	Seccomp      bool     `json:"seccomp"`      // the kernel took the filter of system calls
	AddressSpace bool     `json:"addressSpace"` // the kernel limits it; set by the pool
}

// Missing lists the effects that are not prevented.
func (s Sandbox) Missing() []Effect {
	return slices.DeleteFunc(Effects(), func(e Effect) bool { return slices.Contains(s.Prevented, e) })
}

// Lacks lists what the kernel does not give, or does not let the process use.
func (s Sandbox) Lacks() []string {
	var lacks []string
	if s.Landlock == 0 {
		lacks = append(lacks, "Landlock")
	}
	if !s.Seccomp {
		lacks = append(lacks, "seccomp filters")
	}
	return lacks
}

// String says for people what is prevented and what is missing.
func (s Sandbox) String() string {
	text := "closed: " + join(s.Prevented)
	if missing := s.Missing(); len(missing) > 0 {
		text += "; not closed here: " + join(missing)
	}
	if lacks := s.Lacks(); len(lacks) > 0 {
		text += "; without " + join(lacks)
	}
	return text
}

func join[T ~string](names []T) string {
	var b strings.Builder
	for i, n := range names {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(n))
	}
	if len(names) == 0 {
		return "nothing"
	}
	return b.String()
}

// Unconfined is the error of a pool that requires a sandbox and whose children cannot be given one.
type Unconfined struct{ Sandbox Sandbox }

// Error names the effects and what the kernel lacks.
func (e *Unconfined) Error() string {
	return fmt.Sprintf("worker processes cannot be confined here: not closed are %s; the kernel gives no %s",
		join(e.Sandbox.Missing()), strings.Join(e.Sandbox.Lacks(), " and no "))
}

// Landlocked reports whether the kernel can distinguish a process's own files from those of others. Where it cannot, everything
// must be open before Confine, which then refuses every open.
func Landlocked() bool { return landlockABI() > 0 }

func landlockABI() int {
	abi, err := llsyscall.LandlockGetABIVersion()
	if err != nil {
		return 0
	}
	return abi
}

// Confine takes from the calling process for good what reading documents does not need: every [Effect]. Files and folders
// below the given paths can still be read if the kernel has Landlock; without it no file can be opened any more. Paths that
// do not exist are ignored. held is how many files the process keeps open. It takes effect on every thread, as far as the
// kernel allows; the result says what holds.
//
// RLIMIT_NPROC is not used: it counts the threads of all processes of the user, so another program could stop a child.
func Confine(held int, paths ...string) Sandbox {
	// Errors are ignored, here and below: what counts is what the attempts find.
	_ = Hide()
	for limit, value := range map[int]uint64{
		unix.RLIMIT_NOFILE: uint64(maxOpenFiles + held), // #nosec G115 -- positive
		unix.RLIMIT_FSIZE:  0,
	} {
		_ = unix.Setrlimit(limit, &unix.Rlimit{Cur: value, Max: value})
	}
	s := Sandbox{Landlock: landlockABI()}
	sealed := s.Landlock == 0 || restrictFiles(paths) != nil
	s.Seccomp = restrictCalls(sealed) == nil
	s.try(paths)
	return s
}

// try makes every attempt.
func (s *Sandbox) try(paths []string) {
	for _, w := range wards(paths) {
		closed := true
		for _, a := range w.attempts {
			if a.try() == nil {
				closed = false
				s.Worked = append(s.Worked, string(w.effect)+": "+a.name)
			}
		}
		if closed {
			s.Prevented = append(s.Prevented, w.effect)
		}
	}
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

// onThread runs f on one thread, for calls whose effect on the other threads starts from the calling one.
func onThread(f func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return f()
}
