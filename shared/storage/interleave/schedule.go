package interleave

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing/synctest"
	"time"
)

// Schedule is one execution of a history: its actors take their steps one at a time, in an order that was decided before.
// It lives in a bubble of synctest, whose clock stands still while anybody can take a step.
type Schedule struct {
	forced []int  // which option was taken at each choice, for the first choices; later ones take the first option
	aim    string // what the last forced choice must be, so that a history that is not repeatable is noticed

	actors  int
	last    int // the actor that took the last step
	chosen  []int
	options [][]*step // at each choice
	runs    []bool    // whether the actor of the last step could go on, at each choice
	costs   []int     // preemptions before each choice
	cost    int       // preemptions so far
	trace   []string
	broken  error

	mu      sync.Mutex
	active  int     // actors that have not ended; guarded by mu
	pending []*step // steps that could be taken; guarded by mu
	arrived int     // steps announced so far; guarded by mu
}

// step is what an actor is about to do.
type step struct {
	actor int
	name  string
	label string
	order int
	ready func() bool   // nil for always
	lasts time.Duration // the clock moves so far
	taken chan bool     // false: it never got ready
}

type actorKey struct{}

type actor struct {
	number int
	name   string
}

// Actor returns what identifies the context's actor; nil if it has none.
func Actor(ctx context.Context) any { return ctx.Value(actorKey{}) }

// Go adds an actor. Every call of a port with its context, or one derived from it, is a step; calls with any other context
// are not scheduled.
func (s *Schedule) Go(name string, act func(ctx context.Context)) {
	s.actors++
	a := actor{number: s.actors, name: name}
	s.mu.Lock()
	s.active++
	s.mu.Unlock()
	go func() {
		defer func() {
			s.mu.Lock()
			s.active--
			s.mu.Unlock()
		}()
		ctx := context.WithValue(context.Background(), actorKey{}, a)
		s.Step(ctx, "begin")
		act(ctx)
	}()
}

// Step waits for its turn, or for the end of its context, as calls of storage do.
func (s *Schedule) Step(ctx context.Context, label string) { s.announce(ctx, &step{label: label}) }

// Await is a step that can be taken once ready says so. It is false when that can never be: all others have ended.
func (s *Schedule) Await(ctx context.Context, label string, ready func() bool) bool {
	return s.announce(ctx, &step{label: label, ready: ready})
}

// Advance is a step that moves the clock. Whoever waits for a time in between gets as far as its next step.
func (s *Schedule) Advance(ctx context.Context, d time.Duration) {
	s.announce(ctx, &step{label: "advance " + d.String(), lasts: d})
}

func (s *Schedule) announce(ctx context.Context, one *step) bool {
	a, ok := ctx.Value(actorKey{}).(actor)
	if !ok {
		return true
	}
	one.actor, one.name, one.taken = a.number, a.name, make(chan bool)
	s.mu.Lock()
	s.arrived++
	one.order = s.arrived
	s.pending = append(s.pending, one)
	s.mu.Unlock()
	select {
	case taken := <-one.taken:
		return taken
	case <-ctx.Done():
		s.remove(one)
		return true
	}
}

func (s *Schedule) remove(one *step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending = slices.DeleteFunc(s.pending, func(p *step) bool { return p == one })
}

// longest is how far the clock may move because nobody can take a step.
const longest = 24 * time.Hour

// Run takes steps until every actor has ended.
func (s *Schedule) Run() error {
	idle := time.Duration(0)
	for {
		synctest.Wait()
		options, active, waiting := s.enabled()
		switch {
		case active == 0 && len(s.chosen) < len(s.forced):
			return errUnrepeatable
		case active == 0:
			return s.broken
		case len(options) > 0:
			s.take(s.choose(options))
		case active == waiting:
			s.dismiss()
		case idle > longest:
			return errors.New("an actor waits for ever")
		default:
			idle += time.Second
			time.Sleep(time.Second)
		}
	}
}

// enabled lists the steps that can be taken: first those of the actor that took the last one. What is announced at the same
// moment is put in order by its label, so that the order is the same in every execution.
func (s *Schedule) enabled() (options []*step, active, waiting int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.pending {
		if one.ready == nil || one.ready() {
			options = append(options, one)
		} else {
			waiting++
		}
	}
	slices.SortFunc(options, func(a, b *step) int {
		return cmp.Or(s.turn(a)-s.turn(b), strings.Compare(a.label, b.label), a.order-b.order)
	})
	return options, s.active, waiting
}

func (s *Schedule) turn(one *step) int {
	if one.actor == s.last {
		return 0
	}
	return one.actor
}

var errUnrepeatable = errors.New("the history is not repeatable: the same steps led to other options")

func (s *Schedule) choose(options []*step) *step {
	if len(options) == 1 {
		return options[0]
	}
	n := 0
	if at := len(s.chosen); at < len(s.forced) {
		if n = s.forced[at]; n >= len(options) || at == len(s.forced)-1 && options[n].String() != s.aim {
			s.broken = errUnrepeatable
			n = 0
		}
	}
	s.chosen = append(s.chosen, n)
	s.options = append(s.options, options)
	s.runs = append(s.runs, options[0].actor == s.last)
	s.costs = append(s.costs, s.cost)
	s.cost += s.price(len(s.chosen)-1, n)
	return options[n]
}

// price of an option is 1 if it interrupts the actor that took the last step and could have gone on.
func (s *Schedule) price(at, n int) int {
	running := s.options[at][0].actor
	if s.runs[at] && s.options[at][n].actor != running {
		return 1
	}
	return 0
}

func (s *Schedule) take(one *step) {
	s.remove(one)
	s.last = one.actor
	s.trace = append(s.trace, one.String())
	if one.lasts > 0 {
		time.Sleep(one.lasts)
	}
	one.taken <- true
}

// dismiss releases those that wait for something that never happens.
func (s *Schedule) dismiss() {
	s.mu.Lock()
	waiting := s.pending
	s.pending = nil
	s.mu.Unlock()
	for _, one := range waiting {
		one.taken <- false
	}
}

// String names a step in traces.
func (one *step) String() string { return fmt.Sprintf("%s: %s", one.name, one.label) }

// Trace lists the steps as they were taken.
func (s *Schedule) Trace() []string { return s.trace }
