package main

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/clock"
	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/doctor"
	"github.com/lethe-ocr/lethe/shared/doctor/folder"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/httpserver"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/loopback"
	"github.com/lethe-ocr/lethe/shared/ocr/fairqueue"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/local"
	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/telemetry"
	events "github.com/lethe-ocr/lethe/shared/trigger"
	trigger "github.com/lethe-ocr/lethe/shared/trigger/local"
	"github.com/lethe-ocr/lethe/shared/webhook"
)

// inlineLimit is the largest document in a request's own body, in bytes, where the place sets no lower one.
const inlineLimit = 64 << 20

// machine is the program on one machine, with the embedded storage of a data folder.
type machine struct {
	*server
	kernel    *movable
	clock     *clock.Clock
	store     *local.Store
	scheduler *trigger.Scheduler
	notifier  *trigger.Notifier
	links     *local.Links
	base      string // address that links begin with
}

// newMachine joins the parts over the data folder. Links begin with base. Close it to let go of them.
func newMachine(ctx context.Context, set config.Settings, base string, log *slog.Logger) (*machine, error) {
	export, err := telemetry.Configured(os.Environ())
	if err != nil {
		return nil, verbs.Setting(err)
	}
	kernel := &movable{source: clock.System()}
	m := &machine{base: base, kernel: kernel, clock: clock.Open(ctx, clock.InFolder(set.Data), kernel.read, log)}
	if m.store, err = openFolder(ctx, local.Config{Dir: set.Data, Server: true, Room: roomOf(set), Now: m.clock.Now}); err != nil {
		return nil, err
	}
	p, err := m.place(ctx, set, log)
	if err == nil {
		p.export = export
		m.server, err = assemble(p)
	}
	if err != nil {
		return nil, errors.Join(err, m.store.Close())
	}
	m.scheduler.Carry = m.telemetry.Carry
	m.recollect(ctx)
	m.clock.Renew(ctx)
	return m, nil
}

// place is what differs on one machine: files, a database beside them, a scheduler in the process itself.
func (m *machine) place(ctx context.Context, set config.Settings, log *slog.Logger) (place, error) {
	free, _, err := m.store.Space.Free()
	if err != nil {
		return place{}, err
	}
	keys, err := m.store.Sealer()
	if err != nil {
		return place{}, err
	}
	if set.SigningKey, err = machineKey(set, m.ledgerExists(ctx)); err != nil {
		return place{}, err
	}
	m.links = m.newLinks(set, log)
	m.notifier = trigger.NewNotifier(log)
	return place{
		set:     set,
		base:    m.base,
		log:     log,
		time:    clocksOf(m.clock),
		blobs:   m.store.Blobs,
		records: m.store.Records,
		links:   clock.Linker{Linker: m.links, AtWall: m.clock.AtWall},
		keys:    keys,
		turn:    m.store,
		streams: task.StreamsHere,
		stored:  max(free/4, 1),
		room:    m.store.Space,
		caches:  []func(context.Context) error{m.store.Records.Refresh},
		looks:   checked,

		queue: func(turns *fairqueue.Queue) task.Queue {
			m.scheduler = trigger.NewScheduler(turns, log)
			return m.scheduler
		},
		deliveries: m.notifier,
		near:       loopbackBase(m.base),

		trigger:  m.serveLinks(log),
		deadline: set.Deadline,
		inline:   inlineLimit,
		page:     servesPage(set.Page, m.base),
		alone:    true,

		conditions: []condition{folderTakes(log, m.store), roomLeft(m.store.Space), databaseAnswers(m.store.Records)},
		subjects:   machineSubjects(m.store, m.clock, m.base),
	}, nil
}

// servesPage reports whether the page is at /: where a setting says so or, if none does, where nobody but this machine's own browser
// reaches it.
func servesPage(setting, base string) bool {
	if setting != "" {
		return setting == config.PageOn
	}
	return loopbackBase(base)
}

// loopbackBase reports whether links begin with an address that only this machine itself reaches.
func loopbackBase(base string) bool {
	at, err := url.Parse(base)
	return err == nil && loopback.Host(at.Hostname())
}

// machineSubjects are what the doctor looks at on a machine that serves from its data folder.
func machineSubjects(store *local.Store, now *clock.Clock, base string) []doctor.Probe {
	return []doctor.Probe{folder.New(store), doctor.Clock{Drift: now.Drift}, doctor.Address{Base: base}}
}

// ledgerExists reports whether the data folder has a ledger. Where that cannot be seen there may be one, and erasing goes on
// without a key.
func (m *machine) ledgerExists(ctx context.Context) func() bool {
	return func() bool {
		exists, err := ledger.New(ledger.Config{Blobs: m.store.Blobs, Records: m.store.Records}).Exists(ctx)
		return exists || err != nil
	}
}

// newLinks are the links of uploads and results, which the server answers itself.
func (m *machine) newLinks(set config.Settings, log *slog.Logger) *local.Links {
	return m.store.Links(local.LinksConfig{
		Blobs:   m.store.Blobs,
		Counted: func() storage.Blobs { return m.blobs },
		Base:    func() string { return m.base },
		MaxSize: set.Limits().Bytes,
		Now:     m.clock.Wall,
		Admit:   func(ctx context.Context, name string) error { return m.tasks.Admit(ctx, name) },
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
}

// landed takes in a document that a client sent to its upload link.
func (m *machine) landed(ctx context.Context, name, digest string) error {
	t, err := m.tasks.Received(ctx, name, digest)
	if err != nil {
		return err
	}
	if t.State == task.Queued {
		return m.scheduler.Push(ctx, t.Ref.Job(), 0)
	}
	return nil
}

// serveLinks serves the links beside the interface. The functions are started by what start begins.
func (m *machine) serveLinks(log *slog.Logger) func(http.Handler, functions, httpserver.Watch) http.Handler {
	return func(api http.Handler, _ functions, watch httpserver.Watch) http.Handler {
		return httpserver.ServeWatched(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasPrefix(r.URL.Path, local.LinkPath) {
				api.ServeHTTP(w, r)
				return
			}
			httpserver.Note(r.Context(), "", local.LinkPath)
			m.links.ServeHTTP(w, r)
		}), log, m.clock.Now, watch)
	}
}

// process works on a task, or lets it wait in the queue while intake is closed.
func (m *machine) process(ctx context.Context, job task.Job, turn *fairqueue.Document) (outcome task.Outcome, err error) {
	err = m.telemetry.Process(ctx, func(ctx context.Context) (err error) {
		if m.tasks.gate.open(ctx) != nil {
			outcome = task.Busy
			return m.scheduler.Push(ctx, job, gateRetry)
		}
		outcome, err = m.tasks.ProcessAdmitted(ctx, job, turn)
		return err
	})
	return outcome, err
}

// roomOf is what the settings keep free on the disk of the data folder.
func roomOf(set config.Settings) local.Room {
	return local.Room{Reserve: set.Reserve << 20, Floor: set.FreeFloor << 20, Percent: set.FreeFloorPercent}
}

// recollect gives a clock without an anchor, at the first start or because it was lost, the latest time that is known.
func (m *machine) recollect(ctx context.Context) {
	if m.clock.Fresh() {
		latest, _ := m.tasks.LastKnown(ctx) // what cannot be read does not count
		m.clock.Known(latest)
	}
}

// drain is how long running requests and tasks may take once the server has been asked to stop.
const drain = 20 * time.Second

// run serves until ctx ends, then stops taking requests, hands running tasks back, and lets go of everything.
func (m *machine) run(ctx context.Context, ln net.Listener, handler http.Handler) error {
	m.leaveSettings(ctx)
	proxies, err := access.ParseProxies(m.set.TrustedProxies)
	if err != nil {
		return err
	}
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	background := m.start(work)

	server := &http.Server{
		Handler:           httpserver.Forwarded(handler, proxies, m.set.BehindProxy, m.log),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(discardBelow{m.log.Handler()}, slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- connections(!m.set.BehindProxy).Serve(server, ln) }()
	m.log.InfoContext(ctx, logevent.ServerReady, "address", m.base, "region", m.set.Region, "version", version)

	select {
	case err = <-failed:
	case <-ctx.Done():
		m.log.InfoContext(ctx, logevent.ServerStopping)
		last, done := context.WithTimeout(work, drain)
		err = server.Shutdown(last)
		done()
		if errors.Is(err, context.DeadlineExceeded) {
			err = server.Close() // clients that hold on lose their connection; nothing is lost of what was accepted
		}
	}
	stopWork()
	background()
	m.measuredLast(ctx)
	return errors.Join(err, m.close())
}

// start begins the work that no request asks for, and returns what waits for its end.
func (m *machine) start(ctx context.Context) (wait func()) {
	var work sync.WaitGroup
	work.Go(func() { m.scheduler.Run(ctx, m.process) })
	work.Go(func() {
		m.notifier.Run(ctx, func(ctx context.Context, d webhook.Ref) error {
			return m.functions.notify(ctx, events.Delivery{Ref: d})
		})
	})
	work.Go(func() { m.memory.run(ctx) })
	work.Go(func() {
		trigger.Every(ctx, clock.Renewal, m.clock.Renew)
		m.clock.Renew(context.WithoutCancel(ctx)) // the last thing that is remembered
	})
	work.Go(func() {
		if _, err := m.tasks.Rescan(ctx); err != nil {
			m.log.WarnContext(ctx, logevent.SweepAwaited, "step", "rescan", "kind", fault.KindOf(err))
		}
		trigger.Every(ctx, min(m.set.SweepInterval, m.set.FullPassInterval), func(ctx context.Context) {
			m.forget(m.tasks.PassWhenDue(ctx, m.set.FullPassInterval))
		})
	})
	swept := make(chan struct{})
	work.Go(func() {
		first := sync.OnceFunc(func() { close(swept) })
		trigger.Every(ctx, m.set.SweepInterval, func(ctx context.Context) {
			m.swept(ctx)
			first()
		})
	})
	work.Go(func() {
		trigger.Every(ctx, watched, func(ctx context.Context) {
			_ = m.rounds.make(ctx) // it logs what failed
		})
	})
	work.Go(func() {
		// What an earlier process could no longer report to the ledger, the first sweep reports: it is older than everything new.
		select {
		case <-swept:
		case <-ctx.Done():
		}
		trigger.Every(ctx, sequenced, func(ctx context.Context) { sequenceLedger(ctx, m.ledger, m.log) })
	})
	work.Go(func() {
		if err := warmed(ctx, m.set); err != nil && ctx.Err() == nil {
			m.log.ErrorContext(ctx, logevent.PrepareFailed, "step", "cache", "error", err) // PDFs cost seconds more
		}
		sandbox, err := m.engine.Ready(ctx)
		if err != nil {
			m.log.ErrorContext(ctx, logevent.EngineFailed, "error", cmp.Or(namesNoFolder(m.set), err))
			return
		}
		m.log.InfoContext(ctx, logevent.EngineReady, "sandbox", sandbox, "languages", strings.Join(m.engine.Languages(), " "))
	})
	return work.Wait
}

// swept sweeps, and removes the previous key once no waiting password needs it any more.
func (m *machine) swept(ctx context.Context) {
	var done task.Swept
	err := m.telemetry.Span(ctx, "sweep", func(ctx context.Context) (err error) {
		done, err = m.tasks.Sweep(ctx)
		return err
	})
	if err != nil || done.Stale > 0 || !m.tasks.Sealer.Replaced() {
		return // an error was logged; a key that was put there since the start opens nothing yet, and the next start needs it
	}
	if err := m.store.DropPreviousKey(); err != nil {
		m.log.WarnContext(ctx, logevent.SweepAwaited, "step", "previous key", "kind", fault.KindOf(err))
	}
}

// forget drops the result of a sweep, which has been logged already.
func (m *machine) forget(any, error) {}

func (m *machine) close() error {
	m.engine.Close()
	return m.store.Close()
}
