//go:build linux && cgo

package main_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestReadinessLooksAtWhatIntakeNeeds(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	s := startAt(t, data)
	for _, row := range []string{"folder", "space", "database", "storage", "ledger", "engine"} {
		s.eventually(row, "")
	}

	if err := os.Rename(data, data+".moved"); err != nil {
		t.Fatal(err)
	}
	s.eventually("folder", "moved")
	if err := os.Rename(data+".moved", data); err != nil {
		t.Fatal(err)
	}
	s.eventually("folder", "")

	// The ledger's own copy of the checkpoint is one of a longer log: the state is not what it was.
	checkpoint := filepath.Join(data, "blobs", "ledger")
	var file string
	for end := time.Now().Add(time.Minute); file == ""; time.Sleep(100 * time.Millisecond) {
		if found, err := filepath.Glob(filepath.Join(checkpoint, "checkpoint,*")); err == nil && len(found) == 1 {
			file = found[0]
		} else if time.Now().After(end) {
			t.Fatal("there is no checkpoint")
		}
	}
	kept, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(kept), "\n", "\n9", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	s.eventually("ledger", "ledger")
}

// However many ask, the disk is written to once a second at most.
func TestReadinessCostsNoMoreHoweverManyAsk(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	s := startAt(t, data)
	s.eventually("engine", "")
	writes := 0
	var last time.Time
	began := time.Now()
	var asking sync.WaitGroup
	stop := make(chan struct{})
	for range 8 {
		asking.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if resp, err := http.Get(s.url + "/readyz"); err == nil {
					resp.Body.Close()
				}
			}
		})
	}
	for time.Since(began) < 3*time.Second || writes < 2 && time.Since(began) < time.Minute {
		stat, err := os.Stat(filepath.Join(data, "probe"))
		if err != nil {
			t.Fatal(err)
		}
		if !stat.ModTime().Equal(last) {
			writes, last = writes+1, stat.ModTime()
		}
		time.Sleep(5 * time.Millisecond)
	}
	took := time.Since(began)
	close(stop)
	asking.Wait()
	if most := int(took/time.Second) + 2; writes > most {
		t.Errorf("the disk was written to %d times in %v, want at most %d", writes, took, most)
	}
	if writes < 2 {
		t.Errorf("nobody looks at the disk: %d writes", writes)
	}
}
