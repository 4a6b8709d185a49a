package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is a started program with a process group of its own, so that all it starts can be ended with it.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed once the program itself has ended
	once  sync.Once     // the group is ended once: its id may be another's later
}

// start runs the command until ctx ends or stop is called. What it and its children print goes to out.
func start(ctx context.Context, cmd *exec.Cmd, out io.Writer) (*process, error) {
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = time.Second // a child that outlives the program keeps its output open
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, ended: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // however it ended
		close(p.ended)
	}()
	context.AfterFunc(ctx, p.stop)
	return p, nil
}

// stop asks the program to end, and makes it and everything that it left running end after a while.
func (p *process) stop() {
	p.once.Do(func() {
		_ = p.cmd.Process.Signal(syscall.SIGINT) // as from a terminal; fails when it has ended
		select {
		case <-p.ended:
		case <-time.After(10 * time.Second):
		}
		p.endGroup()
	})
}

// kill ends the whole group at once.
func (p *process) kill() { p.once.Do(p.endGroup) }

func (p *process) endGroup() {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // fails when the group has gone
	<-p.ended
	for range 100 {
		if len(p.group()) == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond) // the kernel takes its time with the rest of the group
	}
}

// group lists the living processes of the group with their parents.
func (p *process) group() map[int]int {
	members := map[int]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is well-formed
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // ended between the two steps
		}
		// pid (name) state parent group …, see proc(5). The name may hold anything.
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if len(fields) < 3 || fields[0] == "Z" || fields[2] != strconv.Itoa(p.cmd.Process.Pid) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		parent, parentErr := strconv.Atoi(fields[1])
		if err == nil && parentErr == nil {
			members[pid] = parent
		}
	}
	return members
}

// poll calls ready until it is true, the program ends, or the time is over.
func poll(ctx context.Context, p *process, limit time.Duration, ready func(context.Context) bool) error {
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
