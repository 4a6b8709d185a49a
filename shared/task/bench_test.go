package task_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/erasure"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/ocr/fairqueue"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage/memory"
	"github.com/lethe-ocr/lethe/shared/task"
)

// BenchmarkSweep erases 100 tasks that never got their document.
func BenchmarkSweep(b *testing.B) {
	const due = 100
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	store := memory.New(clock)
	blobs := store.Blobs()
	private, _, err := ledger.GenerateKey("lethe.test")
	if err != nil {
		b.Fatal(err)
	}
	signer, err := ledger.ParseSigner(private)
	if err != nil {
		b.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	service := task.New(task.Config{
		Store: task.Store{Blobs: blobs, Records: store, Agenda: store},
		Ledger: ledger.New(ledger.Config{
			Blobs: blobs, Records: store, Signer: signer, Region: "test", Program: "lethe test", Keep: retention.TombstoneLife,
			Now: clock, Log: log,
		}),
		Inventory: erasure.Inventory(), Links: &linker{}, Queue: &queue{}, Applications: &applications{},
		Engine: &engine{pages: 1}, Turns: fairqueue.New(1, clock),
		Policy: retention.Default(), Limits: task.DefaultLimits(), Owner: "bench", Software: "lethe test", Now: clock, Log: log,
	})
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		for range due {
			if _, err := service.Create(b.Context(), order()); err != nil {
				b.Fatal(err)
			}
		}
		now = now.Add(49 * time.Hour)
		b.StartTimer()
		swept, err := service.Sweep(b.Context())
		if err != nil || swept.Erased != due {
			b.Fatalf("%+v, %v", swept, err)
		}
	}
}
