package verbs

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/ledger"
)

// interval is a stretch of time: from its beginning to before its end. A zero time is no bound.
type interval struct{ from, to time.Time }

// parseInterval reads two days, the second of which belongs to the interval, or times. Either may be left out.
func parseInterval(from, to string) (interval, error) {
	var i interval
	var err error
	if i.from, err = parseTime("from", from); err == nil {
		i.to, err = parseTime("to", to)
	}
	if err != nil {
		return interval{}, err
	}
	if i.from.After(time.Now()) {
		return interval{}, fmt.Errorf("--from %s is yet to come: give a day or a time that has begun, or leave it out", from)
	}
	if !i.to.IsZero() && i.to.Before(i.from) {
		return interval{}, fmt.Errorf("--to %s is before --from %s: give the earlier one with --from", to, from)
	}
	if len(to) == len(time.DateOnly) {
		i.to = i.to.Add(24 * time.Hour)
	}
	return i, nil
}

// parseTime reads a day, which begins in UTC, or a time that a flag was given. The time of an empty text is zero.
func parseTime(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, form := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(form, text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("--%s %s: it must be a day or a time, such as 2026-11-01 or 2026-11-01T08:00:00Z", flag, text)
}

// holds reports whether a time is in the interval.
func (i interval) holds(at time.Time) bool {
	return !at.Before(i.from) && (i.to.IsZero() || at.Before(i.to))
}

// period is what the entries of a period say. Durations are in seconds.
type period struct {
	From      time.Time           `json:"from"`
	To        time.Time           `json:"to"`
	Over      bool                `json:"over"`     // the period had ended when it was exported
	Complete  bool                `json:"complete"` // and the log had had the time to tell all of it
	Exporter  string              `json:"exported_by"`
	KeySource string              `json:"key_source"` // "given" to the exporter, or "server": what the server calls its own
	Programs  map[string]int      `json:"programs"`   // versions of the program, with the entries that each made
	Regions   map[string]int      `json:"regions"`
	Kinds     map[ledger.Kind]int `json:"kinds"` // of entries, each counted apart
	Accepted  int                 `json:"accepted"`
	Erased    int                 `json:"erased"`
	Reasons   map[string]int      `json:"reasons"`
	Longest   *float64            `json:"longest_after_upload_seconds,omitempty"` // of those erased in the period
	Processed *float64            `json:"longest_after_processing_seconds,omitempty"`
	Acts      map[string]int      `json:"acts"`           // privileged acts by their kind
	Access    int                 `json:"access_entries"` // in the log, each found in the ledger
	Waiting   int                 `json:"access_entries_not_yet_in_the_ledger"`
	Whole     *auditView          `json:"whole_ledger"`
}

// reading is what a ledger and an access log say of a period.
type reading struct {
	span             interval
	period           *period
	acts             *actLog
	canaries, visits bytes.Buffer
}

// readPeriod checks a ledger, and computes from it and from the access log what happened in a period, which begins with the ledger if
// its beginning is open.
func readPeriod(ctx context.Context, src ledger.Source, x ledger.Examination, span interval, acts *actLog) (*reading, error) {
	r := &reading{span: span, acts: acts, period: &period{
		Programs: map[string]int{}, Regions: map[string]int{}, Kinds: map[ledger.Kind]int{}, Reasons: map[string]int{},
	}}
	r.canaries.WriteString("at,outcome,read_seconds,erase_seconds\n")
	r.visits.WriteString("at,ok,breach,unknown,breaches,unknowns\n")
	x.Visit = r.visit
	audit, err := ledger.Check(ctx, src, x)
	if err != nil {
		return nil, err
	}
	p := r.period
	if p.From, p.To = span.from.UTC(), span.to.UTC(); span.from.IsZero() {
		p.From = audit.First.UTC()
	}
	p.Over = !x.Now.Before(p.To)
	p.Complete = !x.Now.Before(p.To.Add(ledger.Sequencing)) || !audit.Reached.Before(p.To.Add(ledger.Sequencing))
	p.Whole = viewAudit(audit)
	if p.Acts, p.Waiting, err = acts.tally(span, audit.Reached); err != nil {
		return nil, err
	}
	for _, n := range p.Acts {
		p.Access += n
	}
	return r, nil
}

// visit takes note of an entry.
func (r *reading) visit(e ledger.Entry) {
	r.acts.visit(e)
	if !r.span.holds(e.At) {
		return
	}
	p := r.period
	p.Kinds[e.Kind]++
	if program := e.Value(ledger.FieldProgram); program != "" {
		p.Programs[program]++
		p.Regions[e.Value(ledger.FieldRegion)]++
	}
	at := e.At.Format(time.RFC3339)
	switch e.Kind {
	case ledger.Accepted:
		p.Accepted++
	case ledger.Erased:
		p.Erased++
		p.Reasons[e.Value(ledger.FieldReason)]++
		p.Longest = longer(p.Longest, e, ledger.FieldUploaded)
		p.Processed = longer(p.Processed, e, ledger.FieldEnded)
	case ledger.Canary:
		fmt.Fprintf(&r.canaries, "%s,%s,%s,%s\n", at, e.Value(ledger.FieldOutcome), e.Value(ledger.FieldRead), e.Value(ledger.FieldGone))
	case ledger.Doctor:
		fmt.Fprintf(&r.visits, "%s,%s,%s,%s,%s,%s\n", at, e.Value(ledger.FieldOK), e.Value(ledger.FieldBreach), e.Value(ledger.FieldUnknown),
			e.Value(ledger.FieldBreaches), e.Value(ledger.FieldUnknowns))
	case ledger.Processed, ledger.Stray, ledger.Access, ledger.Key, ledger.Begun, ledger.Clock, ledger.Lost:
	}
}

// longer is the longer of a time and the one that a receipt gives since the time in a field.
func longer(known *float64, e ledger.Entry, field string) *float64 {
	began := e.Time(field)
	if began.IsZero() {
		return known
	}
	lasted := seconds(e.At.Sub(began))
	if known != nil {
		lasted = max(lasted, *known)
	}
	return &lasted
}

// summary says what was exported, and what to know of it.
func (p *period) summary(w io.Writer, e *evidence) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: from %s to %s\n", e.folder, utc(p.From), utc(p.To))
	fmt.Fprintf(&b, "documents accepted: %d, receipts: %d", p.Accepted, p.Erased)
	if p.Longest != nil {
		fmt.Fprintf(&b, ", longest life: %s after upload", span(inSeconds(*p.Longest)))
	}
	fmt.Fprintf(&b, "\nentries of the access log: %d, and %d that wait for the ledger\nbreaches in the whole ledger: %d\n", p.Access, p.Waiting, len(p.Whole.Breaches))
	switch {
	case !p.Over:
		fmt.Fprintf(&b, "The period is not over: export it again after %s.\n", utc(p.To.Add(ledger.Sequencing)))
	case !p.Complete:
		fmt.Fprintf(&b, "The end of the period may still wait for the ledger: export it again after %s.\n", utc(p.To.Add(ledger.Sequencing)))
	}
	if e.claimed {
		b.WriteString("No key was given, so that the server's word says which keys are its own. Compare their fingerprints:\n")
		for _, k := range p.Whole.Keys {
			fmt.Fprintf(&b, "  %s\n", Printable(k.String()))
		}
	}
	if programs := slices.Sorted(maps.Keys(p.Programs)); len(programs) > 0 && !slices.Equal(programs, []string{p.Exporter}) {
		fmt.Fprintf(&b, "The inventory of copies is that of %s; the entries of the period were made by %s.\n", p.Exporter, Printable(strings.Join(programs, ", ")))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
