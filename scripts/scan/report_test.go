package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestCheckThatCannotRunIsNamedAndFailsARelease(t *testing.T) {
	c := check{"advisories", "asks", func(context.Context) (string, []Finding, error) {
		return "", nil, errors.New("the database cannot be reached")
	}}
	for _, release := range []bool{false, true} {
		r := Report{Began: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Checks: []Outcome{c.do(t.Context(), time.Minute)}}
		r.conclude(release)
		if r.Passed == release {
			t.Errorf("release %t: passed is %t", release, r.Passed)
		}
		name, err := r.write(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(name, "2026-03-01T120000Z") {
			t.Errorf("the report is called %s", name)
		}
		for _, ending := range []string{".md", ".json"} {
			content, err := os.ReadFile(name + ending)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(content), "not checked") || !strings.Contains(string(content), "advisories: the database cannot be reached") {
				t.Errorf("%s does not name it: %s", ending, content)
			}
		}
	}
}

func TestCheckThatIsCutOffHasNotBeenDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := check{"attacks", "asks", func(ctx context.Context) (string, []Finding, error) {
			<-ctx.Done()
			return "half of it", nil, ctx.Err()
		}}
		if o := c.do(t.Context(), time.Minute); o.State != NotChecked || !strings.Contains(o.Reason, "1m0s") {
			t.Errorf("%+v", o)
		}
	})
}

func TestReportTellsWhatIsOpenAndWhatWasAccepted(t *testing.T) {
	r := Report{Version: "v1", Target: "a server of its own", Checks: []Outcome{
		{Check: "code", Asks: "asks", State: Found, Examined: "14 linters", Findings: []Finding{
			{ID: "gosec", Place: "a.go", Detail: "a | b\nc"}, {ID: "gosec", Place: "b.go", Accepted: "the reason", Until: "2026-06-01"},
		}},
	}}
	r.conclude(false)
	text := r.markdown()
	for _, want := range []string{"Not passed", "1 open findings, 1 accepted", "| 1 open, 1 accepted | 14 linters |", "a.go: a \\| b c", "Until 2026-06-01: the reason"} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q in\n%s", want, text)
		}
	}
	raw, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"passed":false`, `"accepted":"the reason"`, `"gaps":[]`} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("there is no %s in %s", want, raw)
		}
	}
}

func TestEveryCheckHasANameOfItsOwn(t *testing.T) {
	names := map[string]bool{}
	for _, c := range checks(options{}, newLive(options{})) {
		if c.name == "" || c.asks == "" || names[c.name] {
			t.Errorf("%+v", c)
		}
		names[c.name] = true
	}
}
