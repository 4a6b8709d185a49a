package hostile

import (
	"math"
	"slices"
	"time"
)

// Sample is one value at one time.
type Sample struct {
	At    time.Duration
	Value float64
}

// Trend is how values change with time.
type Trend struct {
	Slope float64 // the value's unit a minute: the median over all pairs of samples (Theil and Sen)
	Rise  float64 // what the slope comes to over the whole time
	// Tau is how steadily values rise: 1 if each is higher than those before, 0 if there is no order, -1 if each is lower
	// (Kendall).
	Tau float64
}

// Measure returns the trend of samples. Single high values, which a large document leaves for a moment, do not move it.
func Measure(samples []Sample) Trend {
	var slopes []float64
	var up, down int
	for i, a := range samples {
		for _, b := range samples[i+1:] {
			if b.At == a.At {
				continue
			}
			slopes = append(slopes, (b.Value-a.Value)/(b.At-a.At).Minutes())
			switch {
			case b.Value > a.Value:
				up++
			case b.Value < a.Value:
				down++
			}
		}
	}
	if len(slopes) == 0 {
		return Trend{}
	}
	slices.Sort(slopes)
	n := len(slopes)
	slope := (slopes[(n-1)/2] + slopes[n/2]) / 2
	return Trend{
		Slope: slope,
		Rise:  slope * (samples[len(samples)-1].At - samples[0].At).Minutes(),
		Tau:   float64(up-down) / float64(n),
	}
}

// Leaks reports whether values clearly rise: steadily, and by more than is allowed.
func (t Trend) Leaks(allowed float64) bool {
	return t.Rise > allowed && t.Tau > 0.3 && !math.IsNaN(t.Rise)
}
