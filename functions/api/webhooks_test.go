package api_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/seal"
	"github.com/lethe-ocr/lethe/shared/storage/memory"
	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/webhook"
	"github.com/lethe-ocr/lethe/shared/webhook/webhooktest"
)

type receiver = webhooktest.Receiver

func newHooks(store *memory.Store, apps *access.Registry, now func() time.Time, log *slog.Logger) (*webhook.Outbox, *receiver) {
	keys, err := seal.New(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		panic(err) // of HKDF, for a length that it does not allow
	}
	to := &receiver{}
	return webhook.New(webhook.Config{
		Records: store, Agenda: store, Applications: apps, Queue: to, Sender: to, Keys: keys, Now: now, Wall: now, Log: log,
	}), to
}

// webhook registers one of an application.
func (w *world) webhook(t *testing.T, application string) string {
	t.Helper()
	shown, err := w.hooks.Add(t.Context(), application, "https://hooks.test/lethe", nil)
	if err != nil {
		t.Fatal(err)
	}
	return shown.ID
}

// ofApplication fills in an application, and a webhook of it where the path names one.
func (w *world) ofApplication(t *testing.T, path, application string) string {
	t.Helper()
	path = strings.ReplaceAll(path, "{app}", application)
	if strings.Contains(path, "{webhook}") {
		path = strings.ReplaceAll(path, "{webhook}", w.webhook(t, application))
	}
	return path
}

func TestWebhookThroughTheInterface(t *testing.T) {
	type shown struct {
		ID, URL, State string
		Events         []string
		Generation     int
	}
	type keys struct {
		Webhook   shown
		Secret    string
		PublicKey string `json:"public_key"`
	}
	w := newWorld()
	admin, owner, stranger := w.client(t, access.Admin), w.client(t, access.Read), w.client(t, access.Read)
	path := "/v1/applications/" + owner.id + "/webhooks"
	made := read[keys](t, w.call(t, admin, "POST", path, `{"url":"https://hooks.test/canary-path","events":["task.completed"]}`), 201)
	if made.Webhook.State != "pending" || !strings.HasPrefix(made.Secret, "whsec_") || !strings.HasPrefix(made.PublicKey, "whpk_") || len(made.Webhook.Events) != 1 {
		t.Errorf("%+v", made)
	}
	one := path + "/" + made.Webhook.ID
	tested := read[struct {
		Webhook  shown
		Outcome  string
		Answered bool
	}](t, w.call(t, admin, "POST", one+"/test", ""), 200)
	if tested.Webhook.State != "active" || !tested.Answered || tested.Outcome != "delivered" {
		t.Errorf("%+v", tested)
	}
	again := read[keys](t, w.call(t, admin, "POST", one+"/secrets", `{"grace_seconds":60}`), 200)
	if again.Secret == made.Secret || again.PublicKey != made.PublicKey || again.Webhook.Generation != 2 {
		t.Errorf("%+v", again)
	}
	list := w.call(t, admin, "GET", path, "").Body.String()
	if !strings.Contains(list, made.Webhook.ID) || strings.Contains(list, "whsec_") {
		t.Errorf("list: %s", list)
	}

	ref := task.Ref{Application: owner.id, ID: taskID(w.clock)}
	if err := w.hooks.Publish(t.Context(), ref, []task.Notice{{State: task.Completed, Sequence: 1, At: w.clock, Until: w.clock.Add(time.Hour)}}); err != nil {
		t.Fatal(err)
	}
	for _, p := range w.told.Take() {
		if err := w.hooks.Deliver(t.Context(), p.Delivery); err != nil {
			t.Fatal(err)
		}
	}
	delivered := w.call(t, owner, "GET", "/v1/deliveries", "").Body.String()
	if !strings.Contains(delivered, ref.ID) || !strings.Contains(delivered, `"outcome":"delivered"`) || strings.Contains(delivered, "hooks.test") {
		t.Errorf("deliveries: %s", delivered)
	}
	if foreign := w.call(t, stranger, "GET", "/v1/deliveries", "").Body.String(); strings.Contains(foreign, ref.ID) {
		t.Errorf("a stranger sees %s", foreign)
	}

	other := "/v1/applications/" + stranger.id + "/webhooks/" + made.Webhook.ID
	if p := problem(t, w.call(t, admin, "DELETE", other, "")); p.Status != 404 {
		t.Errorf("under another application: %+v", p)
	}
	if rec := w.call(t, admin, "DELETE", one, ""); rec.Code != 200 {
		t.Errorf("remove: %d %s", rec.Code, rec.Body)
	}
	if p := problem(t, w.call(t, admin, "POST", one+"/test", "")); p.Status != 404 {
		t.Errorf("test of a removed one: %+v", p)
	}
	acts := w.call(t, owner, "GET", "/v1/access-log", "").Body.String()
	for _, act := range []string{"webhook.added", "webhook.tested", "webhook.rotated", "webhook.removed", "webhook " + made.Webhook.ID} {
		if !strings.Contains(acts, act) {
			t.Errorf("the access log lacks %s", act)
		}
	}
	for where, text := range map[string]string{"log": w.log.String(), "access log": acts} {
		for _, secret := range []string{"canary-path", made.Secret, again.Secret} {
			if strings.Contains(text, secret) {
				t.Errorf("%s holds %q", where, secret)
			}
		}
	}
}

func TestRevocationTakesWebhooksAway(t *testing.T) {
	w := newWorld()
	admin, owner := w.client(t, access.Admin), w.client(t, access.Read)
	w.webhook(t, owner.id)
	if rec := w.call(t, admin, "DELETE", "/v1/applications/"+owner.id, ""); rec.Code != 200 {
		t.Fatal(rec.Code)
	}
	if all, err := w.hooks.Endpoints(t.Context(), owner.id); err != nil || len(all) != 0 {
		t.Errorf("left: %v, %v", all, err)
	}
	if p := problem(t, w.call(t, admin, "POST", "/v1/applications/"+owner.id+"/webhooks", `{"url":"https://hooks.test/"}`)); p.Status != 409 {
		t.Errorf("a new one: %+v", p)
	}
}

func TestPagesOfDeliveriesHoldEachOnce(t *testing.T) {
	w := newWorld()
	owner := w.client(t, access.Read)
	id := w.webhook(t, owner.id)
	if _, err := w.hooks.Test(t.Context(), owner.id, id); err != nil {
		t.Fatal(err)
	}
	for n := range 7 {
		at := w.clock.Add(time.Duration(n) * time.Second)
		if err := w.hooks.Publish(t.Context(), task.Ref{Application: owner.id, ID: taskID(at)}, []task.Notice{{State: task.Deleted, Sequence: 1, At: at, Until: at.Add(time.Hour)}}); err != nil {
			t.Fatal(err)
		}
	}
	since := "since=" + url.QueryEscape(w.clock.Add(2*time.Second).Format(time.RFC3339))
	seen, next := map[string]bool{}, "/v1/deliveries?limit=3&"+since
	for pages := 0; next != "" && pages < 5; pages++ {
		rec := w.call(t, owner, "GET", next, "")
		var page struct{ Deliveries []struct{ Task string } }
		if err := json.Unmarshal(rec.Body.Bytes(), &page); err != nil {
			t.Fatal(err)
		}
		for _, d := range page.Deliveries {
			seen[d.Task] = true
		}
		if next, _, _ = strings.Cut(strings.TrimPrefix(rec.Header().Get("Link"), "<"), ">"); next != "" && !strings.Contains(next, since) {
			t.Errorf("the next page is %s, which forgets %s", next, since)
		}
	}
	if len(seen) != 5 {
		t.Errorf("%d deliveries, want 5", len(seen))
	}
}
