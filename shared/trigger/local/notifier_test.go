package local_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gofrs/uuid/v5"

	"github.com/lethe-ocr/lethe/shared/seal"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/memory"
	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/trigger/local"
	"github.com/lethe-ocr/lethe/shared/webhook"
	"github.com/lethe-ocr/lethe/shared/webhook/webhooktest"
)

// events is how many are delivered.
func events() int {
	if os.Getenv("LETHE_SOAK") != "" {
		return 10_000
	}
	return 300
}

// nobodyRevoked knows no application that was revoked.
type nobodyRevoked struct{}

func (nobodyRevoked) Revoked(context.Context, string) (bool, error) { return false, nil }

// hooks is an outbox over a store in memory, whose worker dies and starts again.
type hooks struct {
	t     *testing.T
	store *memory.Store
	keys  *seal.Keys
	to    *webhooktest.Receiver
}

func newHooks(t *testing.T) *hooks {
	t.Helper()
	keys, err := seal.New(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return &hooks{t: t, store: memory.New(time.Now), keys: keys, to: &webhooktest.Receiver{}}
}

// process is another process over the store, until its end.
func (h *hooks) process() (o *webhook.Outbox, end func()) {
	log := slog.New(slog.DiscardHandler)
	n := local.NewNotifier(log)
	o = webhook.New(webhook.Config{
		Records: h.store, Agenda: h.store, Applications: nobodyRevoked{}, Queue: n, Sender: h.to, Keys: h.keys, Now: time.Now, Wall: time.Now, Log: log,
	})
	ctx, cancel := context.WithCancel(h.t.Context())
	var work sync.WaitGroup
	work.Go(func() { n.Run(ctx, o.Deliver) })
	return o, func() { cancel(); work.Wait() }
}

// sweep gives workers what is due.
func (h *hooks) sweep(o *webhook.Outbox) {
	h.t.Helper()
	entries, err := h.store.Due(h.t.Context(), time.Now(), nil, 100_000)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, d := range entries {
		if d.Table == storage.Deliveries {
			if _, err := o.Attend(h.t.Context(), d); err != nil {
				h.t.Fatal(err)
			}
		}
	}
}

// endpoint registers one that has answered its challenge.
func (h *hooks) endpoint(o *webhook.Outbox) webhook.Shown {
	h.t.Helper()
	shown, err := o.Add(h.t.Context(), "archive", "https://hooks.test/", nil)
	if err == nil {
		_, err = o.Test(h.t.Context(), "archive", shown.ID)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return shown
}

// A receiver fails, stalls and takes what it says it did not, and processes end in the middle: every event comes, one that comes
// again has the same id, and sequences tell the order of those of a task.
func TestEveryDeliveryArrivesWhateverFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHooks(t)
		o, end := h.process()
		h.endpoint(o)
		var (
			mu     sync.Mutex
			turn   int
			taken  = map[string][]webhook.Event{} // by webhook-id; guarded by mu
			failed = func(outcome webhook.Outcome, status int) (webhook.Answer, bool) {
				return webhook.Answer{Outcome: outcome, Status: status}, true
			}
		)
		h.to.Answer(func(q webhook.Request) (webhook.Answer, bool) {
			mu.Lock()
			turn++
			now := turn
			mu.Unlock()
			switch now % 10 {
			case 3:
				return failed(webhook.Refused, 503)
			case 6:
				time.Sleep(15 * time.Second) // stalls
				return failed(webhook.TimedOut, 0)
			}
			e, err := webhook.ParseEvent(q.Body)
			if err != nil {
				return failed(webhook.Refused, 400)
			}
			mu.Lock()
			taken[q.ID] = append(taken[q.ID], e)
			mu.Unlock()
			if now%10 == 9 {
				return failed(webhook.Unreached, 0) // it was taken, and nobody heard of it
			}
			return webhook.Answer{}, false
		})
		for n := range events() / 2 {
			ref := task.Ref{Application: "archive", ID: uuid.Must(uuid.NewV7AtTime(time.Now())).String()}
			at, until := time.Now(), time.Now().Add(24*time.Hour)
			for sequence, state := range []task.State{task.Completed, task.Deleted} {
				if err := o.Publish(t.Context(), ref, []task.Notice{{State: state, Sequence: sequence + 1, At: at, Until: until}}); err != nil {
					t.Fatal(err)
				}
			}
			if n%100 == 50 { // the process ends, with attempts under way
				end()
				o, end = h.process()
			}
			time.Sleep(100 * time.Millisecond)
		}
		for range 12 * 12 {
			time.Sleep(5 * time.Minute)
			h.sweep(o)
		}
		end()
		byTask := map[string][]int{}
		again := 0
		for id, all := range taken {
			for _, e := range all {
				if e != all[0] {
					t.Errorf("%s is two events: %+v and %+v", id, e, all[0])
				}
			}
			again += len(all) - 1
			byTask[all[0].Task] = append(byTask[all[0].Task], all[0].Sequence)
		}
		if len(taken) != events() {
			t.Errorf("%d events arrived, want %d", len(taken), events())
		}
		for id, sequences := range byTask {
			slices.Sort(sequences)
			if fmt.Sprint(sequences) != "[1 2]" {
				t.Errorf("%s: the sequences are %v", id, sequences)
			}
		}
		t.Logf("%d events, %d attempts, %d came again", len(taken), len(h.to.Sent())-1, again)
	})
}

// A receiver that stalls takes no place that another one needs.
func TestReceiverThatStallsHoldsUpNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := local.NewNotifier(slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		var (
			work    sync.WaitGroup
			mu      sync.Mutex
			stalled int
			done    int
		)
		stop := make(chan struct{})
		work.Go(func() {
			n.Run(ctx, func(_ context.Context, d webhook.Ref) error {
				if d.Endpoint() == "slow" {
					mu.Lock()
					stalled++
					mu.Unlock()
					<-stop
					return nil
				}
				mu.Lock()
				defer mu.Unlock()
				done++
				return nil
			})
		})
		for i := range 100 {
			for _, to := range []string{"slow", "quick"} {
				d := webhook.Ref{Application: "archive", Row: fmt.Sprintf("%013d!task!1!%s", i, to)}
				for range 2 { // what waits is not queued twice
					if err := n.Push(ctx, d, 0); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		synctest.Wait()
		mu.Lock()
		if stalled != 4 || done < 100 {
			t.Errorf("%d stall, %d of the other went", stalled, done)
		}
		mu.Unlock()
		close(stop)
		cancel()
		work.Wait()
	})
}
