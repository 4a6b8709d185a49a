// Package process starts the programs of a stamp that runs on one machine (hosts, emulators and what they start in turn),
// and ends them with everything that they left running.
package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Process is a started program with a process group of its own, so that all it starts can be ended with it.
type Process struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed once the program itself has ended
	once  sync.Once     // the group is ended once: its id may be another's later
}

// Start runs the command until ctx ends or Stop is called. What it and its children print goes to out.
func Start(ctx context.Context, cmd *exec.Cmd, out io.Writer) (*Process, error) {
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = time.Second // a child that outlives the program keeps its output open
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &Process{cmd: cmd, ended: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // however it ended
		close(p.ended)
	}()
	context.AfterFunc(ctx, p.Stop)
	return p, nil
}

// PID is the process id of the program itself.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Ended is closed once the program itself has ended.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Stop asks the program to end, and makes it and everything that it left running end after a while.
func (p *Process) Stop() {
	p.once.Do(func() {
		members := p.Members()                   // some leave the group, and have another parent once the program has ended
		_ = p.cmd.Process.Signal(syscall.SIGINT) // as from a terminal; fails when it has ended
		select {
		case <-p.ended:
		case <-time.After(10 * time.Second):
		}
		p.end(members)
	})
}

// Kill ends the program and all that it started at once.
func (p *Process) Kill() { p.once.Do(func() { p.end(p.Members()) }) }

func (p *Process) end(members map[int]int) {
	_ = syscall.Kill(-p.PID(), syscall.SIGKILL) // fails when the group has gone
	Signal(members, syscall.SIGKILL)
	<-p.ended
	for range 100 {
		if len(p.Members()) == 0 && !alive(members) {
			return
		}
		time.Sleep(10 * time.Millisecond) // the kernel takes its time with the rest of the group
	}
}

// Members lists the living processes of the program's group, and those that they started outside it, with their parents.
func (p *Process) Members() map[int]int {
	all := list()
	members := map[int]int{}
	for more := true; more; {
		more = false
		for pid, one := range all {
			_, known := members[pid]
			_, child := members[one.parent]
			if !known && (one.group == p.PID() || child) {
				members[pid], more = one.parent, true
			}
		}
	}
	return members
}

// Signal sends the signal to each of the processes that is left.
func Signal(members map[int]int, signal syscall.Signal) {
	for pid := range members {
		_ = syscall.Kill(pid, signal) // fails when it has ended
	}
}

// Freeze makes each of the processes stand still, and returns when every thread does: one that is told to goes on to the end of
// its system call.
func Freeze(members map[int]int) {
	Signal(members, syscall.SIGSTOP)
	for pid := range members {
		for moves(pid) {
			time.Sleep(time.Millisecond)
		}
	}
}

// moves reports whether a thread of a process that was told to stand still runs.
func moves(pid int) bool {
	stats, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid)) // the pattern is well-formed
	return slices.ContainsFunc(stats, func(path string) bool {
		fields := status(path)
		return len(fields) > 0 && !strings.Contains("TtZX", fields[0]) // stopped, or ended
	})
}

// status returns state, parent, group and so on of a process or thread, see proc(5), and nothing once it has ended.
func status(path string) []string {
	stat, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	// pid (name) state parent group …. The name may hold anything.
	return strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
}

func alive(members map[int]int) bool {
	all := list()
	for pid, parent := range members {
		if one, ok := all[pid]; ok && (one.parent == parent || one.parent == 1) {
			return true
		}
	}
	return false
}

// relation is what binds a process to others.
type relation struct{ parent, group int }

// list returns the living processes of the machine.
func list() map[int]relation {
	all := map[int]relation{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is well-formed
	for _, path := range stats {
		fields := status(path)
		if len(fields) < 3 || fields[0] == "Z" {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		parent, parentErr := strconv.Atoi(fields[1])
		group, groupErr := strconv.Atoi(fields[2])
		if err == nil && parentErr == nil && groupErr == nil {
			all[pid] = relation{parent, group}
		}
	}
	return all
}

// Await calls ready until it is true, the program ends, or the time is over.
func (p *Process) Await(ctx context.Context, limit time.Duration, ready func(context.Context) bool) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for !ready(ctx) {
		select {
		case <-ctx.Done():
			return fmt.Errorf("not ready after %s: %w", limit, ctx.Err())
		case <-p.ended:
			return errors.New("the program ended")
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil
}

// Environment is this process's own, without what would change a stamp: settings of the program, and variables that make it,
// or the host that starts it, believe that it runs on a platform.
func Environment() []string {
	return slices.DeleteFunc(os.Environ(), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return strings.HasPrefix(name, "LETHE_") || strings.HasPrefix(name, "AWS_") || name == "_HANDLER" || name == "CONTAINER_NAME"
	})
}

// Buffer collects what several processes print. It is safe for concurrent use.
type Buffer struct {
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
	Also io.Writer    // gets a copy if not nil; set before the first Write
}

// Write implements io.Writer.
func (b *Buffer) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.Also != nil {
		if n, err := b.Also.Write(text); err != nil {
			return n, err
		}
	}
	return b.text.Write(text)
}

// Bytes returns a copy of everything written.
func (b *Buffer) Bytes() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Clone(b.text.Bytes())
}

// Tail returns the end of what was written, for an error's text.
func (b *Buffer) Tail() []byte {
	text := b.Bytes()
	return text[max(0, len(text)-2000):]
}
