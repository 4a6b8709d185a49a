//go:build linux && cgo

package main_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/client"
)

// Worker processes die at random while documents are read. Each task ends once, with results or with a reason, and the
// server never stops.
func TestWorkersKilledAtRandomCostPagesNotTheServer(t *testing.T) {
	documents := count(20, 200)
	s := start(t)
	stop, stopped := make(chan struct{}), make(chan int)
	go func() {
		random, killed := rand.New(rand.NewPCG(1, 2)), 0
		signals := []syscall.Signal{syscall.SIGKILL, syscall.SIGSEGV, syscall.SIGABRT}
		tick := time.NewTicker(400 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				stopped <- killed
				return
			case <-tick.C:
			}
			if pids := s.workers(); len(pids) > 0 {
				if syscall.Kill(pids[random.IntN(len(pids))], signals[random.IntN(len(signals))]) == nil {
					killed++
				}
			}
		}
	}()
	// Workers die from the first document on: on a busy machine all may be read by the time the last one is sent.
	var ids []string
	for n := range documents {
		ids = append(ids, s.send(photo(t, fmt.Sprintf("Document number %d speaks of gardens and of rain.", n)), client.Settings{}).ID)
	}
	completed, failed := 0, 0
	for _, id := range ids {
		switch task := s.follow(id, patience); {
		case task.State == "Completed" && len(task.Results) == 1:
			completed++
		case task.State == "ProcessingFailed" && task.Failure != nil && task.Failure.Code != "":
			failed++
		default:
			t.Errorf("task ended as %+v", task)
		}
	}
	close(stop)
	killed := <-stopped
	t.Logf("%d documents, %d workers killed: %d completed, %d failed with a reason", documents, killed, completed, failed)
	if killed < documents/20 {
		t.Errorf("only %d workers were killed: the test shows nothing", killed)
	}
	for _, id := range ids {
		if _, err := s.Delete(t.Context(), id); err != nil {
			t.Error(err)
		}
	}
	if found := s.left("gardens"); len(found) > 0 {
		t.Errorf("left behind: %v", found)
	}
	if cores, _ := filepath.Glob(filepath.Join(s.data, "*", "core*")); len(cores) > 0 {
		t.Errorf("core files: %v", cores)
	}
}

// The machine gives the workers no processor time for longer than a page may use of it: the page is read all the same.
func TestMachineThatStandsStillDoesNotFailADocument(t *testing.T) {
	s := start(t, "LETHE_PAGE_TIME=8s", "LETHE_DRAW_TIME=8s")
	s.follow(s.send(scan(t, 1), client.Settings{}).ID, patience) // every worker has started
	workers := s.workers()
	for _, pid := range workers {
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
	}
	id := s.send(scan(t, 2), client.Settings{}).ID
	time.Sleep(10 * time.Second) // what is tried is the time that goes by
	if task, err := s.Get(t.Context(), id, 0); err != nil || task.Over() {
		t.Errorf("%+v, %v", task, err)
	}
	for _, pid := range workers {
		if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
			t.Error(err)
		}
	}
	if task := s.follow(id, patience); task.State != "Completed" {
		t.Errorf("task ended as %+v", task)
	}
}

// The server dies in the middle as in a power cut and is started again: the same. What was in hand is then read alone, and no
// attempt is held against it.
func TestServerKilledInTheMiddleLosesNothing(t *testing.T) {
	documents := count(5, 60) // two are read by the time of the last death
	data := t.TempDir()
	s := startAt(t, data)
	var ids []string
	for n := range documents {
		ids = append(ids, s.send(scan(t, 1+n%5), client.Settings{Formats: []string{"txt", "pdf"}}).ID)
	}
	for round := range count(2, 3) {
		s.follow(ids[round], patience)
		s = s.reborn()
	}
	for _, id := range ids {
		task := s.follow(id, patience)
		if task.State != "Completed" || len(task.Results) != 2 {
			t.Errorf("task ended as %+v", task)
		}
	}
	if staged, _ := os.ReadDir(filepath.Join(data, "staging")); len(staged) > 0 {
		t.Errorf("%d half-written files are left", len(staged))
	}
}
