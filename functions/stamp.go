//go:build linux && cgo

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/gofrs/uuid/v5"

	"github.com/lethe-ocr/lethe/functions/api"
	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/access/accesslog"
	"github.com/lethe-ocr/lethe/shared/clock"
	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/erasure"
	"github.com/lethe-ocr/lethe/shared/httpserver"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/ocr/fairqueue"
	"github.com/lethe-ocr/lethe/shared/ocr/worker"
	"github.com/lethe-ocr/lethe/shared/review"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/local"
	"github.com/lethe-ocr/lethe/shared/task"
	trigger "github.com/lethe-ocr/lethe/shared/trigger/local"
)

// inlineLimit is the largest document in a request's own body.
const inlineLimit = 64 << 20

// machine is the program on one machine: everything joined, nothing started.
type machine struct {
	set      config.Settings
	kernel   *movable
	clock    *clock.Clock
	log      *slog.Logger
	store    *local.Store
	engine   *worker.Pool
	registry *access.Registry
	queue    *trigger.Scheduler
	ledger   *ledger.Log
	tasks    *task.Service
	guard    *access.Guard
	acts     *accesslog.Log
	links    *local.Links
	intake   *gate
	memory   *forgetter
	base     string // address that links begin with; set once the server listens
}

// newMachine joins the parts over the data folder. Close it to let go of them.
func newMachine(ctx context.Context, set config.Settings, log *slog.Logger) (*machine, error) {
	kernel := &movable{source: clock.System()}
	m := &machine{set: set, kernel: kernel, clock: clock.Open(ctx, clock.InFolder(set.Data), kernel.read, log), log: log}
	var err error
	if m.store, err = local.Open(ctx, local.Config{Dir: set.Data, Server: true, Room: roomOf(set), Now: m.clock.Now}); err != nil {
		return nil, err
	}
	if m.engine, err = startEngine(set, log); err != nil {
		return nil, errors.Join(err, m.store.Close())
	}
	m.registry = access.NewRegistry(m.store.Records, m.clock.Wall, log)
	if m.ledger, err = m.openLedger(ctx); err != nil {
		return nil, errors.Join(err, m.close())
	}
	m.memory = newForgetter(log, m.store.Records.Refresh)
	m.queue = trigger.NewScheduler(m.engine.Places(), log)
	m.links = m.store.Links(local.LinksConfig{
		Blobs:   m.store.Blobs,
		Base:    func() string { return m.base },
		MaxSize: set.Limits().Bytes,
		Now:     m.clock.Wall,
		Admit:   func(ctx context.Context, name string) error { return m.gated().Admit(ctx, name) },
		Open: func(ctx context.Context, name string, upload bool, life time.Duration) (local.Transfer, error) {
			return m.tasks.OpenLink(ctx, name, upload, life)
		},
		Expect: func(ctx context.Context, name string, size int64) (func(), error) {
			return m.tasks.ExpectUpload(ctx, name, size)
		},
		Landed:   m.landed,
		Repeated: func(ctx context.Context, name, digest string) error { return m.tasks.Repeated(ctx, name, digest) },
		Error:    httpserver.Error(log),
	})
	free, _, err := m.store.Space.Free()
	if err != nil {
		return nil, errors.Join(err, m.close())
	}
	sealer, err := m.store.Sealer()
	if err != nil {
		return nil, errors.Join(err, m.close())
	}
	m.tasks, err = newService(set, serviceParts{
		stored:  max(free/4, 1),
		store:   task.Store{Blobs: m.store.Blobs, Records: m.store.Records, Agenda: m.store.Records},
		ledger:  m.ledger,
		links:   clock.Linker{Linker: m.links, AtWall: m.clock.AtWall},
		engine:  m.engine,
		queue:   m.queue,
		apps:    m.registry,
		erased:  m.memory.erased,
		sealer:  sealer,
		now:     m.clock.Now,
		horizon: m.clock.Horizon,
		log:     log,
	})
	if err != nil {
		return nil, errors.Join(err, m.close())
	}
	m.recollect(ctx)
	m.clock.Renew(ctx)
	m.intake = newGate(m.clock.Now, log,
		operatorAllows(set.Intake),
		clocksAgree(m.clock.Agrees),
		folderTakes(log, m.store),
		roomLeft(m.store.Space),
		databaseAnswers(m.store.Records),
		storageAnswers(log, m.tasks, checked),
		workersConfined(m.engine),
		ledgerGoesOn(log, m.ledger, time.Second),
		engineStarts(log, m.engine),
	)
	if m.guard, err = newGuard(set, m.registry, m.clock.Now, m.clock.Wall, log); err != nil {
		return nil, errors.Join(err, m.close())
	}
	m.acts = accesslog.New(m.store.Records, m.ledger, set.RetainAccessLog, m.clock.Now, log)
	return m, nil
}

// openLedger opens the log with the machine's own key.
func (m *machine) openLedger(ctx context.Context) (*ledger.Log, error) {
	key, err := machineKey(m.set, func() bool {
		exists, err := ledger.New(ledger.Config{Blobs: m.store.Blobs, Records: m.store.Records}).Exists(ctx)
		return exists || err != nil // where it cannot be seen there may be one, and erasing goes on without a key
	})
	if err != nil {
		return nil, err
	}
	set := m.set
	set.SigningKey = key
	return newLedger(set, m.store.Blobs, m.store.Records, scale{m.clock.Now, m.clock.Offset}, m.log)
}

// serviceParts are what differs between the platforms that the program runs on.
type serviceParts struct {
	store   task.Store
	ledger  task.Ledger
	links   storage.Linker
	engine  *worker.Pool
	queue   task.Queue
	apps    *access.Registry
	erased  func()
	sealer  task.Sealer // nil where records are kept elsewhere
	streams task.Streams
	now     func() time.Time // service time
	horizon func() time.Time // what began before it cannot be dated; nil for none
	stored  int64            // bytes of one application at once, where the settings do not say
	log     *slog.Logger
}

func newService(set config.Settings, p serviceParts) (*task.Service, error) {
	owner, err := uuid.NewV4()
	if err != nil {
		return nil, fmt.Errorf("name this process: %w", err)
	}
	limits := task.DefaultLimits()
	limits.Document, limits.Deadline = set.Limits(), set.Deadline
	limits.Stored = cmp.Or(set.MaxStored<<20, p.stored)
	var turns *fairqueue.Queue
	if p.engine != nil { // else nothing is read
		turns = p.engine.Places()
	}
	return task.New(task.Config{
		Store:         p.store,
		Ledger:        p.ledger,
		Links:         p.links,
		Engine:        p.engine,
		Turns:         turns,
		Queue:         p.queue,
		Applications:  p.apps,
		Erased:        p.erased,
		Sealer:        p.sealer,
		Streams:       p.streams,
		StreamResults: set.Results == config.ResultsByAPI,
		Policy:        set.Policy(),
		Inventory:     erasure.Inventory(),
		Limits:        limits,
		Review:        set.Review,
		Sweepers:      sweepers,
		Owner:         owner.String(),
		Software:      "lethe " + version,
		Now:           p.now,
		Horizon:       p.horizon,
		Log:           p.log,
	}), nil
}

// sweepers is how many tasks a sweep erases at once.
const sweepers = 8

// landed takes in a document that a client sent to its upload link.
func (m *machine) landed(ctx context.Context, name, digest string) error {
	t, err := m.tasks.Received(ctx, name, digest)
	if err != nil {
		return err
	}
	if t.State == task.Queued {
		return m.queue.Push(ctx, t.Ref, 0)
	}
	return nil
}

// handler serves the interface and the links.
func (m *machine) handler() http.Handler {
	mux := http.NewServeMux()
	tasks := m.gated()
	mux.Handle("/", api.New(api.Config{
		Intake:       tasks,
		Tasks:        tasks,
		Results:      tasks,
		Erasures:     tasks,
		Ledger:       m.ledger,
		Applications: m.registry,
		Guard:        m.guard,
		AccessLog:    m.acts,
		Cases: review.New(review.Config{
			Records: m.store.Records, Tasks: m.tasks, Journal: m.acts, Now: m.clock.Now, Log: m.log,
			Documents: documents{m.tasks, m.store.Blobs, m.engine, m.set.Limits().Bytes},
		}),
		Ready:         m.intake.rows,
		StreamResults: m.set.Results == config.ResultsByAPI,
		Languages:     m.engine.Languages,
		Limits:        m.set.Limits(),
		Policy:        m.set.Policy(),
		Inline:        min(inlineLimit, m.set.Limits().Bytes),
		Version:       version,
		Region:        m.set.Region,
		Now:           m.clock.Now,
		UTC:           m.clock.UTC,
		Log:           m.log,
	}))
	mux.HandleFunc(local.LinkPath, func(w http.ResponseWriter, r *http.Request) {
		httpserver.Note(r.Context(), "", local.LinkPath)
		m.links.ServeHTTP(w, r)
	})
	return caughtUp(httpserver.Serve(mux, m.log, m.clock.Now), m.tasks, m.log)
}

// gated is the domain as clients reach it.
func (m *machine) gated() gatedTasks {
	return gatedTasks{Service: m.tasks, gate: m.intake, room: m.store.Space}
}

// roomOf is what the settings keep free on the disk of the data folder.
func roomOf(set config.Settings) local.Room {
	return local.Room{Reserve: set.Reserve << 20, Floor: set.FreeFloor << 20, Percent: set.FreeFloorPercent}
}

// process works on a task, or lets it wait in the queue while intake is closed.
func (m *machine) process(ctx context.Context, ref task.Ref, turn *fairqueue.Document) (task.Outcome, error) {
	if m.intake.open(ctx) != nil {
		return task.Busy, m.queue.Push(ctx, ref, gateRetry)
	}
	return m.tasks.ProcessAdmitted(ctx, ref, turn)
}

func (m *machine) close() error {
	m.engine.Close()
	return m.store.Close()
}

// newLog writes events as JSON lines.
func newLog(env environment) *slog.Logger {
	return slog.New(slog.NewJSONHandler(env.stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.MessageKey {
			a.Key = "event"
		}
		return a
	}}))
}

// private makes a folder that dies with the server.
func private() (string, func() error, error) {
	dir, err := os.MkdirTemp("", "lethe-")
	if err != nil {
		return "", nil, fmt.Errorf("make private folder: %w", err)
	}
	return dir, func() error { return os.RemoveAll(dir) }, nil
}
