package main

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// A document of nearly the largest size is read with a handler and a host that hardly grow: neither holds the bytes. They
// are once in a sealed memory file, whose size is the document's and whose limit is that of documents.
func TestLargestUploadGrowsNeitherHandlerNorHost(t *testing.T) {
	const size, bound = 199 << 20, 48 << 20
	s := startStamp(t, nil, nil)
	small := s.submit(t, picture(t, 1))
	s.awaitState(t, time.Minute, small, "Completed")

	handler := s.Handler()
	host := field(t, handler, "PPid")
	processes := map[string]int{"handler": handler, "host": host}
	before := map[string]int{}
	for name, pid := range processes {
		// Forget the peaks so far, see proc(5).
		if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0o200); err != nil {
			t.Skipf("peaks of memory cannot be reset here: %v", err)
		}
		before[name] = field(t, pid, "VmRSS") << 10
	}
	id := s.submit(t, padded(size))
	s.awaitState(t, 3*time.Minute, id, "Completed")
	if s.Handler() != handler {
		t.Fatal("another handler runs: the first one died")
	}
	for name, pid := range processes {
		grown := field(t, pid, "VmHWM")<<10 - before[name]
		t.Logf("%s: %d MiB before, %+d MiB at the peak, for a document of %d MiB", name, before[name]>>20, grown>>20, size>>20)
		if grown > bound {
			t.Errorf("%s grew by %d MiB, want at most %d", name, grown>>20, bound>>20)
		}
	}
	if status := s.try(t, http.MethodDelete, "/v1/tasks/"+id, nil); status != http.StatusOK && status != http.StatusAccepted {
		t.Errorf("delete: %d", status)
	}
}

// field reads one number of /proc/<pid>/status; memory is in KiB there.
func field(t *testing.T, pid int, name string) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			n, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("process %d has no %s", pid, name)
	return 0
}

// padded is the PDF of a page with a stream that nothing refers to, which brings it to about the size.
func padded(size int) []byte {
	padding := make([]byte, size)
	_, _ = rand.Read(padding) // never fails
	return pdftest.Pages(1, "/Font<</F 5 0 R>>", "BT/F 24 Tf 72 700 Td("+canary+")Tj ET",
		"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>", pdftest.Stream("", padding))
}
