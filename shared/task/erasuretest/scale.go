package erasuretest

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
)

// Measure returns how many requests a call takes, and the bytes of their answers.
type Measure func(t *testing.T, call func() error) (requests, bytes int64)

// large is the number of tasks that costs are told for.
const large = 10_000_000

// Scale counts what a sweep in which nothing is due and a full pass cost, with few and with many tasks alive that have a result each.
// open returns an empty store.
func Scale(t *testing.T, open func(t *testing.T) storagetest.Stores, measure Measure) {
	few, many := 40, 240
	if os.Getenv("LETHE_SOAK") != "" {
		few, many = 1000, 5000
	}
	w := newWorld(t, open(t))
	var sweeps, passes, bytes [2]int64
	for i, n := range []int{few, many} {
		if i > 0 {
			n -= few
		}
		w.store(t, i*few, n)
		for _, run := range []func() error{
			func() error { _, err := w.tasks.Sweep(t.Context()); return err },
			func() error { _, err := w.tasks.FullPass(t.Context()); return err },
		} { // the first of each kind reads and writes what the others know
			if err := run(); err != nil {
				t.Fatal(err)
			}
		}
		sweeps[i], _ = measure(t, func() error {
			done, err := w.tasks.Sweep(t.Context())
			if err == nil && done.Seen > 0 {
				err = fmt.Errorf("%d are due", done.Seen)
			}
			return err
		})
		passes[i], bytes[i] = measure(t, func() error {
			done, err := w.tasks.FullPass(t.Context())
			if want := i*few + n; err == nil && (done.Seen != want || done.Strays+done.Erased > 0) {
				err = fmt.Errorf("%+v of %d tasks", done, want)
			}
			return err
		})
	}
	each := float64(many - few)
	requests, answers := float64(passes[1]-passes[0])/each, float64(bytes[1]-bytes[0])/each
	t.Logf("a sweep: %d requests with %d alive, %d with %d; a full pass: %d and %d requests, %.3f and %.0f bytes for each task; for 10 million %.1f million requests and %.1f GB",
		sweeps[0], few, sweeps[1], many, passes[0], passes[1], requests, answers, requests*large/1e6, answers*large/1e9)
	if sweeps[0] != sweeps[1] {
		t.Error("a sweep costs by what is alive")
	}
	// Its record is read with others, and alone because of its result; beside that there are the pages.
	if requests > 1.1 {
		t.Errorf("a full pass takes %.3f requests for each task", requests)
	}
}

// store makes completed tasks of an application's day with the numbers from first on, as the program stores them.
func (w *world) store(t *testing.T, first, n int) {
	t.Helper()
	now := time.Now().UTC()
	at := now.Format(time.RFC3339)
	recs := make([]storage.Record, n)
	for i := range recs {
		ms := now.UnixMilli()
		ref := task.Ref{Application: "app", ID: fmt.Sprintf("%08x-%04x-7000-8000-%012x", ms>>16, ms&0xffff, first+i)}
		recs[i] = storage.Record{
			Key: storage.Key{Table: storage.Tasks, Partition: ref.Application + "!" + ref.Created().Format("20060102"), Row: ref.ID},
			Value: fmt.Appendf(nil, `{"v":1,"ref":{"app":%q,"id":%q},"state":"Completed","created":%[3]q,"updated":%[3]q,"uploaded":%[3]q,"ended":%[3]q,"results":[{"format":"txt","size":5}],"settings":{"languages":["eng"],"formats":["txt"]},"nonce":%[4]q}`,
				ref.Application, ref.ID, at, strings.Repeat("n", 400)),
			Due: now.Add(23 * time.Hour),
		}
		if _, err := w.faulty.Blobs.Put(t.Context(), ref.ResultName("txt"), "text/plain", strings.NewReader("text\n")); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(storage.CreateAll(t.Context(), w.faulty.Records, recs)...); err != nil {
		t.Fatal(err)
	}
}
