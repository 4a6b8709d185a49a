package lambda_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/trigger"
	"github.com/lethe-ocr/lethe/shared/trigger/lambda"
)

// planted stands for content: it must come out nowhere.
const planted = "planted-7f3a"

// platform is a fake of the platform's runtime API.
type platform struct {
	*httptest.Server
	events  chan string
	results chan result
	asked   chan struct{} // gets one for each call of next

	refuses bool // answers are refused when their first bytes have come
}

// result is what the function answered.
type result struct {
	path, contentType, mode string
	body                    []byte
	broken                  string // type of the error in the trailer
}

func (p *platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	const invocations = "/2018-06-01/runtime/invocation/"
	switch path := strings.TrimPrefix(r.URL.Path, invocations); {
	case path == "next":
		p.asked <- struct{}{}
		select {
		case e := <-p.events:
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", "id")
			w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(time.Minute).UnixMilli()))
			w.Header().Set("Lambda-Runtime-Client-Context", "{"+planted)
			_, _ = io.WriteString(w, e)
		case <-r.Context().Done():
		}
	case p.refuses:
		_, _ = io.ReadFull(r.Body, make([]byte, 16))
		panic(http.ErrAbortHandler)
	default:
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusAccepted)
		p.results <- result{
			path, r.Header.Get("Content-Type"), r.Header.Get("Lambda-Runtime-Function-Response-Mode"), body,
			r.Trailer.Get("Lambda-Runtime-Function-Error-Type"),
		}
	}
}

// run starts a function under a fake platform. What it and the library log is in the buffer, once the function has ended.
func run(t *testing.T, f lambda.Function, rest func(context.Context)) (*platform, *safeBuffer) {
	t.Helper()
	p := &platform{events: make(chan string), results: make(chan result, 10), asked: make(chan struct{}, 100)}
	p.Server = httptest.NewServer(p)
	t.Setenv(lambda.APIVariable, strings.TrimPrefix(p.URL, "http://"))
	logged := &safeBuffer{}
	log.SetOutput(logged)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- lambda.Run(ctx, lambda.Config{Name: "test", Function: f, Rest: rest, Log: slog.New(slog.NewJSONHandler(logged, nil))})
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		p.CloseClientConnections()
		p.Close()
		if strings.Contains(logged.String(), planted) {
			t.Errorf("content in the log: %s", logged.String())
		}
	})
	<-p.asked
	return p, logged
}

type safeBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

// events returns the names of the events that were logged.
func (b *safeBuffer) events() (names []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for line := range bytes.Lines(bytes.Clone(b.Bytes())) {
		var e struct{ Msg string }
		if json.Unmarshal(line, &e) == nil {
			names = append(names, e.Msg)
		}
	}
	return names
}

// send hands an event over, and returns what came of it once the next one was asked for.
func (p *platform) send(event string) result {
	p.events <- event
	got := <-p.results
	<-p.asked
	return got
}

// taskMessage is what the program's queue sends.
const taskMessage = `{"app":"app","id":"01981de2-7b00-7000-8000-000000000001"}`

func TestNextEventIsAskedForOnceTheLastOneHasComeToRest(t *testing.T) {
	var p *platform
	var order []string
	started := make(chan struct{})
	p, _ = run(t, lambda.OnTick(func(ctx context.Context, _ trigger.Tick) error {
		<-started
		if end, ok := ctx.Deadline(); !ok || time.Until(end) > time.Minute {
			t.Errorf("the context ends at %v, %v", end, ok)
		}
		order = append(order, "event")
		return nil
	}), func(ctx context.Context) {
		<-started
		if _, ok := ctx.Deadline(); !ok {
			t.Error("rest has no deadline")
		}
		if len(p.asked) > 0 {
			t.Error("the next event was asked for before the last one had come to rest")
		}
		order = append(order, "rest")
	})
	close(started)
	for range 2 {
		if got := p.send(`{}`); got.path != "id/response" || string(got.body) != "null" || got.mode != "" {
			t.Errorf("answered %+v", got)
		}
	}
	if text := strings.Join(order, " "); text != "event rest event rest" {
		t.Errorf("%s", text)
	}
}

// The library prints errors, panics and what it cannot decode.
func TestFailuresSayTheirKindAndNothingElse(t *testing.T) {
	for _, c := range []struct {
		name   string
		event  string
		does   func() error
		body   string
		events []string
	}{
		{"transient", `{}`, func() error { return fault.New(fault.StorageUnavailable, planted) }, `{"errorMessage":"unavailable","errorType":"failure"}`, []string{logevent.InvocationFailed}},
		{"unknown", `{}`, func() error { return errors.New(planted) }, `{"errorMessage":"internal","errorType":"failure"}`, []string{logevent.InvocationFailed}},
		{"panic", `{}`, func() error { panic(planted) }, `{"errorMessage":"internal","errorType":"failure"}`, []string{logevent.InvocationFailed}},
		{"permanent", `{}`, func() error { return fault.New(fault.TaskErased, planted) }, `null`, nil},
		{"text", planted, nil, `null`, []string{logevent.InvocationMalformed}},
		{"string", `"` + planted + `"`, nil, `null`, []string{logevent.InvocationMalformed}},
		{"two objects", `{} {"` + planted + `":1}`, nil, `null`, []string{logevent.InvocationMalformed}},
		{"nothing", ``, nil, `null`, []string{logevent.InvocationMalformed}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, logged := run(t, lambda.OnTick(func(context.Context, trigger.Tick) error {
				if c.does == nil {
					t.Error("the function was called")
					return nil
				}
				return c.does()
			}), func(context.Context) {})
			got := p.send(c.event)
			if string(got.body) != c.body || strings.HasSuffix(got.path, "/error") != strings.Contains(c.body, "error") {
				t.Errorf("answered %q at %s", got.body, got.path)
			}
			if events := logged.events(); fmt.Sprint(events) != fmt.Sprint(c.events) {
				t.Errorf("logged %q", events)
			}
		})
	}
}

// request is an event of the function URL.
func request(method, path, query string, headers map[string]string, body []byte) string {
	text, err := json.Marshal(map[string]any{
		"version": "2.0", "rawPath": path, "rawQueryString": query, "headers": headers,
		"requestContext":  map[string]any{"domainName": "id.lambda-url.eu-central-1.on.aws", "http": map[string]string{"method": method, "sourceIp": "192.0.2.7"}},
		"isBase64Encoded": true, "body": base64.StdEncoding.EncodeToString(body),
	})
	if err != nil {
		panic(err)
	}
	return string(text)
}

// prelude takes an answer of the function URL apart.
func prelude(t *testing.T, r result) (status int, headers map[string]string, cookies []string, body string) {
	t.Helper()
	head, rest, ok := bytes.Cut(r.body, make([]byte, 8))
	var p struct {
		StatusCode int               `json:"statusCode"`
		Headers    map[string]string `json:"headers"`
		Cookies    []string          `json:"cookies"`
	}
	if err := json.Unmarshal(head, &p); err != nil || !ok || r.contentType != "application/vnd.awslambda.http-integration-response" || r.mode != "streaming" {
		t.Fatalf("%v in %+v: %q", err, r, r.body)
	}
	return p.StatusCode, p.Headers, p.Cookies, string(rest)
}

func TestAnswersAreStreamedAsTheFunctionURLNeedsThem(t *testing.T) {
	large := strings.Repeat("0123456789abcdef", 1<<16)
	for _, c := range []struct {
		name    string
		method  string
		handler func(w http.ResponseWriter, r *http.Request)
		status  int
		headers map[string]string
		cookies []string
		body    string // "" for any, if the status is 500
		broken  string
	}{
		{"body, headers and cookies", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Add("Vary", "Prefer")
			w.Header().Add("Vary", "Accept")
			w.Header().Add("Set-Cookie", "a=1")
			w.Header().Add("Set-Cookie", "b=2")
			w.Header().Set("Connection", "close")
			w.Header().Set("Content-Type", "text/plain")
			w.WriteHeader(http.StatusCreated)
			w.Header().Set("Late", "yes")
			_, _ = io.WriteString(w, "text")
		}, 201, map[string]string{"Vary": "Prefer, Accept", "Content-Type": "text/plain"}, []string{"a=1", "b=2"}, "text", ""},
		{"nothing", "GET", func(http.ResponseWriter, *http.Request) {}, 200, nil, nil, "", ""},
		{"more than fits into memory twice", "GET", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, large) }, 200, map[string]string{"Content-Type": "text/plain; charset=utf-8"}, nil, large, ""},
		{"informational first", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusTeapot)
		}, 418, nil, nil, "", ""},
		{"head", "HEAD", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "4")
			w.Header().Set("Content-Type", "text/plain")
			if n, err := io.WriteString(w, "text"); n != 4 || err != nil {
				t.Errorf("%d, %v", n, err)
			}
		}, 200, map[string]string{"Content-Length": "4", "Content-Type": "text/plain"}, nil, "", ""},
		{"no content", "DELETE", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNoContent)
			if _, err := io.WriteString(w, "text"); !errors.Is(err, http.ErrBodyNotAllowed) {
				t.Error(err)
			}
		}, 204, nil, nil, "", ""},
		{"not modified", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("ETag", `"e"`)
			w.WriteHeader(http.StatusNotModified)
		}, 304, map[string]string{"Etag": `"e"`}, nil, "", ""},
		{"panic", "GET", func(http.ResponseWriter, *http.Request) { panic(planted) }, 500, map[string]string{"Content-Type": "application/problem+json", "Cache-Control": "no-store"}, nil, "", ""},
		{"panic in the middle", "GET", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "half")
			panic(http.ErrAbortHandler)
		}, 200, map[string]string{"Content-Type": "text/plain; charset=utf-8"}, nil, "half", "failure"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, _ := run(t, lambda.OnRequest(http.HandlerFunc(c.handler), slog.New(slog.DiscardHandler)), func(context.Context) {})
			got := p.send(request(c.method, "/", "", nil, nil))
			status, headers, cookies, body := prelude(t, got)
			if c.status == http.StatusInternalServerError && strings.Contains(body, `"code":"internal_error"`) {
				body = ""
			}
			if status != c.status || fmt.Sprint(headers) != fmt.Sprint(c.headers) || fmt.Sprint(cookies) != fmt.Sprint(c.cookies) || body != c.body || got.broken != c.broken {
				t.Errorf("%d %v %v %.100q broken %q", status, headers, cookies, body, got.broken)
			}
			if strings.Contains(string(got.body), planted) {
				t.Errorf("content in the answer %s", got.body)
			}
		})
	}
}

// A client sees the first part while the handler still works, and its leaving ends the handler and nothing else.
func TestAnswerIsPassedOnWhileItIsWrittenAndEndsWithItsClient(t *testing.T) {
	ended := make(chan error, 1)
	p, _ := run(t, lambda.OnRequest(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/short" {
			return
		}
		for {
			if _, err := io.WriteString(w, strings.Repeat("x", 1<<10)); err != nil {
				<-r.Context().Done()
				ended <- err
				return
			}
		}
	}), slog.New(slog.DiscardHandler)), func(context.Context) {
	})
	p.refuses = true
	p.events <- request("GET", "/endless", "", nil, nil)
	<-p.asked // the process lives on
	if err := <-ended; err == nil {
		t.Error("the handler was not told")
	}
	p.refuses = false
	if status, _, _, _ := prelude(t, p.send(request("GET", "/short", "", nil, nil))); status != http.StatusOK {
		t.Errorf("status %d", status)
	}
}
