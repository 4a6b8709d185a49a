package main

import (
	"math/rand/v2"
	"time"

	"github.com/lethe-ocr/lethe/scripts/scale/simulate"
)

// documentsADay is how many documents come in a day.
const documentsADay = 1_000_000

// hours is the share of a day's documents that each hour brings: offices of one time zone, and transfers at night.
var hours = [24]float64{2.2, 1.6, 1.2, 1.0, 1.0, 1.2, 2.0, 4.0, 7.0, 8.6, 8.8, 8.0, 6.2, 6.8, 7.8, 7.6, 6.8, 5.0, 3.4, 2.6, 2.2, 2.0, 1.6, 1.4}

// size is a share of documents with so many pages.
type size struct {
	share    float64
	from, to int
}

// sizes is what a day's documents look like.
var sizes = []size{{0.80, 1, 1}, {0.12, 2, 5}, {0.06, 6, 20}, {0.019, 21, 100}, {0.001, 101, 500}}

// pagesOf draws the size of a document, and says which class it is in.
func pagesOf(r *rand.Rand) (pages, class int) {
	p := r.Float64()
	for i, s := range sizes {
		if p < s.share || i == len(sizes)-1 {
			return s.from + r.IntN(s.to-s.from+1), i
		}
		p -= s.share
	}
	panic("unreachable")
}

// meanPages is the expected size of a document.
func meanPages() float64 {
	var sum float64
	for _, s := range sizes {
		sum += s.share * float64(s.from+s.to) / 2
	}
	return sum
}

// moment is how things stand at a time of the day.
type moment struct {
	Hour      float64
	Arrivals  float64 // documents a second since the last one
	Instances int     // of both functions
	Working   int
	Delay     float64 // 95th percentile in seconds, of documents that began since the last one
}

// day is a day with a million documents.
type day struct {
	Moments []moment
	Peak    int
	Delay   spread
	Results []spread // by class of sizes
	Pages   int
	Ended   int
	Bill    simulate.Bill
	Working float64 // mean number of instances at work, by what is charged
}

// between is the time between two looks at a day.
const between = 5 * time.Minute

// wholeDay lets a share of a day's documents come, by the curve of hours.
func wholeDay(m model, d deployment, documents int, seed uint64) day {
	s := stage(m, d, seed, "day")
	var total float64
	for _, h := range hours {
		total += h
	}
	var result day
	var delays, recent []time.Duration
	took := make([][]time.Duration, len(sizes))
	class := map[*simulate.Document]int{}
	s.Done = func(doc *simulate.Document) {
		result.Ended++
		result.Pages += doc.Pages
		took[class[doc]] = append(took[class[doc]], doc.Ended-doc.Uploaded)
		delays, recent = append(delays, doc.Began-doc.Queued), append(recent, doc.Began-doc.Queued)
		delete(class, doc)
	}
	arrived, application := 0, 0
	var arrive func()
	arrive = func() {
		hour := int(s.Clock.Now().Hours())
		if hour >= 24 {
			return
		}
		pages, of := pagesOf(s.Clock.Rand)
		doc := &simulate.Document{Pages: pages, Application: application % 50}
		class[doc] = of
		application++
		arrived++
		s.Upload(doc)
		rate := float64(documents) * hours[hour] / total / 3600
		s.Clock.After(simulate.Exponential(1/rate).Draw(s.Clock.Rand), arrive)
	}
	s.Clock.At(0, arrive)
	seen := 0
	var look func()
	look = func() {
		result.Moments = append(result.Moments, moment{
			s.Clock.Now().Hours(), float64(arrived-seen) / between.Seconds(), s.Inspect.Instances() + s.Parts.Instances(),
			s.Inspect.Running() + s.Parts.Running(), simulate.Percentile(recent, 0.95).Seconds(),
		})
		seen, recent = arrived, recent[:0]
		if s.Clock.Now() < 24*time.Hour {
			s.Clock.After(between, look)
		}
	}
	s.Clock.At(between, look)
	s.Clock.Run()
	for _, at := range result.Moments {
		result.Peak = max(result.Peak, at.Instances)
	}
	result.Delay = spreadOf(delays)
	for _, of := range took {
		result.Results = append(result.Results, spreadOf(of))
	}
	result.Bill = *s.Bill
	result.Working = s.Bill.Seconds / (24 * 3600)
	return result
}
