package main

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/functions/ocr"
	"github.com/lethe-ocr/lethe/functions/requeue"
	"github.com/lethe-ocr/lethe/scripts/awslocal/stack"
	"github.com/lethe-ocr/lethe/scripts/stamptest"
)

// Several instances of one core each read the parts of a document. In the last run instances are killed at work: its result has
// every page, once, too.
func TestDocumentIsReadByManyInstances(t *testing.T) {
	t.Parallel() // most of its time is spent waiting
	pages, kills, runs := 20, 1, []int{2}
	if soak() {
		pages, kills, runs = 300, 3, []int{1, 2, 4, 4}
	}
	for run, instances := range runs {
		killed := run == len(runs)-1
		t.Run(fmt.Sprintf("%d instances, killed %t", instances, killed), func(t *testing.T) {
			var requests atomic.Int64
			s := start(t, map[string]string{"LETHE_WORKERS": "1"}, func(c *stack.Config) {
				c.Instances, c.Name = instances, fmt.Sprintf("many-instances-%d", run) // a stamp of its own
				c.Reach = func(service string) string { return stamptest.Counted(t, service, &requests) }
			})
			began, before := time.Now(), requests.Load()
			id := s.Submit(t, stamptest.Pages(t, pages))
			if killed {
				for range kills {
					kept := s.copies(t, id)
					stamptest.Await(t, "another page is kept, or all is over", func() bool { return s.copies(t, id) != kept })
					t.Logf("%d instances killed", s.Functions[ocr.Name].Kill()+s.Functions[requeue.Name].Kill())
				}
			}
			s.AwaitState(t, id, "Completed")
			t.Logf("%d pages in %s, %d requests to storage and queue, those for clients among them, %d calls, %d parts begun, %d instances at the end",
				pages, time.Since(began).Round(100*time.Millisecond), requests.Load()-before,
				s.Functions[ocr.Name].Calls()+s.Functions[requeue.Name].Calls(), bytes.Count(s.Log(), []byte(`"part":`)),
				len(s.Functions[ocr.Name].Bootstraps())+len(s.Functions[requeue.Name].Bootstraps()))
			var result string
			if status := s.Try(t, http.MethodGet, "/v1/tasks/"+id+"/results/txt", &result); status != http.StatusOK {
				t.Fatalf("status %d", status)
			}
			if read := strings.Count(result, stamptest.Canary); read != pages {
				t.Errorf("the result has %d pages of %d", read, pages)
			}
			s.Erase(t, id)
		})
	}
}
