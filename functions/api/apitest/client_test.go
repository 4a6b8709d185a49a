// Tests of the client against the interface as it is: what is broken is broken on the way.

package apitest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/functions/api/apitest"
	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/request"
	"github.com/lethe-ocr/lethe/shared/request/requesttest"
	"github.com/lethe-ocr/lethe/shared/task"
)

func start(t *testing.T) (*apitest.Server, *client.Client) {
	t.Helper()
	s := apitest.Start(t)
	return s, dial(t, s, s.Secret)
}

func dial(t *testing.T, s *apitest.Server, secret string) *client.Client {
	t.Helper()
	c, err := client.New(client.Config{URL: s.URL, Application: s.App, Secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// text is a document that is opened as often as it must be sent.
func text(s string) client.Source {
	return func() (io.ReadCloser, int64, error) { return io.NopCloser(strings.NewReader(s)), int64(len(s)), nil }
}

// create makes a task that waits for its document.
func create(t *testing.T, c *client.Client) *client.Task {
	t.Helper()
	made, err := c.Create(t.Context(), client.Settings{}, "")
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// send makes a task and uploads a document.
func send(t *testing.T, c *client.Client, document string) *client.Task {
	t.Helper()
	made := create(t, c)
	if err := c.Upload(t.Context(), made, text(document)); err != nil {
		t.Fatal(err)
	}
	return made
}

func problem(t *testing.T, err error) *client.Problem {
	t.Helper()
	p, ok := errors.AsType[*client.Problem](err)
	if !ok {
		t.Fatalf("got %v, want a problem", err)
	}
	return p
}

// fetched asserts what the text of a result is.
func fetched(t *testing.T, c *client.Client, id, want string) {
	t.Helper()
	var result bytes.Buffer
	n, err := c.Fetch(t.Context(), id, "txt", &result)
	if err != nil || strings.TrimSpace(result.String()) != want || n != int64(result.Len()) {
		t.Errorf("Fetch = %d, %v: %q", n, err, result.String())
	}
}

func TestDocumentGoesItsWholeWay(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	made := send(t, c, "a slow letter")
	var seen []string
	done, err := c.Follow(t.Context(), made.ID, func(v *client.Task) {
		if v.State == string(task.InProgress) && !slices.Contains(seen, v.State) {
			s.Release()
		}
		seen = append(seen, v.State)
	})
	if err != nil || done.State != string(task.Completed) || done.Pages.Done != 1 || !slices.Contains(seen, string(task.InProgress)) {
		t.Fatalf("Follow = %+v, %v after %v", done, err, seen)
	}
	for i, call := range s.Calls("GET /v1/tasks/" + made.ID) {
		if (call.Prefer == "") != (i == 0) {
			t.Errorf("call %d of following has the preference %q: only the first lets the server not hold its answer", i, call.Prefer)
		}
	}
	fetched(t, c, made.ID, "a slow letter")
	gone, err := c.Erase(t.Context(), made.ID)
	if err != nil || gone.Erased.IsZero() {
		t.Errorf("Erase = %+v, %v", gone, err)
	}
	_, err = c.Get(t.Context(), made.ID, 0)
	if p := problem(t, err); p.Status != http.StatusGone || p.Code != "task_erased" {
		t.Errorf("an erased task answers %v", p)
	}
}

func TestBusyServerIsAskedAgainWhenItSays(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	s.Break("POST /v1/tasks", 2, apitest.Busy(time.Second))
	create(t, c)
	calls := s.Calls("POST /v1/tasks")
	if len(calls) != 3 {
		t.Fatalf("%d calls, want 3", len(calls))
	}
	for i := 1; i < len(calls); i++ {
		if waited := calls[i].At.Sub(calls[i-1].At); waited < time.Second {
			t.Errorf("call %d came after %v, the server asked for 1s", i, waited)
		}
	}
	if made := s.List(); len(made) != 1 {
		t.Errorf("%d tasks were made, want 1", len(made))
	}
}

// The key of a call makes one task of it, however often its answer is lost.
func TestLostAnswerMakesNoSecondTask(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	s.Break("POST /v1/tasks", 2, apitest.Lost)
	made := create(t, c)
	if all := s.List(); len(all) != 1 || all[0].Ref.ID != made.ID {
		t.Errorf("%d tasks were made, want 1", len(all))
	}
}

func TestRefusalIsNotRepeated(t *testing.T) {
	t.Parallel()
	s := apitest.Start(t)
	_, err := dial(t, s, "wrong").Get(t.Context(), "0198c5a2-6d1e-7c3b-9a51-2f0f6b1f7d55", 0)
	if p := problem(t, err); p.Status != http.StatusUnauthorized {
		t.Errorf("got %v, want 401", p)
	}
	if n := len(s.Calls("GET")); n != 1 {
		t.Errorf("%d calls, want 1", n)
	}
}

func TestInterruptionEndsAtOnce(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	s.Break("GET", 1, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		apitest.Busy(time.Minute)(w, r, server)
		time.AfterFunc(50*time.Millisecond, cancel)
	})
	if _, err := c.Get(ctx, "0198c5a2-6d1e-7c3b-9a51-2f0f6b1f7d55", 0); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want Canceled", err)
	}
}

func TestBatchKeepsOrderAndProblems(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	results, err := c.CreateBatch(t.Context(), []client.BatchItem{
		{Key: "a"},
		{Key: "b", Settings: client.Settings{Languages: []string{"xxx"}}},
		{Key: "c"},
		{Key: "a"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if results[0].Task.ID == results[2].Task.ID || results[0].Task.ID != results[3].Task.ID {
		t.Error("keys and tasks do not belong together")
	}
	if p := results[1].Problem; p == nil || p.Code != "language_unknown" {
		t.Errorf("second item: %v, want language_unknown", p)
	}
}

func TestListGoesFromPageToPage(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	var want, ids []string
	for range 5 {
		want = append(want, send(t, c, "a letter").ID)
	}
	for after := ""; ; {
		page, next, err := c.List(t.Context(), "Completed", after, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, task := range page {
			ids = append(ids, task.ID)
		}
		if after = next; after == "" {
			break
		}
	}
	if diff := cmp.Diff(want, ids); diff != "" {
		t.Errorf("tasks listed (-want +got):\n%s", diff)
	}
}

func TestEraseWaitsForWorkers(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	made := send(t, c, "a letter")
	s.Break("DELETE", 1, apitest.Held)
	gone, err := c.Erase(t.Context(), made.ID)
	if err != nil || gone.Erased.IsZero() {
		t.Fatalf("Erase = %+v, %v", gone, err)
	}
	calls := s.Calls("DELETE")
	if len(calls) != 2 || calls[1].At.Sub(calls[0].At) < time.Second {
		t.Errorf("calls %v: want a second one after Retry-After", calls)
	}
}

func TestUploadOutlivesFaultsAndIsStoredOnce(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]apitest.Fault{
		"expired link": apitest.Status(http.StatusForbidden),
		"lost answer":  apitest.Lost,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, c := start(t)
			s.Break("PUT /uploads/", 1, fault)
			made := send(t, c, "a slow letter") // it is there still when it is sent again
			s.Release()
			if _, err := c.Follow(t.Context(), made.ID, func(*client.Task) {}); err != nil {
				t.Fatal(err)
			}
			fetched(t, c, made.ID, "a slow letter")
			if n := s.Uploaded(); n != 1 {
				t.Errorf("%d uploads were stored, want 1", n)
			}
		})
	}
}

func TestUploadWithoutALinkAsksForOne(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	known, err := c.Get(t.Context(), create(t, c).ID, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Upload(t.Context(), known, text("a letter")); err != nil {
		t.Fatal(err)
	}
	if n := s.Uploaded(); n != 1 {
		t.Errorf("%d uploads, want 1", n)
	}
}

func TestEmptyDocumentIsSentWithItsLength(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	made := send(t, c, "")
	if got, err := c.Get(t.Context(), made.ID, 0); err != nil || got.Failure == nil || got.Failure.Code != "document_empty" || s.Uploaded() != 1 {
		t.Errorf("%+v, %v with %d uploads", got, err, s.Uploaded())
	}
}

func TestResultThatEndsEarlyIsAnError(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	made := send(t, c, "a letter")
	s.Break("GET /results/", 1, apitest.Half)
	var half bytes.Buffer
	if n, err := c.Fetch(t.Context(), made.ID, "txt", &half); !errors.Is(err, client.ErrUnreachable) || n != int64(half.Len()) || n == 0 {
		t.Errorf("Fetch = %d, %v", n, err)
	}
}

// full is a disk without room.
type full struct{}

// Write implements io.Writer.
func (full) Write([]byte) (int, error) { return 0, errors.New("no room") }

func TestWriterThatFailsIsNotTheServersFault(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	made := send(t, c, "a letter")
	if _, err := c.Fetch(t.Context(), made.ID, "txt", full{}); err == nil || errors.Is(err, client.ErrUnreachable) {
		t.Errorf("got %v", err)
	}
}

// Whatever setting the server drops, it is found out before the document leaves.
func TestServerThatDropsASettingIsFoundOut(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	for _, f := range request.All() {
		wanted := requesttest.Only(t, f)
		if _, err := c.Create(t.Context(), wanted, ""); err != nil {
			t.Errorf("%s holds: %v", f.Name, err)
		}
		if f.WriteOnly {
			continue // it is not shown again
		}
		s.Break("POST /v1/tasks", 2, apitest.Drop(f.Name))
		_, one := c.Create(t.Context(), wanted, "")
		_, many := c.CreateBatch(t.Context(), []client.BatchItem{{Key: "free" + f.Name}, {Settings: wanted, Key: f.Name}})
		for _, err := range []error{one, many} {
			if dropped, ok := errors.AsType[*client.DroppedError](err); !ok || dropped.Field != f.Name {
				t.Errorf("%s: %v", f.Name, err)
			}
		}
	}
}

// What could not hold is not sent at all.
func TestSettingsThatCannotBeAreNotSent(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	wanted := client.Settings{RetainSeconds: -1}
	if _, err := c.Create(t.Context(), wanted, ""); err == nil {
		t.Error("it was sent")
	}
	if _, err := c.CreateBatch(t.Context(), []client.BatchItem{{Settings: wanted, Key: "k"}}); err == nil {
		t.Error("it was sent with others")
	}
	if n := len(s.Calls("POST")); n > 0 {
		t.Errorf("%d calls were made", n)
	}
}
