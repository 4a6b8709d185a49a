package aws_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/aws"
)

// meter counts requests and the bytes of their answers: DynamoDB is paid by what it reads.
type meter struct{ requests, bytes atomic.Int64 }

// Do implements the SDK's HTTP client.
func (m *meter) Do(req *http.Request) (*http.Response, error) {
	resp, err := http.DefaultClient.Do(req)
	if err == nil {
		m.requests.Add(1)
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.TeeReader(resp.Body, m), resp.Body}
	}
	return resp, err
}

// Write implements io.Writer.
func (m *meter) Write(p []byte) (int, error) {
	m.bytes.Add(int64(len(p)))
	return len(p), nil
}

// measure returns the requests and bytes of a call.
func (m *meter) measure(t *testing.T, call func() error) (requests, bytes int64) {
	t.Helper()
	m.requests.Store(0)
	m.bytes.Store(0)
	if err := call(); err != nil {
		t.Fatal(err)
	}
	return m.requests.Load(), m.bytes.Load()
}

// Finding what is due costs by what is due, whatever else is alive. The full size, 20,000 alive and 1,000 due in the hour before
// the sweep, is that of the long counts.
func TestSweepCostsByWhatIsDue(t *testing.T) {
	alive, due := 400, 20
	if os.Getenv("LETHE_SOAK") != "" {
		alive, due = 20_000, 1000
	}
	const page = 500 // as the sweep reads
	cfg, m := settings(t), &meter{}
	cfg.HTTP, cfg.Now = m, func() time.Time { return noon }
	store := opened(t, cfg)
	random := rand.New(rand.NewPCG(1, 2))
	value := []byte(strings.Repeat("v", 1000)) // of a task, about
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(8)
	put := func(n int, at time.Time) {
		key := storage.Key{Table: storage.Tasks, Partition: fmt.Sprintf("app%d!20260301", n%20), Row: fmt.Sprint("task", n)}
		group.Go(func() error {
			_, err := store.Records.Put(ctx, storage.Record{Key: key, Value: value, Due: at})
			return err
		})
	}
	nothingRequests, nothingBytes := m.measure(t, func() error { return readDue(t, store, page, 0) })
	for n := range alive {
		put(n, noon.Add(time.Hour+time.Duration(random.IntN(22*3600))*time.Second))
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	idleRequests, idleBytes := m.measure(t, func() error { return readDue(t, store, page, 0) })
	if idleRequests != nothingRequests || idleBytes != nothingBytes {
		t.Errorf("with %d alive and nothing due: %d requests, %d bytes; with nothing alive %d and %d", alive, idleRequests, idleBytes, nothingRequests, nothingBytes)
	}
	group, ctx = errgroup.WithContext(t.Context())
	group.SetLimit(8)
	for n := range due {
		put(alive+n, noon.Add(-time.Duration(random.IntN(1800))*time.Second)) // within the hour of noon
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	indexRequests, indexBytes := m.measure(t, func() error { return readDue(t, store, page, due) })
	scanRequests, scanBytes := m.measure(t, func() error {
		n := 0
		for q := (storage.Query{Table: storage.Tasks, Limit: page}); ; {
			found, err := store.Records.List(t.Context(), q)
			if err != nil {
				return err
			}
			if n += len(found); len(found) < page {
				if n != alive+due {
					return fmt.Errorf("a scan finds %d", n)
				}
				return nil
			}
			q.After = found[len(found)-1].Key
		}
	})
	t.Logf("%d alive, %d due: by the index %d requests and %d KiB, by a scan %d requests and %d KiB (%.1f times, %.1f times); with nothing due %d requests and %d KiB",
		alive, due, indexRequests, indexBytes>>10, scanRequests, scanBytes>>10,
		float64(scanRequests)/float64(indexRequests), float64(scanBytes)/float64(indexBytes), idleRequests, idleBytes>>10)
	// A page takes the hours that have entries and 16 shards; some shards have more than their share.
	if pages := int64(due/page + 1); indexRequests > pages*(1+16+8) || indexBytes > int64(due)*1000+40_000 {
		t.Errorf("reading %d entries took %d requests and %d bytes", due, indexRequests, indexBytes)
	}
}

func readDue(t *testing.T, store *aws.Store, page, want int) error {
	t.Helper()
	if found := dueAt(t, store.Records, noon, page); len(found) != want {
		return fmt.Errorf("%d are due, want %d", len(found), want)
	}
	return nil
}
