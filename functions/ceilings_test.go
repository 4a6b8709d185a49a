//go:build linux && cgo

package main_test

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/client"
)

// post asks the server as an application and reads its answer.
func (s *server) post(id, secret, path, body string, answer any) int {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.SetBasicAuth(id, secret)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }() // read as far as needed
	if err := json.NewDecoder(resp.Body).Decode(answer); err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode
}

// The whole program: what the operator sets beside a running server holds for what is asked over the network.
func TestApplicationIsHeldToWhatItsOperatorSet(t *testing.T) {
	s := startAt(t, t.TempDir())
	out, err := exec.CommandContext(t.Context(), program(t), "app", "create", "--data", s.data, "--json", "--retain", "2h", "--delete-on-fetch",
		"--formats", "txt,json", "--languages", "eng").Output()
	var app struct{ ID, Secret string }
	if err != nil || json.Unmarshal(out, &app) != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var got struct {
		Settings struct {
			RetainSeconds int  `json:"retain_seconds"`
			DeleteOnFetch bool `json:"delete_on_fetch"`
		}
		client.Problem
	}
	for body, want := range map[string]int{`{}`: 7200, `{"retain_seconds":60}`: 60, `{"retain_seconds":80000}`: 7200} {
		if code := s.post(app.ID, app.Secret, "/v1/tasks", body, &got); code != 201 || got.Settings.RetainSeconds != want || !got.Settings.DeleteOnFetch {
			t.Errorf("%s: status %d, %+v", body, code, got)
		}
	}
	for body, field := range map[string]string{`{"delete_on_fetch":false}`: "delete_on_fetch", `{"formats":["pdf"]}`: "formats", `{"languages":["deu"]}`: "languages"} {
		if code := s.post(app.ID, app.Secret, "/v1/tasks", body, &got); code != 422 || got.Field != field {
			t.Errorf("%s: status %d, field %q: %s", body, code, got.Field, got.Detail)
		}
	}
	listed, code := lethe(t, nil, "app", "list", "--data", s.data)
	if code != 0 || !strings.Contains(string(listed), "--retain 2h0m0s --delete-on-fetch --formats txt,json --languages eng") {
		t.Errorf("code %d, listed as %s", code, listed)
	}
}

// Ceilings that bound nothing, or cannot be, make no application.
func TestOperatorsSlipsMakeNoApplication(t *testing.T) {
	data := t.TempDir()
	for _, flags := range [][]string{
		{"--retain", "0"}, {"--retain", "25h"}, {"--retain", "-1h"}, {"--retain", "1500ms"}, {"--retain", "2"}, {"--formats", ""}, {"--formats", "epub"},
		{"--languages", ""}, {"--languages", "eng,"}, {"--languages", "eng,klingon"}, {"--delete-on-fetch=perhaps"}, {"--Retain", "2h"}, {"--retain", "2h", "--retain", "20h"},
	} {
		if out, code := lethe(t, nil, slices.Concat([]string{"app", "create", "--data", data}, flags)...); code != 2 {
			t.Errorf("%q: code %d: %s", flags, code, out)
		}
	}
	if made, err := os.ReadDir(data); err != nil || len(made) > 0 {
		t.Errorf("made %v: %v", made, err)
	}
}
