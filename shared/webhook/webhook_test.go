package webhook_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/webhook"
)

func TestEventIsSentSignedAndHoldsIdsAndTimesAlone(t *testing.T) {
	w := newWorld(t)
	shown := w.active()
	ref := w.ref()
	w.publish(ref, 1, task.Completed)
	w.drain()
	sent := w.to.Sent()
	last := sent[len(sent)-1]
	want := `{"type":"task.completed","timestamp":"2026-11-01T12:00:00Z","data":{"application":"archive","task":"` + ref.ID + `","state":"Completed","sequence":1}}`
	if string(last.Body) != want || last.URL != address || len(sent) != 2 {
		t.Errorf("sent %d, the last is %s", len(sent), last.Body)
	}
	for _, key := range []string{shown.Secret, shown.Public} {
		v, err := webhook.NewVerifier(key)
		if err != nil {
			t.Fatal(err)
		}
		stamp := strconv.FormatInt(last.Timestamp.Unix(), 10)
		if err := v.Verify(last.ID, stamp, last.Signature, last.Body, w.now); err != nil {
			t.Errorf("by %s…: %v", key[:6], err)
		}
		for name, err := range map[string]error{
			"another body": v.Verify(last.ID, stamp, last.Signature, append([]byte(" "), last.Body...), w.now),
			"another id":   v.Verify(last.ID+"0", stamp, last.Signature, last.Body, w.now),
			"another time": v.Verify(last.ID, strconv.FormatInt(last.Timestamp.Unix()+1, 10), last.Signature, last.Body, w.now),
			"late":         v.Verify(last.ID, stamp, last.Signature, last.Body, w.now.Add(6*time.Minute)),
			"unsigned":     v.Verify(last.ID, stamp, "", last.Body, w.now),
		} {
			if !errors.Is(err, webhook.ErrUnverified) {
				t.Errorf("%s, by %s…: %v", name, key[:6], err)
			}
		}
	}
	if d := w.one(); d.Outcome != webhook.Delivered || d.Attempts != 1 || d.Ended.IsZero() || d.ID() != last.ID {
		t.Errorf("%+v", d)
	}
	w.checkSilence()
}

// The example of the standard's own libraries.
func TestSignatureIsThatOfTheStandard(t *testing.T) {
	v, err := webhook.NewVerifier("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1614265330, 0)
	err = v.Verify("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", []byte(`{"test": 2432232314}`), at)
	if err != nil {
		t.Error(err)
	}
}

func TestReceiverThatFailsIsTriedAgainWithGrowingPausesForADay(t *testing.T) {
	for _, c := range []struct {
		outcome webhook.Outcome
		status  int
	}{{webhook.Refused, 503}, {webhook.TimedOut, 0}, {webhook.Redirected, 302}, {webhook.Forbidden, 0}, {webhook.Unresolved, 0}} {
		w := newWorld(t)
		w.active()
		w.answer(c.outcome, c.status)
		began := w.now
		w.publish(w.ref(), 1, task.Completed)
		w.drain()
		if d := w.one(); d.Outcome != c.outcome || d.Status != c.status || !d.Ended.IsZero() || d.Next.Sub(w.now) > 10*time.Second {
			t.Errorf("%s: %+v", c.outcome, d)
		}
		w.live(26 * time.Hour)
		d := w.one()
		if d.Outcome != webhook.Expired || d.Ended.IsZero() || d.Attempts < 8 || d.Attempts > 20 {
			t.Errorf("%s: %+v", c.outcome, d)
		}
		ids := map[string]bool{}
		for _, q := range w.to.Sent()[1:] {
			ids[q.ID] = true
			if q.Timestamp.Sub(began) >= 24*time.Hour {
				t.Errorf("%s: tried %s after the event", c.outcome, q.Timestamp.Sub(began))
			}
		}
		if len(ids) != 1 {
			t.Errorf("%s: %d ids of one event", c.outcome, len(ids))
		}
		w.checkSilence()
	}
}

func TestReceiverThatComesBackGetsWhatWaited(t *testing.T) {
	w := newWorld(t)
	w.active()
	w.answer(webhook.Unreached, 0)
	w.publish(w.ref(), 1, task.Completed)
	w.live(3 * time.Hour)
	w.to.Answer(nil)
	w.live(6 * time.Hour)
	if d := w.one(); d.Outcome != webhook.Delivered {
		t.Errorf("%+v", d)
	}
}

// Nothing is sent at or after the limit that the document had, whatever the pause.
func TestNothingIsSentBeyondTheLimitOfTheDocument(t *testing.T) {
	w := newWorld(t)
	w.active()
	w.answer(webhook.Refused, 500)
	limit := w.now.Add(40 * time.Minute)
	if err := w.Publish(t.Context(), w.ref(), []task.Notice{
		{State: task.Completed, Sequence: 1, At: w.now, Until: limit}, {State: task.Completed, Sequence: 2, At: w.now, Until: w.now},
	}); err != nil {
		t.Fatal(err)
	}
	w.drain()
	w.live(3 * time.Hour)
	if d := w.one(); d.Outcome != webhook.Expired {
		t.Errorf("%+v", d)
	}
	for _, q := range w.to.Sent() {
		if !q.Timestamp.Before(limit) {
			t.Errorf("sent at %s, the limit was %s", q.Timestamp, limit)
		}
	}
}

func TestEndpointIsToldNothingBeforeItAnswersTheChallenge(t *testing.T) {
	w := newWorld(t)
	shown, err := w.Add(t.Context(), app, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string]string{"nothing": "", "no JSON": "ok", "another": `{"challenge":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`} {
		w.to.Answer(func(webhook.Request) (webhook.Answer, bool) {
			return webhook.Answer{Outcome: webhook.Delivered, Status: 200, Body: []byte(body)}, true
		})
		if done, err := w.Test(t.Context(), app, shown.ID); err != nil || done.Answered || done.State != webhook.Pending {
			t.Errorf("%s: %+v, %v", name, done, err)
		}
	}
	w.publish(w.ref(), 1, task.Completed)
	if n := len(w.deliveries()); n != 0 {
		t.Errorf("%d deliveries to it", n)
	}
	due, err := w.store.Due(t.Context(), w.now.Add(24*time.Hour), nil, 10)
	if err != nil || len(due) != 1 || due[0].Table != storage.Webhooks {
		t.Errorf("it is not forgotten in a day: %v, %v", due, err)
	}
	w.to.Answer(nil)
	if done, err := w.Test(t.Context(), app, shown.ID); err != nil || !done.Answered || done.State != webhook.Active {
		t.Errorf("%+v, %v", done, err)
	}
	if due, err := w.store.Due(t.Context(), w.now.Add(1000*time.Hour), nil, 10); err != nil || len(due) != 0 && w.endpointDue(due) {
		t.Errorf("an active one is forgotten: %v, %v", due, err)
	}
}

// endpointDue reports whether an entry is that of an endpoint which still has this due time.
func (w *world) endpointDue(due []storage.Due) bool {
	for _, d := range due {
		rec, err := w.store.Get(w.t.Context(), d.Key)
		if err == nil && d.Table == storage.Webhooks && rec.Due.Equal(d.At) {
			return true
		}
	}
	return false
}

func TestEndpointIsToldWhatItChose(t *testing.T) {
	w := newWorld(t)
	w.active(webhook.TaskDeleted)
	ref := w.ref()
	w.publish(ref, 1, task.Completed)
	w.publish(ref, 2, task.Deleted)
	w.drain()
	if got := w.to.Events(); len(got) != 1 || got[0].Type != webhook.TaskDeleted || got[0].Sequence != 2 {
		t.Errorf("%+v", got)
	}
}

func TestReceiverThatIsNoMoreIsToldNothingMore(t *testing.T) {
	for name, end := range map[string]func(w *world, id string){
		"removed": func(w *world, id string) {
			if err := w.Remove(t.Context(), app, id); err != nil {
				t.Fatal(err)
			}
		},
		"revoked":     func(w *world, _ string) { w.gone[app] = true },
		"said so":     func(w *world, _ string) { w.answer(webhook.Refused, 410) },
		"stays as is": nil,
	} {
		w := newWorld(t)
		shown := w.active()
		w.publish(w.ref(), 1, task.Completed)
		if end != nil {
			end(w, shown.ID)
		}
		w.drain()
		w.publish(w.ref(), 1, task.Completed)
		w.drain()
		w.live(25 * time.Hour)
		want := map[string]int{"removed": 0, "revoked": 0, "said so": 1, "stays as is": 2}[name]
		if got := len(w.to.Events()); got != want {
			t.Errorf("%s: %d were sent, want %d", name, got, want)
		}
		for _, d := range w.deliveries() {
			if d.Ended.IsZero() {
				t.Errorf("%s: one waits for ever: %+v", name, d)
			}
		}
	}
}

// A process dies at any write of storage, or after it: nothing is lost, and what comes twice has the same id.
func TestDeliveryIsMadeWhoeverDies(t *testing.T) {
	for _, after := range []bool{false, true} {
		for n := 1; ; n++ {
			w := newWorld(t)
			w.active()
			writes, lost := 0, fault.New(fault.StorageUnavailable, "away")
			hook := func(op storagetest.Op, _ string) error {
				if op.Writes() {
					writes++
				}
				if writes >= n && op.Writes() {
					return lost
				}
				return nil
			}
			if after {
				w.faulty.After(hook)
			} else {
				w.faulty.Before(hook)
			}
			ref := w.ref()
			notices := []task.Notice{{State: task.Completed, Sequence: 1, At: w.now, Until: w.now.Add(24 * time.Hour)}}
			_ = w.Publish(t.Context(), ref, notices)
			for _, p := range w.to.Take() {
				_ = w.Deliver(t.Context(), p.Delivery)
			}
			reached := writes >= n
			w.faulty.Heal()
			if err := w.Publish(t.Context(), ref, notices); err != nil { // the note is still in the task's record
				t.Fatal(err)
			}
			w.live(10 * time.Minute)
			ids := map[string]bool{}
			for _, q := range w.to.Sent()[1:] {
				ids[q.ID] = true
			}
			if d := w.one(); d.Outcome != webhook.Delivered || len(ids) != 1 || len(w.to.Events()) > 2 {
				t.Errorf("died at write %d, after %t: %+v, sent %d times", n, after, d, len(w.to.Events()))
			}
			if !reached {
				break
			}
		}
	}
}

func TestTwoWorkersDoNotSendTheSame(t *testing.T) {
	w := newWorld(t)
	w.active()
	w.publish(w.ref(), 1, task.Completed)
	push := w.to.Take()[0]
	w.to.Answer(func(webhook.Request) (webhook.Answer, bool) {
		w.to.Answer(nil)
		if err := w.Deliver(context.WithoutCancel(t.Context()), push.Delivery); err != nil {
			t.Error(err)
		}
		return webhook.Answer{}, false
	})
	if err := w.Deliver(t.Context(), push.Delivery); err != nil {
		t.Fatal(err)
	}
	w.publish(task.Ref{Application: app, ID: w.one().Task}, 1, task.Completed) // who comes late makes nothing new
	w.drain()
	if n := len(w.to.Events()); n != 1 {
		t.Errorf("sent %d times", n)
	}
}

func TestDeliveryIsForgottenAWeekAfterItsEvent(t *testing.T) {
	w := newWorld(t)
	w.active()
	w.publish(w.ref(), 1, task.Completed)
	w.drain()
	w.now = w.now.Add(7*24*time.Hour - time.Second)
	if n := w.sweep(); n != 0 || len(w.deliveries()) != 1 {
		t.Errorf("forgotten early: %d", n)
	}
	w.now = w.now.Add(2 * time.Second)
	if n := w.sweep(); n != 1 || len(w.deliveries()) != 0 {
		t.Errorf("forgotten: %d, left: %d", n, len(w.deliveries()))
	}
}

// A stamp on which webhooks were turned off sends nothing, and keeps nothing for longer.
func TestWebhooksThatAreOffSendNothing(t *testing.T) {
	w := newWorld(t)
	shown := w.active()
	w.publish(w.ref(), 1, task.Completed)
	cfg := w.config(1)
	cfg.Queue, cfg.Sender = nil, nil
	w.Outbox = webhook.New(cfg)
	for name, err := range map[string]error{
		"add":    second(w.Add(t.Context(), app, address, nil)),
		"test":   second(w.Test(t.Context(), app, shown.ID)),
		"rotate": second(w.Rotate(t.Context(), app, shown.ID, 0)),
	} {
		if !errors.Is(err, fault.WrongState) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.live(25 * time.Hour)
	if n := len(w.to.Events()); n != 0 || w.one().Outcome != webhook.Expired {
		t.Errorf("sent %d, %+v", n, w.one())
	}
	w.now = w.now.Add(7 * 24 * time.Hour)
	if w.sweep() != 1 {
		t.Error("it is not forgotten")
	}
	if err := w.Remove(t.Context(), app, shown.ID); err != nil {
		t.Error(err)
	}
}

func second[T any](_ T, err error) error { return err }
