//go:build linux && cgo

package main_test

import (
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/doctor"
)

// The folder is begun before the server, with an application that is no administrator.
func TestServerLeavesItsSettingsBelievesItsProxyAndSaysHowToMakeAnAdministrator(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	if _, code := lethe(t, nil, "app", "create", "--init", "--data", data); code != 0 {
		t.Fatal("no data folder")
	}
	s := startAt(t, data, "LETHE_FREE_FLOOR_MIB=7", "LETHE_FREE_FLOOR_PERCENT=0", "LETHE_TRUSTED_PROXIES=127.0.0.1")
	guess(t, s)
	found, _ := examine(t, []string{"LETHE_FREE_FLOOR_MIB=9"}, "--data", data)
	if space := found.of(doctor.FolderSpace).Found; !strings.Contains(space, "minimum of 7 MiB") {
		t.Errorf("beside the server the doctor says: %s", space)
	}
	if address := found.of(doctor.LinkAddress); address.Outcome != doctor.OK || !strings.HasSuffix(address.Found, " "+s.url) {
		t.Errorf("of the address for links the doctor says: %+v, want %s", address, s.url)
	}
	if said, _ := exec.Command(program(t), "doctor", "--data", data).CombinedOutput(); !strings.Contains(string(said), "data folder: "+data+"\n") {
		t.Errorf("the doctor says:\n%s", said)
	}
	s.stop()
	if said := s.log.String(); !strings.Contains(said, "Links begin with "+s.url+"\n") {
		t.Errorf("at its start the server says: %s", said)
	}
	if said := s.log.String(); !strings.Contains(said, "lethe app create --data "+data+" --name administrator --scopes admin") {
		t.Errorf("without an administrator the server says: %s", said)
	}
}

// guess sends wrong credentials through the named proxy, for two clients of which one does so without end.
func guess(t *testing.T, s *server) {
	t.Helper()
	attempt := func(address string) int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/v1/tasks", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth(s.app, "guess")
		req.Header.Set("X-Forwarded-For", address)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode
	}
	refused := false
	for range 20 {
		refused = refused || attempt("192.0.2.1") == http.StatusTooManyRequests
	}
	if other := attempt("198.51.100.7"); !refused || other != http.StatusUnauthorized {
		t.Errorf("who guesses is refused: %t; another client of the proxy gets %d", refused, other)
	}
}
