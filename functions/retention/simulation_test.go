package retention_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/functions/retention"
	"github.com/lethe-ocr/lethe/shared/erasure"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/ocr/fairqueue"
	"github.com/lethe-ocr/lethe/shared/render"
	limits "github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/memory"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/trigger"
)

var errLost = fault.New(fault.StorageUnavailable, "the write is lost")

// step is how much time goes by between two things that happen.
const step = 30 * time.Minute

// simulation is a stamp with its clients, in a bubble whose clock is the only true one. The service sees it with a skew.
type simulation struct {
	t      *testing.T
	random *rand.Rand
	store  *memory.Store
	blobs  *memory.Blobs
	faulty *storagetest.Faulty
	signer *ledger.Signer
	proofs *ledger.Log
	tasks  *task.Service
	run    trigger.Function[trigger.Tick] // the retention function

	machine   *machine // that the program runs on; nil where its clock is right
	inventory []erasure.Item
	watching  sync.Mutex    // one call of the store is looked at at a time: formats are written side by side
	faults    float64       // share of writes that are lost
	jumps     time.Duration // how far the program's clock may be off
	skew      atomic.Int64  // how far it is off now, in nanoseconds; transfers under way look at the clock too
	jumped    time.Duration // how far it ever was
	lost      atomic.Int64  // writes
	calls     atomic.Int64  // of the store until the timer's call ends in the middle; 0 for never
	end       atomic.Pointer[context.CancelFunc]
	broken    int  // calls of the timer that did
	quiet     bool // clients do nothing
	brief     bool // one violation is enough
	down      bool // the timer is down

	alive     []task.Ref
	created   map[string]struct{} // tasks with a link, by id
	collected []task.Ref          // tasks that take pictures one by one
	more      int                 // most pictures of a task
	again     int                 // times that a task was processed again
	waiting   []push              // what the queue holds

	born             map[string]time.Time // blobs, by name
	ended            map[string]time.Time // end of processing, by task
	origin           map[string]time.Time // when the document came that a blob is derived from, by name
	latest           map[string]time.Time // latest upload, by task
	longestUpload    time.Duration        // of any copy, from the upload to its erasure
	longestProcessed time.Duration        // likewise, from the end of processing
	violations       []string
}

type push struct {
	job task.Job
	at  time.Time
}

// shared is a source of random numbers for calls at once.
type shared struct {
	mu     sync.Mutex
	source rand.Source
}

// Uint64 implements rand.Source.
func (s *shared) Uint64() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.source.Uint64()
}

func newSimulation(t *testing.T, seed uint64, inventory []erasure.Item) *simulation {
	t.Helper()
	s := &simulation{
		t: t, random: rand.New(&shared{source: rand.NewPCG(seed, 1)}), inventory: inventory,
		created: map[string]struct{}{}, born: map[string]time.Time{}, ended: map[string]time.Time{}, origin: map[string]time.Time{}, latest: map[string]time.Time{},
	}
	s.store = memory.New(s.stored)
	s.blobs = s.store.Blobs()
	s.faulty = storagetest.NewFaulty(storagetest.Stores{Blobs: s.blobs, Records: s.store, Agenda: s.store})
	s.faulty.Before(s.fail)
	s.faulty.After(s.watch)
	private, _, err := ledger.GenerateKey("lethe.test")
	if err == nil {
		s.signer, err = ledger.ParseSigner(private)
	}
	if err != nil {
		t.Fatal(err)
	}
	s.start()
	return s
}

// start is a start of the program: what it knew is forgotten.
func (s *simulation) start() {
	s.waiting = nil
	log := slog.New(slog.DiscardHandler)
	s.proofs = ledger.New(ledger.Config{
		Blobs: s.faulty.FaultyBlobs(), Records: s.faulty.FaultyRecords(), Signer: s.signer, Region: "test", Program: "test",
		Keep: limits.TombstoneLife, Now: s.now, Offset: s.offset, Log: log,
	})
	bounds := task.DefaultLimits()
	bounds.PartPages, bounds.PartsAtOnce = 1, 2
	s.tasks = task.New(task.Config{
		Store:  task.Store{Blobs: s.faulty.FaultyBlobs(), Records: s.faulty.FaultyRecords(), Agenda: s.faulty.FaultyAgenda()},
		Ledger: s.proofs, Inventory: s.inventory, Links: links{}, Engine: engine{s}, Turns: fairqueue.New(1, time.Now), Queue: queue{s},
		Policy: limits.Default(), Limits: bounds, Owner: "test", Software: "test", Now: s.now, Horizon: s.horizon, Log: log,
	})
	s.run = retention.New(retention.Config{
		Tasks: s.tasks, Ledger: s.proofs, Rounds: func(context.Context) error { return nil }, Interval: 24 * time.Hour,
	})
}

// now is the program's clock.
func (s *simulation) now() time.Time {
	if s.machine != nil {
		return s.machine.clock.Now()
	}
	return time.Now().Add(time.Duration(s.skew.Load()))
}

// stored is the store's clock: on a machine of its own the store has no other than the program.
func (s *simulation) stored() time.Time {
	if s.machine != nil {
		return s.machine.clock.Now()
	}
	return time.Now()
}

func (s *simulation) offset() time.Duration {
	if s.machine != nil {
		return s.machine.clock.Offset()
	}
	return 0
}

func (s *simulation) horizon() time.Time {
	if s.machine != nil {
		return s.machine.clock.Horizon()
	}
	return time.Time{}
}

// watch keeps the truth: when each copy came and went, by the true clock.
func (s *simulation) watch(op storagetest.Op, name string) error {
	s.watching.Lock()
	defer s.watching.Unlock()
	switch op {
	case storagetest.PutBlob:
		s.note(name)
	case storagetest.DeleteBlob:
		if _, ok := s.born[name]; ok {
			s.gone(name)
			delete(s.born, name)
			delete(s.origin, name)
		}
	default:
	}
	return s.fail(op, name)
}

// note takes down that a copy exists, and when the document came that it is derived from.
func (s *simulation) note(name string) {
	if container(name) == storage.Ledger {
		return
	}
	now := time.Now()
	s.born[name], s.origin[name] = now, now
	id := owner(name)
	switch {
	case id == "":
	case container(name) == storage.Uploads:
		s.latest[id] = s.dated(id, now)
		s.origin[name] = s.latest[id]
	default:
		s.origin[name] = s.latest[id]
	}
}

// gone takes down how long a copy lived, counted from its document's upload.
func (s *simulation) gone(name string) {
	origin, ok := s.origin[name]
	if !ok || container(name) == storage.DeadLetters {
		return // never committed, or no document
	}
	s.longestUpload = max(s.longestUpload, time.Since(origin))
	if ended, ok := s.ended[owner(name)]; ok && container(name) == storage.Results {
		s.longestProcessed = max(s.longestProcessed, time.Since(ended))
	}
}

// live lets time go by.
func (s *simulation) live(d time.Duration) {
	full := time.Now().Add(d)
	for time.Now().Before(full) && !s.impatient() {
		time.Sleep(step)
		if s.jumps > 0 && s.random.IntN(50) == 0 {
			skew := time.Duration(s.random.Int64N(int64(2*s.jumps))) - s.jumps
			s.skew.Store(int64(skew))
			s.jumped = max(s.jumped, skew.Abs())
		}
		if s.machine != nil {
			s.machine.happen()
		}
		if !s.quiet && s.random.IntN(4) == 0 {
			s.client()
		}
		for range 3 { // parts follow each other
			s.work()
		}
		if !s.down {
			s.timer()
			// Between the due time and the limit lies an hour; a skewed clock and lost writes may use it up, never more.
			s.check(0)
		}
	}
}

func (s *simulation) impatient() bool { return s.brief && len(s.violations) > 0 }

// work handles what waits in the queue. Some messages are lost, some come twice, some workers die.
func (s *simulation) work() {
	waiting := s.waiting
	s.waiting = nil
	for _, p := range waiting {
		switch {
		case time.Now().Before(p.at):
			s.waiting = append(s.waiting, p)
			continue
		case s.random.IntN(10) == 0:
			continue // lost
		case s.random.IntN(10) == 0:
			s.waiting = append(s.waiting, p)
		}
		ctx, cancel := context.WithCancel(s.t.Context())
		if s.random.IntN(20) == 0 {
			cancel() // the worker dies
		}
		_, _ = s.tasks.Process(ctx, p.job) // found again if it failed
		cancel()
		if t, err := s.tasks.Get(s.t.Context(), p.job.Task); err == nil && t.State.Ended() {
			if _, known := s.ended[p.job.Task.ID]; !known {
				s.ended[p.job.Task.ID] = s.truth(t.Ended)
			}
		}
	}
}

// client does one of the things that clients do.
func (s *simulation) client() {
	ctx := s.t.Context()
	switch n := s.random.IntN(32); {
	case n >= 20:
		s.pages(ctx)
	case n < 12:
		s.submit(ctx)
	case len(s.alive) == 0:
	case n < 15:
		_, _ = s.tasks.Delete(ctx, s.pick()) // asked again by a client that cares
	case n < 17:
		s.fetch(ctx, s.pick())
	case n < 18:
		_, _ = s.tasks.EraseSubject(ctx, "app", "subject") // likewise
	case n < 19:
		s.put(s.pick().UploadName()) // through a link that is still alive, whatever became of the task
	default:
		s.put([]string{"uploads/readme", "results/2026010101/app/x/txt", storage.DeadLetters + "/topic/event.json"}[s.random.IntN(3)])
	}
}

func (s *simulation) pick() task.Ref { return s.alive[s.random.IntN(len(s.alive))] }

// submit makes a task and usually sends its document; the event may be lost, or come twice.
func (s *simulation) submit(ctx context.Context) {
	if s.machine != nil && s.machine.clock.Agrees() != nil {
		return // intake is closed
	}
	o := task.Order{Application: "app", Settings: task.Settings{Formats: []render.Format{render.TXT, render.JSON}}}
	switch s.random.IntN(8) {
	case 0:
		o.Settings.Retain = time.Duration(1+s.random.IntN(20)) * time.Hour
	case 1:
		o.Settings.DeleteOnFetch = true
	case 2:
		o.Subject = "subject"
	case 3:
		o.IdempotencyKey = time.Now().String()
	}
	a, err := s.tasks.Create(ctx, o)
	if err != nil {
		return
	}
	ref := a.Task.Ref
	s.created[ref.ID] = struct{}{}
	if s.alive = append(s.alive, ref); len(s.alive) > 50 {
		s.alive = s.alive[1:]
	}
	switch s.random.IntN(12) {
	case 0:
		return // never sent
	case 1:
		s.born[ref.UploadName()] = time.Now()
		s.blobs.Stage(ref.UploadName(), 10) // begun and never finished
		return
	}
	s.put(ref.UploadName())
	for range s.random.IntN(3) {
		if t, err := s.tasks.Landed(ctx, ref.UploadName()); err == nil && t.State == task.Queued {
			s.waiting = append(s.waiting, push{ref.Job(), time.Now().Add(time.Duration(s.random.IntN(40)) * time.Hour / 10)})
		}
	}
}

// put stores a blob as a client does, past the program. Links create: what is there stays.
func (s *simulation) put(name string) {
	if _, err := s.blobs.Stat(s.t.Context(), name); err == nil {
		return
	}
	if _, err := s.blobs.Put(s.t.Context(), name, "application/pdf", strings.NewReader("%PDF")); err != nil {
		s.t.Fatal(err)
	}
	s.note(name)
}

func (s *simulation) fetch(ctx context.Context, ref task.Ref) {
	for _, f := range []render.Format{render.TXT, render.JSON} {
		r, err := s.tasks.OpenResult(ctx, ref, f)
		if err != nil {
			continue
		}
		_, err = io.Copy(io.Discard, r)
		if errors.Join(err, r.Close()) == nil {
			_ = s.tasks.Fetched(ctx, ref, f) // the clock erases it if this fails
		}
	}
}

// copies lists everything that retention answers for.
func (s *simulation) copies() []storage.Blob {
	var all []storage.Blob
	for _, c := range storage.Containers() {
		if c == storage.Ledger {
			continue
		}
		blobs, err := s.blobs.List(s.t.Context(), c+"/", "", 100_000)
		if err != nil {
			s.t.Fatal(err)
		}
		all = append(all, blobs...)
	}
	return all
}

// leftovers lists records that should be forgotten.
func (s *simulation) leftovers() []string {
	var left []string
	for _, table := range storage.Tables() {
		recs, err := s.store.List(s.t.Context(), storage.Query{Table: table, Limit: 100_000})
		if err != nil {
			s.t.Fatal(err)
		}
		for _, r := range recs {
			switch {
			case table == storage.State, table == storage.Usage && (r.Row == "open" || strings.Contains(r.Row, "!")), table == storage.Receipts:
			default:
				left = append(left, string(table)+" "+r.Row)
			}
		}
	}
	return left
}
