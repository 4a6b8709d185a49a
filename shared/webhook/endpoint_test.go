package webhook_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/webhook"
)

func TestSecretsFollowFromEndpointAndGenerationAndAreNotStored(t *testing.T) {
	w := newWorld(t)
	one, other := w.active(), w.active()
	next, err := w.Rotate(t.Context(), app, one.ID, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if one.Secret == other.Secret || one.Secret == next.Secret || one.Public != other.Public || one.Public != next.Public {
		t.Errorf("%s, %s, %s", one.Secret, other.Secret, next.Secret)
	}
	recs, err := w.store.List(t.Context(), storage.Query{Table: storage.Webhooks, Limit: 10})
	if err != nil || len(recs) != 2 {
		t.Fatal(len(recs), err)
	}
	for _, rec := range recs {
		for _, s := range []webhook.Shown{one, other, next} {
			if strings.Contains(string(rec.Value), strings.TrimPrefix(s.Secret, "whsec_")) {
				t.Error("a secret is stored")
			}
		}
	}
	good := func(key string) bool {
		w.publish(w.ref(), 1, task.Completed)
		w.drain()
		for _, q := range w.to.Sent() {
			if !q.Timestamp.Equal(w.now) || !strings.Contains(string(q.Body), "task.completed") {
				continue
			}
			v, err := webhook.NewVerifier(key)
			if err != nil {
				t.Fatal(err)
			}
			if v.Verify(q.ID, strconv.FormatInt(q.Timestamp.Unix(), 10), q.Signature, q.Body, w.now) == nil {
				return true
			}
		}
		return false
	}
	if !good(one.Secret) || !good(next.Secret) {
		t.Error("both sign during the grace")
	}
	w.now = w.now.Add(2 * time.Hour)
	if good(one.Secret) || !good(next.Secret) {
		t.Error("after the grace the new one signs alone")
	}
	w.Outbox = webhook.New(w.config(2, 1)) // the stamp's key is being replaced
	w.now = w.now.Add(time.Second)
	if !good(next.Secret) || !good(next.Public) {
		t.Error("while the stamp's key is replaced the previous one signs as well")
	}
	w.Outbox = webhook.New(w.config(2))
	w.now = w.now.Add(time.Second)
	if good(next.Secret) || good(next.Public) {
		t.Error("the previous key still signs")
	}
}

func TestStampWithoutKeyRegistersNothing(t *testing.T) {
	w := newWorld(t)
	w.Outbox = webhook.New(w.config())
	if _, err := w.Add(t.Context(), app, address, nil); !errors.Is(err, fault.Unavailable) {
		t.Error(err)
	}
	if all, err := w.Endpoints(t.Context(), app); err != nil || len(all) != 0 {
		t.Errorf("%v, %v", all, err)
	}
}

func TestApplicationHasSoManyEndpoints(t *testing.T) {
	w := newWorld(t)
	for range webhook.MaxEndpoints {
		if _, err := w.Add(t.Context(), app, address, nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Add(t.Context(), app, address, nil); !errors.Is(err, fault.WrongState) {
		t.Error(err)
	}
	if _, err := w.Add(t.Context(), "another", address, nil); err != nil {
		t.Error(err)
	}
}
