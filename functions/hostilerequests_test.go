//go:build linux && cgo

package main_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/functions/api/apitest"
	"github.com/lethe-ocr/lethe/shared/client"
)

// Each hostile request gets the answer that is right for it, in its time, as a problem document that repeats nothing of
// it, and the service answers the next one.
func TestHostileRequestsAreRefused(t *testing.T) {
	t.Parallel() // most of its time is spent waiting
	all := apitest.Requests()
	if len(all) < 100 {
		t.Errorf("only %d hostile requests", len(all))
	}
	// Not an ephemeral server, which has an address more for its clock. The application may do everything, so that nothing
	// is refused before it is looked at.
	s := &server{t: t, data: t.TempDir(), log: &journal{}}
	s.app, s.secret = s.almighty()
	s.run(hostileSettings(), "serve", "--data", s.data, "--listen", "127.0.0.1:0")
	target := s.target()
	idle, open := resident(s.cmd.Process.Pid), s.descriptors()
	apitest.Storm(t, target, all)
	t.Logf("the server rose by %d MB, its descriptors by %d", (resident(s.cmd.Process.Pid)-idle)>>20, s.descriptors()-open)
	if strings.Contains(strings.ToLower(s.log.String()), strings.ToLower(apitest.Marker)) {
		t.Error("the log repeats what was sent")
	}
	if done := s.follow(s.send(photo(t, "After the storm."), client.Settings{}).ID, patience); done.State != "Completed" {
		t.Errorf("a good document ended as %+v", done)
	}
}

// almighty makes an application with every scope that concerns documents and applications.
func (s *server) almighty() (id, secret string) {
	s.t.Helper()
	out, err := exec.Command(program(s.t), "app", "create", "--init", "--data", s.data, "--scopes", "submit,read,delete,admin", "--json").Output()
	if err != nil {
		s.t.Fatalf("make application: %v", err)
	}
	var app struct{ ID, Secret string }
	if err := json.Unmarshal(out, &app); err != nil {
		s.t.Fatal(err)
	}
	return app.ID, app.Secret
}

// target makes the tasks that requests are about.
func (s *server) target() apitest.Target {
	s.t.Helper()
	ended := s.follow(s.send(photo(s.t, "Before the storm."), client.Settings{}).ID, patience)
	waiting, err := s.Create(s.t.Context(), client.Settings{}, "")
	if err != nil {
		s.t.Fatal(err)
	}
	link, err := url.Parse(waiting.Upload.URL)
	if err != nil {
		s.t.Fatal(err)
	}
	return apitest.Target{
		Host: link.Host, Authorization: "Basic " + base64.StdEncoding.EncodeToString([]byte(s.app+":"+s.secret)),
		Task: waiting.ID, Ended: ended.ID, Upload: link.RequestURI(),
	}
}

// descriptors counts what the server has open. Where its list cannot be read, the size of its table stands for it.
func (s *server) descriptors() int {
	if open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.cmd.Process.Pid)); err == nil {
		return len(open)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	n := 0
	if _, size, ok := strings.Cut(string(status), "FDSize:"); ok {
		_, _ = fmt.Sscan(size, &n) // 0 says that it is not known
	}
	return n
}
