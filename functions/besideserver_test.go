//go:build linux && cgo

package main_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/doctor"
)

// The folder is begun before the server, with an application that is no administrator.
func TestServerLeavesItsSettingsAndSaysHowToMakeAnAdministrator(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	if _, code := lethe(t, nil, "app", "create", "--init", "--data", data); code != 0 {
		t.Fatal("no data folder")
	}
	s := startAt(t, data, "LETHE_FREE_FLOOR_MIB=7", "LETHE_FREE_FLOOR_PERCENT=0")
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
