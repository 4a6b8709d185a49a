package simulate

import (
	"math"
	"time"
)

// Design is how documents are split and assembled, and what each step takes.
type Design struct {
	PartPages int // most pages of a part
	Window    int // most parts of an application whose message is sent and that are not finished; 0 for no limit

	Cores    int     // worker processes of an instance, one a core
	Page     Draw    // a page on one core
	Open     Draw    // a part begins: a worker opens the document
	Inspect  float64 // seconds a page for the digest and the tree of pages
	Assemble float64 // seconds a page for writing results, on one core
	Prefetch int     // kept pages that the assembly reads at once

	Event    Draw    // from the end of an upload until its event is in the queue
	Storage  Draw    // a call for a small blob
	Record   Draw    // a call for a record
	Send     Draw    // a message is sent
	Sends    int     // messages that are sent at once
	Ranges   int     // range requests, one after the other, with which a part opens the document
	Bytes    float64 // of a page in the document
	Rate     float64 // bytes a second, of one blob for one reader
	Lease    time.Duration
	Timer    time.Duration // between two looks for parts whose lease has run out
	Lifetime float64       // mean seconds of work until an instance dies

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

	flight map[int]int         // parts of an application whose message is sent
	held   map[int][]*Document // documents that may send when a part of the application ends, the oldest first
}

// Document is one upload.
type Document struct {
	Pages, Application int
	Uploaded, Ended    time.Duration

	parts    int
	unsent   []int         // pages of parts whose message is not sent
	left     int           // parts that are not finished
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
		s.flight, s.held = map[int]int{}, map[int][]*Document{}
	}
	d.Uploaded = s.Clock.Now()
	parts := Split(d.Pages, s.Design.PartPages)
	d.parts, d.left, d.unsent = len(parts), len(parts), parts[1:]
	s.Clock.After(s.draw(s.Design.Event), func() {
		s.Inspect.Push(func(done func(bool)) { s.inspect(d, parts[0], done) })
	})
}

func (s *Service) draw(d Draw) time.Duration { return d.Draw(s.Clock.Rand) }

// inspect reads the document whole, sends messages for its parts, and goes on with the first of them.
func (s *Service) inspect(d *Document, first int, done func(bool)) {
	design := &s.Design
	took := 2*s.draw(design.Record) + s.draw(design.Storage) +
		Seconds(float64(d.Pages)*(design.Bytes/design.Rate+design.Inspect))
	s.charge(1, 0, 4, 1)
	s.Clock.After(took, func() {
		if len(d.unsent) > 0 {
			s.charge(0, 0, float64(1+len(d.unsent)/100), 0)
			s.Clock.After(s.draw(design.Record), func() { s.send(d) })
		}
		s.read(d, part{pages: first}, true, done)
	})
}

// send sends messages for parts as far as the window of the application allows.
func (s *Service) send(d *Document) {
	var at time.Duration
	for n := 0; len(d.unsent) > 0; n++ {
		if s.Design.Window > 0 && s.flight[d.Application] >= s.Design.Window {
			s.held[d.Application] = append(s.held[d.Application], d)
			return
		}
		pages := d.unsent[0]
		d.unsent = d.unsent[1:]
		s.flight[d.Application]++
		if n%s.Design.Sends == 0 {
			at += s.draw(s.Design.Send)
		}
		s.Clock.After(at, func() { s.push(d, part{pages, true}) })
	}
}

// part is a range of pages. The one that the inspecting instance reads itself has no place in the window.
type part struct {
	pages    int
	windowed bool
}

// push puts the message for a part into the queue.
func (s *Service) push(d *Document, p part) {
	s.charge(0, 0, 1, 3)
	s.Parts.Push(func(done func(bool)) { s.read(d, p, false, done) })
}

// next sends the next message of the application, after one of its parts ended.
func (s *Service) next(application int) {
	if held := s.held[application]; len(held) > 0 {
		s.held[application] = held[1:]
		s.send(held[0])
	}
}

// read reads the pages of a part with all cores of an instance, which holds the document's bytes or reads the ranges it needs.
func (s *Service) read(d *Document, p part, held bool, done func(bool)) {
	design := &s.Design
	opening := s.draw(design.Open)
	if !held {
		opening += 2 * s.draw(design.Record)
		for range design.Ranges {
			opening += s.draw(design.Storage)
		}
	}
	busy := make([]time.Duration, design.Cores)
	ends := make([]time.Duration, p.pages)
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
		s.die(d, p, ends, life, held, done)
		return
	}
	s.account(p.pages, took, held)
	s.Clock.After(took, func() { s.finish(d, p, done) })
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
	s.charge(reads, float64(pages), 5+math.Floor(took.Seconds()/renewal), 0)
}

// renewal is how many seconds lie between two renewals of a lease.
const renewal = 10

// die ends an instance. Its lease has to run out until the timer sends the part again; pages that were kept are not read again.
func (s *Service) die(d *Document, p part, ends []time.Duration, life time.Duration, held bool, done func(bool)) {
	kept := 0
	for _, end := range ends {
		if end <= life {
			kept++
		}
	}
	p.pages -= kept
	s.account(kept, life, held)
	s.Clock.After(life, func() {
		s.Bill.Died++
		done(false)
		wait := s.Design.Lease + Seconds(s.Design.Timer.Seconds()*s.Clock.Rand.Float64())
		s.Clock.After(wait, func() { s.push(d, p) })
	})
}

// finish counts a part. Of one document one count is written after the other. The last part assembles the results.
func (s *Service) finish(d *Document, p part, done func(bool)) {
	at := max(s.Clock.Now(), d.counting)
	if d.parts > 1 {
		at += s.draw(s.Design.Record)
	}
	d.counting = at
	s.Clock.At(at, func() {
		if p.windowed {
			s.flight[d.Application]--
			s.next(d.Application)
		}
		if d.left--; d.left > 0 {
			done(true)
			return
		}
		s.Clock.After(s.assembly(d), func() {
			d.Ended = s.Clock.Now()
			done(true)
			if s.Done != nil {
				s.Done(d)
			}
		})
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
