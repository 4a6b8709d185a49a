//go:build linux

package worker

import (
	"context"

	"golang.org/x/sys/unix"
)

// mostHalted is how many children may be stopped at once; what would be one more is put back.
const mostHalted = 4

// share lets another owner have the place when it is due to. The child is stopped meanwhile, and its time does not count;
// where too many are stopped already it is ended, and its call begins again. It reports whether the child goes on.
func (g *guard) share(ctx context.Context) bool {
	if !g.place.Wanted() {
		return true
	}
	if !g.pool.halt(g) {
		if g.again {
			g.c.kill(PutBack)
		}
		return !g.again
	}
	defer g.pool.unhalt(g)
	back := g.place.StepAside()
	if back == nil {
		return true
	}
	if g.c.signal(unix.SIGSTOP) != nil {
		return true // it has ended
	}
	defer func() { _ = g.c.signal(unix.SIGCONT) }() // an error means that it was killed
	select {
	case <-back:
	case <-g.quit:
	case <-g.c.ended:
	case <-ctx.Done():
		g.c.kill(Cancelled)
		return false
	}
	return true
}

// signal sends a signal to the process while it is this one's.
func (c *child) signal(s unix.Signal) error {
	return c.whileAlive(func(pid int) error { return unix.Kill(pid, s) })
}

// halt notes that a child is to be stopped, if one more may be.
func (p *Pool) halt(g *guard) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.halted) >= mostHalted {
		return false
	}
	p.halted[g] = struct{}{}
	return true
}

func (p *Pool) unhalt(g *guard) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.halted, g)
}

// relieve ends an idle child, or puts back the stopped one that has most memory, when all children together have more than
// those that may run at once are granted.
func (p *Pool) relieve() {
	if p.tally.resident() <= int64(p.cfg.Children)*p.cfg.Limits.Memory {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.free {
		if s.lives() {
			s.child.kill(Recycled)
			return
		}
	}
	var largest *guard
	for g := range p.halted {
		if largest == nil || g.c.rss.Load() > largest.c.rss.Load() {
			largest = g
		}
	}
	if largest != nil {
		largest.c.kill(PutBack)
	}
}
