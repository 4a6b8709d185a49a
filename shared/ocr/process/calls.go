//go:build linux

package process

import (
	"os"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/sys/unix"
)

// forbiddenCalls are refused with EPERM. The list names what is dangerous rather than what is needed: the needs of the C
// library and the Go runtime change with their versions. Names unknown on an architecture are skipped.
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
		// privileges and namespaces
		"setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid", "setfsgid", "setgroups", "capset",
		"unshare", "setns", "chroot", "pivot_root", "mount", "umount2", "move_mount", "open_tree", "fsopen", "fsconfig",
		"fsmount", "fspick", "mount_setattr",
		// files: nothing is made, changed or removed by name, and memory files would escape the watch on memory
		"creat", "mkdir", "mkdirat", "mknod", "mknodat", "link", "linkat", "symlink", "symlinkat", "unlink", "unlinkat",
		"rename", "renameat", "renameat2", "rmdir", "truncate", "chmod", "fchmodat", "fchmodat2", "chown", "lchown",
		"fchownat", "utime", "utimes", "utimensat", "futimesat", "setxattr", "lsetxattr", "fsetxattr", "removexattr",
		"lremovexattr", "fremovexattr", "open_by_handle_at", "name_to_handle_at", "memfd_create", "memfd_secret",
		"inotify_init", "inotify_init1", "fanotify_init", "fanotify_mark",
		// large or rarely used parts of the kernel
		"bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register", "io_setup",
		"io_submit", "keyctl", "add_key", "request_key", "vmsplice", "personality", "lookup_dcookie", "seccomp",
		// the machine
		"init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff",
		"acct", "quotactl", "quotactl_fd", "syslog", "sethostname", "setdomainname", "settimeofday", "clock_settime",
		"adjtimex", "clock_adjtime", "ioperm", "iopl", "nfsservctl", "vhangup", "modify_ldt",
	}
}

func restrictCalls() error {
	info, err := arch.GetInfo("")
	if err != nil {
		return err
	}
	known := func(names []string) []string {
		var have []string
		for _, n := range names {
			if _, ok := info.SyscallNames[n]; ok {
				have = append(have, n)
			}
		}
		return have
	}
	own := uint64(os.Getpid()) // #nosec G115 -- process ids are positive
	filter := seccomp.Filter{
		NoNewPrivs: true,
		Flag:       seccomp.FilterFlagTSync,
		Policy: seccomp.Policy{
			DefaultAction: seccomp.ActionAllow,
			Syscalls: []seccomp.SyscallGroup{
				{Action: seccomp.ActionErrno, Names: known(forbiddenCalls())},
				{
					Action: seccomp.ActionErrno,
					NamesWithCondtions: []seccomp.NameWithConditions{
						// Threads are made with clone too.
						{Name: "clone", Conditions: when(0, seccomp.BitsNotSet, unix.CLONE_THREAD)},
						// The Go runtime and abort signal the process itself.
						{Name: "kill", Conditions: when(0, seccomp.NotEqual, own)},
						{Name: "tgkill", Conditions: when(0, seccomp.NotEqual, own)},
						{Name: "prlimit64", Conditions: when(2, seccomp.NotEqual, 0)},
						{Name: "prctl", Conditions: when(0, seccomp.Equal, unix.PR_SET_DUMPABLE)},
						{Name: "prctl", Conditions: when(0, seccomp.Equal, unix.PR_SET_PDEATHSIG)},
					},
				},
				// Their arguments are in memory, where a filter cannot see them. The C library falls back to clone and
				// openat on this error.
				{Action: seccomp.ActionErrno | seccomp.Action(unix.ENOSYS), Names: known([]string{"clone3", "openat2"})},
			},
		},
	}
	return onThread(func() error { return seccomp.LoadFilter(filter) })
}

func when(argument uint32, op seccomp.Operation, value uint64) seccomp.ArgumentConditions {
	return seccomp.ArgumentConditions{{Argument: argument, Operation: op, Value: value}}
}
