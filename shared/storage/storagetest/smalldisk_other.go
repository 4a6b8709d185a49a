//go:build !linux

package storagetest

import "testing"

// SmallDisk skips the test: only Linux lets a process mount a file system of its own.
func SmallDisk(t *testing.T, _ int64) (dir string, here bool) {
	t.Helper()
	t.Skip("small disks are made on Linux only")
	return "", false
}

// Fill has no disk to fill: SmallDisk skipped the test.
func Fill(t *testing.T, _ string) (free func()) {
	t.Helper()
	return func() {}
}
