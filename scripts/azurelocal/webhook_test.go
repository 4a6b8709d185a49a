package main

import (
	"net/http"
	"testing"

	"github.com/lethe-ocr/lethe/functions/notify"
	"github.com/lethe-ocr/lethe/functions/requeue"
	"github.com/lethe-ocr/lethe/scripts/stamptest"
)

// The program is killed under the host, then the host with it.
func TestApplicationIsToldWhateverDies(t *testing.T) {
	s := startStamp(t, map[string]string{"LETHE_WEBHOOKS": "true"}, nil)
	died := 0
	stamptest.TellsItsApplication(t, s.Client, func() {
		if died++; died == 1 {
			if err := s.KillHandler(); err != nil {
				t.Fatal(err)
			}
			return
		}
		s.KillHost()
		if err := s.StartHost(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// The template has the host leave the function alone where webhooks are off, by the setting that the host reads.
func TestHostStartsTheFunctionOfWebhooksForNothingWhereItIsDisabled(t *testing.T) {
	s := startStamp(t, map[string]string{"AzureWebJobs." + notify.Name + ".Disabled": "true"}, nil)
	for function, want := range map[string]bool{notify.Name: true, requeue.Name: false} {
		var status struct{ IsDisabled *bool }
		if code := s.Try(t, http.MethodGet, "/admin/functions/"+function, &status); code != http.StatusOK || status.IsDisabled == nil || *status.IsDisabled != want {
			t.Errorf("%s: %d, %v", function, code, status.IsDisabled)
		}
	}
}
