//go:build unix

package inbox

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"testing"
	"time"
)

// Memory does not grow with the number of documents.
func TestManyDocumentsTakeTheMemoryOfAFew(t *testing.T) {
	few, many := 50, 500
	if os.Getenv("LETHE_SOAK") != "" {
		many = 10_000
	}
	var most [2]uint64
	for i, n := range []int{few, many} {
		s := newScene(t, nil)
		s.cfg.Parallel = 8
		for n := range n {
			s.put(fmt.Sprintf("letter %d.pdf", n), "a letter")
		}
		ended := 0
		began := time.Now()
		s.cfg.Service = forgetful{s.service}
		s.cfg.Tell = func(Event) {
			if ended++; ended%(n/10) == 0 {
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				most[i] = max(most[i], m.HeapAlloc)
			}
		}
		if totals, err := s.run(); err != nil || totals.Done != n {
			t.Fatalf("%+v, %v", totals, err)
		}
		t.Logf("%d documents: %d KiB, %v a document", n, most[i]>>10, time.Since(began)/time.Duration(n))
	}
	if most[1] > most[0]+4<<20 {
		t.Errorf("%d KiB for %d documents, %d KiB for %d", most[0]>>10, few, most[1]>>10, many)
	}
}

// forgetful is a service that keeps nothing of what it has recognised.
type forgetful struct{ *service }

// Fetch implements Service.
func (f forgetful) Fetch(ctx context.Context, id, format string, w io.Writer) (int64, error) {
	n, err := f.service.Fetch(ctx, id, format, w)
	if format == "json" { // the last one
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.tasks, id)
		delete(f.sent, id)
	}
	return n, err
}
