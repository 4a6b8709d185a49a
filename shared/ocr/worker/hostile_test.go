//go:build linux

package worker_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/worker"
)

func TestLiesAreNotPassedOn(t *testing.T) {
	for _, role := range []string{
		"huge", "garbage", "elements", "nothing", "reason", "numbers", "large number", "number", "box", "control", "language", "descriptors", "close",
	} {
		t.Run(role, func(t *testing.T) {
			p := newPool(t, role, nil)
			p.Languages()
			before := descriptors(t)
			_, err := p.Recognise(t.Context(), document(t, "a", "echo"), 1, options())
			if !errors.Is(err, fault.PageFailed) || strings.Contains(err.Error(), "made_up") {
				t.Errorf("got %v", err)
			}
			eventually(t, func() bool { return p.Stats().Ends[worker.Lied] == 2 })
			if after := descriptors(t); after > before+20 {
				t.Errorf("%d descriptors before, %d after", before, after)
			}
		})
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

func TestStandardErrorIsCountedAndDropped(t *testing.T) {
	p := newPool(t, "serve", nil)
	if _, err := p.Recognise(t.Context(), document(t, "a", "spam"), 1, options()); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { return p.Stats().StderrBytes >= 700_000 })
}

func TestChildSeesNoEnvironmentButItsOwn(t *testing.T) {
	t.Setenv("LETHE_SECRET", "canary")
	p := newPool(t, "serve", nil)
	page, err := p.Recognise(t.Context(), document(t, "a", "environment"), 1, options())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"OMP_THREAD_LIMIT=1;MALLOC_ARENA_MAX=1;MALLOC_TRIM_THRESHOLD_=67108864;MALLOC_MMAP_THRESHOLD_=33554432;" + roleVariable + "=serve"}
	if diff := cmp.Diff(want, texts(page)); diff != "" {
		t.Error(diff)
	}
}

func TestChildCannotWriteToTheDocument(t *testing.T) {
	p := newPool(t, "serve", nil)
	src := document(t, "a", "write")
	page, err := p.Recognise(t.Context(), src, 1, options())
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(src.File.Name())
	if err != nil {
		t.Fatal(err)
	}
	if texts(page)[0] != "true" || string(content) != "write\n" {
		t.Errorf("writing was refused: %s; the document is %q", texts(page)[0], content)
	}
}

func TestAddressSpaceIsLimited(t *testing.T) {
	p := newPool(t, "serve", nil)
	s, err := p.Sandbox(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", p.Stats().Children[0].PID))
	if err != nil {
		t.Skipf("limits of a child cannot be read here: %v", err)
	}
	for line := range strings.Lines(string(limits)) {
		if rest, ok := strings.CutPrefix(line, "Max address space"); ok {
			if unlimited := strings.Contains(rest, "unlimited"); unlimited == s.AddressSpace {
				t.Errorf("said %t, is %s", s.AddressSpace, rest)
			}
		}
		for _, name := range []string{"Max core file size", "Max file size"} {
			if rest, ok := strings.CutPrefix(line, name); ok && strings.Fields(rest)[0] != "0" {
				t.Errorf("%s: %s", name, rest)
			}
		}
	}
}

// beParent is a program that owns a child and hangs.
func beParent() {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	p, err := worker.New(worker.Config{
		Path: self, Env: []string{roleVariable + "=serve"}, Children: 2, Document: ocr.DefaultLimits(),
	})
	if err != nil {
		panic(err)
	}
	p.Languages()
	for {
		if children := p.Stats().Children; len(children) == 2 {
			fmt.Println(children[0].PID, children[1].PID)
			select {}
		}
		time.Sleep(time.Millisecond)
	}
}

func TestChildrenDieWithTheirParent(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), roleVariable+"=parent")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var polls []unix.PollFd
	for _, field := range strings.Fields(line) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		fd, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = unix.Close(fd) })
		polls = append(polls, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	for i := range polls {
		n, err := unix.Poll(polls[i:i+1], 10_000)
		if err != nil || n != 1 {
			t.Errorf("child %d outlives its parent (%v)", i, err)
		}
	}
}

func TestNobodyIsToldOfChildrenThatAreNoLongerWanted(t *testing.T) {
	var told atomic.Int64
	p := newPool(t, "serve", func(c *worker.Config) {
		c.Limits.Pages = 1
		c.Killed = func(worker.Reason, int64) { told.Add(1) }
	})
	for n := range 3 {
		if _, err := p.Recognise(t.Context(), document(t, "a", "echo"), n+1, options()); err != nil {
			t.Fatal(err)
		}
	}
	p.Close()
	if told.Load() != 0 || p.Stats().Ends[worker.Recycled] == 0 {
		t.Errorf("told %d times; ends %v", told.Load(), p.Stats().Ends)
	}
}
