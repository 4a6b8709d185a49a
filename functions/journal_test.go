//go:build linux && cgo

package main_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestFirstSecretIsNotWrittenToTheJournal(t *testing.T) {
	journal, err := os.Create(filepath.Join(t.TempDir(), "journal"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = journal.Close() }() // read by its name
	var to syscall.Stat_t
	if err := syscall.Fstat(int(journal.Fd()), &to); err != nil {
		t.Fatal(err)
	}
	for _, first := range []struct {
		stream string
		secret bool
	}{
		{fmt.Sprintf("%d:%d", to.Dev, to.Ino), false},
		{fmt.Sprintf("%d:%d", to.Dev, to.Ino+1), true},
	} {
		data := filepath.Join(t.TempDir(), "data")
		cmd := exec.CommandContext(t.Context(), program(t), "serve", "--data", data, "--listen", "127.0.0.1:0")
		cmd.Env = append(os.Environ(), "JOURNAL_STREAM="+first.stream)
		cmd.Stderr = journal
		log, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		for lines := bufio.NewScanner(log); lines.Scan() && !strings.Contains(lines.Text(), "server.ready"); {
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed
		said, err := os.ReadFile(journal.Name())
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(said), "secret  lethe_") != first.secret || strings.Contains(string(said), "lethe app create --data "+data) == first.secret {
			t.Errorf("with JOURNAL_STREAM=%s standard error is:\n%s", first.stream, said)
		}
	}
}
