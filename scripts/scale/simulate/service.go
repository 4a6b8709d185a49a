package simulate

import (
	"math"
	"time"
)

// Design is how documents are split and assembled, and what each step takes.
type Design struct {
	PartPages int // most pages of a part; a document of no more is not split
	Window    int // parts of an application that are begun and not finished; 0 for no limit. A document has one at least

	Cores    int     // worker processes of an instance, one a core
	Page     Draw    // a page on one core
	Open     Draw    // a worker opens the document
	Inspect  float64 // seconds a page for the digest and the tree of pages
	Assemble float64 // seconds a page for writing results, on one core
	Prefetch int     // kept pages that the assembly reads at once
	Begin    int     // parts that are begun, or whose message is sent, at once

	Event    Draw    // from the end of an upload until its event is in the queue
	Storage  Draw    // a call for a small blob
	Record   Draw    // a call for a record
	Send     Draw    // a message is sent
	Ranges   int     // range requests, one after the other, with which a part opens the document
	Bytes    float64 // of a page in the document
	Rate     float64 // bytes a second, of one blob for one reader
	Lease    time.Duration
	Timer    time.Duration // between two looks for parts whose lease has run out
	Lifetime float64       // mean seconds of work until an instance dies; 0 for never

	Price StoragePrice
}

// Service reads documents. Inspect is the group that uploads reach, Parts the one that messages reach; they may be the same.
type Service struct {
	Clock          *Clock
	Design         Design
	Inspect, Parts *Group
	Bill           *Bill

	PagesRead int
	Done      func(d *Document)

	flight map[int]int // parts of an application that are begun and not finished
}

// Document is one upload.
type Document struct {
	Pages, Application int
	Uploaded, Ended    time.Duration
	Queued, Began      time.Duration // when its event was in the queue, and when an instance took it

	unsent   []int         // pages of parts that are not begun
	flight   int           // parts that are begun and not finished
	left     int           // parts that are not finished
	split    bool          // whether there are several
	counting time.Duration // until when the document's count of parts is being written
}

// Split cuts pages into as few parts of about equal size as the limit allows.
func Split(pages, most int) []int {
	count := (pages + most - 1) / most
	parts := make([]int, count)
	for i := range parts {
		parts[i] = pages*(i+1)/count - pages*i/count
	}
	return parts
}

// Upload lets a document arrive now.
func (s *Service) Upload(d *Document) {
	if s.flight == nil {
		s.flight = map[int]int{}
	}
	d.Uploaded = s.Clock.Now()
	d.unsent = Split(d.Pages, s.Design.PartPages)
	d.left, d.split = len(d.unsent), len(d.unsent) > 1
	s.Clock.After(s.draw(s.Design.Event), func() {
		d.Queued = s.Clock.Now()
		s.Inspect.Push(func(done func(bool)) {
			d.Began = s.Clock.Now()
			s.inspect(d, done)
		})
	})
}

func (s *Service) draw(d Draw) time.Duration { return d.Draw(s.Clock.Rand) }

// inspect reads the document whole, begins its parts, and goes on with the first of them.
func (s *Service) inspect(d *Document, done func(bool)) {
	took := 2*s.draw(s.Design.Record) + s.whole(d)
	s.charge(1, 0, 4, 1)
	if !d.split {
		pages := d.unsent[0]
		d.unsent = nil
		s.Clock.After(took, func() { s.read(d, pages, true, done) })
		return
	}
	s.Clock.After(took, func() {
		count := len(d.unsent)
		if s.Design.Window > 0 {
			count = min(count, max(1, s.Design.Window-s.flight[d.Application]))
		}
		s.flight[d.Application] += count
		d.flight = count
		parts := d.unsent[:count]
		d.unsent = d.unsent[count:]
		// Their records come first, then the task says that it is split, then their messages are sent.
		wait := s.draw(s.Design.Record)
		for n := range count {
			if n%s.Design.Begin == 0 {
				wait += s.begin()
			}
			s.charge(0, 0, 2, 0)
		}
		wait += 2 * s.draw(s.Design.Record)
		s.charge(0, 0, 3, 0)
		for n, pages := range parts[1:] {
			if n%s.Design.Begin == 0 {
				wait += s.draw(s.Design.Send)
			}
			s.Clock.After(wait, func() { s.push(d, pages) })
		}
		s.Clock.After(wait, func() { s.read(d, parts[0], true, done) })
	})
}

// whole is how long it takes to read and inspect a document.
func (s *Service) whole(d *Document) time.Duration {
	return s.draw(s.Design.Storage) + Seconds(float64(d.Pages)*(s.Design.Bytes/s.Design.Rate+s.Design.Inspect))
}

// begin is how long it takes to write the record of a part, which falls due if nothing becomes of it.
func (s *Service) begin() time.Duration { return s.draw(s.Design.Record) + s.draw(s.Design.Record) }

// push puts the message for a part into the queue.
func (s *Service) push(d *Document, pages int) {
	s.charge(0, 0, 0, 3)
	s.Parts.Push(func(done func(bool)) { s.read(d, pages, false, done) })
}

// next begins parts in the place of one that is about to be finished: at most two, and one in any case if no other part of the
// document is under way. It returns how long that takes.
func (s *Service) next(d *Document) time.Duration {
	took := s.draw(s.Design.Record)
	s.charge(0, 0, 1, 0)
	most := 2
	if s.Design.Window > 0 {
		most = min(2, s.Design.Window-s.flight[d.Application]+1)
	}
	if d.flight <= 1 {
		most = max(1, most)
	}
	for ; most > 0 && len(d.unsent) > 0; most-- {
		pages := d.unsent[0]
		d.unsent = d.unsent[1:]
		s.flight[d.Application]++
		d.flight++
		took += s.begin() + s.draw(s.Design.Send)
		s.charge(0, 0, 3, 0)
		s.Clock.After(took, func() { s.push(d, pages) })
	}
	return took
}

// read reads the pages of a part with all cores of an instance, which holds the document's bytes or reads the ranges it needs.
func (s *Service) read(d *Document, pages int, held bool, done func(bool)) {
	design := &s.Design
	opening := s.draw(design.Open)
	if !held {
		opening += 2 * s.draw(design.Record)
		for range design.Ranges {
			opening += s.draw(design.Storage)
		}
	}
	busy := make([]time.Duration, design.Cores)
	ends := make([]time.Duration, pages)
	took := opening
	for n := range ends {
		core := 0
		for c := range busy {
			if busy[c] < busy[core] {
				core = c
			}
		}
		busy[core] += s.draw(design.Page)
		if !held {
			busy[core] += s.draw(design.Storage) + Seconds(design.Bytes/design.Rate)
		}
		ends[n] = opening + busy[core]
		took = max(took, ends[n])
	}
	took += s.draw(design.Storage) // the last page is kept
	if life := s.life(); life < took {
		s.die(d, ends, life, held, done)
		return
	}
	s.account(pages, took, held)
	s.Clock.After(took, func() { s.finish(d, done) })
}

func (s *Service) life() time.Duration {
	if s.Design.Lifetime == 0 {
		return math.MaxInt64
	}
	return s.draw(Exponential(s.Design.Lifetime))
}

// account counts what reading a part asks of storage: each page is read, kept, and read back.
func (s *Service) account(pages int, took time.Duration, held bool) {
	s.PagesRead += pages
	reads := float64(pages)
	if !held {
		reads += float64(s.Design.Ranges + pages)
	}
	s.charge(reads, float64(pages), 5+math.Floor(took.Seconds()*looks), 0)
}

// looks is how many times a second a worker looks whether its document is still wanted.
const looks = 2

// die ends an instance. Its lease has to run out until the timer sends the part again; pages that were kept are not read again.
func (s *Service) die(d *Document, ends []time.Duration, life time.Duration, held bool, done func(bool)) {
	kept := 0
	for _, end := range ends {
		if end <= life {
			kept++
		}
	}
	s.account(kept, life, held)
	s.Clock.After(life, func() {
		s.Bill.Died++
		done(false)
		wait := s.Design.Lease + Seconds(s.Design.Timer.Seconds()*s.Clock.Rand.Float64())
		s.Clock.After(wait, func() { s.push(d, len(ends)-kept) })
	})
}

// finish counts a part. Of one document one count is written after the other. The last part assembles the results.
func (s *Service) finish(d *Document, done func(bool)) {
	if !d.split {
		d.left--
		s.assemble(d, s.assembly(d), done)
		return
	}
	at := max(s.Clock.Now()+s.next(d), d.counting) + 2*s.draw(s.Design.Record)
	d.counting = at
	s.charge(0, 0, 4, 0)
	s.Clock.At(at+s.draw(s.Design.Record), func() {
		s.flight[d.Application]--
		d.flight--
		if d.left--; d.left > 0 {
			if d.flight == 0 { // the last two ended at once, and each saw the other
				s.next(d)
			}
			done(true)
			return
		}
		s.charge(1, 0, 2, 0)
		s.assemble(d, s.whole(d)+s.assembly(d), done)
	})
}

// assemble ends the document, after so long.
func (s *Service) assemble(d *Document, took time.Duration, done func(bool)) {
	s.Clock.After(took, func() {
		d.Ended = s.Clock.Now()
		done(true)
		if s.Done != nil {
			s.Done(d)
		}
	})
}

// assembly is how long the last instance takes to read the pages back and to write the results.
func (s *Service) assembly(d *Document) time.Duration {
	design := &s.Design
	turns := (d.Pages + design.Prefetch - 1) / design.Prefetch
	var reading time.Duration
	for range min(turns, 50) { // the mean of so many is that of all
		reading += s.draw(design.Storage)
	}
	if turns > 50 {
		reading = Seconds(reading.Seconds() * float64(turns) / 50)
	}
	writing := Seconds(float64(d.Pages) * design.Assemble)
	s.charge(0, 2, 3, 0)
	return max(reading, writing) + s.draw(design.Storage) + 2*s.draw(design.Record)
}

// charge sums up calls of storage.
func (s *Service) charge(reads, writes, records, messages float64) {
	p := s.Design.Price
	s.Bill.Storage += reads*p.Read + writes*p.Write + records*p.Record + messages*p.Message
}
