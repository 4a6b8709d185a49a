package task_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/task"
)

// A request may ask for less than the application's ceilings, never for more; what holds stands in the record and in
// the promise.
func TestOrdersAreHeldToTheCeilingsOfTheirApplication(t *testing.T) {
	all := task.Ceilings{Retain: 2 * time.Hour, DeleteOnFetch: true, Formats: []render.Format{render.JSON, render.TXT}, Languages: []string{"eng", "lat"}}
	for name, s := range map[string]struct {
		ceilings task.Ceilings
		asked    task.Settings
		keep     bool
		want     task.Settings // profile and page errors aside
		field    string
		allowed  string // what the refusal names
	}{
		"none, nothing asked": {
			want: task.Settings{Languages: []string{"eng"}, Formats: []render.Format{render.TXT}},
		},
		"none, declined": {
			keep: true,
			want: task.Settings{Languages: []string{"eng"}, Formats: []render.Format{render.TXT}},
		},
		"nothing asked": {
			ceilings: all,
			want:     task.Settings{Languages: []string{"eng"}, Formats: []render.Format{render.TXT}, Retain: 2 * time.Hour, DeleteOnFetch: true},
		},
		"less asked": {
			ceilings: all, asked: task.Settings{Languages: []string{"lat"}, Formats: []render.Format{render.JSON}, Retain: time.Minute},
			want: task.Settings{Languages: []string{"lat"}, Formats: []render.Format{render.JSON}, Retain: time.Minute, DeleteOnFetch: true},
		},
		"longer retention asked": {
			ceilings: all, asked: task.Settings{Retain: 20 * time.Hour},
			want: task.Settings{Languages: []string{"eng"}, Formats: []render.Format{render.TXT}, Retain: 2 * time.Hour, DeleteOnFetch: true},
		},
		"ceiling beyond the policy": {
			ceilings: task.Ceilings{Retain: 24 * time.Hour},
			want:     task.Settings{Languages: []string{"eng"}, Formats: []render.Format{render.TXT}, Retain: 23 * time.Hour},
		},
		"another language first": {
			ceilings: task.Ceilings{Languages: []string{"lat", "eng"}},
			want:     task.Settings{Languages: []string{"lat"}, Formats: []render.Format{render.TXT}},
		},
		"usual choices not allowed": {
			ceilings: task.Ceilings{Formats: []render.Format{render.PDF, render.JSON}, Languages: []string{"tlh", "lat"}},
			want:     task.Settings{Languages: []string{"lat"}, Formats: []render.Format{render.PDF}},
		},
		"erasing on fetch declined": {ceilings: all, keep: true, field: "delete_on_fetch", allowed: "true"},
		"other language": {
			ceilings: task.Ceilings{Languages: []string{"lat"}}, asked: task.Settings{Languages: []string{"lat", "eng"}}, field: "languages", allowed: "lat",
		},
		"other format": {
			ceilings: all, asked: task.Settings{Formats: []render.Format{render.TXT, render.PDF}}, field: "formats", allowed: "json, txt",
		},
		"no language allowed that is here": {ceilings: task.Ceilings{Languages: []string{"tlh"}}, field: "languages", allowed: "tlh"},
		"longer than the policy":           {ceilings: all, asked: task.Settings{Retain: 24 * time.Hour}, field: "retain_seconds", allowed: "82800"},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a, err := w.Create(t.Context(), task.Order{Application: app, Settings: s.asked, Ceilings: s.ceilings, KeepOnFetch: s.keep})
				if s.field != "" {
					f, ok := errors.AsType[*fault.Error](err)
					if !ok || f.Kind != fault.Invalid || f.Field != s.field || !strings.Contains(f.Detail, s.allowed) {
						t.Errorf("refused with %v, want the field %s and %q", err, s.field, s.allowed)
					}
					if n := len(w.records(storage.Tasks)); n > 0 {
						t.Errorf("%d tasks were made", n)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				promised, _ := w.get(a.Task.Ref).Promises()
				if promised.Retain != s.want.Retain || promised.Fetched != s.want.DeleteOnFetch || !slices.Equal(promised.Languages, s.want.Languages) ||
					len(promised.Formats) != len(s.want.Formats) {
					t.Errorf("promised is %+v", promised)
				}
				got := w.get(a.Task.Ref).Settings
				got.Profile, got.OnPageError = "", ""
				if diff := cmp.Diff(s.want, got); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

// The ceiling counts like a wish: erasing follows it.
func TestTaskUnderACeilingIsErasedWhenItEnds(t *testing.T) {
	inWorld(t, func(_ *testing.T, w *world) {
		o := order()
		o.Ceilings.Retain = 2 * time.Hour
		ref := w.completed(o)
		pass(2*time.Hour - time.Minute)
		w.sweep()
		w.state(ref, task.Completed)
		pass(2 * time.Minute)
		w.sweep()
		w.checkNothingLeft(ref)
	})
}

// A key is remembered together with what holds, so that the same request meets its first task again.
func TestReplayUnderCeilingsIsTheSameRequest(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		o := order()
		o.IdempotencyKey, o.Settings.Retain = "key", 3*time.Hour
		o.Ceilings = task.Ceilings{Retain: 2 * time.Hour, DeleteOnFetch: true}
		first, err := w.Create(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		again, err := w.Create(t.Context(), o)
		if err != nil || !again.Replayed || again.Task.Ref != first.Task.Ref {
			t.Errorf("%+v, %v", again, err)
		}
	})
}

func TestDigestOfARequestWithoutCeilingsIsThatOfEarlierPrograms(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		o := order()
		o.IdempotencyKey, o.Settings.Retain, o.Settings.DeleteOnFetch = "key", time.Hour, true
		w.create(o)
		recs := w.records(storage.Idempotency)
		var kept struct{ Request string }
		if len(recs) != 1 || json.Unmarshal(recs[0].Value, &kept) != nil {
			t.Fatalf("%d records", len(recs))
		}
		// As version 928a949 wrote it for this order.
		const earlier = "cC-AGOsXKdnnZZ5FZ1m-Wk9RADG2HpA6cWshuXcGMl4"
		if kept.Request != earlier {
			t.Errorf("the digest is %s, want %s", kept.Request, earlier)
		}
	})
}

func TestCeilingsThatCannotBeAreRefused(t *testing.T) {
	for name, c := range map[string]task.Ceilings{
		"ceilings.retain_seconds": {Retain: 25 * time.Hour},
		"ceilings.formats":        {Formats: []render.Format{"epub"}},
		"ceilings.languages":      {Languages: []string{"eng", ""}},
	} {
		if f, _ := errors.AsType[*fault.Error](c.Check()); f == nil || f.Field != name {
			t.Errorf("%s: %v", name, f)
		}
	}
	for _, c := range []task.Ceilings{
		{Retain: -time.Second}, {Retain: time.Millisecond}, {Retain: 1500 * time.Millisecond}, {Languages: []string{"eng\n"}},
		{Languages: slices.Repeat([]string{"eng"}, 201)},
	} {
		if c.Check() == nil {
			t.Errorf("%+v is accepted", c)
		}
	}
	if err := (task.Ceilings{Retain: time.Second, Formats: render.Formats(), Languages: []string{"chi_sim", "script/Latin"}}).Check(); err != nil {
		t.Error(err)
	}
}
