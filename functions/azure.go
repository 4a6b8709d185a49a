//go:build linux && cgo

package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"time"

	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/functions/api"
	"github.com/lethe-ocr/lethe/functions/ocr"
	"github.com/lethe-ocr/lethe/functions/poison"
	"github.com/lethe-ocr/lethe/functions/requeue"
	"github.com/lethe-ocr/lethe/functions/retention"
	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/access/accesslog"
	"github.com/lethe-ocr/lethe/shared/clock"
	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/doctor"
	"github.com/lethe-ocr/lethe/shared/doctor/account"
	"github.com/lethe-ocr/lethe/shared/httpserver"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/ocr/worker"
	"github.com/lethe-ocr/lethe/shared/review"
	"github.com/lethe-ocr/lethe/shared/storage/azure"
	"github.com/lethe-ocr/lethe/shared/task"
	message "github.com/lethe-ocr/lethe/shared/trigger"
	trigger "github.com/lethe-ocr/lethe/shared/trigger/azure"
)

// portVariable is where the Functions host says which port the handler listens on.
const portVariable = "FUNCTIONS_CUSTOMHANDLER_PORT"

// functionsVerb starts the program as a custom handler.
const functionsVerb = "functions"

// newFunctions is the custom handler of a function app. The host starts it, nobody else.
func newFunctions(env environment) *cobra.Command {
	return &cobra.Command{
		Use:    functionsVerb,
		Short:  "Serve as custom handler of the Azure Functions host",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE:   func(cmd *cobra.Command, _ []string) error { return serveFunctions(cmd.Context(), newLog(env)) },
	}
}

// app is the program in a function app.
type app struct {
	set      config.Settings
	clock    *clock.Remote
	log      *slog.Logger
	store    *azure.Store
	engine   *worker.Pool
	registry *access.Registry
	ledger   *ledger.Log
	tasks    *task.Service
	intake   *gate
	memory   *forgetter
}

// serveFunctions answers the host until it is killed. A bad setting does not end the process, which the host would start
// again three times and then give up on: it closes intake, and whatever can run runs.
func serveFunctions(ctx context.Context, log *slog.Logger) error {
	if err := worker.Hide(); err != nil {
		return fmt.Errorf("turn core dumps off: %w", err)
	}
	port := os.Getenv(portVariable)
	if port == "" {
		return fmt.Errorf("%s is not set: this verb is for the Azure Functions host", portVariable)
	}
	var l net.ListenConfig
	ln, err := l.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return fmt.Errorf("listen where the host says: %w", err)
	}
	a := &app{clock: clock.NewRemote(time.Now), memory: newForgetter(log), log: log}
	go a.memory.run(ctx)
	handler, err := a.join(ctx)
	if err != nil {
		log.ErrorContext(ctx, logevent.IntakeClosed, "error", err)
		handler = closed(log, err)
	} else {
		go a.prepare(ctx)
	}
	server := &http.Server{
		Handler:           handler,
		ConnContext:       httpserver.KeepConn,
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          slog.NewLogLogger(discardBelow{log.Handler()}, slog.LevelDebug),
	}
	log.InfoContext(ctx, logevent.ServerReady, "region", a.set.Region, "version", version)
	go func() {
		<-ctx.Done()
		last, done := context.WithTimeout(context.WithoutCancel(ctx), drain)
		defer done()
		_ = server.Shutdown(last) // the process ends either way
	}()
	err = connections(false).Serve(server, httpserver.Wiping(ln))
	if a.engine != nil {
		a.engine.Close()
	}
	// Never a clean exit: the host starts a handler again only if it ended with an error.
	return errors.Join(errors.New("the handler was told to end"), err)
}

// join puts the parts together. It sends no request, so that the first answer does not wait for storage or engine.
func (a *app) join(ctx context.Context) (http.Handler, error) {
	var err error
	wrong := error(nil)
	if a.set, wrong = config.Load(); wrong != nil {
		// Intake is closed, but what is stored is still erased by the deadlines of the promise.
		a.log.ErrorContext(ctx, logevent.IntakeClosed, "error", wrong)
		a.set = config.Fallback()
	}
	if a.store, err = azure.Open(connection(a.clock)); err != nil {
		return nil, err
	}
	if a.engine, err = startEngine(a.set, a.log); err != nil {
		return nil, err
	}
	if a.ledger, err = newLedger(a.set, a.store.Blobs, a.store.Records, scale{now: a.clock.Now}, a.log); err != nil {
		return nil, err
	}
	a.registry = access.NewRegistry(a.store.Records, a.clock.Wall, a.log)
	a.tasks, err = newService(a.set, serviceParts{
		stored:  1 << 40,
		store:   task.Store{Blobs: a.store.Blobs, Records: a.store.Records, Agenda: a.store.Records},
		ledger:  a.ledger,
		links:   a.store.Links,
		engine:  a.engine,
		queue:   message.Queue{To: a.store.Queue(requeue.Queue)},
		apps:    a.registry,
		streams: task.StreamsMarked,
		erased:  a.memory.erased,
		now:     a.clock.Now,
		log:     a.log,
	})
	if err != nil {
		return nil, err
	}
	a.intake = newGate(a.clock.Now, a.log,
		condition{name: "settings", holds: func(context.Context) error { return wrong }},
		operatorAllows(a.set.Intake),
		condition{name: "place", life: time.Minute, holds: a.checkPlace},
		storageAnswers(a.log, a.tasks, time.Minute),
		storageTakes(a.log, a.store.Records, time.Minute),
		clocksAgree(a.clock.Agrees), // after what has asked the store
		workersConfined(a.engine),
		ledgerGoesOn(a.log, a.ledger, time.Minute),
		engineStarts(a.log, a.engine),
	)
	guard, err := newGuard(a.set, a.registry, a.clock.Now, a.clock.Wall, a.log)
	if err != nil {
		return nil, err
	}
	acts := accesslog.New(a.store.Records, a.ledger, a.set.RetainAccessLog, a.clock.Now, a.log)
	gated := gatedTasks{Service: a.tasks, gate: a.intake}
	watch := &rounds{
		tasks:  a.tasks,
		canary: newCanary(a.set, gated, a.store.Records, a.ledger, a.clock.Now, a.log),
		ledger: a.ledger,
		probes: []doctor.Probe{account.New(a.store, stampOf(a.set), time.Now), doctor.Self{Workers: workers{a.engine}}},
		now:    a.clock.Now, log: a.log,
	}
	handler := trigger.New(httpserver.Serve(a.api(gated, guard, acts), a.log, a.clock.Now), map[string]trigger.Function{
		ocr.Name:     trigger.OnBlob(ocr.New(gated)),
		requeue.Name: trigger.OnMessage(requeue.New(gated)),
		poison.Name:  trigger.OnPoison(poison.New(a.tasks)),
		retention.Name: trigger.OnTimer(retention.New(retention.Config{
			Tasks: a.tasks, Ledger: a.ledger, Rounds: watch.make, Interval: a.set.FullPassInterval, Now: a.clock.Now,
		})),
	}, a.log)
	return dated(caughtUp(handler, a.tasks, a.log), a.clock, a.store.Tell, a.log), nil
}

func (a *app) api(tasks gatedTasks, guard *access.Guard, acts *accesslog.Log) http.Handler {
	return api.New(api.Config{
		Intake:       tasks,
		Tasks:        tasks,
		Results:      tasks,
		Erasures:     tasks,
		Ledger:       a.ledger,
		Applications: a.registry,
		Guard:        guard,
		AccessLog:    acts,
		Cases: review.New(review.Config{
			Records: a.store.Records, Tasks: a.tasks, Journal: acts, Now: a.clock.Now, Log: a.log,
			Documents: documents{a.tasks, a.store.Blobs, a.engine, a.set.Limits().Bytes},
		}),
		Ready:         a.intake.rows,
		StreamResults: a.set.Results == config.ResultsByAPI,
		Languages:     a.engine.Languages,
		Limits:        a.set.Limits(),
		Policy:        a.set.Policy(),
		Inline:        min(inlineLimit, a.set.Limits().Bytes),
		Version:       version,
		Region:        a.set.Region,
		Now:           a.clock.Now,
		Log:           a.log,
	})
}

// connection reads the app settings of the connection "Documents", which the host reads for its triggers too.
func connection(c *clock.Remote) azure.Config {
	const name = "Documents"
	return azure.Config{
		ConnectionString: os.Getenv(name),
		BlobURL:          os.Getenv(name + "__blobServiceUri"),
		QueueURL:         os.Getenv(name + "__queueServiceUri"),
		TableURL:         os.Getenv(name + "__tableServiceUri"),
		ClientID:         os.Getenv(name + "__clientId"),
		Now:              c.Now,
		Observe:          c.Observe,
		Wall:             c.Wall,
	}
}

// prepare does what a first start needs, beside the requests that come already: an emulator's containers, the first
// application, the PDF compilation cache of this instance.
func (a *app) prepare(ctx context.Context) {
	fail := func(step string, err error) {
		if err != nil {
			a.log.ErrorContext(ctx, logevent.PrepareFailed, "step", step, "error", err)
		}
	}
	if a.store.Emulated() {
		fail("emulator", a.store.Prepare(ctx, a.set.Region, requeue.Queue, trigger.PoisonQueue))
	}
	if a.set.BootstrapApp != "" {
		hash, err := hex.DecodeString(a.set.BootstrapHash)
		if err == nil {
			err = a.registry.Bootstrap(ctx, a.set.BootstrapApp, hash)
		}
		fail("application", err)
	}
	began := time.Now()
	if err := warmed(ctx); err != nil {
		fail("cache", err)
		return
	}
	sandbox, err := a.engine.Sandbox(ctx)
	if err != nil {
		fail("engine", err)
		return
	}
	a.log.InfoContext(ctx, logevent.EngineReady, "sandbox", sandbox.String(), "cache_seconds", time.Since(began).Seconds())
}

// warmed fills the PDF compilation cache in a process of its own, whose memory goes with it.
func warmed(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the program itself: %w", err)
	}
	if err := exec.CommandContext(ctx, self, "warm").Run(); err != nil { //nolint:gosec // the program itself
		return fmt.Errorf("fill the compilation cache: %w", err)
	}
	return nil
}

// checkPlace compares the region of the settings with the one that the platform reports and the one that the deployment
// wrote on the container. All that are known must agree.
func (a *app) checkPlace(ctx context.Context) error {
	want := doctor.RegionName(a.set.Region)
	if platform := doctor.RegionName(os.Getenv("REGION_NAME")); platform != "" && platform != want {
		return fmt.Errorf("the platform says region %s, LETHE_REGION says %s: deploy this stamp again with its own parameters", platform, want)
	}
	written, err := a.store.Region(ctx)
	if err != nil {
		return fmt.Errorf("the region written on the container cannot be read: %w", err)
	}
	if written = doctor.RegionName(written); written != "" && written != want {
		return fmt.Errorf("the container was made for region %s, LETHE_REGION says %s: deploy this stamp again with its own parameters", written, want)
	}
	return nil
}
