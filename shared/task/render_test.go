package task_test

import (
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
)

// counted are requests to storage by what they do and in which container or table.
type counted map[string]*atomic.Int64

// countRequests counts from now on.
func (w *world) countRequests() counted {
	c := counted{}
	for _, op := range []storagetest.Op{
		storagetest.PutBlob, storagetest.GetBlob, storagetest.StatBlob, storagetest.DeleteBlob, storagetest.ListBlobs,
		storagetest.GetRecord, storagetest.PutRecord, storagetest.DeleteRecord, storagetest.ListRecords, storagetest.ReadDue, storagetest.SettleDue,
	} {
		for _, place := range append(storage.Containers(), tableNames()...) {
			c[string(op)+" "+place] = &atomic.Int64{}
		}
	}
	w.faulty.Before(func(op storagetest.Op, key string) error {
		place, _, _ := strings.Cut(key, "/")
		if n := c[string(op)+" "+place]; n != nil {
			n.Add(1)
		}
		return nil
	})
	return c
}

func tableNames() []string {
	var names []string
	for _, table := range storage.Tables() {
		names = append(names, string(table))
	}
	return names
}

// sum adds up the requests whose description begins so.
func (c counted) sum(prefix string) (sum int64) {
	for what, n := range c {
		if strings.HasPrefix(what, prefix) {
			sum += n.Load()
		}
	}
	return sum
}

func TestEveryPageIsReadBackOnceForAllFormatsTogether(t *testing.T) {
	const pages = 2000
	inWorld(t, func(t *testing.T, w *world) {
		w.engine.pages = pages
		ordered := order()
		ordered.Settings.Formats = []render.Format{render.TXT, render.JSON, render.PDF}
		ref := w.queued(ordered)
		requests := w.countRequests()
		w.mustProcess(ref, task.Done)
		w.faulty.Heal()
		w.state(ref, task.Completed)
		if n := requests.sum("get blob " + storage.Work); n != pages {
			t.Errorf("%d pages were read back for three formats, want %d", n, pages)
		}
		if n := requests.sum("put blob " + storage.Results); n != 3 {
			t.Errorf("%d results were written, want 3", n)
		}
		// Beside the pages, each written and read once and erased at the end, a document costs a few requests.
		if all := requests.sum(""); all > 3*pages+100 {
			t.Errorf("%d requests for %d pages", all, pages)
		}
		t.Logf("%d requests: %d reads and %d writes of pages", requests.sum(""), requests.sum("get blob work"), requests.sum("put blob work"))
	})
}

func TestResultsAreWrittenAgainWhenOneOfThemCouldNotBe(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ordered := order()
		ordered.Settings.Formats = render.Formats()
		ref := w.queued(ordered)
		var failed atomic.Bool
		w.faulty.After(func(op storagetest.Op, key string) error {
			if op == storagetest.PutBlob && strings.HasSuffix(key, "/json") && !failed.Swap(true) {
				return fault.New(fault.StorageUnavailable, "storage does not answer")
			}
			return nil
		})
		w.mustProcess(ref, task.Done)
		w.faulty.Heal()
		done := w.state(ref, task.Completed)
		for i, f := range render.Formats() {
			blob, err := w.blobs.Stat(t.Context(), ref.ResultName(f))
			if err != nil || blob.Size == 0 || blob.ContentType != f.MediaType() {
				t.Errorf("%s: %+v, %v", f, blob, err)
			}
			if done.Results[i] != (task.Result{Format: f, Size: blob.Size}) {
				t.Errorf("the record says %+v of a result of %d bytes", done.Results[i], blob.Size)
			}
		}
	})
}

func TestUploadEventReadsTheRecordOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.create(order())
		w.upload(ref, content)
		requests := w.countRequests()
		landed, err := w.Landed(t.Context(), ref.UploadName())
		if err != nil {
			t.Fatal(err)
		}
		// Once the document is opened the event has led to its work.
		opened := make(chan int64, 1)
		w.faulty.After(func(op storagetest.Op, key string) error {
			if op == storagetest.GetBlob && key == ref.UploadName() {
				opened <- requests.sum("get record " + string(storage.Tasks))
			}
			return nil
		})
		if _, err := w.ProcessRead(t.Context(), landed); err != nil {
			t.Fatal(err)
		}
		w.state(ref, task.Completed)
		if n := <-opened; n != 1 {
			t.Errorf("the record was read %d times from the event to the opened document", n)
		}
	})
}
