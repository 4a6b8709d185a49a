package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// plainPage is a page as the tesseract command line can read it.
type plainPage struct {
	place
	file string
	all  bool // the file holds no other page
}

// plain reads every page with a tesseract process of its own.
func plain(ctx context.Context, docs []document, dir string) (*outcome, error) {
	o := newOutcome(docs)
	var pages []plainPage
	for i, d := range docs {
		if d.class() == pdf {
			files, err := o.rendered(ctx, d, filepath.Join(dir, fmt.Sprint(i)))
			if err != nil {
				return nil, err
			}
			for n, f := range files {
				pages = append(pages, plainPage{place{i, n}, f, true})
			}
			continue
		}
		for n := range d.pages {
			pages = append(pages, plainPage{place{i, n}, d.path, d.pages == 1})
		}
	}
	texts := make([]string, len(pages))
	var mu sync.Mutex // guards o
	var group errgroup.Group
	group.SetLimit(runtime.NumCPU())
	began := time.Now()
	for i, p := range pages {
		group.Go(func() error {
			d := docs[p.document]
			args := []string{p.file, "-", "-l", d.lang}
			if !p.all {
				args = append(args, "-c", fmt.Sprintf("tessedit_page_number=%d", p.page))
			}
			cmd := exec.CommandContext(ctx, "tesseract", args...)
			cmd.Env = append(os.Environ(), "OMP_THREAD_LIMIT=1")
			var text bytes.Buffer
			cmd.Stdout = &text
			err := quietly(cmd)
			if cmd.ProcessState == nil {
				return err // it did not start
			}
			texts[i] = text.String()
			mu.Lock()
			defer mu.Unlock()
			o.cpu[d.class()] += spent(cmd)
			o.each[p.place] = spent(cmd)
			if err != nil {
				o.failed++
			}
			return ctx.Err()
		})
	}
	err := group.Wait()
	o.wall = time.Since(began)
	for i, p := range pages {
		o.texts[p.document] += texts[i] + "\n"
	}
	return o, err
}

// rendered makes grey pages of a PDF file and returns their files in order.
func (o *outcome) rendered(ctx context.Context, d document, prefix string) ([]string, error) {
	cmd := exec.CommandContext(ctx, "pdftoppm", "-r", "300", "-gray", d.path, prefix)
	if err := quietly(cmd); err != nil {
		return nil, err
	}
	o.prepared += spent(cmd)
	files, err := filepath.Glob(prefix + "-*.pgm")
	// Page numbers have the same width within a file, so that the order of names is theirs.
	slices.SortFunc(files, strings.Compare)
	return files, err
}
