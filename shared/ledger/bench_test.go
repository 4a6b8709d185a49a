package ledger_test

import "testing"

// BenchmarkSequence gives 300 entries their place in a log that grows.
func BenchmarkSequence(b *testing.B) {
	w := newWorld(b)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		b.StopTimer()
		for range 100 {
			n++
			if err := w.tell(b.Context(), w.document(n)); err != nil {
				b.Fatal(err)
			}
		}
		b.StartTimer()
		w.sequence(b)
	}
}
