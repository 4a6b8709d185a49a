//go:build linux && cgo

package main_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lethe-ocr/lethe/shared/client"
)

// remnant is a word in the memory of a process.
type remnant struct {
	word   string
	place  string // its address and the line of the mapping that it lies in
	around []byte
}

// remnants finds words in the memory that a process can write to.
func remnants(t *testing.T, pid int, words ...string) (found []remnant) {
	t.Helper()
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		t.Skipf("the memory of another process cannot be looked at here: %v", err)
	}
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if errors.Is(err, os.ErrPermission) {
		t.Skipf("the memory of another process cannot be read here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = mem.Close() }() // opened for reading
	const step, seam, near = 1 << 20, 64, 100
	part := make([]byte, step+seam)
	for line := range strings.Lines(string(maps)) {
		var from, to int64
		var mode string
		if _, err := fmt.Sscanf(line, "%x-%x %s", &from, &to, &mode); err != nil || mode[:2] != "rw" {
			continue // the rest comes from the program's file
		}
		for at := from; at < to; at += step {
			// Pages that went meanwhile, or were never used, give nothing.
			n, _ := mem.ReadAt(part[:min(step+seam, to-at)], at)
			for _, w := range words {
				for i := 0; ; i++ {
					next := bytes.Index(part[i:n], []byte(w))
					if i += next; next < 0 || i >= step {
						break
					}
					found = append(found, remnant{
						word:   w,
						place:  fmt.Sprintf("%#x in %s", at+int64(i), strings.TrimSpace(line)),
						around: bytes.Clone(part[max(0, i-near):min(n, i+near)]),
					})
				}
			}
		}
	}
	return found
}

// checkSignals checks that a process has handlers only for signals that end it and for its own faults. The kernel writes a
// thread's registers to memory for each signal that is caught, and text is copied through them: one in seven runs of the test
// below found such a piece, for as long as it looked.
func checkSignals(t *testing.T, pid int) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, mask, _ := strings.Cut(string(status), "SigCgt:")
	var caught uint64
	if _, err := fmt.Sscanf(mask, "%x", &caught); err != nil {
		t.Fatalf("%v in\n%s", err, status)
	}
	allowed := []syscall.Signal{
		unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGABRT, unix.SIGTERM,
		unix.SIGILL, unix.SIGTRAP, unix.SIGBUS, unix.SIGFPE, unix.SIGSEGV, unix.SIGSTKFLT, unix.SIGSYS,
		32, 33, // of the C library, for threads that are cancelled or change their user: none here does
	}
	for sig := syscall.Signal(1); sig <= 64; sig++ {
		if caught>>(sig-1)&1 != 0 && !slices.Contains(allowed, sig) {
			t.Errorf("signal %d, %v, is caught", sig, sig)
		}
	}
}

// Six seconds after an erasure the server's memory once held 51 copies of what was planted. Words are long: Go keeps values of
// less than 16 bytes together, and one that is needed keeps its neighbour.
func TestServerForgetsInMemoryToo(t *testing.T) {
	const (
		password = "planted-document-password"
		header   = "planted-password-in-a-header"
		subject  = "planted-subject-of-a-document"
		word     = "counterrevolutionary"
		second   = "uncharacteristically"
	)
	words := []string{password, header, subject, word, second}
	s := start(t)
	checkSignals(t, s.cmd.Process.Pid)
	document := photo(t, word+" "+second)
	var ids []string
	for range 5 {
		made := s.send(document, client.Settings{Password: password, Formats: formats()})
		ids = append(ids, made.ID)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/v1/tasks?formats=txt,json", bytes.NewReader(document))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "image/jpeg")
		req.Header.Set("Document-Password", header)
		req.Header.Set("Document-Subject", subject)
		req.SetBasicAuth(s.app, s.secret)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close() // the address is enough
		ids = append(ids, resp.Header.Get("Location")[len("/v1/tasks/"):])
	}
	for _, id := range ids {
		s.follow(id, patience)
		for _, query := range []string{"", "?stream=true"} {
			if text := s.text(id, query); !bytes.Contains(text, []byte(word)) {
				t.Fatalf("the text is %q", text)
			}
		}
	}
	pid := s.cmd.Process.Pid
	if len(remnants(t, pid, words...)) == 0 {
		t.Error("nothing is found before the erasure: the search proves nothing")
	}
	for _, id := range ids {
		if gone, err := s.Delete(t.Context(), id); err != nil || gone.Erased.IsZero() {
			t.Fatalf("delete: %+v, %v", gone, err)
		}
	}
	// Ten seconds are promised; a machine that is busy with other tests is given longer.
	began := time.Now()
	left := remnants(t, pid, words...)
	t.Logf("at the last receipt: %d", len(left))
	for len(left) > 0 && time.Since(began) < time.Minute {
		time.Sleep(100 * time.Millisecond)
		left = remnants(t, pid, words...)
	}
	t.Logf("gone %v after it", time.Since(began).Round(100*time.Millisecond))
	for _, r := range left {
		t.Errorf("%q is still in memory, at %s: %q", r.word, r.place, r.around)
	}
}

// text fetches the plain text of a task.
func (s *server) text(id, query string) []byte {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+"/v1/tasks/"+id+"/results/txt"+query, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.SetBasicAuth(s.app, s.secret)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		s.t.Fatal(err)
	}
	return b
}
