package simulate

import (
	"testing"
	"time"
)

// burst queues jobs of a length at once and returns when each began.
func burst(rules Rules, limit, jobs int, length time.Duration, warm int) (starts []time.Duration, g *Group) {
	c := NewClock(1, "burst")
	g = &Group{Clock: c, Rules: rules, Limit: limit, Bill: &Bill{}, Memory: 2}
	g.Warm(warm, true)
	c.At(0, func() {
		for range jobs {
			g.Push(func(done func(bool)) {
				starts = append(starts, c.Now())
				c.After(length, func() { done(true) })
			})
		}
	})
	c.Run()
	return starts, g
}

func TestFlexAddsAtMostItsStepAtOnce(t *testing.T) {
	rules := &Flex{Decide: 5 * time.Second, Step: 4, Start: Fixed(2 * time.Second), Keep: 30 * time.Second, Poll: time.Second}
	starts, g := burst(rules, 1000, 100, time.Hour, 0)
	for n, at := range starts {
		decisions := time.Duration(n/4) * rules.Decide
		if at < decisions+2*time.Second || at > decisions+7*time.Second {
			t.Fatalf("job %d began after %s", n, at)
		}
	}
	if g.Peak() != 100 {
		t.Errorf("%d instances for 100 jobs", g.Peak())
	}
}

func TestFlexStopsAtTheLimitAndAtTheQuota(t *testing.T) {
	rules := func() *Flex {
		return &Flex{Decide: time.Second, Step: 100, Start: Fixed(0), Keep: time.Minute, Poll: time.Second}
	}
	if _, g := burst(rules(), 30, 100, time.Minute, 0); g.Peak() != 30 {
		t.Errorf("%d instances at a limit of 30", g.Peak())
	}
	c, quota := NewClock(1, "quota"), &Quota{Limit: 50}
	var groups []*Group
	for range 2 {
		g := &Group{Clock: c, Rules: rules(), Limit: 40, Quota: quota, Bill: &Bill{}}
		groups = append(groups, g)
		c.At(0, func() {
			for range 100 {
				g.Push(func(done func(bool)) { c.After(time.Minute, func() { done(true) }) })
			}
		})
	}
	most := 0
	var look func()
	look = func() {
		most = max(most, groups[0].Instances()+groups[1].Instances())
		if groups[0].Waiting()+groups[1].Waiting() > 0 {
			c.After(time.Second, look)
		}
	}
	c.At(time.Second, look)
	c.Run()
	if most != 50 || quota.used != 0 {
		t.Errorf("two groups had %d instances of a quota of 50, and %d are left", most, quota.used)
	}
}

// Idle instances look at random moments of the polling interval: of n, the first k messages of a burst wait k/(n+1) of it.
func TestIdleInstancesLookWithinThePollingInterval(t *testing.T) {
	rules := &Flex{Decide: time.Hour, Step: 1, Start: Fixed(0), Keep: time.Hour, Poll: 10 * time.Second}
	starts, _ := burst(rules, 1000, 1000, time.Hour, 1000)
	near(t, "the half of the instances", 5, starts[499].Seconds(), 0.1)
	if last := starts[999]; last > rules.Poll || last < 9*time.Second {
		t.Errorf("the last instance looked after %s", last)
	}
	rules = &Flex{Decide: time.Hour, Step: 1, Start: Fixed(0), Keep: time.Hour, Poll: 10 * time.Second, Pushed: true}
	if starts, _ = burst(rules, 1000, 1000, time.Hour, 1000); starts[999] != 0 {
		t.Errorf("an event that is pushed waited %s", starts[999])
	}
}

func TestListenerLooksLessOftenTheLongerItFindsNothing(t *testing.T) {
	rules := &Flex{Poll: time.Second}
	idle := &instance{idleSince: time.Minute}
	for _, c := range []struct{ now, want float64 }{{60, 60.1}, {60.2, 60.3}, {60.5, 60.7}, {61, 61.5}, {62.5, 62.5}, {62.6, 63.5}, {70, 70.5}} {
		if got := rules.nextLook(idle, Seconds(c.now)); got != Seconds(c.want) {
			t.Errorf("at %v the next look is at %v, want %v", c.now, got.Seconds(), c.want)
		}
	}
}

func TestIdleInstancesEndUnlessTheyAreKeptReady(t *testing.T) {
	rules := &Flex{Decide: time.Second, Step: 10, Start: Fixed(0), Keep: 30 * time.Second, Poll: time.Second}
	if _, g := burst(rules, 100, 20, time.Second, 3); g.Instances() != 3 {
		t.Errorf("%d instances are left, of 3 that are kept ready", g.Instances())
	}
}

func TestPollersOfLambdaGrowByTheMinute(t *testing.T) {
	rules := &Lambda{First: 5, PerMinute: 300, Most: 40, Start: Fixed(0), Keep: time.Minute, Burst: 1000}
	starts, g := burst(rules, 1000, 60, 20*time.Second, 0)
	for n, at := range starts[:40] {
		if want := time.Duration(max(0, n/5)) * time.Second; at != want {
			t.Fatalf("job %d began after %s, want %s", n, at, want)
		}
	}
	if g.Peak() != 40 {
		t.Errorf("%d instances of a most of 40", g.Peak())
	}
}

func TestLambdaStartsAThousandInstancesInTenSeconds(t *testing.T) {
	rules := &Lambda{First: 5000, PerMinute: 1, Most: 5000, Start: Fixed(0), Keep: time.Minute, Burst: 1000}
	starts, _ := burst(rules, 5000, 2500, time.Hour, 0)
	for _, c := range []struct{ job, from int }{{0, 0}, {999, 0}, {1000, 10}, {1999, 10}, {2000, 20}} {
		if got := int(starts[c.job].Seconds()); got != c.from {
			t.Errorf("job %d began after %d s, want %d", c.job, got, c.from)
		}
	}
}

func TestBillIsTheArithmeticOfThePriceList(t *testing.T) {
	flex := &Flex{Decide: time.Second, Step: 10, Start: Fixed(time.Minute), Keep: time.Minute, Poll: time.Second,
		Price: FlexPrice{OnDemand: 3, ReadyBusy: 2, Execution: 0.5}}
	for _, c := range []struct {
		length time.Duration
		warm   int
		want   float64
	}{
		{10 * time.Millisecond, 0, 1 * 2 * 3},     // a second at least
		{1110 * time.Millisecond, 0, 1.2 * 2 * 3}, // tenths of a second
		{5 * time.Second, 1, 5 * 2 * 2},
	} {
		_, g := burst(flex, 1, 1, c.length, c.warm)
		near(t, "compute on Flex", c.want, g.Bill.Compute, 1e-9)
		near(t, "executions", 0.5, g.Bill.Executions, 1e-9)
	}
	lambda := &Lambda{First: 1, Most: 1, Start: Fixed(2 * time.Second), Keep: time.Minute, Burst: 10, Price: LambdaPrice{OnDemand: 3}}
	_, g := burst(lambda, 1, 1, 10*time.Millisecond, 0)
	near(t, "compute on Lambda, the start included", 2.01*2*3, g.Bill.Compute, 1e-9)
}

func TestMachineKeepsItsCoresBusyAndApplicationsApart(t *testing.T) {
	c := NewClock(1, "machine")
	m := &Machine{Clock: c, Cores: 2, Page: Fixed(time.Second), Open: Fixed(0)}
	large := &Document{Pages: 100, Application: 1}
	small := &Document{Pages: 1, Application: 2}
	c.At(0, func() { m.Upload(large) })
	c.At(10500*time.Millisecond, func() { m.Upload(small) })
	c.Run()
	if took := small.Ended - small.Uploaded; took != 1500*time.Millisecond {
		t.Errorf("a page beside a large document took %s: it waits for the page that is being read, and is read next", took)
	}
	if large.Ended != 51*time.Second { // 101 pages on 2 cores
		t.Errorf("100 pages beside one on two cores took %s", large.Ended)
	}
}
