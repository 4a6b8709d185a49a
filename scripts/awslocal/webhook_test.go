package main

import (
	"testing"

	"github.com/lethe-ocr/lethe/functions/api"
	"github.com/lethe-ocr/lethe/functions/notify"
	"github.com/lethe-ocr/lethe/scripts/stamptest"
)

// Every sandbox that takes part is lost, whatever it does.
func TestApplicationIsToldWhateverDies(t *testing.T) {
	s := start(t, map[string]string{"LETHE_WEBHOOKS": "true"}, nil)
	stamptest.TellsItsApplication(t, s.Client, func() {
		for _, f := range s.Functions {
			f.Kill()
		}
	})
	if s.Functions[notify.Name].Calls() == 0 || s.Functions[api.Name].Calls() == 0 {
		t.Error("the functions were not called")
	}
}
