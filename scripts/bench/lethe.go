package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lethe-ocr/lethe/shared/client"
)

// lethe is the program with a profile to read by.
type lethe struct{ bin, profile string }

// read gives the read verb all documents of a class and language at once.
func (l lethe) read(ctx context.Context, docs []document, dir string) (*outcome, error) {
	type group struct {
		class class
		lang  string
	}
	var order []group
	members := map[group][]int{}
	for i, d := range docs {
		g := group{d.class(), d.lang}
		if members[g] == nil {
			order = append(order, g)
		}
		members[g] = append(members[g], i)
	}
	o := newOutcome(docs)
	began := time.Now()
	for _, g := range order {
		args := []string{"read", "--lang", g.lang, "--profile", l.profile, "--output", dir}
		for _, i := range members[g] {
			args = append(args, docs[i].path)
		}
		cmd := exec.CommandContext(ctx, l.bin, args...)
		err := quietly(cmd)
		if cmd.ProcessState == nil || ctx.Err() != nil {
			return nil, err
		}
		o.cpu[g.class] += spent(cmd)
		if err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err) // single documents failed; they count as read empty
		}
	}
	o.wall = time.Since(began)
	for i, d := range docs {
		text, err := os.ReadFile(filepath.Join(dir, filepath.Base(d.path)+".txt"))
		if err != nil {
			o.failed++
			continue
		}
		o.texts[i] = string(text)
	}
	return o, nil
}

// serve sends all documents through a server's HTTP interface: create, upload, wait, fetch, delete.
func (l lethe) serve(ctx context.Context, docs []document, dir string) (*outcome, error) {
	return l.serveWith(ctx, docs, dir, nil)
}

// serveWith is serve with more variables for the server.
func (l lethe) serveWith(ctx context.Context, docs []document, dir string, env []string) (*outcome, error) {
	cmd := exec.CommandContext(ctx, l.bin, "serve", "--ephemeral")
	cmd.Env = append(append(os.Environ(), "TMPDIR="+dir), env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	o := newOutcome(docs)
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	err = o.send(ctx, stdout, docs, l.profile)
	o.wall = time.Since(began)
	err = errors.Join(err, cmd.Process.Signal(syscall.SIGTERM), cmd.Wait())
	o.cpu[all] = spent(cmd)
	return o, err
}

// send takes address and credentials from the server's first line.
func (o *outcome) send(ctx context.Context, stdout io.Reader, docs []document, profile string) error {
	lines := bufio.NewReader(stdout)
	line, err := lines.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("no line from the server: %w", err)
	}
	var at struct{ URL, App, Secret string }
	if err := json.Unmarshal(line, &at); err != nil {
		return fmt.Errorf("the server's first line: %w", err)
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }() // its log; ends with the server
	c, err := client.New(client.Config{URL: at.URL, Application: at.App, Secret: at.Secret})
	if err != nil {
		return err
	}
	var failed atomic.Int32
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(4 * runtime.NumCPU())
	for i, d := range docs {
		group.Go(func() error {
			text, err := through(groupCtx, c, d, profile)
			if errors.Is(err, errFailed) {
				failed.Add(1)
				return nil
			}
			o.texts[i] = text
			return err
		})
	}
	err = group.Wait()
	o.failed = int(failed.Load())
	return err
}

// errFailed says that the server could not read a document.
var errFailed = errors.New("processing failed")

// through sends one document its whole way.
func through(ctx context.Context, c *client.Client, d document, profile string) (string, error) {
	task, err := c.Create(ctx, client.Settings{Languages: strings.Split(d.lang, "+"), Formats: []string{"txt"}, Profile: profile}, "")
	if err != nil {
		return "", err
	}
	err = c.Upload(ctx, task, func() (io.ReadCloser, int64, error) {
		f, err := os.Open(d.path)
		if err != nil {
			return nil, 0, err
		}
		info, err := f.Stat()
		if err != nil {
			return nil, 0, errors.Join(err, f.Close())
		}
		return f, info.Size(), nil
	})
	for err == nil && task.State != "Completed" && task.State != "ProcessingFailed" {
		task, err = c.Get(ctx, task.ID, 30*time.Second)
	}
	if err != nil {
		return "", err
	}
	if task.State != "Completed" {
		return "", errFailed
	}
	var text bytes.Buffer
	if _, err := c.Fetch(ctx, task.ID, "txt", &text); err != nil {
		return "", err
	}
	_, err = c.Delete(ctx, task.ID)
	return text.String(), err
}
