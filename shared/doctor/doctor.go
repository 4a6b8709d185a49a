// Package doctor checks that the machine or cloud account of a stamp lets it keep its promise: that nothing keeps what was erased, that
// nobody else can read it, that it stays in its region. Expectations is the one list of what must hold. Drivers gather
// facts (Account, Folder, Process) and this package alone judges them, so that a check of a running stamp and a test of the
// templates from which it is deployed cannot disagree.
//
// Findings hold settings, counts and times: never content, names of documents or credentials.
package doctor

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/logevent"
)

// Outcome is the result of checking an expectation.
type Outcome string

// The outcomes. Unknown is no breach, and no proof either.
const (
	OK      Outcome = "ok"
	Breach  Outcome = "breach"
	Unknown Outcome = "unknown"
)

// Finding is the outcome of one check.
type Finding struct {
	Check   Check   `json:"check"`
	Outcome Outcome `json:"outcome"`
	Found   string  `json:"found"`
	Remedy  string  `json:"remedy,omitempty"` // what to do: of a breach the cure, of an unknown the way to find out
}

// Findings are one for each check, in the order of Expectations.
type Findings []Finding

// Count returns how many have the outcome.
func (f Findings) Count(o Outcome) int {
	n := 0
	for _, one := range f {
		if one.Outcome == o {
			n++
		}
	}
	return n
}

// Names lists the checks that have the outcome, with spaces between them.
func (f Findings) Names(o Outcome) string {
	var names []string
	for _, one := range f {
		if one.Outcome == o {
			names = append(names, string(one.Check))
		}
	}
	return strings.Join(names, " ")
}

// Probe examines one subject from one side. What it cannot see it leaves out or calls unknown: it has no error.
type Probe interface {
	// Subject says which expectations the probe is asked about.
	Subject() Subject
	// Inspect examines the subject. It changes nothing.
	Inspect(ctx context.Context) []Finding
}

// patience is how long one probe may take: a handful of requests, retries included.
const patience = time.Minute

// Run asks all probes and returns one finding for each expectation of their subjects. Where several probes saw the same
// thing the worst of what is known counts: a breach before ok, ok before unknown.
func Run(ctx context.Context, probes ...Probe) Findings {
	asked := map[Subject]bool{}
	seen := map[Check]Finding{}
	for _, p := range probes {
		asked[p.Subject()] = true
		for _, f := range inspect(ctx, p) {
			if old, ok := seen[f.Check]; !ok || weight(f.Outcome) > weight(old.Outcome) {
				seen[f.Check] = f
			}
		}
	}
	var all Findings
	for _, e := range Expectations() {
		if !asked[e.Subject] {
			continue
		}
		f, ok := seen[e.Check]
		if !ok {
			f = Finding{Check: e.Check, Outcome: Unknown, Found: "nobody looked"}
		}
		switch f.Outcome {
		case Breach:
			f.Remedy = e.Remedy
		case Unknown:
			f.Remedy = e.Ask
		}
		all = append(all, f)
	}
	return all
}

func inspect(ctx context.Context, p Probe) []Finding {
	ctx, done := context.WithTimeout(ctx, patience)
	defer done()
	return p.Inspect(ctx)
}

func weight(o Outcome) int { return slices.Index([]Outcome{Unknown, OK, Breach}, o) }

// Report is Run for a program that checks itself: every breach is an event, and so is the end.
func Report(ctx context.Context, log *slog.Logger, probes ...Probe) Findings {
	all := Run(ctx, probes...)
	for _, f := range all {
		if f.Outcome == Breach {
			log.ErrorContext(ctx, logevent.DoctorFinding, "check", f.Check, "found", f.Found, "remedy", f.Remedy)
		}
	}
	log.InfoContext(ctx, logevent.DoctorDone, "breaches", all.Count(Breach), "ok", all.Count(OK), "unknown", all.Count(Unknown))
	return all
}

// unseen explains checks that could not be made.
type unseen map[Check]string

func (u unseen) unknown(c Check) Finding {
	why := u[c]
	if why == "" {
		why = "cannot be seen from here"
	}
	return Finding{Check: c, Outcome: Unknown, Found: why}
}

// off judges a switch that must be off.
func (u unseen) off(c Check, on *bool, found string) Finding {
	switch {
	case on == nil:
		return u.unknown(c)
	case *on:
		return breach(c, "%s", found)
	default:
		return fine(c, "off")
	}
}

func breach(c Check, format string, args ...any) Finding {
	return Finding{Check: c, Outcome: Breach, Found: fmt.Sprintf(format, args...)}
}

func fine(c Check, format string, args ...any) Finding {
	return Finding{Check: c, Outcome: OK, Found: fmt.Sprintf(format, args...)}
}
