package lambda

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	runtime "github.com/aws/aws-lambda-go/lambda"

	"github.com/lethe-ocr/lethe/shared/httpserver"
)

// APIVariable is where the platform says which address its runtime API has. A process that finds it is a function.
const APIVariable = "AWS_LAMBDA_RUNTIME_API"

// Config is what Run needs.
type Config struct {
	Name     string // of the function, for the log
	Function Function
	// Rest returns once nothing of the last event goes on or is left in memory. Its context ends with the invocation, in which it
	// still counts: the platform freezes the process, or hands it the next event, only afterwards.
	Rest func(ctx context.Context)
	Log  *slog.Logger
}

// Run carries out one event after the other until ctx ends or the platform's runtime API fails.
func Run(ctx context.Context, cfg Config) error {
	var l net.ListenConfig
	ln, err := l.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen for the runtime: %w", err)
	}
	y := newRelay(os.Getenv(APIVariable), cfg.Rest)
	server := &http.Server{
		Handler:           y,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          slog.NewLogLogger(discard{cfg.Log.Handler()}, slog.LevelDebug),
	}
	failed := make(chan error, 2)
	go func() { failed <- server.Serve(httpserver.Wiping(ln)) }()
	if err := os.Setenv(APIVariable, ln.Addr().String()); err != nil {
		return fmt.Errorf("stand between library and platform: %w", err)
	}
	go func() {
		runtime.StartWithOptions(guarded(cfg.Name, cfg.Function, cfg.Log), runtime.WithContext(ctx))
	}()
	select {
	case err = <-failed:
	case err = <-y.failed:
	}
	if ctx.Err() != nil {
		return nil // the process was told to end: functions have handed on what they had
	}
	return err
}

// discard keeps the HTTP library's own messages out of the log.
type discard struct{ slog.Handler }

// Enabled implements slog.Handler.
func (discard) Enabled(context.Context, slog.Level) bool { return false }

// The paths of the runtime API.
const (
	invocations = "/2018-06-01/runtime/invocation/"
	next        = invocations + "next"
)

// The headers of the runtime API that are acted on.
const (
	deadlineHeader = "Lambda-Runtime-Deadline-Ms"
	modeHeader     = "Lambda-Runtime-Function-Response-Mode"
)

// told are the headers of an event that the library gets. What else a caller of the platform may have written it would print
// if it cannot read it.
func told() []string {
	return []string{
		"Lambda-Runtime-Aws-Request-Id", deadlineHeader, "Lambda-Runtime-Invoked-Function-Arn", "Lambda-Runtime-Trace-Id",
	}
}

// relay passes what the library and the platform say to each other on. It holds one event at a time, and no connection between
// events: what buffers held of one is gone with its connections.
type relay struct {
	base   string
	rest   func(context.Context)
	client *http.Client
	failed chan error // of the platform's runtime API; holds one

	deadline time.Time // of the event that was taken last; zero before the first. The library asks for one thing at a time
}

func newRelay(api string, rest func(context.Context)) *relay {
	return &relay{
		base: "http://" + api, rest: rest, failed: make(chan error, 1),
		client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}},
	}
}

// ServeHTTP implements http.Handler.
func (y *relay) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Connection", "close")
	switch {
	case r.Method == http.MethodGet && r.URL.Path == next:
		y.next(w, r)
	case r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, invocations):
		y.result(w, r)
	default:
		http.NotFound(w, r)
	}
}

// next takes an event, once the last one has come to rest.
func (y *relay) next(w http.ResponseWriter, r *http.Request) {
	if !y.deadline.IsZero() {
		ctx, done := context.WithDeadline(context.WithoutCancel(r.Context()), y.deadline)
		y.rest(ctx)
		done()
	}
	event, header, err := y.take(r.Context())
	if err != nil {
		y.fail(err)
		select {} // the process is about to end; the library would end it here and now
	}
	if ms, err := strconv.ParseInt(header.Get(deadlineHeader), 10, 64); err == nil {
		y.deadline = time.UnixMilli(ms)
	}
	hand(w, header, event)
}

// hand gives an event to the library. It goes past the server's buffers: the one of an answer would be used for the next event's
// too, and hold this one until that is there.
func hand(w http.ResponseWriter, header http.Header, event []byte) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return // the library sees it
	}
	answer := http.Response{
		StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Close: true,
		Header: http.Header{}, ContentLength: int64(len(event)), Body: io.NopCloser(bytes.NewReader(event)),
	}
	for _, name := range told() {
		if value := header.Get(name); value != "" {
			answer.Header.Set(name, value)
		}
	}
	_ = errors.Join(answer.Write(conn), conn.Close()) // likewise
}

// nothing is what the library gets for an event that is no JSON, of which it would print a byte. No function takes it.
const nothing = "null"

// take waits for the platform's next event.
func (y *relay) take(ctx context.Context) ([]byte, http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, y.base+next, nil)
	if err != nil {
		return nil, nil, errors.New("the address of the runtime API is none")
	}
	resp, err := y.client.Do(req)
	if err != nil {
		return nil, nil, errors.New("the runtime API did not answer")
	}
	event, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil || resp.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("the runtime API answered %d", resp.StatusCode)
	}
	if event = bytes.TrimSpace(event); !json.Valid(event) {
		event = []byte(nothing)
	}
	return event, resp.Header, nil
}

// result passes an answer, or a failure, to the platform as it comes. A client that has gone ends its answer and nothing else:
// the library would end the process.
func (y *relay) result(w http.ResponseWriter, r *http.Request) {
	req, err := http.NewRequestWithContext(context.WithoutCancel(r.Context()), http.MethodPost, y.base+r.URL.Path, r.Body) //nolint:gosec // the platform's address, from its own variable
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	req.Header.Set("Content-Type", r.Header.Get("Content-Type"))
	if r.Header.Get("Content-Type") == (&streamed{}).ContentType() {
		req.Header.Set(modeHeader, "streaming")
	}
	req.Trailer = r.Trailer                        // filled in when the body ends
	if resp, err := y.client.Do(req); err == nil { //nolint:gosec // likewise
		_ = resp.Body.Close() // what the platform makes of an answer is its own; the next event follows
	}
	w.WriteHeader(http.StatusAccepted)
}

// fail ends Run. The first reason counts.
func (y *relay) fail(err error) {
	select {
	case y.failed <- err:
	default:
	}
}
