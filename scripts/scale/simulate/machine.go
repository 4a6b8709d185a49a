package simulate

import "time"

// Machine is one computer that reads the documents of all applications. A core that is free reads a page of the application that
// has used the least processor time, of its oldest document.
type Machine struct {
	Clock    *Clock
	Cores    int
	Page     Draw
	Open     Draw
	Assemble float64 // seconds a page for writing results
	Done     func(d *Document)

	busy  int
	used  map[int]time.Duration
	lines map[int][]*Document // by application; documents with pages that nobody has begun
	order []int               // applications in the order of their first document, so that ties have one outcome
}

// Upload lets a document arrive now.
func (m *Machine) Upload(d *Document) {
	if m.used == nil {
		m.used, m.lines = map[int]time.Duration{}, map[int][]*Document{}
	}
	d.Uploaded = m.Clock.Now()
	m.Clock.After(m.Open.Draw(m.Clock.Rand), func() {
		if _, known := m.used[d.Application]; !known {
			m.order = append(m.order, d.Application)
		}
		if len(m.lines[d.Application]) == 0 { // who was idle has saved up nothing
			least, some := time.Duration(0), false
			for _, a := range m.order {
				if len(m.lines[a]) > 0 && (!some || m.used[a] < least) {
					least, some = m.used[a], true
				}
			}
			m.used[d.Application] = max(m.used[d.Application], least)
		}
		d.unsent, d.left = []int{d.Pages}, d.Pages
		m.lines[d.Application] = append(m.lines[d.Application], d)
		m.fill()
	})
}

// fill gives free cores pages.
func (m *Machine) fill() {
	for m.busy < m.Cores {
		next, some := 0, false
		for _, a := range m.order {
			if len(m.lines[a]) > 0 && (!some || m.used[a] < m.used[next]) {
				next, some = a, true
			}
		}
		if !some {
			return
		}
		d := m.lines[next][0]
		if d.unsent[0]--; d.unsent[0] == 0 {
			m.lines[next] = m.lines[next][1:]
		}
		m.read(d)
	}
}

func (m *Machine) read(d *Document) {
	m.busy++
	took := m.Page.Draw(m.Clock.Rand)
	m.used[d.Application] += took
	m.Clock.After(took, func() {
		m.busy--
		if d.left--; d.left == 0 {
			m.Clock.After(Seconds(float64(d.Pages)*m.Assemble), func() {
				d.Ended = m.Clock.Now()
				if m.Done != nil {
					m.Done(d)
				}
			})
		}
		m.fill()
	})
}
