// Package simulate is a discrete-event simulation of documents that are read by many instances of a serverless platform: queues,
// groups of instances that a platform starts and ends by its rules, the parts of a document, and what all of it costs.
//
// Time is simulated: it goes from event to event. Whatever is random comes from one source, so that a seed gives the same history
// each time. Durations are whole microseconds, so that the last bits of floating-point numbers, in which processors differ, do not
// decide which event comes first.
package simulate

import (
	"math/rand/v2"
	"time"
)

// Clock holds the events to come, and the time of the last one that happened.
type Clock struct {
	Rand *rand.Rand

	now    time.Duration
	count  uint64
	events []event
}

// event is something that happens at a time. Of two at the same time, the one that was planned first comes first.
type event struct {
	at    time.Duration
	order uint64
	do    func()
}

func (e event) before(o event) bool { return e.at < o.at || e.at == o.at && e.order < o.order }

// NewClock returns a clock at time 0 whose randomness follows from a seed and the name of what is simulated.
func NewClock(seed uint64, name string) *Clock {
	stream := uint64(14695981039346656037) // FNV-1a, so that histories of different names have nothing in common
	for _, b := range []byte(name) {
		stream = (stream ^ uint64(b)) * 1099511628211
	}
	return &Clock{Rand: rand.New(rand.NewPCG(seed, stream))}
}

// Now is the time since the simulation began.
func (c *Clock) Now() time.Duration { return c.now }

// At plans an event. One that lies in the past happens now.
func (c *Clock) At(t time.Duration, do func()) {
	c.count++
	c.push(event{max(t, c.now), c.count, do})
}

// After plans an event in relation to now.
func (c *Clock) After(d time.Duration, do func()) { c.At(c.now+d, do) }

// Run lets events happen until there are none.
func (c *Clock) Run() {
	for len(c.events) > 0 {
		e := c.pop()
		c.now = e.at
		e.do()
	}
}

// push and pop keep the events in a binary heap. Those of container/heap take every event into an interface, which is twice as slow.
func (c *Clock) push(e event) {
	c.events = append(c.events, e)
	for i := len(c.events) - 1; i > 0; {
		parent := (i - 1) / 2
		if !c.events[i].before(c.events[parent]) {
			return
		}
		c.events[i], c.events[parent] = c.events[parent], c.events[i]
		i = parent
	}
}

func (c *Clock) pop() event {
	first, last := c.events[0], len(c.events)-1
	c.events[0], c.events[last] = c.events[last], event{}
	c.events = c.events[:last]
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < last; child++ {
			if c.events[child].before(c.events[least]) {
				least = child
			}
		}
		if least == i {
			return first
		}
		c.events[i], c.events[least] = c.events[least], c.events[i]
		i = least
	}
}
