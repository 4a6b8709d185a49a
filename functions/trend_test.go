//go:build linux && cgo

package main_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// sample is one value at one time.
type sample struct {
	at    time.Duration
	value float64
}

// trend is how values change with time.
type trend struct {
	slope float64 // the value's unit a minute: the median over all pairs of samples (Theil and Sen)
	rise  float64 // what the slope comes to over the whole time
	// tau is how steadily values rise: 1 if each is higher than those before, 0 if there is no order, -1 if each is lower
	// (Kendall).
	tau float64
}

// trendOf returns the trend of samples. Single high values, which a large document leaves for a moment, do not move it.
func trendOf(samples []sample) trend {
	var slopes []float64
	var up, down int
	for i, a := range samples {
		for _, b := range samples[i+1:] {
			if b.at == a.at {
				continue
			}
			slopes = append(slopes, (b.value-a.value)/(b.at-a.at).Minutes())
			switch {
			case b.value > a.value:
				up++
			case b.value < a.value:
				down++
			}
		}
	}
	if len(slopes) == 0 {
		return trend{}
	}
	slices.Sort(slopes)
	n := len(slopes)
	slope := (slopes[(n-1)/2] + slopes[n/2]) / 2
	return trend{
		slope: slope,
		rise:  slope * (samples[len(samples)-1].at - samples[0].at).Minutes(),
		tau:   float64(up-down) / float64(n),
	}
}

// leaks reports whether values clearly rise: steadily, and by more than is allowed.
func (t trend) leaks(allowed float64) bool {
	return t.rise > allowed && t.tau > 0.3 && !math.IsNaN(t.rise)
}

func TestTrendSeesALeakThroughNoise(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1)) // a fixed seed is the point
	for _, c := range []struct {
		name   string
		minute float64 // growth
		spikes bool
		leaks  bool
	}{
		{"steady", 0, false, false},
		{"steady with spikes", 0, true, false},
		{"falling", -20, false, false},
		{"less than is allowed", 1, false, false},
		{"leaking", 8, false, true},
		{"leaking with spikes", 8, true, true},
	} {
		var samples []sample
		for i := range 100 {
			at := time.Duration(i) * 6 * time.Second
			value := 200 + c.minute*at.Minutes() + 5*random.NormFloat64()
			if c.spikes && i%9 == 0 {
				value += 1000
			}
			samples = append(samples, sample{at: at, value: value})
		}
		if trend := trendOf(samples); trend.leaks(32) != c.leaks {
			t.Errorf("%s: %+v", c.name, trend)
		}
	}
	if trend := trendOf(nil); trend.leaks(0) {
		t.Errorf("no samples: %+v", trend)
	}
}
