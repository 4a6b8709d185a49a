package webhook_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"

	"github.com/lethe-ocr/lethe/shared/seal"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/memory"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/webhook"
	"github.com/lethe-ocr/lethe/shared/webhook/webhooktest"
)

const (
	app     = "archive"
	address = "https://canary-host.test/canary-path"
)

// revoked says which applications were.
type revoked map[string]bool

func (r revoked) Revoked(_ context.Context, id string) (bool, error) { return r[id], nil }

// world is an outbox over a store in memory, with a clock of its own.
type world struct {
	*webhook.Outbox
	t      *testing.T
	to     *webhooktest.Receiver
	store  *memory.Store
	faulty *storagetest.Faulty
	gone   revoked
	log    bytes.Buffer
	now    time.Time
	ids    int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, to: &webhooktest.Receiver{}, gone: revoked{}, now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)}
	w.store = memory.New(w.clock)
	w.faulty = storagetest.NewFaulty(storagetest.Stores{Blobs: w.store.Blobs(), Records: w.store, Agenda: w.store})
	w.Outbox = webhook.New(w.config(1))
	return w
}

func (w *world) clock() time.Time { return w.now }

// config is that of an outbox of a stamp whose keys are numbered, the present one first.
func (w *world) config(keys ...byte) webhook.Config {
	var sources [][]byte
	for _, n := range keys {
		sources = append(sources, bytes.Repeat([]byte{n}, 32))
	}
	derived, err := seal.New(sources...)
	if err != nil {
		w.t.Fatal(err)
	}
	return webhook.Config{
		Records: w.faulty.FaultyRecords(), Agenda: w.faulty.FaultyAgenda(), Applications: w.gone, Queue: w.to, Sender: w.to, Keys: derived,
		Now: w.clock, Wall: w.clock, Log: slog.New(slog.NewJSONHandler(&w.log, nil)),
	}
}

// active registers an endpoint that has answered its challenge.
func (w *world) active(types ...webhook.Type) webhook.Shown {
	w.t.Helper()
	shown, err := w.Add(w.t.Context(), app, address, types)
	if err != nil {
		w.t.Fatal(err)
	}
	if done, err := w.Test(w.t.Context(), app, shown.ID); err != nil || !done.Answered {
		w.t.Fatalf("%+v, %v", done, err)
	}
	return shown
}

// ref names another task.
func (w *world) ref() task.Ref {
	w.ids++
	return task.Ref{Application: app, ID: uuid.Must(uuid.NewV7AtTime(w.now.Add(time.Duration(w.ids) * time.Millisecond))).String()}
}

// publish tells that a task reached a state now.
func (w *world) publish(ref task.Ref, sequence int, state task.State) {
	w.t.Helper()
	n := task.Notice{State: state, Sequence: sequence, At: w.now, Until: w.now.Add(24 * time.Hour)}
	if err := w.Publish(w.t.Context(), ref, []task.Notice{n}); err != nil {
		w.t.Fatal(err)
	}
}

// drain delivers what was pushed without a delay, and what is pushed meanwhile.
func (w *world) drain() {
	w.t.Helper()
	for pushed := w.to.Take(); len(pushed) > 0; pushed = w.to.Take() {
		for _, p := range pushed {
			if p.Delay > 0 {
				continue
			}
			if err := w.Deliver(w.t.Context(), p.Delivery); err != nil {
				w.t.Fatal(err)
			}
		}
	}
}

// sweep deals with what is due, as the retention function does.
func (w *world) sweep() (forgot int) {
	w.t.Helper()
	due, err := w.store.Due(w.t.Context(), w.now, nil, 100_000)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, d := range due {
		if d.Table != storage.Deliveries {
			continue
		}
		gone, err := w.Attend(w.t.Context(), d)
		if err != nil {
			w.t.Fatal(err)
		}
		if gone {
			forgot++
		}
	}
	return forgot
}

// live lets time go by in steps of the sweep, with its work.
func (w *world) live(d time.Duration) {
	w.t.Helper()
	for end := w.now.Add(d); w.now.Before(end); {
		w.now = w.now.Add(5 * time.Minute)
		w.sweep()
		w.drain()
	}
}

// deliveries lists them all.
func (w *world) deliveries() []*webhook.Delivery {
	w.t.Helper()
	page, _, err := w.List(w.t.Context(), webhook.Query{Application: app, Limit: 1000})
	if err != nil {
		w.t.Fatal(err)
	}
	return page
}

// one is the only delivery.
func (w *world) one() *webhook.Delivery {
	w.t.Helper()
	all := w.deliveries()
	if len(all) != 1 {
		w.t.Fatalf("%d deliveries", len(all))
	}
	return all[0]
}

// answer lets the receiver give one status to events.
func (w *world) answer(outcome webhook.Outcome, status int) {
	w.to.Answer(func(q webhook.Request) (webhook.Answer, bool) {
		e, err := webhook.ParseEvent(q.Body)
		return webhook.Answer{Outcome: outcome, Status: status}, err == nil && e.Challenge == ""
	})
}

// checkSilence asserts that no address or secret is in the log or in what an application sees.
func (w *world) checkSilence() {
	w.t.Helper()
	seen := w.log.String()
	for _, d := range w.deliveries() {
		seen += fmt.Sprintf("%+v", *d)
	}
	for _, word := range []string{"canary-host", "canary-path", "whsec_"} {
		if strings.Contains(seen, word) {
			w.t.Errorf("%q is in the log or in a delivery", word)
		}
	}
}
