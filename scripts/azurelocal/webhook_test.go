package main

import (
	"testing"

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
