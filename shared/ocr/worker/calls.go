//go:build linux

package worker

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"unsafe"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// forbiddenCalls are refused with EPERM. The list names what is dangerous rather than what is needed: the needs of the C
// library and the Go runtime change with their versions. Names unknown on an architecture are skipped; calls newer than
// every name are refused by their number.
func forbiddenCalls() []string {
	return []string{
		// network and other ways to reach processes; reading and writing the open socket stays possible
		"socket", "socketpair", "connect", "bind", "listen", "accept", "accept4", "sendto", "sendmsg", "sendmmsg",
		"shmget", "shmat", "shmctl", "semget", "semctl", "semop", "semtimedop", "msgget", "msgsnd", "msgrcv", "msgctl", "mq_open", "mq_unlink",
		// programs and processes
		"execve", "execveat", "fork", "vfork",
		// other processes
		"ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "process_mrelease", "kcmp", "pidfd_open",
		"pidfd_getfd", "pidfd_send_signal", "tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "setpgid", "setsid",
		"setpriority", "ioprio_set", "migrate_pages", "move_pages",
		// privileges, limits and namespaces
		"setrlimit", "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid", "setfsgid", "setgroups", "capset",
		"unshare", "setns", "chroot", "pivot_root", "mount", "umount2", "move_mount", "open_tree", "fsopen", "fsconfig",
		"fsmount", "fspick", "mount_setattr",
		// files: nothing is made, changed or removed by name, and memory files would escape the watch on memory
		"creat", "mkdir", "mkdirat", "mknod", "mknodat", "link", "linkat", "symlink", "symlinkat", "unlink", "unlinkat",
		"rename", "renameat", "renameat2", "rmdir", "truncate", "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown",
		"lchown", "fchownat", "utime", "utimes", "utimensat", "futimesat", "setxattr", "lsetxattr", "fsetxattr", "removexattr",
		"lremovexattr", "fremovexattr", "open_by_handle_at", "name_to_handle_at", "memfd_create", "memfd_secret",
		"inotify_init", "inotify_init1", "fanotify_init", "fanotify_mark", "uselib",
		// large or rarely used parts of the kernel
		"bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register", "io_setup",
		"io_submit", "keyctl", "add_key", "request_key", "vmsplice", "personality", "lookup_dcookie", "seccomp",
		// the machine
		"init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff",
		"acct", "quotactl", "quotactl_fd", "syslog", "sethostname", "setdomainname", "settimeofday", "clock_settime",
		"adjtimex", "clock_adjtime", "ioperm", "iopl", "nfsservctl", "vhangup", "modify_ldt",
	}
}

// openingCalls are refused too where nothing but the filter keeps files closed. A filter cannot see which file is meant.
func openingCalls() []string { return []string{"open", "openat"} }

// Requests of ioctl that name who gets the signals of asynchronous input and output, as fcntl does: the kernel sends them in
// the place of the process, so that a filter on kill does not see it.
const (
	fioSetOwn = 0x8901
	siocSPGrp = 0x8902
)

// restrictCalls filters the system calls of every thread. With sealed it also refuses to open any file.
func restrictCalls(sealed bool) error {
	info, err := arch.GetInfo("")
	if err != nil {
		return err
	}
	known := func(names []string) []string {
		return slices.DeleteFunc(slices.Clone(names), func(n string) bool {
			_, ok := info.SyscallNames[n]
			return !ok
		})
	}
	own := uint64(os.Getpid()) // #nosec G115 -- process ids are positive
	conditional := []seccomp.NameWithConditions{
		// Threads are made with clone too.
		{Name: "clone", Conditions: when(0, seccomp.BitsNotSet, unix.CLONE_THREAD)},
		// The Go runtime and abort signal the process itself.
		{Name: "kill", Conditions: when(0, seccomp.NotEqual, own)},
		{Name: "tgkill", Conditions: when(0, seccomp.NotEqual, own)},
		{Name: "prlimit64", Conditions: when(2, seccomp.NotEqual, 0)},
	}
	for _, command := range []struct {
		call      string
		argument  uint32
		forbidden []uint64
	}{
		{"prctl", 0, []uint64{unix.PR_SET_DUMPABLE, unix.PR_SET_PDEATHSIG}},
		{"fcntl", 1, []uint64{unix.F_SETOWN, unix.F_SETOWN_EX, unix.F_SETSIG, unix.F_SETLEASE}},
		{"ioctl", 1, []uint64{fioSetOwn, siocSPGrp}},
	} {
		for _, value := range command.forbidden {
			conditional = append(conditional, seccomp.NameWithConditions{Name: command.call, Conditions: when(command.argument, seccomp.Equal, value)})
		}
		// The kernel looks at the lower half of the register alone, the filter compares the whole.
		conditional = append(conditional, seccomp.NameWithConditions{Name: command.call, Conditions: when(command.argument, seccomp.GreaterThan, math.MaxUint32)})
	}
	policy := seccomp.Policy{
		DefaultAction: seccomp.ActionAllow,
		Syscalls: []seccomp.SyscallGroup{
			{Action: seccomp.ActionErrno, Names: known(forbiddenCalls()), NamesWithCondtions: conditional},
			// Their arguments are in memory, where a filter cannot see them. The C library falls back to clone and
			// openat on this error.
			{Action: seccomp.ActionErrno | seccomp.Action(unix.ENOSYS), Names: known([]string{"clone3", "openat2"})},
		},
	}
	if sealed {
		policy.Syscalls = append(policy.Syscalls, seccomp.SyscallGroup{
			Action: seccomp.ActionErrno | seccomp.Action(unix.EACCES), Names: known(openingCalls()),
		})
	}
	program, err := policy.Assemble()
	if err != nil {
		return fmt.Errorf("make filter: %w", err)
	}
	return onThread(func() error { return loadFilter(slices.Concat(ownCallsOnly(info), program)) })
}

// ownCallsOnly begins a filter: calls by the numbers of another architecture (a 64-bit process can make those of 32 bits,
// which the rest of the filter would take for others), and calls that are newer than the list of names, do not exist.
func ownCallsOnly(info *arch.Info) []bpf.Instruction {
	const offsetOfNumber, offsetOfArchitecture = 0, 4 // in struct seccomp_data (seccomp(2))
	absent := bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)}
	newest := slices.Max(slices.Collect(maps.Keys(info.SyscallNumbers)))
	return []bpf.Instruction{
		bpf.LoadAbsolute{Off: offsetOfArchitecture, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(info.ID), SkipTrue: 1}, // #nosec G115 -- 32 bits by definition
		absent,
		bpf.LoadAbsolute{Off: offsetOfNumber, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpGreaterThan, Val: uint32(newest), SkipFalse: 1}, // #nosec G115 -- some hundreds
		absent,
	}
}

var errThreads = errors.New("load filter: a thread keeps its own")

// loadFilter puts the filter on every thread of the process.
func loadFilter(instructions []bpf.Instruction) error {
	raw, err := bpf.Assemble(instructions)
	if err != nil {
		return fmt.Errorf("make filter: %w", err)
	}
	filter := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		filter[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]} // #nosec G115 -- the kernel's limit is 4096
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("load filter: %w", err)
	}
	thread, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC,
		uintptr(unsafe.Pointer(&program))) // #nosec G103 -- the call takes a pointer
	switch {
	case errno != 0:
		return fmt.Errorf("load filter: %w", errno)
	case thread != 0:
		return errThreads
	default:
		return nil
	}
}

func when(argument uint32, op seccomp.Operation, value uint64) seccomp.ArgumentConditions {
	return seccomp.ArgumentConditions{{Argument: argument, Operation: op, Value: value}}
}
