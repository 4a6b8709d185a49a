package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// dearestGoal is how many times tesseract's processor time the dearest page may take.
const dearestGoal = 1.5

// place is a page of a document, both from 0.
type place struct{ document, page int }

// dearest compares the processor time of the page that costs Lethe the most with tesseract's on that page, and names the page that
// costs the most against tesseract. Each page is read by processes of its own, as by tesseract. Drawing a page of a PDF file is
// counted for Lethe alone.
func dearest(docs []document, plain, own map[place]time.Duration, w io.Writer) error {
	ratio := func(p place) float64 { return own[p].Seconds() / plain[p].Seconds() }
	var sum float64
	most, worst := place{}, place{}
	for p, took := range own {
		sum += took.Seconds()
		if took > own[most] {
			most = p
		}
		if ratio(p) > ratio(worst) {
			worst = p
		}
	}
	_, err := fmt.Fprintf(w, "\nThe dearest page, of kind %s, takes %.2f of tesseract's processor time on it (goal: at most %.1f). "+
		"The highest such share of any page is %.2f, of kind %s, which takes %.2f of what a page takes on average.\n",
		docs[most.document].kind, ratio(most), dearestGoal, ratio(worst), docs[worst.document].kind, own[worst].Seconds()*float64(len(own))/sum)
	return err
}

// alone measures the processor time of reading each page by processes of its own. A page that cannot be read counts with what that took.
func (l lethe) alone(ctx context.Context, docs []document) (map[place]time.Duration, error) {
	costs := map[place]time.Duration{}
	var mu sync.Mutex // guards costs
	var group errgroup.Group
	group.SetLimit(runtime.NumCPU())
	for i, d := range docs {
		for n := range d.pages {
			group.Go(func() error {
				cmd := exec.CommandContext(ctx, l.bin, "read", "--lang", d.lang, "--profile", l.profile, "--pages", strconv.Itoa(n+1), d.path)
				cmd.Env = append(os.Environ(), "LETHE_WORKERS=1")
				err := quietly(cmd)
				if cmd.ProcessState == nil || ctx.Err() != nil {
					return err
				}
				mu.Lock()
				defer mu.Unlock()
				costs[place{i, n}] = spent(cmd)
				return nil
			})
		}
	}
	return costs, group.Wait()
}
