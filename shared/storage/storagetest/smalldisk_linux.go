package storagetest

import (
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// smallDisk marks the process in which a test has a disk of its own.
const smallDisk = "STORAGETEST_SMALL_DISK"

// SmallDisk runs the test that calls it again, in a process with a mount namespace of its own. There it returns an empty
// folder on a file system of so many bytes and true; in the first process it returns false once the other has ended, and the
// test has nothing more to do. It skips the test where the kernel gives no such namespace.
func SmallDisk(t *testing.T, size int64) (dir string, here bool) {
	t.Helper()
	if os.Getenv(smallDisk) == "" {
		elsewhere(t)
		return "", false
	}
	dir = t.TempDir()
	err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
	if err == nil {
		err = unix.Mount("tmpfs", dir, "tmpfs", 0, "mode=0700,size="+strconv.FormatInt(size, 10))
	}
	if err != nil {
		t.Skipf("no file system can be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	return dir, true
}

// elsewhere runs the test in a process of its own.
func elsewhere(t *testing.T) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.v", "-test.run=^"+regexp.QuoteMeta(t.Name())+"$")
	cmd.Env = append(os.Environ(), smallDisk+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Geteuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	switch {
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EINVAL):
		t.Skipf("the kernel gives no mount namespace: %v", err)
	case err != nil:
		t.Fatalf("on a small disk: %v\n%s", err, out)
	case strings.Contains(string(out), "--- SKIP"):
		t.Skipf("on a small disk:\n%s", out)
	case !strings.Contains(string(out), "--- PASS"):
		t.Fatalf("on a small disk nothing ran:\n%s", out)
	}
}

// Fill takes all that is free on the file system of a folder, and returns what gives it back.
func Fill(t *testing.T, dir string) (free func()) {
	t.Helper()
	f, err := os.CreateTemp(dir, "filler-*")
	if err != nil {
		t.Fatal(err)
	}
	for block := make([]byte, 1<<20); len(block) > 0; {
		if _, err = f.Write(block); err != nil {
			block = block[:len(block)/2]
		}
	}
	if !errors.Is(err, unix.ENOSPC) {
		t.Fatalf("the disk does not fill: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(f.Name()); err != nil {
			t.Fatal(err)
		}
	}
}
