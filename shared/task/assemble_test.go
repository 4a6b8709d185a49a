package task_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
)

// uploadsOpened counts how often uploads are opened from now on.
func (w *world) uploadsOpened() (count func() int) {
	var mu sync.Mutex
	n := 0
	w.faulty.After(func(op storagetest.Op, key string) error {
		mu.Lock()
		defer mu.Unlock()
		if op == storagetest.GetBlob && strings.HasPrefix(key, storage.Uploads) {
			n++
		}
		return nil
	})
	return func() int {
		mu.Lock()
		defer mu.Unlock()
		return n
	}
}

// The instance that assembles need not read a document of hundreds of MiB for a result that holds its text alone.
func TestOnlyResultsThatKeepTheAppearanceOpenTheOriginalAgain(t *testing.T) {
	for format, again := range map[render.Format]int{render.TXT: 0, render.PDF: 1, render.Preview: 1} {
		inWorld(t, func(t *testing.T, w *world) {
			w.inParts(1, 8)
			w.engine.info = ocr.Info{Locked: true, Notes: []ocr.Note{{Code: ocr.FirstFrameOnly, Count: 2}}}
			o := order()
			o.Settings.Formats = []render.Format{format}
			ref := w.queued(o)
			w.mustProcess(ref, task.Done)
			for w.queue.len() > 1 {
				one, _ := w.queue.pop()
				if _, err := w.Process(t.Context(), one.job); err != nil {
					t.Fatal(err)
				}
			}
			opened := w.uploadsOpened()
			w.drain() // the last part, and the results
			got := w.state(ref, task.Completed)
			if n := opened(); n != 1+again {
				t.Errorf("%s: the last part and the results open the document %d times, want %d", format, n, 1+again)
			}
			if len(got.Notes) != 1 || got.Notes[0].Code != ocr.FirstFrameOnly {
				t.Errorf("%s: what was found when it was inspected is not told: %+v", format, got.Notes)
			}
			if n := len(w.engine.passwords); n != 1 {
				t.Errorf("%s: inspected %d times", format, n)
			}
		})
	}
}

// Workers may read hostile bytes in different ways: what was found first holds.
func TestDocumentThatShowsOtherPagesTheSecondTimeHasThoseItWasSharedOutWith(t *testing.T) {
	for _, later := range []int{1, 9} {
		inWorld(t, func(t *testing.T, w *world) {
			w.inParts(1, 8)
			o := order()
			o.Settings.Formats = []render.Format{render.TXT, render.PDF}
			ref := w.queued(o)
			w.mustProcess(ref, task.Done)
			w.engine.setPages(later)
			w.drain()
			if got := w.state(ref, task.Completed); got.Pages != (task.Progress{Total: 3, Done: 3}) || strings.Count(w.text(ref), word) != 3 {
				t.Errorf("%d pages the second time: %+v", later, got.Pages)
			}
		})
	}
}

// More than the record holds of what was found is found anew.
func TestDocumentWithManyNotesIsInspectedAgainForItsResults(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.inParts(1, 8)
		for n := range 3000 {
			w.engine.info.Notes = append(w.engine.info.Notes, ocr.Note{Code: ocr.PageDrawn, Page: n + 1})
		}
		ref := w.pushed(order())
		w.crowd("one")
		if got := w.state(ref, task.Completed); len(got.Notes) != 1 || got.Notes[0].Pages != 3000 {
			t.Errorf("told: %+v", got.Notes)
		}
	})
}
