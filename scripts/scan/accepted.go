package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

// longest is how long a finding can be accepted at once.
const longest = 366 * 24 * time.Hour

// entry accepts findings of one rule at one place.
type entry struct {
	Check  string `json:"check"`
	ID     string `json:"id"`
	Place  string `json:"place"`
	Reason string `json:"reason"`
	Until  string `json:"until"` // the day from which the finding counts again, such as 2027-03-01
}

// acceptedFindings are what was found and stays for a while.
type acceptedFindings []entry

// readAccepted reads the list. Every fault of it is reported at once.
func readAccepted(path string) (acceptedFindings, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	var list acceptedFindings
	if err := d.Decode(&list); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return list, nil
}

// apply marks the findings that the list accepts, and returns what is wrong with the list: an entry that is incomplete,
// expired or good for too long, or that no finding needs although its check ran.
func (a acceptedFindings) apply(outcomes []Outcome, now time.Time) []string {
	problems := []string{}
	for _, e := range a {
		name := fmt.Sprintf("%s %s %s", e.Check, e.ID, e.Place)
		if err := e.valid(now); err != nil {
			problems = append(problems, fmt.Sprintf("%s: %v", name, err))
			continue
		}
		if used, ran := e.mark(outcomes); ran && !used {
			problems = append(problems, name+": nothing of the kind was found; remove the entry")
		}
	}
	return problems
}

func (e entry) valid(now time.Time) error {
	if e.Check == "" || e.ID == "" || e.Place == "" || len(e.Reason) < 20 {
		return errors.New("check, id, place and a reason of at least 20 letters are needed")
	}
	until, err := time.Parse(time.DateOnly, e.Until)
	switch {
	case err != nil:
		return errors.New("until must be a day such as 2027-03-01")
	case !now.Before(until):
		return fmt.Errorf("expired on %s: solve the finding, or look at it again", e.Until)
	case until.Sub(now) > longest:
		return fmt.Errorf("%s is more than a year away", e.Until)
	}
	return nil
}

// mark accepts the findings that the entry is for. It reports whether there were any, and whether its check ran at all:
// a check that is not part of this run says nothing about the entry.
func (e entry) mark(outcomes []Outcome) (used, ran bool) {
	for _, o := range outcomes {
		if o.Check != e.Check {
			continue
		}
		ran = ran || o.State != NotChecked
		for i, f := range o.Findings {
			if f.ID == e.ID && f.Place == e.Place {
				o.Findings[i].Accepted, o.Findings[i].Until = e.Reason, e.Until
				used = true
			}
		}
	}
	return used, ran
}
