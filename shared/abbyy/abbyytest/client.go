// Package abbyytest is a client of each version of the ABBYY Cloud OCR SDK that was written from its documentation and is strict
// about every detail that some client of the real service needs: order of attributes and fields, times, media types, headers and the
// first status. Run holds a service to all of it, wherever it runs. Nothing here knows the program that is tested.
package abbyytest

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Service is where the interface is, and what is sent to it.
type Service struct {
	Base           string // address to which clients add a slash and the name of a method, without a slash at its end
	Slashes        string // the same for a client that doubles the slash; empty where the host does not let such paths through
	User, Password string
	Picture        []byte                    // one clean page in English
	MediaType      string                    // of the picture
	Word           string                    // of its text; empty if nothing reads it
	Transport      http.RoundTripper         // nil for the usual one
	Wait           func(ctx context.Context) // between two looks at a task; nil for a tenth of a second
}

// Task is a task as a client reads it.
type Task struct {
	ID, Status, Error, Description string
	Registered, Changed            time.Time
	Files                          int
	Links                          []string
}

// version is how the two versions differ.
type version struct {
	name     string
	prefix   string
	change   string // verb of deleteTask and processDocument
	task     func(status int, header http.Header, body []byte) ([]Task, error)
	refusal  func(header http.Header, body []byte) (refusal, error)
	refused  int // status of wrong parameters
	unread   int // status of a file that is none
	tooLarge int // status of a file that is too large
}

// refusal is an error as a client reads it.
type refusal struct{ Code, Message, Detail, Target string }

func versions() []version {
	return []version{
		{name: "v1", change: http.MethodGet, task: readXML, refusal: readXMLError, refused: 450, unread: 551, tooLarge: 450},
		{name: "v2", prefix: "/v2", change: http.MethodPost, task: readJSON, refusal: readJSONError, refused: 400, unread: 400, tooLarge: 413},
	}
}

// client calls methods of one version.
type client struct {
	Service
	version
	t *testing.T
}

// request is a call as it is sent.
type request struct {
	base   string // other than the usual one
	verb   string
	method string // with the query
	header map[string]string
	body   io.Reader
	length int64 // of the body; -1 to send it in chunks
}

// send returns status, header and body of the answer.
func (c *client) send(r request) (int, http.Header, []byte) {
	c.t.Helper()
	base := r.base
	if base == "" {
		base = c.Base + c.prefix + "/"
	}
	q, err := http.NewRequestWithContext(c.t.Context(), r.verb, base+r.method, r.body)
	if err != nil {
		c.t.Fatal(err)
	}
	if r.body != nil {
		q.ContentLength = r.length
	}
	q.Header.Set("User-Agent", "abbyytest")
	q.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(c.User+":"+c.Password)))
	for name, value := range r.header {
		if value == "" {
			q.Header.Del(name)
		} else {
			q.Header.Set(name, value)
		}
	}
	return c.round(q)
}

func (c *client) round(q *http.Request) (int, http.Header, []byte) {
	c.t.Helper()
	h := http.Client{Transport: c.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := h.Do(q)
	if err != nil {
		c.t.Fatalf("%s %s: %v", q.Method, q.URL.Path, err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		c.t.Fatalf("%s %s: %v", q.Method, q.URL.Path, err)
	}
	if answer.ContentLength >= 0 {
		answer.Header.Set("Content-Length", strconv.FormatInt(answer.ContentLength, 10))
	}
	return answer.StatusCode, answer.Header, body
}

// plain is a transport that asks for no compression by itself, and waits for a server that was asked whether to go on.
func plain() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DisableCompression, t.ExpectContinueTimeout = true, time.Minute
	return t
}

// tasks calls a method that answers with tasks.
func (c *client) tasks(r request) []Task {
	c.t.Helper()
	status, header, body := c.send(r)
	tasks, err := c.task(status, header, body)
	if err != nil {
		c.t.Fatalf("%s %s: %v\nstatus %d, %v\n%.2000s", r.verb, r.method, err, status, header, body)
	}
	return tasks
}

// one calls a method that answers with one task, which must have one of the statuses.
func (c *client) one(r request, statuses ...string) Task {
	c.t.Helper()
	tasks := c.tasks(r)
	if len(tasks) != 1 || len(statuses) > 0 && !slices.Contains(statuses, tasks[0].Status) {
		c.t.Fatalf("%s %s: answered %+v, want one task that is %s", r.verb, r.method, tasks, strings.Join(statuses, " or "))
	}
	return tasks[0]
}

// refusedAs calls a method that must refuse.
func (c *client) refusedAs(r request, want int) refusal {
	c.t.Helper()
	status, header, body := c.send(r)
	if status != want {
		c.t.Errorf("%s %s: status %d, want %d: %.500s", r.verb, r.method, status, want, body)
	}
	got, err := c.refusal(header, body)
	if err != nil {
		c.t.Fatalf("%s %s: %v: %.2000s", r.verb, r.method, err, body)
	}
	return got
}

// upload is a call with the picture as its body.
func (c *client) upload(method string) request {
	return request{verb: http.MethodPost, method: method, body: strings.NewReader(string(c.Picture)), length: int64(len(c.Picture))}
}

// get is a call without a body.
func get(method string) request { return request{verb: http.MethodGet, method: method} }

// changing is a call that deletes or begins something.
func (c *client) changing(method string) request { return request{verb: c.change, method: method} }

// ended waits for the end of a task, which must be one that is wanted.
func (c *client) ended(id, want string) Task {
	c.t.Helper()
	for {
		t := c.one(get("getTaskStatus?taskId="+id), "Queued", "InProgress", want)
		if t.Status == want {
			return t
		}
		if c.Wait != nil {
			c.Wait(c.t.Context())
			continue
		}
		timer := time.NewTimer(100 * time.Millisecond)
		select {
		case <-c.t.Context().Done():
			c.t.Fatal("the test ended before the task")
		case <-timer.C:
		}
	}
}

// idForm is what clients take for the id of a task.
var idForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// linkForm is what a link may hold: no shell, no regular expression and no XML acts on it.
var linkForm = regexp.MustCompile(`^https?://[A-Za-z0-9._~:/%?=-]+$`)

// check refuses a task that some client would not understand. active says whether the answer told how long to wait.
func (t Task) check(active bool) error {
	switch {
	case !idForm.MatchString(t.ID) || strings.Contains(t.ID, "00000000"):
		return fmt.Errorf("the id %q is none", t.ID)
	case !slices.Contains([]string{"Submitted", "Queued", "InProgress", "Completed", "ProcessingFailed", "Deleted", "NotEnoughCredits"}, t.Status):
		return fmt.Errorf("the status %q is not known", t.Status)
	case t.Changed.Before(t.Registered):
		return fmt.Errorf("changed at %s, before it was registered at %s", t.Changed, t.Registered)
	case t.Files < 1:
		return fmt.Errorf("it has %d files", t.Files)
	case (t.Error != "") != (t.Status == "ProcessingFailed"):
		return fmt.Errorf("%s with the error %q", t.Status, t.Error)
	case (len(t.Links) > 0) != (t.Status == "Completed") || len(t.Links) > 3:
		return fmt.Errorf("%s with %d links", t.Status, len(t.Links))
	case active != (t.Status == "Queued" || t.Status == "InProgress"):
		return fmt.Errorf("%s, and a time to wait is told: %v", t.Status, active)
	}
	for _, l := range t.Links {
		if !linkForm.MatchString(l) {
			return fmt.Errorf("careless clients break the link %q", l)
		}
	}
	return nil
}
