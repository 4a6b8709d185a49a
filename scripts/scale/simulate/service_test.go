package simulate

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// certain is a design in which nothing varies, by times that can be told apart in a sum.
func certain() Design {
	return Design{
		PartPages: 10, Window: 100, Cores: 1, Begin: 100, Ranges: 2, Prefetch: 1,
		Page: Fixed(time.Second), Open: Fixed(100 * time.Millisecond), Event: Fixed(300 * time.Millisecond), Storage: Fixed(20 * time.Millisecond),
		Record: Fixed(7 * time.Millisecond), Send: Fixed(11 * time.Millisecond), Rate: 1e6, Bytes: 1000,
		Assemble: 0.003, Lease: 30 * time.Second, Timer: time.Minute,
	}
}

// world is a service whose groups have enough warm instances that take work at once, unless rules say otherwise.
func world(seed uint64, d Design, instances int, rules func() Rules) *Service {
	c, bill := NewClock(seed, "world"), &Bill{}
	group := func() *Group {
		g := &Group{Clock: c, Rules: Instances{}, Limit: instances, Bill: bill, Memory: 2}
		if rules != nil {
			g.Rules = rules()
		} else {
			g.Warm(instances, true)
		}
		return g
	}
	return &Service{Clock: c, Design: d, Inspect: group(), Parts: group(), Bill: bill}
}

func TestSplitIsEvenAndWhole(t *testing.T) {
	for pages := 1; pages < 700; pages++ {
		for _, most := range []int{1, 3, 10, 64} {
			parts, sum := Split(pages, most), 0
			for _, p := range parts {
				sum += p
			}
			if sum != pages || slices.Max(parts) > most || slices.Max(parts)-slices.Min(parts) > 1 || len(parts) != (pages+most-1)/most {
				t.Fatalf("%d pages in parts of %d: %v", pages, most, parts)
			}
		}
	}
}

// One document that meets no other takes the sum of its steps.
func TestDocumentAloneTakesTheSumOfItsSteps(t *testing.T) {
	d := certain()
	const event, storage, record, send, open = 300, 20, 7, 11, 100
	for _, c := range []struct {
		pages, instances int
		want             float64 // milliseconds
	}{
		// event, claim and look, the document, opening, pages, the last one kept; read back, results, end
		{1, 1, event + 2*record + storage + 1 + open + 1000 + storage + storage + storage + 2*record},
		{10, 1, event + 2*record + storage + 10 + open + 10_000 + storage + 10*storage + storage + 2*record},
		// The document is split: records of parts, that of the task, messages. The other part ends last: it claims, opens by two ranges,
		// reads each page's range, looks for more parts, is counted, and its record removed; it reads the document again.
		{20, 2, event + 2*record + storage + 20 + 3*record + 2*record + send + open + 2*record + 2*storage + 10*(1000+storage+1) + storage +
			record + 2*record + record + storage + 20 + 20*storage + storage + 2*record},
		// As many parts as there are instances take no longer, but for the document, one count after the other, and pages that are read back.
		{50, 5, event + 2*record + storage + 50 + 3*record + 2*record + send + open + 2*record + 2*storage + 10*(1000+storage+1) + storage +
			record + 4*2*record + record + storage + 50 + 50*storage + storage + 2*record},
	} {
		s := world(1, d, c.instances, nil)
		doc := &Document{Pages: c.pages}
		s.Upload(doc)
		s.Clock.Run()
		if got := float64(doc.Ended-doc.Uploaded) / 1e6; got != c.want {
			t.Errorf("%d pages on %d instances: want %v ms, got %v", c.pages, c.instances, c.want, got)
		}
	}
}

func TestCoresOfAnInstanceShareItsPages(t *testing.T) {
	d := certain()
	took := func(cores int) float64 {
		d.Cores = cores
		s := world(1, d, 1, nil)
		doc := &Document{Pages: 10}
		s.Upload(doc)
		s.Clock.Run()
		return doc.Ended.Seconds()
	}
	if one, two, three := took(1), took(2), took(3); one-two != 5 || two-three != 1 {
		t.Errorf("10 pages of a second: %v s with one core, %v with two, %v with three", one, two, three)
	}
}

func TestAssemblyIsAsSlowAsTheSlowerOfReadingAndWriting(t *testing.T) {
	took := func(prefetch int, assemble float64) float64 {
		d := certain()
		d.Prefetch, d.Assemble = prefetch, assemble
		s := world(1, d, 1, nil)
		return (s.assembly(&Document{Pages: 1000}) - 34*time.Millisecond).Seconds()
	}
	for _, c := range []struct {
		prefetch       int
		assemble, want float64
	}{{1, 0.003, 20}, {10, 0.001, 2}, {10, 0.003, 3}} {
		near(t, fmt.Sprint(c), c.want, took(c.prefetch, c.assemble), 1e-6)
	}
}

// crowd uploads documents of many sizes at random and returns those that ended.
func crowd(s *Service, documents int) (all []*Document, ended map[*Document]int) {
	ended = map[*Document]int{}
	s.Done = func(d *Document) { ended[d]++ }
	at := time.Duration(0)
	for n := range documents {
		d := &Document{Pages: 1 + s.Clock.Rand.IntN(80), Application: n % 3}
		all = append(all, d)
		at += Seconds(s.Clock.Rand.ExpFloat64())
		s.Clock.At(at, func() { s.Upload(d) })
	}
	s.Clock.Run()
	return all, ended
}

func varied() Design {
	d := certain()
	d.Page, d.Storage, d.Lifetime, d.Window = Quantiles{0.1, 0.7, 1, 9}, LogNormal{0.02, 5}, 60, 4
	return d
}

// platforms are the rules of every platform, with instances that are cold at first.
func platforms() map[string]func() Rules {
	return map[string]func() Rules{
		"flex": func() Rules {
			return &Flex{Decide: 5 * time.Second, Step: 4, Start: LogNormal{4, 3}, Keep: 30 * time.Second, Poll: 10 * time.Second}
		},
		"lambda": func() Rules {
			return &Lambda{First: 5, PerMinute: 300, Most: 1250, Start: LogNormal{1, 3}, Keep: 10 * time.Minute, Burst: 1000}
		},
	}
}

// Instances die at any moment here: every page is read once all the same, and every document ends once.
func TestEveryPageIsReadAndEveryDocumentEndsOnce(t *testing.T) {
	for name, rules := range platforms() {
		t.Run(name, func(t *testing.T) {
			s := world(3, varied(), 60, rules)
			all, ended := crowd(s, 300)
			pages := 0
			for _, d := range all {
				pages += d.Pages
				if ended[d] != 1 || d.Ended < d.Uploaded {
					t.Fatalf("a document of %d pages ended %d times, from %s to %s", d.Pages, ended[d], d.Uploaded, d.Ended)
				}
			}
			if s.PagesRead != pages {
				t.Errorf("%d pages were uploaded, %d read", pages, s.PagesRead)
			}
			if s.Bill.Died == 0 {
				t.Error("no instance died, so that nothing was tried")
			}
			for _, g := range []*Group{s.Inspect, s.Parts} {
				if g.Waiting() != 0 || g.Running() != 0 {
					t.Errorf("%d jobs wait and %d run at the end", g.Waiting(), g.Running())
				}
			}
			for application, n := range s.flight {
				if n != 0 {
					t.Errorf("application %d has %d parts under way at the end", application, n)
				}
			}
		})
	}
}

func TestSameSeedGivesTheSameHistory(t *testing.T) {
	for name, rules := range platforms() {
		history := func(seed uint64) (ends []time.Duration, bill Bill) {
			s := world(seed, varied(), 60, rules)
			all, _ := crowd(s, 100)
			for _, d := range all {
				ends = append(ends, d.Ended)
			}
			return ends, *s.Bill
		}
		one, bill := history(7)
		same, sameBill := history(7)
		other, _ := history(8)
		if !slices.Equal(one, same) || bill != sameBill {
			t.Errorf("%s: two runs of one seed differ", name)
		}
		if slices.Equal(one, other) {
			t.Errorf("%s: two seeds give the same history", name)
		}
	}
}

// An application has at most its window of parts under way, and one of each of its documents in any case. A part that is being
// finished counts until its successor was begun.
func TestWindowBoundsPartsOfAnApplication(t *testing.T) {
	d := varied()
	d.Lifetime = 0
	for documents, want := range map[int]int{1: d.Window + 1, 3: d.Window + 3, 9: d.Window + 9} {
		s := world(3, d, 60, platforms()["lambda"])
		most, ended := 0, 0
		s.Parts.Started = func(time.Duration) { most = max(most, s.flight[1]) }
		s.Done = func(*Document) { ended++ }
		for range documents {
			s.Upload(&Document{Pages: 400, Application: 1})
		}
		s.Clock.Run()
		if most < d.Window || most > want || ended != documents {
			t.Errorf("%d documents had %d parts under way, with a window of %d; %d ended", documents, most, d.Window, ended)
		}
	}
}

// A document that began with few parts has as many as its window once there is room.
func TestDocumentFillsItsWindowLater(t *testing.T) {
	d := certain()
	d.Window = 8
	s := world(1, d, 60, nil)
	first, second := &Document{Pages: 80, Application: 1}, &Document{Pages: 400, Application: 1}
	s.Upload(first)
	s.Clock.At(time.Second, func() { s.Upload(second) })
	most := 0
	s.Parts.Started = func(time.Duration) {
		if first.Ended > 0 {
			most = max(most, second.flight)
		}
	}
	s.Clock.Run()
	if most < d.Window || most > d.Window+1 {
		t.Errorf("at most %d parts of the second document were under way", most)
	}
}

// A lease that nobody renews has to run out until the timer looks.
func TestPartOfADeadInstanceIsReadAgainAfterItsLease(t *testing.T) {
	d := certain()
	d.Lifetime = 1e-6
	s := world(1, d, 50, nil)
	doc := &Document{Pages: 5}
	s.Upload(doc)
	s.Clock.At(10*time.Second, func() { s.Design.Lifetime = 0 }) // after the first death
	s.Clock.Run()
	if s.Bill.Died != 1 {
		t.Fatalf("%d instances died", s.Bill.Died)
	}
	if doc.Ended < d.Lease || doc.Ended > d.Lease+d.Timer+10*time.Second {
		t.Errorf("the document ended after %s", doc.Ended)
	}
}

// More documents than the window has room for, parts of which end at the same moment, all end.
func TestDocumentsGoOnHoweverManyThereAre(t *testing.T) {
	d := certain()
	d.Window, d.Event, d.PartPages = 8, LogNormal{1, 50}, 2
	s := world(3, d, 400, nil)
	ended := 0
	s.Done = func(*Document) { ended++ }
	for n := range 100 {
		s.Clock.At(Seconds(float64(n%10)*2.11), func() { s.Upload(&Document{Pages: 30, Application: 1}) })
	}
	s.Clock.Run()
	if ended != 100 {
		t.Errorf("%d of 100 documents ended", ended)
	}
}
