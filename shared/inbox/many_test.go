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

	"github.com/lethe-ocr/lethe/shared/client"
)

// Memory does not grow with the number of documents, and none is lost or sent twice.
func TestManyDocumentsTakeTheMemoryOfAFew(t *testing.T) {
	few, many := 50, 500
	if os.Getenv("LETHE_SOAK") != "" {
		few, many = 1_000, 10_000
	}
	var most [2]uint64
	for i, n := range []int{few, many} {
		s := manyDocuments(t, n)
		ended := 0
		s.cfg.Tell = func(Event) {
			if ended++; ended%(n/10) == 0 {
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				most[i] = max(most[i], m.HeapAlloc)
			}
		}
		began := time.Now()
		if totals, err := s.run(); err != nil || totals.Done != n || ended != n {
			t.Fatalf("%+v, %v; %d were told of", totals, err, ended)
		}
		t.Logf("%d documents: %d KiB, %v a document", n, most[i]>>10, time.Since(began)/time.Duration(n))
		s.allDone(n)
	}
	if most[1] > most[0]+4<<20 {
		t.Errorf("%d KiB for %d documents, %d KiB for %d", most[0]>>10, few, most[1]>>10, many)
	}
}

// The time of a document does not depend on how many there are.
func BenchmarkManyDocuments(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for range b.N {
				b.StopTimer()
				s := manyDocuments(b, n)
				s.cfg.Tell = func(Event) {}
				b.StartTimer()
				if totals, err := s.run(); err != nil || totals.Done != n {
					b.Fatalf("%+v, %v", totals, err)
				}
				b.StopTimer()
				s.allDone(n)
				b.StartTimer()
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/document")
		})
	}
}

// manyDocuments is an inbox with so many documents.
func manyDocuments(t testing.TB, n int) *scene {
	s := newScene(t, nil)
	s.cfg.Parallel = 8
	s.cfg.Service = &forgetful{service: s.service}
	for n := range n {
		s.put(fmt.Sprintf("letter %d.pdf", n), fmt.Sprintf("letter %d", n))
	}
	return s
}

// allDone asserts that each of so many documents was sent once, and that its results are under its name.
func (s *scene) allDone(n int) {
	s.t.Helper()
	if sent := s.cfg.Service.(*forgetful).created; sent != n || len(s.files(s.inbox)) > 0 {
		s.t.Errorf("%d tasks were made of %d documents, %d files are left", sent, n, len(s.files(s.inbox)))
	}
	results, done := s.files(s.out), s.files(s.don)
	for n := range n {
		name, content := fmt.Sprintf("letter %d.pdf", n), fmt.Sprintf("letter %d", n)
		for format, got := range map[string]string{"txt": results[name+".txt"], "json": results[name+".json"]} {
			if got != format+" of "+content {
				s.t.Fatalf("%s as %s: %q", name, format, got)
			}
		}
		if done[name] != content {
			s.t.Fatalf("%s is not where it should be: %q", name, done[name])
		}
	}
	if len(results) != 2*n || len(done) != n {
		s.t.Errorf("%d results and %d documents, want two results for each of %d", len(results), len(done), n)
	}
}

// forgetful is a service that keeps nothing of what it has recognised, and counts its tasks.
type forgetful struct {
	*service
	created int // guarded by mu of the service
}

// Create implements Service.
func (f *forgetful) Create(ctx context.Context, s client.Settings, key string) (*client.Task, error) {
	f.mu.Lock()
	if f.tasks[key] == nil {
		f.created++
	}
	f.mu.Unlock()
	return f.service.Create(ctx, s, key)
}

// Fetch implements Service.
func (f *forgetful) Fetch(ctx context.Context, id, format string, w io.Writer) (int64, error) {
	n, err := f.service.Fetch(ctx, id, format, w)
	if format == "json" { // the last one
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.tasks, id)
		delete(f.sent, id)
	}
	return n, err
}
