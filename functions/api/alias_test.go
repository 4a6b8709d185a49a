package api_test

import (
	"testing"

	"github.com/lethe-ocr/lethe/shared/access"
)

func TestApplicationKeepsItsIDOfABBYY(t *testing.T) {
	w := newWorld()
	admin := w.client(t, access.Admin)
	type application struct {
		ID, Secret string
		Alias      string `json:"abbyy_id"`
		Reprocess  bool   `json:"abbyy_reprocess"`
	}
	const wanted = `{"name":"scans","scopes":["read"],"abbyy_id":"Big Scans 2"}`
	app := read[application](t, w.call(t, admin, "POST", "/v1/applications", wanted), 201)
	if app.Alias != "Big Scans 2" || !app.Reprocess || app.ID == app.Alias {
		t.Errorf("%+v", app)
	}
	for _, user := range []string{app.ID, app.Alias, app.Alias + "#installation"} {
		if rec := w.call(t, client{header: basic(user, app.Secret)}, "GET", "/v1/tasks", ""); rec.Code != 200 {
			t.Errorf("%s: status %d", user, rec.Code)
		}
	}
	if p := problem(t, w.call(t, admin, "POST", "/v1/applications", wanted)); p.Status != 409 || p.Field != "abbyy_id" {
		t.Errorf("a second one: %+v", p)
	}
	listed := read[struct{ Applications []application }](t, w.call(t, admin, "GET", "/v1/applications", ""), 200)
	if n := len(listed.Applications); n != 2 {
		t.Errorf("%d applications", n)
	}
	again := read[application](t, w.call(t, admin, "POST", "/v1/applications", `{"name":"again","scopes":["read"],"abbyy_reprocess":true}`), 201)
	if again.Alias != "" || !again.Reprocess {
		t.Errorf("%+v", again)
	}
}
