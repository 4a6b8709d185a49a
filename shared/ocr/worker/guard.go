//go:build linux

package worker

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lethe-ocr/lethe/shared/ocr/fairqueue"
)

// guard watches a child while it works and kills it over a limit, or when the caller gives up. It charges what the child
// uses of the processor, and stops the child while another owner has its place.
type guard struct {
	pool   *Pool
	c      *child
	place  *fairqueue.Place
	again  bool          // the call can begin again in another child
	limit  time.Duration // processor time of one page
	paused atomic.Int32  // waits for the caller: the child is not to blame for the time

	mu   sync.Mutex
	left time.Duration // wall time; guarded by mu
	cpu  time.Duration // the processor clock of the child must not pass it; guarded by mu

	charged time.Duration // the processor clock when last charged; owned by run
	seen    time.Duration // the processor clock when last read; owned by run
	still   time.Duration // wall time since the child used the processor; owned by run

	quit chan struct{}
	done chan struct{}
}

// watch starts to watch the child of s. It grants one page, of so much processor time.
func (p *Pool) watch(ctx context.Context, s *slot, cpu time.Duration) *guard {
	g := &guard{
		pool: p, c: s.child, place: s.place, again: s.again, limit: cpu,
		quit: make(chan struct{}), done: make(chan struct{}),
	}
	g.charged, _ = g.c.processor() // zero for one that has ended
	g.grant(1)
	go g.run(ctx)
	return g
}

// stop ends the watch. The child may have been killed until it returns, not later.
func (g *guard) stop() {
	close(g.quit)
	<-g.done
}

// grant gives the child anew what so many pages may take.
func (g *guard) grant(pages float64) {
	used, err := g.c.processor()
	if err != nil {
		return // it has ended
	}
	cpu := time.Duration(pages * float64(g.limit))
	g.mu.Lock()
	g.left = time.Duration(pages * float64(g.c.limits.Wall))
	g.cpu = used + cpu
	g.mu.Unlock()
	// The kernel's limit is in whole seconds and stands in for a watch that gets no time itself. Where the system does
	// not let it be set, the watch is enough.
	seconds := uint64((used+cpu)/time.Second) + 2 // #nosec G115 -- positive
	_ = g.c.setLimit(unix.RLIMIT_CPU, &unix.Rlimit{Cur: seconds, Max: unix.RLIM_INFINITY})
}

// pause stops the wall clock until resume; calls nest.
func (g *guard) pause()  { g.paused.Add(1) }
func (g *guard) resume() { g.paused.Add(-1) }

func (g *guard) run(ctx context.Context) {
	defer close(g.done)
	defer g.charge()
	ticker := time.NewTicker(g.c.limits.Poll)
	defer ticker.Stop()
	last := g.pool.cfg.Now()
	for {
		select {
		case <-g.quit:
			g.c.look()
			return
		case <-g.c.ended:
			return
		case <-ctx.Done():
			g.c.kill(Cancelled)
			return
		case <-ticker.C:
			now := g.pool.cfg.Now()
			if why := g.check(now.Sub(last)); why != "" {
				g.c.kill(why)
				return
			}
			g.charge()
			if !g.share(ctx) {
				return
			}
			last = g.pool.cfg.Now()
		}
	}
}

// charge reports to the slot what the child used since the last time.
func (g *guard) charge() {
	used, err := g.c.processor()
	if err != nil {
		<-g.c.ended
		if end := g.c.cmd.ProcessState; end != nil {
			used = end.UserTime() + end.SystemTime()
		}
	}
	g.place.Charge(used - g.charged)
	g.charged = max(g.charged, used)
}

// check returns the limit that is passed, if any.
func (g *guard) check(elapsed time.Duration) Reason {
	if g.c.look() > g.c.limits.Memory {
		return OverMemory
	}
	g.pool.relieve()
	used, err := g.c.processor()
	g.mu.Lock()
	defer g.mu.Unlock()
	if err == nil && used > g.cpu {
		return OverCPU
	}
	if g.paused.Load() == 0 {
		g.left -= elapsed
	}
	switch {
	case g.left < 0:
		return OverTime
	case g.stalls(used, elapsed):
		return Stalled
	default:
		return ""
	}
}

// leastUse is the part of the time that counts as using the processor.
const leastUse = 1.0 / 100

// stalls reports whether the child has gone without the processor for too long. The caller holds mu.
func (g *guard) stalls(used, elapsed time.Duration) bool {
	delta := used - g.seen
	g.seen = used
	switch {
	case float64(delta) >= leastUse*float64(elapsed):
		g.still = 0
	case g.paused.Load() == 0:
		g.still += elapsed
	}
	return g.still > g.c.limits.Stall
}

// look reads how much memory is resident, in bytes, and keeps the highest value. It returns 0 for a process that has ended.
func (c *child) look() int64 {
	var resident int64
	err := c.whileAlive(func(pid int) error {
		var err error
		resident, err = residentBytes(pid)
		return err
	})
	if err != nil {
		return 0
	}
	c.rss.Store(resident)
	for {
		peak := c.peak.Load()
		if resident <= peak || c.peak.CompareAndSwap(peak, resident) {
			return resident
		}
	}
}

// residentBytes reads the second field of /proc/<pid>/statm (proc_pid_statm(5)).
func residentBytes(pid int) (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, fmt.Errorf("read memory of child: %w", err)
	}
	fields := bytes.Fields(b)
	if len(fields) < 2 {
		return 0, fmt.Errorf("read memory of child: %d fields", len(fields))
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read memory of child: %w", err)
	}
	return pages * int64(os.Getpagesize()), nil
}

// processor reads the processor clock of all threads of the process: the clock id is made from the process id as
// clock_getcpuclockid(3) does.
func (c *child) processor() (time.Duration, error) {
	var t unix.Timespec
	err := c.whileAlive(func(pid int) error {
		return unix.ClockGettime(int32(^pid<<3|2), &t) // #nosec G115 -- process ids are below 2^22
	})
	if err != nil {
		return 0, fmt.Errorf("read processor time of child: %w", err)
	}
	return time.Duration(t.Nano()), nil
}
