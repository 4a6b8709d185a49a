//go:build linux

// Package workertest lets tests run where the kernel lacks what confines worker processes.
package workertest

import (
	"fmt"
	"runtime"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"golang.org/x/sys/unix"
)

// Mechanism is what a kernel may lack.
type Mechanism string

// The mechanisms.
const (
	Landlock Mechanism = "landlock"
	Seccomp  Mechanism = "seccomp"
)

// Lack makes the kernel answer the calling process, and all that it starts from now on, as one without the mechanisms
// does. It cannot be undone. It is itself a filter, which is why a kernel without seccomp filters cannot be had with it.
func Lack(mechanisms ...Mechanism) error {
	absent := seccomp.SyscallGroup{Action: seccomp.ActionErrno | seccomp.Action(unix.ENOSYS)}
	invalid := seccomp.SyscallGroup{Action: seccomp.ActionErrno | seccomp.Action(unix.EINVAL)}
	for _, m := range mechanisms {
		switch m {
		case Landlock:
			absent.Names = append(absent.Names, "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self")
		case Seccomp:
			absent.Names = append(absent.Names, "seccomp")
			invalid.NamesWithCondtions = append(invalid.NamesWithCondtions, seccomp.NameWithConditions{
				Name:       "prctl",
				Conditions: seccomp.ArgumentConditions{{Argument: 0, Operation: seccomp.Equal, Value: unix.PR_SET_SECCOMP}},
			})
		default:
			return fmt.Errorf("no such mechanism: %s", m)
		}
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return seccomp.LoadFilter(seccomp.Filter{
		NoNewPrivs: true,
		Flag:       seccomp.FilterFlagTSync,
		Policy:     seccomp.Policy{DefaultAction: seccomp.ActionAllow, Syscalls: []seccomp.SyscallGroup{absent, invalid}},
	})
}
