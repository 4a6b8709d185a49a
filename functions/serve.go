//go:build linux && cgo

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/clock"
	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/ocr/worker"
	"github.com/lethe-ocr/lethe/shared/storage/local"
	trigger "github.com/lethe-ocr/lethe/shared/trigger/local"
)

// engineCommands are the verbs that need the native engine.
func engineCommands(env environment) []*cobra.Command {
	return []*cobra.Command{newServe(env), newRead(env), newApp(env), newSweep(env), newClock(env), newDoctor(env), newFunctions(env), newWorker(), newWarm()}
}

// serveVerb starts a server on this machine.
const serveVerb = "serve"

func newServe(env environment) *cobra.Command {
	var ephemeral bool
	var set config.Settings
	cmd := &cobra.Command{
		Use:   serveVerb,
		Short: "Run a server on this machine",
		Long: `Run a server with embedded storage on this machine. At its first start it prints the first administrator's id and
secret, once. Settings come from the environment and from flags, which win:

` + config.Usage(),
		Example: `  lethe serve
  lethe serve --listen 0.0.0.0:8443 --tls-cert cert.pem --tls-key key.pem
  lethe serve --ephemeral        # for test suites: prints one line of JSON, leaves nothing behind`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			given, err := load(cmd, set)
			if err != nil {
				return err
			}
			// The server's memory holds secrets and text: no core dump, no access by other processes of its user.
			if err := worker.Hide(); err != nil {
				return fmt.Errorf("turn core dumps off: %w", err)
			}
			if ephemeral {
				return serveEphemeral(cmd.Context(), env, given)
			}
			return serve(cmd.Context(), env, given, newLog(env))
		},
	}
	f := cmd.Flags()
	f.StringVar(&set.Data, "data", "", "data folder (LETHE_DATA)")
	f.StringVar(&set.Listen, "listen", "", "address to listen on (LETHE_LISTEN)")
	f.StringVar(&set.PublicURL, "public-url", "", "address under which clients reach the server (LETHE_PUBLIC_URL)")
	f.StringVar(&set.TLSCert, "tls-cert", "", "certificate file (LETHE_TLS_CERT)")
	f.StringVar(&set.TLSKey, "tls-key", "", "key file (LETHE_TLS_KEY)")
	f.BoolVar(&set.BehindProxy, "behind-proxy", false, "a reverse proxy terminates TLS (LETHE_BEHIND_PROXY)")
	f.BoolVar(&ephemeral, "ephemeral", false, "for test suites: a private folder that is deleted with the server, a random port, an adjustable clock")
	return cmd
}

// load reads settings and lets flags win.
func load(cmd *cobra.Command, flags config.Settings) (config.Settings, error) {
	return config.Load(func(s *config.Settings) {
		f := cmd.Flags()
		for name, set := range map[string]func(){
			"data":         func() { s.Data = flags.Data },
			"listen":       func() { s.Listen = flags.Listen },
			"public-url":   func() { s.PublicURL = flags.PublicURL },
			"tls-cert":     func() { s.TLSCert = flags.TLSCert },
			"tls-key":      func() { s.TLSKey = flags.TLSKey },
			"behind-proxy": func() { s.BehindProxy = flags.BehindProxy },
		} {
			if f.Changed(name) {
				set()
			}
		}
	})
}

// serve runs until ctx ends.
func serve(ctx context.Context, env environment, set config.Settings, log *slog.Logger) error {
	ln, scheme, err := listen(ctx, set)
	if err != nil {
		return verbs.Usage(err)
	}
	m, err := newMachine(ctx, set, log)
	if errors.Is(err, local.ErrInUse) {
		err = fmt.Errorf("%w: stop it, or give another folder with --data", err)
	}
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	m.address(ln, scheme)
	if err := m.firstStart(ctx, env); err != nil {
		return errors.Join(err, ln.Close(), m.close())
	}
	return m.run(ctx, ln, m.handler())
}

// firstStart makes the administrator that a new folder begins with. A database that cannot be used keeps no server from
// erasing: whether there is an administrator is checked at the next start, and /readyz names the remedy.
func (m *machine) firstStart(ctx context.Context, env environment) error {
	if m.store.Records.Check(ctx) != nil {
		return nil
	}
	admin, secret, err := m.registry.EnsureAdmin(ctx)
	if errors.Is(err, fault.Unavailable) {
		m.log.ErrorContext(ctx, logevent.PrepareFailed, "step", "administrator", "error", err)
		return nil
	}
	if err == nil && secret != "" {
		// Not on standard output, where the log goes: a log must hold no secret.
		fmt.Fprintf(env.stderr, "First start. The administrator, shown once:\n  id      %s\n  secret  %s\n", admin.ID, secret)
	}
	return err
}

// address fixes what links begin with.
func (m *machine) address(ln net.Listener, scheme string) {
	m.base = strings.TrimSuffix(m.set.PublicURL, "/")
	if m.base == "" {
		m.base = scheme + "://" + ln.Addr().String()
	}
}

// drain is how long running requests and tasks may take once the server has been asked to stop.
const drain = 20 * time.Second

// run serves until ctx ends, then stops taking requests, hands running tasks back, and lets go of everything.
func (m *machine) run(ctx context.Context, ln net.Listener, handler http.Handler) error {
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	background := m.start(work)

	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(discardBelow{m.log.Handler()}, slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- connections(!m.set.BehindProxy).Serve(server, ln) }()
	m.log.InfoContext(ctx, logevent.ServerReady, "address", m.base, "region", m.set.Region, "version", version)

	var err error
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
	return errors.Join(err, m.close())
}

// start begins the work that no request asks for, and returns what waits for its end.
func (m *machine) start(ctx context.Context) (wait func()) {
	done := make(chan struct{}, 8)
	begin := func(work func()) {
		go func() {
			defer func() { done <- struct{}{} }()
			work()
		}()
	}
	begin(func() { m.queue.Run(ctx, m.process) })
	begin(func() { m.memory.run(ctx) })
	begin(func() {
		trigger.Every(ctx, clock.Renewal, m.clock.Renew)
		m.clock.Renew(context.WithoutCancel(ctx)) // the last thing that is remembered
	})
	begin(func() {
		if _, err := m.tasks.Rescan(ctx); err != nil {
			m.log.WarnContext(ctx, logevent.SweepAwaited, "step", "rescan", "kind", fault.KindOf(err))
		}
		trigger.Every(ctx, m.set.FullPassInterval, func(ctx context.Context) { m.forget(m.tasks.FullPass(ctx)) })
	})
	swept := make(chan struct{})
	begin(func() {
		first := sync.OnceFunc(func() { close(swept) })
		trigger.Every(ctx, m.set.SweepInterval, func(ctx context.Context) {
			m.forget(m.tasks.Sweep(ctx))
			first()
		})
	})
	watch := &rounds{
		tasks:  m.tasks,
		canary: newCanary(m.set, m.gated(), m.store.Records, m.ledger, m.clock.Now, m.log), ledger: m.ledger, probes: machineProbes(m.store, m.engine, m.clock), now: m.clock.Now, log: m.log,
	}
	begin(func() {
		trigger.Every(ctx, watched, func(ctx context.Context) {
			if err := watch.make(ctx); err != nil && ctx.Err() == nil {
				m.log.ErrorContext(ctx, logevent.CanaryFailed, "kind", fault.KindOf(err))
			}
		})
	})
	begin(func() {
		// What an earlier process could no longer report to the ledger, the first sweep reports: it is older than everything new.
		select {
		case <-swept:
		case <-ctx.Done():
		}
		trigger.Every(ctx, sequenced, func(ctx context.Context) { sequenceLedger(ctx, m.ledger, m.log) })
	})
	begin(func() {
		if err := warmed(ctx); err != nil && ctx.Err() == nil {
			m.log.ErrorContext(ctx, logevent.PrepareFailed, "step", "cache", "error", err) // PDFs cost seconds more
		}
		sandbox, err := m.engine.Sandbox(ctx)
		if err != nil {
			m.log.ErrorContext(ctx, logevent.EngineFailed, "error", err)
			return
		}
		m.log.InfoContext(ctx, logevent.EngineReady, "sandbox", sandbox.String(), "languages", strings.Join(m.engine.Languages(), " "))
	})
	return func() {
		for range cap(done) {
			<-done
		}
	}
}

// forget drops the result of a sweep, which has been logged already.
func (m *machine) forget(any, error) {}

// discardBelow keeps the HTTP library's own messages out of the log: they hold addresses of clients and bytes they sent.
type discardBelow struct{ slog.Handler }

// Enabled implements slog.Handler.
func (discardBelow) Enabled(context.Context, slog.Level) bool { return false }

// serveEphemeral runs a server for somebody's tests: it prints one line of JSON and leaves nothing behind.
func serveEphemeral(ctx context.Context, env environment, set config.Settings) (err error) {
	dir, remove, err := private()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	set.Data, set.Listen = dir, "127.0.0.1:0"
	set.TLSCert, set.TLSKey, set.PublicURL = "", "", ""
	set.Reserve = 1 // the folder dies with the server: no start of a test waits for more to be written
	ln, scheme, err := listen(ctx, set)
	if err != nil {
		return err
	}
	m, err := newMachine(ctx, set, slog.New(slog.NewJSONHandler(env.stderr, nil)))
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	m.address(ln, scheme)
	app, secret, err := m.registry.Create(ctx, access.Application{Name: "ephemeral", Scopes: access.ApplicationScopes()}, time.Time{})
	if err == nil {
		err = json.NewEncoder(env.stdout).Encode(map[string]string{
			"url": m.base, "app": app.ID, "secret": secret, "clock": m.base + clockPath,
		})
	}
	if err != nil {
		return errors.Join(err, ln.Close(), m.close())
	}
	return m.run(ctx, ln, m.withClock(m.handler()))
}
