//go:build linux

package worker_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/lethe-ocr/lethe/shared/ocr/worker"
)

// escape tries what a child must not be able to do and names each attempt that worked.
func escape(document *os.File, readable string) []string {
	var worked []string
	try := func(name string, err error) {
		if err == nil {
			worked = append(worked, name)
		}
	}
	open := func(path string, flags int) error {
		fd, err := unix.Open(path, flags, 0o600)
		if err == nil {
			_ = unix.Close(fd)
		}
		return err
	}
	_, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	try("tcp socket", err)
	_, err = unix.Socket(unix.AF_INET6, unix.SOCK_DGRAM, 0)
	try("udp socket", err)
	_, err = unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	try("unix socket", err)
	_, err = net.DialTimeout("tcp", "127.0.0.1:22", time.Second)
	try("dial", err)
	try("read passwd", open("/etc/passwd", unix.O_RDONLY))
	try("read own environment", open("/proc/self/environ", unix.O_RDONLY))
	try("read environment of parent", open(fmt.Sprintf("/proc/%d/environ", os.Getppid()), unix.O_RDONLY))
	try("read memory of parent", open(fmt.Sprintf("/proc/%d/mem", os.Getppid()), unix.O_RDONLY))
	try("create file", open("/tmp/lethe-escape", unix.O_CREAT|unix.O_WRONLY))
	try("create file among readable ones", open(readable+"/escape", unix.O_CREAT|unix.O_WRONLY))
	try("execute", exec.Command("/bin/true").Run())
	try("execute directly", func() error {
		if unix.Exec("/proc/self/none", nil, nil) == unix.EPERM {
			return unix.EPERM
		}
		return nil
	}())
	_, _, errno := unix.RawSyscall(unix.SYS_FORK, 0, 0, 0)
	try("fork", asError(errno))
	try("signal parent", unix.Kill(os.Getppid(), 0))
	try("signal thread of parent", unix.Tgkill(os.Getppid(), os.Getppid(), 0))
	try("trace parent", unix.PtraceAttach(os.Getppid()))
	_, err = unix.PidfdOpen(os.Getppid(), 0)
	try("pidfd of parent", err)
	_, err = unix.MemfdCreate("x", 0)
	try("memory file", err)
	try("raise limit", unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 1 << 20, Max: 1 << 20}))
	try("allow core dumps", unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0))
	try("outlive parent", unix.Prctl(unix.PR_SET_PDEATHSIG, 0, 0, 0, 0))
	_, _, errno = unix.RawSyscall(unix.SYS_PRCTL, unix.PR_SET_DUMPABLE|1<<32, 1, 0)
	try("allow core dumps by a longer number", asError(errno))
	_, _, errno = unix.RawSyscall(unix.SYS_SETRLIMIT, unix.RLIMIT_CORE, uintptr(unsafe.Pointer(&unix.Rlimit{})), 0) // #nosec G103 -- the call takes a pointer
	try("raise limit by the older call", asError(errno))
	_, err = unix.FcntlInt(worker.Socket, unix.F_SETOWN, os.Getppid())
	try("signal parent by its own input", err)
	try("signal parent by the request of a device", unix.IoctlSetPointerInt(worker.Socket, 0x8901, os.Getppid()))
	try("change mode of the document", document.Chmod(0o777))
	try("read what is needed", open(readable+"/data", unix.O_RDONLY))
	if os.Getenv(calls32Variable) != "" {
		const socket = 359 // of 32 bits
		if n := call32(socket, unix.AF_INET, unix.SOCK_STREAM); int32(n) >= 0 {
			worked = append(worked, "tcp socket by a call of 32 bits")
		}
	}
	return append(worked, "done")
}

func asError(errno syscall.Errno) error {
	if errno == 0 {
		return nil
	}
	return errno
}

// calls32 reports whether a program of 64 bits can make the system calls of 32 bits here. A kernel that has them may still end whoever
// makes one, so a process that nothing confines tries it first.
func calls32(ctx context.Context) bool {
	if runtime.GOARCH != "amd64" {
		return false
	}
	probe := exec.CommandContext(ctx, os.Args[0]) // #nosec G204 G702 -- the test itself
	probe.Env = append(os.Environ(), roleVariable+"="+caller32)
	return probe.Run() == nil
}

// caller32 is the role of a process that ends well if it can make a system call of 32 bits.
const caller32 = "32 bits"

func beCaller32() {
	const getpid = 20 // of 32 bits
	if int(call32(getpid, 0, 0)) != os.Getpid() {
		os.Exit(1)
	}
}

// call32 makes a system call by the numbers of 32 bits, as native code that a document has taken over could. Go passes the
// arguments in the registers in which the kernel wants them (EAX, EBX, ECX).
func call32(number, a, b uintptr) uintptr {
	code, err := unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE|unix.PROT_EXEC, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		panic(err)
	}
	copy(code, []byte{0x31, 0xD2, 0xCD, 0x80, 0xC3}) // XOR EDX, EDX; INT 0x80; RET
	entry := &code[0]
	function := &entry
	return (*(*func(number, a, b uintptr) uintptr)(unsafe.Pointer(&function)))(number, a, b) // #nosec G103 -- the code above
}

// seccompHere reports whether the kernel has filters of system calls.
func seccompHere() bool {
	_, err := unix.PrctlRetInt(unix.PR_GET_SECCOMP, 0, 0, 0, 0)
	return err == nil
}
