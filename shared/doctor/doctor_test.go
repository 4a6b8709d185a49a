package doctor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/doctor"
	"github.com/lethe-ocr/lethe/shared/logevent"
)

// fake is a probe that found something.
type fake struct {
	subject doctor.Subject
	found   []doctor.Finding
}

// Subject implements doctor.Probe.
func (f fake) Subject() doctor.Subject { return f.subject }

// Inspect implements doctor.Probe.
func (f fake) Inspect(context.Context) []doctor.Finding { return f.found }

func TestTheWorstOfWhatIsKnownCounts(t *testing.T) {
	const check = doctor.Versioning
	for _, tc := range []struct {
		name string
		seen []doctor.Outcome // by one probe each
		want doctor.Outcome
	}{
		{"nobody looked", nil, doctor.Unknown},
		{"one cannot see", []doctor.Outcome{doctor.Unknown, doctor.OK}, doctor.OK},
		{"order does not matter", []doctor.Outcome{doctor.OK, doctor.Unknown}, doctor.OK},
		{"they disagree", []doctor.Outcome{doctor.OK, doctor.Breach}, doctor.Breach},
		{"breach first", []doctor.Outcome{doctor.Breach, doctor.OK, doctor.Unknown}, doctor.Breach},
	} {
		t.Run(tc.name, func(t *testing.T) {
			probes := []doctor.Probe{fake{subject: doctor.OfAccount}}
			for _, o := range tc.seen {
				probes = append(probes, fake{doctor.OfAccount, []doctor.Finding{{Check: check, Outcome: o}}})
			}
			all := doctor.Run(t.Context(), probes...)
			i := slices.IndexFunc(all, func(f doctor.Finding) bool { return f.Check == check })
			if all[i].Outcome != tc.want {
				t.Errorf("got %s, want %s", all[i].Outcome, tc.want)
			}
			if (all[i].Remedy == "") != (tc.want == doctor.OK) {
				t.Errorf("%s with the remedy %q", tc.want, all[i].Remedy)
			}
		})
	}
}

func TestOnlySubjectsOfTheProbesAreJudged(t *testing.T) {
	for _, f := range doctor.Run(t.Context(), fake{subject: doctor.OfFolder}) {
		for _, e := range doctor.Expectations() {
			if e.Check == f.Check && e.Subject != doctor.OfFolder {
				t.Errorf("%s is of the %s", e.Check, e.Subject)
			}
		}
	}
	if all := doctor.Run(t.Context()); len(all) != 0 {
		t.Errorf("no probe, and yet %d findings", len(all))
	}
}

func TestEveryExpectationIsWholeAndNamedOnce(t *testing.T) {
	seen := map[doctor.Check]bool{}
	for _, e := range doctor.Expectations() {
		if seen[e.Check] {
			t.Errorf("%s is there twice", e.Check)
		}
		seen[e.Check] = true
		for what, text := range map[string]string{"subject": string(e.Subject), "what": e.What, "why": e.Why, "remedy": e.Remedy, "way to find out": e.Ask} {
			if text == "" {
				t.Errorf("%s has no %s", e.Check, what)
			}
		}
		if strings.Contains(e.Ask, "lethe doctor") {
			t.Errorf("%s: who asks is told to ask: %s", e.Check, e.Ask)
		}
		if len(e.Places) == 0 {
			t.Errorf("%s can be seen nowhere", e.Check)
		}
	}
}

// endless is a probe of something that does not answer.
type endless struct{}

// Subject implements doctor.Probe.
func (endless) Subject() doctor.Subject { return doctor.OfAccount }

// Inspect implements doctor.Probe.
func (endless) Inspect(ctx context.Context) []doctor.Finding {
	<-ctx.Done()
	return nil
}

func TestAProbeWithoutAnAnswerKeepsNobodyWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := doctor.Run(t.Context(), endless{}, fake{doctor.OfAccount, []doctor.Finding{{Check: doctor.Region, Outcome: doctor.OK}}})
		if n := all.Count(doctor.OK); n != 1 {
			t.Errorf("%d ok, want the one of the other probe", n)
		}
	})
}

func TestReportTellsBreachesAndCounts(t *testing.T) {
	var out bytes.Buffer
	doctor.Report(t.Context(), slog.New(slog.NewJSONHandler(&out, nil)), fake{doctor.OfFolder, []doctor.Finding{
		{Check: doctor.FolderModes, Outcome: doctor.Breach, Found: "open"},
		{Check: doctor.Database, Outcome: doctor.OK, Found: "fine"},
	}})
	type line struct {
		Msg, Level, Check, Found, Remedy string
		Breaches, OK, Unknown            int
	}
	var got []line
	for text := range strings.Lines(out.String()) {
		var l line
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatal(err)
		}
		got = append(got, l)
	}
	remedy, ofFolder := "", 0
	for _, e := range doctor.Expectations() {
		if e.Subject == doctor.OfFolder {
			ofFolder++
		}
		if e.Check == doctor.FolderModes {
			remedy = e.Remedy
		}
	}
	want := []line{
		{Msg: logevent.DoctorFinding, Level: "ERROR", Check: "folder-modes", Found: "open", Remedy: remedy},
		{Msg: logevent.DoctorDone, Level: "INFO", Breaches: 1, OK: 1, Unknown: ofFolder - 2},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
