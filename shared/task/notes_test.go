package task_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/task"
)

// However many pages there are, the record holds each code once.
func TestWhatIsNotedOfPagesAndPDFIsSummedUpInTheTask(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.engine.info = ocr.Info{Notes: []ocr.Note{{Code: ocr.FirstFrameOnly, Count: 7}}}
		w.engine.layer = ocr.Page{HiddenWords: 4, Notes: []ocr.Note{{Code: ocr.LayerUnchecked}}}
		w.engine.told = []ocr.Note{
			{Code: ocr.HiddenTextKept, Page: 1, Count: 3}, {Code: ocr.HiddenTextKept, Page: 3, Count: 2}, {Code: ocr.ActiveContentRemoved},
		}
		o := order()
		o.Settings.Formats = []render.Format{render.JSON, render.PDF}
		ref := w.queued(o)
		w.mustProcess(ref, task.Done)
		got := w.state(ref, task.Completed)
		want := []ocr.NoteSum{
			{Code: ocr.LayerUnchecked, Pages: 3}, {Code: ocr.HiddenTextKept, Pages: 2, Count: 5},
			{Code: ocr.ActiveContentRemoved}, {Code: ocr.FirstFrameOnly, Count: 7},
		}
		if diff := cmp.Diff(want, got.Notes); diff != "" || got.HiddenWords != 12 {
			t.Errorf("%d hidden words, notes (-want +got):\n%s", got.HiddenWords, diff)
		}
		if _, err := w.Delete(t.Context(), ref); err != nil {
			t.Fatal(err)
		}
		if record, _ := w.record(ref); strings.Contains(string(record.Value), "notes") || strings.Contains(string(record.Value), "hidden_words") {
			t.Errorf("the tombstone tells of pages: %s", record.Value)
		}
	})
}

func TestSettingsOfThePDFReachTheEngine(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.engine.info.Signatures = 1
		o := order()
		o.Settings.Formats = []render.Format{render.PDF}
		o.Settings.KeepHidden, o.Settings.KeepActive, o.Settings.RemovePassword, o.Settings.Signature = true, true, true, ocr.KeepSigned
		w.mustProcess(w.queued(o), task.Done)
		if want := (ocr.PDFOptions{KeepHidden: true, KeepActive: true, RemovePassword: true, Signature: ocr.KeepSigned}); w.engine.pdf != want {
			t.Errorf("%+v", w.engine.pdf)
		}
	})
}

func TestWhatTheEngineWritesIsAskedForByItsKindAndFetchedUnderItsFormat(t *testing.T) {
	for format, kind := range map[render.Format]ocr.PDFKind{
		render.PDF: ocr.Searchable, render.PDFA: ocr.Archive, render.PDFImages: ocr.PicturesOnly, render.Preview: ocr.Previews,
	} {
		t.Run(string(format), func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				o := order()
				o.Settings.Formats = []render.Format{render.TXT, format}
				ref := w.completed(o)
				if w.engine.pdf.Kind != kind {
					t.Errorf("asked for kind %q, want %q", w.engine.pdf.Kind, kind)
				}
				if err := w.fetch(ref, format); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestSignedDocumentIsRefusedBeforeItsPagesAreRead(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.engine.info.Signatures = 1
		o := order()
		o.Settings.Formats, o.Settings.Signature = []render.Format{render.TXT, render.PDF}, ocr.RefuseSigned
		ref := w.queued(o)
		w.mustProcess(ref, task.Done)
		w.failed(ref, fault.DocumentSigned)
		if asked := w.engine.asked(); asked > 0 {
			t.Errorf("%d pages were read", asked)
		}
		o.Settings.Formats = []render.Format{render.TXT}
		ref = w.queued(o)
		w.mustProcess(ref, task.Done)
		w.state(ref, task.Completed) // its text says nothing about its signature
	})
}

// A key that was used with the program before there were these settings still stands for the same order.
func TestDefaultsOfThePDFAreNotInTheRecord(t *testing.T) {
	value, err := json.Marshal(task.Settings{Languages: []string{"eng"}})
	if err != nil || strings.Contains(string(value), "keep") || strings.Contains(string(value), "signature") {
		t.Errorf("%s, %v", value, err)
	}
	inWorld(t, func(t *testing.T, w *world) {
		o := order()
		o.Settings.Signature = "rewrite"
		if got := w.get(w.create(o)); got.Settings.Signature != "" {
			t.Errorf("the default is stored as %q", got.Settings.Signature)
		}
	})
}
