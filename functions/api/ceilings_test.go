package api_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/task"
)

// held makes an application over the interface whose tasks are held to ceilings.
func (w *world) held(t *testing.T, ceilings string) client {
	t.Helper()
	admin := w.client(t, access.Admin)
	made := read[struct {
		ID, Secret string
		Ceilings   json.RawMessage
	}](t, w.call(t, admin, "POST", "/v1/applications", `{"name":"held","scopes":["submit","read"],"ceilings":`+ceilings+`}`), 201)
	if string(made.Ceilings) != ceilings {
		t.Errorf("ceilings are shown as %s", made.Ceilings)
	}
	list := w.call(t, admin, "GET", "/v1/applications", "").Body.String()
	if !strings.Contains(list, `"ceilings":`+ceilings) || strings.Count(list, `"ceilings"`) != 1 {
		t.Errorf("listed as %s", list)
	}
	return client{made.ID, basic(made.ID, made.Secret)}
}

const ceilings = `{"retain_seconds":7200,"delete_on_fetch":true,"formats":["txt","json"],"languages":["rus","deu"]}`

func TestOrdersCarryTheCeilingsOfTheirApplication(t *testing.T) {
	want := task.Ceilings{Retain: 2 * time.Hour, DeleteOnFetch: true, Formats: []render.Format{"txt", "json"}, Languages: []string{"rus", "deu"}}
	pdf := []string{"Content-Type", "application/pdf"}
	for _, s := range []struct {
		target, body string
		header       []string
		keep         bool
	}{
		{"/v1/tasks", `{}`, nil, false},
		{"/v1/tasks", `{"delete_on_fetch":true}`, nil, false},
		{"/v1/tasks", `{"delete_on_fetch":null}`, nil, false},
		{"/v1/tasks", `{"delete_on_fetch":false}`, nil, true},
		{"/v1/tasks:batch", `{"tasks":[{"delete_on_fetch":false}]}`, nil, true},
		{"/v1/tasks", "%PDF", pdf, false},
		{"/v1/tasks?delete_on_fetch=false", "%PDF", pdf, true},
	} {
		w := newWorld()
		rec := w.call(t, w.held(t, ceilings), "POST", s.target, s.body, s.header...)
		if rec.Code > 201 || len(w.orders) != 1 {
			t.Fatalf("%s %s: status %d: %s", s.target, s.body, rec.Code, rec.Body)
		}
		if diff := cmp.Diff(want, w.orders[0].Ceilings); diff != "" || w.orders[0].KeepOnFetch != s.keep {
			t.Errorf("%s %s: declined is %v, %s", s.target, s.body, w.orders[0].KeepOnFetch, diff)
		}
	}
}

func TestTasksShowWhatHoldsForThem(t *testing.T) {
	w := newWorld()
	c := w.client(t, access.Read)
	about := w.task(c, task.Completed)
	about.Settings.Retain, about.Settings.DeleteOnFetch = 2*time.Hour, true
	got := read[struct {
		Settings struct {
			RetainSeconds int  `json:"retain_seconds"`
			DeleteOnFetch bool `json:"delete_on_fetch"`
		}
		EraseDue time.Time `json:"erase_due"`
	}](t, w.call(t, c, "GET", "/v1/tasks/"+about.Ref.ID, ""), 200)
	if got.Settings.RetainSeconds != 7200 || !got.Settings.DeleteOnFetch || !got.EraseDue.Equal(w.clock.Add(2*time.Hour)) {
		t.Errorf("%+v", got)
	}
}

// capabilities is what the tests read of them.
type capabilities struct {
	Languages []string
	Formats   []struct{ Format string }
	Limits    struct {
		Retain int `json:"retain_seconds"`
	}
	Ceilings json.RawMessage
}

func TestCapabilitiesAreThoseOfTheApplication(t *testing.T) {
	w := newWorld()
	got := read[capabilities](t, w.call(t, w.held(t, ceilings), "GET", "/v1/capabilities", ""), 200)
	if !slices.Equal(got.Languages, []string{"rus"}) || len(got.Formats) != 2 || got.Limits.Retain != 7200 || string(got.Ceilings) != ceilings {
		t.Errorf("held: %+v", got)
	}
	got = read[capabilities](t, w.call(t, w.client(t, access.Read), "GET", "/v1/capabilities", ""), 200)
	if !slices.Equal(got.Languages, []string{"eng", "rus"}) || len(got.Formats) != len(render.Formats()) || got.Limits.Retain != 82800 || got.Ceilings != nil {
		t.Errorf("free: %+v", got)
	}
}

func TestCeilingsThatCannotBeAreRefusedByName(t *testing.T) {
	for ceilings, field := range map[string]string{
		`{"retain_seconds":0}`:          "ceilings.retain_seconds",
		`{"retain_seconds":86401}`:      "ceilings.retain_seconds",
		`{"formats":["epub"]}`:          "ceilings.formats",
		`{"languages":["a b"]}`:         "ceilings.languages",
		`{"languages":["klingon"]}`:     "ceilings.languages",
		`{"formats":[]}`:                "ceilings.formats",
		`{"retain":"2h"}`:               "ceilings.retain",
		`{"Retain_Seconds":60}`:         "ceilings.Retain_Seconds",
		`{"formats":[],"formats":null}`: "ceilings.formats",
	} {
		w := newWorld()
		admin := w.client(t, access.Admin)
		p := problem(t, w.call(t, admin, "POST", "/v1/applications", `{"name":"held","scopes":["submit"],"ceilings":`+ceilings+`}`))
		apps, err := w.apps.List(t.Context())
		if strings.Contains(ceilings, "klingon") && (p.Code != fault.LanguageUnknown || !strings.Contains(p.Detail, "eng, rus")) {
			t.Errorf("%s: %+v does not name those that there are", ceilings, p)
		}
		if p.Status != 422 || p.Field != field || err != nil || len(apps) != 1 {
			t.Errorf("%s: %+v, %d applications, %v", ceilings, p, len(apps), err)
		}
	}
}
