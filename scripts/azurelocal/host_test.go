package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/scripts/azurelocal/stack"
	"github.com/lethe-ocr/lethe/scripts/stamptest"
)

// everyFiveSeconds is a schedule for tests.
const everyFiveSeconds = "*/5 * * * * *"

func TestRealHostPassesClientsRequests(t *testing.T) {
	s := startStandin(t, func(c *stack.Config) { c.Tools.Extension = ""; c.Schedule = everyFiveSeconds })
	t.Logf("the host answered after %s", s.began)
	if s.BlobTrigger() {
		t.Error("blob trigger without the extension")
	}

	t.Run("routes of functions are closed", func(t *testing.T) {
		for _, name := range []string{"ocr", "requeue", "poison", "retention"} {
			for _, path := range []string{"/" + name, "/" + strings.ToUpper(name), "/./" + name, "/x/../" + name, "/%" + hexOf(name[0]) + name[1:], s.URL() + "/" + name} {
				res := s.ask(t, http.MethodPost, path, nil, "{}")
				if res.StatusCode != http.StatusNotFound || res.Header.Get("X-Path") != "" {
					t.Errorf("POST %s: %d from %q, want 404 from the host", path, res.StatusCode, res.Header.Get("X-Path"))
				}
			}
		}
	})
	t.Run("other paths reach the API", func(t *testing.T) {
		for path, want := range map[string]string{
			"/v1/tasks": "/v1/tasks", "/retention/": "/retention/", "/ocr%2f": "/ocr%252f", "/ocrs": "/ocrs",
			"/v1/retention": "/v1/retention", "/v2//listTasks": "/v2//listTasks", "/%E2%82%AC": "/%E2%82%AC",
		} {
			// A client that has its hop's headers removed must not pass for the host.
			res := s.ask(t, http.MethodPost, path, http.Header{"Connection": {"X-Forwarded-For, X-Forwarded-Host"}, "User-Agent": {"Azure-Functions-Host/4"}}, "body")
			if res.StatusCode != http.StatusTeapot || res.Header.Get("X-Path") != want || res.text != "4" {
				t.Errorf("POST %s: %d, path %q, %q", path, res.StatusCode, res.Header.Get("X-Path"), res.text)
			}
		}
	})
	t.Run("the page is at the root, where the host has one of its own", func(t *testing.T) {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
			if res := s.ask(t, method, "/", nil, ""); res.Header.Get("X-Path") != "/" {
				t.Errorf("%s / is answered by the host: %d", method, res.StatusCode)
			}
		}
	})
	t.Run("every method", func(t *testing.T) {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions} {
			if res := s.ask(t, method, "/v1", nil, ""); res.Header.Get("X-Method") != method {
				t.Errorf("%s arrived as %q with %d", method, res.Header.Get("X-Method"), res.StatusCode)
			}
		}
	})
	t.Run("ranges", func(t *testing.T) {
		res := s.ask(t, http.MethodGet, "/content", http.Header{"Range": {"bytes=2-4"}}, "")
		if res.StatusCode != http.StatusPartialContent || res.text != "234" {
			t.Errorf("range: %d %q", res.StatusCode, res.text)
		}
		res = s.ask(t, http.MethodHead, "/content", nil, "")
		if res.StatusCode != http.StatusOK || res.Header.Get("Content-Length") != "10" {
			t.Errorf("HEAD: %d, length %q", res.StatusCode, res.Header.Get("Content-Length"))
		}
	})
	t.Run("answers stream", func(t *testing.T) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+"/stream", nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		lines := bufio.NewReader(res.Body)
		first, err := lines.ReadString('\n') // comes while the answer is not at its end
		if err != nil || first != "first\n" {
			t.Fatalf("first line %q, %v", first, err)
		}
		s.ask(t, http.MethodPost, "/release", nil, "")
		if last, err := lines.ReadString('\n'); err != nil || last != "last\n" {
			t.Errorf("last line %q, %v", last, err)
		}
	})
	t.Run("a body of 35 MB", func(t *testing.T) {
		body := strings.Repeat("x", 35<<20)
		if res := s.ask(t, http.MethodPut, "/v1", http.Header{"Expect": {"100-continue"}}, body); res.text != "36700160" {
			t.Errorf("%d bytes arrived: %s", res.StatusCode, res.text)
		}
	})
	t.Run("the timer calls the function", func(t *testing.T) {
		s.awaitCalls(t, 2, "Sweep", "")
		call := s.awaitCalls(t, 1, "Request", "POST /retention")[0]
		for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Host"} {
			if call.Header.Get(name) != "" {
				t.Errorf("an invocation carries %s", name)
			}
		}
		s.awaitCalls(t, 1, "PassWhenDue", "")
	})
}

// hexOf is the percent-encoding of a character, without the percent sign.
func hexOf(c byte) string { return string("0123456789abcdef"[c>>4]) + string("0123456789abcdef"[c&15]) }

func TestRealHostInvokesForBlobs(t *testing.T) {
	needExtension(t)
	s := startStandin(t, func(*stack.Config) {})
	t.Logf("the host answered after %s", s.began)

	t.Run("an upload is a reference", func(t *testing.T) {
		began := time.Now()
		s.put(t, "uploads", "2026112409/app/first/1", bytes.Repeat([]byte("canary"), 1<<20))
		s.awaitCalls(t, 1, "Process", "uploads/2026112409/app/first/1")
		t.Logf("first invocation %s after the upload began (the forwarder looks every 200 ms)", time.Since(began))
		body := s.called(t, "Request", "POST /ocr")[0].Body
		var p struct{ Data map[string]json.RawMessage }
		if err := json.Unmarshal([]byte(body), &p); err != nil || p.Data["blob"][0] != '{' {
			t.Errorf("the host sent content in place of a reference: %.100s", body)
		}
	})
	t.Run("names with every legal character", func(t *testing.T) {
		for _, name := range oddNames() {
			s.put(t, "uploads", name, []byte("x"))
		}
		for _, name := range oddNames() {
			s.awaitCalls(t, 1, "Landed", "uploads/"+strings.ReplaceAll(name, `\`, "/")) // as the blob service does
		}
	})
	t.Run("a permanent fault is a success", func(t *testing.T) {
		s.put(t, "uploads", "permanent", []byte("x"))
		s.awaitCalls(t, 1, "Landed", "uploads/permanent")
		s.put(t, "uploads", "after-permanent", []byte("x"))
		s.awaitCalls(t, 1, "Landed", "uploads/after-permanent")
		if n := len(s.called(t, "Landed", "uploads/permanent")); n != 1 {
			t.Errorf("%d calls, want 1", n)
		}
	})
	t.Run("a transient fault is tried five times and then poison", func(t *testing.T) {
		for _, name := range []string{"transient", "panic"} {
			s.put(t, "uploads", name, []byte("x"))
			s.awaitCalls(t, 1, "GiveUp", "uploads/"+name)
			if n := len(s.called(t, "Landed", "uploads/"+name)); n != 6 {
				t.Errorf("%s: %d calls, want five tries and one for the poison", name, n)
			}
		}
	})
	t.Run("queue messages of both kinds", func(t *testing.T) {
		const id = "01981de2-7b00-7000-8000-000000000001"
		s.send(t, "ocr-requeue", `{"app":"app","id":"`+id+`"}`)
		s.send(t, "ocr-requeue", `{"eventType":"Microsoft.Storage.BlobCreated","subject":"/blobServices/default/containers/uploads/blobs/by-queue"}`)
		s.send(t, "ocr-requeue", `{"DequeueCount":"spoofed","sys":{},"app":1}`)
		s.awaitCalls(t, 1, "Process", id)
		s.awaitCalls(t, 1, "Landed", "uploads/by-queue")
	})
	t.Run("blobs elsewhere", func(t *testing.T) {
		s.put(t, "results", "elsewhere", []byte("x"))
		s.put(t, "uploads", "after-elsewhere", []byte("x"))
		s.awaitCalls(t, 1, "Landed", "uploads/after-elsewhere")
		if n := len(s.called(t, "Landed", "results/elsewhere")); n != 0 {
			t.Error("a result is treated as an upload")
		}
	})
	t.Run("a program that dies is started again", func(t *testing.T) {
		s.put(t, "uploads", "crash-once", []byte("x"))
		s.awaitCalls(t, 1, "Process", "uploads/crash-once")
		before := s.Handler()
		if err := s.KillHandler(); err != nil {
			t.Fatal(err)
		}
		stamptest.Await(t, "another program runs", func() bool { return s.Handler() != 0 && s.Handler() != before })
		s.put(t, "uploads", "after-kill", []byte("x"))
		s.awaitCalls(t, 1, "Process", "uploads/after-kill")
	})
	t.Run("a host that dies is started again", func(t *testing.T) {
		s.KillHost()
		if pid := s.Handler(); pid != 0 {
			t.Errorf("program %d outlived its host", pid)
		}
		s.put(t, "uploads", "while-away", []byte("x"))
		began := time.Now()
		if err := s.StartHost(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.awaitCalls(t, 1, "Process", "uploads/while-away")
		t.Logf("host again and document processed after %s", time.Since(began))
	})
	t.Run("nothing of a document is in the log", func(t *testing.T) {
		for _, secret := range []string{"canary", "ünïcödé", "while-away", "code="} {
			if bytes.Contains(s.Log(), []byte(secret)) {
				t.Errorf("%s in the log of host and program", secret)
			}
		}
	})
}

func TestRealHostToleratesEventsOfAnyOrder(t *testing.T) {
	needExtension(t)
	s := startStandin(t, func(c *stack.Config) { c.Events = stack.Events{Copies: 2, Drop: 1, Delay: time.Second} })
	s.put(t, "uploads", "1-lost", []byte("x"))
	s.put(t, "uploads", "2-twice", []byte("x"))
	s.awaitCalls(t, 2, "Process", "uploads/2-twice")
	if n := len(s.called(t, "Landed", "uploads/1-lost")); n != 0 {
		t.Errorf("%d calls for a lost event", n)
	}
	if err := s.Tell(t.Context(), "gone"); err != nil {
		t.Errorf("event of a blob that is not there: %v", err)
	}
}

// The reason why nothing of a document runs in the program itself.
func TestRealHostStopsAfterThirdExit(t *testing.T) {
	needExtension(t)
	s := startStandin(t, func(*stack.Config) {})
	s.put(t, "uploads", "crash-always", []byte("x"))
	select {
	case <-s.Ended():
	case <-time.After(90 * time.Second):
		t.Fatal("the host runs on")
	}
	if n := len(s.called(t, "Landed", "uploads/crash-always")); n != 3 {
		t.Errorf("the host ended after %d exits, want 3", n)
	}
}

type answer struct {
	*http.Response
	text string
}

// ask sends a request as it is: the path is not cleaned.
func (s *standin) ask(t *testing.T, method, path string, header http.Header, body string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL(), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.URL.Opaque = path
	for name, values := range header {
		req.Header[name] = values
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	return answer{res, string(text)}
}

// oddNames are blob names that something on the way could read as more than a name.
func oddNames() []string {
	return []string{
		"plain", "with space", "ünïcödé-€-日本", "emoji-😀", "percent%41", "percent%2Fslash", "plus+and&amp", "question?mark", "hash#tag",
		`quote"quote`, `back\slash`, "semi;colon", "a//b", "dots..dots", "~!@$&'()*,:=[]{}|^`<>", `{"name":"x"}`, `"text"`, "123", "null", "true",
		`[1]`, "2026-11-24T09:43:50Z", "tab\ttab", "uploads/uploads/x", strings.Repeat("long", 200),
	}
}
