//go:build linux

package worker

import (
	"fmt"
	"os"
	"runtime"
	"slices"

	"github.com/landlock-lsm/go-landlock/landlock"
	llsyscall "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/worker/effect"
)

// maxOpenFiles is enough for the document, or its parts, and what the runtimes hold open; the language data comes on top.
const maxOpenFiles = 128 + ocr.MaxParts

// Sandbox says what confines a child. Which effects it prevents is what attempts to bring them about have shown.
type Sandbox struct {
	Prevented    []effect.Effect `json:"prevented"`    // nothing that was tried had the effect
	Worked       []string        `json:"worked"`       // what did work, in words
	Landlock     int             `json:"landlock"`     // the kernel's Landlock ABI, 0 if it has none
	Seccomp      bool            `json:"seccomp"`      // the kernel took the filter of system calls
	AddressSpace bool            `json:"addressSpace"` // the kernel limits it; set by the pool
}

// Gap is what is not prevented, and what the kernel does not give, or does not let the process use.
func (s Sandbox) Gap() effect.Gap {
	g := effect.Gap{Missing: slices.DeleteFunc(effect.All(), func(e effect.Effect) bool { return slices.Contains(s.Prevented, e) })}
	if s.Landlock == 0 {
		g.Lacks = append(g.Lacks, "Landlock")
	}
	if !s.Seccomp {
		g.Lacks = append(g.Lacks, "seccomp filters")
	}
	return g
}

// String says for people what is prevented and what is missing.
func (s Sandbox) String() string {
	return "closed: " + effect.Join(s.Prevented) + "; " + s.Gap().String()
}

// Unconfined is the error of a pool that requires a sandbox and whose children cannot be given one.
type Unconfined struct{ Sandbox Sandbox }

// Error names the effects and what the kernel lacks.
func (e *Unconfined) Error() string {
	return "worker processes cannot be confined here: " + e.Sandbox.Gap().String()
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

// Confine takes from the calling process for good what reading documents does not need: every [effect.Effect]. Files and folders
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
	for _, e := range effect.All() {
		ways := attempts(e, paths)
		closed := len(ways) > 0
		for _, a := range ways {
			if a.try() == nil {
				closed = false
				s.Worked = append(s.Worked, string(e)+": "+a.name)
			}
		}
		if closed {
			s.Prevented = append(s.Prevented, e)
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
