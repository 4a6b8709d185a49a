package task_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/task"
)

// auto is an order of languages that are to be chosen.
func auto() task.Order {
	o := order()
	o.Settings.Languages, o.Settings.Formats = []string{"auto"}, []render.Format{render.JSON}
	return o
}

// Whatever interrupts the work, every page is read in the languages that were chosen once, and results and status tell them.
func TestLanguagesAreChosenOnceForAllPages(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.engine.setPages(5)
		w.engine.shows = map[int]string{1: "lat", 3: "lat eng", 5: "lat"}
		w.engine.errs = map[int][]error{4: {away(), away(), away(), away()}}
		ref := w.queued(auto())
		w.mustProcess(ref, task.Retried)
		if got := w.state(ref, task.Queued).Chosen; !slices.Equal(got, []string{"lat", "eng"}) {
			t.Errorf("stored after the first attempt: %q", got)
		}
		w.crash(ref)
		w.engine.shows = map[int]string{1: "eng"} // another worker would choose otherwise
		pass(31 * time.Second)
		w.mustProcess(ref, task.Done)
		if diff := cmp.Diff(map[string]int{"lat eng": 5}, w.engine.readIn); diff != "" {
			t.Errorf("pages by languages (-want +got):\n%s", diff)
		}
		if len(w.engine.looked) != 3 {
			t.Errorf("pages were looked at: %q", w.engine.looked)
		}
		got := w.state(ref, task.Completed)
		if !slices.Equal(got.Settings.Languages, []string{"auto"}) || !slices.Equal(got.ReadIn(), []string{"lat", "eng"}) {
			t.Errorf("asked for %q, read in %q", got.Settings.Languages, got.ReadIn())
		}
		stream, err := w.OpenResult(t.Context(), ref, render.JSON)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = stream.Close() }() // it was read
		value, err := io.ReadAll(stream)
		if err != nil || !strings.Contains(string(value), `"languages":["lat","eng"],"languages_chosen":true`) {
			t.Errorf("%v: the result does not tell the languages: %.200s", err, value)
		}
	})
}

func TestLanguagesAreChosenAmongThoseThatTheApplicationMayUse(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.engine.setPages(2)
		w.engine.shows = map[int]string{1: "eng lat", 2: "eng lat"}
		o := auto()
		o.Ceilings.Languages = []string{"tlh", "lat"}
		ref := w.queued(o)
		w.mustProcess(ref, task.Done)
		if got := w.state(ref, task.Completed).ReadIn(); !slices.Equal(got, []string{"lat"}) || len(w.engine.readIn) != 1 || w.engine.readIn["lat"] != 2 {
			t.Errorf("chose %q; pages by languages %v", got, w.engine.readIn)
		}
		o.Ceilings.Languages = []string{"tlh"}
		if _, err := w.Create(t.Context(), o); !errors.Is(err, fault.LanguageUnknown) {
			t.Errorf("with no language that is installed: %v", err)
		}
	})
}

func TestPagesThatCannotBeLookedAtDoNotEndTheChoice(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.engine.setPages(2)
		w.engine.always = map[int]error{1: damaged()}
		w.engine.shows = map[int]string{2: "lat"}
		ref := w.queued(auto())
		w.mustProcess(ref, task.Done)
		if got := w.state(ref, task.Completed).ReadIn(); !slices.Equal(got, []string{"lat"}) {
			t.Errorf("chose %q", got)
		}
	})
}

func TestAutoStandsAlone(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		o := auto()
		o.Settings.Languages = []string{"auto", "lat"}
		if _, err := w.Create(t.Context(), o); !errors.Is(err, fault.BadField) {
			t.Errorf("auto beside another: %v", err)
		}
		if err := (task.Ceilings{Languages: []string{"auto"}}).Check(); !errors.Is(err, fault.BadField) {
			t.Errorf("auto as a language that is allowed: %v", err)
		}
	})
}
