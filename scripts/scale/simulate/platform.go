package simulate

import (
	"math"
	"time"
)

// Flex is how Azure Functions on the Flex Consumption plan scale a group. The platform compares the length of the queue with the
// number of instances at intervals, and adds at most so many at once. An instance that found its queue empty looks again after a
// time that doubles up to a limit. What comes by push (an event for a blob) reaches an idle instance at once.
type Flex struct {
	Decide time.Duration // between two decisions
	Step   int           // most instances that a decision adds
	Start  Draw          // from a decision until an instance works
	Keep   time.Duration // life of an idle instance
	Poll   time.Duration // longest time between two looks into the queue
	Pushed bool          // idle instances need not look
	Price  FlexPrice

	deciding bool
}

// shortestPoll is the first interval of the host's queue listener.
const shortestPoll = 100 * time.Millisecond

func (f *Flex) wake(g *Group) {
	f.look(g)
	f.decide(g)
}

// look plans that the idle instance that looks next finds the job.
func (f *Flex) look(g *Group) {
	var next *instance
	at := time.Duration(math.MaxInt64)
	for _, i := range g.pool {
		if i.polling {
			continue
		}
		if t := f.nextLook(i, g.Clock.Now()); t <= at { // of those that look at once, the one that worked last
			next, at = i, t
		}
	}
	if next == nil {
		return
	}
	next.polling = true
	g.Clock.At(at, func() {
		next.polling = false
		if g.Waiting() == 0 {
			return
		}
		if !next.idle { // its life ended, or other work came first
			f.look(g)
			return
		}
		g.leave(next)
		g.take(next)
	})
}

// nextLook is when an idle instance looks into its queue for the first time from now on.
func (f *Flex) nextLook(i *instance, now time.Duration) time.Duration {
	if f.Pushed {
		return now
	}
	at := i.idleSince
	for interval := shortestPoll; interval < f.Poll; interval *= 2 {
		if at += interval; at >= now {
			return at
		}
	}
	return at + (now-at+f.Poll-1)/f.Poll*f.Poll
}

// decide compares work and instances now and then, as long as there is work.
func (f *Flex) decide(g *Group) {
	if f.deciding {
		return
	}
	f.deciding = true
	// The platform's rhythm knows nothing of the queue's.
	g.Clock.After(Seconds(f.Decide.Seconds()*g.Clock.Rand.Float64()), func() { f.decision(g) })
}

func (f *Flex) decision(g *Group) {
	if g.Waiting() == 0 {
		f.deciding = false
		return
	}
	wanted := g.Waiting() + g.Running() - g.Instances()
	g.grow(max(0, min(wanted, f.Step, g.room())))
	g.Clock.After(f.Decide, func() { f.decision(g) })
}

func (f *Flex) start(g *Group) time.Duration { return f.Start.Draw(g.Clock.Rand) }
func (f *Flex) keep() time.Duration          { return f.Keep }
func (f *Flex) bill(g *Group, i *instance, took time.Duration) {
	seconds := max(1, math.Ceil(took.Seconds()*10)/10)
	price := f.Price.OnDemand
	if i.ready {
		price = f.Price.ReadyBusy
	}
	g.Bill.Compute += seconds * g.Memory * price
	g.Bill.Executions += f.Price.Execution
	g.Bill.Seconds += seconds
}

// Lambda is how AWS Lambda scales a function that takes from an SQS queue. Pollers of the platform wait at the queue; they
// invoke at most so many instances at once, and more by the minute while messages wait.
type Lambda struct {
	First     int     // invocations at once with which pollers begin
	PerMinute float64 // by which that grows while messages are left
	Most      int     // what it grows to
	Start     Draw    // from an invocation until a new instance works
	Keep      time.Duration
	Burst     int // new instances within ten seconds
	Price     LambdaPrice

	allowed float64
	raising bool
	window  time.Duration // when the ten seconds began
	begun   int           // instances that were started in them
}

// calm is how long a queue must be empty until pollers are as few as in the beginning.
const calm = time.Minute

func (l *Lambda) wake(g *Group) {
	if l.allowed == 0 {
		l.allowed = float64(l.First)
	}
	l.deliver(g)
}

// deliver invokes instances as far as pollers may.
func (l *Lambda) deliver(g *Group) {
	for g.Waiting() > g.starting && g.running+g.starting < int(l.allowed) {
		if n := len(g.pool); n > 0 {
			i := g.pool[n-1] // the one that worked last
			g.leave(i)
			g.take(i)
			continue
		}
		if g.room() == 0 {
			break
		}
		if now := g.Clock.Now(); now-l.window >= 10*time.Second {
			l.window, l.begun = now, 0
		}
		if l.begun >= l.Burst {
			break
		}
		l.begun++
		g.grow(1)
	}
	if g.Waiting() > g.starting && !l.raising {
		l.raising = true
		l.raise(g)
	}
}

// raise lets pollers grow second by second, and shrink when the queue has been empty for a while.
func (l *Lambda) raise(g *Group) {
	calmSince := g.Clock.Now()
	var step func()
	step = func() {
		if g.Waiting() > g.starting {
			calmSince = g.Clock.Now()
			l.allowed = min(float64(l.Most), l.allowed+l.PerMinute/60)
			l.deliver(g)
		}
		if g.Clock.Now()-calmSince >= calm {
			l.allowed, l.raising = float64(l.First), false
			return
		}
		g.Clock.After(time.Second, step)
	}
	g.Clock.After(time.Second, step)
}

func (l *Lambda) start(g *Group) time.Duration {
	took := l.Start.Draw(g.Clock.Rand)
	g.Bill.Compute += took.Seconds() * g.Memory * l.Price.OnDemand
	return took
}

func (l *Lambda) keep() time.Duration { return l.Keep }
func (l *Lambda) bill(g *Group, _ *instance, took time.Duration) {
	g.Bill.Compute += took.Seconds() * g.Memory * l.Price.OnDemand
	g.Bill.Executions += l.Price.Execution
	g.Bill.Seconds += took.Seconds()
}

// Instances are there from the beginning, take work at once and never end: the queue of textbooks, by which the simulation is tested.
type Instances struct{}

func (Instances) wake(g *Group) {
	if n := len(g.pool); n > 0 {
		i := g.pool[n-1]
		g.leave(i)
		g.take(i)
	}
}
func (Instances) start(*Group) time.Duration                     { return 0 }
func (Instances) keep() time.Duration                            { return math.MaxInt64 / 2 }
func (Instances) bill(g *Group, _ *instance, took time.Duration) { g.Bill.Seconds += took.Seconds() }
