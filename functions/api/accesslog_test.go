package api_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/task"
)

// logged is an entry as the interface shows it.
type logged struct {
	Application, Who, Scope, Act, Task, Case, Why, Text, Nonce, Commitment string
}

type logPage struct {
	Entries []logged
	After   string
}

func (w *world) entries(t *testing.T, c client, query string) []logged {
	t.Helper()
	return read[logPage](t, w.call(t, c, "GET", "/v1/access-log"+query, ""), 200).Entries
}

// actsOf lists acts in the order of the log.
func actsOf(entries []logged) []string {
	var acts []string
	for _, e := range entries {
		acts = append(acts, e.Act)
	}
	return acts
}

func TestApplicationReadsWhatConcernsItAndChecksIt(t *testing.T) {
	w := newWorld()
	w.content = "text"
	owner, other := w.client(t, access.Read), w.client(t, access.Read)
	mine, theirs := w.task(owner, task.Completed), w.task(other, task.Completed)
	w.call(t, owner, "GET", "/v1/tasks/"+mine.Ref.ID, "")
	w.clock = w.clock.Add(time.Second)
	w.call(t, owner, "GET", "/v1/tasks/"+mine.Ref.ID+"/results/txt", "")
	w.clock = w.clock.Add(time.Second)
	w.call(t, owner, "GET", "/v1/tasks/"+mine.Ref.ID+"/results/txt?stream=true", "")
	w.call(t, other, "GET", "/v1/tasks/"+theirs.Ref.ID, "")
	got := w.entries(t, owner, "")
	if want := []string{"result.link", "result.link", "result.read"}; !slices.Equal(actsOf(got), want) {
		t.Fatalf("acts %v, want %v", actsOf(got), want)
	}
	for _, e := range got {
		sum := sha256.Sum256([]byte("lethe.access.v1\n" + e.Nonce + "\n" + e.Text))
		if commitment := base64.RawURLEncoding.EncodeToString(sum[:]); e.Commitment != commitment || !slices.Contains(w.commitments, commitment) {
			t.Errorf("the ledger does not know the entry %+v", e)
		}
		if e.Application != owner.id || e.Who != owner.id || e.Scope != "read" || e.Task != mine.Ref.ID {
			t.Errorf("%+v", e)
		}
	}
	if n := len(w.entries(t, owner, "")); n != 3 {
		t.Errorf("reading one's own log added to it: %d entries", n)
	}
}

func TestTaskWithoutLinksIsNoAccess(t *testing.T) {
	w := newWorld()
	owner := w.client(t, access.Read)
	for _, state := range []task.State{task.Submitted, task.Queued, task.ProcessingFailed} {
		w.call(t, owner, "GET", "/v1/tasks/"+w.task(owner, state).Ref.ID, "")
	}
	if got := w.entries(t, owner, ""); len(got) != 0 {
		t.Errorf("%v", actsOf(got))
	}
}

func TestAuditorReadsEverythingAndIsSeenDoingIt(t *testing.T) {
	w := newWorld()
	admin, auditor := w.client(t, access.Admin), w.client(t, access.Auditor)
	app := read[struct{ ID string }](t, w.call(t, admin, "POST", "/v1/applications", `{"name":"scanner","scopes":["read"]}`), 201)
	w.clock = w.clock.Add(time.Second)
	w.call(t, admin, "POST", "/v1/applications/"+app.ID+"/secrets", `{}`)
	w.clock = w.clock.Add(time.Second)
	w.call(t, admin, "DELETE", "/v1/applications/"+app.ID, "")
	got := w.entries(t, auditor, "")
	if want := []string{"app.created", "app.rotated", "app.revoked", "access-log.read"}; !slices.Equal(actsOf(got), want) {
		t.Fatalf("acts %v, want %v", actsOf(got), want)
	}
	for _, e := range got[:3] {
		if e.Application != app.ID || e.Who != admin.id || e.Scope != "admin" {
			t.Errorf("%+v", e)
		}
	}
	if e := got[3]; e.Application != "stamp" || e.Who != auditor.id || e.Scope != "auditor" {
		t.Errorf("%+v", e)
	}
}

func TestSecretIsNotShownUnlessItsIssueIsRecorded(t *testing.T) {
	w := newWorld()
	admin, spare := w.client(t, access.Admin), w.client(t, access.Read)
	owner := w.client(t, access.Read)
	done := w.task(owner, task.Completed)
	w.unproved = fault.New(fault.StorageUnavailable, "storage did not answer")
	for name, rec := range map[string]struct {
		c                    client
		method, target, body string
	}{
		"create": {admin, "POST", "/v1/applications", `{"name":"scanner","scopes":["read"]}`},
		"rotate": {admin, "POST", "/v1/applications/" + spare.id + "/secrets", `{}`},
		"links":  {owner, "GET", "/v1/tasks/" + done.Ref.ID, ""},
		"link":   {owner, "GET", "/v1/tasks/" + done.Ref.ID + "/results/txt", ""},
		"result": {owner, "GET", "/v1/tasks/" + done.Ref.ID + "/results/txt?stream=true", ""},
	} {
		answer := w.call(t, rec.c, rec.method, rec.target, rec.body)
		if p := problem(t, answer); p.Status != 503 || strings.Contains(answer.Body.String(), "lethe_") || answer.Header().Get("Location") != "" {
			t.Errorf("%s: %d %s", name, answer.Code, answer.Body)
		}
	}
}

func TestPagesOfTheAccessLogLinkToTheNext(t *testing.T) {
	w := newWorld()
	owner, auditor := w.client(t, access.Read), w.client(t, access.Auditor)
	done := w.task(owner, task.Completed)
	w.call(t, owner, "GET", "/v1/tasks/"+done.Ref.ID, "")
	w.clock = w.clock.Add(time.Hour)
	since := w.clock
	for range 25 {
		w.call(t, owner, "GET", "/v1/tasks/"+done.Ref.ID, "")
		w.clock = w.clock.Add(time.Second)
	}
	seen, pages := 0, 0
	target := "/v1/access-log?limit=10&since=" + since.Format("2006-01-02T15:04:05Z07:00")
	for target != "" {
		rec := w.call(t, auditor, "GET", target, "")
		for _, e := range read[logPage](t, rec, 200).Entries {
			if e.Act == "result.link" {
				seen++
			}
		}
		target = strings.TrimSuffix(strings.TrimPrefix(rec.Header().Get("Link"), "<"), `>; rel="next"`)
		if pages++; pages > 10 {
			t.Fatal("paging does not end")
		}
	}
	if seen != 25 {
		t.Errorf("%d entries, want 25", seen)
	}
	for _, bad := range []string{"?limit=9", "?limit=1001", "?since=yesterday", "?after=x", "?application=x"} {
		if p := problem(t, w.call(t, auditor, "GET", "/v1/access-log"+bad, "")); p.Status != 422 {
			t.Errorf("%s: %+v", bad, p)
		}
	}
}

// people is an identity provider whose tokens are the names of people.
type people map[string]access.Claims

func (p people) Verify(_ context.Context, token string) (access.Claims, error) {
	c, ok := p[token]
	if !ok {
		return c, fault.New(fault.Unauthorized, "the token is not valid")
	}
	return c, nil
}

func TestTokensOpenWhatRolesAndClientsGive(t *testing.T) {
	w := newWorld()
	admin := w.client(t, access.Admin)
	app := read[struct{ ID, Client, Secret string }](t, w.call(t, admin, "POST", "/v1/applications", `{"name":"scanner","scopes":["read"],"client":"scanner"}`), 201)
	if app.Client != "scanner" || app.Secret != "" {
		t.Errorf("%+v", app)
	}
	w.guard.AcceptTokens(people{
		"scanner": {Subject: "subject-scanner", Client: "scanner"},
		"jane":    {Subject: "subject-jane", Client: "desktop", Roles: []access.Scope{access.Auditor}},
	})
	w.guard.RequireTokens()
	scanner, jane := client{app.ID, "Bearer scanner"}, client{"subject-jane", "Bearer jane"}
	mine := w.task(scanner, task.Queued)
	for _, c := range []struct {
		who    client
		target string
		status int
	}{
		{scanner, "/v1/tasks/" + mine.Ref.ID, 200}, {scanner, "/v1/applications", 403}, {scanner, "/v1/cases", 403},
		{jane, "/v1/access-log", 200}, {jane, "/v1/retention", 200}, {jane, "/v1/tasks", 403}, {jane, "/v1/tasks/" + mine.Ref.ID, 403},
		{client{"", "Bearer nobody"}, "/v1/tasks", 401},
	} {
		rec := w.call(t, c.who, "GET", c.target, "")
		if rec.Code != c.status {
			t.Errorf("%s reads %s: status %d, want %d", c.who.id, c.target, rec.Code, c.status)
		}
		if challenge := rec.Header().Values("Www-Authenticate"); (c.status == http.StatusUnauthorized) != (len(challenge) == 2) {
			t.Errorf("challenge %q", challenge)
		}
	}
	if auditor := w.client(t, access.Auditor); w.call(t, auditor, "GET", "/v1/access-log", "").Code != 403 {
		t.Error("a secret opens what takes a token")
	}
	got := w.entries(t, jane, "")
	if e := got[len(got)-1]; e.Who != "subject-jane" || e.Scope != "auditor" {
		t.Errorf("%+v", e)
	}
	if log := w.log.String(); strings.Contains(log, "Bearer") || !strings.Contains(log, "subject-jane") {
		t.Error("the log holds a token, or does not name the subject")
	}
}
