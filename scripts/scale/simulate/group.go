package simulate

import (
	"time"
)

// Job is work that waits for an instance. Run begins it; done must be called once, at the time at which the work ends, and says
// whether the instance survived it.
type Job struct {
	Queued time.Duration
	Run    func(done func(survived bool))
}

// instance is one environment of the platform. It does one job at a time.
type instance struct {
	idleSince time.Duration
	ready     bool // kept running by the platform even while idle, at a price
	polling   bool // a look into the queue is planned
	idle      bool
}

// Group is the instances that a platform starts for one function, and the queue that they take from. A platform scales each
// group by itself.
type Group struct {
	Clock  *Clock
	Rules  Rules
	Limit  int    // most instances
	Quota  *Quota // shared with other groups; nil for none
	Bill   *Bill
	Memory float64 // GB of an instance, for the bill

	// Started is told how long each job waited; it may be nil.
	Started func(waited time.Duration)

	queue    []Job // from head on
	head     int
	pool     []*instance // idle ones, the longest idle first
	starting int
	running  int // busy ones
	peak     int
}

// Rules is how a platform brings work to instances and starts them.
type Rules interface {
	// wake is called when work was queued.
	wake(g *Group)
	// start is how long a new instance takes until it can work. It charges what of that is charged.
	start(g *Group) time.Duration
	// keep is how long an idle instance lives.
	keep() time.Duration
	// bill charges one execution.
	bill(g *Group, i *instance, took time.Duration)
}

// Quota is a number of instances that groups share.
type Quota struct{ Limit, used int }

// Push queues a job.
func (g *Group) Push(run func(done func(survived bool))) {
	g.queue = append(g.queue, Job{g.Clock.Now(), run})
	g.Rules.wake(g)
}

// Waiting is the number of jobs in the queue.
func (g *Group) Waiting() int { return len(g.queue) - g.head }

// Instances is the number of instances that there are, those that are starting included.
func (g *Group) Instances() int { return len(g.pool) + g.starting + g.running }

// Running is the number of instances that do something.
func (g *Group) Running() int { return g.running }

// Peak is the highest number of instances so far.
func (g *Group) Peak() int { return g.peak }

// Warm adds n instances that have waited for a minute or two. Those that are ready stay for ever.
func (g *Group) Warm(n int, ready bool) {
	for range n {
		i := &instance{ready: ready, idle: true, idleSince: g.Clock.Now() - Seconds(60*(1+g.Clock.Rand.Float64()))}
		g.pool = append(g.pool, i)
		if g.Quota != nil {
			g.Quota.used++
		}
		if !ready {
			g.expire(i)
		}
	}
	g.peak = max(g.peak, g.Instances())
}

// room is how many more instances may be started.
func (g *Group) room() int {
	room := g.Limit - g.Instances()
	if g.Quota != nil {
		room = min(room, g.Quota.Limit-g.Quota.used)
	}
	return max(0, room)
}

// grow starts instances.
func (g *Group) grow(n int) {
	for range n {
		g.starting++
		if g.Quota != nil {
			g.Quota.used++
		}
		g.Clock.After(g.Rules.start(g), func() {
			g.starting--
			g.take(&instance{})
		})
	}
	g.peak = max(g.peak, g.Instances())
}

// take lets an instance that is in no pool begin the next job, or puts it into the pool.
func (g *Group) take(i *instance) {
	if g.Waiting() == 0 {
		i.idle, i.idleSince = true, g.Clock.Now()
		g.pool = append(g.pool, i)
		if !i.ready {
			g.expire(i)
		}
		return
	}
	job := g.queue[g.head]
	g.queue[g.head] = Job{}
	g.head++
	if g.head > 1024 && g.head > len(g.queue)/2 {
		g.queue = append(g.queue[:0], g.queue[g.head:]...)
		g.head = 0
	}
	began := g.Clock.Now()
	if g.Started != nil {
		g.Started(began - job.Queued)
	}
	g.running++
	job.Run(func(survived bool) {
		g.running--
		g.Rules.bill(g, i, g.Clock.Now()-began)
		if survived {
			g.take(i)
		} else {
			g.remove()
		}
	})
}

// leave takes an idle instance out of the pool.
func (g *Group) leave(i *instance) {
	for n, p := range g.pool {
		if p == i {
			g.pool = append(g.pool[:n], g.pool[n+1:]...)
			i.idle = false
			return
		}
	}
}

// expire ends an instance that stays idle.
func (g *Group) expire(i *instance) {
	since := i.idleSince
	g.Clock.At(since+g.Rules.keep(), func() {
		if i.idle && i.idleSince == since {
			g.leave(i)
			g.remove()
		}
	})
}

func (g *Group) remove() {
	if g.Quota != nil {
		g.Quota.used--
	}
}
