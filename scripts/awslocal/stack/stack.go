// Package stack runs a whole stamp of AWS on one machine from the Lambda package: each function under AWS's Runtime Interface
// Emulator, versitygw, DynamoDB Local and fauxqs for S3, DynamoDB and SQS, and stand-ins for what the platform does between
// them. `make run-aws` and the end-to-end tests share it.
//
// What differs from a stamp on the platform: nothing limits the memory of a function or stops its network, keys are those of
// emulators and no role's, the signing key is a setting and no secret, and there is no TLS.
package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/lethe-ocr/lethe/functions/api"
	"github.com/lethe-ocr/lethe/functions/notify"
	"github.com/lethe-ocr/lethe/functions/ocr"
	"github.com/lethe-ocr/lethe/functions/poison"
	"github.com/lethe-ocr/lethe/functions/requeue"
	"github.com/lethe-ocr/lethe/functions/retention"
	"github.com/lethe-ocr/lethe/scripts/awslocal/events"
	"github.com/lethe-ocr/lethe/scripts/awslocal/function"
	"github.com/lethe-ocr/lethe/scripts/awslocal/functionurl"
	"github.com/lethe-ocr/lethe/scripts/process"
	store "github.com/lethe-ocr/lethe/shared/storage/aws"
	"github.com/lethe-ocr/lethe/shared/storage/aws/emulator"
)

// Config describes one stamp to run.
type Config struct {
	Emulators *emulator.Set
	Package   string              // folder of the unpacked package
	Name      string              // of the stamp; several with different names share the emulators
	Settings  map[string]string   // the program's settings, beside those that the platform gives
	Timeout   time.Duration       // of a function that works on documents, in whole seconds; zero for 15 minutes
	Hidden    time.Duration       // how long a queue hides a message that was taken; zero for six times that, as for a stamp
	Instances int                 // of each function; zero for 4
	Tick      time.Duration       // between two calls of the retention function; zero for 5 minutes
	Ticks     int                 // how many calls there are each time; zero means once
	Copies    int                 // how often each event of an object is sent; zero means once
	Drop      int                 // how many of the first events are lost
	Delay     time.Duration       // between object and event
	Reach     func(string) string // address by which functions and clients reach the service at an address; nil for that one
	Log       io.Writer           // gets what emulator and functions print; may be nil
}

// Stack is one running stamp.
type Stack struct {
	Bucket    string
	Tables    string            // what names of tables begin with
	Queues    map[string]string // URLs by the name of the function that they call
	S3        *s3.Client
	DynamoDB  *dynamodb.Client
	SQS       *sqs.Client
	Functions map[string]*function.Function // by handler

	cfg      Config
	log      *process.Buffer
	notifier *events.Notifier
	schedule *events.Schedule
	server   *http.Server
	address  string
	cancel   context.CancelFunc
	running  sync.WaitGroup
}

// Start makes bucket, tables and queues, and runs the functions over them until ctx ends or Stop is called. It skips nothing: an
// error that holds emulator.ErrMissing for says what is not installed.
func Start(ctx context.Context, cfg Config) (*Stack, error) {
	if cfg.Timeout == 0 {
		cfg.Timeout = functionurl.MaxDuration
	}
	if cfg.Hidden == 0 {
		cfg.Hidden = 6 * cfg.Timeout
	}
	if cfg.Instances == 0 {
		cfg.Instances = 4
	}
	if cfg.Tick == 0 {
		cfg.Tick = 5 * time.Minute
	}
	s := &Stack{
		Bucket: cfg.Name, Tables: cfg.Name + "-", Queues: map[string]string{}, Functions: map[string]*function.Function{},
		cfg: cfg, log: &process.Buffer{Also: cfg.Log},
	}
	rie, err := emulator.Tool("aws-lambda-rie")
	if err != nil {
		return nil, err
	}
	endpoints, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.makeQueues(ctx, endpoints["sqs"]); err != nil {
		return nil, err
	}
	if err := s.makeStorage(ctx, endpoints); err != nil {
		return nil, err
	}
	if cfg.Reach != nil {
		for service, endpoint := range endpoints {
			endpoints[service] = cfg.Reach(endpoint)
		}
	}
	s.makeFunctions(rie, endpoints)
	return s, s.run(ctx)
}

// connect starts the emulators and returns their addresses by service.
func (s *Stack) connect(ctx context.Context) (map[string]string, error) {
	endpoints := map[string]string{}
	for service, start := range map[string]func(context.Context) (string, error){
		"s3": s.cfg.Emulators.S3, "dynamodb": s.cfg.Emulators.DynamoDB, "sqs": s.cfg.Emulators.SQS,
	} {
		endpoint, err := start(ctx)
		if err != nil {
			return nil, err
		}
		endpoints[service] = endpoint
	}
	key := credentials.NewStaticCredentialsProvider(emulator.AccessKey, emulator.SecretKey, "")
	s.S3 = s3.New(s3.Options{Region: emulator.Region, BaseEndpoint: aws.String(endpoints["s3"]), UsePathStyle: true, Credentials: key})
	s.DynamoDB = dynamodb.New(dynamodb.Options{Region: emulator.Region, BaseEndpoint: aws.String(endpoints["dynamodb"]), Credentials: key})
	s.SQS = sqs.New(sqs.Options{Region: emulator.Region, BaseEndpoint: aws.String(endpoints["sqs"]), Credentials: key})
	return endpoints, nil
}

// told reports whether the stamp tells applications by webhooks, and so has a queue and a function for them.
func (s *Stack) told() bool { return s.cfg.Settings["LETHE_WEBHOOKS"] == "true" }

// makeQueues makes the queues of a stamp, whose dead letters go to the first.
func (s *Stack) makeQueues(ctx context.Context, endpoint string) error {
	hidden := fmt.Sprint(int(s.cfg.Hidden.Seconds()))
	names := []string{poison.Name, ocr.Name, requeue.Name}
	if s.told() {
		names = append(names, notify.Name)
	}
	for _, name := range names {
		attributes := map[string]string{"VisibilityTimeout": hidden}
		if name != poison.Name {
			attributes["RedrivePolicy"] = fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":5}`, s.arn(poison.Name))
		}
		_, err := s.SQS.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String(s.queueName(name)), Attributes: attributes})
		if err != nil {
			return fmt.Errorf("make queue: %w", err)
		}
		s.Queues[name] = emulator.QueueURL(endpoint, s.queueName(name)) // the emulator calls it by a name that needs a resolver
	}
	return nil
}

// queueName is the name of the queue that calls the function.
func (s *Stack) queueName(name string) string {
	if name == ocr.Name {
		name = "uploads"
	}
	return s.cfg.Name + "-" + name
}

func (s *Stack) arn(name string) string {
	return "arn:aws:sqs:" + emulator.Region + ":" + emulator.Account + ":" + s.queueName(name)
}

// makeStorage makes bucket and tables.
func (s *Stack) makeStorage(ctx context.Context, endpoints map[string]string) error {
	st, err := store.Open(store.Config{
		Region: emulator.Region, Bucket: s.Bucket, Tables: s.Tables, Queue: s.Queues[requeue.Name], Notify: s.Queues[notify.Name],
		Credentials: credentials.NewStaticCredentialsProvider(emulator.AccessKey, emulator.SecretKey, ""),
		S3Endpoint:  endpoints["s3"], DynamoDBEndpoint: endpoints["dynamodb"], SQSEndpoint: endpoints["sqs"], Now: time.Now,
	})
	if err != nil {
		return err
	}
	return st.Prepare(ctx, emulator.Region)
}

// makeFunctions describes the functions as the stack's template does.
func (s *Stack) makeFunctions(rie string, endpoints map[string]string) {
	settings := map[string]string{
		"LETHE_REGION": emulator.Region, "LETHE_AWS_BUCKET": s.Bucket, "LETHE_AWS_TABLES": s.Tables, "LETHE_AWS_QUEUE": s.Queues[requeue.Name],
		"LETHE_AWS_ENDPOINTS": "s3=" + endpoints["s3"] + ",dynamodb=" + endpoints["dynamodb"] + ",sqs=" + endpoints["sqs"],
		"LETHE_DEADLINE":      "12m",
		"AWS_ACCESS_KEY_ID":   emulator.AccessKey, "AWS_SECRET_ACCESS_KEY": emulator.SecretKey,
	}
	if s.told() {
		settings["LETHE_AWS_NOTIFY_QUEUE"] = s.Queues[notify.Name]
	}
	maps.Copy(settings, s.cfg.Settings)
	var env []string
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		env = append(env, name+"="+settings[name])
	}
	for handler, c := range map[string]struct {
		memory  int
		timeout time.Duration
	}{
		api.Name: {2048, functionurl.MaxDuration}, ocr.Name: {3538, s.cfg.Timeout}, requeue.Name: {3538, s.cfg.Timeout}, poison.Name: {2048, time.Minute},
		retention.Name: {2048, functionurl.MaxDuration}, notify.Name: {2048, time.Minute},
	} {
		if handler == notify.Name && !s.told() {
			continue
		}
		s.Functions[handler] = function.New(function.Config{
			Emulator: rie, Package: s.cfg.Package, Name: s.cfg.Name + "-" + handler, Handler: handler, Region: emulator.Region, Memory: c.memory,
			Timeout: c.timeout, Concurrency: s.cfg.Instances, Env: env, Log: s.log,
		})
	}
}

// run starts the address and everything that calls functions.
func (s *Stack) run(ctx context.Context) error {
	var l net.ListenConfig
	ln, err := l.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ctx, s.cancel = context.WithCancel(ctx)
	s.address = "http://" + ln.Addr().String()
	s.server = (&functionurl.Handler{Function: s.Functions[api.Name], Region: emulator.Region, Now: time.Now}).Server()
	s.running.Go(func() {
		if err := s.server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			_, _ = fmt.Fprintln(s.log, "the function URL ended:", err) // in memory
		}
	})
	log := slog.New(slog.NewJSONHandler(s.log, nil))
	s.notifier = &events.Notifier{
		S3: s.S3, Bucket: s.Bucket, Prefix: "uploads/", Region: emulator.Region, SQS: s.SQS, Queue: s.Queues[ocr.Name], Log: log,
		Copies: s.cfg.Copies, Drop: s.cfg.Drop, Delay: s.cfg.Delay,
	}
	s.running.Go(func() { s.notifier.Run(ctx) })
	for name, batch := range map[string]int32{ocr.Name: 1, requeue.Name: 1, poison.Name: 10, notify.Name: 1} {
		if s.Functions[name] == nil {
			continue
		}
		m := &events.Mapping{
			SQS: s.SQS, Queue: s.Queues[name], ARN: s.arn(name), Region: emulator.Region, Function: s.Functions[name], Batch: batch,
			Concurrency: min(2, s.cfg.Instances), Log: log,
		}
		s.running.Go(func() { m.Run(ctx) })
	}
	s.schedule = &events.Schedule{
		Every: s.cfg.Tick, Copies: s.cfg.Ticks, Region: emulator.Region, Name: s.cfg.Name + "-" + retention.Name, Function: s.Functions[retention.Name], Log: log,
	}
	s.running.Go(func() { s.schedule.Run(ctx) })
	return nil
}

// URL is the address of the API, without a slash at its end.
func (s *Stack) URL() string { return s.address }

// Log returns everything that emulator and functions have printed.
func (s *Stack) Log() []byte { return s.log.Bytes() }

// Tell sends the event of an object once more, or that of one that there is not.
func (s *Stack) Tell(ctx context.Context, key string) error {
	return s.notifier.Tell(ctx, key, strings.Repeat("0", 32), 1)
}

// Tick calls the retention function once, beside its schedule, and returns when it has answered.
func (s *Stack) Tick(ctx context.Context) error { return s.schedule.Tick(ctx, time.Now()) }

// Stop ends the stamp. What it stored stays until the emulators are closed.
func (s *Stack) Stop() {
	s.cancel()
	_ = s.server.Close() // clients are this machine's own
	for _, f := range s.Functions {
		f.Stop()
	}
	s.running.Wait()
}
