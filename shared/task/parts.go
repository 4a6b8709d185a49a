package task

import (
	"time"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// Parts is how the document of a task is shared out among workers, and what they have read of it. It stands in the task's record
// from when the document was inspected until processing ends.
type Parts struct {
	Pages int        `json:"pages"`           // of the document
	Info  *ocr.Info  `json:"info,omitempty"`  // of the document, as it was inspected; nil where that is too much for the record, or an earlier program shared it out
	Files []PartFile `json:"files"`           // of the document, in order, as they were inspected
	Read  []int      `json:"read"`            // pages of each part that are kept; those of part 1 come first
	Slow  int        `json:"slow,omitempty"`  // pages of finished parts that took too much processor time
	Begun bool       `json:"begun,omitempty"` // pages were kept before the document was shared out
}

// PartFile is a file of a document that is shared out.
type PartFile struct {
	Version string `json:"version"` // ETag of its blob: another one is another document
	Pages   int    `json:"pages"`
	Locked  bool   `json:"locked,omitempty"` // as in ocr.Info
}

// maxParts is how many parts a document has at most, so that the task's record holds what is read of each: of a larger document they
// have more pages.
const maxParts = 1000

// maxInfoNotes is how many notes of a document its record holds while it is shared out.
const maxInfoNotes = 10

// newParts shares out so many pages of a document, at most so many to a part and about as many to each.
func newParts(doc *document, wanted, most int) *Parts {
	p := &Parts{Pages: doc.info.Pages, Read: make([]int, min(maxParts, (wanted+most-1)/most))}
	if len(doc.info.Notes) <= maxInfoNotes {
		p.Info = &doc.info
	}
	for _, f := range doc.files {
		p.Files = append(p.Files, PartFile{Version: f.version, Pages: f.info.Pages, Locked: f.info.Locked})
	}
	return p
}

// span returns where part n of so many pages begins and ends, as offsets.
func (p *Parts) span(n, pages int) (from, to int) {
	return (n - 1) * pages / len(p.Read), n * pages / len(p.Read)
}

// partSize is how many pages part n has.
func (t *Task) partSize(n int) int {
	from, to := t.Parts.span(n, t.Pages.Total)
	return to - from
}

// partPages are the numbers of the pages of part n.
func (t *Task) partPages(n int) []int {
	from, to := t.Parts.span(n, t.Pages.Total)
	return t.Settings.Pages.Of(t.Parts.Pages)[from:to]
}

// keptOf is how many pages of part n are among the names of those that are kept.
func (t *Task) keptOf(n int, names map[string]bool) int {
	kept := 0
	for _, page := range t.partPages(n) {
		if names[t.pageName(page)] {
			kept++
		}
	}
	return kept
}

// partOpen reports whether part n of that round of processing is still to be read.
func (t *Task) partOpen(n, round int) bool {
	return t.inParts() && t.Round == round && n >= 1 && n <= len(t.Parts.Read) && t.Parts.Read[n-1] < t.partSize(n)
}

// inParts reports whether the task waits for its parts: it has no lease of its own then.
func (t *Task) inParts() bool {
	return t.State == InProgress && t.Parts != nil && t.Pages.Done < t.Pages.Total
}

// assembling reports whether all parts are read, so that results are to be written of what is kept.
func (t *Task) assembling() bool { return t.Parts != nil && t.Pages.Done == t.Pages.Total }

// partRead notes how many pages of part n are kept, of those that are not finished one fewer than it has at most.
func (t *Task) partRead(n, pages int) {
	t.Parts.Read[n-1] = max(t.Parts.Read[n-1], min(pages, t.partSize(n)-1))
	t.countParts()
}

// partDone notes that part n is finished.
func (t *Task) partDone(n, failed, slow int) {
	t.Parts.Read[n-1] = t.partSize(n)
	t.Parts.Slow += slow
	t.Pages.Failed += failed
	t.countParts()
}

func (t *Task) countParts() {
	t.Pages.Done = 0
	for _, read := range t.Parts.Read {
		t.Pages.Done += read
	}
}

// openParts are the numbers of the parts that are still to be read, in order.
func (t *Task) openParts() []int {
	var open []int
	for n := range len(t.Parts.Read) {
		if t.partOpen(n+1, t.Round) {
			open = append(open, n+1)
		}
	}
	return open
}

// dropParts ends what several workers did on the document. Those of them that do not know it yet may write until a while from now.
func (t *Task) dropParts(now time.Time) {
	if t.inParts() {
		t.PartsHeld = now.Add(leaseLife + longestWrite)
	}
	t.Parts = nil
}
