package ledger

import (
	"slices"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/retention"
)

// resolution is how far two times of one life may be in the wrong order: object stores report times in whole seconds.
const resolution = 2 * time.Second

// life is what the log says of one task, every time that it says. An honest log says each of them once, however often it
// repeats the entry.
type life struct {
	uploaded, ended moments
	receipts        []Entry // that differ
	logged          bool    // its acceptance is in the log
	lost            bool    // with a disk
}

// moments are the different times that a log gives of one thing.
type moments []time.Time

// add takes note of a time. A zero time is not known.
func (m *moments) add(at time.Time) {
	if !at.IsZero() && !slices.ContainsFunc(*m, at.Equal) {
		*m = append(*m, at)
	}
}

// first is the earliest time, zero if there is none.
func (m moments) first() time.Time {
	if len(m) == 0 {
		return time.Time{}
	}
	return slices.MinFunc(m, time.Time.Compare)
}

// gone is the latest time at which a receipt says that something was left until then, zero without a receipt.
func (l *life) gone() time.Time {
	var last time.Time
	for _, r := range l.receipts {
		last = later(later(last, r.At), r.Time(FieldErased))
		for _, f := range r.Fields {
			if f.Name == FieldCopy {
				last = later(last, erasedCopy(f.Value))
			}
		}
	}
	return last
}

// erasedCopy is when a copy went: <class> <erased> <checked>. A check may be later, and finds nothing.
func erasedCopy(value string) time.Time {
	_, times, _ := strings.Cut(value, " ")
	erased, _, _ := strings.Cut(times, " ")
	e := Entry{Fields: []Field{{FieldErased, erased}}}
	return e.Time(FieldErased)
}

// follow adds an entry to the life of its task.
func (a *auditor) follow(e *Entry) {
	l := a.lives[e.Subject]
	if l == nil {
		l = &life{}
		a.lives[e.Subject] = l
	}
	switch e.Kind {
	case Accepted:
		l.logged = true
		l.uploaded.add(e.Time(FieldUploaded))
	case Processed:
		l.ended.add(e.Time(FieldEnded))
	case Erased:
		if e.Subject == a.sought {
			a.found = append(a.found, placed{*e, a.index})
		}
		l.uploaded.add(e.Time(FieldUploaded))
		l.ended.add(e.Time(FieldEnded))
		if len(l.receipts) == 0 {
			a.Reasons[e.Value(FieldReason)]++
		}
		if !slices.ContainsFunc(l.receipts, e.same) {
			l.receipts = append(l.receipts, *e)
		}
	case Lost:
		l.lost = true
	case Stray, Access, Canary, Doctor, Key, Begun, Clock:
	}
}

// same reports whether two receipts say the same. A newer program, or a clock that was corrected since, may have handed one
// in again.
func (e *Entry) same(o Entry) bool {
	said := func(e *Entry) []Field {
		return slices.DeleteFunc(slices.Clone(e.Fields), func(f Field) bool { return f.Name == FieldProgram || f.Name == FieldOffset })
	}
	return e.At.Equal(o.At) && slices.Equal(said(e), said(&o))
}

// conclude judges every life. now is the time of the examination, in the time of the log.
func (a *auditor) conclude(now time.Time) {
	for _, l := range a.lives {
		uploaded, ended, gone := l.uploaded.first(), l.ended.first(), l.gone()
		if uploaded.IsZero() {
			continue // no document ever came
		}
		a.Documents++
		a.contradictions(l)
		if !gone.IsZero() {
			a.Erased++
			a.lasted(uploaded, ended, gone)
			if !l.logged && !uploaded.Before(a.blind) {
				a.breach("not-accepted: the document that was erased by %s is not in the log as accepted", gone)
			}
			continue
		}
		if l.lost {
			a.Lost++
			continue
		}
		a.Open++
		a.overdue(uploaded, ended, now)
		limit := uploaded.Add(retention.UnprocessedLimit)
		if !ended.IsZero() && ended.Add(retention.ProcessedLimit).Before(limit) {
			limit = ended.Add(retention.ProcessedLimit)
		}
		if a.Due.IsZero() || limit.Before(a.Due) {
			a.Due = limit
		}
		if now.After(limit.Add(Sequencing)) {
			a.breach("no-receipt: a document that arrived at %s has no receipt; it had to be erased by %s", uploaded, limit)
		}
	}
	a.judgeLate()
	slices.Sort(a.Breaches)
}

// overdue names a document without a receipt that had to be gone by the limits asked for, and whose receipt had time to be sequenced.
func (a *auditor) overdue(uploaded, ended, now time.Time) {
	limit := time.Time{}
	if a.Limits.AfterUpload > 0 {
		limit = uploaded.Add(a.Limits.AfterUpload)
	}
	if a.Limits.AfterProcessing > 0 && !ended.IsZero() && (limit.IsZero() || ended.Add(a.Limits.AfterProcessing).Before(limit)) {
		limit = ended.Add(a.Limits.AfterProcessing)
	}
	if !limit.IsZero() && now.After(limit.Add(Sequencing)) {
		a.breach(OverLimit+": a document that arrived at %s has no receipt in the log; by the limit asked for it had to be gone at %s", uploaded, limit)
	}
}

// contradictions names what the log says of one life in two ways. Whichever is true, the earliest upload, the earliest end
// of processing and the latest erasure count.
func (a *auditor) contradictions(l *life) {
	if len(l.uploaded) > 1 {
		a.breach("two-uploads: the log gives %d times for one upload, the earliest %s", len(l.uploaded), l.uploaded.first())
	}
	if len(l.ended) > 1 {
		a.breach("two-ends: the log gives %d times for one end of processing, the earliest %s", len(l.ended), l.ended.first())
	}
	if len(l.receipts) > 1 {
		a.breach("two-receipts: %d receipts of one document differ, the latest is of %s", len(l.receipts), l.gone())
	}
}

// lasted takes note of how long a copy lived. A zero time is not known.
func (a *auditor) lasted(uploaded, ended, gone time.Time) {
	if !uploaded.IsZero() {
		a.LongestAfterUpload = max(a.LongestAfterUpload, gone.Sub(uploaded))
		if limit := a.Limits.AfterUpload; limit > 0 && gone.Sub(uploaded) > limit {
			a.breach(OverLimit+": a copy that arrived at %s was erased at %s, %s after upload; the limit asked for is %s", uploaded, gone, gone.Sub(uploaded), limit)
		}
		switch {
		case gone.Sub(uploaded) > retention.UnprocessedLimit:
			a.breach("outlived-upload: a copy that arrived at %s was not erased until %s, %s after upload", uploaded, gone, gone.Sub(uploaded))
		case gone.Before(uploaded.Add(-resolution)):
			a.breach("erased-before-upload: a copy that arrived at %s was reported erased at %s, before it arrived", uploaded, gone)
		}
	}
	if !ended.IsZero() {
		a.LongestAfterProcessing = max(a.LongestAfterProcessing, gone.Sub(ended))
		if limit := a.Limits.AfterProcessing; limit > 0 && gone.Sub(ended) > limit {
			a.breach(OverLimit+": a document processed at %s was erased at %s, %s after processing; the limit asked for is %s", ended, gone, gone.Sub(ended), limit)
		}
		switch {
		case gone.Sub(ended) > retention.ProcessedLimit:
			a.breach("outlived-processing: a document processed at %s was not erased until %s, %s after processing", ended, gone, gone.Sub(ended))
		case gone.Before(ended.Add(-resolution)):
			a.breach("erased-before-end: a document processed at %s was reported erased at %s, before that", ended, gone)
		}
	}
	if !uploaded.IsZero() && !ended.IsZero() && ended.Before(uploaded.Add(-resolution)) {
		a.breach("ended-before-upload: a document that arrived at %s was reported processed at %s, before it arrived", uploaded, ended)
	}
}

// place compares an entry with the log's own time, the latest of the entries before it. Entries are sequenced soon
// after they are handed in: one that is much older was dated back, or the log was not written for so long. What the log writes
// of itself comes before everything that waits, and shows no time.
func (a *auditor) place(e *Entry) {
	if e.Kind == Key || e.Kind == Begun {
		return
	}
	behind := a.Reached.Sub(e.At)
	a.Reached = later(a.Reached, e.At)
	if behind <= Sequencing {
		return
	}
	a.late++
	a.latest = max(a.latest, behind)
}

// judgeLate names the entries that stand too late, together.
func (a *auditor) judgeLate() {
	if a.late > 0 {
		a.breach("late-entry: %d entries come after younger ones, up to %s late: they were backdated, or the log was not written for that long", a.late, a.latest)
	}
}
