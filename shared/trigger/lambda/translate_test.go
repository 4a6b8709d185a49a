package lambda_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/trigger"
	"github.com/lethe-ocr/lethe/shared/trigger/lambda"
	"github.com/lethe-ocr/lethe/shared/webhook"
)

// s3Event is what S3 tells of one object, with its key as S3 writes it.
func s3Event(name, bucket, key string) string {
	return fmt.Sprintf(`{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventName":%q,"s3":{"bucket":{"name":%q},"object":{"key":%q,"size":4,"eTag":"e","sequencer":"0055AED6DCD90281E5"}}}]}`, name, bucket, key)
}

// batch is an event with messages that are called m0, m1 and so on.
func batch(bodies ...string) string {
	var records []map[string]any
	for i, body := range bodies {
		records = append(records, map[string]any{"messageId": fmt.Sprintf("m%d", i), "receiptHandle": "r", "body": body, "eventSource": "aws:sqs"})
	}
	text, err := json.Marshal(map[string]any{"Records": records})
	if err != nil {
		panic(err)
	}
	return string(text)
}

const testEvent = `{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2026-11-28T17:00:00.000Z","Bucket":"bucket","RequestId":"r","HostId":"h"}`

func TestMessagesAreTranslatedAndFailEachForItself(t *testing.T) {
	const id = "01981de2-7b00-7000-8000-000000000001"
	put := func(key string) string { return s3Event("ObjectCreated:Put", "bucket", key) }
	upload := func(name string) trigger.Message { return trigger.Message{Upload: trigger.Upload{Name: name}} }
	named := trigger.Message{Job: task.Ref{Application: "app", ID: id}.Job()}
	newer := `{"v":99,"app":"app","id":"` + id + `"}`
	uploads := lambda.Queue{Name: "ocr", Bucket: "bucket"}
	tasks := lambda.Queue{Name: "requeue", Tasks: true}
	dead := lambda.Queue{Name: "poison", Bucket: "bucket", Tasks: true, Last: true}
	two := strings.Replace(put("uploads/a"), `}]}`, `},`+strings.TrimPrefix(put("uploads/b"), `{"Records":[`), 1)
	for _, c := range []struct {
		name   string
		queue  lambda.Queue
		event  string
		calls  []trigger.Message
		failed []string // messages that go back
		logged []string
	}{
		{"upload", uploads, batch(put("uploads/2026112409/app/first/1")), []trigger.Message{upload("uploads/2026112409/app/first/1")}, nil, nil},
		{"upload whose key is written as in a URL", uploads, batch(put("uploads/a+b%2Fc%C3%A9")), []trigger.Message{upload("uploads/a b/cé")}, nil, nil},
		{"multipart upload", uploads, batch(s3Event("ObjectCreated:CompleteMultipartUpload", "bucket", "uploads/x")), []trigger.Message{upload("uploads/x")}, nil, nil},
		{"two events in one message", uploads, batch(two), []trigger.Message{upload("uploads/a"), upload("uploads/b")}, nil, nil},
		{"test event", uploads, batch(testEvent), nil, nil, nil},
		{"other events", uploads, batch(s3Event("ObjectRemoved:Delete", "bucket", "uploads/"+planted)), nil, nil, []string{logevent.InvocationMalformed}},
		{"another bucket", uploads, batch(s3Event("ObjectCreated:Put", planted, "uploads/x")), nil, nil, []string{logevent.InvocationMalformed}},
		{"another container", uploads, batch(put("results/" + planted)), nil, nil, []string{logevent.InvocationMalformed}},
		{"no name", uploads, batch(put("uploads/")), nil, nil, []string{logevent.InvocationMalformed}},
		{"no key", uploads, batch(put("uploads/%zz" + planted)), nil, nil, []string{logevent.InvocationMalformed}},
		{"a task", uploads, batch(taskMessage), nil, nil, []string{logevent.InvocationMalformed}},
		{"no JSON", uploads, batch(planted), nil, nil, []string{logevent.InvocationMalformed}},
		{"good ones beside bad ones", uploads, batch(planted, put("uploads/away"), put("uploads/panics"), put("uploads/gone"), put("uploads/x")),
			[]trigger.Message{upload("uploads/away"), upload("uploads/panics"), upload("uploads/gone"), upload("uploads/x")}, []string{"m1", "m2"},
			[]string{logevent.InvocationMalformed, logevent.InvocationFailed, logevent.InvocationFailed}},

		{"task", tasks, batch(taskMessage), []trigger.Message{named}, nil, nil},
		{"task of a newer program", tasks, batch(newer), nil, []string{"m0"}, []string{logevent.InvocationFailed}},
		{"task that is none", tasks, batch(`{"app":"../` + planted + `","id":"` + id + `"}`), nil, nil, []string{logevent.InvocationMalformed}},
		{"delivery where tasks come", tasks, batch(deliveryMessage), nil, nil, []string{logevent.InvocationMalformed}},
		{"upload where tasks come", tasks, batch(put("uploads/" + planted)), nil, nil, []string{logevent.InvocationMalformed}},

		{"dead letters of both kinds", dead, batch(put("uploads/x"), taskMessage, testEvent), []trigger.Message{upload("uploads/x"), named}, nil, nil},
		{"dead letter of a delivery, which the sweep brings up", dead, batch(deliveryMessage), nil, nil, nil},
		{"dead letter of a newer program", dead, batch(newer), nil, nil, []string{logevent.InvocationMalformed}},
		{"dead letter that cannot be given up now", dead, batch(put("uploads/away")), []trigger.Message{upload("uploads/away")}, []string{"m0"}, []string{logevent.InvocationFailed}},

		{"no batch", uploads, `{"` + planted + `":1}`, nil, nil, []string{logevent.InvocationMalformed}},
		{"message without an id", uploads, `{"Records":[{"body":"{}"}]}`, nil, nil, []string{logevent.InvocationMalformed}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var calls []trigger.Message
			c.queue.Function = func(_ context.Context, m trigger.Message) error {
				calls = append(calls, m)
				switch m.Upload.Name {
				case "uploads/away":
					return fault.New(fault.StorageUnavailable, planted)
				case "uploads/gone":
					return fault.New(fault.TaskErased, planted)
				case "uploads/panics":
					panic(planted)
				}
				return nil
			}
			var log safeBuffer
			c.queue.Log = slog.New(slog.NewJSONHandler(&log, nil))
			answer := lambda.Answer(t.Context(), c.queue, []byte(c.event), c.queue.Log)
			var failed []string
			for _, f := range answer.BatchItemFailures {
				failed = append(failed, f.ItemIdentifier)
			}
			if diff := cmp.Diff(c.calls, calls); diff != "" {
				t.Errorf("called with (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.failed, failed); diff != "" {
				t.Errorf("go back (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.logged, log.events()); diff != "" {
				t.Errorf("logged (-want +got):\n%s", diff)
			}
			if strings.Contains(log.String(), planted) {
				t.Errorf("content in the log: %s", log.String())
			}
		})
	}
}

const (
	deliveryRow     = "1793534400000!01981de2-7b00-7000-8000-000000000001!1!0123456789abcdef"
	deliveryMessage = `{"v":1,"app":"app","delivery":"` + deliveryRow + `"}`
)

func TestDeliveriesAreTranslatedAndFailEachForItself(t *testing.T) {
	var calls []webhook.Ref
	var log safeBuffer
	q := lambda.Deliveries{Name: "notify", Log: slog.New(slog.NewJSONHandler(&log, nil)), Function: func(_ context.Context, d trigger.Delivery) error {
		calls = append(calls, d.Ref)
		switch d.Ref.Application {
		case "away":
			return fault.New(fault.StorageUnavailable, planted)
		case "panics":
			panic(planted)
		}
		return nil
	}}
	of := func(application string) string {
		return strings.Replace(deliveryMessage, `"app":"app"`, `"app":"`+application+`"`, 1)
	}
	answer := lambda.Answer(t.Context(), q, []byte(batch(of("app"), of("away"), planted, of("panics"), of("last"), strings.Replace(of("app"), `"v":1`, `"v":9`, 1))), q.Log)
	var failed []string
	for _, f := range answer.BatchItemFailures {
		failed = append(failed, f.ItemIdentifier)
	}
	want := []webhook.Ref{{Application: "app", Row: deliveryRow}, {Application: "away", Row: deliveryRow}, {Application: "panics", Row: deliveryRow}, {Application: "last", Row: deliveryRow}}
	if !slices.Equal(calls, want) || !slices.Equal(failed, []string{"m1", "m3", "m5"}) {
		t.Errorf("called with %v, %v go back", calls, failed)
	}
	if strings.Contains(log.String(), planted) || !slices.Contains(log.events(), logevent.InvocationMalformed) {
		t.Error(log.String())
	}
}

func TestRequestOfTheFunctionURLArrivesAsItWasSent(t *testing.T) {
	type seen struct {
		Method, Path, RawPath, Query, URI, Host, From, Body string
		Length                                              int64
		Header                                              http.Header
	}
	read := func(r *http.Request) seen {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.TLS == nil || !r.ProtoAtLeast(1, 1) {
			t.Errorf("%v, TLS %v, %s", err, r.TLS, r.Proto)
		}
		return seen{r.Method, r.URL.Path, r.URL.RawPath, r.URL.RawQuery, r.RequestURI, r.Host, r.RemoteAddr, string(body), r.ContentLength, r.Header}
	}
	plain := func(path, query string) string {
		return request("GET", path, query, map[string]string{"host": "h"}, nil)
	}
	base := seen{Method: "GET", Host: "h", From: "192.0.2.7:0", Header: http.Header{}}
	for _, c := range []struct {
		name, event string
		want        func(s *seen) // nil for no request
	}{
		{"usual", plain("/v1/tasks", "limit=5"), func(s *seen) { s.Path, s.Query, s.URI = "/v1/tasks", "limit=5", "/v1/tasks?limit=5" }},
		{"slashes", plain("//v1//tasks/", ""), func(s *seen) { s.Path, s.URI = "//v1//tasks/", "//v1//tasks/" }},
		{"encoded slash", plain("/v1/a%2Fb%20c", "q=%2F%20&q=+;"), func(s *seen) {
			s.Path, s.RawPath, s.Query, s.URI = "/v1/a/b c", "/v1/a%2Fb%20c", "q=%2F%20&q=+;", "/v1/a%2Fb%20c?q=%2F%20&q=+;"
		}},
		{"dots", plain("/v1/../%2e%2e/x", ""), func(s *seen) {
			s.Path, s.RawPath, s.URI = "/v1/../../x", "/v1/../%2e%2e/x", "/v1/../%2e%2e/x"
		}},
		{"looks like an address", plain("http://evil/", ""), nil},
		{"bad escape", plain("/%zz", ""), nil},
		{"headers", request("POST", "/", "", map[string]string{
			"host": "h", "content-length": "999", "accept": "a, b", "connection": "close", "te": "trailers", "transfer-encoding": "chunked", "upgrade": "h2c",
			"x-forwarded-for": "198.51.100.1, 192.0.2.7", "x-forwarded-proto": "https", "bad name": "x",
		}, []byte("bytes\x00\xff")), func(s *seen) {
			s.Method, s.Path, s.URI, s.Body, s.Length = "POST", "/", "/", "bytes\x00\xff", 7
			s.Header = http.Header{"Content-Length": {"7"}, "Accept": {"a, b"}, "X-Forwarded-For": {"198.51.100.1, 192.0.2.7"}, "X-Forwarded-Proto": {"https"}}
		}},
		{"cookies", `{"version":"2.0","rawPath":"/","cookies":["a=1","b=2"],"requestContext":{"domainName":"d","http":{"method":"PUT","sourceIp":"2001:db8::1"}},"body":"text"}`,
			func(s *seen) {
				s.Method, s.Path, s.URI, s.Host, s.From, s.Body, s.Length = "PUT", "/", "/", "d", "[2001:db8::1]:0", "text", 4
				s.Header = http.Header{"Cookie": {"a=1; b=2"}}
			}},
		{"no Base64", `{"version":"2.0","rawPath":"/","requestContext":{"http":{"method":"PUT"}},"body":"` + planted + `!","isBase64Encoded":true}`, nil},
		{"another format", strings.Replace(plain("/", ""), `"2.0"`, `"1.0"`, 1), nil},
		{"no method", strings.Replace(plain("/", ""), `"GET"`, `"`+planted+` x"`, 1), nil},
		{"no request", `{"Records":[]}`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := seen{}, false
			var log safeBuffer
			logger := slog.New(slog.NewJSONHandler(&log, nil))
			status := lambda.Request(t.Context(), http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got, ok = read(r), true }), []byte(c.event), logger)
			if c.want == nil {
				if ok || status != http.StatusBadRequest || fmt.Sprint(log.events()) != fmt.Sprint([]string{logevent.InvocationMalformed}) || strings.Contains(log.String(), planted) {
					t.Errorf("handled %v, status %d, log %s", ok, status, log.String())
				}
				return
			}
			want := base
			want.Header = http.Header{}
			c.want(&want)
			if diff := cmp.Diff(want, got); diff != "" || status != http.StatusOK {
				t.Errorf("status %d (-want +got):\n%s", status, diff)
			}
		})
	}
}

// The request's time ends while there is some left to say so.
func TestRequestEndsBeforeItsInvocation(t *testing.T) {
	end := time.Now().Add(time.Hour)
	ctx, done := context.WithDeadline(t.Context(), end)
	defer done()
	status := lambda.Request(ctx, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if at, ok := r.Context().Deadline(); !ok || !at.Equal(end.Add(-time.Second)) {
			t.Errorf("ends at %v, the invocation at %v", at, end)
		}
	}), []byte(request("GET", "/", "", nil, nil)), slog.New(slog.DiscardHandler))
	if status != http.StatusOK {
		t.Error(status)
	}
}

// FuzzEvents sends anything to every kind of function: nothing panics, what is acted on is an upload or a task, and nothing of
// the event is logged.
func FuzzEvents(f *testing.F) {
	for _, seed := range []string{
		batch(s3Event("ObjectCreated:Put", "bucket", "uploads/a%2Fb"), taskMessage, testEvent, deliveryMessage), batch(planted), `{}`, `null`,
		request("POST", "/v1//a%2Fb", "q=1", map[string]string{"host": "h", "content-length": "3"}, []byte("abc")),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, event []byte) {
		var log safeBuffer
		logger := slog.New(slog.NewJSONHandler(&log, nil))
		act := func(_ context.Context, m trigger.Message) error {
			_, err := task.ParseRef(m.Job.Task.Application, m.Job.Task.ID)
			if upload, isUpload := strings.CutPrefix(m.Upload.Name, "uploads/"); err != nil && (!isUpload || upload == "") {
				t.Errorf("%+v is neither task nor upload", m)
			}
			return errors.New("again")
		}
		for _, q := range []lambda.Queue{{Bucket: "bucket"}, {Tasks: true}, {Bucket: "bucket", Tasks: true, Last: true}} {
			q.Function, q.Log = act, logger
			for _, failed := range lambda.Answer(t.Context(), q, event, logger).BatchItemFailures {
				if failed.ItemIdentifier == "" {
					t.Error("a failure names no message")
				}
			}
		}
		lambda.Answer(t.Context(), lambda.Deliveries{Log: logger, Function: func(_ context.Context, d trigger.Delivery) error {
			if _, err := webhook.ParseRef(d.Ref.Application, d.Ref.Row); err != nil {
				t.Errorf("%+v is no delivery", d)
			}
			return errors.New("again")
		}}, event, logger)
		lambda.Answer(t.Context(), lambda.OnTick(func(context.Context, trigger.Tick) error { return nil }), event, logger)
		lambda.Request(t.Context(), http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if r.URL.Host != "" || r.Method == "" {
				t.Errorf("%s %v", r.Method, r.URL)
			}
			if n, err := io.Copy(io.Discard, r.Body); err != nil || n != r.ContentLength {
				t.Errorf("%d bytes of %d, %v", n, r.ContentLength, err)
			}
		}), event, logger)
		for _, name := range log.events() {
			if name != logevent.InvocationMalformed && name != logevent.InvocationFailed {
				t.Errorf("logged %q", log.String())
			}
		}
	})
}
