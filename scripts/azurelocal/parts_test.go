package main

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/scripts/azurelocal/stack"
	"github.com/lethe-ocr/lethe/scripts/stamptest"
)

// Several hosts of one core each over one account read the parts of a document, as instances of a function app do. In the last run
// hosts are killed at work: its result has every page, once, too.
func TestDocumentIsReadByManyHosts(t *testing.T) {
	pages, kills, runs := 32, 1, []int{2}
	if os.Getenv("LETHE_SOAK") != "" {
		pages, kills, runs = 300, 3, []int{1, 2, 4, 4}
	}
	for run, hosts := range runs {
		killed := run == len(runs)-1
		t.Run(fmt.Sprintf("%d hosts, killed %t", hosts, killed), func(t *testing.T) {
			var requests atomic.Int64
			var cfg stack.Config
			s := startStamp(t, map[string]string{"LETHE_WORKERS": "1"}, func(c *stack.Config) {
				c.Storage = counted(t, c.Storage, &requests)
				cfg = *c
			})
			all := []*stamp{s}
			for range hosts - 1 {
				all = append(all, s.another(t, cfg))
			}
			began, before := time.Now(), requests.Load()
			id := s.Submit(t, stamptest.Pages(t, pages))
			for n := range kills {
				if !killed {
					break
				}
				kept := s.copies(t, id)
				stamptest.Await(t, "another page is kept, or all is over", func() bool { return s.copies(t, id) != kept })
				victim := all[len(all)-1-n%len(all)]
				victim.KillHost()
				if err := victim.StartHost(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			s.AwaitState(t, id, "Completed")
			took := time.Since(began).Round(100 * time.Millisecond)
			var parts []int
			for _, one := range all {
				parts = append(parts, bytes.Count(one.Log(), []byte(`"part":`)))
			}
			t.Logf("%d pages in %s, parts told by each host %v, %d requests to storage, polls of queues and clients among them", pages, took, parts,
				requests.Load()-before)
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

// another is a host of the same function app. Event Grid tells the first one of every blob.
func (s *stamp) another(t *testing.T, cfg stack.Config) *stamp {
	t.Helper()
	cfg.Folder, cfg.Events.Drop = t.TempDir(), 1<<30
	cfg.Settings = maps.Clone(cfg.Settings)
	next := &stamp{blobs: s.blobs}
	var err error
	if next.Stack, err = stack.Start(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	next.Client = stamptest.Client{Base: next.URL(), Uploaded: http.StatusCreated}
	t.Cleanup(func() {
		next.Stop()
		next.checkSilence(t)
	})
	return next
}

// counted puts proxies before the services that a connection string names. They count requests.
func counted(t *testing.T, connection string, requests *atomic.Int64) string {
	t.Helper()
	return regexp.MustCompile(`http://[^/;]+`).ReplaceAllStringFunc(connection, func(service string) string {
		return stamptest.Counted(t, service, requests)
	})
}
