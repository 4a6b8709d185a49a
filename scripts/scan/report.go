package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// State says how a check ended.
type State string

// The states of a check. A check that could not run, or not to its end, has checked nothing.
const (
	Passed     State = "passed"
	Found      State = "found"
	NotChecked State = "not checked"
)

// Finding is one weakness that a check saw.
type Finding struct {
	ID       string `json:"id"`    // of the rule
	Place    string `json:"place"` // a file, an operation or a component
	Detail   string `json:"detail"`
	Accepted string `json:"accepted,omitempty"` // why it may stay
	Until    string `json:"until,omitempty"`    // the day from which it may not
}

// Outcome is what became of a check.
type Outcome struct {
	Check    string    `json:"check"`
	Asks     string    `json:"asks"`
	State    State     `json:"state"`
	Reason   string    `json:"reason,omitempty"` // why it was not checked
	Examined string    `json:"examined,omitempty"`
	Seconds  float64   `json:"seconds"`
	Findings []Finding `json:"findings"`
}

// Report is the result of a scan.
type Report struct {
	Version  string    `json:"version"`
	Target   string    `json:"target"`
	Began    time.Time `json:"began"`
	Seconds  float64   `json:"seconds"`
	Passed   bool      `json:"passed"`
	Problems []string  `json:"problems"` // of the list of accepted findings
	Gaps     []string  `json:"gaps"`     // checks that could not run
	Checks   []Outcome `json:"checks"`
}

// open lists findings that nobody accepted.
func (r *Report) open() int {
	n := 0
	for _, o := range r.Checks {
		for _, f := range o.Findings {
			if f.Accepted == "" {
				n++
			}
		}
	}
	return n
}

// conclude fills in what follows from the checks. A release may have no gap.
func (r *Report) conclude(release bool) {
	r.Gaps = []string{}
	for _, o := range r.Checks {
		if o.State == NotChecked {
			r.Gaps = append(r.Gaps, o.Check+": "+o.Reason)
		}
	}
	r.Passed = r.open() == 0 && len(r.Problems) == 0 && (!release || len(r.Gaps) == 0)
}

// write puts the report down as dated files, one for programs and one for people, and returns their common name.
func (r *Report) write(folder string) (string, error) {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return "", err
	}
	name := filepath.Join(folder, r.Began.UTC().Format("2006-01-02T150405Z"))
	raw, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(name+".json", append(raw, '\n'), 0o600); err != nil {
		return "", err
	}
	return name, os.WriteFile(name+".md", []byte(r.markdown()), 0o600)
}

func (r *Report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Security scan of Lethe %s\n\n", r.Version)
	fmt.Fprintf(&b, "%s UTC, %s, in %s. ", r.Began.UTC().Format("2 January 2006, 15:04"), r.Target, time.Duration(r.Seconds*float64(time.Second)).Round(time.Second))
	accepted := 0
	for _, o := range r.Checks {
		accepted += len(o.Findings)
	}
	open := r.open()
	fmt.Fprintf(&b, "**%s**: %d open findings, %d accepted ones, %d of %d checks could not run.\n\n",
		map[bool]string{true: "Passed", false: "Not passed"}[r.Passed], open, accepted-open, len(r.Gaps), len(r.Checks))
	b.WriteString("| check | asks | result | looked at | seconds |\n| --- | --- | --- | --- | ---: |\n")
	for _, o := range r.Checks {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %.0f |\n", o.Check, o.Asks, o.summary(), cell(o.Examined), o.Seconds)
	}
	section(&b, "Not checked", r.Gaps)
	section(&b, "Faults of the list of accepted findings", r.Problems)
	var unsolved, solved []string
	for _, o := range r.Checks {
		for _, f := range o.Findings {
			line := fmt.Sprintf("**%s**, %s, %s: %s", o.Check, f.ID, f.Place, cell(f.Detail))
			if f.Accepted == "" {
				unsolved = append(unsolved, line)
			} else {
				solved = append(solved, fmt.Sprintf("%s. *Until %s: %s*", line, f.Until, f.Accepted))
			}
		}
	}
	section(&b, "Open findings", unsolved)
	section(&b, "Accepted findings", solved)
	return b.String()
}

func (o Outcome) summary() string {
	accepted := 0
	for _, f := range o.Findings {
		if f.Accepted != "" {
			accepted++
		}
	}
	switch {
	case o.State == NotChecked:
		return "not checked"
	case len(o.Findings) == 0:
		return "passed"
	default:
		return fmt.Sprintf("%d open, %d accepted", len(o.Findings)-accepted, accepted)
	}
}

func section(b *strings.Builder, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(b, "\n## %s\n\n", title)
	for _, l := range lines {
		fmt.Fprintf(b, "- %s\n", l)
	}
}

// cell keeps text in one cell of a table.
func cell(s string) string {
	return strings.NewReplacer("\n", " ", "|", "\\|", "<", "&lt;").Replace(s)
}

// sorted orders findings and drops repetitions.
func sorted(found []Finding) []Finding {
	slices.SortFunc(found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Place, b.Place), cmp.Compare(a.Detail, b.Detail))
	})
	return slices.Compact(found)
}
