//go:build linux

package worker

import (
	"sync"
	"sync/atomic"
)

// Reason says why a child ended.
type Reason string

// The reasons.
const (
	Crashed    Reason = "crashed"     // by itself, by a signal from elsewhere, or by the kernel for lack of memory
	OverMemory Reason = "memory"      // Limits.Memory
	OverCPU    Reason = "cpu-time"    // Limits.CPU
	OverTime   Reason = "wall-time"   // Limits.Wall
	Stalled    Reason = "stalled"     // Limits.Stall
	OverOutput Reason = "output"      // Limits.Output
	Lied       Reason = "protocol"    // sent what cannot be true, or nothing that can be read
	Failing    Reason = "engine"      // the engine failed without a class; a fresh process is tried
	Abandoned  Reason = "abandoned"   // the writing of a result stopped in the middle
	Unfilled   Reason = "unfilled"    // storage did not bring what it was to read
	Cancelled  Reason = "cancelled"   // the caller gave up
	Recycled   Reason = "recycled"    // Limits.Pages or Limits.Documents
	NotStarted Reason = "not-started" // no first message in time
	PutBack    Reason = "put-back"    // others needed its place or its memory; its call begins again
	Closed     Reason = "closed"      // Pool.Close
)

// harm reports whether a child ended because of what it was given, and not because it was no longer wanted.
func (r Reason) harm() bool {
	switch r {
	case Crashed, OverMemory, OverCPU, OverTime, Stalled, OverOutput, Lied, Failing:
		return true
	case Abandoned, Unfilled, Cancelled, Recycled, NotStarted, PutBack, Closed:
	}
	return false
}

// Stats is a snapshot of a pool.
type Stats struct {
	Children      []ChildStats     // alive at the moment
	Starts        int64            // processes that said their first word
	StartFailures int64            // attempts that ended before it
	Ends          map[Reason]int64 // processes that ended, by reason
	Pages         int64            // pages recognised
	Retries       int64            // calls made again in a fresh process
	StderrBytes   int64            // written by children and thrown away
	PeakResident  int64            // bytes; the highest of any child so far
}

// ChildStats describes one child.
type ChildStats struct {
	PID          int
	Pages        int64
	Resident     int64 // bytes, when last measured; a child is measured while it works
	PeakResident int64 // bytes
}

// tally counts over the lifetime of a pool.
type tally struct {
	starts, failures, pages, retries, stderr atomic.Int64

	killed func(Reason, int64) // Config.Killed

	mu    sync.Mutex
	ends  map[Reason]int64    // guarded by mu
	live  map[*child]struct{} // guarded by mu
	peak  int64               // of ended children; guarded by mu
	group sync.WaitGroup      // one for each child that is not counted as ended
}

func newTally(killed func(Reason, int64)) *tally {
	return &tally{killed: killed, ends: map[Reason]int64{}, live: map[*child]struct{}{}}
}

// add counts c until it ends.
func (t *tally) add(c *child) {
	t.mu.Lock()
	t.live[c] = struct{}{}
	t.mu.Unlock()
	t.group.Go(func() {
		defer close(c.counted)
		why := c.why()
		if t.killed != nil && why.harm() {
			t.killed(why, c.peak.Load())
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.live, c)
		t.ends[why]++
		t.peak = max(t.peak, c.peak.Load())
	})
}

// resident returns the bytes that all children had when last measured.
func (t *tally) resident() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	var sum int64
	for c := range t.live {
		sum += c.rss.Load()
	}
	return sum
}

func (t *tally) snapshot() Stats {
	s := Stats{
		Starts: t.starts.Load(), StartFailures: t.failures.Load(), Pages: t.pages.Load(), Retries: t.retries.Load(),
		StderrBytes: t.stderr.Load(), Ends: map[Reason]int64{},
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	s.PeakResident = t.peak
	for why, n := range t.ends {
		s.Ends[why] = n
	}
	for c := range t.live {
		s.Children = append(s.Children, ChildStats{
			PID: c.cmd.Process.Pid, Pages: c.pages.Load(), Resident: c.rss.Load(), PeakResident: c.peak.Load(),
		})
		s.PeakResident = max(s.PeakResident, c.peak.Load())
	}
	return s
}
