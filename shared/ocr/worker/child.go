//go:build linux

package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// child is a running process. One caller uses it at a time.
type child struct {
	cmd       *exec.Cmd
	conn      *net.UnixConn
	questions *net.UnixConn // on which it asks for parts of the document
	words     hello
	limits    Limits
	stderr    *counter
	ended     chan struct{} // closed once it has been reaped
	counted   chan struct{} // closed once its end has been counted and reported
	reason    atomic.Pointer[Reason]
	peak      atomic.Int64 // resident bytes
	rss       atomic.Int64 // resident bytes when last measured
	source    string       // id of the document that it may hold open; owned by the user
	opened    int          // documents
	unready   []string     // languages that it said it could not use; owned by the user
	pages     atomic.Int64
	aliveMu   sync.RWMutex
	alive     bool // the process id is this process's; guarded by aliveMu
}

// launch starts a process. Its parent-death signal is bound to the calling thread, so the thread must outlive it.
func launch(cfg Config, stderr *counter) (*child, error) {
	if cfg.Missing != nil {
		return nil, cfg.Missing
	}
	var ours []*net.UnixConn
	var theirs []*os.File
	defer func() { closeAll(theirs) }()
	abandon := func(err error) (*child, error) {
		for _, conn := range ours {
			_ = conn.Close() // nothing was sent
		}
		return nil, err
	}
	for range 2 { // Socket and questionSocket
		conn, file, err := socketPair()
		if err != nil {
			return abandon(err)
		}
		ours, theirs = append(ours, conn), append(theirs, file)
	}
	cmd := exec.Command(cfg.Path, cfg.Args...) // #nosec G204 -- the program itself, from the configuration
	cmd.Env = append(nativeSettings(), cfg.Env...)
	cmd.Dir = "/"
	cmd.Stderr = stderr
	cmd.ExtraFiles = theirs
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	// A descriptor of standard error that outlives the process must not hold up the pool.
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		return abandon(fmt.Errorf("start child: %w", err))
	}
	c := &child{
		cmd: cmd, conn: ours[0], questions: ours[1], limits: cfg.Limits, stderr: stderr,
		ended: make(chan struct{}), counted: make(chan struct{}), alive: true,
	}
	go c.reap()
	return c, nil
}

// socketPair returns a connection and the file of its other end.
func socketPair() (*net.UnixConn, *os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("make socket: %w", err)
	}
	ours := os.NewFile(uintptr(fds[0]), "child")  // #nosec G115 -- a descriptor
	theirs := os.NewFile(uintptr(fds[1]), "pool") // #nosec G115 -- a descriptor
	conn, err := unixConn(ours)
	if err != nil {
		_ = theirs.Close() // nothing was sent
		return nil, nil, err
	}
	return conn, theirs, nil
}

// unixConn makes a connection of a file and closes it.
func unixConn(file *os.File) (*net.UnixConn, error) {
	defer func() { _ = file.Close() }() // FileConn makes a duplicate
	conn, err := net.FileConn(file)
	if err != nil {
		return nil, fmt.Errorf("open socket: %w", err)
	}
	unixConn, ok := conn.(*net.UnixConn)
	if !ok {
		return nil, errors.Join(errors.New("open socket: not a unix socket"), conn.Close())
	}
	return unixConn, nil
}

// nativeSettings are for the libraries of a child, which read them when they load. Tesseract's threads cost more than they
// bring. The C library's allocator would keep several heaps with holes, which doubled the memory of a child that had read eighty
// pages. It keeps one, and what a page frees for the rest of the document: to give that back at once, and take it again picture
// by picture, cost half of all page faults. What is kept is given back with the document.
func nativeSettings() []string {
	return []string{"OMP_THREAD_LIMIT=1", "MALLOC_ARENA_MAX=1", "MALLOC_TRIM_THRESHOLD_=67108864", "MALLOC_MMAP_THRESHOLD_=33554432"}
}

// reap waits for the end of the process. Its id stays its own until alive is false, so that looking at it or limiting it
// never meets another process.
func (c *child) reap() {
	var info unix.Siginfo
	for {
		err := unix.Waitid(unix.P_PID, c.cmd.Process.Pid, &info, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	c.aliveMu.Lock()
	c.alive = false
	c.aliveMu.Unlock()
	_ = c.cmd.Wait() // the state is read from cmd
	// An answer that the process sent before its end can still be read. Normally the end of the connection follows; the
	// deadline is for a process that managed to pass its end of it on.
	_ = c.conn.SetReadDeadline(time.Now().Add(endGrace))
	close(c.ended)
}

// greet waits for the first message and sets the limits that need it.
func (c *child) greet(ctx context.Context, check checker) error {
	stop := context.AfterFunc(ctx, func() { c.kill(Cancelled) })
	defer stop()
	if err := c.conn.SetReadDeadline(time.Now().Add(WallShare * c.limits.Start)); err != nil {
		return fmt.Errorf("wait for child: %w", err)
	}
	greeted := make(chan struct{})
	defer close(greeted)
	go c.guardStart(greeted)
	body, err := readFrame(c.conn)
	if err == nil {
		err = decode(body, &c.words)
	}
	if err == nil {
		err = check.languages(c.words.Languages)
	}
	if err != nil {
		c.dismiss()
		if why := c.why(); why == OverCPU || why == Stalled {
			err = fmt.Errorf("it was ended: %s", why)
		}
		if c.cmd.ProcessState != nil && c.cmd.ProcessState.ExitCode() == exitUnusable {
			err = &Unusable{}
		}
		return fmt.Errorf("wait for the first word of child: %w (it wrote %q)", err, c.stderr.head())
	}
	c.stderr.forget()
	c.words.Sandbox.AddressSpace = c.limitAddressSpace() == nil
	return c.conn.SetReadDeadline(time.Time{})
}

// load has a child that has seen no document load a language, and ends it if that fails.
func (c *child) load(ctx context.Context, language string) error {
	stop := context.AfterFunc(ctx, func() { c.kill(Cancelled) })
	defer stop()
	err := c.conn.SetReadDeadline(time.Now().Add(WallShare * c.limits.Start))
	loaded := make(chan struct{})
	defer close(loaded)
	go c.guardStart(loaded)
	if err == nil {
		err = send(c.conn, request{Op: opLoad, Options: ocr.Options{Languages: []string{language}}})
	}
	var resp response
	if err == nil {
		resp, err = c.answer()
	}
	if err == nil && (resp.Failed || resp.Refusal != nil) {
		err = errNotLoaded
	}
	if err != nil {
		c.dismiss()
		return fmt.Errorf("load %s: %w", language, err)
	}
	return c.conn.SetReadDeadline(time.Time{})
}

var errNotLoaded = errors.New("the engine refused it")

// guardStart ends a child that uses more processor time than a start takes, or none at all, before it answers. How long it takes
// on the clock depends on what else the machine does.
func (c *child) guardStart(answered <-chan struct{}) {
	tick := time.NewTicker(c.limits.Poll)
	defer tick.Stop()
	began, _ := c.processor() // 0 for a child that has ended
	seen, still := began, time.Duration(0)
	for {
		select {
		case <-answered:
			return
		case <-c.ended:
			return
		case <-tick.C:
		}
		used, err := c.processor()
		if err != nil {
			return
		}
		if still += c.limits.Poll; used > seen {
			seen, still = used, 0
		}
		switch {
		case used-began > c.limits.Start:
			c.kill(OverCPU)
			return
		case still > c.limits.Stall:
			c.kill(Stalled)
			return
		}
	}
}

var errNoLimit = errors.New("not limited in this build")

func (c *child) limitAddressSpace() error {
	if !limitAddressSpace {
		return errNoLimit
	}
	limit := uint64(c.limits.Memory + addressSpaceHeadroom) // #nosec G115 -- positive
	return c.setLimit(unix.RLIMIT_AS, &unix.Rlimit{Cur: limit, Max: limit})
}

func (c *child) setLimit(resource int, limit *unix.Rlimit) error {
	return c.whileAlive(func(pid int) error { return unix.Prlimit(pid, resource, limit, nil) })
}

// whileAlive calls f with the process id while it cannot become another process's.
func (c *child) whileAlive(f func(pid int) error) error {
	c.aliveMu.RLock()
	defer c.aliveMu.RUnlock()
	if !c.alive {
		return os.ErrProcessDone
	}
	return f(c.cmd.Process.Pid)
}

// kill ends the process. The first reason stays.
func (c *child) kill(why Reason) {
	c.reason.CompareAndSwap(nil, &why)
	_ = c.cmd.Process.Kill() // an error means that it has ended already
}

// dismiss ends a process that is not taken on.
func (c *child) dismiss() {
	c.kill(NotStarted)
	<-c.ended
	c.hangUp()
}

// hangUp closes the connection. The user of a child does that once it is dead and nothing of it is read any more.
func (c *child) hangUp() {
	_ = c.conn.Close()
	_ = c.questions.Close()
}

// dead reports whether the process has ended or is about to.
func (c *child) dead() bool {
	select {
	case <-c.ended:
		return true
	default:
		return c.reason.Load() != nil
	}
}

// why returns the reason of the end: what the supervisor killed it for, or that it ended by itself. It waits for the end.
func (c *child) why() Reason {
	<-c.ended
	if r := c.reason.Load(); r != nil {
		return *r
	}
	if c.cmd.ProcessState != nil && c.cmd.ProcessState.ExitCode() == exitTime {
		return OverCPU
	}
	return Crashed
}

// used reports whether the process is due for replacement before it takes on document id. One whose memory has crept up
// to half of the limit is, so that the next page has the other half.
func (c *child) used(id string) bool {
	return c.rss.Load() > c.limits.Memory/2 || c.pages.Load() >= int64(c.limits.Pages) || (c.changes(id) && c.opened >= c.limits.Documents)
}

func (c *child) changes(id string) bool { return id == "" || c.source != id }

// answer reads one response.
func (c *child) answer() (response, error) {
	var r response
	body, err := readFrame(c.conn)
	if err != nil {
		return r, err
	}
	return r, decode(body, &r)
}

// counter takes what a child writes to standard error. It may hold content of documents: only its size is kept, apart
// from the beginning until the first message, which says why a start failed.
type counter struct {
	total *atomic.Int64 // of all children
	mu    sync.Mutex
	kept  []byte
	done  bool
}

const keptStderr = 512

var _ io.Writer = (*counter)(nil)

func (c *counter) Write(b []byte) (int, error) {
	c.total.Add(int64(len(b)))
	c.mu.Lock()
	defer c.mu.Unlock()
	if room := keptStderr - len(c.kept); !c.done && room > 0 {
		c.kept = append(c.kept, b[:min(room, len(b))]...)
	}
	return len(b), nil
}

func (c *counter) head() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return string(c.kept)
}

func (c *counter) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept, c.done = nil, true
}
