package httpserver_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/httpserver"
)

func TestEveryCodeHasItsStatus(t *testing.T) {
	special := map[fault.Code]int{
		fault.BadRequest: 400, fault.MethodNotAllowed: 405, fault.ETagMismatch: 412, fault.StorageFull: 507, fault.UploadTooSlow: 408,
		fault.RangeUnsatisfiable: 416,
	}
	byKind := map[fault.Kind]int{
		fault.Invalid: 422, fault.Unauthenticated: 401, fault.Forbidden: 403, fault.NotFound: 404, fault.Gone: 410, fault.Conflict: 409,
		fault.TooLarge: 413, fault.Unsupported: 415, fault.Document: 422, fault.Exhausted: 429, fault.Unavailable: 503, fault.Internal: 500,
	}
	for _, code := range fault.Codes() {
		want, ok := special[code]
		if !ok {
			want = byKind[code.Kind()]
		}
		p := httpserver.NewProblem(fmt.Errorf("context: %w", fault.New(code, "detail").In("field")))
		if p.Status != want || p.Code != code || p.Retryable != code.Retryable() || p.Title != http.StatusText(want) {
			t.Errorf("%s: %+v, want status %d", code, p, want)
		}
	}
}

func TestCausesStayOutOfProblems(t *testing.T) {
	cause := errors.New("secret-cause")
	for name, err := range map[string]error{
		"unclassified": cause,
		"wrapped":      fault.Wrap(cause, fault.StorageUnavailable, "storage did not answer"),
		"internal":     fault.Wrap(cause, fault.InternalError, "secret-cause"),
	} {
		body, jsonErr := json.Marshal(httpserver.NewProblem(err))
		if jsonErr != nil || strings.Contains(string(body), "secret-cause") {
			t.Errorf("%s: %s, %v", name, body, jsonErr)
		}
	}
}

func TestRetryAfterIsWholeSecondsRoundedUp(t *testing.T) {
	for after, want := range map[time.Duration]string{0: "", time.Millisecond: "1", time.Second: "1", 1001 * time.Millisecond: "2", time.Minute: "60"} {
		p := httpserver.NewProblem(fault.New(fault.RateLimited, "slow down").Retry(after))
		if got := p.GetHeaders().Get("Retry-After"); got != want {
			t.Errorf("%v: %q, want %q", after, got, want)
		}
	}
}

func TestPreferWait(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"":                             0,
		"wait=10":                      10 * time.Second,
		"Wait = 10":                    10 * time.Second,
		`wait="10"`:                    10 * time.Second,
		"respond-async, wait=10":       10 * time.Second,
		"wait=10; x=y, return=minimal": 10 * time.Second,
		"wait=10, wait=20":             10 * time.Second, // RFC 7240, section 2: the first one counts
		"wait=60":                      httpserver.MaxWait,
		"wait=61":                      httpserver.MaxWait,
		"wait=99999999999999999999":    httpserver.MaxWait,
		"wait=0":                       0,
		"wait=-1":                      0,
		"wait=1.5":                     0,
		"wait":                         0,
		"wait=":                        0,
		"waiting=10":                   0,
		"return=minimal":               0,
	} {
		if got := httpserver.PreferWait(header); got != want {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
}

func TestRequestIsHeldNoLongerThanItsOwnTimeAllows(t *testing.T) {
	if got := httpserver.Patience(t.Context(), time.Minute); got != time.Minute {
		t.Errorf("without an end: %v", got)
	}
	for left, want := range map[time.Duration]time.Duration{time.Hour: time.Minute, 40 * time.Second: 30 * time.Second, -time.Second: 0} {
		ctx, done := context.WithTimeout(t.Context(), left)
		if got := httpserver.Patience(ctx, time.Minute); got > want || got < want-time.Second {
			t.Errorf("with %v left: %v, want %v", left, got, want)
		}
		done()
	}
}

func FuzzPreferWait(f *testing.F) {
	for _, seed := range []string{"wait=10", `wait="5"; a=b, c`, "wait==1", ",,;", "wait=99999999999999999999"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		got := httpserver.PreferWait(header)
		if got < 0 || got > httpserver.MaxWait || got%time.Second != 0 {
			t.Errorf("waits %v", got)
		}
		if got > 0 && !strings.Contains(strings.ToLower(header), "wait") {
			t.Errorf("waits %v without having been asked to", got)
		}
	})
}

func TestNoneMatch(t *testing.T) {
	const tag = `"abc"`
	for header, want := range map[string]bool{
		"": false, `"abc"`: true, `W/"abc"`: true, `"x", "abc"`: true, ` "abc" `: true, "*": true, `"x"`: false, "abc": false, `"ABC"`: false,
	} {
		if got := httpserver.NoneMatch(header, tag); got != want {
			t.Errorf("%s: %v", header, got)
		}
	}
}

func FuzzNoneMatch(f *testing.F) {
	const tag = `"abc"`
	for _, seed := range []string{`"abc"`, `W/"abc"`, `W/W/"abc"`, `*`, `"a,b"`, `,,"abc`, " \t\"abc\"\t"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if got := httpserver.NoneMatch(header, tag); got && !strings.Contains(header, tag) && !strings.Contains(header, "*") {
			t.Errorf("matches without the tag")
		}
		if !httpserver.NoneMatch(header+", "+tag, tag) || !httpserver.NoneMatch("W/"+tag+","+header, tag) {
			t.Errorf("the tag is overlooked in a list")
		}
	})
}

// serve sends one request through the wrapper and returns the answer and the log.
func serve(t *testing.T, h http.HandlerFunc, r *http.Request) (*httptest.ResponseRecorder, string) {
	t.Helper()
	var log strings.Builder
	rec := httptest.NewRecorder()
	httpserver.Serve(h, slog.New(slog.NewJSONHandler(&log, nil)), time.Now).ServeHTTP(rec, r)
	return rec, log.String()
}

func TestStrictTransportIsAskedForOverTLSOnly(t *testing.T) {
	ok := func(http.ResponseWriter, *http.Request) {}
	for target, want := range map[string]bool{"http://x/": false, "https://x/": true} {
		rec, _ := serve(t, ok, httptest.NewRequest(http.MethodGet, target, nil))
		if got := rec.Header().Get("Strict-Transport-Security") != ""; got != want {
			t.Errorf("%s: %v", target, got)
		}
	}
}

func TestPanicAfterTheAnswerBeganIsOnlyLogged(t *testing.T) {
	rec, log := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusAccepted)
		panic("value")
	}, httptest.NewRequest(http.MethodGet, "/", nil))
	if rec.Code != 202 || rec.Body.Len() > 0 || !strings.Contains(log, "request.failed") || strings.Contains(log, `"value"`) {
		t.Errorf("status %d with %q; log %s", rec.Code, rec.Body, log)
	}
}

// The server must learn that an answer is cut off, and whoever watches that the request is over.
func TestAbortedHandlerStaysAborted(t *testing.T) {
	for status, abort := range map[int]http.HandlerFunc{
		0: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		http.StatusOK: func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "part of")
			panic(http.ErrAbortHandler)
		},
	} {
		var log strings.Builder
		var ends []string
		watch := func(r *http.Request) (context.Context, func(string, string, string, int)) {
			return r.Context(), func(_, _, code string, status int) { ends = append(ends, fmt.Sprint(code, " ", status)) }
		}
		func() {
			defer func() {
				if recover() != http.ErrAbortHandler { //nolint:errorlint // the documented way to compare it
					t.Error("the server does not learn that the answer was aborted")
				}
			}()
			httpserver.ServeWatched(abort, slog.New(slog.NewJSONHandler(&log, nil)), time.Now, watch).
				ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
		}()
		if want := fmt.Sprint("aborted ", status); !slices.Equal(ends, []string{want}) || !strings.Contains(log.String(), `"code":"aborted"`) {
			t.Errorf("ended %q; the log says %s", ends, log.String())
		}
	}
}

func TestMadeUpMethodIsNotLogged(t *testing.T) {
	_, log := serve(t, func(http.ResponseWriter, *http.Request) {}, httptest.NewRequest("SECRETWORD", "/secret-path?secret-query", nil))
	if strings.Contains(strings.ToLower(log), "secret") || !strings.Contains(log, `"method":"other"`) {
		t.Error(log)
	}
}

func TestStatusWithoutAWrittenAnswerIsLoggedAs200(t *testing.T) {
	_, log := serve(t, func(http.ResponseWriter, *http.Request) {}, httptest.NewRequest(http.MethodGet, "/", nil))
	if !strings.Contains(log, `"status":200`) {
		t.Error(log)
	}
}

func TestBodyThatBreaksOffIsNoFaultOfTheService(t *testing.T) {
	read := func(r *http.Request) error {
		_, err := io.ReadAll(r.Body)
		return err
	}
	for name, h := range map[string]http.HandlerFunc{
		"explained": func(w http.ResponseWriter, r *http.Request) {
			httpserver.Error(slog.New(slog.DiscardHandler))(w, r, fault.Wrap(read(r), fault.StorageUnavailable, "storage did not answer"))
		},
		"written": func(w http.ResponseWriter, r *http.Request) {
			if read(r) != nil {
				w.WriteHeader(http.StatusInternalServerError)
			}
		},
	} {
		broken := io.MultiReader(strings.NewReader("{}"), iotest.ErrReader(io.ErrUnexpectedEOF))
		rec, _ := serve(t, h, httptest.NewRequest(http.MethodPost, "/", broken))
		if rec.Code != http.StatusBadRequest {
			t.Errorf("%s: status %d", name, rec.Code)
		}
	}
}

func TestHeadersOfOneValueAreSentOnce(t *testing.T) {
	h := http.Header{"Document-Subject": {"a", "a"}, "Idempotency-Key": {"k"}}
	if err := httpserver.Once(h, "Idempotency-Key", "Document-Password"); err != nil {
		t.Error(err)
	}
	if e, _ := errors.AsType[*fault.Error](httpserver.Once(h, "document-subject")); e == nil || e.Field != "document-subject" {
		t.Errorf("%v", e)
	}
}
