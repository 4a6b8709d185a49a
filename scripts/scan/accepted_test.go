package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func day(t *testing.T, s string) time.Time {
	t.Helper()
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// The list of the tree itself: every entry is whole, and none has expired. `make scan` tells whether all are needed.
func TestAcceptedFindingsOfTheTreeHold(t *testing.T) {
	list, err := readAccepted("findings.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range list.apply(nil, time.Now()) {
		t.Error(problem)
	}
}

func TestAcceptedFindingStaysUntilItsDay(t *testing.T) {
	good := entry{Check: "code", ID: "gosec", Place: "a.go", Reason: "a reason that is long enough", Until: "2026-06-01"}
	with := func(change func(*entry)) entry {
		e := good
		change(&e)
		return e
	}
	for _, c := range []struct {
		name  string
		entry entry
		state State
		found Finding
		want  string // part of the problem; empty for none
		open  int
	}{
		{"it is accepted", good, Found, Finding{ID: "gosec", Place: "a.go"}, "", 0},
		{"it expired", with(func(e *entry) { e.Until = "2026-03-01" }), Found, Finding{ID: "gosec", Place: "a.go"}, "expired on 2026-03-01", 1},
		{"it is good for too long", with(func(e *entry) { e.Until = "2028-01-01" }), Found, Finding{ID: "gosec", Place: "a.go"}, "more than a year", 1},
		{"it has no day", with(func(e *entry) { e.Until = "never" }), Found, Finding{ID: "gosec", Place: "a.go"}, "must be a day", 1},
		{"it has no reason", with(func(e *entry) { e.Reason = "fine" }), Found, Finding{ID: "gosec", Place: "a.go"}, "a reason", 1},
		{"it is for another place", good, Found, Finding{ID: "gosec", Place: "b.go"}, "nothing of the kind", 1},
		{"it is for another rule", good, Found, Finding{ID: "revive", Place: "a.go"}, "nothing of the kind", 1},
		{"its check could not run", good, NotChecked, Finding{ID: "revive", Place: "b.go"}, "", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := Report{Checks: []Outcome{{Check: "code", State: c.state, Findings: []Finding{c.found}}}}
			r.Problems = acceptedFindings{c.entry}.apply(r.Checks, day(t, "2026-03-01"))
			if got := strings.Join(r.Problems, "\n"); c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("problems %q, want %q", got, c.want)
			}
			if r.open() != c.open {
				t.Errorf("%d open findings, want %d", r.open(), c.open)
			}
			r.conclude(false)
			if want := c.want == "" && c.open == 0; r.Passed != want {
				t.Errorf("passed is %t, want %t", r.Passed, want)
			}
		})
	}
}

func TestListOfAcceptedFindingsWithAnUnknownFieldIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "findings.json")
	if err := os.WriteFile(path, []byte(`[{"check":"code","expires":"2026-06-01"}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readAccepted(path); err == nil {
		t.Error("the list was read")
	}
}
