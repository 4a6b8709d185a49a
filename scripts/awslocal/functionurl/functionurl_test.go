package functionurl_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/scripts/awslocal/functionurl"
)

// function answers events in a test.
type function func(ctx context.Context, event []byte) (io.ReadCloser, error)

func (f function) Invoke(ctx context.Context, event []byte) (io.ReadCloser, error) {
	return f(ctx, event)
}

// text is an answer that is all there.
func text(s string) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(s)), nil }

const end = "\x00\x00\x00\x00\x00\x00\x00\x00"

// serve runs the stand-in over the function.
func serve(t *testing.T, f function) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(&functionurl.Handler{Function: f, Region: "eu-central-1", Now: time.Now})
	t.Cleanup(s.Close)
	return s
}

// answer is what came back.
type answer struct {
	StatusCode int
	Header     http.Header
	Close      bool // the connection ends with it
}

// converse sends bytes as they are and returns the answer with its body.
func converse(t *testing.T, s *httptest.Server, request string) (answer, string) {
	t.Helper()
	var d net.Dialer
	conn, err := d.DialContext(t.Context(), "tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, res.Close}, string(body)
}

// received sends a request and returns the event that the function got of it.
func received(t *testing.T, request string) events.LambdaFunctionURLRequest {
	t.Helper()
	var got events.LambdaFunctionURLRequest
	s := serve(t, func(_ context.Context, event []byte) (io.ReadCloser, error) {
		if err := json.Unmarshal(event, &got); err != nil {
			t.Error(err)
		}
		return text(`{"statusCode":204}` + end)
	})
	if res, body := converse(t, s, request); res.StatusCode != http.StatusNoContent {
		t.Fatalf("status %d %s", res.StatusCode, body)
	}
	return got
}

func TestPathAndQueryAreAsTheyWereSent(t *testing.T) {
	for target, want := range map[string][2]string{
		"/":                                 {"/", ""},
		"/a%2Fb/../c//d?x=%31&y&x=+2":       {"/a%2Fb/../c//d", "x=%31&y&x=+2"},
		"/%E2%82%AC?":                       {"/%E2%82%AC", ""},
		"http://elsewhere.example/p%41?q=1": {"/p%41", "q=1"},
	} {
		e := received(t, "GET "+target+" HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
		if got := [2]string{e.RawPath, e.RawQueryString}; got != want {
			t.Errorf("%s arrived as %q, want %q", target, got, want)
		}
	}
	e := received(t, "GET /?a=1&b=%20x&a=2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
	if diff := cmp.Diff(map[string]string{"a": "1,2", "b": " x"}, e.QueryStringParameters); diff != "" {
		t.Errorf("parameters (-want +got):\n%s", diff)
	}
	s := serve(t, func(context.Context, []byte) (io.ReadCloser, error) { return text(`{"statusCode":204}` + end) })
	if res, _ := converse(t, s, "OPTIONS * HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"); res.StatusCode == http.StatusNoContent {
		t.Error("a target without a path reached the function")
	}
}

func TestHeadersAreLowerCaseAndJoinedAndCookiesApart(t *testing.T) {
	e := received(t, "GET / HTTP/1.1\r\nHost: the-host\r\nX-Many: 1\r\nx-many: 2,3\r\nAUTHORIZATION: Basic x\r\nCookie: a=1; b=2\r\nCookie: c=3\r\n"+
		"X-Forwarded-For: 8.8.8.8\r\nKeep-Alive: 5\r\nConnection: close\r\n\r\n")
	want := map[string]string{
		"host": "the-host", "x-many": "1,2,3", "authorization": "Basic x",
		"x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "https", "x-forwarded-port": "443",
	}
	if diff := cmp.Diff(want, e.Headers); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"a=1", "b=2", "c=3"}, e.Cookies); diff != "" {
		t.Errorf("cookies (-want +got):\n%s", diff)
	}
	if e.Version != "2.0" || e.RequestContext.HTTP.Method != http.MethodGet || e.RequestContext.RequestID == "" {
		t.Errorf("event of version %q, context %+v", e.Version, e.RequestContext)
	}
}

func TestWhatIsNoTextTravelsInBase64(t *testing.T) {
	const body = "\x89PNG\xff"
	for header, binary := range map[string]bool{
		"Content-Type: image/png": true, "X-None: 1": true, "Content-Type: application/pdf": true, "Content-Type: application/problem+json": true,
		"Content-Type: text/plain; charset=utf-8": false, "Content-Type: application/json": false, "Content-Type: application/xml": false,
		"Content-Type: application/json\r\nContent-Encoding: gzip": true,
	} {
		e := received(t, fmt.Sprintf("POST / HTTP/1.1\r\nHost: h\r\n%s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", header, len(body), body))
		got := e.Body
		if e.IsBase64Encoded {
			decoded, err := base64.StdEncoding.DecodeString(e.Body)
			if err != nil {
				t.Error(err)
			}
			got = string(decoded)
		}
		want := strings.ReplaceAll(body, "\xff", "\ufffd")
		want = strings.ReplaceAll(want, "\x89", "\ufffd")
		if binary {
			want = body
		}
		if e.IsBase64Encoded != binary || got != want || e.Headers["content-length"] != "5" {
			t.Errorf("%q: body %q, in Base64 %t, length %q", header, got, e.IsBase64Encoded, e.Headers["content-length"])
		}
	}
	if e := received(t, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"); e.IsBase64Encoded || e.Body != "" {
		t.Errorf("no body arrived as %+v", e)
	}
	chunked := received(t, "POST / HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")
	if chunked.Body != "abc" || chunked.Headers["content-length"] != "3" || chunked.Headers["transfer-encoding"] != "" {
		t.Errorf("chunks arrived as %+v", chunked)
	}
}

// The size is that of the whole event, so that a binary body may have a quarter less than a text.
func TestAnEventOfMoreThan6MBIsRefused(t *testing.T) {
	calls := 0
	s := serve(t, func(_ context.Context, event []byte) (io.ReadCloser, error) {
		calls++
		if len(event) > functionurl.MaxEvent {
			t.Errorf("an event of %d bytes", len(event))
		}
		return text(`{"statusCode":204}` + end)
	})
	for _, c := range []struct {
		kind string
		size int
		want int
	}{
		{"text/plain", 6<<20 - 4096, http.StatusNoContent}, {"text/plain", 6 << 20, http.StatusRequestEntityTooLarge},
		{"image/png", 4_400_000, http.StatusNoContent}, {"image/png", 4_716_000, http.StatusNoContent}, {"image/png", 4_720_000, http.StatusRequestEntityTooLarge},
		{"image/png", 9 << 20, http.StatusRequestEntityTooLarge},
	} {
		before := calls
		res, err := http.Post(s.URL, c.kind, bytes.NewReader(bytes.Repeat([]byte("x"), c.size))) //nolint:noctx // the test ends it
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != c.want || (calls == before) != (c.want == http.StatusRequestEntityTooLarge) {
			t.Errorf("%d bytes of %s: %d with %d calls", c.size, c.kind, res.StatusCode, calls-before)
		}
	}
}

func TestBodyThatDoesNotArriveIsRefused(t *testing.T) {
	s := serve(t, func(context.Context, []byte) (io.ReadCloser, error) {
		t.Error("the function was called")
		return text(`{"statusCode":204}` + end)
	})
	for request, want := range map[string]int{
		"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n":    http.StatusBadRequest,
		"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4611686018427387904\r\n\r\n": http.StatusRequestEntityTooLarge,
	} {
		if res, body := converse(t, s, request); res.StatusCode != want || res.Header.Get("X-Amzn-ErrorType") == "" || !res.Close {
			t.Errorf("%q was answered with %d %s", request, res.StatusCode, body)
		}
	}
}

func TestAnswerIsWhatThePreludeSays(t *testing.T) {
	s := serve(t, func(context.Context, []byte) (io.ReadCloser, error) {
		return text(`{"statusCode":201,"headers":{"content-type":"text/plain","x-own":"1","content-length":"3","WWW-Authenticate":"Basic"},"cookies":["a=1","b=2; Secure"]}` + end + "\x00body" + end)
	})
	res, body := converse(t, s, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
	if res.StatusCode != http.StatusCreated || body != "\x00body"+end {
		t.Errorf("status %d, body %q", res.StatusCode, body)
	}
	for name, want := range map[string]string{
		"Content-Type": "text/plain", "X-Own": "1", "X-Amzn-Remapped-Content-Length": "3", "X-Amzn-Remapped-WWW-Authenticate": "Basic", "Www-Authenticate": "",
	} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if diff := cmp.Diff([]string{"a=1", "b=2; Secure"}, res.Header.Values("Set-Cookie")); diff != "" {
		t.Errorf("cookies (-want +got):\n%s", diff)
	}
}

func TestAnswerWithoutItsPreludeIsAFailure(t *testing.T) {
	for _, said := range []string{
		"", "{}", `{"statusCode":200}`, `{"statusCode":200}` + end[1:], "plain text" + end, `{"statusCode":"200"}` + end, `{"statusCode":0}` + end,
		`{"statusCode":200,"headers":{"a":["b"]}}` + end, `{"statusCode":200,"multiValueHeaders":{}}` + end,
		`{"errorMessage":"secret","errorType":"errorString"}`, strings.Repeat("x", 1<<20),
	} {
		s := serve(t, func(context.Context, []byte) (io.ReadCloser, error) { return text(said) })
		res, body := converse(t, s, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
		if res.StatusCode != http.StatusBadGateway || strings.Contains(body, "secret") {
			t.Errorf("%.60q was answered with %d %q", said, res.StatusCode, body)
		}
	}
}

func TestAnswerStreams(t *testing.T) {
	answer, program := io.Pipe()
	s := serve(t, func(context.Context, []byte) (io.ReadCloser, error) { return answer, nil })
	go func() {
		for _, part := range []string{`{"statusCode":200}` + end[:3], end[3:] + "first\n"} {
			_, _ = io.WriteString(program, part) // the reader says what is missing
		}
	}()
	res, err := http.Get(s.URL) //nolint:noctx // the test ends it
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewReader(res.Body)
	if first, err := lines.ReadString('\n'); err != nil || first != "first\n" { // the answer is not at its end
		t.Fatalf("first line %q, %v", first, err)
	}
	go func() { _ = program.CloseWithError(errors.New("the function fails")) }()
	if rest, err := io.ReadAll(lines); err == nil {
		t.Errorf("an answer that failed in the middle ended well, after %q", rest)
	}
}

func TestFunctionThatDoesNotAnswerHasAStatusOfItsOwn(t *testing.T) {
	for name, c := range map[string]struct {
		f    function
		want int
	}{
		"no free instance": {func(context.Context, []byte) (io.ReadCloser, error) { return nil, functionurl.ErrThrottled }, http.StatusTooManyRequests},
		"failed":           {func(context.Context, []byte) (io.ReadCloser, error) { return nil, errors.New("failed") }, http.StatusBadGateway},
		"too long": {func(ctx context.Context, _ []byte) (io.ReadCloser, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}, http.StatusGatewayTimeout},
	} {
		s := httptest.NewServer(&functionurl.Handler{Function: c.f, Now: time.Now, Limit: time.Millisecond})
		res, err := http.Get(s.URL) //nolint:noctx // the test ends it
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		s.Close()
		if res.StatusCode != c.want {
			t.Errorf("%s: %d, want %d", name, res.StatusCode, c.want)
		}
	}
}

// The limit is the platform's unless a test says otherwise.
func TestAnInvocationHas15Minutes(t *testing.T) {
	began := time.Now()
	s := serve(t, func(ctx context.Context, _ []byte) (io.ReadCloser, error) {
		if at, ok := ctx.Deadline(); !ok || at.Before(began.Add(15*time.Minute)) || at.After(time.Now().Add(15*time.Minute)) {
			t.Errorf("deadline %s after the beginning", at.Sub(began))
		}
		return text(`{"statusCode":204}` + end)
	})
	if res, _ := converse(t, s, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"); res.StatusCode != http.StatusNoContent {
		t.Errorf("status %d", res.StatusCode)
	}
}
