package access_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/task"
)

// pageClient is the client with which people sign in at the page.
const pageClient = "lethe-page"

// people lets people in inside an application that has all that its programs may have.
func (w *world) people(t *testing.T) *access.Application {
	t.Helper()
	app, _, err := w.Create(t.Context(), access.Application{
		Name: "page", Scopes: access.ApplicationScopes(), Alias: "Old scans", Caps: task.Caps{OpenTasks: 3}, Ceilings: task.Ceilings{DeleteOnFetch: true},
	}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	person := func(name string, roles ...access.Scope) access.Claims {
		return access.Claims{Subject: "subject-" + name, Client: pageClient, Access: true, Roles: roles}
	}
	program := person("program")
	program.Program = true
	w.accept(false, provider{
		"jane": person("jane"), "john": person("john"), "auditor": person("auditor", access.Auditor), "program": program,
		"ID token": {Subject: "subject-jane", Client: pageClient},
		"desktop":  {Subject: "subject-jane", Client: "desktop", Access: true},
	})
	w.guard.AcceptPeople(pageClient, app.ID)
	return app
}

func TestPersonAtThePageOwnsTasksOfTheirOwn(t *testing.T) {
	w := newWorld()
	app := w.people(t)
	who := map[string]*access.Identity{}
	for _, name := range []string{"jane", "john"} {
		var err error
		if who[name], err = w.check(t, "Bearer "+name, access.Read); err != nil {
			t.Fatal(err)
		}
	}
	jane := who["jane"]
	if jane.ID != task.PersonIn(app.ID, "subject-jane") || who["john"].ID == jane.ID || jane.Subject != "subject-jane" || jane.String() != jane.ID || !jane.ByToken {
		t.Errorf("Jane is %+v, John %+v", jane, who["john"])
	}
	if jane.Caps != app.Caps || !jane.Ceilings.DeleteOnFetch || jane.Reprocess || jane.Alias != "" {
		t.Errorf("Jane has %+v", jane)
	}
	for _, s := range access.Scopes() {
		want := slices.Contains([]access.Scope{access.Submit, access.Read, access.Delete}, s)
		if jane.May(s) != want {
			t.Errorf("Jane has the scope %s: %t", s, !want)
		}
	}
	if who, err := w.check(t, "Bearer auditor", access.Auditor); err != nil || who.ID != task.PersonIn(app.ID, "subject-auditor") {
		t.Errorf("a person with a role: %+v, %v", who, err)
	}
	if _, err := w.check(t, "Bearer desktop", access.Read); !errors.Is(err, fault.Forbidden) {
		t.Errorf("the same person with another client: %v", err)
	}
}

func TestPageTakesAccessTokensOfPeopleAlone(t *testing.T) {
	w := newWorld()
	w.people(t)
	for _, token := range []string{"ID token", "program"} {
		if _, err := w.check(t, "Bearer "+token, access.Read); !errors.Is(err, fault.Unauthenticated) {
			t.Errorf("%s: %v", token, err)
		}
	}
}

// Else whoever signs in at the page would own what the application owns as soon as somebody binds it to the page's client.
func TestApplicationBoundToThePagesClientIsNotThePersons(t *testing.T) {
	w := newWorld()
	bound := w.ofClient(t, pageClient, access.ApplicationScopes()...)
	w.people(t)
	if who, err := w.check(t, "Bearer jane", access.Read); err != nil || who.ID == bound.ID {
		t.Errorf("%+v, %v", who, err)
	}
}

func TestRevokedApplicationOfThePageLetsNobodyIn(t *testing.T) {
	w := newWorld()
	app := w.people(t)
	jane := task.PersonIn(app.ID, "subject-jane")
	if revoked, err := w.Revoked(t.Context(), jane); err != nil || revoked {
		t.Fatal(revoked, err)
	}
	if _, err := w.Revoke(t.Context(), app.ID); err != nil {
		t.Fatal(err)
	}
	for _, s := range []access.Scope{access.Read, access.Auditor} {
		if _, err := w.check(t, "Bearer auditor", s); !errors.Is(err, fault.Unauthenticated) {
			t.Errorf("%s: %v", s, err)
		}
	}
	if revoked, err := w.Revoked(t.Context(), jane); err != nil || !revoked {
		t.Errorf("Jane's transfers go on: %v", err)
	}
	w.guard.AcceptPeople(pageClient, "00000000-0000-4000-8000-000000000000")
	if _, err := w.check(t, "Bearer jane", access.Read); !errors.Is(err, fault.Unauthenticated) {
		t.Errorf("an application that there is not: %v", err)
	}
}
