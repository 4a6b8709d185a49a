package task_test

import (
	"encoding/json"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/task"
)

// somePages is an order of pages of a document that has ten.
func (w *world) somePages(pages ocr.PageRanges) task.Order {
	w.engine.setPages(10)
	o := order()
	o.Settings.Formats, o.Settings.Pages = []render.Format{render.JSON, render.PDF}, pages
	return o
}

// Whatever interrupts the work, only pages that were asked for are read, each once, and counts are theirs.
func TestOnlyThePagesThatWereAskedForAreRead(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.engine.errs = map[int][]error{3: {away(), away(), away(), away()}}
		w.engine.always = map[int]error{9: damaged()}
		ref := w.queued(w.somePages("1-3,7,9"))
		w.mustProcess(ref, task.Retried)
		if got := w.state(ref, task.Queued).Pages; got.Total != 5 || got.Done != 4 || got.Failed != 1 {
			t.Errorf("after the first attempt %+v", got)
		}
		w.crash(ref)
		pass(31 * time.Second)
		w.mustProcess(ref, task.Done)
		got := w.state(ref, task.Completed)
		if want := (task.Progress{Total: 5, Done: 5, Failed: 1}); got.Pages != want {
			t.Errorf("pages are %+v, want %+v", got.Pages, want)
		}
		if diff := cmp.Diff(map[int]int{1: 1, 2: 1, 3: 1, 7: 1}, w.engine.reads()); diff != "" {
			t.Errorf("reads (-want +got):\n%s", diff)
		}
		if w.engine.pdf.Pages != "1-3,7,9" || w.engine.pdf.KeepPages {
			t.Errorf("the PDF is written with %+v", w.engine.pdf)
		}
		stream, err := w.OpenResult(t.Context(), ref, render.JSON)
		if err != nil {
			t.Fatal(err)
		}
		var result struct{ Pages []struct{ Number int } }
		value, err := io.ReadAll(stream)
		if err := errors.Join(err, stream.Close(), json.Unmarshal(value, &result)); err != nil {
			t.Fatal(err)
		}
		var numbers []int
		for _, p := range result.Pages {
			numbers = append(numbers, p.Number)
		}
		if !slices.Equal(numbers, []int{1, 2, 3, 7, 9}) {
			t.Errorf("the result has the pages %v", numbers)
		}
	})
}

func TestTaskFailsIfNoneOfThePagesThatWereAskedForCanBeRead(t *testing.T) {
	inWorld(t, func(_ *testing.T, w *world) {
		w.engine.always = map[int]error{2: damaged(), 4: damaged()}
		ref := w.queued(w.somePages("2,4"))
		w.mustProcess(ref, task.Done)
		w.failed(ref, fault.PageDamaged)
	})
}

func TestPagesThatCannotBeAreRefusedByName(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for pages, want := range map[ocr.PageRanges]string{
			"3-1": "write 1-3", "1,1": "twice", "one": "such as 1-3,7", "2001": "at most 2000 pages",
		} {
			_, err := w.Create(t.Context(), w.somePages(pages))
			f, ok := errors.AsType[*fault.Error](err)
			if !ok || f.Code != fault.BadField || f.Field != "pages" || !strings.Contains(f.Detail, want) {
				t.Errorf("%q: %v", pages, err)
			}
		}
		ref := w.queued(w.somePages("9-11"))
		w.mustProcess(ref, task.Done)
		w.failed(ref, fault.DocumentPageMissing)
		if detail := w.state(ref, task.ProcessingFailed).Failure.Detail; !strings.Contains(detail, "the document has 10; name pages up to 10 in pages") {
			t.Errorf("the failure says %q", detail)
		}
		if asked := w.engine.asked(); asked > 0 {
			t.Errorf("%d pages were read", asked)
		}
	})
}

// What was counted by an earlier call is not seen to go back while another one looks at the pages that are kept.
func TestCountOfPagesNeverGoesBack(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.engine.errs = map[int][]error{10: {away(), away(), away(), away()}}
		ref := w.queued(w.somePages(""))
		w.mustProcess(ref, task.Retried)
		gate := w.engine.block()
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			w.mustProcess(ref, task.Done)
		}()
		<-gate.reached
		if got := w.state(ref, task.InProgress).Pages; got.Done != 9 {
			t.Errorf("%+v while the last page is read", got)
		}
		close(gate.open)
		<-ended
	})
}

// The process that accepts a delete is often not the one that reads the document.
func TestDeleteByAnotherProcessEndsTheWorkWithinASecond(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.engine.slow = time.Hour
		ref := w.queued(order())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			w.mustProcess(ref, task.Done)
		}()
		pass(3 * time.Second)
		if _, err := w.process("elsewhere").Delete(t.Context(), ref); err != nil {
			t.Fatal(err)
		}
		accepted := time.Now()
		<-ended
		if took := time.Since(accepted); took > time.Second {
			t.Errorf("the work went on for %s", took)
		}
		w.checkNothingLeft(ref)
	})
}

func TestCountOfPagesIsSecondsOldAtMost(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.engine.setPages(20)
		w.engine.slow = time.Second // two at once
		ref := w.queued(order())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			w.mustProcess(ref, task.Done)
		}()
		pass(6500 * time.Millisecond)
		if got := w.state(ref, task.InProgress).Pages; got.Total != 20 || got.Done < 8 || got.Done > 12 {
			t.Errorf("after six seconds %+v", got)
		}
		<-ended
	})
}

func TestConfidenceOfTheDocumentStandsInTheTask(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.engine.always = map[int]error{2: damaged()}
		o := order()
		o.Settings.ReviewBelow = 91
		ref := w.completed(o)
		want := &ocr.Confidence{Mean: 90, Doubtful: "1-3", NeedsReview: true}
		if diff := cmp.Diff(want, w.get(ref).Confidence); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		sure := w.completed(order())
		if diff := cmp.Diff(&ocr.Confidence{Mean: 90, Doubtful: "2"}, w.get(sure).Confidence); diff != "" {
			t.Errorf("without a bound (-want +got):\n%s", diff)
		}
		w.delete(ref)
		if record, _ := w.record(ref); strings.Contains(string(record.Value), "confidence") {
			t.Errorf("the tombstone tells of pages: %s", record.Value)
		}
		for _, below := range []float64{-1, 100.5, math.NaN()} {
			o.Settings.ReviewBelow = below
			_, err := w.Create(t.Context(), o)
			if f, ok := errors.AsType[*fault.Error](err); !ok || f.Field != "review_below" {
				t.Errorf("review below %v: %v", below, err)
			}
		}
	})
}
