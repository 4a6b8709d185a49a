//go:build linux && cgo

package main_test

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr/worker/hostiletest"
)

// What one document may take. The page's own limit is shorter than the usual two minutes: a document that uses it up
// stands for all that do.
const (
	hostilePageTime = 3 * time.Second
	hostileTime     = 5 * time.Minute    // for a task, tried twice; what hangs takes longer on any machine
	hostileWorker   = (1536 + 256) << 20 // bytes of a worker: its limit, and what it may add between two looks at it
	hostileServer   = 150 << 20          // bytes that the server may rise over its idle state
)

func hostileSettings() []string {
	return []string{"LETHE_WORKERS=1", "LETHE_PAGE_TIME=" + hostilePageTime.String(), "LETHE_RATE_PER_SECOND=100000", "LETHE_RATE_BURST=100000"}
}

// cost is what a document took.
type cost struct {
	name           string
	code           fault.Code
	time           time.Duration
	worker, server int64 // highest resident memory in bytes
}

// meter looks at the memory of a server and its workers all the time.
type meter struct {
	s    *server
	stop chan struct{}
	done chan struct{}

	mu             sync.Mutex
	pids           []int
	worker, server int64
}

func (s *server) meter() *meter {
	m := &meter{s: s, stop: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(m.done)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ; n++ {
			m.look(n%10 == 0)
			select {
			case <-m.stop:
				return
			case <-tick.C:
			}
		}
	}()
	s.t.Cleanup(m.end)
	return m
}

func (m *meter) end() {
	close(m.stop)
	<-m.done
}

// look reads the memory. The list of workers costs more than their memory, so it is not made anew each time.
func (m *meter) look(anew bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if anew || len(m.pids) == 0 {
		m.pids = m.s.workers()
	}
	m.server = max(m.server, resident(m.s.cmd.Process.Pid))
	for _, pid := range m.pids {
		m.worker = max(m.worker, resident(pid))
	}
}

// since returns the highest values since the last call.
func (m *meter) since() (worker, server int64) {
	m.look(true)
	m.mu.Lock()
	defer m.mu.Unlock()
	worker, server = m.worker, m.server
	m.worker, m.server = 0, 0
	return worker, server
}

// files lists what lies below the server's folder, without what the database keeps beside itself while it is open, without the
// byte that readiness writes and the server's settings, and without the ledger, which holds nothing of documents and grows with them.
func (s *server) files() []string {
	var names []string
	passing := func(path string) bool {
		return strings.HasSuffix(path, "-wal") || strings.HasSuffix(path, "-shm") || strings.HasSuffix(path, "-journal") || strings.HasSuffix(path, "/probe") ||
			strings.HasSuffix(path, "/sweep.lock") || // empty, from the first sweep on
			strings.HasSuffix(path, "/settings.json") || // of the server, soon after its start
			strings.Contains(path, "/ledger/") || strings.Contains(path, "/staging/ledger~")
	}
	err := filepath.WalkDir(s.data, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // it went while we looked
		}
		if err == nil && !d.IsDir() && !passing(path) {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return names
}

// remains lists files that were not there before and stay. What the ledger writes passes through the same folder.
func (s *server) remains(before []string) []string {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for patience := 40; ; patience-- {
		left := slices.DeleteFunc(s.files(), func(f string) bool { return slices.Contains(before, f) })
		if len(left) == 0 || patience == 0 {
			return left
		}
		<-tick.C
	}
}

// outcome sends a document, waits for its end and returns the code.
func (s *server) outcome(ctx context.Context, d hostiletest.Document) (id string, code fault.Code, err error) {
	sent, err := s.trySend(ctx, d.Content(), client.Settings{Formats: []string{"txt", "pdf"}, Password: d.Password})
	if err != nil {
		return "", "", fmt.Errorf("send: %w", err)
	}
	for {
		task, err := s.Get(ctx, sent.ID, 5*time.Second)
		switch {
		case err != nil:
			return sent.ID, "", fmt.Errorf("wait: %w", err)
		case task.State == "Completed":
			return sent.ID, hostiletest.Completed, nil
		case task.State == "ProcessingFailed" && task.Failure != nil:
			if task.Failure.Detail == "" || len(task.Failure.Detail) > 300 {
				return sent.ID, "", fmt.Errorf("explained in %d bytes", len(task.Failure.Detail))
			}
			return sent.ID, fault.Code(task.Failure.Code), nil
		case task.Over():
			return sent.ID, "", fmt.Errorf("ended as %s", task.State)
		}
	}
}

// erase deletes a task, and asks again while its worker has to let go.
func (s *server) erase(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		gone, err := s.Delete(ctx, id)
		if err != nil || !gone.Erased.IsZero() {
			return err
		}
		<-tick.C
	}
}

// endure sends one hostile document and checks all that must hold of it.
func (s *server) endure(d hostiletest.Document, m *meter, empty []string) cost {
	s.t.Helper()
	m.since()
	ctx, cancel := context.WithTimeout(s.t.Context(), hostileTime)
	defer cancel()
	began := time.Now()
	id, code, err := s.outcome(ctx, d)
	if err == nil && code == fault.PageTime && !d.MayEnd(code) {
		// The machine may have been busy with something else: what has no end has none the second time.
		if err = s.erase(ctx, id); err == nil {
			began = time.Now()
			id, code, err = s.outcome(ctx, d)
		}
	}
	c := cost{name: d.Name, code: code, time: time.Since(began)}
	c.worker, c.server = m.since()
	switch {
	case err != nil:
		s.t.Fatalf("%s: %v after %v", d.Name, err, c.time)
	case !d.MayEnd(code):
		s.t.Errorf("%s: ended with code %q, want one of %q", d.Name, code, d.Ends)
	}
	if c.worker > hostileWorker {
		s.t.Errorf("%s: a worker had %d MB, at most %d are allowed", d.Name, c.worker>>20, int64(hostileWorker)>>20)
	}
	if err := s.erase(ctx, id); err != nil {
		s.t.Errorf("%s: delete: %v", d.Name, err)
	}
	if left := s.remains(empty); len(left) > 0 {
		s.t.Errorf("%s: left behind: %q", d.Name, left)
	}
	var p *client.Problem
	if _, err := s.Get(ctx, id, 0); !errors.As(err, &p) || p.Status != 410 {
		s.t.Errorf("%s: the next request: %v", d.Name, err)
	}
	return c
}

// Each hostile document ends with a code that is right for it, within its time and memory, leaves nothing behind, and the
// service goes on. Two servers of one worker share the corpus, so that what is measured belongs to one document.
func TestHostileDocumentsAreContained(t *testing.T) {
	t.Parallel()
	documents := hostiletest.Documents()
	if !soak() { // every fourth, of all formats
		documents = slices.DeleteFunc(documents, func(d hostiletest.Document) bool { return crc32.ChecksumIEEE([]byte(d.Name))%4 != 0 })
	}
	if len(documents) < 200 {
		t.Errorf("only %d hostile documents", len(documents))
	}
	// The short count draws every sixth, whose makers take turns in the list.
	var drawn []hostiletest.Document
	for i := 0; i < len(documents); i += count(6, 1) {
		drawn = append(drawn, documents[i])
	}
	documents = drawn
	const servers = 2
	costs := make([][]cost, servers)
	rise := make([]int64, servers)
	var taken atomic.Int64
	t.Run("corpus", func(t *testing.T) {
		for n := range servers {
			t.Run(fmt.Sprint(n), func(t *testing.T) {
				t.Parallel()
				s := start(t, hostileSettings()...)
				m := s.meter()
				good := hostiletest.Document{Name: "good", Content: func() []byte { return photo(t, "Warm up.") }, Ends: []fault.Code{hostiletest.Completed}}
				empty := s.files()
				s.endure(good, m, empty)
				idle := resident(s.cmd.Process.Pid)
				for i := taken.Add(1) - 1; i < int64(len(documents)); i = taken.Add(1) - 1 {
					c := s.endure(documents[i], m, empty)
					rise[n] = max(rise[n], c.server-idle)
					costs[n] = append(costs[n], c)
				}
				s.endure(good, m, empty)
				if rise[n] > hostileServer {
					t.Errorf("the server rose by %d MB, at most %d are allowed", rise[n]>>20, int64(hostileServer)>>20)
				}
			})
		}
	})
	all := slices.Concat(costs...)
	if len(all) == 0 {
		t.Fatal("no document was measured")
	}
	slowest := slices.MaxFunc(all, func(a, b cost) int { return int(a.time - b.time) })
	largest := slices.MaxFunc(all, func(a, b cost) int { return int(a.worker - b.worker) })
	t.Logf("%d hostile documents; the longest took %v (%s); the most memory of a worker was %d MB (%s); the servers rose by at most %d MB",
		len(all), slowest.time.Round(time.Millisecond), slowest.name, largest.worker>>20, largest.name, slices.Max(rise)>>20)
}

// soakTime is how long good and hostile documents are mixed; LETHE_SOAK may be another time than 10 minutes.
func soakTime() time.Duration {
	if d, err := time.ParseDuration(os.Getenv("LETHE_SOAK")); err == nil {
		return d
	}
	return 10 * time.Minute
}

// level is something that must not rise, and by how much it may over the whole soak.
type level struct {
	name    string
	allowed float64
	read    func() float64
	samples []sample
}

// The whole corpus again and again, mixed with good documents: memory, descriptors, processes and files do not rise. They
// are read while nothing is under way.
func TestSoakOfGoodAndHostileDocumentsLeaksNothing(t *testing.T) {
	if !soak() {
		t.Skip("LETHE_SOAK is not set: nothing is soaked")
	}
	// More documents at a time than cores: the page's limit, which is of the wall clock too, leaves room for that.
	s := start(t, append(hostileSettings(), "LETHE_WORKERS=2", "LETHE_PAGE_TIME=10s")...)
	levels := []*level{
		{name: "memory of the server, MB", allowed: 32, read: func() float64 { return float64(resident(s.cmd.Process.Pid)) / (1 << 20) }},
		{name: "memory of the workers, MB", allowed: 256, read: func() float64 {
			var sum int64
			for _, pid := range s.workers() {
				sum += resident(pid)
			}
			return float64(sum) / (1 << 20)
		}},
		{name: "descriptors", allowed: 8, read: func() float64 { return float64(s.descriptors()) }},
		{name: "processes", allowed: 0.5, read: func() float64 { return float64(len(s.workers())) }},
		{name: "files", allowed: 0.5, read: func() float64 { return float64(len(s.files())) }},
	}
	good := hostiletest.Document{Name: "good", Content: func() []byte { return photo(t, "Fair weather.") }, Ends: []fault.Code{hostiletest.Completed}}
	random := rand.New(rand.NewPCG(1, 3)) // a fixed seed: the same mixture each time
	began, total, warm := time.Now(), 0, soakTime()/5
	for time.Since(began) < soakTime() {
		documents := hostiletest.Documents()
		random.Shuffle(len(documents), func(i, j int) { documents[i], documents[j] = documents[j], documents[i] })
		for batch := range slices.Chunk(documents, 36) {
			s.soak(append(batch, good, good, good, good))
			total += len(batch) + 4
			if at := time.Since(began); at > warm {
				for _, l := range levels {
					l.samples = append(l.samples, sample{at: at, value: l.read()})
				}
			}
			if time.Since(began) > soakTime() {
				break
			}
		}
	}
	t.Logf("%d documents in %v", total, time.Since(began).Round(time.Second))
	for _, l := range levels {
		trend := trendOf(l.samples)
		t.Logf("%-26s %7.1f at first, %7.1f at last, %+8.3f a minute, %+7.2f in all, order %+.2f, of %d samples", l.name,
			l.samples[0].value, l.samples[len(l.samples)-1].value, trend.slope, trend.rise, trend.tau, len(l.samples))
		if trend.leaks(l.allowed) {
			t.Errorf("%s: rose by %.1f, at most %.1f is allowed", l.name, trend.rise, l.allowed)
		}
	}
}

// soak sends documents, a few at a time, and deletes them.
func (s *server) soak(documents []hostiletest.Document) {
	s.t.Helper()
	var group errgroup.Group
	group.SetLimit(4)
	for _, d := range documents {
		group.Go(func() error {
			ctx, cancel := context.WithTimeout(s.t.Context(), hostileTime) // others are in front
			defer cancel()
			id, code, err := s.outcome(ctx, d)
			switch {
			case err != nil:
				return fmt.Errorf("%s: %w", d.Name, err)
			case !d.MayEnd(code):
				return fmt.Errorf("%s: ended with code %q, want one of %q", d.Name, string(code), d.Ends)
			}
			return s.erase(ctx, id)
		})
	}
	if err := group.Wait(); err != nil {
		s.t.Error(err)
	}
}

// hostileDocument is the one of that name.
func hostileDocument(t *testing.T, name string) []byte {
	t.Helper()
	all := hostiletest.Documents()
	i := slices.IndexFunc(all, func(d hostiletest.Document) bool { return d.Name == name })
	if i < 0 {
		t.Fatalf("there is no hostile document %q", name)
	}
	return all[i].Content()
}
