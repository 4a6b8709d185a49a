//go:build linux && cgo

package main_test

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/functions/api/apitest"
	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/telemetry"
)

// scraped returns what /metrics says to an application.
func scraped(t *testing.T, c apitest.Caller) (status int, text string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.Base+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.App != "" {
		req.SetBasicAuth(c.App, c.Key)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if want := "text/plain; version=0.0.4; charset=utf-8"; res.StatusCode == http.StatusOK && res.Header.Get("Content-Type") != want {
		t.Errorf("the numbers come as %s, not %s", res.Header.Get("Content-Type"), want)
	}
	return res.StatusCode, string(body)
}

// A document goes its whole way, and an operator sees that something did: never what, whose, or under which name.
func TestMetricsCountDocumentsAndSayNothingOfThem(t *testing.T) {
	const canary = "CANARYb41d"
	s := start(t, "LETHE_OIDC_REQUIRED=false")
	admin := apitest.Caller{T: t, Base: s.url, App: s.app, Key: s.secret}
	operator := admin.Made(access.Operator)
	ids := []string{s.app, operator.App, canary}
	for _, document := range [][]byte{photo(t, canary), []byte(canary)} { // the second is none
		task := s.send(document, client.Settings{Formats: []string{"txt"}, Password: canary, Subject: canary})
		s.follow(task.ID, patience)
		ids = append(ids, task.ID)
		if _, err := s.Erase(t.Context(), task.ID); err != nil {
			t.Fatal(err)
		}
	}
	admin.Call(http.MethodGet, "/v1/tasks/"+canary, "", nil)

	status, text := scraped(t, operator)
	if status != http.StatusOK {
		t.Fatalf("status %d: %s", status, text)
	}
	for _, series := range []string{
		`lethe_documents_total{outcome="completed"} 1`, `lethe_documents_total{outcome="failed"} 1`, `lethe_pages_total{outcome="read"} 1`,
		`lethe_page_recognition_seconds_count 1`, `lethe_document_wait_seconds_count 2`, `lethe_erasures_total{reason="delete-requested"} 2`,
		`lethe_queue_length 0`,
		`lethe_storage_call_seconds_count{operation="blob-create",outcome="ok"} 2`, `lethe_document_limit_seconds 172800`,
	} {
		if !strings.Contains(text, "\n"+series+"\n") {
			t.Errorf("there is no %s", series)
		}
	}
	for _, i := range telemetry.Instruments() {
		if !strings.Contains(text, i.Meaning) && i.Name != telemetry.WorkerEnds { // none may have ended yet
			t.Errorf("%s is missing", i.Name)
		}
	}
	for _, id := range ids {
		if strings.Contains(text, id) {
			t.Errorf("the numbers hold %s", id)
		}
	}
	for _, label := range regexp.MustCompile(`[{,]([a-z]+)="([^"]*)"`).FindAllStringSubmatch(text, -1) {
		if !regexp.MustCompile(`^([a-z-]+|[0-9.e+]+|\+Inf)$`).MatchString(label[2]) {
			t.Errorf("the label %s may hold an id, a link or a name: %s", label[1], label[2])
		}
	}
	for name, c := range map[string]apitest.Caller{
		"nobody": {T: t, Base: s.url}, "the application itself": admin, "an auditor": admin.Made(access.Auditor),
	} {
		if status, text := scraped(t, c); status != http.StatusUnauthorized && status != http.StatusForbidden {
			t.Errorf("%s: status %d, %s", name, status, text)
		}
	}
}
