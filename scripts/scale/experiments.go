package main

import (
	"fmt"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lethe-ocr/lethe/scripts/scale/simulate"
)

// spread is what repetitions of one experiment gave, in seconds.
type spread struct{ Median, P95, P99 float64 }

func spreadOf(durations []time.Duration) spread {
	at := func(p float64) float64 { return simulate.Percentile(durations, p).Seconds() }
	return spread{at(0.5), at(0.95), at(0.99)}
}

// each runs an experiment for every row at once on all cores; results keep the order of the rows.
func each[R, T any](rows []R, do func(R) T) []T {
	results := make([]T, len(rows))
	var group errgroup.Group
	group.SetLimit(runtime.NumCPU())
	for i, r := range rows {
		group.Go(func() error { results[i] = do(r); return nil })
	}
	_ = group.Wait() // nothing fails
	return results
}

// repetitions of a document, of which the percentiles are taken: fewer where only the 95th is.
const (
	repetitions = 400
	fewer       = 200
)

// alone is how long a document of so many pages takes that meets no other.
func alone(m model, d deployment, pages, times int, seed uint64) spread {
	took := make([]time.Duration, times)
	for n := range took {
		s := stage(m, d, seed, fmt.Sprint("alone ", n))
		doc := &simulate.Document{Pages: pages}
		s.Upload(doc)
		s.Clock.Run()
		took[n] = doc.Ended
	}
	return spreadOf(took)
}

// machine is how long a document takes on one machine.
func machine(m model, cores, pages int, seed uint64) spread {
	took := make([]time.Duration, repetitions)
	for n := range took {
		c := simulate.NewClock(seed, fmt.Sprint("machine ", n))
		computer := m.computer(c, cores)
		doc := &simulate.Document{Pages: pages}
		computer.Upload(doc)
		c.Run()
		took[n] = doc.Ended
	}
	return spreadOf(took)
}

func (m model) computer(c *simulate.Clock, cores int) *simulate.Machine {
	return &simulate.Machine{Clock: c, Cores: cores, Page: m.Pages, Open: simulate.Fixed(simulate.Seconds(m.Open)), Assemble: m.Assemble}
}

// stream is what 1,000 pages cost, in dollars, when a document of 500 pages comes once a minute.
func stream(m model, d deployment, seed uint64) (cost float64) {
	const documents, pages = 60, 500
	s := stage(m, d, seed, "stream")
	at := time.Duration(0)
	for range documents {
		s.Clock.At(at, func() { s.Upload(&simulate.Document{Pages: pages}) })
		at += simulate.Exponential(60).Draw(s.Clock.Rand)
	}
	s.Clock.Run()
	return s.Bill.Total() / (documents * pages) * 1000
}

// neighbours is what becomes of other applications' documents beside large ones.
type neighbours struct {
	Delay  spread  // from the queue to an instance, of single pages
	Single spread  // from upload to result, of single pages
	Medium spread  // the same, of documents that are read in some parts
	Large  float64 // seconds until the large ones were read
}

// situation is a deployment in which applications send so many large documents at once.
type situation struct {
	deployment
	applications int
}

const (
	largeDocuments = 10 // of each application
	largePages     = 2000
	mediumPages    = 40
	singleRate     = 2.0  // documents of a page a second, of other applications
	mediumRate     = 0.05 // documents of some parts a second, likewise
	quietTime      = time.Minute
)

// beside looks at documents that come at random while large ones are there.
func beside(m model, at situation, seed uint64) neighbours {
	s := stage(m, at.deployment, seed, "beside")
	var delays, singles, mediums []time.Duration
	large, end := at.applications*largeDocuments, time.Duration(0)
	s.Done = func(d *simulate.Document) {
		switch {
		case d.Pages == largePages:
			if large--; large == 0 {
				end = s.Clock.Now()
			}
		case d.Uploaded < quietTime:
		case d.Pages == 1:
			delays, singles = append(delays, d.Began-d.Queued), append(singles, d.Ended-d.Uploaded)
		default:
			mediums = append(mediums, d.Ended-d.Uploaded)
		}
	}
	application := at.applications
	var others func(pages int, rate float64)
	others = func(pages int, rate float64) {
		if large == 0 {
			return
		}
		application++
		s.Upload(&simulate.Document{Pages: pages, Application: application})
		s.Clock.After(simulate.Exponential(1/rate).Draw(s.Clock.Rand), func() { others(pages, rate) })
	}
	s.Clock.At(0, func() { others(1, singleRate) })
	s.Clock.At(0, func() { others(mediumPages, mediumRate) })
	s.Clock.At(quietTime, func() {
		for a := range at.applications {
			for range largeDocuments {
				s.Upload(&simulate.Document{Pages: largePages, Application: a})
			}
		}
	})
	s.Clock.Run()
	return neighbours{spreadOf(delays), spreadOf(singles), spreadOf(mediums), (end - quietTime).Seconds()}
}

// besideOnMachine is the same on one machine whose cores the others leave three quarters free, beside one large document.
func besideOnMachine(m model, cores int, seed uint64) neighbours {
	clock := simulate.NewClock(seed, "beside on a machine")
	computer := m.computer(clock, cores)
	var singles []time.Duration
	end := time.Duration(0)
	computer.Done = func(d *simulate.Document) {
		if d.Pages == largePages {
			end = clock.Now()
		} else {
			singles = append(singles, d.Ended-d.Uploaded)
		}
	}
	var others func(application int)
	others = func(application int) {
		if end > 0 {
			return
		}
		computer.Upload(&simulate.Document{Pages: 1, Application: application})
		clock.After(simulate.Exponential(4*m.Pages.Mean()/float64(cores)).Draw(clock.Rand), func() { others(application + 1) })
	}
	clock.At(0, func() {
		computer.Upload(&simulate.Document{Pages: largePages})
		others(1)
	})
	clock.Run()
	return neighbours{Single: spreadOf(singles), Large: end.Seconds()}
}

// effect is what the low and the high end of an assumption do to a result.
type effect struct {
	assumption
	Low, High         float64
	LowCost, HighCost float64
}

// sensitivity looks at the ends of every assumption, one at a time.
func sensitivity(m model, list []assumption, d deployment, pages int, seed uint64) []effect {
	var concerned []assumption
	for _, a := range list {
		if a.concerns(d.cloud) {
			concerned = append(concerned, a)
		}
	}
	effects := each(concerned, func(a assumption) effect {
		low, high := m.with(a, a.low), m.with(a, a.high)
		cold := d
		cold.ready = 0
		return effect{a, alone(low, d, pages, fewer, seed).P95, alone(high, d, pages, fewer, seed).P95, stream(low, cold, seed), stream(high, cold, seed)}
	})
	slices.SortStableFunc(effects, func(a, b effect) int {
		size := func(e effect) float64 { return max(e.Low, e.High) - min(e.Low, e.High) }
		switch {
		case size(a) > size(b):
			return -1
		case size(a) < size(b):
			return 1
		}
		return 0
	})
	return effects
}
