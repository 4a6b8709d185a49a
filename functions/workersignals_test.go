//go:build linux && cgo

package main_test

import (
	"strings"
	"syscall"
	"testing"

	"github.com/lethe-ocr/lethe/shared/client"
)

// A terminal and systemd send the signal that ends the server to its workers too.
func TestWorkersThatGetTheServersSignalHaveNotCrashed(t *testing.T) {
	s := startAt(t, t.TempDir(), "LETHE_WORKERS=1")
	page := photo(t, "Gardens and rain.")
	s.follow(s.send(page, client.Settings{}).ID, patience)
	before := s.workers()
	for _, pid := range before {
		for _, sig := range []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM} {
			if err := syscall.Kill(pid, sig); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(before) == 0 {
		t.Fatal("there is no worker")
	}
	if task := s.follow(s.send(page, client.Settings{}).ID, patience); task.State != "Completed" {
		t.Errorf("a document after the signal: %+v", task)
	}
	s.stop()
	if log := s.log.String(); strings.Contains(log, "worker.killed") {
		t.Errorf("the log tells of a crash:\n%s", log)
	}
}
