package businesscard

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// Read finds what a card says on a page whose text stands upright. It looks at the page alone, so a page that is no card gives
// what looks like parts of one.
func Read(p *ocr.Page) Card {
	all, text := segments(p)
	r := reader{segments: all, person: -1}
	r.contacts()
	r.addresses()
	r.jobs()
	r.name()
	found := r.companies()
	r.beneathName()
	if !found {
		r.largest()
	}
	card := Card{Text: text}
	for _, k := range Kinds() {
		for _, f := range r.fields {
			if f.Kind == k {
				card.Fields = append(card.Fields, f)
			}
		}
	}
	return card
}

// reader collects the fields of a card.
type reader struct {
	segments []segment
	fields   []Field
	job      []int // segments that are positions
	person   int   // segment that is the name, -1 if there is none
}

// contacts finds what has a form of its own. What is left of a segment stays for the others.
func (r *reader) contacts() {
	var left []segment
	for _, s := range r.segments {
		rest := []byte(s.text)
		found := mails(&s, rest)
		found = append(found, webs(&s, rest)...)
		found = append(found, numbers(&s, rest, len(found) == 0 && addressLine(string(rest)) == 2)...)
		r.fields = append(r.fields, found...)
		if len(found) > 0 {
			if contactLabel(string(rest)) {
				continue
			}
			s = s.without(rest)
		}
		if len(s.words) > 0 {
			left = append(left, s)
		}
	}
	r.segments = left
	r.misreadMails()
}

// misreadMails finds mail addresses whose sign was read as the letter or sign that an engine without it takes it for: what stands
// before it and the domain of the card's address of the web was taken for an address of the web too.
func (r *reader) misreadMails() {
	for i := range r.fields {
		for _, other := range r.fields {
			f := &r.fields[i]
			domain, ok := strings.CutPrefix(strings.ToLower(other.Value), "www.")
			domain, _, _ = strings.Cut(domain, "/")
			if f.Kind != Web || other.Kind != Web || !ok || !strings.HasSuffix(strings.ToLower(f.Value), domain) {
				continue
			}
			local := f.Value[:len(f.Value)-len(domain)]
			if _, size := utf8.DecodeLastRuneInString(local); len(local) > size && strings.ContainsAny(local[len(local)-size:], "O0GQ©®€ЭО") {
				f.Kind, f.Value = Email, local[:len(local)-size]+"@"+domain
			}
		}
	}
}

// without returns a segment of the words that are left where others were blanked out of its text.
func (s *segment) without(rest []byte) segment {
	var words []ocr.Word
	at := 0
	l := ocr.Line{Words: s.words}
	for i, w := range s.words {
		if i > 0 && l.SpaceBefore(i) {
			at++
		}
		if strings.Trim(string(rest[at:at+len(w.Text)]), " ,;:.-–|/") != "" {
			words = append(words, w)
		}
		at += len(w.Text)
	}
	if len(words) == 0 {
		return segment{}
	}
	return newSegment(words)
}

// take makes a field of segments.
func (r *reader) take(k Kind, value string, parts []Component, from ...int) {
	f := Field{Kind: k, Value: value, Components: parts}
	for _, i := range from {
		r.segments[i].used = true
		f.Words = append(f.Words, r.segments[i].words...)
	}
	r.fields = append(r.fields, f)
}

// addresses joins lines of addresses that follow each other.
func (r *reader) addresses() {
	for i := 0; i < len(r.segments); {
		from, sure := i, false
		var lines []string
		for i < len(r.segments) && (len(lines) == 0 || r.follows(i)) {
			text := r.segments[i].text
			level := addressLine(text)
			if level == 0 || level < 2 && (formed(text) || job(text)) {
				break
			}
			lines = append(lines, strings.Trim(text, " ,;"))
			sure = sure || level == 2
			i++
		}
		if sure {
			all := make([]int, 0, i-from)
			for n := from; n < i; n++ {
				all = append(all, n)
			}
			r.take(Address, strings.Join(lines, ", "), addressParts(lines), all...)
		}
		if i == from {
			i++
		}
	}
}

// follows reports whether a segment stands beneath the one before it, or goes on beside it.
func (r *reader) follows(i int) bool {
	a, b := r.segments[i-1].box, r.segments[i].box
	height := max(r.segments[i-1].height(), r.segments[i].height(), 1)
	return b.Y0-a.Y1 < 2*height && b.Y1 > a.Y0
}

// jobs takes positions, one beneath the other as one.
func (r *reader) jobs() {
	for i := 0; i < len(r.segments); i++ {
		s := &r.segments[i]
		if s.used || !job(s.text) || formed(s.text) || business(s.text) && !startsWithJob(s.text) {
			continue
		}
		from := []int{i}
		value := s.text
		if n := i + 1; n < len(r.segments) && !r.segments[n].used && r.follows(n) && !formed(r.segments[n].text) && !business(r.segments[n].text) &&
			(department(r.segments[n].text) || job(r.segments[n].text) && similar(s, &r.segments[n])) {
			from = append(from, n)
			value += " " + r.segments[n].text
		}
		r.take(Job, value, nil, from...)
		r.job = append(r.job, from...)
		i += len(from) - 1
	}
}

// startsWithJob reports whether the first word of a text is one of positions.
func startsWithJob(text string) bool {
	words := tokens(text)
	return len(words) > 0 && entry(jobs, words[0]) && !wordIn(businesses, words[0])
}

// similar reports whether segments are of one size.
func similar(a, b *segment) bool {
	return 10*max(a.height(), b.height()) <= 13*min(a.height(), b.height())
}

// name takes the segment that is most likely the name of the person.
func (r *reader) name() {
	const least = 3
	locals := r.locals()
	best, bestScore := -1, least-1
	body := r.body()
	for i := range r.segments {
		s := &r.segments[i]
		names, ok := personal(s.text)
		if s.used || !ok || formed(s.text) {
			continue
		}
		score := 2
		if len(names) <= 3 {
			score++
		}
		for _, local := range locals {
			if n := inMail(names, local); n > 0 {
				score += 2 + 2*n
				break
			}
		}
		if business(s.text) {
			score -= 3
		}
		if r.domained(s.text) {
			score -= 3
		}
		if strings.ContainsFunc(strings.ToLower(s.text), func(c rune) bool { return c == ',' }) {
			score--
		}
		for _, j := range r.job {
			if j == i+1 || j == i-1 {
				score++
			}
			if j == i+1 {
				score++
			}
		}
		if 10*s.height() > 12*body {
			score++
		}
		for w := range strings.FieldsSeq(strings.ToLower(s.text)) {
			if wordIn(titles, w) {
				score += 2
				break
			}
		}
		if score > bestScore {
			best, bestScore = i, score
		}
	}
	if r.person = best; best >= 0 {
		value := strings.Trim(r.segments[best].text, " ,;")
		r.take(Name, value, nameParts(value), best)
	}
}

// locals lists the local parts of mail addresses, plain.
func (r *reader) locals() []string {
	var all []string
	for _, f := range r.fields {
		if f.Kind == Email {
			local, _, _ := strings.Cut(f.Value, "@")
			all = append(all, plain(local))
		}
	}
	return all
}

// body is the height of most letters.
func (r *reader) body() int {
	heights := make([]int, 0, len(r.segments))
	for i := range r.segments {
		heights = append(heights, r.segments[i].height())
	}
	if len(heights) == 0 {
		return 0
	}
	slices.Sort(heights)
	return heights[len(heights)/2]
}

// domained reports whether a text is what the domain of a mail address or of the web is called.
func (r *reader) domained(text string) bool {
	const short = 4 // letters that may be equal by chance
	compact := plain(text)
	for _, f := range r.fields {
		host := ""
		switch f.Kind {
		case Email:
			_, host, _ = strings.Cut(f.Value, "@")
		case Web:
			host = strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(f.Value), "https://"), "http://")
			host, _, _ = strings.Cut(host, "/")
			host = strings.TrimPrefix(host, "www.")
		default:
			continue
		}
		labels := strings.Split(host, ".")
		for _, label := range labels[:max(0, len(labels)-1)] {
			label = plain(label)
			if len(label) < short || wordIn("gmail mail outlook hotmail yahoo gmx web yandex free orange libero", label) {
				continue
			}
			if strings.Contains(compact, label) || len(compact) >= short && strings.Contains(label, compact) {
				return true
			}
			for _, w := range tokens(text) {
				if w = plain(w); len(w) > short && strings.Contains(label, w) {
					return true
				}
			}
		}
	}
	return false
}

// beneathName takes what stands right beneath the name as the position where no text has a word of positions.
func (r *reader) beneathName() {
	const mostWords = 6
	next := r.person + 1
	if len(r.job) > 0 || r.person < 0 || next >= len(r.segments) {
		return
	}
	if s := &r.segments[next]; !s.used && r.follows(next) && len(s.words) <= mostWords && countDigits(s.text) == 0 && len(plain(s.text)) > 2 {
		r.take(Job, s.text, nil, next)
	}
}

// companies takes names of companies: those with a legal form, or what the domain says, or a word of companies.
func (r *reader) companies() bool {
	found := false
	for _, is := range []func(string) bool{formed, r.domained, business} {
		for i := range r.segments {
			s := &r.segments[i]
			if !s.used && countDigits(s.text) < 5 && is(s.text) {
				r.take(Company, strings.Trim(s.text, " ,;"), nil, i)
				found = true
			}
		}
		if found {
			return true
		}
	}
	return false
}

// largest takes the largest text that is left as the name of the company, if it is larger than most.
func (r *reader) largest() {
	best := -1
	for i := range r.segments {
		s := &r.segments[i]
		if s.used || countDigits(s.text) > 0 || len(plain(s.text)) < 3 || len(s.words) > 6 {
			continue
		}
		if best < 0 || s.height() > r.segments[best].height() {
			best = i
		}
	}
	if best >= 0 && 10*r.segments[best].height() > 11*r.body() {
		r.take(Company, strings.Trim(r.segments[best].text, " ,;"), nil, best)
	}
}
