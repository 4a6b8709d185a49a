package task_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/task"
)

// The dry run is no second opinion: whatever the state of the stamp, it says what the sweep and the full pass then do.
func TestDryRunSaysWhatIsDone(t *testing.T) {
	for seed := range uint64(40) {
		inWorld(t, func(t *testing.T, w *world) {
			random := rand.New(rand.NewPCG(seed, 7))
			w.inParts(2+int(seed%2), 2) // of documents with 3 pages
			for range 30 {
				o := order()
				if random.IntN(3) == 0 {
					o.IdempotencyKey = time.Now().String()
				}
				ref := w.create(o)
				switch random.IntN(6) {
				case 0: // never sent
				case 1:
					w.upload(ref, content) // its event is lost
				case 2:
					w.upload(ref, content)
					w.landed(ref)
				case 3, 4:
					w.upload(ref, content)
					w.landed(ref)
					w.mustProcess(ref, task.Done)
					if random.IntN(2) == 0 {
						w.upload(ref, content) // late
					}
				case 5:
					w.blobs.Stage(ref.UploadName(), 10)
				}
				if random.IntN(5) == 0 {
					if _, err := w.Delete(t.Context(), ref); err != nil {
						t.Fatal(err)
					}
				}
				pass(time.Duration(random.IntN(120)) * time.Minute)
			}
			pass(time.Duration(random.IntN(72)) * time.Hour)

			plan, err := w.Plan(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var want task.Swept
			for _, d := range plan {
				switch {
				case d.Reason == retention.NoRecord || d.Reason == retention.LateCopy:
					want.Strays++
				case d.Action == retention.Erase:
					want.Erased++
				case d.Action == retention.Forget:
					want.Forgot++
				case d.Action == retention.Requeue:
					want.Requeued++
				default:
				}
			}
			swept, passed := w.sweep(), w.fullPass()
			got := task.Swept{
				Erased: swept.Erased + passed.Erased, Forgot: swept.Forgot + passed.Forgot,
				Requeued: swept.Requeued + passed.Requeued, Strays: swept.Strays + passed.Strays,
			}
			if got != want {
				t.Errorf("seed %d: the dry run says %+v, done is %+v", seed, want, got)
			}
			if again, err := w.Plan(t.Context()); err != nil || len(again) > 0 {
				t.Errorf("seed %d: afterwards the dry run says %+v, %v", seed, again, err)
			}
		})
	}
}
