//go:build linux && cgo

package main_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/ocr/worker/hostiletest"
)

// Three documents of one application, a few kilobytes each, whose pages take for ever to draw, do not keep another
// application's page from its turn: it is read and written while none of them has ended. The order is what is judged; the
// time is told.
func TestCleanPageIsReadBesideEndlessDocumentsOfAnother(t *testing.T) {
	for workers := count(2, 1); workers <= 2; workers++ {
		t.Run(fmt.Sprint(workers), func(t *testing.T) {
			s := startAt(t, t.TempDir(), fmt.Sprintf("LETHE_WORKERS=%d", workers))
			var endless []string
			for range 3 {
				endless = append(endless, s.send(hostiletest.Endless(100), client.Settings{}).ID)
			}
			for s.processorTime() < 6*time.Second { // their pages hold every worker
				time.Sleep(50 * time.Millisecond)
			}
			id, secret := s.newApplication()
			other, err := client.New(client.Config{URL: s.url, Application: id, Secret: secret})
			if err != nil {
				t.Fatal(err)
			}
			clean := &server{Client: other, t: t}
			began, used := time.Now(), s.processorTime()
			sent := clean.send(scan(t, 1), client.Settings{Formats: []string{"txt", "pdf"}})
			if task := clean.follow(sent.ID, patience); task.State != "Completed" || len(task.Results) != 2 {
				t.Errorf("the clean page ended as %+v", task)
			}
			t.Logf("a clean page took %.1f s, %.1f s of processor time of everybody", time.Since(began).Seconds(), (s.processorTime() - used).Seconds())
			for _, id := range endless {
				if task, err := s.Get(t.Context(), id, 0); err != nil || task.Over() {
					t.Errorf("a document without end ended first: %+v, %v", task, err)
				}
				if _, err := s.Delete(t.Context(), id); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
