package stack

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// ready waits until the script printed the word.
func ready(t *testing.T, p *process, out *Buffer, word string) {
	t.Helper()
	if err := poll(t.Context(), p, 10*time.Second, func(context.Context) bool { return strings.Contains(string(out.Bytes()), word) }); err != nil {
		t.Fatalf("%v: %s", err, out.Bytes())
	}
}

func TestKillEndsWhatAKilledProgramLeavesBehind(t *testing.T) {
	out := &Buffer{}
	p, err := start(t.Context(), exec.Command("sh", "-c", "sleep 300 & sleep 300 & echo up; wait"), out)
	if err != nil {
		t.Fatal(err)
	}
	ready(t, p, out, "up")
	if n := len(p.group()); n != 3 {
		t.Errorf("%d processes in the group, want the shell and its two children", n)
	}
	p.kill()
	if left := p.group(); len(left) != 0 {
		t.Errorf("left running: %v", left)
	}
}

func TestProgramIsAskedToEndWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out := &Buffer{}
	p, err := start(ctx, exec.Command("sh", "-c", "trap 'echo asked; exit 0' INT; echo up; while :; do sleep 0.1; done"), out)
	if err != nil {
		t.Fatal(err)
	}
	ready(t, p, out, "up")
	cancel()
	select {
	case <-p.ended:
	case <-time.After(20 * time.Second):
		t.Fatal("the program runs on after its context ended")
	}
	if !strings.Contains(string(out.Bytes()), "asked") {
		t.Error("the program was not asked to end first")
	}
}

func TestPollEndsWithTheProgram(t *testing.T) {
	p, err := start(t.Context(), exec.Command("true"), &Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	if err := poll(t.Context(), p, time.Minute, func(context.Context) bool { return false }); err == nil || !strings.Contains(err.Error(), "ended") {
		t.Errorf("got %v", err)
	}
}
