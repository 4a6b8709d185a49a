//go:build linux

package worker

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/lethe-ocr/lethe/shared/ocr/worker/effect"
)

// attempt is one way to bring an effect about.
type attempt struct {
	name string
	try  func() error // nil if it worked; what it made is undone
}

// attempts are the ways to bring an effect about that are tried. folders are those that the process may read.
func attempts(e effect.Effect, folders []string) []attempt {
	switch e {
	case effect.Network:
		return networkAttempts()
	case effect.Programs:
		return programAttempts()
	case effect.Writing:
		return writingAttempts(folders)
	case effect.Opening:
		return openingAttempts()
	case effect.Signals:
		return signalAttempts()
	case effect.Cores:
		return coreAttempts()
	default:
		return nil // what nobody tries does not count as prevented
	}
}

// refused reports whether the kernel refused a call itself, rather than what it was given.
func refused(err error) bool {
	return errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) || errors.Is(err, unix.ENOSYS)
}

// unlessRefused makes nil of any error but a refusal: the call got as far as examining its arguments, which were chosen
// so that it does no harm.
func unlessRefused(err error) error {
	if refused(err) {
		return err
	}
	return nil
}

// closing closes a descriptor that should not exist.
func closing(fd int, err error) error {
	if err == nil {
		_ = unix.Close(fd) // nothing was written
	}
	return err
}

func networkAttempts() []attempt {
	socket := func(name string, family, kind int) attempt {
		return attempt{name, func() error { return closing(unix.Socket(family, kind|unix.SOCK_CLOEXEC, 0)) }}
	}
	return []attempt{
		socket("TCP socket", unix.AF_INET, unix.SOCK_STREAM),
		socket("UDP socket", unix.AF_INET, unix.SOCK_DGRAM),
		socket("TCP socket of version 6", unix.AF_INET6, unix.SOCK_STREAM),
		socket("UDP socket of version 6", unix.AF_INET6, unix.SOCK_DGRAM),
		socket("local socket", unix.AF_UNIX, unix.SOCK_STREAM),
		socket("netlink socket", unix.AF_NETLINK, unix.SOCK_RAW),
		socket("packet socket", unix.AF_PACKET, unix.SOCK_DGRAM),
		socket("socket of the virtual machine", unix.AF_VSOCK, unix.SOCK_STREAM),
		{"ring of requests", func() error {
			// It makes sockets and opens files past a filter. No parameters: nothing is made where it is allowed.
			_, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, 1, 0, 0)
			return unlessRefused(errno)
		}},
	}
}

// missing is a program that does not exist, so that none is started where that is allowed.
const missing = "/proc/self/none"

func programAttempts() []attempt {
	return []attempt{
		{"program in a process of its own", func() error {
			_, err := os.StartProcess(missing, []string{missing}, &os.ProcAttr{Env: []string{}})
			return unlessRefused(err)
		}},
		{"program in its own place", func() error { return unlessRefused(unix.Exec(missing, []string{missing}, nil)) }},
		{"program by descriptor", func() error {
			at := unix.AT_FDCWD
			_, _, errno := unix.Syscall6(unix.SYS_EXECVEAT, uintptr(at), 0, 0, 0, 0, 0)
			return unlessRefused(errno)
		}},
	}
}

func writingAttempts(folders []string) []attempt {
	var all []attempt
	for _, folder := range append([]string{os.TempDir(), "/var/tmp", "/dev/shm", "/"}, folders...) {
		path := filepath.Join(folder, fmt.Sprintf(".lethe-%d", os.Getpid()))
		all = append(all,
			attempt{"file in " + folder, func() error {
				err := closing(unix.Open(path, unix.O_CREAT|unix.O_EXCL|unix.O_WRONLY|unix.O_CLOEXEC, 0o600))
				if err == nil {
					_ = unix.Unlink(path)
				}
				return err
			}},
			attempt{"file without a name in " + folder, func() error {
				return closing(unix.Open(folder, unix.O_TMPFILE|unix.O_WRONLY|unix.O_CLOEXEC, 0o600))
			}},
			attempt{"folder in " + folder, func() error {
				err := unix.Mkdir(path, 0o700)
				if err == nil {
					_ = unix.Rmdir(path)
				}
				return err
			}},
			attempt{"link in " + folder, func() error {
				err := unix.Symlink("none", path)
				if err == nil {
					_ = unix.Unlink(path)
				}
				return err
			}},
		)
	}
	return append(all,
		attempt{"file in memory", func() error { return closing(unix.MemfdCreate("none", unix.MFD_CLOEXEC)) }},
		attempt{"settings of the process", func() error {
			return closing(unix.Open("/proc/self/comm", unix.O_WRONLY|unix.O_CLOEXEC, 0))
		}},
		attempt{"mode of a file", func() error { return unlessRefused(unix.Chmod(missing, 0)) }},
		attempt{"removal of a file", func() error { return unlessRefused(unix.Unlink(missing)) }},
		attempt{"file that was left open", writableFile},
	)
}

var errNone = errors.New("there is none")

// writableFile looks for an open file that can be written to.
func writableFile() error {
	for fd := range int(maxOpenFiles) {
		var stat unix.Stat_t
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
		if err == nil && unix.Fstat(fd, &stat) == nil && stat.Mode&unix.S_IFMT == unix.S_IFREG && flags&unix.O_ACCMODE != unix.O_RDONLY {
			return nil
		}
	}
	return errNone
}

func openingAttempts() []attempt {
	var all []attempt
	for _, path := range []string{
		"/", "/etc/passwd", "/proc/self/environ", "/proc/self/mem", "/proc/self/exe", "/dev/zero",
		fmt.Sprintf("/proc/%d/environ", os.Getppid()), fmt.Sprintf("/proc/%d/mem", os.Getppid()),
	} {
		all = append(all,
			attempt{path, func() error { return closing(unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)) }},
			attempt{path + " by the newer call", func() error {
				return closing(unix.Openat2(unix.AT_FDCWD, path, &unix.OpenHow{Flags: unix.O_RDONLY | unix.O_CLOEXEC}))
			}},
		)
	}
	return all
}

func signalAttempts() []attempt {
	parent := os.Getppid()
	return []attempt{
		{"signal", func() error { return unix.Kill(parent, 0) }},
		{"signal to a thread", func() error { return unix.Tgkill(parent, parent, 0) }},
		{"handle of a process", func() error { return closing(unix.PidfdOpen(parent, 0)) }},
		{"signal by input and output", func() error {
			ends := make([]int, 2)
			if err := unix.Pipe2(ends, unix.O_CLOEXEC); err != nil {
				return err
			}
			_, err := unix.FcntlInt(uintptr(ends[0]), unix.F_SETOWN, parent) // #nosec G115 -- a descriptor
			_ = closing(ends[0], nil)
			return closing(ends[1], err)
		}},
		{"memory of a process", func() error {
			// Where nothing lies: only the right to read is looked at.
			byteOf := []unix.Iovec{{Base: new(byte), Len: 1}}
			_, err := unix.ProcessVMReadv(parent, byteOf, []unix.RemoteIovec{{Base: 0, Len: 1}}, 0)
			return unlessRefused(err)
		}},
	}
}

func coreAttempts() []attempt {
	dumpable := func(option uint64) func() error {
		return func() error {
			_, _, errno := unix.Syscall(unix.SYS_PRCTL, uintptr(option), 1, 0)
			now, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
			if errno == 0 || err != nil || now != 0 {
				_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
				return nil
			}
			return errno
		}
	}
	const beyondInt = 1 << 32 // the kernel does not look at what is above
	return []attempt{
		{"dumpable memory", dumpable(unix.PR_SET_DUMPABLE)},
		{"dumpable memory by a longer number", dumpable(unix.PR_SET_DUMPABLE | beyondInt)},
		{"size of a dump", func() error {
			var limit unix.Rlimit
			if err := unix.Getrlimit(unix.RLIMIT_CORE, &limit); err != nil || limit.Cur != 0 || limit.Max != 0 {
				return nil
			}
			return errNone
		}},
		{"limit of a dump", func() error { return raised(unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{Cur: 1, Max: 1})) }},
		{"limit of a dump by the older call", func() error {
			_, _, errno := unix.Syscall(unix.SYS_SETRLIMIT, unix.RLIMIT_CORE, 0, 0)
			return unlessRefused(errno)
		}},
	}
}

// raised lowers the limit of dumps again if it could be raised.
func raised(err error) error {
	if err == nil {
		_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	}
	return err
}
