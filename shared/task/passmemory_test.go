package task_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lethe-ocr/lethe/shared/erasure"
	"github.com/lethe-ocr/lethe/shared/ocr/fairqueue"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/memory"
	"github.com/lethe-ocr/lethe/shared/task"
)

// vast is a store with so many completed tasks, each with a result, that are made up when they are asked for.
type vast struct {
	*memory.Store
	tasks int
	since time.Time
	calls int
	peak  uint64 // bytes of memory in use, at the most
}

// ref is the task of a number; names and keys come in the order of the numbers.
func (v *vast) ref(n int) task.Ref {
	ms := v.since.UnixMilli() + int64(n/1000)
	return task.Ref{Application: app, ID: fmt.Sprintf("%08x-%04x-7000-8000-%012x", ms>>16, ms&0xffff, n)}
}

// number is the inverse.
func (v *vast) number(id string) int {
	var n int
	if _, err := fmt.Sscanf(id[24:], "%x", &n); err != nil {
		panic(err) // the id is none of ref's
	}
	return n
}

func (v *vast) measure() {
	if v.calls++; v.calls%10 != 0 {
		return
	}
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	v.peak = max(v.peak, m.HeapAlloc)
}

func (v *vast) List(ctx context.Context, q storage.Query) ([]storage.Record, error) {
	if q.Table != storage.Tasks {
		return v.Store.List(ctx, q)
	}
	v.measure()
	var recs []storage.Record
	first := 0
	if q.After.Row != "" {
		first = v.number(q.After.Row) + 1
	}
	for n := first; n < v.tasks && len(recs) < q.Limit; n++ {
		rec := v.record(v.ref(n))
		if q.Partition == "" || q.Partition == rec.Partition {
			recs = append(recs, rec)
		}
	}
	return recs, nil
}

func (v *vast) record(ref task.Ref) storage.Record {
	at := v.since.Format(time.RFC3339)
	return storage.Record{
		Key: storage.Key{Table: storage.Tasks, Partition: ref.Application + "!" + ref.Created().Format("20060102"), Row: ref.ID},
		Value: fmt.Appendf(nil, `{"v":1,"ref":{"app":%q,"id":%q},"state":"Completed","created":%[3]q,"updated":%[3]q,"uploaded":%[3]q,"ended":%[3]q,"results":[{"format":"txt","size":5}]}`,
			ref.Application, ref.ID, at),
		ETag: "1",
	}
}

func (v *vast) Get(ctx context.Context, key storage.Key) (storage.Record, error) {
	if key.Table != storage.Tasks {
		return v.Store.Get(ctx, key)
	}
	return v.record(task.Ref{Application: app, ID: key.Row}), nil
}

// vastBlobs are its results.
type vastBlobs struct {
	storage.Blobs
	v *vast
}

func (b vastBlobs) List(ctx context.Context, prefix, after string, limit int) ([]storage.Blob, error) {
	if prefix != storage.Results+"/" {
		return b.Blobs.List(ctx, prefix, after, limit)
	}
	b.v.measure()
	first := 0
	if after != "" {
		first = b.v.number(strings.Split(after, "/")[3]) + 1
	}
	var blobs []storage.Blob
	for n := first; n < b.v.tasks && len(blobs) < limit; n++ {
		blobs = append(blobs, storage.Blob{Name: b.v.ref(n).ResultName("txt"), Size: 5, ETag: "1", ContentType: "text/plain", Created: b.v.since})
	}
	return blobs, nil
}

// passed makes a whole pass over a store of so many tasks, and returns what memory it took at the most.
func passed(t *testing.T, tasks int) (peak uint64) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		pass(10 * time.Hour)
		v := &vast{Store: memory.New(time.Now), tasks: tasks, since: time.Now().UTC()}
		pass(time.Hour)
		blobs := vastBlobs{v.Blobs(), v}
		s := task.New(task.Config{
			Store: task.Store{Blobs: blobs, Records: v, Agenda: v.Store}, Inventory: erasure.Inventory(), Links: &linker{}, Queue: &queue{},
			Engine: &engine{}, Turns: fairqueue.New(1, time.Now), Policy: retention.Default(), Limits: task.DefaultLimits(), Owner: "one", Now: time.Now,
			Log: slog.New(slog.DiscardHandler),
		})
		done, err := s.PassWhenDue(t.Context(), interval)
		m, measured := s.Measure(t.Context())
		if err != nil || measured != nil || done.Seen != tasks || m.Pass.UnderWay != nil || m.Pass.Did.Failed > 0 {
			t.Errorf("%+v, %v, %+v, %v", done, err, m.Pass, measured)
		}
		peak = v.peak
	})
	return peak
}

func TestFullPassTakesTheSameMemoryHoweverMuchIsStored(t *testing.T) {
	few, many := 5_000, 50_000
	if os.Getenv("LETHE_SOAK") != "" {
		many = 2_000_000
	}
	small, large := passed(t, few), passed(t, many)
	t.Logf("%d KiB for %d tasks, %d KiB for %d", small>>10, few, large>>10, many)
	if small == 0 || large > small+4<<20 {
		t.Error("memory grows with what is stored")
	}
}
