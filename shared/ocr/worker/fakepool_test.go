//go:build linux

package worker_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/worker"
)

// document returns a file with the text, and a source for it.
func document(t *testing.T, id, text string) ocr.Source {
	t.Helper()
	path := t.TempDir() + "/document"
	if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return ocr.Source{File: f, ID: id}
}

// newPool returns a pool of children in the role, and checks at the end of the test that none is left.
func newPool(t *testing.T, role string, change func(*worker.Config)) *worker.Pool {
	t.Helper()
	cfg := config(t, role)
	if change != nil {
		change(&cfg)
	}
	p, err := worker.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Close()
		if left := p.Stats().Children; len(left) != 0 {
			t.Errorf("children left after Close: %v", left)
		}
		if pids := ownChildren(t); len(pids) != 0 {
			t.Errorf("processes left after Close: %v", pids)
		}
	})
	return p
}

func config(t testing.TB, role string) worker.Config {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return worker.Config{
		Path: self, Env: []string{roleVariable + "=" + role}, Children: 1, Document: ocr.DefaultLimits(),
		Limits: worker.Limits{Start: time.Minute, Poll: 10 * time.Millisecond},
	}
}

// ownChildren lists the processes whose parent is this one, zombies too.
func ownChildren(t *testing.T) []string {
	t.Helper()
	var pids []string
	entries, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile("/proc/self/task/" + e.Name() + "/children")
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, strings.Fields(string(b))...)
	}
	return pids
}

func texts(p ocr.Page) []string {
	var list []string
	for w := range p.Words {
		list = append(list, w.Text)
	}
	return list
}

func options() ocr.Options { return ocr.Options{Languages: []string{"eng"}} }
