//go:build linux && cgo

package main_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
	"github.com/lethe-ocr/lethe/shared/ocr/worker"
)

// plainF1 is what the engine's own command line reaches on the corpus; ours must not read worse.
const plainF1 = 0.797

// TestCorpusIsReadBetterThanByThePlainEngine measures on the pages that LETHE_CORPUS names, through the whole path. No worker
// comes near its limit of memory with them.
func TestCorpusIsReadBetterThanByThePlainEngine(t *testing.T) {
	corpus := os.Getenv("LETHE_CORPUS")
	if corpus == "" {
		t.Skip("LETHE_CORPUS is not set: no pages with known text to measure on")
	}
	manifest, err := os.Open(filepath.Join(corpus, "manifest.csv"))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(manifest).ReadAll()
	if err := manifest.Close(); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	var pages [][]string // as a rule every third: the bench reads them all
	for i := 1; i < len(rows); i += count(3, 1) {
		pages = append(pages, rows[i])
	}
	s := start(t)
	memory := s.meter()
	f1 := make([]float64, len(pages))
	var group errgroup.Group
	group.SetLimit(8)
	for i, row := range pages {
		group.Go(func() error {
			content, err := os.ReadFile(filepath.Join(corpus, row[0]))
			if err != nil {
				return err
			}
			truth, err := os.ReadFile(filepath.Join(corpus, row[1]))
			if err != nil {
				return err
			}
			task, err := s.trySend(t.Context(), content, client.Settings{Languages: strings.Split(row[2], "+")})
			if err != nil {
				return err
			}
			if done := s.follow(task.ID, patience); done.State != "Completed" {
				return fmt.Errorf("%s ended as %+v", row[0], done)
			}
			var text bytes.Buffer
			if _, err := s.Fetch(t.Context(), task.ID, "txt", &text); err != nil {
				return err
			}
			want, got := string(truth), text.String()
			if row[3] == "receipt" { // whose truth is in capitals
				want, got = strings.ToUpper(want), strings.ToUpper(got)
			}
			f1[i] = ocrtest.F1(want, got)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	var sum float64
	kinds := map[string][]float64{}
	for i, v := range f1 {
		sum += v
		kinds[pages[i][3]] = append(kinds[pages[i][3]], v)
	}
	for kind, values := range kinds {
		var k float64
		for _, v := range values {
			k += v
		}
		t.Logf("%-14s %2d documents, F1 %.3f", kind, len(values), k/float64(len(values)))
	}
	mean := sum / float64(len(f1))
	t.Logf("all %d documents, F1 %.4f", len(f1), mean)
	if mean < plainF1 {
		t.Errorf("F1 is %.4f, want at least %.3f", mean, plainF1)
	}
	if most, _ := memory.since(); most > worker.DefaultLimits().Memory*2/3 {
		t.Errorf("a worker took %d MiB of %d", most>>20, worker.DefaultLimits().Memory>>20)
	}
}
