package retention_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lethe-ocr/lethe/shared/retention"
)

//go:generate go test -count=1 -run ^TestPlanGivesReasonsAndDeadlines$ . -update

var update = flag.Bool("update", false, "rewrite the golden files")

// upload is when the documents of the cases arrive.
var upload = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func after(d time.Duration) time.Time { return upload.Add(d) }

func TestPlanGivesReasonsAndDeadlines(t *testing.T) {
	hour := time.Hour
	cases := []struct {
		name    string
		subject retention.Subject
		at      []time.Duration // after the upload
	}{
		{"never uploaded", retention.Subject{Created: upload}, []time.Duration{0, 24*hour - 1, 24 * hour}},
		{"waiting", retention.Subject{Created: upload, Uploaded: upload}, []time.Duration{0, 47*hour - 1, 47 * hour, 47*hour + 29*time.Minute, 47*hour + 30*time.Minute, 60 * hour}},
		{"processed at once", retention.Subject{Created: upload, Uploaded: upload, Ended: upload}, []time.Duration{23*hour - 1, 23 * hour, 23*hour + 30*time.Minute}},
		{"processed at hour 47", retention.Subject{Created: upload, Uploaded: upload, Ended: after(47 * hour)}, []time.Duration{47 * hour}},
		{"processed at hour 20", retention.Subject{Created: upload, Uploaded: upload, Ended: after(20 * hour)}, []time.Duration{43*hour - 1, 43 * hour}},
		{"tenant wants one hour", retention.Subject{Created: upload, Uploaded: upload, Ended: after(hour), Wish: hour}, []time.Duration{2*hour - 1, 2 * hour}},
		{"tenant's wish does not lengthen", retention.Subject{Created: upload, Uploaded: upload, Ended: after(30 * hour), Wish: 23 * hour}, []time.Duration{47*hour - 1, 47 * hour}},
		{"deleted", retention.Subject{Created: upload, Uploaded: upload, Deleted: after(hour)}, []time.Duration{hour}},
		{"deleted while a worker holds it", retention.Subject{Created: upload, Uploaded: upload, Deleted: after(hour), Held: after(hour + time.Minute)}, []time.Duration{hour, hour + time.Minute}},
		{"erased", retention.Subject{Created: upload, Uploaded: upload, Deleted: after(hour), Erased: after(hour)}, []time.Duration{hour, 721*hour - 1, 721 * hour}},
		{"from the future", retention.Subject{Created: upload, Uploaded: upload}, []time.Duration{-240 * hour, -5*time.Minute - 1, -5 * time.Minute}},
		{"ended in the future", retention.Subject{Created: upload, Uploaded: upload, Ended: after(hour)}, []time.Duration{0, hour}},
		{"deleted from the future", retention.Subject{Created: upload, Deleted: after(-hour), Held: upload}, []time.Duration{-hour}},
		{"erased in the future", retention.Subject{Created: upload, Erased: upload}, []time.Duration{-240 * hour, 0}},
		{"erased before its upload", retention.Subject{Created: upload, Uploaded: upload, Erased: after(-240 * hour)}, []time.Duration{-239 * hour}},
		{"time was lost since", retention.Subject{Created: upload, Uploaded: upload, Undated: true}, []time.Duration{hour}},
		{"time was lost since, erased", retention.Subject{Created: upload, Erased: upload, Undated: true}, []time.Duration{hour}},
		{"copy without a record", retention.Subject{Uploaded: upload, NoRecord: true}, []time.Duration{0}},
		{"copy of an erased task", retention.Subject{Uploaded: upload, Surviving: true}, []time.Duration{0}},
	}
	var b strings.Builder
	for _, c := range cases {
		for _, at := range c.at {
			d := retention.Plan([]retention.Subject{c.subject}, retention.Default(), after(at))[0]
			fmt.Fprintf(&b, "%-32s at %-12v %-7s %-17s due %-10v limit %-10s alarm %v\n",
				c.name, at, d.Action, d.Reason, d.Due.Sub(upload), sinceUpload(d.Limit), d.Alarm)
		}
	}
	golden := filepath.Join("testdata", "plan.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("plan differs from %s (-want +got):\n%s", golden, diff)
	}
}

func sinceUpload(at time.Time) string {
	if at.IsZero() {
		return "none"
	}
	return at.Sub(upload).String()
}

// Whatever begins in the future, or before time that nobody measured, is never kept, unless nothing of it is left.
func TestWhatCannotBeDatedIsNeverKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := func(name string) time.Time {
			if rapid.Bool().Draw(t, name+" unknown") {
				return time.Time{}
			}
			return after(time.Duration(rapid.Int64Range(int64(-720*time.Hour), int64(720*time.Hour)).Draw(t, name)))
		}
		s := retention.Subject{Created: after(0), Uploaded: at("uploaded"), Ended: at("ended"), Deleted: at("deleted"), Held: at("held"), Undated: rapid.Bool().Draw(t, "undated")}
		now := at("now")
		d := retention.Default().Decide(s, now)
		ahead := false
		for _, start := range []time.Time{s.Created, s.Uploaded, s.Ended, s.Deleted} {
			ahead = ahead || start.After(now.Add(retention.Skew))
		}
		if (ahead || s.Undated) && (d.Action != retention.Erase || d.Due.After(now)) {
			t.Fatalf("the plan says %s, due %v after now", d.Action, d.Due.Sub(now))
		}
		if !ahead && !s.Undated && d.Reason == retention.Undatable {
			t.Fatalf("the plan says %s of what can be dated", d.Reason)
		}
		if d.Action == retention.Erase && !slices.Contains(retention.TaskReasons(), d.Reason) {
			t.Fatalf("a task is erased for the reason %s, which is not listed", d.Reason)
		}
	})
}

// A subject is erased before its limit whenever the plan is carried out within the margin of falling due, the alarm rises
// before the limit, and nothing that happens to a task later moves its limit back.
func TestNoHistoryOutlivesTheLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := retention.Default()
		ended := time.Duration(rapid.Int64Range(0, int64(48*time.Hour)).Draw(t, "ended"))
		wish := time.Duration(rapid.Int64Range(0, int64(72*time.Hour)).Draw(t, "wish"))
		waiting := retention.Subject{Created: upload, Uploaded: upload}
		processed := waiting
		processed.Ended, processed.Wish = after(ended), wish
		deleted := processed
		deleted.Deleted = processed.Ended

		due, limit := p.Due(processed)
		if most := upload.Add(retention.UnprocessedLimit); limit.After(most) {
			t.Fatalf("limit is %v after upload", limit.Sub(upload))
		}
		if most := processed.Ended.Add(retention.ProcessedLimit); limit.After(most) {
			t.Fatalf("limit is %v after processing", limit.Sub(processed.Ended))
		}
		if due.After(limit.Add(-p.Margin)) {
			t.Fatalf("due only %v before the limit", limit.Sub(due))
		}
		if _, before := p.Due(waiting); limit.After(before) {
			t.Fatalf("processing moved the limit from %v to %v", before, limit)
		}
		if _, then := p.Due(deleted); then.After(limit) {
			t.Fatalf("deleting moved the limit from %v to %v", limit, then)
		}
		if d := p.Decide(processed, limit); d.Action != retention.Erase || !d.Alarm {
			t.Fatalf("at the limit the plan says %s, alarm %v", d.Action, d.Alarm)
		}
	})
}

func TestPolicyLongerThanThePromiseIsRefused(t *testing.T) {
	cases := []struct {
		name   string
		change func(*retention.Policy)
	}{
		{"processed above 24 h", func(p *retention.Policy) { p.Processed = 24*time.Hour + 1 }},
		{"unprocessed above 48 h", func(p *retention.Policy) { p.Unprocessed = 48*time.Hour + 1 }},
		{"submission above 24 h", func(p *retention.Policy) { p.Submission = 25 * time.Hour }},
		{"tombstone above 30 d", func(p *retention.Policy) { p.Tombstone = 31 * 24 * time.Hour }},
		{"no margin", func(p *retention.Policy) { p.Margin = 0 }},
		{"margin as long as the limit", func(p *retention.Policy) { p.Margin = p.Processed }},
		{"alarm after the limit", func(p *retention.Policy) { p.Alarm = p.Margin }},
	}
	if err := retention.Default().Validate(); err != nil {
		t.Fatalf("default policy: %v", err)
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := retention.Default()
			c.change(&p)
			if p.Validate() == nil {
				t.Error("the policy was accepted")
			}
		})
	}
}
