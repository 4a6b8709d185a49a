package task_test

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/interleave"
	"github.com/lethe-ocr/lethe/shared/task"
)

// The schedules that are executed at least, of all histories together.
const (
	schedules     = 5_000
	soakSchedules = 100_000
)

// history sets a scene and says who acts in it.
type history func(x *scene) map[string]func(context.Context)

// histories are small: every pair of calls that can meet does so in one of them.
func histories() map[string]history {
	type actors = map[string]func(context.Context)
	submitted := func(x *scene) task.Ref {
		a, err := x.one.Create(x.Context(), x.order())
		if err != nil {
			x.Fatal(err)
		}
		return a.Task.Ref
	}
	queued := func(x *scene) task.Ref {
		x.inline(x.one, content)(x.Context())
		ref, _ := x.known()
		return ref
	}
	completed := func(x *scene) task.Ref {
		ref := queued(x)
		p, _ := x.queue.pop()
		x.processes(x.one, p.job.Task)(x.Context())
		return ref
	}
	all := map[string]history{
		"upload breaks off under its retry": func(x *scene) actors {
			return actors{"first": x.broken(x.one), "retry": x.inline(x.two, content), "worker": x.worker(x.one)}
		},
		"upload breaks off under a link": func(x *scene) actors {
			return actors{"first": x.broken(x.one), "retry": x.linked(x.two)}
		},
		"two uploads with one key": func(x *scene) actors {
			return actors{"first": x.inline(x.one, content), "retry": x.inline(x.two, content), "worker": x.worker(x.one)}
		},
		"two documents with one key": func(x *scene) actors {
			return actors{
				"first":  x.inline(x.one, content, fault.IdempotencyReuse),
				"second": x.inline(x.two, "another", fault.IdempotencyReuse),
			}
		},
		"three uploads of which one breaks off": func(x *scene) actors {
			return actors{"first": x.broken(x.one), "second": x.inline(x.two, content), "third": x.inline(x.one, content)}
		},
		"connection is lost": func(x *scene) actors {
			ctx, hangUp := context.WithCancel(context.Background())
			return actors{
				"client": func(outer context.Context) {
					_, _ = x.one.CreateWith(merged(outer, ctx), x.order(), x.sent(outer, content, nil)) // nobody is there to be told
				},
				"network": func(outer context.Context) {
					x.Step(outer, "hang up")
					hangUp()
				},
				"retry": x.inline(x.two, content),
			}
		},
		"upload under its delete": func(x *scene) actors {
			ref := submitted(x)
			return actors{
				"upload": func(ctx context.Context) { x.send(ctx, x.one, ref, fault.TaskErased) },
				"delete": x.deletes(x.two, ref), "worker": x.worker(x.one),
			}
		},
		"retry under a delete": func(x *scene) actors {
			return actors{
				"first":  x.inline(x.one, content, fault.TaskErased),
				"retry":  x.inline(x.two, content, fault.TaskErased),
				"delete": x.deletes(x.one, task.Ref{}),
			}
		},
		"upload under a full pass": func(x *scene) actors {
			ref := submitted(x)
			return actors{"upload": func(ctx context.Context) { x.send(ctx, x.one, ref) }, "pass": x.passes(x.two), "worker": x.worker(x.one)}
		},
		"two calls go on with a full pass": func(x *scene) actors {
			x.clocks = true
			ref := submitted(x)
			x.strays(5)
			return actors{
				"upload": func(ctx context.Context) { x.send(ctx, x.one, ref) },
				"one":    x.goesOn(x.one), "clock": x.clock(150 * time.Second), "two": x.goesOn(x.two),
			}
		},
		"tasks come and go while a full pass counts": func(x *scene) actors {
			creates := func(ctx context.Context) task.Ref {
				a, err := x.one.Create(ctx, task.Order{Application: app})
				if !x.tolerate("create", err) {
					return task.Ref{}
				}
				return a.Task.Ref
			}
			completed(x)
			creates(x.Context())
			ref := creates(x.Context())
			pass(time.Hour)
			x.miscount()
			return actors{
				"create": func(ctx context.Context) { creates(ctx) },
				"delete": x.deletes(x.one, ref), "pass": x.passes(x.two),
			}
		},
		"upload at the end of the wait for it": func(x *scene) actors {
			x.clocks = true
			ref := submitted(x)
			pass(24*time.Hour - time.Minute)
			return actors{
				"upload": func(ctx context.Context) { x.send(ctx, x.one, ref, fault.TaskErased) },
				"clock":  x.clock(time.Minute), "sweep": x.sweeps(x.two), "worker": x.worker(x.one),
			}
		},
		"two workers and two events": func(x *scene) actors {
			ref := queued(x)
			return actors{"one": x.processes(x.one, ref), "two": x.processes(x.two, ref), "event": x.event(x.one, ref)}
		},
		"host gives up under a worker": func(x *scene) actors {
			x.clocks = true
			ref := queued(x)
			return actors{
				"worker": x.processes(x.one, ref), "clock": x.clock(35 * time.Second),
				"poison": func(ctx context.Context) { x.tolerate("give up", x.two.GiveUp(ctx, ref.Job()), x.late()...) },
			}
		},
		"last result is fetched twice": func(x *scene) actors {
			x.fetched = true
			ref := completed(x)
			return actors{"one": x.fetches(x.one, ref), "two": x.fetches(x.two, ref), "sweep": x.sweeps(x.one)}
		},
		"subject is erased under an upload": func(x *scene) actors {
			return actors{
				"upload": x.inline(x.one, content, fault.TaskErased),
				"erase":  x.erases(x.two), "worker": x.worker(x.one),
			}
		},
		"worker under a delete": func(x *scene) actors {
			ref := queued(x)
			return actors{"worker": x.processes(x.one, ref), "delete": x.deletes(x.one, ref), "sweep": x.sweeps(x.two)}
		},
		"worker of another process under a delete": func(x *scene) actors {
			ref := queued(x)
			return actors{"worker": x.processes(x.one, ref), "delete": x.deletes(x.two, ref), "pass": x.passes(x.two)}
		},
		"worker loses its lease": func(x *scene) actors {
			x.clocks = true
			ref := queued(x)
			return actors{
				"one": x.processes(x.one, ref), "clock": x.clock(35 * time.Second), "two": x.processes(x.two, ref),
			}
		},
		"result is read under a delete": func(x *scene) actors {
			ref := completed(x)
			return actors{"reader": x.reads(x.one, ref), "delete": x.deletes(x.one, ref)}
		},
		"result is read elsewhere under a delete": func(x *scene) actors {
			x.clocks = true
			ref := completed(x)
			return actors{"reader": x.reads(x.one, ref), "delete": x.deletes(x.two, ref), "clock": x.clock(7 * time.Second)}
		},
		"result is read elsewhere under two deletes": func(x *scene) actors {
			x.clocks = true
			ref := completed(x)
			return actors{
				"reader": x.reads(x.one, ref), "delete": x.deletes(x.two, ref), "again": x.deletes(x.two, ref), "clock": x.clock(7 * time.Second),
			}
		},
		"result is read under its clock": func(x *scene) actors {
			x.clocks = true
			ref := completed(x)
			pass(23*time.Hour - time.Minute)
			return actors{
				"reader": x.reads(x.one, ref), "clock": x.clock(time.Minute), "sweep": x.sweeps(x.one), "pass": x.passes(x.one),
			}
		},
		"two deletes and a pass": func(x *scene) actors {
			ref := completed(x)
			return actors{"one": x.deletes(x.one, ref), "two": x.deletes(x.two, ref), "pass": x.passes(x.two)}
		},
	}
	maps.Copy(all, pictureHistories())
	maps.Copy(all, partHistories())
	return all
}

// merged ends with either context and belongs to the actor of the first.
func merged(outer, end context.Context) context.Context {
	ctx, cancel := context.WithCancel(outer)
	context.AfterFunc(end, cancel)
	return ctx
}

// explore executes a history under at most so many schedules.
func explore(t *testing.T, most int, h history, prepare func(x *scene)) interleave.Report {
	t.Helper()
	return interleave.Explore(t, most, func(t *testing.T, s *interleave.Schedule) error {
		x := newScene(t, s)
		prepare(x)
		x.open()
		actors := h(x)
		for _, name := range slices.Sorted(maps.Keys(actors)) {
			x.Go(name, actors[name])
		}
		if err := x.Schedule.Run(); err != nil {
			return err
		}
		if x.miscounted > 0 {
			x.checkCounts()
		}
		return x.settle()
	})
}

func asItIs(*scene) {}

func TestEveryInterleavingKeepsThePromise(t *testing.T) {
	want := schedules
	if os.Getenv("LETHE_SOAK") != "" {
		want = soakSchedules
	}
	share := want/len(histories()) + want/len(histories())/20 // some schedules differ in nothing that can be seen
	var all atomic.Int64
	t.Run("histories", func(t *testing.T) {
		for name, h := range histories() {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				got := explore(t, share, h, asItIs)
				if got.Fault != nil {
					t.Errorf("schedule %d with %d interruptions: %v\n%s", got.Schedules, got.Preemptions, got.Fault, strings.Join(got.Trace, "\n"))
				}
				t.Logf("%d distinct schedules, up to %d interruptions, all there are: %t", got.Distinct, got.Preemptions, got.Whole)
				all.Add(int64(got.Distinct))
			})
		}
	})
	if all.Load() < int64(want) && !t.Failed() {
		t.Errorf("%d distinct schedules, want %d", all.Load(), want)
	}
}

// careless gives every call its own token to see, as if whoever undoes did not ask whose the task is by now.
type careless struct {
	storage.Records
	mu  sync.Mutex
	own map[any]string // guarded by mu; by actor
}

func (c *careless) Put(ctx context.Context, rec storage.Record) (string, error) {
	if token := attempt(rec); token != "" {
		c.mu.Lock()
		c.own[interleave.Actor(ctx)] = token
		c.mu.Unlock()
	}
	return c.Records.Put(ctx, rec)
}

func (c *careless) Get(ctx context.Context, key storage.Key) (storage.Record, error) {
	rec, err := c.Records.Get(ctx, key)
	c.mu.Lock()
	defer c.mu.Unlock()
	if theirs, mine := attempt(rec), c.own[interleave.Actor(ctx)]; theirs != "" && mine != "" {
		rec.Value = []byte(strings.Replace(string(rec.Value), theirs, mine, 1))
	}
	return rec, err
}

func attempt(rec storage.Record) string {
	var t task.Task
	if rec.Table != storage.Tasks || json.Unmarshal(rec.Value, &t) != nil {
		return ""
	}
	return t.Attempt
}

// replacing lets an upload in the request replace what is stored.
type replacing struct{ storage.Blobs }

func (r replacing) Create(ctx context.Context, name, contentType string, body io.Reader) (storage.Blob, error) {
	return r.Put(ctx, name, contentType, body)
}

// unseen shows nobody who holds parts.
type unseen struct{ storage.Records }

func (u unseen) List(ctx context.Context, q storage.Query) ([]storage.Record, error) {
	recs, err := u.Records.List(ctx, q)
	for i, rec := range recs {
		var fields map[string]any
		if q.Table != storage.Parts || json.Unmarshal(rec.Value, &fields) != nil {
			continue
		}
		delete(fields, "lease")
		recs[i].Value, err = json.Marshal(fields)
	}
	return recs, err
}

// What keeps the promise is taken out; the exploration must find what breaks.
func TestExplorationFindsWhatAMissingMendBreaks(t *testing.T) {
	mends := map[string]struct {
		history history
		without func(x *scene)
	}{
		"undo by whoever made the task": {func(x *scene) map[string]func(context.Context) {
			return map[string]func(context.Context){"first": x.broken(x.one), "retry": x.inline(x.two, content)}
		}, func(x *scene) {
			x.taken = func(r storage.Records) storage.Records { return &careless{Records: r, own: map[any]string{}} }
		}},
		"undo under a link": {func(x *scene) map[string]func(context.Context) {
			return map[string]func(context.Context){"first": x.broken(x.one), "retry": x.linked(x.two)}
		}, func(x *scene) {
			x.taken = func(r storage.Records) storage.Records { return &careless{Records: r, own: map[any]string{}} }
		}},
		"document that is never replaced": {histories()["two documents with one key"], func(x *scene) {
			x.lax = func(b storage.Blobs) storage.Blobs { return replacing{b} }
		}},
		"holders of parts that are seen by who deletes": {histories()["deadline passes over parts"], func(x *scene) {
			x.taken = func(r storage.Records) storage.Records { return unseen{r} }
		}},
		"transfers that end with their document": {histories()["result is read under a delete"], func(x *scene) { x.unregistered = true }},
		"transfers that are noted for other processes": {histories()["result is read elsewhere under a delete"], func(x *scene) {
			x.streams = task.StreamsHere
		}},
	}
	for name, mend := range mends {
		t.Run(name, func(t *testing.T) {
			got := explore(t, schedules, mend.history, mend.without)
			if got.Fault == nil {
				t.Fatalf("%d schedules, and nothing found", got.Schedules)
			}
			t.Logf("schedule %d with %d interruptions: %v", got.Schedules, got.Preemptions, got.Fault)
		})
	}
}
