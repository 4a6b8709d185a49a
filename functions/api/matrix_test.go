package api_test

import (
	"cmp"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/task"
)

// outcomes is what an operation answers to who may call it, by the state of the task that it is about. Operations that
// are about no task answer as the table of routes says.
func outcomes() map[string]map[task.State]int {
	every := func(status int, but map[task.State]int) map[task.State]int {
		m := map[task.State]int{}
		for _, s := range task.States() {
			m[s] = status
		}
		maps.Copy(m, but)
		return m
	}
	gone := map[task.State]int{task.Deleted: 410}
	return map[string]map[task.State]int{
		"getTask":         every(200, gone),
		"deleteTask":      every(200, map[task.State]int{task.InProgress: 202}),
		"renewUploadLink": every(409, map[task.State]int{task.Submitted: 200, task.Deleted: 410}),
		"getResult":       every(409, map[task.State]int{task.Completed: 303, task.Deleted: 410}),
		"getReceipt":      every(409, map[task.State]int{task.Deleted: 200}),
		"openCase":        every(201, gone),
		"getCase":         every(200, nil),
		"approveCase":     every(200, nil),
		"closeCase":       every(200, nil),
		"getDerivative":   every(200, gone),
		"getOriginal":     every(200, gone),
	}
}

// kind is a way to sign in, with what it is worth.
type kind struct {
	name   string
	scopes []access.Scope
	denied bool // 401 whatever the operation
	owns   bool // the tasks are those of its own application
	beside bool // the tasks are those of a person at the page
	make   func(t *testing.T, w *world, k kind) client
}

// persons are the tokens that the issuer of these tests gave out.
func persons() people {
	p := people{"scanner": {Subject: "subject-scanner", Client: "scanner"}, "revoked": {Subject: "subject-revoked", Client: "revoked"}}
	for _, s := range access.Scopes() {
		p["person/"+string(s)] = access.Claims{Subject: "subject-of-" + string(s), Roles: []access.Scope{s}}
	}
	p["opener"] = access.Claims{Subject: "subject-opener", Roles: []access.Scope{access.Reviewer}}
	p["approver"] = access.Claims{Subject: "subject-approver", Roles: []access.Scope{access.Reviewer}}
	for _, name := range []string{"jane", "john"} { // at the page
		p[name] = access.Claims{Subject: "subject-" + name, Client: "page", Access: true}
	}
	p["ID token"] = access.Claims{Subject: "subject-jane", Client: "page"}
	p["program"] = access.Claims{Subject: "subject-jane", Client: "page", Access: true, Program: true}
	p["no role"] = access.Claims{Subject: "subject-no-role"}
	return p
}

func secretOf(t *testing.T, w *world, k kind) client { return w.client(t, k.scopes...) }

func token(name string) func(*testing.T, *world, kind) client {
	return func(*testing.T, *world, kind) client { return client{"-", "Bearer " + name} }
}

// kinds lists every way to sign in. Where tokens are required, a secret is worth less.
func kinds(required bool, page client) []kind {
	jane, tasks := task.PersonIn(page.id, "subject-jane"), []access.Scope{access.Submit, access.Read, access.Delete}
	watching := []access.Scope{access.Operator, access.Auditor, access.Reviewer}
	revoked := func(t *testing.T, w *world, _ kind) client {
		c := w.client(t, access.Scopes()...)
		if _, err := w.apps.Revoke(t.Context(), c.id); err != nil {
			t.Fatal(err)
		}
		return c
	}
	rotated := func(t *testing.T, w *world, _ kind) client {
		c := w.client(t, access.Scopes()...)
		if _, _, err := w.apps.Rotate(t.Context(), c.id, 0, time.Time{}); err != nil {
			t.Fatal(err)
		}
		return c
	}
	ofClient := func(name string, end bool) func(*testing.T, *world, kind) client {
		return func(t *testing.T, w *world, _ kind) client {
			app, _, err := w.apps.Create(t.Context(), access.Application{Name: "test", Client: name, Scopes: access.Scopes()}, time.Time{})
			if err == nil && end {
				_, err = w.apps.Revoke(t.Context(), app.ID)
			}
			if err != nil {
				t.Fatal(err)
			}
			return client{app.ID, "Bearer " + name}
		}
	}
	list := []kind{
		{name: "none", denied: true, make: func(*testing.T, *world, kind) client { return client{} }},
		{name: "unreadable", denied: true, make: func(*testing.T, *world, kind) client { return client{"-", "Basic ?"} }},
		{name: "wrong secret", denied: true, owns: true, make: func(t *testing.T, w *world, _ kind) client {
			c := w.client(t, access.Scopes()...)
			return client{c.id, basic(c.id, "guess")}
		}},
		{name: "revoked", denied: true, owns: true, make: revoked},
		{name: "rotated out", denied: true, owns: true, make: rotated},
		{name: "token of nobody", denied: true, make: token("made up")},
		{name: "token of a revoked client", denied: true, owns: true, make: ofClient("revoked", true)},
		{name: "token of a client", scopes: access.ApplicationScopes(), owns: true, make: ofClient("scanner", false)},
		{name: "token without role", make: token("no role")},
		{name: "person at the page", scopes: tasks, owns: true, make: func(*testing.T, *world, kind) client { return client{jane, "Bearer jane"} }},
		{name: "another person of the same client", scopes: tasks, beside: true, make: token("john")},
		{name: "the application of the page, by its secret", scopes: access.ApplicationScopes(), beside: true, make: func(*testing.T, *world, kind) client { return page }},
		{name: "ID token of the page's client", denied: true, beside: true, make: token("ID token")},
		{name: "token of a program of the page's client", denied: true, beside: true, make: token("program")},
		{name: "own application, every scope", scopes: access.ApplicationScopes(), owns: true, make: secretOf},
		{name: "foreign application, every scope", scopes: access.ApplicationScopes(), make: secretOf},
	}
	for _, s := range access.Scopes() {
		k := kind{name: "own application, " + string(s), scopes: []access.Scope{s}, owns: true, make: secretOf}
		if required && slices.Contains(watching, s) {
			k.scopes, k.make = nil, func(t *testing.T, w *world, _ kind) client { return w.client(t, s) }
		}
		list = append(list, k)
		if slices.Contains(watching, s) || s == access.Admin {
			list = append(list, kind{name: "person, " + string(s), scopes: []access.Scope{s}, make: token("person/" + string(s))})
		}
	}
	return list
}

// expected is the answer that the table gives.
func (r route) expected(k kind, state task.State) int {
	may := slices.ContainsFunc(r.scopes(), func(s access.Scope) bool { return slices.Contains(k.scopes, s) })
	switch {
	case k.denied:
		return 401
	case !may:
		return 403
	case strings.Contains(r.path, "{id}") && !k.owns:
		return 404
	case state == "":
		return r.good
	default:
		return outcomes()[r.id][state]
	}
}

// TestAccessMatrix calls every operation with every credential in every state of the task.
func TestAccessMatrix(t *testing.T) {
	routed := map[string]route{}
	for _, r := range routes() {
		routed[r.id] = r
	}
	calls := 0
	for _, required := range []bool{false, true} {
		for id := range newWorld().api.Operations() {
			if _, open := openRoutes()[id]; open {
				continue // TestOpenOperationsNeedNoCredentials
			}
			r, ok := routed[id]
			if !ok {
				t.Errorf("%s has no row", id)
				continue
			}
			states := []task.State{""}
			if outcomes()[id] != nil {
				states = task.States()
			} else if strings.Contains(r.path+r.body, "{id}") || strings.Contains(r.path+r.body, "{case}") || strings.Contains(r.body, "{task}") {
				t.Errorf("%s is about a task, and has no row for its states", id)
				continue
			}
			w := newWorld()
			w.guard.AcceptTokens(persons())
			page := w.client(t, access.ApplicationScopes()...)
			w.guard.AcceptPeople("page", page.id)
			if required {
				w.guard.RequireTokens()
			}
			for _, k := range kinds(required, page) {
				c := k.make(t, w, k)
				for _, state := range states {
					w.clock = w.clock.Add(10 * time.Second) // none of this is a matter of rates
					calls++
					rec := w.attempt(t, r, k, c, page, state)
					if want := r.expected(k, state); rec.Code != want {
						t.Errorf("tokens required %t: %s with %s, task %q: status %d, want %d: %s", required, id, k.name, state, rec.Code, want, rec.Body)
					}
				}
			}
		}
	}
	t.Logf("%d answers were compared", calls)
}

// attempt calls an operation, on things that the credential may act on as far as anybody's may.
func (w *world) attempt(t *testing.T, r route, k kind, c, page client, state task.State) *httptest.ResponseRecorder {
	t.Helper()
	owner := w.client(t, access.Read)
	if k.beside {
		owner = client{id: task.PersonIn(page.id, "subject-jane")}
	}
	if k.owns {
		owner = c
	}
	about := w.task(owner, cmp.Or(state, task.Queued))
	if strings.Contains(r.path, "{case}") && state == task.Deleted {
		about = w.task(owner, task.Queued) // a case is opened before the task goes
	}
	caseID := ""
	if strings.Contains(r.path, "{case}") {
		caseID = w.prepareCase(t, about, k, c, r.id != "approveCase")
		if state == task.Deleted {
			gone := *about
			gone.State, gone.Removed, gone.Erased = task.Deleted, w.clock, w.clock
			w.put(&gone)
		}
	}
	fill := strings.NewReplacer("{id}", about.Ref.ID, "{case}", caseID, "{owner}", owner.id, "{task}", about.Ref.ID)
	return w.call(t, c, r.method, fill.Replace(w.ofApplication(t, r.path, w.client(t, access.Read).id)), fill.Replace(r.body), r.header()...)
}

// prepareCase opens a case that the credential can approve, and lets it do so if that is not what is tried.
func (w *world) prepareCase(t *testing.T, about *task.Task, k kind, c client, approved bool) string {
	t.Helper()
	opener, approver := client{"-", "Bearer opener"}, client{"-", "Bearer approver"}
	if slices.Contains(k.scopes, access.Reviewer) {
		approver = c
		if !strings.HasPrefix(c.header, "Bearer") {
			opener = w.client(t, access.Reviewer)
		}
	}
	body := fmt.Sprintf(`{"application":%q,"task":%q,"reason":"why"}`, about.Ref.Application, about.Ref.ID)
	opened := read[struct{ ID string }](t, w.call(t, opener, "POST", "/v1/cases", body), 201)
	if approved {
		read[struct{}](t, w.call(t, approver, "POST", "/v1/cases/"+opened.ID+"/approval", ""), 200)
	}
	return opened.ID
}
