package main

import (
	"fmt"
	"math"
	"strings"
)

// What is recommended, and what for. The test of the page holds these numbers to the rules that the page gives.
const (
	partPages = 8
	window    = 64
)

const (
	goalPages   = 500
	goalSeconds = 20.0
	goalWarm    = 100
	margin      = 0.05
)

var (
	pageCounts = []int{1, 10, 100, 500, 2000}
	partSizes  = []int{2, 4, 5, 6, 8, 10, 12, 16, 20, 32, 50}
	windows    = []int{8, 16, 32, 64, 128, 0}
)

// variant is a deployment with settings that decide how soon warm instances have work, and how soon they do it.
type variant struct {
	name  string
	cloud cloud
	cores int // of an instance; 0 for what the template says
	set   func(*model)
}

// The variants, in pairs: as the template has it, and tuned.
const (
	azureTuned = "Azure, 2 cores, a look every 2 s"
	awsTuned   = "AWS, 10 pollers provisioned"
)

func variants() []variant {
	return []variant{
		{"Azure", azure, 0, func(*model) {}},
		{azureTuned, azure, 2, func(m *model) { m.Poll = 2 }},
		{"AWS", aws, 0, func(*model) {}},
		{awsTuned, aws, 0, func(m *model) { m.Pollers, m.Minute = 100, 1000 }},
	}
}

// state is how many instances there are, and whether they are warm.
type state struct {
	name             string
	instances, ready int
	window           int
}

func states() []state {
	return []state{
		{"cold", 1000, 0, window},
		{"100 warm", 100, 100, window},
		{"1,000 warm", 1000, 1000, window},
		{"1,000 warm, no cap", 1000, 1000, 0},
	}
}

// machines are computers of so many cores.
var machines = []int{2, 8, 32}

// results is everything that the page tells.
type results struct {
	list       []assumption
	base       model
	times      map[string][]spread // by variant and state, in the order of pageCounts
	onMachines [][]spread          // by machine, in the order of pageCounts
	bySize     map[string][]spread // by variant, in the order of partSizes
	costs      map[cloud][]float64 // likewise
	beside     [][]neighbours      // by layout and window
	machine    neighbours
	days       map[cloud]day
	effects    map[cloud][]effect
	baseTime   map[cloud]float64
	baseCost   map[cloud]float64
}

// layout is where parts and uploads of other applications meet.
type layout struct {
	name      string
	situation situation
}

// layouts have as many cores as the templates give by default: 40 instances with one, 20 with two.
func layouts() []layout {
	one := deployment{cloud: azure, partPages: partPages, instances: 40}
	private := one
	private.oneQueue = true
	lambda := deployment{cloud: aws, partPages: partPages, instances: 20}
	return []layout{
		{"Azure, one application", situation{one, 1}},
		{"Azure, four applications", situation{one, 4}},
		{"Azure in a private network, one application", situation{private, 1}},
		{"Azure in a private network, four applications", situation{private, 4}},
		{"AWS, one application", situation{lambda, 1}},
		{"AWS, four applications", situation{lambda, 4}},
	}
}

// simulateAll runs every experiment.
func simulateAll(seed uint64) (*results, error) {
	measured, err := readMeasurement()
	if err != nil {
		return nil, err
	}
	r := &results{list: assumptions(measured), times: map[string][]spread{}, bySize: map[string][]spread{}, costs: map[cloud][]float64{},
		days: map[cloud]day{}, effects: map[cloud][]effect{}, baseTime: map[cloud]float64{}, baseCost: map[cloud]float64{}}
	r.base = baseModel(measured, r.list)
	clouds := []cloud{azure, aws}
	days := each(clouds, func(c cloud) day {
		return wholeDay(r.base, deployment{cloud: c, partPages: partPages, window: window, instances: 1000}, documentsADay, seed)
	})
	for i, c := range clouds {
		r.days[c] = days[i]
	}
	for _, v := range variants() {
		m := r.base.with(assumption{set: func(m *model, _ float64) { v.set(m) }}, 0)
		for _, s := range states() {
			d := deployment{cloud: v.cloud, cores: v.cores, partPages: partPages, window: s.window, instances: s.instances, ready: s.ready}
			r.times[v.name+s.name] = each(pageCounts, func(pages int) spread { return alone(m, d, pages, repetitions, seed) })
		}
		r.bySize[v.name] = each(partSizes, func(size int) spread {
			return alone(m, deployment{cloud: v.cloud, cores: v.cores, partPages: size, instances: goalWarm, ready: goalWarm}, goalPages, repetitions, seed)
		})
	}
	for _, cores := range machines {
		r.onMachines = append(r.onMachines, each(pageCounts, func(pages int) spread { return machine(r.base, cores, pages, seed) }))
	}
	for _, l := range layouts() {
		r.beside = append(r.beside, each(windows, func(w int) neighbours {
			at := l.situation
			at.window = w
			return beside(r.base, at, seed)
		}))
	}
	r.machine = besideOnMachine(r.base, 8, seed)
	for _, c := range clouds {
		r.costs[c] = each(partSizes, func(size int) float64 {
			return stream(r.base, deployment{cloud: c, partPages: size, window: window, instances: goalWarm}, seed)
		})
		d := deployment{cloud: c, partPages: partPages, window: window, instances: goalWarm, ready: goalWarm}
		r.effects[c] = sensitivity(r.base, r.list, d, goalPages, seed)
		r.baseTime[c] = alone(r.base, d, goalPages, fewer, seed).P95
		d.ready = 0
		r.baseCost[c] = stream(r.base, d, seed)
	}
	return r, nil
}

// largestWithinTheGoal is the size of a part that the page recommends: the largest, so the cheapest, with which the goal is met in 95
// of 100 cases with a margin, in both clouds as they are tuned for it.
func (r *results) largestWithinTheGoal() int {
	best := 0
	for i, size := range partSizes {
		if max(r.bySize[azureTuned][i].P95, r.bySize[awsTuned][i].P95) <= goalSeconds*(1-margin) {
			best = size
		}
	}
	return best
}

// windowFor is the cap that the page recommends: the least power of two with which all parts of a document are under way at once.
func windowFor(pages, size int) int {
	w := 1
	for parts := (pages + size - 1) / size; w < parts; w *= 2 {
	}
	return w
}

// generate returns the page and its plots by their names below the folder infra.
func generate(seed uint64) (map[string]string, error) {
	r, err := simulateAll(seed)
	if err != nil {
		return nil, err
	}
	return r.files(seed), nil
}

func (r *results) files(seed uint64) map[string]string {
	files := map[string]string{"scale.md": r.page(seed)}
	for name, svg := range r.plots() {
		files["scale/"+name+".svg"] = svg
	}
	return files
}

// plots draws what the page shows.
func (r *results) plots() map[string]string {
	pages := make([]float64, len(pageCounts))
	for i, n := range pageCounts {
		pages[i] = float64(n)
	}
	time := plot{title: "From the upload to the result", x: axis{name: "pages", from: 1, to: 2000, ticks: pages, log: true}, goal: goalSeconds}
	for i, v := range variants() {
		if i%2 == 0 { // what a setting changes shows with warm instances
			time.series = append(time.series, series{v.name + ", cold", pages, medians(r.times[v.name+"cold"]), true})
		}
		time.series = append(time.series, series{v.name + ", 100 warm", pages, medians(r.times[v.name+"100 warm"]), false})
	}
	time.series = append(time.series, series{fmt.Sprintf("one machine, %d cores", machines[1]), pages, medians(r.onMachines[1]), true})
	time.y = logarithmic("seconds, median", time.least(), time.most())
	sizes := make([]float64, len(partSizes))
	for i, n := range partSizes {
		sizes[i] = float64(n)
	}
	parts := axis{name: "pages of a part", from: 2, to: 50, ticks: sizes, log: true}
	bySize := plot{title: "500 pages on 100 warm instances", x: parts, goal: goalSeconds}
	for _, v := range variants() {
		bySize.series = append(bySize.series, series{v.name, sizes, p95s(r.bySize[v.name]), false})
	}
	bySize.y = linear("seconds, 95th percentile", bySize.most())
	cost := plot{title: "What 1,000 pages cost", x: parts}
	for _, c := range []cloud{azure, aws} {
		cost.series = append(cost.series, series{string(c), sizes, r.costs[c], false})
	}
	cost.y = linear("dollars", cost.most())
	caps := make([]float64, 0, len(windows))
	for _, w := range windows {
		if w == 0 {
			w = 256 // none
		}
		caps = append(caps, float64(w))
	}
	fair := plot{title: "40 pages of another application beside ten documents of 2,000",
		x: axis{name: "parts of an application that are under way (256: no cap)", from: 8, to: 256, ticks: caps, log: true}}
	for i, l := range layouts() {
		y := make([]float64, len(windows))
		for w := range windows {
			y[w] = r.beside[i][w].Medium.P95
		}
		fair.series = append(fair.series, series{l.name, caps, y, l.situation.applications > 1})
	}
	fair.y = logarithmic("seconds, 95th percentile", fair.least(), fair.most())
	drawn := map[string]string{"time": time.svg(), "parts": bySize.svg(), "cost": cost.svg(), "neighbours": fair.svg()}
	for _, c := range []cloud{azure, aws} {
		name := strings.ToLower(string(c))
		drawn["day-"+name] = r.days[c].plot(c).svg()
		var bars []bar
		for _, e := range r.effects[c] {
			if math.Abs(e.Low-r.baseTime[c])+math.Abs(e.High-r.baseTime[c]) >= 0.02*r.baseTime[c] {
				bars = append(bars, bar{e.name, e.Low, e.High, "(" + e.ends() + ")"})
			}
		}
		drawn["sensitivity-"+name] = tornado("500 pages on 100 warm instances, "+string(c), "seconds, 95th percentile", r.baseTime[c], bars)
	}
	return drawn
}

func (d day) plot(c cloud) plot {
	p := plot{title: fmt.Sprintf("A day with a million documents, %s", c),
		x: axis{name: "hour", from: 0, to: 24, ticks: []float64{0, 3, 6, 9, 12, 15, 18, 21, 24}}}
	var hour, instances, working, arrivals []float64
	for _, m := range d.Moments {
		hour, instances = append(hour, m.Hour), append(instances, float64(m.Instances))
		working, arrivals = append(working, float64(m.Working)), append(arrivals, m.Arrivals)
	}
	p.series = []series{{"instances", hour, instances, false}, {"of them at work", hour, working, false}, {"documents a second", hour, arrivals, true}}
	p.y = linear("instances; documents a second", p.most())
	return p
}

func medians(all []spread) []float64 {
	m := make([]float64, len(all))
	for i, s := range all {
		m[i] = s.Median
	}
	return m
}

func p95s(all []spread) []float64 {
	m := make([]float64, len(all))
	for i, s := range all {
		m[i] = s.P95
	}
	return m
}
