package stamptest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/webhook"
)

// receiver is an application's own server, on this machine. It refuses so many events before it takes one.
type receiver struct {
	t  *testing.T
	to *httptest.Server

	mu        sync.Mutex
	verifiers []*webhook.Verifier        // guarded by mu; every request must be signed for each
	refuses   int                        // guarded by mu
	came      map[string][]webhook.Event // guarded by mu; by webhook-id
}

func newReceiver(t *testing.T, refuses int) *receiver {
	t.Helper()
	r := &receiver{t: t, refuses: refuses, came: map[string][]webhook.Event{}}
	r.to = httptest.NewServer(r)
	t.Cleanup(r.to.Close)
	return r
}

// trust lets the receiver verify with the keys that were shown to it.
func (r *receiver) trust(keys ...string) {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, k := range keys {
		v, err := webhook.NewVerifier(k)
		if err != nil {
			r.t.Fatal(err)
		}
		r.verifiers = append(r.verifiers, v)
	}
}

// ServeHTTP implements http.Handler.
func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	body, _ := io.ReadAll(io.LimitReader(q.Body, 1<<16)) // what is cut off is not verified
	id := q.Header.Get("Webhook-Id")
	for _, v := range r.verifiers {
		if err := v.Verify(id, q.Header.Get("Webhook-Timestamp"), q.Header.Get("Webhook-Signature"), body, time.Now()); err != nil {
			r.t.Errorf("%s: %v", id, err)
		}
	}
	e, err := webhook.ParseEvent(body)
	if err != nil {
		r.t.Error(err)
	}
	if e.Challenge != "" {
		_ = json.NewEncoder(w).Encode(map[string]string{"challenge": e.Challenge}) // who does not get it says so
		return
	}
	if r.refuses > 0 {
		r.refuses--
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	r.came[id] = append(r.came[id], e)
}

// told reports how many of the events came, and how many came again.
func (r *receiver) told(want []string) (first, again int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known := map[string]bool{}
	for _, all := range r.came {
		known[fmt.Sprintf("%s %s %d", all[0].Type, all[0].Task, all[0].Sequence)] = true
		again += len(all) - 1
	}
	for _, w := range want {
		if known[w] {
			first++
		}
	}
	return first, again
}

// TellsItsApplication registers a receiver on this machine, takes a document and other tasks through their lives, and wants every
// event to come, signed. Beforehand the receiver refuses some, and the stamp dies twice: die kills what runs of it, and returns once it
// is started again.
func TellsItsApplication(t *testing.T, c Client, die func()) {
	t.Helper()
	to := newReceiver(t, 3)
	admin, err := client.New(client.Config{URL: c.Base, Application: Application, Secret: Secret})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := admin.AddWebhook(t.Context(), Application, to.to.URL+"/"+Canary, nil)
	if err != nil {
		t.Fatal(err)
	}
	to.trust(keys.Secret, keys.PublicKey)
	if done, err := admin.TestWebhook(t.Context(), Application, keys.Webhook.ID); err != nil || !done.Answered {
		t.Fatalf("the challenge: %+v, %v", done, err)
	}
	began := time.Now()
	document := c.Submit(t, Picture(t, 1))
	var want []string
	for n := range 20 {
		id := c.Create(t, `{"formats":["txt"]}`).ID
		c.Erase(t, id)
		want = append(want, "task.deleted "+id+" 1")
		if n == 6 || n == 13 {
			die()
			Await(t, "the stamp answers again", func() bool { return c.Try(t, http.MethodGet, "/readyz", nil) == http.StatusOK })
		}
	}
	c.AwaitState(t, document, "Completed")
	c.Erase(t, document)
	want = append(want, "task.completed "+document+" 1", "task.deleted "+document+" 2")
	Await(t, "every event came", func() bool { first, _ := to.told(want); return first == len(want) })
	_, again := to.told(want)
	t.Logf("%d events in %s, %d of them came again", len(want), time.Since(began).Round(time.Second), again)
	Await(t, "every delivery is written down", func() bool {
		page, _, err := admin.Deliveries(t.Context(), time.Time{}, "")
		for _, d := range page {
			if d.Outcome != string(webhook.Delivered) {
				return false
			}
		}
		return err == nil && len(page) == len(want)
	})
}
