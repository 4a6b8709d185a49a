package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/functions/notify"
	"github.com/lethe-ocr/lethe/functions/ocr"
	"github.com/lethe-ocr/lethe/functions/poison"
	"github.com/lethe-ocr/lethe/functions/requeue"
	"github.com/lethe-ocr/lethe/functions/retention"
	"github.com/lethe-ocr/lethe/shared/clock"
	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/doctor"
	"github.com/lethe-ocr/lethe/shared/doctor/account"
	"github.com/lethe-ocr/lethe/shared/httpserver"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/ocr/fairqueue"
	"github.com/lethe-ocr/lethe/shared/seal"
	"github.com/lethe-ocr/lethe/shared/storage/azure"
	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/trigger"
	host "github.com/lethe-ocr/lethe/shared/trigger/azure"
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

// functionApp is the program in a function app, with the storage of an account.
type functionApp struct {
	*server
	clock *clock.Remote
	store *azure.Store
}

// serveFunctions answers the host until it is killed. A bad setting does not end the process, which the host would start
// again three times and then give up on: it closes intake, and whatever can run runs.
func serveFunctions(ctx context.Context, log *slog.Logger) error {
	if err := errors.Join(hideMemory(), ignoreSignals()); err != nil {
		return err
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
	var handler http.Handler
	a, set, err := joinWith(ctx, log, func(*config.Settings) {}, func(set config.Settings, wrong error) (*functionApp, error) {
		return newFunctionApp(set, wrong, log)
	})
	if err != nil {
		handler = host.New(unconfigured(log, err), nil, log)
	} else {
		handler = dated(a.handler, a.clock, a.store.Tell, log)
		go a.memory.run(ctx)
		go a.prepare(ctx)
		defer a.engine.Close()
		defer a.measuredLast(ctx)
	}
	server := &http.Server{
		Handler:           handler,
		ConnContext:       httpserver.KeepConn,
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          slog.NewLogLogger(discardBelow{log.Handler()}, slog.LevelDebug),
	}
	log.InfoContext(ctx, logevent.ServerReady, "region", set.Region, "version", version)
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		<-ctx.Done()
		last, done := context.WithTimeout(context.WithoutCancel(ctx), drain)
		defer done()
		_ = server.Shutdown(last) // the process ends either way
	}()
	err = connections(false).Serve(server, httpserver.Wiping(ln))
	if errors.Is(err, http.ErrServerClosed) {
		<-answered // Serve does not wait for requests under way
	}
	// Never a clean exit: the host starts a handler again only if it ended with an error.
	return errors.Join(errors.New("the handler was told to end"), err)
}

// newFunctionApp joins the parts over the account that the settings name. wrong is what the settings lack, nil for nothing.
func newFunctionApp(set config.Settings, wrong error, log *slog.Logger) (*functionApp, error) {
	a := &functionApp{clock: clock.NewRemote(time.Now)}
	var err error
	if a.store, err = azure.Open(connection(a.clock)); err != nil {
		return nil, err
	}
	keys, err := keysOf(set)
	if err != nil {
		return nil, err
	}
	a.server, err = assemble(a.place(set, wrong, keys, log))
	return a, err
}

// place is what differs in a function app: blobs, tables and queues of an account, and a host that calls functions over HTTP.
func (a *functionApp) place(set config.Settings, wrong error, keys *seal.Keys, log *slog.Logger) place {
	placed := func(ctx context.Context) error { return checkRegion(ctx, set.Region, a.store) }
	p := cloudPlace(set, wrong, a.clock, a.store.Records, placed, keys, log)
	p.blobs, p.links = a.store.Blobs, a.store.Links
	p.inline, p.proxied, p.storage = inlineLimit, true, a.store.Links.Address()
	p.queue = func(*fairqueue.Queue) task.Queue { return trigger.Queue{To: a.store.Queue(requeue.Queue)} }
	p.deliveries, p.near = trigger.Deliveries{To: a.store.Queue(notify.Queue)}, a.store.Emulated()
	p.trigger = func(api http.Handler, f functions, watch httpserver.Watch) http.Handler {
		return host.New(httpserver.ServeWatched(api, log, a.clock.Now, watch), map[string]host.Function{
			ocr.Name:       host.OnBlob(f.ocr),
			requeue.Name:   host.OnMessage(f.requeue),
			poison.Name:    host.OnPoison(f.poison),
			retention.Name: host.OnTimer(f.retention),
			notify.Name:    host.OnDelivery(f.notify),
		}, log)
	}
	p.subjects = []doctor.Probe{account.New(a.store, stampOf(set), time.Now)}
	return p
}

// queues are those of a stamp on Azure, that of webhooks only where they are on.
func queues(webhooks bool) []string {
	names := []string{requeue.Queue, host.PoisonQueue}
	if webhooks {
		names = append(names, notify.Queue)
	}
	return names
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
func (a *functionApp) prepare(ctx context.Context) {
	if a.store.Emulated() {
		unprepared(ctx, a.log, "emulator", a.store.Prepare(ctx, a.set.Region, queues(true)...))
	}
	unprepared(ctx, a.log, "application", a.bootstrap(ctx))
	began := time.Now()
	if err := warmed(ctx, a.set); err != nil {
		unprepared(ctx, a.log, "cache", err)
		return
	}
	sandbox, err := a.engine.Ready(ctx)
	if err != nil {
		unprepared(ctx, a.log, "engine", err)
		return
	}
	a.log.InfoContext(ctx, logevent.EngineReady, "sandbox", sandbox, "cache_seconds", time.Since(began).Seconds())
}
