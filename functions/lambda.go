package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/functions/api"
	"github.com/lethe-ocr/lethe/functions/notify"
	"github.com/lethe-ocr/lethe/functions/ocr"
	"github.com/lethe-ocr/lethe/functions/poison"
	"github.com/lethe-ocr/lethe/functions/requeue"
	"github.com/lethe-ocr/lethe/functions/retention"
	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/clock"
	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/config/secretsmanager"
	"github.com/lethe-ocr/lethe/shared/doctor"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/httpserver"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/ocr/fairqueue"
	"github.com/lethe-ocr/lethe/shared/seal"
	"github.com/lethe-ocr/lethe/shared/storage/aws"
	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/trigger"
	host "github.com/lethe-ocr/lethe/shared/trigger/lambda"
)

// handlerVariable is where Lambda says which function a process is: api, or the name of one of the others.
const handlerVariable = "_HANDLER"

// lambdaVerb starts the program as a function of AWS Lambda.
const lambdaVerb = "lambda"

// asFunction gives the program the verb that a platform does not: Lambda starts it as bootstrap, without arguments or with the
// name of the handler. Its own child processes have other arguments, and no such variable or a verb.
func asFunction(args []string) []string {
	handler := os.Getenv(handlerVariable)
	if os.Getenv(host.APIVariable) == "" || len(args) > 2 || len(args) == 2 && args[1] != handler {
		return args
	}
	return []string{args[0], lambdaVerb}
}

// newLambda is one function of a stamp on AWS. The platform starts it, nobody else.
func newLambda(env environment) *cobra.Command {
	return &cobra.Command{
		Use:    lambdaVerb + " [FUNCTION]",
		Short:  "Serve as a function of AWS Lambda",
		Hidden: true,
		Args:   cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			role := os.Getenv(handlerVariable) // a container image has no handler: its command names the function
			if len(args) > 0 {
				role = args[0]
			}
			return serveLambda(cmd.Context(), role, newLog(env))
		},
	}
}

// lambdaFunction is the program in a function of AWS Lambda, with the storage of a stamp.
type lambdaFunction struct {
	*server
	role        string
	clock       *clock.Remote
	store       *aws.Store
	connections *http.Transport
	examiners   []doctor.Probe
	keys        secretsmanager.Config
	wrong       error // what the settings lack, nil for nothing
	keyless     bool  // the signing key could not be read yet
}

// serveLambda carries out events until the process is killed. A bad setting does not end it, which Lambda would start again
// with each event: it closes intake, and whatever can run runs.
func serveLambda(ctx context.Context, role string, log *slog.Logger) error {
	if err := errors.Join(hideMemory(), ignoreSignals()); err != nil {
		return err
	}
	if os.Getenv(host.APIVariable) == "" {
		return fmt.Errorf("%s is not set: this verb is for AWS Lambda", host.APIVariable)
	}
	a, set, err := joinWith(ctx, log, fitFunction(role), func(set config.Settings, wrong error) (*lambdaFunction, error) {
		return newLambdaFunction(ctx, role, set, wrong, log)
	})
	if err != nil {
		return host.Run(ctx, host.Config{Name: role, Function: unconfiguredFunction(role, log, err), Rest: func(context.Context) {}, Log: log})
	}
	defer func() { // a.server may be another by then
		a.measuredLast(ctx)
		a.engine.Close()
	}()
	f, err := a.function()
	if err != nil {
		return err
	}
	a.prepare(ctx)
	log.InfoContext(ctx, logevent.ServerReady, "function", role, "region", set.Region, "version", version)
	return host.Run(ctx, host.Config{Name: role, Function: f, Rest: a.rest, Log: log})
}

// memoryVariable is where Lambda says how many MiB a function has.
const memoryVariable = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"

const (
	memoryOfCore = 1769 // MiB for which a function gets the time of one core
	ownMemory    = 384  // MiB that the program itself needs beside its worker processes
)

// fitFunction fits the worker processes to the memory of a function, by which it gets processor time. Settings that are given
// stay. One that reads no documents needs one worker process, to know its languages and what confines it.
func fitFunction(role string) func(*config.Settings) {
	return func(s *config.Settings) {
		memory, err := strconv.ParseInt(os.Getenv(memoryVariable), 10, 64)
		if err != nil || memory <= 0 {
			return
		}
		if s.Workers == 0 {
			s.Workers = 1
			if role == ocr.Name || role == requeue.Name {
				s.Workers = max(1, int(memory/memoryOfCore))
			}
		}
		const least = 256 // MiB, of LETHE_WORKER_MEMORY_MIB
		if os.Getenv("LETHE_WORKER_MEMORY_MIB") == "" {
			s.WorkerMemory = max(least, min(s.WorkerMemory, (memory-ownMemory)/int64(s.Workers)))
		}
	}
}

// newLambdaFunction joins the parts over the stamp that the settings name. wrong is what the settings lack, nil for nothing.
func newLambdaFunction(ctx context.Context, role string, set config.Settings, wrong error, log *slog.Logger) (*lambdaFunction, error) {
	a := &lambdaFunction{role: role, clock: clock.NewRemote(time.Now), connections: newConnections(), wrong: wrong}
	cfg, err := stampOnAWS(set, a.clock)
	if err != nil {
		return nil, err
	}
	cfg.HTTP = &http.Client{Transport: a.connections}
	// The stamp is where its functions are. Intake has the condition that the settings say so too.
	cfg.Region = cmp.Or(os.Getenv("AWS_REGION"), cfg.Region)
	if a.store, err = aws.Open(cfg); err != nil {
		a.wrong, cfg.Queue, cfg.Notify = errors.Join(wrong, err), "", "" // what is erased needs no queue
		if a.store, err = aws.Open(cfg); err != nil {
			return nil, err
		}
	}
	if probe, err := stampProbe(set, cfg); err != nil {
		a.wrong = errors.Join(a.wrong, err)
	} else {
		a.examiners = []doctor.Probe{probe}
	}
	a.keys = secretsmanager.Config{Region: cfg.Region, Secret: set.AWSSigningKey, Credentials: cfg.Credentials, Client: cfg.HTTP}
	a.server, err = a.unlocked(ctx, set, log)
	return a, err
}

// unlocked joins the parts with the signing key. Where that cannot be read intake is closed, what is stored is erased all the same,
// and the key is asked for again after each event.
func (a *lambdaFunction) unlocked(ctx context.Context, set config.Settings, log *slog.Logger) (*server, error) {
	wrong := a.wrong
	if a.keyless = false; !a.store.Emulated() {
		var err error
		if set.SigningKey, set.PreviousKey, err = signingKeys(secretsmanager.Keys(ctx, a.keys)); err != nil {
			log.ErrorContext(ctx, logevent.IntakeClosed, "error", err)
			wrong, a.keyless = errors.Join(wrong, err), true
		}
	}
	keys, err := keysOf(set)
	if err != nil {
		return nil, err
	}
	return assemble(a.place(set, wrong, keys, log))
}

// signingKeys passes on what the secret holds where that is keys. A previous value that is none has signed nothing: it was
// put by mistake, and replaced.
func signingKeys(current, previous string, err error) (string, string, error) {
	if err != nil {
		return "", "", err
	}
	if _, err := ledger.ParseSigner(current); err != nil {
		return "", "", err
	}
	if _, err := ledger.ParseSigner(previous); err != nil {
		previous = ""
	}
	return current, previous, nil
}

// newConnections are the connections to the services of AWS. Between events there are none: a frozen process would find them
// dead, and their buffers hold the last bytes of what went through them. A new one costs little with a session to resume.
func newConnections() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // the library's own
	t.MaxIdleConnsPerHost = 16
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, ClientSessionCache: tls.NewLRUClientSessionCache(16)}
	return t
}

// lambdaInline is the largest document in a request's own body, in bytes: an event holds 6 MB, with the body as Base64 in it.
const lambdaInline = 4_400_000

// place is what differs in a function of AWS Lambda: a bucket, tables and a queue of a stamp, a platform that hands over one event
// at a time, and nothing that goes on between them.
func (a *lambdaFunction) place(set config.Settings, wrong error, keys *seal.Keys, log *slog.Logger) place {
	placed := func(ctx context.Context) error { return checkAWSRegion(ctx, set.Region, a.store) }
	p := cloudPlace(set, errors.Join(wrong, unqueued(set)), a.clock, a.store.Records, placed, keys, log)
	p.blobs, p.links = a.store.Blobs, a.store.Links
	p.inline, p.still, p.storage = lambdaInline, true, a.store.Links.Address()
	p.larger = "the function URL of AWS takes no larger request: use Lethe on Azure, or `lethe serve`, for such files"
	// No turn: sweeps side by side are harmless, and one that waits for a lock of a process that was killed is late.
	p.queue = func(*fairqueue.Queue) task.Queue { return trigger.Queue{To: a.store.Queue()} }
	if set.AWSNotify != "" {
		p.deliveries, p.near = trigger.Deliveries{To: a.store.Notify()}, a.store.Emulated()
	}
	p.trigger = func(clients http.Handler, _ functions, watch httpserver.Watch) http.Handler {
		return httpserver.ServeWatched(clients, log, a.clock.Now, watch)
	}
	p.subjects = a.examiners
	return p
}

// unqueued refuses webhooks that nothing would carry.
func unqueued(set config.Settings) error {
	if set.Webhooks && set.AWSNotify == "" {
		return errors.New("LETHE_WEBHOOKS: LETHE_AWS_NOTIFY_QUEUE names no queue; deploy with the parameter Webhooks=true, which sets both")
	}
	return nil
}

// function is what the platform starts this process for.
func (a *lambdaFunction) function() (host.Function, error) {
	bucket := a.set.AWSBucket // what the parts are may change, see rest
	switch a.role {
	case api.Name:
		proxies, err := access.ParseProxies(a.set.TrustedProxies)
		if err != nil {
			return nil, err
		}
		clients := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.handler.ServeHTTP(w, r) })
		return host.OnRequest(dated(httpserver.Forwarded(clients, proxies, a.set.BehindProxy, a.log), a.clock, a.store.Tell, a.log), a.log), nil
	case ocr.Name:
		return host.Queue{Name: a.role, Function: a.onMessage, Bucket: bucket, Log: a.log}, nil
	case requeue.Name:
		return host.Queue{Name: a.role, Function: a.onMessage, Tasks: true, Log: a.log}, nil
	case poison.Name:
		return host.Queue{Name: a.role, Function: a.onMessage, Bucket: bucket, Tasks: true, Last: true, Log: a.log}, nil
	case retention.Name:
		return host.OnTick(a.onTick), nil
	case notify.Name:
		return host.Deliveries{Name: a.role, Function: a.onDelivery, Log: a.log}, nil
	}
	return nil, unknownHandler(a.role)
}

func unknownHandler(name string) error {
	return fmt.Errorf("the handler of the function is %q: it must be one of %s", name, strings.Join(doctor.AWSFunctions(), ", "))
}

// onMessage carries out what a message asks for, once the store has told its time: this process may have stood still.
func (a *lambdaFunction) onMessage(ctx context.Context, m trigger.Message) error {
	date(ctx, a.clock, a.store.Tell, a.log)
	switch a.role {
	case ocr.Name:
		return a.functions.ocr(ctx, m.Upload)
	case poison.Name:
		return a.functions.poison(ctx, m)
	default:
		return a.functions.requeue(ctx, m)
	}
}

// onDelivery likewise.
func (a *lambdaFunction) onDelivery(ctx context.Context, d trigger.Delivery) error {
	date(ctx, a.clock, a.store.Tell, a.log)
	return a.functions.notify(ctx, d)
}

// onTick likewise.
func (a *lambdaFunction) onTick(ctx context.Context, t trigger.Tick) error {
	date(ctx, a.clock, a.store.Tell, a.log)
	return a.functions.retention(ctx, t)
}

// unconfiguredFunction answers clients with the reason, and lets every other event be tried again.
func unconfiguredFunction(role string, log *slog.Logger, cause error) host.Function {
	if role == api.Name {
		return host.OnRequest(unconfigured(log, cause), log)
	}
	return host.OnTick(func(context.Context, trigger.Tick) error {
		return fault.Wrap(cause, fault.IntakeClosed, "the function is not configured")
	})
}

// prepare does what a first start needs, before the first event: an emulator's bucket and tables, the first application, the
// PDF compilation cache where the package does not bring it ready for use, as an image does.
func (a *lambdaFunction) prepare(ctx context.Context) {
	if a.store.Emulated() {
		unprepared(ctx, a.log, "emulator", a.store.Prepare(ctx, a.set.Region))
	}
	if a.role == api.Name {
		unprepared(ctx, a.log, "application", a.bootstrap(ctx))
	}
	if a.role != ocr.Name && a.role != requeue.Name {
		return
	}
	if packagedFolder("cache") == "" {
		unprepared(ctx, a.log, "cache", warmed(ctx, a.set))
	}
	sandbox, err := a.engine.Ready(ctx)
	if err != nil {
		unprepared(ctx, a.log, "engine", err)
		return
	}
	a.log.InfoContext(ctx, logevent.EngineReady, "sandbox", sandbox)
}

// rest lets everything of an event come to its end, and makes this process forget it: it is frozen then.
func (a *lambdaFunction) rest(ctx context.Context) {
	if a.role != retention.Name && a.role != notify.Name { // which reaches no task
		if _, err := a.tasks.CatchUp(ctx); err != nil {
			a.log.WarnContext(ctx, logevent.SweepAwaited, "step", "catch up", "kind", fault.KindOf(err))
		}
	}
	if a.keyless {
		a.unlock(ctx)
	}
	if err := a.engine.Rest(ctx); err != nil {
		a.log.WarnContext(ctx, logevent.MemoryKept, "kind", fault.KindOf(err))
	}
	last, done := context.WithTimeout(ctx, lastWords)
	_ = a.telemetry.Flush(last) // what a receiver does not take was logged
	done()
	a.connections.CloseIdleConnections()
	http.DefaultClient.CloseIdleConnections() // of the canary
	a.memory.round(ctx)
	a.clock.Halted()
}

// unlock asks for the signing key once more.
func (a *lambdaFunction) unlock(ctx context.Context) {
	s, err := a.unlocked(ctx, a.set, a.log)
	if err != nil {
		return // nothing but the key has changed since this succeeded
	}
	a.measuredLast(ctx)
	a.engine.Close()
	a.server = s
}
