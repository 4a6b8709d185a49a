package telemetry_test

import (
	"context"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/telemetry"
)

// quick is a store whose calls cost nothing.
type quick struct{ storage.Blobs }

// Stat implements storage.Blobs.
func (quick) Stat(context.Context, string) (storage.Blob, error) { return storage.Blob{}, nil }

func benched(b *testing.B) *telemetry.Telemetry {
	b.Helper()
	tel, err := telemetry.New(b.Context(), telemetry.Config{})
	if err != nil {
		b.Fatal(err)
	}
	return tel
}

// BenchmarkPage is what it costs to count a page, by several goroutines at once.
func BenchmarkPage(b *testing.B) {
	tel := benched(b)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			tel.Page(b.Context(), time.Millisecond, time.Second, false)
		}
	})
}

// BenchmarkStorageCall is what it costs to count a call of storage, likewise.
func BenchmarkStorageCall(b *testing.B) {
	store := benched(b).Blobs(quick{})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			_, _ = store.Stat(b.Context(), "")
		}
	})
}
