//go:build unix

package local_test

import (
	"io/fs"
	"syscall"
	"testing"
)

// allocated returns how many bytes of a file are on the disk.
func allocated(t *testing.T, stat fs.FileInfo) int64 {
	t.Helper()
	sys, ok := stat.Sys().(*syscall.Stat_t)
	if !ok {
		t.Fatalf("stat gives %T", stat.Sys())
	}
	return sys.Blocks * 512
}
