package abbyy_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/functions/abbyy"
	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/access/accesslog"
	"github.com/lethe-ocr/lethe/shared/task"
)

// refusalOf returns code, code of the detail and target of a refusal of version 2.
func refusalOf(t *testing.T, rec *httptest.ResponseRecorder) string {
	t.Helper()
	var refused struct {
		Error struct {
			Code    string
			Details []struct{ Code, Target string }
		}
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &refused); err != nil {
		t.Fatalf("%v: %s", err, rec.Body)
	}
	all := []string{refused.Error.Code}
	for _, d := range refused.Error.Details {
		all = append(all, d.Code, d.Target)
	}
	return strings.Join(all, " ")
}

func TestTaskLivesAndIsErasedByBothVersions(t *testing.T) {
	for name, v := range map[string]string{"1": "", "2": "/v2"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c := w.client(t, access.Application{})
			sent := w.send(t, c, v+"/processImage?exportFormat=txt,xml&description=my%20scan", "words that were read")
			if sent.Files != 1 || sent.Description != "my scan" {
				t.Errorf("sent: %+v", sent)
			}
			status := func() told {
				return taskOf(t, w.call(t, c, http.MethodGet, v+"/getTaskStatus?taskId="+strings.ToUpper(sent.ID), nil))
			}
			ended := status()
			if ended.Status != "Completed" || len(ended.Links) != 2 || ended.Description != "my scan" {
				t.Fatalf("ended: %+v", ended)
			}
			for i, want := range []string{"\xef\xbb\xbf", "<?xml"} {
				rec := w.follow(t, http.MethodGet, ended.Links[i])
				if rec.Code != 200 || !strings.HasPrefix(rec.Body.String(), want) || strings.Contains(ended.Links[i], "&") {
					t.Errorf("%s: status %d: %s", ended.Links[i], rec.Code, rec.Body)
				}
			}
			for list, want := range map[string]int{"/listTasks": 1, "/listTasks?excludeDeleted=true": 1, "/listFinishedTasks": 1} {
				if found := tasksOf(t, w.call(t, c, http.MethodGet, v+list, nil)); len(found) != want || found[0].Status != "Completed" || len(found[0].Links) != 2 {
					t.Errorf("%s: %+v", list, found)
				}
			}
			for range 2 { // deleting again is the same success
				rec := w.call(t, c, http.MethodPost, v+"/deleteTask?taskId="+sent.ID, nil, "Content-Type", "application/x-www-form-urlencoded")
				if gone := taskOf(t, rec); gone.Status != "Deleted" || len(gone.Links) != 0 || gone.Description != "" {
					t.Errorf("deleted: %+v", gone)
				}
			}
			if gone := status(); gone.Status != "Deleted" || gone.Description != "" {
				t.Errorf("afterwards: %+v", gone)
			}
			for list, want := range map[string]int{"/listTasks": 1, "/listTasks?excludeDeleted=true": 0, "/listFinishedTasks": 0} {
				if found := tasksOf(t, w.call(t, c, http.MethodGet, v+list, nil)); len(found) != want {
					t.Errorf("%s: %+v", list, found)
				}
			}
			for _, link := range ended.Links {
				rec := w.follow(t, http.MethodGet, link)
				if rec.Code != 404 || rec.Header().Get("Content-Type") != "application/xml" || strings.Contains(rec.Body.String(), "erased") {
					t.Errorf("the link leads to status %d: %s", rec.Code, rec.Body)
				}
			}
			if rec := w.call(t, c, http.MethodGet, "/v1/tasks/"+sent.ID+"/receipt", nil); rec.Code != 200 && rec.Code != 202 && rec.Code != 503 {
				t.Errorf("receipt: status %d: %s", rec.Code, rec.Body)
			}
		})
	}
}

// A task that passed its deadline is gone for its client, even before it is erased.
func TestTaskPastItsDeadlineIsDeleted(t *testing.T) {
	w := newWorld(t)
	c := w.client(t, access.Application{})
	sent := w.send(t, c, "/processImage", "words")
	link := w.status(t, c, sent.ID).Links[0]
	w.clock.advance(25 * time.Hour)
	if gone := w.status(t, c, sent.ID); gone.Status != "Deleted" || len(gone.Links) > 0 {
		t.Errorf("%+v", gone)
	}
	if list := tasksOf(t, w.call(t, c, "GET", "/listTasks", nil)); len(list) != 1 || list[0].Status != "Deleted" {
		t.Errorf("%+v", list)
	}
	if rec := w.follow(t, "GET", link); rec.Code != 404 {
		t.Errorf("status %d", rec.Code)
	}
}

func TestFailedTaskSaysWhy(t *testing.T) {
	w := newWorld(t)
	c := w.client(t, access.Application{})
	sent := w.send(t, c, "/processImage", "damaged")
	if failed := w.status(t, c, sent.ID); failed.Status != "ProcessingFailed" || failed.Error == "" || len(failed.Links) > 0 {
		t.Errorf("%+v", failed)
	}
}

func TestResultIsGivenAsClientsFetchIt(t *testing.T) {
	w := newWorld(t)
	c := w.client(t, access.Application{})
	sent := w.send(t, c, "/processImage?exportFormat=xml", "words")
	link := w.status(t, c, sent.ID).Links[0]
	whole := w.follow(t, "GET", link, "Authorization", "Basic rubbish", "Accept-Encoding", "gzip")
	if whole.Code != 200 || whole.Header().Get("Content-Type") != "application/xml" || whole.Header().Get("Content-Encoding") != "" || whole.Header().Get("Last-Modified") == "" {
		t.Errorf("status %d, %v", whole.Code, whole.Header())
	}
	if head := w.follow(t, "HEAD", link); head.Code != 200 || head.Body.Len() != 0 || head.Header().Get("Content-Length") != whole.Header().Get("Content-Length") {
		t.Errorf("HEAD: status %d, %v", head.Code, head.Header())
	}
	if part := w.follow(t, "GET", link, "Range", "bytes=0-3"); part.Code != 206 || part.Body.String() != whole.Body.String()[:4] {
		t.Errorf("range: status %d: %s", part.Code, part.Body)
	}
	if past := w.follow(t, "GET", link, "Range", "bytes=999999-"); past.Code != 416 || past.Header().Get("Content-Range") == "" {
		t.Errorf("range past the end: status %d, %v", past.Code, past.Header())
	}
	if rec := w.follow(t, "POST", link); rec.Code != 405 {
		t.Errorf("POST: status %d", rec.Code)
	}
	if n := w.count(t, accesslog.ResultRead); n != 2 { // the whole and the part
		t.Errorf("%d reads are recorded", n)
	}
	if _, err := w.Apps.Revoke(t.Context(), c.id); err != nil {
		t.Fatal(err)
	}
	if rec := w.follow(t, "GET", link); rec.Code != 404 {
		t.Errorf("of a revoked application: status %d", rec.Code)
	}
}

func TestLinkStaysTheSameAndIsRecordedOnce(t *testing.T) {
	w := newWorld(t)
	c := w.client(t, access.Application{})
	sent := w.send(t, c, "/processImage?exportFormat=txt,xml", "words")
	links := func() string { return strings.Join(w.status(t, c, sent.ID).Links, " ") }
	first := links()
	lines := strings.Count(w.log.String(), "\n")
	var polls sync.WaitGroup
	for range 20 {
		polls.Go(func() {
			if again := links(); again != first {
				t.Errorf("%s\n%s", first, again)
			}
		})
	}
	polls.Wait()
	if n := w.count(t, accesslog.ResultLink); n != 2 {
		t.Errorf("%d links are recorded", n)
	}
	if more := strings.Count(w.log.String(), "\n") - lines; more > 20 {
		t.Errorf("20 polls left %d lines in the log", more)
	}
	w.clock.set(time.Date(2026, 3, 1, 23, 59, 59, 0, time.UTC))
	if links() != first || w.follow(t, "GET", strings.Fields(first)[0]).Code != 200 {
		t.Error("the link ended early")
	}
	w.clock.advance(time.Second)
	second := links()
	if second == first || w.follow(t, "GET", strings.Fields(first)[0]).Code != 404 || w.follow(t, "GET", strings.Fields(second)[0]).Code != 200 {
		t.Error("at its end another one does not take its place")
	}
	if n := w.count(t, accesslog.ResultLink); n != 4 {
		t.Errorf("%d links are recorded", n)
	}
}

// What a further round of processing makes is something else than what the access log has a link to.
func TestLinksToResultsOfAFurtherRoundAreRecorded(t *testing.T) {
	for _, formats := range []string{"txt", "docx,xml"} {
		w := newWorld(t)
		c := w.client(t, access.Application{Alias: "My scans"})
		sent := w.send(t, c, "/processImage?exportFormat=txt", "words")
		w.status(t, c, sent.ID)
		before := w.count(t, accesslog.ResultLink)
		taskOf(t, w.call(t, c, "GET", "/processDocument?exportFormat="+formats+"&taskId="+sent.ID, nil))
		w.process(t)
		for range 2 {
			w.status(t, c, sent.ID)
		}
		want := len(strings.Split(formats, ","))
		if n := w.count(t, accesslog.ResultLink) - before; n != want {
			t.Errorf("%s: %d links are recorded, want %d", formats, n, want)
		}
	}
}

func TestLinksThatManyAskForAtOnceAreRecordedOnce(t *testing.T) {
	w := newWorld(t)
	c := w.client(t, access.Application{})
	sent := w.send(t, c, "/processImage", "words")
	var polls sync.WaitGroup
	for range 20 {
		polls.Go(func() { w.status(t, c, sent.ID) })
	}
	polls.Wait()
	if n := w.count(t, accesslog.ResultLink); n != 1 {
		t.Errorf("%d links are recorded", n)
	}
}

func TestWithoutARecordNothingIsGiven(t *testing.T) {
	w := newWorld(t)
	c := w.client(t, access.Application{})
	sent := w.send(t, c, "/processImage", "words")
	w.acts.broken = errors.New("the access log is broken")
	for _, target := range []string{"/getTaskStatus?taskId=" + sent.ID, "/listTasks", "/listFinishedTasks"} {
		if rec := w.call(t, c, "GET", target, nil); rec.Code != 550 || strings.Contains(rec.Body.String(), "abbyy/files") {
			t.Errorf("%s: status %d: %s", target, rec.Code, rec.Body)
		}
	}
	w.acts.broken = nil
	link := w.status(t, c, sent.ID).Links[0]
	w.acts.broken = errors.New("the access log is broken")
	if rec := w.follow(t, "GET", link); rec.Code != 500 || strings.Contains(rec.Body.String(), "words") {
		t.Errorf("status %d: %s", rec.Code, rec.Body)
	}
}

// A result that is erased once it was fetched is erased when its link was followed to the end.
func TestFetchingErasesWhatIsToBeErasedThen(t *testing.T) {
	w := newWorld(t)
	c := w.client(t, access.Application{Ceilings: task.Ceilings{DeleteOnFetch: true}})
	sent := w.send(t, c, "/processImage", "words")
	link := w.status(t, c, sent.ID).Links[0]
	for _, header := range [][]string{{"Range", "bytes=0-3"}, nil} {
		rec := w.follow(t, "GET", link, header...)
		if want := map[bool]int{true: 200, false: 404}[len(header) > 0]; rec.Code != want { // no part of it is given
			t.Errorf("%v: status %d, want %d", header, rec.Code, want)
		}
	}
	if gone := w.status(t, c, sent.ID); gone.Status != "Deleted" {
		t.Errorf("%+v", gone)
	}
}

func TestSeveralPicturesAreOneDocument(t *testing.T) {
	for alias, again := range map[string]int{"": 450, "My scans": 200} {
		w := newWorld(t)
		c := w.client(t, access.Application{Alias: alias})
		held := taskOf(t, w.call(t, c, "POST", "/submitImage", strings.NewReader("%PDF-1.4 one")))
		if held.Status != "Submitted" || held.Files != 1 {
			t.Errorf("the first: %+v", held)
		}
		more := taskOf(t, w.call(t, c, "POST", "/v2/submitImage?taskId="+held.ID, strings.NewReader("%PDF-1.4 two")))
		if more.Status != "Submitted" || more.Files != 2 || more.ID != held.ID {
			t.Errorf("the second: %+v", more)
		}
		if n := len(w.queue); n > 0 {
			t.Errorf("%d tasks are queued already", n)
		}
		started := taskOf(t, w.call(t, c, "GET", "/processDocument?exportFormat=txt&taskId="+held.ID, nil))
		if started.Status != "Queued" || started.Files != 2 {
			t.Errorf("started: %+v", started)
		}
		if rec := w.call(t, c, "POST", "/submitImage?taskId="+held.ID, strings.NewReader("%PDF-1.4 late")); rec.Code != 450 {
			t.Errorf("a third, too late: status %d", rec.Code)
		}
		w.process(t)
		ended := w.status(t, c, held.ID)
		if ended.Status != "Completed" || ended.Files != 2 {
			t.Fatalf("ended: %+v", ended)
		}
		text := w.follow(t, "GET", ended.Links[0]).Body.String()
		if first, second := strings.Index(text, "one"), strings.Index(text, "two"); first < 0 || second < first {
			t.Errorf("the text is %q", text)
		}
		if rec := w.call(t, c, "POST", "/v2/processDocument?exportFormat=xml&taskId="+held.ID, nil); rec.Code != map[int]int{450: 400, 200: 200}[again] {
			t.Errorf("%q, once more: status %d: %s", alias, rec.Code, rec.Body)
		}
	}
}

func TestUnknownTasksAreRefusedAsDocumented(t *testing.T) {
	w := newWorld(t)
	c, other := w.client(t, access.Application{}), w.client(t, access.Application{})
	foreign := w.send(t, other, "/processImage", "words").ID
	for query, want := range map[string]string{
		"":                   "InvalidArgument MissingArgument TaskId",
		"?taskId=":           "InvalidArgument MissingArgument TaskId",
		"?taskId=" + foreign: "InvalidArgument InvalidParameterValue TaskId",
		"?taskId=3fa85f64-5717-4562-b3fc-2c963f66afa6": "InvalidArgument InvalidParameterValue TaskId",
		"?taskId=rubbish": "InvalidArgument InvalidParameterValue TaskId",
	} {
		for _, method := range []string{"getTaskStatus", "deleteTask", "processDocument"} {
			rec := w.call(t, c, "POST", "/v2/"+method+query, nil)
			if got := refusalOf(t, rec); rec.Code != 400 || got != want {
				t.Errorf("%s%s: status %d, %s", method, query, rec.Code, got)
			}
			if rec := w.call(t, c, "GET", "/"+method+query, nil); rec.Code != 450 {
				t.Errorf("%s%s: status %d", method, query, rec.Code)
			}
		}
	}
	if still := w.status(t, other, foreign); still.Status != "Completed" {
		t.Errorf("the other's task: %+v", still)
	}
}

func TestApplicationIsToldWhereThatIsEnabled(t *testing.T) {
	w := newWorld(t)
	plain, open := w.client(t, access.Application{Alias: "Plain"}), w.client(t, access.Application{Alias: "My scans", Info: true})
	for _, path := range []string{"/getApplicationInfo", "/v2/getApplicationInfo"} {
		if rec := w.call(t, plain, "GET", path, nil); rec.Code != 403 {
			t.Errorf("%s: status %d", path, rec.Code)
		}
		for _, user := range []string{open.id, "My scans"} {
			rec := w.call(t, client{header: basic(user, open.secret)}, "GET", path, nil)
			if rec.Code != 200 || !strings.Contains(rec.Body.String(), user) {
				t.Errorf("%s: status %d: %s", path, rec.Code, rec.Body)
			}
		}
	}
}

func TestLinksBeginAsThePlaceSays(t *testing.T) {
	for name, c := range map[string]struct {
		base    string
		proxied bool
		header  []string
		want    string
	}{
		"configured":                   {"https://ocr.example.org/", true, []string{"X-Forwarded-Host", "evil.test"}, "https://ocr.example.org/abbyy/"},
		"the request's":                {"", false, nil, "http://example.com/abbyy/"},
		"claimed without a proxy":      {"", false, []string{"X-Forwarded-Host", "evil.test", "X-Forwarded-Proto", "ftp"}, "http://example.com/abbyy/"},
		"behind a proxy":               {"", true, []string{"X-Forwarded-Host", "ocr.azure.test", "X-Forwarded-Proto", "https"}, "https://ocr.azure.test/abbyy/"},
		"behind two proxies":           {"", true, []string{"X-Forwarded-Host", "a.test, b.test", "X-Forwarded-Proto", "https, http"}, "https://a.test/abbyy/"},
		"what a proxy would never say": {"", true, []string{"X-Forwarded-Host", "a\"><b", "X-Forwarded-Proto", "javascript"}, "http://example.com/abbyy/"},
	} {
		w := newWorld(t, func(cfg *abbyy.Config) { cfg.Base, cfg.Proxied = c.base, c.proxied })
		app := w.client(t, access.Application{})
		sent := w.send(t, app, "/processImage", "words")
		ended := taskOf(t, w.call(t, app, "GET", "/getTaskStatus?taskId="+sent.ID, nil, c.header...))
		if len(ended.Links) != 1 || !strings.HasPrefix(ended.Links[0], c.want) {
			t.Errorf("%s: %v", name, ended.Links)
		}
	}
}

func TestListsGoByTheLastAction(t *testing.T) {
	w := newWorld(t)
	c := w.client(t, access.Application{})
	var ids []string
	for range 3 {
		w.clock.advance(time.Hour)
		ids = append(ids, w.send(t, c, "/processImage", "words").ID)
	}
	w.clock.advance(time.Hour)
	w.call(t, c, "GET", "/deleteTask?taskId="+ids[0], nil)
	order := func(target string) (got []string) {
		for _, one := range tasksOf(t, w.call(t, c, "GET", target, nil)) {
			got = append(got, one.ID)
		}
		return got
	}
	for target, want := range map[string][]string{
		"/listTasks": {ids[1], ids[2], ids[0]},
		"/listTasks?fromDate=2026-03-01T16:00:00Z":    {ids[1], ids[2]},
		"/listTasks?toDate=2026-03-01T16:00:00Z":      {ids[0]},
		"/listTasks?excludeDeleted=true":              {ids[1], ids[2]},
		"/listFinishedTasks":                          {ids[1], ids[2]},
		"/v2/listTasks?fromDate=2026-03-01T17:00:00Z": {ids[2]},
		"/listTasks?fromDate=2026-02-01T00:00:00Z":    {ids[1], ids[2], ids[0]},
	} {
		if got := order(target); strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s: %v, want %v", target, got, want)
		}
	}
	if rec := w.call(t, c, "GET", "/listTasks?fromDate=yesterday", nil); rec.Code != 450 {
		t.Errorf("status %d", rec.Code)
	}
}
