//go:build linux && cgo

package main_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/logevent"
)

// A delete is sent once, while other clients ask for their tasks without a pause. An erasure that met a database in use would
// be tried again a minute later by the sweep.
func TestDeleteFinishesUnderConstantPolling(t *testing.T) {
	s := start(t)
	done := s.send(photo(t, "A document that is read before it is deleted"), client.Settings{})
	s.follow(done.ID, patience)
	running := s.send(scan(t, 1), client.Settings{})
	ctx, stop := context.WithCancel(t.Context())
	var others sync.WaitGroup
	for range 24 {
		others.Go(func() {
			for ctx.Err() == nil {
				_, _, _ = s.List(ctx, "", "", 100)
			}
		})
	}
	began := time.Now()
	for _, task := range []*client.Task{done, running} {
		if _, err := s.Delete(t.Context(), task.ID); err != nil {
			t.Fatal(err)
		}
		for {
			_, err := s.Receipt(t.Context(), task.ID)
			if err == nil {
				break
			}
			if time.Since(began) > 30*time.Second {
				t.Fatalf("the erasure is not finished: %v", err)
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
	t.Logf("both erasures took %v", time.Since(began))
	stop()
	others.Wait()
	s.stop()
	for line := range strings.Lines(s.log.String()) {
		if strings.Contains(line, `"ERROR"`) && strings.Contains(line, logevent.SweepFailed) {
			t.Errorf("an operator is called: %s", line)
		}
	}
}
