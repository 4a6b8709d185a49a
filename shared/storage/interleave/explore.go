// Package interleave enumerates the orders in which concurrent calls of a store can happen. A history is a few actors that
// call a service; the service uses stores that ask a Schedule before each call. Every execution of the history takes
// another order, beginning with those without preemption, then those with one, and so on: nearly all concurrency bugs
// need very few preemptions (M. Musuvathi and S. Qadeer, Iterative context bounding, PLDI 2007).
package interleave

import (
	"hash/fnv"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// History runs its actors under the schedule and returns what it found wrong.
type History func(t *testing.T, s *Schedule) error

// Report is what became of the executions.
type Report struct {
	Schedules   int      // that were executed
	Distinct    int      // of them, by their steps
	Preemptions int      // most in one schedule
	Whole       bool     // there is no other schedule
	Fault       error    // the first that was found; it ends the exploration
	Trace       []string // the steps that led to it
}

// branch is a schedule to be executed: what is chosen at first. From there on nobody is interrupted.
type branch struct {
	forced []int
	aim    string
}

// Explore executes the history under at most so many schedules, each in a bubble of its own, until one finds a fault.
func Explore(t *testing.T, most int, history History) Report {
	t.Helper()
	var report Report
	seen := map[uint64]bool{}
	plan := plan{most: most, random: rand.New(rand.NewPCG(1, 2))} //nolint:gosec // the same choice every time is what is wanted
	plan.add(0, branch{})
	for report.Schedules < most {
		next, ok := plan.next()
		if !ok {
			report.Whole = !plan.dropped
			break
		}
		s := &Schedule{forced: next.forced, aim: next.aim}
		synctest.Test(t, func(t *testing.T) { report.Fault = history(t, s) })
		report.Schedules++
		report.Preemptions = max(report.Preemptions, s.cost)
		seen[fingerprint(s.trace)] = true
		if report.Fault != nil {
			report.Trace = s.trace
			break
		}
		plan.extend(s)
	}
	report.Distinct = len(seen)
	return report
}

// plan holds the schedules to be executed, by their number of interruptions.
type plan struct {
	most    int
	random  *rand.Rand
	levels  []level
	dropped bool // there were more than can be executed
}

type level struct {
	branches []branch
	added    int
}

// next takes a schedule with the fewest interruptions.
func (p *plan) next() (branch, bool) {
	for i := range p.levels {
		if l := &p.levels[i]; len(l.branches) > 0 {
			last := len(l.branches) - 1
			one := l.branches[last]
			l.branches = l.branches[:last]
			return one, true
		}
	}
	return branch{}, false
}

// extend adds every schedule that leaves the one executed at a choice that was not forced on it.
func (p *plan) extend(s *Schedule) {
	for at := len(s.forced); at < len(s.chosen); at++ {
		for n, option := range s.options[at] {
			if n != s.chosen[at] {
				p.add(s.costs[at]+s.price(at, n), branch{append(slices.Clone(s.chosen[:at]), n), option.String()})
			}
		}
	}
}

// add puts a branch at a random place of its level, so that not only the last steps are varied. Of more than can be executed
// it keeps a fair choice. Both are the same every time.
func (p *plan) add(cost int, one branch) {
	for len(p.levels) <= cost {
		p.levels = append(p.levels, level{})
	}
	l := &p.levels[cost]
	l.added++
	if len(l.branches) < p.most {
		l.branches = append(l.branches, one)
		n := p.random.IntN(len(l.branches))
		last := len(l.branches) - 1
		l.branches[n], l.branches[last] = l.branches[last], l.branches[n]
		return
	}
	p.dropped = true
	if n := p.random.IntN(l.added); n < p.most {
		l.branches[n] = one
	}
}

func fingerprint(trace []string) uint64 {
	h := fnv.New64a()
	_, _ = io.WriteString(h, strings.Join(trace, "\n")) // always nil
	return h.Sum64()
}
