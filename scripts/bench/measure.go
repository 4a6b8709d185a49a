package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"
)

// outcome is what reading all documents gave and cost.
type outcome struct {
	texts    []string // by document; empty for one that failed
	failed   int
	cpu      map[class]time.Duration // user and system time, of child processes too
	each     map[place]time.Duration // the same of each page, from a contender that reads it by a process of its own
	prepared time.Duration           // CPU time for making input that the contender can read
	wall     time.Duration
	peak     uint64 // resident bytes of all processes together
}

func newOutcome(docs []document) *outcome {
	return &outcome{texts: make([]string, len(docs)), cpu: map[class]time.Duration{}, each: map[place]time.Duration{}}
}

func (o *outcome) total() time.Duration {
	var sum time.Duration
	for _, d := range o.cpu {
		sum += d
	}
	return sum
}

// spent is the CPU time of a process that ended and of the children it waited for.
func spent(cmd *exec.Cmd) time.Duration {
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
}

// quietly runs a command and puts what it complains about into the error.
func quietly(cmd *exec.Cmd) error {
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", cmd.Args[0], err, strings.TrimSpace(complaint.String()))
	}
	return nil
}

// measured lets a contender read and watches the memory of its processes meanwhile.
func measured(ctx context.Context, c contender, docs []document, dir string) (*outcome, error) {
	watching, stop := context.WithCancel(ctx)
	var peak uint64
	var watcher sync.WaitGroup
	watcher.Go(func() { peak = watch(watching) })
	o, err := c.read(ctx, docs, dir)
	stop()
	watcher.Wait()
	if err != nil {
		return nil, err
	}
	o.peak = peak
	return o, nil
}

// watch samples the memory of all descendants until its context ends and returns the highest sum.
func watch(ctx context.Context) uint64 {
	var peak uint64
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return peak
		case <-tick.C:
			var sum uint64
			for _, pid := range children(os.Getpid()) {
				sum += resident(pid)
			}
			peak = max(peak, sum)
		}
	}
}

// resident is the memory of a process and its descendants, proc(5). A process that has gone has none.
func resident(pid int) uint64 {
	var pages uint64
	if statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid)); err == nil {
		if fields := strings.Fields(string(statm)); len(fields) > 1 {
			pages, _ = strconv.ParseUint(fields[1], 10, 64) // the kernel's own number
		}
	}
	sum := pages * uint64(os.Getpagesize())
	for _, child := range children(pid) {
		sum += resident(child)
	}
	return sum
}

// children lists the processes that any thread of a process started.
func children(pid int) []int {
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return nil
	}
	var pids []int
	for _, thread := range threads {
		list, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", pid, thread.Name()))
		if err != nil {
			continue
		}
		for field := range strings.FieldsSeq(string(list)) {
			if child, err := strconv.Atoi(field); err == nil {
				pids = append(pids, child)
			}
		}
	}
	return pids
}
