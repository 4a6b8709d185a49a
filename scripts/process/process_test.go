package process

import (
	"context"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// ready waits until the script printed the word.
func ready(t *testing.T, p *Process, out *Buffer, word string) {
	t.Helper()
	if err := p.Await(t.Context(), 10*time.Second, func(context.Context) bool { return strings.Contains(string(out.Bytes()), word) }); err != nil {
		t.Fatalf("%v: %s", err, out.Bytes())
	}
}

func TestKillEndsWhatAKilledProgramLeavesBehind(t *testing.T) {
	out := &Buffer{}
	p, err := Start(t.Context(), exec.Command("sh", "-c", "sleep 300 & sleep 300 & echo up; wait"), out)
	if err != nil {
		t.Fatal(err)
	}
	ready(t, p, out, "up")
	if n := len(p.Members()); n != 3 {
		t.Errorf("%d processes in the group, want the shell and its two children", n)
	}
	p.Kill()
	if left := p.Members(); len(left) != 0 {
		t.Errorf("left running: %v", left)
	}
}

func TestProgramIsAskedToEndWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out := &Buffer{}
	p, err := Start(ctx, exec.Command("sh", "-c", "trap 'echo asked; exit 0' INT; echo up; while :; do sleep 0.1; done"), out)
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

func TestWaitingEndsWithTheProgram(t *testing.T) {
	p, err := Start(t.Context(), exec.Command("true"), &Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Await(t.Context(), time.Minute, func(context.Context) bool { return false }); err == nil || !strings.Contains(err.Error(), "ended") {
		t.Errorf("got %v", err)
	}
}

func TestKillEndsWhatLeftTheGroup(t *testing.T) {
	out := &Buffer{}
	p, err := Start(t.Context(), exec.Command("sh", "-c", "setsid -w sh -c 'sleep 300 & echo up; wait' & wait"), out)
	if err != nil {
		t.Fatal(err)
	}
	ready(t, p, out, "up")
	members := p.Members()
	if len(members) != 3 {
		t.Errorf("%d processes, want the shell, the shell in a session of its own, and its child", len(members))
	}
	p.Kill()
	if alive(members) {
		t.Errorf("some of %v run on", members)
	}
}

func TestProgramInheritsNoSettingsAndNoPlatform(t *testing.T) {
	for name, value := range map[string]string{"LETHE_REGION": "elsewhere", "CONTAINER_NAME": "x", "AWS_PROFILE": "x", "_HANDLER": "x", "LETHAL": "kept"} {
		t.Setenv(name, value)
	}
	env := Environment()
	for _, variable := range []string{"LETHE_REGION=elsewhere", "CONTAINER_NAME=x", "AWS_PROFILE=x", "_HANDLER=x"} {
		if slices.Contains(env, variable) {
			t.Errorf("%s is inherited", variable)
		}
	}
	if !slices.Contains(env, "LETHAL=kept") {
		t.Error("LETHAL is not inherited")
	}
}

// A test reads what a frozen program wrote: it must not be between two steps of one write.
func TestFrozenProcessesStandStill(t *testing.T) {
	out := &Buffer{}
	p, err := Start(t.Context(), exec.Command("sh", "-c", "echo up; while :; do :; done"), out)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Kill()
	ready(t, p, out, "up")
	Freeze(p.Members())
	if moves(p.PID()) {
		t.Error("the program runs on")
	}
	Signal(p.Members(), syscall.SIGCONT)
	if !moves(p.PID()) {
		t.Error("the program does not go on")
	}
}
