package api_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/task"
)

// route is one operation: how it is called, what it needs, and how it answers when all is well.
type route struct {
	id     string // the operation's
	method string
	path   string // {id}, {app}, {webhook} and {case} stand for the id of a task, an application, a webhook of it, and a case
	body   string // {owner} and {task} stand for a task
	typed  string // media type of the body, if it is no JSON
	scope  access.Scope
	also   []access.Scope // that open it as well
	state  task.State     // of the task it is called on; empty if it is not called on one
	erased int            // status for an erased task
	good   int
}

// routes lists every operation but the open ones. TestEveryOperationIsInTheTable keeps it whole.
func routes() []route {
	return []route{
		{id: "createTask", method: "POST", path: "/v1/tasks", body: `{}`, scope: access.Submit, good: 201},
		{id: "createTaskFromDocument", method: "POST", path: "/v1/tasks:document", body: "%PDF", typed: "application/pdf", scope: access.Submit, good: 201},
		{id: "createTasks", method: "POST", path: "/v1/tasks:batch", body: `{"tasks":[{}]}`, scope: access.Submit, good: 200},
		{id: "listTasks", method: "GET", path: "/v1/tasks", scope: access.Read, good: 200},
		{id: "getTask", method: "GET", path: "/v1/tasks/{id}", scope: access.Read, state: task.Queued, erased: 410, good: 200},
		{id: "deleteTask", method: "DELETE", path: "/v1/tasks/{id}", scope: access.Delete, state: task.Queued, erased: 200, good: 200},
		{id: "renewUploadLink", method: "POST", path: "/v1/tasks/{id}/upload-link", scope: access.Submit, state: task.Submitted, erased: 410, good: 200},
		{id: "getResult", method: "GET", path: "/v1/tasks/{id}/results/txt", scope: access.Read, state: task.Completed, erased: 410, good: 303},
		{id: "getReceipt", method: "GET", path: "/v1/tasks/{id}/receipt", scope: access.Read, state: task.Deleted, erased: 200, good: 200},
		{id: "eraseSubject", method: "POST", path: "/v1/erasures", body: `{"subject":"tag"}`, scope: access.Delete, good: 200},
		{id: "getCheckpoint", method: "GET", path: "/v1/ledger/checkpoint", scope: access.Read, also: []access.Scope{access.Auditor}, good: 200},
		{id: "getKeys", method: "GET", path: "/v1/ledger/keys", scope: access.Read, also: []access.Scope{access.Auditor}, good: 200},
		{id: "getLedgerFile", method: "GET", path: "/v1/ledger/tile/0/000.p/1", scope: access.Read, also: []access.Scope{access.Auditor}, good: 200},
		{id: "getRetiredLedgerFile", method: "GET", path: "/v1/ledger/retired/1/checkpoint", scope: access.Read, also: []access.Scope{access.Auditor}, good: 200},
		{id: "getRetention", method: "GET", path: "/v1/retention", scope: access.Read, also: []access.Scope{access.Operator, access.Auditor}, good: 200},
		{id: "getCapabilities", method: "GET", path: "/v1/capabilities", scope: access.Read, good: 200},
		{id: "getAccessLog", method: "GET", path: "/v1/access-log", scope: access.Auditor, also: []access.Scope{access.Read}, good: 200},
		{id: "getUsage", method: "GET", path: "/v1/usage", scope: access.Read, also: []access.Scope{access.Operator}, good: 200},
		{id: "getMetrics", method: "GET", path: "/metrics", scope: access.Operator, good: 200},
		{id: "openCase", method: "POST", path: "/v1/cases", body: `{"application":"{owner}","task":"{task}","reason":"why"}`, scope: access.Reviewer, good: 201},
		{id: "listCases", method: "GET", path: "/v1/cases", scope: access.Reviewer, good: 200},
		{id: "getCase", method: "GET", path: "/v1/cases/{case}", scope: access.Reviewer, good: 200},
		{id: "approveCase", method: "POST", path: "/v1/cases/{case}/approval", scope: access.Reviewer, good: 200},
		{id: "closeCase", method: "DELETE", path: "/v1/cases/{case}", scope: access.Reviewer, good: 200},
		{id: "getDerivative", method: "GET", path: "/v1/cases/{case}/derivative", scope: access.Reviewer, good: 200},
		{id: "getOriginal", method: "GET", path: "/v1/cases/{case}/original", scope: access.Reviewer, good: 200},
		{id: "createApplication", method: "POST", path: "/v1/applications", body: `{"name":"new","scopes":["read"]}`, scope: access.Admin, good: 201},
		{id: "listApplications", method: "GET", path: "/v1/applications", scope: access.Admin, good: 200},
		{id: "rotateSecret", method: "POST", path: "/v1/applications/{app}/secrets", body: `{}`, scope: access.Admin, good: 200},
		{id: "createWebhook", method: "POST", path: "/v1/applications/{app}/webhooks", body: `{"url":"https://hooks.test/lethe"}`, scope: access.Admin, good: 201},
		{id: "listWebhooks", method: "GET", path: "/v1/applications/{app}/webhooks", scope: access.Admin, good: 200},
		{id: "testWebhook", method: "POST", path: "/v1/applications/{app}/webhooks/{webhook}/test", scope: access.Admin, good: 200},
		{id: "rotateWebhookSecret", method: "POST", path: "/v1/applications/{app}/webhooks/{webhook}/secrets", body: `{}`, scope: access.Admin, good: 200},
		{id: "removeWebhook", method: "DELETE", path: "/v1/applications/{app}/webhooks/{webhook}", scope: access.Admin, good: 200},
		{id: "listDeliveries", method: "GET", path: "/v1/deliveries", scope: access.Read, good: 200},
		{id: "revokeApplication", method: "DELETE", path: "/v1/applications/{app}", scope: access.Admin, good: 200},
	}
}

// openRoutes need no credentials.
func openRoutes() map[string]string {
	return map[string]string{"getHealth": "/healthz", "getReadiness": "/readyz", "getDescription": "/v1/openapi.json", "getDocs": "/v1/docs"}
}

// others are all scopes but some.
func others(but ...access.Scope) []access.Scope {
	return slices.DeleteFunc(access.Scopes(), func(s access.Scope) bool { return slices.Contains(but, s) })
}

// header is what goes with the body.
func (r route) header() []string {
	if r.typed == "" {
		return nil
	}
	return []string{"Content-Type", r.typed}
}

func (r route) scopes() []access.Scope { return append([]access.Scope{r.scope}, r.also...) }

func TestEveryOperationIsInTheTable(t *testing.T) {
	want := map[string][]access.Scope{}
	for _, r := range routes() {
		want[r.id] = r.scopes()
	}
	for id := range openRoutes() {
		want[id] = nil
	}
	if got := newWorld().api.Operations(); !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("operations and their scopes are\n%v, the table has\n%v", got, want)
	}
}

func TestEveryOperationAnswersTheRightCallerOnly(t *testing.T) {
	for _, r := range routes() {
		t.Run(r.id, func(t *testing.T) {
			w := newWorld()
			good := w.client(t, r.scope)
			stranger := w.client(t, access.Scopes()...)
			lacking := w.client(t, others(r.scopes()...)...)
			spare := w.client(t, access.Read)
			if strings.Contains(r.body, "{task}") {
				r.body = strings.NewReplacer("{owner}", spare.id, "{task}", w.task(spare, task.Queued).Ref.ID).Replace(r.body)
			}
			target := func(owner client, state task.State) string {
				path := w.ofApplication(t, r.path, spare.id)
				if strings.Contains(path, "{case}") {
					path = strings.ReplaceAll(path, "{case}", w.caseOf(t, spare, good, r.id != "approveCase"))
				}
				if r.state == "" {
					return path
				}
				return strings.ReplaceAll(path, "{id}", w.task(owner, state).Ref.ID)
			}
			wrong := client{good.id, "Basic " + "eDp5"}

			for name, c := range map[string]struct {
				client client
				target string
				status int
			}{
				"no credentials": {client{}, target(good, r.state), 401},
				"wrong secret":   {wrong, target(good, r.state), 401},
				"missing scope":  {lacking, target(lacking, r.state), 403},
			} {
				rec := w.call(t, c.client, r.method, c.target, r.body, r.header()...)
				if p := problem(t, rec); p.Status != c.status {
					t.Errorf("%s: status %d, want %d", name, p.Status, c.status)
				}
				if challenge := rec.Header().Get("Www-Authenticate"); (c.status == 401) != strings.HasPrefix(challenge, "Basic ") {
					t.Errorf("%s: challenge %q", name, challenge)
				}
			}
			if len(w.orders) > 0 {
				t.Error("a refused request reached the domain")
			}
			if r.state != "" {
				if rec := w.call(t, good, r.method, target(stranger, r.state), r.body); problem(t, rec).Status != 404 {
					t.Errorf("foreign task: status %d", rec.Code)
				}
				if rec := w.call(t, good, r.method, target(good, task.Deleted), r.body); rec.Code != r.erased {
					t.Errorf("erased task: status %d, want %d", rec.Code, r.erased)
				}
			}
			if rec := w.call(t, good, r.method, target(good, r.state), r.body, r.header()...); rec.Code != r.good {
				t.Errorf("good request: status %d, want %d: %s", rec.Code, r.good, rec.Body)
			}
		})
	}
}

// A stranger must not learn from any difference whether a task exists.
func TestForeignTaskLooksLikeAnUnknownOne(t *testing.T) {
	for _, r := range routes() {
		if r.state == "" {
			continue
		}
		w := newWorld()
		owner, stranger := w.client(t, access.Scopes()...), w.client(t, access.Scopes()...)
		foreign := w.task(owner, r.state).Ref.ID
		erased := w.task(owner, task.Deleted).Ref.ID
		answer := func(id string) (string, http.Header) {
			rec := w.call(t, stranger, r.method, strings.ReplaceAll(r.path, "{id}", id), r.body)
			request := rec.Header().Get("X-Request-Id")
			rec.Header().Del("X-Request-Id")
			return strings.ReplaceAll(rec.Body.String(), request, "REQUEST"), rec.Header()
		}
		wantBody, wantHeader := answer(taskID(w.clock))
		for name, id := range map[string]string{"foreign": foreign, "foreign and erased": erased, "malformed": "x", "upper case": strings.ToUpper(foreign)} {
			body, header := answer(id)
			if body != wantBody || !maps.EqualFunc(header, wantHeader, slices.Equal) {
				t.Errorf("%s, %s task: %s %v\nunknown: %s %v", r.id, name, body, header, wantBody, wantHeader)
			}
		}
	}
}

func TestOpenOperationsNeedNoCredentials(t *testing.T) {
	w := newWorld()
	for id, path := range openRoutes() {
		if rec := w.call(t, client{}, "GET", path, ""); rec.Code != 200 {
			t.Errorf("%s: status %d", id, rec.Code)
		}
	}
}

// The body of a request that is refused is never read: it may be large and hostile.
func TestAccessIsCheckedBeforeTheBodyIsRead(t *testing.T) {
	w := newWorld()
	lacking := w.client(t, others(access.Submit)...)
	for _, mediaType := range []string{"application/json", "application/pdf"} {
		for _, c := range []client{{}, lacking} {
			rec, read := w.stream(t, c, "/v1/tasks", mediaType)
			if rec.Code != 401 && rec.Code != 403 {
				t.Errorf("%s: status %d", mediaType, rec.Code)
			}
			if read {
				t.Errorf("%s: the body was read before status %d", mediaType, rec.Code)
			}
		}
	}
}

func TestTooManyCallsOfOneApplicationAreRefusedWithTheTimeToWait(t *testing.T) {
	w := newWorld()
	busy, calm := w.client(t, access.Read), w.client(t, access.Read)
	for range 500 {
		if rec := w.call(t, busy, "GET", "/v1/capabilities", ""); rec.Code != 200 {
			t.Fatal(rec.Code)
		}
	}
	rec := w.call(t, busy, "GET", "/v1/capabilities", "")
	if p := problem(t, rec); p.Status != 429 || !p.Retryable || rec.Header().Get("Retry-After") != "1" {
		t.Errorf("%+v with Retry-After %q", p, rec.Header().Get("Retry-After"))
	}
	if rec := w.call(t, calm, "GET", "/v1/capabilities", ""); rec.Code != 200 {
		t.Errorf("another application: status %d", rec.Code)
	}
}

func TestApplicationLifeThroughTheInterface(t *testing.T) {
	type application struct {
		ID      string
		Secret  string
		Secrets []struct{ ID string }
		Revoked *string
	}
	w := newWorld()
	admin := w.client(t, access.Admin)
	app := read[application](t, w.call(t, admin, "POST", "/v1/applications", `{"name":"scanner","scopes":["read"],"expires":"2026-04-01T00:00:00Z"}`), 201)
	try := func(secret string) int {
		return w.call(t, client{app.ID, basic(app.ID, secret)}, "GET", "/v1/tasks", "").Code
	}
	if try(app.Secret) != 200 {
		t.Fatal("the secret shown does not open the application")
	}
	second := read[application](t, w.call(t, admin, "POST", "/v1/applications/"+app.ID+"/secrets", `{"grace_seconds":60}`), 200)
	if try(app.Secret) != 200 || try(second.Secret) != 200 || len(second.Secrets) != 2 {
		t.Error("two secrets must be valid during the grace")
	}
	list := w.call(t, admin, "GET", "/v1/applications", "").Body.String()
	if !strings.Contains(list, app.ID) || strings.Contains(list, app.Secret) || strings.Contains(list, second.Secret) || strings.Contains(list, "hash") {
		t.Error("the list must show applications and no secrets")
	}
	gone := read[application](t, w.call(t, admin, "DELETE", "/v1/applications/"+app.ID, ""), 200)
	if len(w.ended) != 1 {
		t.Errorf("the transfers that were ended are those of %v", w.ended)
	}
	if gone.Revoked == nil || try(second.Secret) != 401 {
		t.Error("a revoked application must be shown as such and let nobody in")
	}
	if rec := w.call(t, admin, "POST", "/v1/applications/"+app.ID+"/secrets", `{}`); problem(t, rec).Status != 409 {
		t.Errorf("secret for a revoked application: %d", rec.Code)
	}
	for _, id := range []string{"00000000-0000-4000-8000-000000000000", "x", "a%2Fb"} {
		if rec := w.call(t, admin, "DELETE", "/v1/applications/"+id, ""); problem(t, rec).Status != 404 {
			t.Errorf("application %q: %d", id, rec.Code)
		}
	}
	if strings.Contains(w.log.String(), app.Secret) || strings.Contains(w.log.String(), second.Secret) {
		t.Error("a secret was logged")
	}
}

// A browser sends credentials that it keeps to whoever a page names. Pages of others get nothing by that, and programs send no such
// header.
func TestPagesOfOtherSitesOpenNothing(t *testing.T) {
	w := newWorld()
	c := w.client(t, access.Scopes()...)
	for _, site := range []string{"cross-site", "same-site"} {
		for _, r := range routes() {
			w.clock = w.clock.Add(time.Second)
			rec := w.call(t, c, r.method, strings.NewReplacer("{id}", w.task(c, task.Queued).Ref.ID, "{app}", c.id, "{webhook}", "0123456789abcdef").Replace(r.path), r.body, append(r.header(), "Sec-Fetch-Site", site)...)
			if rec.Code != 403 || !strings.Contains(rec.Body.String(), "cross_site") {
				t.Errorf("%s, %s: status %d", r.id, site, rec.Code)
			}
		}
	}
	for _, site := range []string{"same-origin", "none"} {
		if rec := w.call(t, c, "GET", "/v1/tasks", "", "Sec-Fetch-Site", site); rec.Code != 200 {
			t.Errorf("%s: status %d", site, rec.Code)
		}
	}
	for id, path := range openRoutes() {
		if rec := w.call(t, client{}, "GET", path, "", "Sec-Fetch-Site", "cross-site"); rec.Code != 200 {
			t.Errorf("%s: status %d", id, rec.Code)
		}
	}
}
