package ocrtest

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

// Resident returns the bytes of memory that this process takes, native memory included. It skips the test where the system does
// not say.
func Resident(t *testing.T) int64 {
	t.Helper()
	stat, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("this system does not say how much memory a process takes")
	}
	pages, err := strconv.ParseInt(strings.Fields(string(stat))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}
