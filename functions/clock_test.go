//go:build linux && cgo

package main_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/clock"
	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
)

// clockRow is what /readyz says of the clock.
func (s *server) clockRow() (ok bool, detail string) {
	s.t.Helper()
	resp, err := http.Get(s.url + "/readyz")
	if err != nil {
		s.t.Fatal(err)
	}
	var ready struct {
		Checks []struct {
			Name, Detail string
			OK           bool
		}
	}
	if err := errors.Join(json.NewDecoder(resp.Body).Decode(&ready), resp.Body.Close()); err != nil {
		s.t.Fatal(err)
	}
	for _, c := range ready.Checks {
		if c.Name == "clock" {
			return c.OK, c.Detail
		}
	}
	s.t.Fatal("/readyz says nothing of the clock")
	return false, ""
}

// The first start was under a wall clock that was ten days ahead; since then it was corrected.
func TestAWrongClockClosesIntakeUntilItIsAccepted(t *testing.T) {
	const ahead = 240 * time.Hour
	s := startAt(t, t.TempDir())
	s.stop()
	verb := func(args ...string) string {
		t.Helper()
		out, err := exec.Command(program(t), append(args, "--data", s.data)...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	if err := clock.InFolder(s.data).Update(func(a clock.Anchor) (clock.Anchor, error) {
		a.Service, a.Wall = a.Service.Add(ahead), a.Wall.Add(ahead)
		return a, nil
	}); err != nil {
		t.Fatal(err)
	}
	again := &server{t: t, data: s.data, log: s.log, app: s.app, secret: s.secret}
	again.run(nil, "serve", "--data", s.data, "--listen", "127.0.0.1:0")
	if ok, detail := again.clockRow(); ok || !strings.Contains(detail, "lethe clock accept") {
		t.Errorf("/readyz says of the clock %v, %q", ok, detail)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, again.url+"/v1/tasks", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(again.app, again.secret)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req) // the client would try again for minutes
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("with a clock that jumped a task is answered with %d", resp.StatusCode)
	}
	if found := verb("clock"); !strings.Contains(found, "10 days behind") {
		t.Errorf("the verb shows %s", found)
	}
	if out, err := exec.Command(program(t), "doctor", "--data", s.data).Output(); err == nil || !strings.Contains(string(out), "wall-clock") {
		t.Errorf("the doctor says %v\n%s", err, out)
	}

	if found := verb("clock", "accept"); strings.Contains(found, "differ by") {
		t.Errorf("after the correction: %s", found)
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		if ok, _ := again.clockRow(); ok {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("intake stayed closed")
		}
	}
	task := again.send(photo(t, ocrtest.Letter(1)), client.Settings{})
	near := func(what string, at time.Time, want time.Duration) {
		t.Helper()
		if off := time.Until(at) - want; off.Abs() > 2*time.Minute {
			t.Errorf("%s is told as %s, %s off", what, at, off)
		}
	}
	near("the end of the upload link", task.Upload.Expires, 15*time.Minute)
	done := again.follow(task.ID, patience)
	near("the upload", done.Uploaded, 0)
	near("the erasure", done.DeleteAfter, 24*time.Hour)
	if _, err := again.Delete(t.Context(), task.ID); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(program(t), "clock", "accept", "--data", s.data).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "nothing to accept") {
		t.Errorf("accepting twice: %v, %s", err, out)
	}
}
