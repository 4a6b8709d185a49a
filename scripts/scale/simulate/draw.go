package simulate

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Draw is a distribution of durations.
type Draw interface {
	Draw(r *rand.Rand) time.Duration
}

// Seconds turns a number of seconds into a duration of whole microseconds.
func Seconds(s float64) time.Duration {
	return time.Duration(math.Round(s*1e6)) * time.Microsecond
}

// Fixed is a duration that does not vary.
type Fixed time.Duration

// Draw returns the duration.
func (f Fixed) Draw(*rand.Rand) time.Duration { return time.Duration(f) }

// Quantiles is a measured distribution: seconds at equal steps of probability from 0 to 1, linear in between.
type Quantiles []float64

// Draw inverts the distribution function.
func (q Quantiles) Draw(r *rand.Rand) time.Duration {
	at := r.Float64() * float64(len(q)-1)
	i := int(at)
	return Seconds(q[i] + (at-float64(i))*(q[i+1]-q[i]))
}

// Mean is the expected number of seconds.
func (q Quantiles) Mean() float64 {
	var sum float64
	for i := 1; i < len(q); i++ {
		sum += (q[i-1] + q[i]) / 2
	}
	return sum / float64(len(q)-1)
}

// Times returns the distribution with all durations multiplied.
func (q Quantiles) Times(factor float64) Quantiles {
	scaled := slices.Clone(q)
	for i := range scaled {
		scaled[i] *= factor
	}
	return scaled
}

// LogNormal is what latencies of services look like: most are short, few are long.
type LogNormal struct {
	Median float64 // seconds
	Tail   float64 // how many times the median the 99th percentile is
}

// z99 is the 99th percentile of the standard normal distribution.
const z99 = 2.3263478740408408

// Draw returns a duration; none at all where the median is 0.
func (l LogNormal) Draw(r *rand.Rand) time.Duration {
	if l.Median == 0 {
		return 0
	}
	return Seconds(l.Median * math.Exp(math.Log(l.Tail)/z99*r.NormFloat64()))
}

// Exponential is the time between events that do not know of each other.
type Exponential float64 // mean, in seconds

// Draw returns a duration.
func (e Exponential) Draw(r *rand.Rand) time.Duration { return Seconds(float64(e) * r.ExpFloat64()) }

// Percentile returns what the share p (0 to 1) of the durations does not exceed, by the nearest rank. It sorts them.
func Percentile(durations []time.Duration, p float64) time.Duration {
	if len(durations) == 0 {
		return 0
	}
	slices.Sort(durations)
	rank := int(math.Ceil(p * float64(len(durations))))
	return durations[min(max(rank, 1), len(durations))-1]
}
