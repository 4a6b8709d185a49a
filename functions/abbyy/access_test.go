package abbyy_test

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	wire "github.com/lethe-ocr/lethe/shared/abbyy"
	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// attempt calls a method of a version, on a task of its owner where the method is about one.
func (w *world) attempt(t *testing.T, owner, c client, m wire.Method, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	path := "/" + m.Name
	if m.Version == wire.V2 {
		path = "/v2" + path
	}
	w.queue = nil // what else was submitted is not processed
	about := ""
	switch m.Name {
	case wire.GetTaskStatus, wire.DeleteTask:
		about = w.send(t, owner, "/processImage", "words").ID
	case wire.ProcessDocument, wire.ProcessFields:
		about = taskOf(t, w.call(t, owner, "POST", "/submitImage", strings.NewReader("%PDF-1.4 words"))).ID
	}
	if about != "" {
		path += "?taskId=" + about
	}
	body := "%PDF-1.4 words"
	switch m.Body {
	case wire.Settings:
		body = `<document xmlns="http://ocrsdk.com/schema/taskDescription-1.0.xsd"><page applyTo="0"><text id="a" left="1" top="1" right="9" bottom="9"/></page></document>`
	case wire.Nothing:
		body = ""
	}
	return w.call(t, c, m.Verbs[0], path, strings.NewReader(body), header...)
}

// TestAccessMatrix calls every method of both versions with every kind of credential.
func TestAccessMatrix(t *testing.T) {
	w := newWorld(t)
	calls := 0
	for _, v := range []wire.Version{wire.V1, wire.V2} {
		for _, m := range v.Methods() {
			owner := w.client(t, access.Application{Alias: fmt.Sprint("Owner of ", v, m.Name), Info: true})
			foreign := w.client(t, access.Application{Info: true})
			revoked := w.client(t, access.Application{})
			if _, err := w.Apps.Revoke(t.Context(), revoked.id); err != nil {
				t.Fatal(err)
			}
			refused := map[wire.Version]int{wire.V1: 450, wire.V2: 400}[v]
			kinds := []struct {
				name string
				c    client
				want int
			}{
				{"none", client{}, 401},
				{"unreadable", client{header: "Basic ?"}, 401},
				{"wrong secret", client{header: basic(owner.id, "guess")}, 401},
				{"unknown name", client{header: basic("Nobody", owner.secret)}, 401},
				{"another's secret", client{header: basic(owner.id, foreign.secret)}, 401},
				{"revoked", revoked, 401},
				{"token", client{header: "Bearer x"}, 401},
				{"its own", owner, 200},
				{"its own, by its name at ABBYY", client{header: basic(fmt.Sprint("Owner of ", v, m.Name), owner.secret)}, 200},
				{"its own, with a colon", client{header: strings.Replace(owner.header, "Basic ", "Basic: ", 1)}, 200},
				{"its own, of an installation", client{header: basic(owner.id+"#11112222-3333-4444-5555-666677778888", owner.secret)}, 200},
				{"another's", foreign, refused},
			}
			for _, s := range access.ApplicationScopes() {
				want := 403
				if string(s) == string(m.Right) {
					want = refused
				}
				kinds = append(kinds, struct {
					name string
					c    client
					want int
				}{"another's, " + string(s), w.client(t, access.Application{Scopes: []access.Scope{s}, Info: true}), want})
			}
			for _, k := range kinds {
				w.clock.advance(10 * time.Second) // none of this is a matter of rates
				want := k.want
				if want == refused && !slices.Contains([]string{wire.GetTaskStatus, wire.DeleteTask, wire.ProcessDocument, wire.ProcessFields}, m.Name) {
					want = 200 // it is about no task of somebody else
				}
				rec := w.attempt(t, owner, k.c, m)
				calls++
				if rec.Code != want {
					t.Errorf("%d %s, %s: status %d, want %d: %s", v, m.Name, k.name, rec.Code, want, rec.Body)
				}
				if challenge := rec.Header().Values("WWW-Authenticate"); (rec.Code == 401) != (len(challenge) == 1 && strings.HasPrefix(challenge[0], "Basic realm=")) {
					t.Errorf("%d %s, %s: challenge %q", v, m.Name, k.name, challenge)
				}
			}
			if w.clock.advance(time.Minute); m.Name == wire.DeleteTask {
				w.clock.advance(24 * time.Hour)
			}
		}
	}
	t.Logf("%d answers were compared", calls)
}

// deleteTask is a GET there: a page that a browser shows could have it sent with credentials that the browser keeps.
func TestPagesOfOtherSitesOpenNothing(t *testing.T) {
	w := newWorld(t)
	c := w.client(t, access.Application{Info: true})
	for _, v := range []wire.Version{wire.V1, wire.V2} {
		for _, m := range v.Methods() {
			for site, want := range map[string]int{"cross-site": 403, "same-site": 403, "same-origin": 200, "none": 200} {
				if rec := w.attempt(t, c, c, m, "Sec-Fetch-Site", site); rec.Code != want {
					t.Errorf("%d %s from %s: status %d: %s", v, m.Name, site, rec.Code, rec.Body)
				}
			}
		}
	}
}

// endless is a body of which it is counted how much is read.
type endless struct{ read int64 }

func (e *endless) Read(p []byte) (int, error) {
	e.read += int64(len(p))
	clear(p)
	return len(p), nil
}

// A client that sends its whole document before it looks at the answer gets it, and only so much is received of it. With wrong
// credentials, or without the body being asked for, nothing is.
func TestBodyOfARefusedRequestIsReceivedWithinBounds(t *testing.T) {
	w := newWorld(t)
	lacking := w.client(t, access.Application{Scopes: []access.Scope{access.Read}})
	for name, c := range map[string]struct {
		header []string
		c      client
		status int
		read   bool
	}{
		"no credentials":          {nil, client{}, 401, true},
		"no credentials, waiting": {[]string{"Expect", "100-continue"}, client{}, 401, false},
		"wrong credentials":       {nil, client{header: basic("x", "y")}, 401, false},
		"scope missing":           {nil, lacking, 403, true},
	} {
		body := &endless{}
		rec := w.call(t, c.c, "POST", "/v2/processImage", body, c.header...)
		if c.c == lacking { // known by its scope only: it is a stranger to this method
			c.read = false
		}
		if rec.Code != c.status || (body.read > 0) != c.read || body.read > 70<<20 {
			t.Errorf("%s: status %d, %d bytes were received", name, rec.Code, body.read)
		}
		if blobs, err := w.Blobs.List(t.Context(), storage.Uploads+"/", "", 10); err != nil || len(blobs) > 0 {
			t.Errorf("%s: %d documents are kept, %v", name, len(blobs), err)
		}
	}
}

const canary = "c4n4ry"

// What clients send stands in no log, and comes back only where it is the description, which they are to get back.
func TestNothingOfWhatClientsSendIsLogged(t *testing.T) {
	w := newWorld(t)
	c := w.client(t, access.Application{})
	id := w.send(t, c, "/processImage?description="+canary+"&pdfPassword="+canary, canary).ID
	link := w.status(t, c, id).Links[0]
	w.follow(t, "GET", link)
	for name, rec := range map[string]*httptest.ResponseRecorder{
		"method":        w.call(t, c, "GET", "/abbyy/"+canary, nil),
		"version 2":     w.call(t, c, "GET", "/v2/"+canary, nil),
		"verb":          w.call(t, c, canary, "/listTasks", nil),
		"task id":       w.call(t, c, "GET", "/getTaskStatus?taskId="+canary, nil),
		"language":      w.call(t, c, "POST", "/processImage?language="+canary, strings.NewReader("%PDF-1.4")),
		"format":        w.call(t, c, "POST", "/v2/processImage?exportFormat="+canary, strings.NewReader("%PDF-1.4")),
		"region":        w.call(t, c, "POST", "/processTextField?region="+canary, strings.NewReader("%PDF-1.4")),
		"date":          w.call(t, c, "GET", "/listTasks?fromDate="+canary, nil),
		"document":      w.call(t, c, "POST", "/processImage", strings.NewReader(canary)),
		"media type":    w.call(t, c, "POST", "/processImage", strings.NewReader(canary), "Content-Type", canary),
		"boundary":      w.call(t, c, "POST", "/processImage", strings.NewReader(canary), "Content-Type", "multipart/form-data; boundary="+canary),
		"file name":     w.call(t, c, "POST", "/processImage", strings.NewReader("--b\r\nContent-Disposition: form-data; name=\""+canary+"\"; filename=\""+canary+"\"\r\n\r\n"+canary+"\r\n--b--\r\n"), "Content-Type", "multipart/form-data; boundary=b"),
		"settings":      w.call(t, c, "POST", "/processFields?taskId="+id, strings.NewReader("<"+canary+"/>")),
		"user":          w.call(t, client{header: basic(canary, canary)}, "GET", "/listTasks", nil),
		"authorization": w.call(t, client{header: canary}, "GET", "/listTasks", nil),
		"host":          w.call(t, c, "GET", "/listTasks", nil, "X-Forwarded-Host", canary, "User-Agent", canary, "Referer", canary, "Cookie", canary),
		"link":          w.follow(t, "GET", "https://ocr.test/abbyy/files/"+canary+"/"+canary),
	} {
		answer := rec.Body.String()
		for h, values := range rec.Header() {
			answer += h + strings.Join(values, " ")
		}
		if strings.Contains(answer, canary) && name != "host" {
			t.Errorf("%s: status %d came back with it: %s", name, rec.Code, answer)
		}
		if rec.Code >= 500 && rec.Code != 551 {
			t.Errorf("%s: status %d: %s", name, rec.Code, rec.Body)
		}
	}
	token := strings.Split(link, "/")[5]
	for _, secret := range []string{canary, c.secret, c.header, token} {
		if strings.Contains(w.log.String(), secret) {
			t.Errorf("%q is in the log:\n%s", secret, w.log)
		}
	}
}

// A connection that carried text of a client ends with the answer, be it a refusal: its buffers hold the text.
func TestConnectionThatCarriedTextOfAClientIsClosed(t *testing.T) {
	w := newWorld(t)
	c := w.client(t, access.Application{})
	held := taskOf(t, w.call(t, c, "POST", "/submitImage", strings.NewReader("%PDF-1.4 one"))).ID
	for _, v := range []string{"", "/v2"} {
		for query, want := range map[string]bool{
			"/getTaskStatus?taskId=" + held: false,
			"/listTasks":                    false,
			"/getTaskStatus?taskId=nosuch":  false,
			"/processDocument?description=" + canary + "&language=nosuch&taskId=" + held: true,
			"/processDocument?description=" + canary:                                     true,
			"/processDocument?description=" + canary + "&taskId=" + held:                 true,
		} {
			method := map[bool]string{true: "POST", false: "GET"}[strings.HasPrefix(query, "/processDocument")]
			if rec := w.call(t, c, method, v+query, nil); (rec.Header().Get("Connection") == "close") != want {
				t.Errorf("%s%s: status %d, closed %v", v, query, rec.Code, !want)
			}
		}
	}
}

// One line is logged of a request, with its route and nothing of its address.
func TestRouteIsLogged(t *testing.T) {
	w := newWorld(t)
	c := w.client(t, access.Application{})
	for target, want := range map[string]string{
		"//LISTTASKS": `"route":"/listTasks","status":200`, "/abbyy/v2/listTasks": `"route":"/v2/listTasks","status":200`,
		"/abbyy/x": `"route":"","status":404`, "/abbyy/files/x/y": `"route":"/abbyy/files/","status":404`,
		"/getTaskStatus": `"route":"/getTaskStatus","status":450`,
	} {
		before := len(w.log.String())
		w.call(t, c, "GET", target, nil)
		line := w.log.String()[before:]
		if strings.Count(line, "\n") != 1 || !strings.Contains(line, want) {
			t.Errorf("%s: %s", target, line)
		}
	}
}

// Lists of a thousand tasks that are polled every second fill no log: their links are recorded once.
func TestListsThatArePolledFillNoLog(t *testing.T) {
	w := newWorld(t)
	c := w.client(t, access.Application{})
	for range 50 {
		w.send(t, c, "/processImage", "words")
	}
	first := w.call(t, c, "GET", "/listTasks", nil).Body.String()
	before := len(w.log.String())
	for range 10 {
		if again := w.call(t, c, "GET", "/listTasks", nil).Body.String(); again != first {
			t.Fatal("the list changed")
		}
	}
	if lines := strings.Count(w.log.String()[before:], "\n"); lines != 10 {
		t.Errorf("10 polls left %d lines", lines)
	}
}
