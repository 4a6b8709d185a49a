//go:build linux && cgo

package main_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lethe-ocr/lethe/shared/client"
)

// withDescriptors makes every program of the test run with so many descriptors at most.
func withDescriptors(t *testing.T, most int) {
	t.Helper()
	wrapped := filepath.Join(t.TempDir(), "lethe")
	script := fmt.Sprintf("#!/bin/sh\nulimit -n %d\nexec %q \"$@\"\n", most, program(t))
	if err := os.WriteFile(wrapped, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("LETHE_BIN", wrapped)
}

// descriptors counts what a process has open.
func descriptors(t *testing.T, pid int) int {
	t.Helper()
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	return len(open)
}

// 1,300 connections of people who show no credentials, on a server that may have 1,024 descriptors, keep neither erasing nor
// anybody with credentials from their turn.
func TestConnectionsWithoutCredentialsStarveNobody(t *testing.T) {
	const limit, strangers = 1024, 1300
	var own unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &own); err != nil || own.Cur < strangers+200 {
		t.Skipf("the test needs %d descriptors of its own and may have %d", strangers+200, own.Cur)
	}
	withDescriptors(t, limit)
	s := start(t)
	task := s.send(photo(t, "Gardens and rain."), client.Settings{})
	s.follow(task.ID, patience)
	at, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}

	says := []string{
		"",
		"GET /readyz HTTP/1.1\r\nHost:",
		"GET /healthz HTTP/1.1\r\nHost: lethe\r\n\r\n",
		"POST /v1/tasks HTTP/1.1\r\nHost: lethe\r\nContent-Type: application/pdf\r\nContent-Length: 100000\r\n\r\n%PDF",
	}
	for n := range strangers {
		conn, err := (&net.Dialer{Timeout: 10 * time.Second}).DialContext(t.Context(), "tcp", at.Host)
		if err != nil {
			t.Fatalf("connection %d: %v", n, err)
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, says[n%len(says)]) // the server may have closed it
	}
	if open := descriptors(t, s.cmd.Process.Pid); open > limit/2 {
		t.Errorf("the server has %d of %d descriptors open", open, limit)
	}

	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if _, err := s.Get(ctx, task.ID, 0); err != nil {
		t.Errorf("somebody known is not answered: %v", err)
	}
	s.advance(25 * time.Hour)
	if found := s.left(); len(found) > 0 {
		t.Errorf("not erased: %v", found)
	}
}
