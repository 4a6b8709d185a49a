package task_test

import (
	"errors"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/task"
)

func TestUnfitDocumentIsRefusedWithItsCodeAndErasedAtOnce(t *testing.T) {
	cases := []struct {
		name string
		doc  string
		code fault.Code
	}{
		{"empty", "", fault.DocumentEmpty},
		{"too large", strings.Repeat("x", 101), fault.DocumentTooLarge},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				w.Limits.Document.Bytes = 100
				o := order()
				o.Caps.OpenTasks = 1
				ref := w.create(o)
				w.upload(ref, c.doc)
				w.landed(ref)
				w.failed(ref, c.code)
				if left := w.names(); len(left) != 0 {
					t.Errorf("left: %v", left)
				}
				sent, err := w.CreateWith(t.Context(), o, task.Body{Reader: strings.NewReader(c.doc), ContentType: "application/pdf"})
				if err != nil {
					t.Fatal(err) // also: the refused task counts as open no more
				}
				w.failed(sent.Task.Ref, c.code)
				if left := w.names(); len(left) != 0 {
					t.Errorf("left: %v", left)
				}
			})
		})
	}
}

func TestDocumentInTheRequestIsQueued(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, err := w.CreateWith(t.Context(), order(), task.Body{Reader: strings.NewReader(content), ContentType: "application/pdf"})
		if err != nil || a.Task.State != task.Queued {
			t.Fatalf("%+v, %v", a.Task, err)
		}
		if got := w.queue.take(); len(got) != 1 {
			t.Errorf("pushed %v", got)
		}
	})
}

func TestDocumentThatBreaksOffLeavesNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		broken := errors.New("client went away")
		_, err := w.CreateWith(t.Context(), order(), task.Body{Reader: iotest.ErrReader(broken), ContentType: "application/pdf"})
		if !errors.Is(err, broken) {
			t.Errorf("create: %v", err)
		}
		for _, rec := range w.records("tasks") {
			ref, err := task.ParseRef(app, rec.Row)
			if err != nil {
				t.Fatal(err)
			}
			w.checkNothingLeft(ref)
			w.checkNothingFetchable(ref)
		}
	})
}

func TestTooManyPagesAreRefusedUnread(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.Limits.Document.Pages = 2
		ref := w.queued(order())
		w.mustProcess(ref, task.Done)
		w.failed(ref, fault.DocumentTooManyPages)
		if len(w.engine.reads()) != 0 || len(w.names()) != 0 {
			t.Errorf("read %v, left %v", w.engine.reads(), w.names())
		}
	})
}

func TestOrderThatCannotBeDoneNamesItsField(t *testing.T) {
	cases := []struct {
		name   string
		change func(*task.Order)
		field  string
	}{
		{"unknown language", func(o *task.Order) { o.Settings.Languages = []string{"klingon"} }, "languages"},
		{"unknown format", func(o *task.Order) { o.Settings.Formats = []render.Format{"doc"} }, "formats"},
		{"unknown profile", func(o *task.Order) { o.Settings.Profile = "best" }, "profile"},
		{"unknown choice", func(o *task.Order) { o.Settings.OnPageError = "ignore" }, "on_page_error"},
		{"unknown policy", func(o *task.Order) { o.Settings.Signature = "forge" }, "signature"},
		{"PDF/A with scripts", func(o *task.Order) {
			o.Settings.Formats, o.Settings.KeepActive = []render.Format{render.TXT, render.PDFA}, true
		}, "keep_active"},
		{"signed PDF/A", func(o *task.Order) {
			o.Settings.Formats, o.Settings.Signature = []render.Format{render.PDF, render.PDFA}, ocr.KeepSigned
		}, "signature"},
		{"retention too long", func(o *task.Order) { o.Settings.Retain = 23*time.Hour + 1 }, "retain_seconds"},
		{"retention negative", func(o *task.Order) { o.Settings.Retain = -1 }, "retain_seconds"},
		{"password too long", func(o *task.Order) { o.Password = strings.Repeat("x", 128) }, "password"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				o := order()
				c.change(&o)
				_, err := w.Create(t.Context(), o)
				f, ok := errors.AsType[*fault.Error](err)
				if !ok || f.Kind != fault.Invalid || f.Field != c.field {
					t.Errorf("create: %+v", err)
				}
				if len(w.records("tasks")) != 0 {
					t.Error("a task was stored")
				}
			})
		})
	}
}

var _ ocr.Engine = (*engine)(nil)
