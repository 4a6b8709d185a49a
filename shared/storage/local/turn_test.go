package local_test

import (
	"context"
	"errors"
	"testing"
)

func TestOneProcessSweepsAtATime(t *testing.T) {
	dir := t.TempDir()
	server, verb := open(t, dir, true), open(t, dir, false)
	release, err := server.TakeTurn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	impatient, end := context.WithCancel(t.Context())
	end()
	if _, err := verb.TakeTurn(impatient); !errors.Is(err, context.Canceled) {
		t.Errorf("beside a sweep that runs: %v, want that it waits", err)
	}
	waited := make(chan error)
	go func() {
		release, err := verb.TakeTurn(t.Context())
		if err == nil {
			release()
		}
		waited <- err
	}()
	release()
	if err := <-waited; err != nil {
		t.Errorf("after the first sweep: %v", err)
	}
}
