package simulate

import (
	"math"
	"slices"
	"testing"
	"time"
)

// station feeds a group of n instances with jobs at random and returns how long each waited, and the mean length of the queue.
func station(seed uint64, n, jobs int, rate float64, service Draw) (waits []time.Duration, length float64) {
	c := NewClock(seed, "station")
	g := &Group{Clock: c, Rules: Instances{}, Limit: n, Bill: &Bill{}}
	g.Warm(n, true)
	var area float64
	last := time.Duration(0)
	look := func() {
		area += float64(g.Waiting()) * (c.Now() - last).Seconds()
		last = c.Now()
	}
	g.Started = func(waited time.Duration) { waits = append(waits, waited) }
	var arrive func(left int)
	arrive = func(left int) {
		look()
		g.Push(func(done func(bool)) {
			c.After(service.Draw(c.Rand), func() { look(); done(true) })
		})
		if left > 1 {
			c.After(Exponential(1/rate).Draw(c.Rand), func() { arrive(left - 1) })
		}
	}
	c.At(0, func() { arrive(jobs) })
	c.Run()
	return waits, area / c.Now().Seconds()
}

// erlang is the mean time in the queue M/M/n by Erlang's formula C, for a mean service of one second.
func erlang(n int, rate float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1; k < n; k++ {
		term *= rate / float64(k)
		sum += term
	}
	term *= rate / float64(n) * float64(n) / (float64(n) - rate)
	return term / (sum + term) / (float64(n) - rate)
}

func mean(durations []time.Duration) float64 {
	var sum float64
	for _, d := range durations {
		sum += d.Seconds()
	}
	return sum / float64(len(durations))
}

func near(t *testing.T, what string, want, got, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > tolerance*math.Abs(want) {
		t.Errorf("%s: want %.4g within %.0f %%, got %.4g", what, want, tolerance*100, got)
	}
}

func TestQueueDelayIsErlangs(t *testing.T) {
	for _, c := range []struct {
		instances int
		rate      float64
	}{{1, 0.7}, {5, 4}, {20, 16.5}} {
		waits, length := station(1, c.instances, 300_000, c.rate, Exponential(1))
		near(t, "mean delay", erlang(c.instances, c.rate), mean(waits), 0.05)
		near(t, "length of the queue by Little's law", c.rate*mean(waits), length, 0.02)
	}
}

func TestQueueDelayOfConstantServiceIsThatOfPollaczekAndKhinchine(t *testing.T) {
	waits, _ := station(1, 1, 300_000, 0.7, Fixed(time.Second))
	near(t, "mean delay", 0.7/(2*(1-0.7)), mean(waits), 0.05)
}

func TestShareThatWaitsLongerFallsExponentially(t *testing.T) {
	const n, rate = 5, 4.0
	waits, _ := station(1, n, 300_000, rate, Exponential(1))
	delayed := erlang(n, rate) * (n - rate) // the probability of any delay
	for _, p := range []float64{0.7, 0.9, 0.99} {
		want := -math.Log((1-p)/delayed) / (n - rate)
		near(t, "percentile", want, Percentile(waits, p).Seconds(), 0.06)
	}
}

func TestEventsComeInTheirOrder(t *testing.T) {
	c := NewClock(1, "order")
	var seen, planned []time.Duration
	for range 5000 {
		at := Seconds(float64(c.Rand.IntN(1000)))
		planned = append(planned, at)
		c.At(at, func() {
			if c.Now() != at {
				t.Fatalf("an event of %s happened at %s", at, c.Now())
			}
			seen = append(seen, at)
		})
	}
	c.Run()
	slices.Sort(planned)
	if !slices.Equal(planned, seen) {
		t.Error("events did not come in the order of their times")
	}
}

func TestEventsOfOneTimeComeAsTheyWerePlanned(t *testing.T) {
	c := NewClock(1, "ties")
	var seen []int
	for n := range 200 {
		c.At(time.Second, func() { seen = append(seen, n) })
	}
	c.Run()
	if len(seen) != 200 || !slices.IsSorted(seen) {
		t.Errorf("events of one time came as %v", seen)
	}
}

func TestDrawsHaveTheMomentsThatTheySay(t *testing.T) {
	r := NewClock(1, "draws").Rand
	sample := func(d Draw) []time.Duration {
		all := make([]time.Duration, 200_000)
		for i := range all {
			all[i] = d.Draw(r)
		}
		return all
	}
	q := Quantiles{0, 1, 2, 10}
	near(t, "mean of quantiles", q.Mean(), mean(sample(q)), 0.02)
	near(t, "mean of quantiles times three", 3*q.Mean(), mean(sample(q.Times(3))), 0.02)
	near(t, "two thirds of quantiles", 2, Percentile(sample(q), 2.0/3).Seconds(), 0.02)
	latency := sample(LogNormal{Median: 0.03, Tail: 8})
	near(t, "median of a latency", 0.03, Percentile(latency, 0.5).Seconds(), 0.02)
	near(t, "99th percentile of a latency", 0.24, Percentile(latency, 0.99).Seconds(), 0.05)
	near(t, "mean of an exponential", 4, mean(sample(Exponential(4))), 0.02)
	if got := (LogNormal{Tail: 3}).Draw(r); got != 0 {
		t.Errorf("a latency that is not there takes %s", got)
	}
}

func TestPercentileTakesTheNearestRank(t *testing.T) {
	ten := []time.Duration{10, 9, 8, 7, 6, 5, 4, 3, 2, 1}
	for p, want := range map[float64]time.Duration{0: 1, 0.1: 1, 0.5: 5, 0.51: 6, 0.95: 10, 1: 10} {
		if got := Percentile(ten, p); got != want {
			t.Errorf("percentile %v of 1 to 10: %d", p, got)
		}
	}
	if Percentile(nil, 0.5) != 0 {
		t.Error("nothing has a percentile")
	}
}
